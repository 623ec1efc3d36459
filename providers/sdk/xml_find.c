/* Asking an XML tree; see xml.h. */
#include <string.h>

#include "base/text.h"
#include "providers/sdk/xml.h"

static bool is_named(const struct sdk_xml_node *node, const char *name, size_t length)
{
    return strncmp(node->name, name, length) == 0 && node->name[length] == '\0';
}

const struct sdk_xml_node *sdk_xml_find(const struct sdk_xml_node *node, const char *path)
{
    while (node && *path != '\0') {
        size_t length = strcspn(path, "/");
        node = node->first;
        while (node && !is_named(node, path, length))
            node = node->next;
        path += length + (path[length] == '/');
    }
    return node;
}

const struct sdk_xml_node *sdk_xml_next(const struct sdk_xml_node *node)
{
    const struct sdk_xml_node *next = node->next;
    while (next && strcmp(next->name, node->name) != 0)
        next = next->next;
    return next;
}

const char *sdk_xml_text(const struct sdk_xml_node *node, const char *path, const char *fallback)
{
    const struct sdk_xml_node *found = sdk_xml_find(node, path);
    return found ? found->text : fallback;
}

bool sdk_xml_require_text(const struct sdk_xml_node *node, const char *path, const char **ret_text,
                          struct error *ret_error)
{
    const char *text = sdk_xml_text(node, path, "");
    if (*text == '\0')
        return error_set(ret_error, ERROR_INVALID, "%s is missing or empty", path);
    *ret_text = text;
    return true;
}

static bool read_number(const char *text, const char *path, int64_t *ret_number, struct error *ret_error)
{
    bool negative = *text == '-';
    uint64_t number = 0;
    if (!text_parse_u64(text + negative, strlen(text + negative), path, 0, INT64_MAX, &number, ret_error))
        return false;
    *ret_number = negative ? -(int64_t)number : (int64_t)number;
    return true;
}

bool sdk_xml_require_i64(const struct sdk_xml_node *node, const char *path, int64_t *ret_number,
                         struct error *ret_error)
{
    const char *text = NULL;
    return sdk_xml_require_text(node, path, &text, ret_error) && read_number(text, path, ret_number, ret_error);
}

bool sdk_xml_optional_i64(const struct sdk_xml_node *node, const char *path, int64_t fallback, int64_t *ret_number,
                          struct error *ret_error)
{
    const char *text = sdk_xml_text(node, path, "");
    if (*text != '\0')
        return read_number(text, path, ret_number, ret_error);
    *ret_number = fallback;
    return true;
}

bool sdk_xml_optional_flag(const struct sdk_xml_node *node, const char *path, bool fallback, bool *ret_flag,
                           struct error *ret_error)
{
    const char *text = sdk_xml_text(node, path, "");
    bool is_true = strcmp(text, "true") == 0;
    if (*text != '\0' && !is_true && strcmp(text, "false") != 0)
        return error_set(ret_error, ERROR_INVALID, "%s is neither true nor false", path);
    *ret_flag = *text == '\0' ? fallback : is_true;
    return true;
}
