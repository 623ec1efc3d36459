/* XML answers: libxml2 parses, then only what modules ask for is kept; see xml.h. */
#include "providers/sdk/xml.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/utf8.h"

enum { NAME_MAX_BYTES = 256, BLOCK_BYTES = 64 * 1024 };

/* Nodes and texts live in blocks that go together. */
struct block {
    struct block *next;
    size_t used, size;
    _Alignas(struct sdk_xml_node) char bytes[];
};

struct sdk_xml {
    struct block *blocks;
    struct sdk_xml_node *root;
    size_t nodes;
};

static void *take_bytes(struct sdk_xml *xml, size_t size)
{
    size_t rounded = (size + _Alignof(struct sdk_xml_node) - 1) & ~(_Alignof(struct sdk_xml_node) - 1);
    struct block *block = xml->blocks;
    if (!block || block->size - block->used < rounded) {
        size_t capacity = rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES;
        block = memory_new(1, sizeof *block + capacity);
        *block = (struct block){.next = xml->blocks, .size = capacity};
        xml->blocks = block;
    }
    void *bytes = block->bytes + block->used;
    block->used += rounded;
    return bytes;
}

static const char *keep_text(struct sdk_xml *xml, const char *text, size_t length)
{
    if (length == 0)
        return "";
    char *copy = take_bytes(xml, length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The text right inside an element; comments and elements may stand between its pieces. */
static const char *own_text(struct sdk_xml *xml, const xmlNode *from, struct buffer *scratch)
{
    buffer_clear(scratch);
    for (const xmlNode *child = from->children; child; child = child->next)
        if ((child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) && child->content)
            buffer_append_text(scratch, (const char *)child->content);
    const char *text = scratch->data;
    size_t length = scratch->length;
    while (length > 0 && is_blank(text[length - 1]))
        length--;
    while (length > 0 && is_blank(*text)) {
        text++;
        length--;
    }
    return keep_text(xml, text, length);
}

static struct sdk_xml_node *keep_node(struct sdk_xml *xml, const xmlNode *from, struct buffer *scratch)
{
    struct sdk_xml_node *node = take_bytes(xml, sizeof *node);
    const char *name = (const char *)from->name;
    *node = (struct sdk_xml_node){.name = keep_text(xml, name, strlen(name)), .text = own_text(xml, from, scratch)};
    xml->nodes++;
    return node;
}

static const xmlNode *element(const xmlNode *node)
{
    while (node && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

/* Copies the elements below `from`, level by level on a stack of its own depth. */
static bool keep_tree(struct sdk_xml *xml, const xmlNode *from, struct error *ret_error)
{
    struct sdk_xml_node *parents[SDK_XML_DEPTH_MAX] = {NULL};
    struct sdk_xml_node *last[SDK_XML_DEPTH_MAX] = {NULL}; /* the newest node of each level */
    struct buffer scratch = BUFFER_INIT;
    unsigned depth = 0;
    const xmlNode *at = from;
    bool fits = true;
    while (at) {
        if (xml->nodes >= SDK_XML_NODES_MAX) {
            fits = error_set(ret_error, ERROR_TOO_LARGE, "the XML has more than %d elements", SDK_XML_NODES_MAX);
            break;
        }
        struct sdk_xml_node *node = keep_node(xml, at, &scratch);
        if (last[depth])
            last[depth]->next = node;
        else if (parents[depth])
            parents[depth]->first = node;
        else
            xml->root = node;
        last[depth] = node;
        const xmlNode *child = element(at->children);
        if (child && depth + 1 >= SDK_XML_DEPTH_MAX) {
            fits = error_set(ret_error, ERROR_TOO_LARGE, "the XML is nested deeper than %d levels", SDK_XML_DEPTH_MAX);
            break;
        }
        if (child) {
            depth++;
            parents[depth] = node;
            last[depth] = NULL;
            at = child;
            continue;
        }
        while (at != from && !element(at->next)) {
            at = at->parent;
            depth--;
        }
        at = at == from ? NULL : element(at->next);
    }
    buffer_release(&scratch);
    return fits;
}

static bool check_bytes(const char *bytes, size_t length, size_t max_bytes, struct error *ret_error)
{
    if (length > max_bytes || length > INT32_MAX)
        return error_set(ret_error, ERROR_TOO_LARGE, "the XML has %zu bytes, at most %zu are read", length, max_bytes);
    if (!utf8_valid(bytes, length) || memchr(bytes, '\0', length))
        return error_set(ret_error, ERROR_INVALID, "the XML is not UTF-8");
    if (memmem(bytes, length, "<!DOCTYPE", 9) || memmem(bytes, length, "<!ENTITY", 8))
        return error_set(ret_error, ERROR_INVALID, "the XML has a document type declaration, which is not read");
    return true;
}

static xmlDoc *parse(const char *bytes, size_t length, struct error *ret_error)
{
    xmlParserCtxt *parser = xmlNewParserCtxt();
    if (!parser) {
        error_set(ret_error, ERROR_SYSTEM, "no memory for an XML parser");
        return NULL;
    }
    xmlDoc *document = xmlCtxtReadMemory(parser, bytes, (int)length, NULL, "UTF-8",
                                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA |
                                             XML_PARSE_COMPACT);
    if (!document) {
        int line = parser->lastError.line;
        error_set(ret_error, ERROR_INVALID, "the XML is malformed or cut off at line %d", line > 0 ? line : 1);
    } else if (document->intSubset || document->extSubset) {
        error_set(ret_error, ERROR_INVALID, "the XML has a document type declaration, which is not read");
        xmlFreeDoc(document);
        document = NULL;
    }
    xmlFreeParserCtxt(parser);
    return document;
}

struct sdk_xml *sdk_xml_read(const char *bytes, size_t length, size_t max_bytes, const char *root,
                             struct error *ret_error)
{
    if (!check_bytes(bytes, length, max_bytes, ret_error))
        return NULL;
    xmlDoc *document = parse(bytes, length, ret_error);
    if (!document)
        return NULL;
    struct sdk_xml *xml = memory_new(1, sizeof *xml);
    const xmlNode *from = xmlDocGetRootElement(document);
    bool read = from && keep_tree(xml, from, ret_error);
    if (!from)
        error_set(ret_error, ERROR_INVALID, "the XML has no element");
    xmlFreeDoc(document);
    if (read && root && strcmp(xml->root->name, root) != 0) {
        struct buffer found = BUFFER_INIT;
        text_append_visible(&found, xml->root->name, strnlen(xml->root->name, NAME_MAX_BYTES), true);
        read = error_set(ret_error, ERROR_INVALID, "the XML's root is \"%s\", not \"%s\"", found.data, root);
        buffer_release(&found);
    }
    if (!read) {
        sdk_xml_free(xml);
        return NULL;
    }
    return xml;
}

void sdk_xml_free(struct sdk_xml *xml)
{
    if (!xml)
        return;
    while (xml->blocks) {
        struct block *next = xml->blocks->next;
        free(xml->blocks);
        xml->blocks = next;
    }
    free(xml);
}

const struct sdk_xml_node *sdk_xml_root(const struct sdk_xml *xml)
{
    return xml->root;
}
