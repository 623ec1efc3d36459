/* links: provider_sdk base */
/* A provider's bytes through the readers that modules share: the first byte chooses XML, JSON, a URL, a decimal, a
 * moment. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/sdk/decimal.h"
#include "providers/sdk/json.h"
#include "providers/sdk/time.h"
#include "providers/sdk/url.h"
#include "providers/sdk/xml.h"

enum { WALKED_MAX = 10000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk_xml(const struct sdk_xml_node *node, size_t *left)
{
    int64_t number = 0;
    struct error error;
    for (; node && *left > 0; node = node->next, (*left)--) {
        sdk_xml_optional_i64(node, "", 0, &number, &error);
        walk_xml(node->first, left);
        sdk_xml_next(node);
    }
}

static void take_xml(const char *text, size_t length)
{
    struct error error;
    size_t left = WALKED_MAX;
    struct sdk_xml *xml = sdk_xml_read(text, length, 1 << 20, NULL, &error);
    if (!xml)
        return;
    walk_xml(sdk_xml_root(xml), &left);
    sdk_xml_free(xml);
}

static void take_json(const char *text, size_t length)
{
    struct error error;
    struct sdk_json_at root, list, item;
    int64_t number = 0;
    const char *found = NULL;
    if (!sdk_json_open(text, length, 1 << 20, &root, &error))
        return;
    if (sdk_json_list_or_none(&root, "value", &list, &error))
        for (size_t i = 0; i < sdk_json_count(&list); i++) {
            item = sdk_json_item(&list, i);
            sdk_json_micro_or(&item, "a/b", 0, &number, &error);
            sdk_json_i64_lenient(&item, "n", &number, &error);
            sdk_json_text_or(&item, "properties/x", "", &found, &error);
        }
    sdk_json_close(&root);
}

static void take_url(const char *text)
{
    struct sdk_url url, again;
    struct error error;
    struct buffer copy = BUFFER_INIT;
    if (!sdk_url_read(text, &url, &error))
        return;
    buffer_printf(&copy, "http%s://%.*s%.*s?%s", url.https ? "s" : "", (int)url.authority_length, url.authority,
                  (int)url.path_length, url.path, url.query);
    if (!sdk_url_read(copy.data, &again, &error) || !sdk_url_same_origin(&url, &again))
        abort();
    sdk_url_is_local(&url);
    buffer_release(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error;
    int64_t number = 0;
    if (size == 0)
        return 0;
    char *text = memory_copy_text((const char *)data + 1, size - 1);
    switch (data[0] % 5) {
    case 0:
        take_xml(text, size - 1);
        break;
    case 1:
        take_json(text, size - 1);
        break;
    case 2:
        take_url(text);
        break;
    case 3:
        sdk_decimal_read(text, size - 1, &number, &error);
        break;
    default:
        sdk_time_read_iso(text, &number, &error);
        sdk_time_read_http(text, &number, &error);
        break;
    }
    free(text);
    return 0;
}
