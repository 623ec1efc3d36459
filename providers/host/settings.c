/* Settings as a flat list with an index; see settings.h. */
#include "providers/host/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"

struct query {
    const struct provider_settings *settings;
    const char *path;
    size_t at;
    bool label;
};

static uint64_t hash_key(const char *path, size_t at, bool label)
{
    return hash_number(hash_bytes(path, strlen(path)) + at * 2 + label);
}

static uint64_t rehash(const void *context, uint32_t value)
{
    const struct provider_setting *setting = &((const struct provider_settings *)context)->list[value];
    return hash_key(setting->path, setting->at, setting->label);
}

static bool same(const void *context, uint32_t value)
{
    const struct query *query = context;
    const struct provider_setting *setting = &query->settings->list[value];
    return setting->at == query->at && setting->label == query->label && strcmp(setting->path, query->path) == 0;
}

static const char *find(const struct provider_settings *settings, const char *path, size_t at, bool label)
{
    struct query query = {settings, path, at, label};
    const uint32_t *found = hash_find(&settings->index, hash_key(path, at, label), same, &query);
    return found ? settings->list[*found].value : NULL;
}

const char *provider_settings_get(const struct provider_settings *settings, const char *path, size_t at)
{
    return find(settings, path, at, false);
}

const char *provider_settings_label(const struct provider_settings *settings, const char *block, size_t at)
{
    return find(settings, block, at, true);
}

void provider_settings_release(struct provider_settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        explicit_bzero(settings->list[i].value, strlen(settings->list[i].value));
        free(settings->list[i].value);
        free(settings->list[i].path);
    }
    free(settings->list);
    hash_release(&settings->index);
    *settings = (struct provider_settings){0};
}

bool provider_settings_add(struct provider_settings *settings, const char *path, size_t at, bool label,
                           const char *value, struct error *ret_error)
{
    size_t path_length = strnlen(path, SETTING_PATH_MAX + 1);
    size_t value_length = strnlen(value, SETTING_VALUE_MAX + 1);
    if (settings->count >= SETTINGS_MAX)
        return error_set(ret_error, ERROR_TOO_LARGE, "more than %d settings", SETTINGS_MAX);
    if (path_length > SETTING_PATH_MAX || value_length > SETTING_VALUE_MAX)
        return error_set(ret_error, ERROR_TOO_LARGE, "a setting's name or value is too long");
    if (find(settings, path, at, label))
        return error_set(ret_error, ERROR_INVALID, "%s is given twice", path);
    settings->list = memory_grow(settings->list, settings->count, &settings->capacity, sizeof *settings->list);
    uint32_t place = (uint32_t)settings->count++;
    settings->list[place] = (struct provider_setting){.path = memory_copy_text(path, path_length),
                                                      .value = memory_copy_text(value, value_length),
                                                      .at = at,
                                                      .label = label};
    hash_insert(&settings->index, hash_key(path, at, label), place, rehash, settings);
    return true;
}

void provider_settings_write(const struct provider_settings *settings, struct json_writer *writer)
{
    json_writer_begin_array(writer);
    for (size_t i = 0; i < settings->count; i++) {
        const struct provider_setting *setting = &settings->list[i];
        json_writer_begin_array(writer);
        json_writer_text(writer, setting->path);
        json_writer_u64(writer, setting->at);
        json_writer_flag(writer, setting->label);
        json_writer_text(writer, setting->value);
        json_writer_end_array(writer);
    }
    json_writer_end_array(writer);
}

bool provider_settings_read(struct provider_settings *settings, json_t *list, struct error *ret_error)
{
    size_t count = json_array_size(list);
    if (!json_is_array(list))
        return error_set(ret_error, ERROR_INVALID, "settings: a list is wanted, %s stands there",
                         json_kind_words(list));
    for (size_t i = 0; i < count; i++) {
        json_t *item = json_array_get(list, i);
        const char *path = json_string_value(json_array_get(item, 0));
        json_t *at = json_array_get(item, 1);
        json_t *label = json_array_get(item, 2);
        const char *value = json_string_value(json_array_get(item, 3));
        if (!path || !value || !json_is_integer(at) || json_integer_value(at) < 0 || !json_is_boolean(label))
            return error_set(ret_error, ERROR_INVALID, "settings[%zu]: not a setting", i);
        if (!provider_settings_add(settings, path, (size_t)json_integer_value(at), json_is_true(label), value,
                                   ret_error))
            return false;
    }
    return true;
}
