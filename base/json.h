/* Small JSON documents: a strict reader over jansson, getters that tell absent from null from wrong, and writing a
 * tree.
 *
 * For one job, one answer, one file: at most a few hundred KB, since reading makes a tree nine times as large and holds
 * the thread meanwhile. Lists and streams go through base/json_stream.h; what is only written needs no tree
 * (base/json_writer.h). Pure; jansson's trees are not thread-safe. */
#ifndef DROVER_BASE_JSON_H
#define DROVER_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/* The nesting that json_read allows at most, whatever max_depth says. */
enum { JSON_DEPTH_MAX = 256 };

/* Reads exactly one value of any kind, by RFC 8259 and stricter: no duplicate key in an object, no NUL (raw or \u0000),
 * only UTF-8, nothing but white space after it, integers within int64, at most max_bytes bytes and max_depth open
 * objects and arrays. The caller drops *ret_value by json_decref. Errors: ERROR_TOO_LARGE (max_bytes, max_depth),
 * ERROR_INVALID. Save for max_bytes the text begins "line:column: ", columns in characters from 1, mostly those of the
 * end of the token at fault; it shows no content but a duplicate key. */
bool json_read(const char *bytes, size_t length, size_t max_bytes, unsigned max_depth, json_t **ret_value,
               struct error *ret_error);

/* Appends the tree in the order it was built: compact, or indented by two blanks and without a newline at the end. */
void json_write(struct buffer *out, const json_t *value, bool pretty);

/* What a getter met under a key. */
enum json_found {
    JSON_FOUND,        /* the wanted kind; *ret_... is set */
    JSON_FOUND_ABSENT, /* no such key, or `object` is NULL or no object; *ret_... is left as it was, also below */
    JSON_FOUND_NULL,   /* null */
    JSON_FOUND_WRONG,  /* another kind */
};

/* Getters of an object's member. What they give is borrowed from the tree. */
enum json_found json_get_text(const json_t *object, const char *key, const char **ret_text);
enum json_found json_get_i64(const json_t *object, const char *key, int64_t *ret_number);
enum json_found json_get_flag(const json_t *object, const char *key, bool *ret_flag);
/* Integer or real; exact only as far as a double is. */
enum json_found json_get_real(const json_t *object, const char *key, double *ret_number);
enum json_found json_get_object(const json_t *object, const char *key, json_t **ret_object);
enum json_found json_get_array(const json_t *object, const char *key, json_t **ret_array);
/* Money is decimal text; text that is no money is JSON_FOUND_WRONG. */
enum json_found json_get_money(const json_t *object, const char *key, int64_t *ret_uusd);

/* The same with an error: `require` refuses absent and null, `optional` gives `fallback` for them; both refuse another
 * kind. ERROR_INVALID: "Count: a whole number is wanted, text stands there". */
bool json_require_text(const json_t *object, const char *key, const char **ret_text, struct error *ret_error);
bool json_require_i64(const json_t *object, const char *key, int64_t *ret_number, struct error *ret_error);
bool json_require_flag(const json_t *object, const char *key, bool *ret_flag, struct error *ret_error);
bool json_require_object(const json_t *object, const char *key, json_t **ret_object, struct error *ret_error);
bool json_require_array(const json_t *object, const char *key, json_t **ret_array, struct error *ret_error);
bool json_require_money(const json_t *object, const char *key, int64_t *ret_uusd, struct error *ret_error);
bool json_optional_text(const json_t *object, const char *key, const char *fallback, const char **ret_text,
                        struct error *ret_error);
bool json_optional_i64(const json_t *object, const char *key, int64_t fallback, int64_t *ret_number,
                       struct error *ret_error);
bool json_optional_flag(const json_t *object, const char *key, bool fallback, bool *ret_flag, struct error *ret_error);
/* NULL stands for absent or null. */
bool json_optional_object(const json_t *object, const char *key, json_t **ret_object, struct error *ret_error);
bool json_optional_array(const json_t *object, const char *key, json_t **ret_array, struct error *ret_error);
bool json_optional_money(const json_t *object, const char *key, int64_t fallback, int64_t *ret_uusd,
                         struct error *ret_error);

/* How a value's kind is called in an error: "text", "a whole number", "an object"; "nothing" for NULL. Static. */
const char *json_kind_words(const json_t *value);

#endif
