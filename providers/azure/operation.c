/* Operations as tokens and answers; see operation.h. The state machine itself is in poll.c. */
#include "providers/azure/operation.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "providers/azure/arm.h"
#include "providers/azure/fault.h"
#include "providers/sdk/exchange.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/json.h"

enum { TOKEN_VERSION = 1, STATUS_BYTES_MAX = 256 * 1024 };

static const char *const kinds[] = {"grow", "lower", "shrink"};
static const char *const ways[] = {"status", "location", "resource"};

uint32_t azure_operation_mark(const char *instance_id)
{
    uint32_t mark = 2166136261U; /* FNV-1a */
    for (const char *at = instance_id; *at; at++) {
        unsigned char byte = (unsigned char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
        mark = (mark ^ byte) * 16777619U;
    }
    return mark;
}

static bool keep_url(const struct provider_account *account, const char *url, struct azure_operation *operation)
{
    if (!url || !azure_url_is_arm(account, url) || strlen(url) > AZURE_OPERATION_URL_MAX)
        return false;
    memcpy(operation->url, url, strlen(url) + 1);
    return true;
}

void azure_operation_follow(const struct provider_account *account, const struct provider_answer *answer,
                            struct azure_operation *operation)
{
    operation->way = AZURE_WAY_RESOURCE;
    operation->url[0] = '\0';
    if (keep_url(account, sdk_header(answer, "azure-asyncoperation"), operation))
        operation->way = AZURE_WAY_STATUS;
    else if (keep_url(account, sdk_header(answer, "location"), operation))
        operation->way = AZURE_WAY_LOCATION;
}

static void write_marks(struct json_writer *writer, const struct azure_operation *operation)
{
    struct buffer text = BUFFER_INIT;
    for (size_t i = 0; i < operation->mark_count; i++)
        buffer_printf(&text, "%08x", operation->marks[i]);
    json_writer_field_text(writer, "gone", text.data);
    buffer_release(&text);
}

/* Percent-encoded: groups may have names in any script, and a token is ASCII. */
static void write_pool(struct json_writer *writer, const struct azure_operation *operation)
{
    struct buffer text = BUFFER_INIT;
    text_append_percent(&text, operation->pool, strlen(operation->pool));
    json_writer_field_text(writer, "pool", text.data);
    buffer_release(&text);
}

static void write_token(struct buffer *out, const struct azure_operation *operation, bool with_url)
{
    struct json_writer writer = json_writer_init(out, false);
    json_writer_begin_object(&writer);
    json_writer_field_i64(&writer, "v", TOKEN_VERSION);
    json_writer_field_text(&writer, "kind", kinds[operation->kind]);
    write_pool(&writer, operation);
    if (operation->kind == AZURE_OPERATION_SHRINK)
        write_marks(&writer, operation);
    else
        json_writer_field_i64(&writer, "size", operation->size);
    json_writer_field_i64(&writer, "began", operation->began_us);
    json_writer_field_text(&writer, "way", ways[with_url ? operation->way : AZURE_WAY_RESOURCE]);
    json_writer_field_text(&writer, "url", with_url ? operation->url : "");
    json_writer_end_object(&writer);
    json_writer_done(&writer);
}

void azure_operation_write(const struct azure_operation *operation, struct provider_operation *ret_operation)
{
    struct buffer text = BUFFER_INIT;
    write_token(&text, operation, true);
    if (text.length >= sizeof ret_operation->token) {
        buffer_clear(&text);
        write_token(&text, operation, false);
    }
    /* Without the address it always fits: a pool is 257 bytes at most, three times as many encoded. */
    memcpy(ret_operation->token, text.data, text.length + 1);
    buffer_release(&text);
}

static bool read_word(const struct sdk_json_at *at, const char *path, const char *const *words, size_t count,
                      size_t *ret_index, struct error *ret_error)
{
    const char *text;
    if (!sdk_json_text(at, path, &text, ret_error))
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], text) == 0) {
            *ret_index = i;
            return true;
        }
    return sdk_json_refuse(at, path, ret_error, "this word is not known");
}

static bool read_marks(const struct sdk_json_at *at, struct azure_operation *operation, struct error *ret_error)
{
    const char *text;
    if (!sdk_json_text(at, "gone", &text, ret_error))
        return false;
    size_t length = strlen(text);
    if (length == 0 || length % 8 != 0 || length / 8 > AZURE_SHRINK_MAX || strspn(text, "0123456789abcdef") != length)
        return sdk_json_refuse(at, "gone", ret_error, "these are no marks");
    for (; *text; text += 8) {
        char one[9] = {0};
        memcpy(one, text, 8);
        operation->marks[operation->mark_count++] = (uint32_t)strtoul(one, NULL, 16);
    }
    return true;
}

static bool copy_text(const struct sdk_json_at *at, const char *path, char *into, size_t size, struct error *ret_error)
{
    const char *text;
    if (!sdk_json_text(at, path, &text, ret_error))
        return false;
    if (strlen(text) >= size)
        return sdk_json_refuse(at, path, ret_error, "longer than %zu bytes", size - 1);
    memcpy(into, text, strlen(text) + 1);
    return true;
}

static bool read_pool(const struct sdk_json_at *root, struct azure_operation *operation, struct error *ret_error)
{
    const char *text;
    struct buffer pool = BUFFER_INIT;
    bool good = sdk_json_text(root, "pool", &text, ret_error) &&
                text_append_unpercent(&pool, text, strlen(text), false, ret_error);
    if (good && (pool.length >= sizeof operation->pool || strlen(pool.data) != pool.length))
        good = sdk_json_refuse(root, "pool", ret_error, "this is no pool");
    if (good)
        memcpy(operation->pool, pool.data, pool.length + 1);
    buffer_release(&pool);
    return good;
}

static bool read_token(const struct sdk_json_at *root, struct azure_operation *operation, struct error *ret_error)
{
    int64_t version = 0;
    size_t kind = 0, way = 0;
    if (!sdk_json_i64(root, "v", &version, ret_error))
        return false;
    if (version != TOKEN_VERSION)
        return sdk_json_refuse(root, "v", ret_error, "version %lld is not known", (long long)version);
    if (!read_word(root, "kind", kinds, sizeof kinds / sizeof kinds[0], &kind, ret_error) ||
        !read_word(root, "way", ways, sizeof ways / sizeof ways[0], &way, ret_error) ||
        !read_pool(root, operation, ret_error) ||
        !copy_text(root, "url", operation->url, sizeof operation->url, ret_error) ||
        !sdk_json_i64(root, "began", &operation->began_us, ret_error))
        return false;
    if (operation->began_us < 0)
        return sdk_json_refuse(root, "began", ret_error, "this is no moment");
    operation->kind = (enum azure_operation_kind)kind;
    operation->way = (enum azure_operation_way)way;
    return operation->kind == AZURE_OPERATION_SHRINK ? read_marks(root, operation, ret_error)
                                                     : sdk_json_i64(root, "size", &operation->size, ret_error);
}

bool azure_operation_read(const char *token, struct azure_operation *ret_operation, struct error *ret_error)
{
    struct sdk_json_at root;
    struct azure_operation operation = {0};
    if (!sdk_json_open(token, strlen(token), PROVIDER_OPERATION_MAX, &root, ret_error))
        return false;
    bool good = read_token(&root, &operation, ret_error);
    sdk_json_close(&root);
    if (good)
        *ret_operation = operation;
    return good;
}

bool azure_operation_read_status(const char *body, size_t length, enum azure_word *ret_word,
                                 struct azure_fault *ret_fault, struct error *ret_error)
{
    struct sdk_json_at root;
    const char *word;
    if (!sdk_json_open(body, length, STATUS_BYTES_MAX, &root, ret_error))
        return false;
    bool good = sdk_json_text(&root, "status", &word, ret_error);
    if (good) {
        struct sdk_json_at error = sdk_json_find(&root, "error");
        azure_fault_read_object(&error, ret_fault);
        *ret_word = strcasecmp(word, "Succeeded") == 0  ? AZURE_WORD_SUCCEEDED
                    : strcasecmp(word, "Failed") == 0   ? AZURE_WORD_FAILED
                    : strcasecmp(word, "Canceled") == 0 ? AZURE_WORD_CANCELED
                                                        : AZURE_WORD_RUNNING;
    }
    sdk_json_close(&root);
    return good;
}
