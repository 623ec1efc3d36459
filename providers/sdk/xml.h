/* An XML answer as a small read-only tree, elements known by local name, attributes and comments dropped.
 *
 * libxml2 reads it without network and without entities: a document type declaration is refused, so there is nothing to
 * expand. UTF-8 only, SDK_XML_DEPTH_MAX levels, SDK_XML_NODES_MAX elements. Single thread. */
#ifndef DROVER_PROVIDERS_SDK_XML_H
#define DROVER_PROVIDERS_SDK_XML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { SDK_XML_DEPTH_MAX = 64, SDK_XML_NODES_MAX = 4 * 1024 * 1024 };

struct sdk_xml_node {
    const char *name;                 /* local name */
    const char *text;                 /* its own text, white space around it dropped; "" without */
    const struct sdk_xml_node *first; /* its first element, NULL without */
    const struct sdk_xml_node *next;  /* the element after it in the same parent */
};

struct sdk_xml;

/* `root`: the local name the document must have, NULL for any. NULL with ERROR_INVALID, ERROR_TOO_LARGE. */
struct sdk_xml *sdk_xml_read(const char *bytes, size_t length, size_t max_bytes, const char *root,
                             struct error *ret_error);
void sdk_xml_free(struct sdk_xml *xml);
const struct sdk_xml_node *sdk_xml_root(const struct sdk_xml *xml);

/* The first element at a path below node ("DescribeAutoScalingGroupsResult/AutoScalingGroups/member"), at each step the
 * first of that name; NULL when there is none, or node is NULL. */
const struct sdk_xml_node *sdk_xml_find(const struct sdk_xml_node *node, const char *path);

/* The next sibling of the same name, NULL at the end:
 *     for (item = sdk_xml_find(set, "item"); item; item = sdk_xml_next(item)) */
const struct sdk_xml_node *sdk_xml_next(const struct sdk_xml_node *node);

/* Text at a path: `fallback` when the element is not there. */
const char *sdk_xml_text(const struct sdk_xml_node *node, const char *path, const char *fallback);

/* The same that must be there and not be empty, be a whole number, be true or false. ERROR_INVALID with the path. */
bool sdk_xml_require_text(const struct sdk_xml_node *node, const char *path, const char **ret_text,
                          struct error *ret_error);
bool sdk_xml_require_i64(const struct sdk_xml_node *node, const char *path, int64_t *ret_number,
                         struct error *ret_error);
/* `fallback` when it is not there or empty; what stands there must fit. */
bool sdk_xml_optional_i64(const struct sdk_xml_node *node, const char *path, int64_t fallback, int64_t *ret_number,
                          struct error *ret_error);
bool sdk_xml_optional_flag(const struct sdk_xml_node *node, const char *path, bool fallback, bool *ret_flag,
                           struct error *ret_error);

#endif
