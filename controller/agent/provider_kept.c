/* See provider_kept.h. */
#include "controller/agent/provider_kept.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "net/files.h"

enum { FILE_MAX = 8 * 1024 * 1024, DEPTH_MAX = 3 };

struct provider_kept {
    char *path;     /* NULL: in memory only */
    json_t *values; /* key -> text */
};

struct provider_kept *provider_kept_open(const char *data_dir, const char *account, struct error *ret_error)
{
    struct provider_kept *kept = memory_new(1, sizeof *kept);
    kept->values = json_object();
    if (!data_dir)
        return kept;
    struct buffer path = BUFFER_INIT;
    buffer_printf(&path, "%s/providers", data_dir);
    bool made = file_make_private_directory(path.data, ret_error);
    buffer_printf(&path, "/%s.json", account);
    kept->path = buffer_take(&path);
    if (made)
        return kept;
    provider_kept_close(kept);
    return NULL;
}

void provider_kept_close(struct provider_kept *kept)
{
    if (!kept)
        return;
    json_decref(kept->values);
    free(kept->path);
    free(kept);
}

/* What another process stored meanwhile. No file is nothing kept. */
static bool load(struct provider_kept *kept, struct error *ret_error)
{
    struct buffer text = BUFFER_INIT;
    struct error why = {0};
    json_t *values = NULL;
    if (!kept->path)
        return true;
    if (!file_read(kept->path, FILE_MAX, &text, &why)) {
        buffer_release(&text);
        if (why.code != ERROR_NOT_FOUND) {
            *ret_error = why;
            return false;
        }
        json_object_clear(kept->values);
        return true;
    }
    bool read = json_read(text.data, text.length, FILE_MAX, DEPTH_MAX, &values, ret_error);
    buffer_release(&text);
    if (!read)
        return error_prefix(ret_error, "%s", kept->path);
    if (!json_is_object(values)) {
        json_decref(values);
        return error_set(ret_error, ERROR_CORRUPT, "%s: an object is wanted", kept->path);
    }
    json_decref(kept->values);
    kept->values = values;
    return true;
}

const char *provider_kept_get(struct provider_kept *kept, const char *key, struct error *ret_error)
{
    if (!load(kept, ret_error))
        return NULL;
    return json_string_value(json_object_get(kept->values, key));
}

bool provider_kept_set(struct provider_kept *kept, const char *key, const char *value, struct error *ret_error)
{
    if (!load(kept, ret_error))
        return false;
    if (!value)
        json_object_del(kept->values, key);
    else if (json_object_size(kept->values) >= PROVIDER_KEPT_KEYS_MAX && !json_object_get(kept->values, key))
        return error_set(ret_error, ERROR_TOO_LARGE, "an account keeps %d values at most", PROVIDER_KEPT_KEYS_MAX);
    else
        json_object_set_new(kept->values, key, json_string(value));
    if (!kept->path)
        return true;
    struct buffer text = BUFFER_INIT;
    json_write(&text, kept->values, true);
    bool stored = file_write_atomic(kept->path, text.data, text.length, 0600, ret_error);
    buffer_release(&text);
    return stored;
}
