/* An account's settings, flat: paths ("regions", "machine.r1.address") with their values in order, and the labels of
 * blocks. Made from the account's HCL block by the agent, carried to the host with the open request, asked by modules.
 *
 * Texts, whole and decimal numbers (as written) and flags ("true", "false"), or lists of them; objects count as blocks
 * with their keys as labels. Single thread. */
#ifndef DROVER_PROVIDERS_HOST_SETTINGS_H
#define DROVER_PROVIDERS_HOST_SETTINGS_H

#include <jansson.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/hcl.h"
#include "base/json_writer.h"

enum {
    SETTINGS_MAX = 20000,      /* values of one account */
    SETTING_PATH_MAX = 512,    /* bytes */
    SETTING_VALUE_MAX = 65536, /* bytes */
};

struct provider_setting {
    char *path;
    char *value;
    size_t at;  /* place in its list, 0 for a single value */
    bool label; /* `value` is the label of the at-th block `path` */
};

struct provider_settings {
    struct provider_setting *list;
    size_t count, capacity;
    struct hash_index index; /* by path, place and kind */
};

/* Values may be secrets by mistake: they are wiped. */
void provider_settings_release(struct provider_settings *settings);

/* Adds what a body holds. Arguments named in `reserved` (NULL-ended, outermost only) are left out. Errors begin with
 * file:line:column: null values, lists of lists, two blocks of one name and label, too many. */
bool provider_settings_from_hcl(struct provider_settings *settings, const struct hcl_document *document,
                                const struct hcl_body *body, const char *const *reserved, struct error *ret_error);

void provider_settings_write(const struct provider_settings *settings, struct json_writer *writer);
bool provider_settings_read(struct provider_settings *settings, json_t *list, struct error *ret_error);

/* Adds one; false past SETTINGS_MAX or over-long texts. */
bool provider_settings_add(struct provider_settings *settings, const char *path, size_t at, bool label,
                           const char *value, struct error *ret_error);

/* NULL when it is not there. */
const char *provider_settings_get(const struct provider_settings *settings, const char *path, size_t at);
const char *provider_settings_label(const struct provider_settings *settings, const char *block, size_t at);

#endif
