/* A JSON answer, and getters whose errors say where:
 *
 *     struct sdk_json_at list, machine;
 *     if (!sdk_json_list(&root, "value", &list, &error)) ...
 *     for (size_t i = 0; i < sdk_json_count(&list); i++) {
 *         machine = sdk_json_item(&list, i);
 *         if (!sdk_json_text(&machine, "properties/vmSize", &size, &error)) ...
 *             "value[3]/properties/vmSize: text is wanted, a whole number stands there"
 *
 * Paths are keys with '/' between them, since keys hold dots and '@'. What stands further out (the `parent` of a place)
 * must stay where it is while the place is in use. Text borrowed from the tree lives as long as the document. Read by
 * base/json.h: UTF-8, no duplicate keys, at most 64 levels. Single thread. */
#ifndef DROVER_PROVIDERS_SDK_JSON_H
#define DROVER_PROVIDERS_SDK_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* A place in a document. value NULL: nothing is there, and every getter says so. */
struct sdk_json_at {
    json_t *value;
    const struct sdk_json_at *parent;
    const char *path; /* from the parent; NULL: the item numbered `index` */
    size_t index;
};

/* The root of the answer; sdk_json_close gives it back. ERROR_INVALID, ERROR_TOO_LARGE. */
bool sdk_json_open(const char *bytes, size_t length, size_t max_bytes, struct sdk_json_at *ret_root,
                   struct error *ret_error);
void sdk_json_close(struct sdk_json_at *root);

/* What stands at a path, of any kind; its value is NULL when nothing or null does. `path` must outlive the place. */
struct sdk_json_at sdk_json_find(const struct sdk_json_at *at, const char *path);
/* A member by its whole key, '/' and all. */
struct sdk_json_at sdk_json_member(const struct sdk_json_at *at, const char *key);

/* What must be there; absent, null and another kind are ERROR_INVALID. */
bool sdk_json_text(const struct sdk_json_at *at, const char *path, const char **ret_text, struct error *ret_error);
bool sdk_json_i64(const struct sdk_json_at *at, const char *path, int64_t *ret_number, struct error *ret_error);
bool sdk_json_flag(const struct sdk_json_at *at, const char *path, bool *ret_flag, struct error *ret_error);
bool sdk_json_object(const struct sdk_json_at *at, const char *path, struct sdk_json_at *ret_object,
                     struct error *ret_error);
bool sdk_json_list(const struct sdk_json_at *at, const char *path, struct sdk_json_at *ret_list,
                   struct error *ret_error);
/* A number or decimal text in millionths, rounded half away from zero (a number is exact as far as a double is). */
bool sdk_json_micro(const struct sdk_json_at *at, const char *path, int64_t *ret_micro, struct error *ret_error);

/* The same where nothing or null may stand: `fallback`, or an empty list. Another kind is ERROR_INVALID. */
bool sdk_json_text_or(const struct sdk_json_at *at, const char *path, const char *fallback, const char **ret_text,
                      struct error *ret_error);
bool sdk_json_i64_or(const struct sdk_json_at *at, const char *path, int64_t fallback, int64_t *ret_number,
                     struct error *ret_error);
bool sdk_json_flag_or(const struct sdk_json_at *at, const char *path, bool fallback, bool *ret_flag,
                      struct error *ret_error);
bool sdk_json_micro_or(const struct sdk_json_at *at, const char *path, int64_t fallback, int64_t *ret_micro,
                       struct error *ret_error);
bool sdk_json_list_or_none(const struct sdk_json_at *at, const char *path, struct sdk_json_at *ret_list,
                           struct error *ret_error);
/* A whole number, also when it stands in quotes ("expires_in": "3599"). */
bool sdk_json_i64_lenient(const struct sdk_json_at *at, const char *path, int64_t *ret_number, struct error *ret_error);

/* Items of a list; 0 for anything else. */
size_t sdk_json_count(const struct sdk_json_at *list);
struct sdk_json_at sdk_json_item(const struct sdk_json_at *list, size_t index);

/* For errors of the caller's own: ERROR_INVALID with the place before the text. Always false. */
bool sdk_json_refuse(const struct sdk_json_at *at, const char *path, struct error *ret_error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
