/* From an account's HCL block to flat settings; see settings.h. */
#include <string.h>

#include "base/buffer.h"
#include "providers/host/settings.h"

struct reading {
    struct provider_settings *settings;
    const struct hcl_document *document;
    struct error *error;
};

/* The error's text gets the position before it. */
static bool fail_at(const struct reading *reading, struct hcl_position position, const struct error *why)
{
    return hcl_fail(reading->document, position, why->code, reading->error, "%s", why->text);
}

static bool add(const struct reading *reading, struct hcl_position position, const char *path, size_t at, bool label,
                const char *value)
{
    struct error why = {0};
    return provider_settings_add(reading->settings, path, at, label, value, &why) || fail_at(reading, position, &why);
}

static bool add_scalar(const struct reading *reading, const struct hcl_value *value, const char *path, size_t at)
{
    switch (value->kind) {
    case HCL_TEXT:
        return add(reading, value->position, path, at, false, value->text.bytes);
    case HCL_NUMBER:
        return add(reading, value->position, path, at, false, value->number.digits);
    case HCL_FLAG:
        return add(reading, value->position, path, at, false, value->flag ? "true" : "false");
    case HCL_NULL:
    case HCL_LIST:
    case HCL_OBJECT:
        break;
    }
    return hcl_fail(reading->document, value->position, ERROR_INVALID, reading->error,
                    "text, a number, true or false is wanted here, %s stands there", hcl_kind_words(value->kind));
}

static void path_below(struct buffer *path, const char *outer, const char *name)
{
    buffer_clear(path);
    if (*outer != '\0')
        buffer_printf(path, "%s.", outer);
    buffer_append_text(path, name);
}

static bool add_value(const struct reading *reading, const struct hcl_value *value, const char *path)
{
    if (value->kind == HCL_LIST) {
        size_t at = 0;
        for (const struct hcl_value *item = value->items; item; item = item->next)
            if (!add_scalar(reading, item, path, at++))
                return false;
        return true;
    }
    if (value->kind != HCL_OBJECT)
        return add_scalar(reading, value, path, 0);
    struct buffer below = BUFFER_INIT;
    size_t at = 0;
    bool good = true;
    for (const struct hcl_member *member = value->members; member && good; member = member->next) {
        path_below(&below, path, member->key);
        /* At most HCL_DEPTH_MAX levels, as the parser lets through. */
        good = add(reading, member->position, path, at++, true, member->key) && // NOLINTNEXTLINE(misc-no-recursion)
               add_value(reading, member->value, below.data);
    }
    buffer_release(&below);
    return good;
}

static bool is_reserved(const char *const *reserved, const char *name)
{
    for (; reserved && *reserved; reserved++)
        if (strcmp(*reserved, name) == 0)
            return true;
    return false;
}

/* How many blocks of the type stand before this one: the place of its label. */
static size_t place_of(const struct hcl_body *body, const struct hcl_block *block)
{
    size_t place = 0;
    for (const struct hcl_block *at = body->blocks; at != block; at = at->next)
        place += strcmp(at->type, block->type) == 0;
    return place;
}

static bool add_body(const struct reading *reading, const struct hcl_body *body, const char *path,
                     const char *const *reserved);

static bool add_block(const struct reading *reading, const struct hcl_body *body, const struct hcl_block *block,
                      const char *path)
{
    if (block->label_count > 1)
        return hcl_fail(reading->document, block->position, ERROR_INVALID, reading->error,
                        "a block inside a provider has one label at most");
    struct buffer type = BUFFER_INIT;
    struct buffer inner = BUFFER_INIT;
    path_below(&type, path, block->type);
    bool good = true;
    if (block->label_count == 1) {
        for (const struct hcl_block *at = body->blocks; at != block && good; at = at->next)
            if (at->label_count == 1 && strcmp(at->type, block->type) == 0 &&
                strcmp(at->labels[0], block->labels[0]) == 0)
                good = hcl_fail(reading->document, block->position, ERROR_INVALID, reading->error,
                                "block %s \"%s\" is there already", block->type, block->labels[0]);
        good = good && add(reading, block->position, type.data, place_of(body, block), true, block->labels[0]);
        path_below(&inner, type.data, block->labels[0]);
    } else {
        buffer_append_text(&inner, type.data);
    }
    good = good && add_body(reading, &block->body, inner.data, NULL); // NOLINT(misc-no-recursion)
    buffer_release(&type);
    buffer_release(&inner);
    return good;
}

static bool add_body(const struct reading *reading, const struct hcl_body *body, const char *path,
                     const char *const *reserved)
{
    struct buffer below = BUFFER_INIT;
    bool good = true;
    for (const struct hcl_argument *at = body->arguments; at && good; at = at->next) {
        if (is_reserved(reserved, at->name))
            continue;
        path_below(&below, path, at->name);
        good = add_value(reading, at->value, below.data);
    }
    for (const struct hcl_block *at = body->blocks; at && good; at = at->next)
        good = add_block(reading, body, at, path);
    buffer_release(&below);
    return good;
}

bool provider_settings_from_hcl(struct provider_settings *settings, const struct hcl_document *document,
                                const struct hcl_body *body, const char *const *reserved, struct error *ret_error)
{
    struct reading reading = {settings, document, ret_error};
    return add_body(&reading, body, "", reserved);
}
