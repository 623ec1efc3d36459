/* Small JSON documents as trees (jansson): bounded parsing and typed reading with the path in every error.
 *
 * For a job's specification and for answers about one thing. Lists and streams never come here (base/json_stream.h).
 * A member that is null counts as absent, as it does in Nomad. Pure. */
#ifndef DROVER_CONTROLLER_FEDERATION_DOCUMENT_H
#define DROVER_CONTROLLER_FEDERATION_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

enum { DOCUMENT_DEPTH_MAX = 64, DOCUMENT_PATH_MAX = 256 };

/* One JSON object by the strict reader of base/json.h, at most length_max bytes and DOCUMENT_DEPTH_MAX levels. The
 * caller owns it (json_decref). NULL with ERROR_INVALID or ERROR_TOO_LARGE; the text never quotes a value. */
json_t *document_parse(const char *bytes, size_t length, size_t length_max, struct error *ret_error);

/* The compact text. */
void document_print(const json_t *document, struct buffer *out);

/* Readers of one member. `path` is where object stands ("Job.TaskGroups[1]"). Absent: `absent` is given and true
 * returned. Wrong type or out of bounds: ERROR_INVALID. What they give is borrowed from the document. */
bool document_integer(const json_t *object, const char *path, const char *key, int64_t least, int64_t most,
                      int64_t absent, int64_t *ret_value, struct error *ret_error);
bool document_flag(const json_t *object, const char *path, const char *key, bool absent, bool *ret_value,
                   struct error *ret_error);
/* At most `most` bytes. */
bool document_text(const json_t *object, const char *path, const char *key, size_t most, const char *absent,
                   const char **ret_value, struct error *ret_error);
/* *ret_value is NULL when absent. */
bool document_object(const json_t *object, const char *path, const char *key, json_t **ret_value,
                     struct error *ret_error);
/* As document_object, for an array of at most `most` elements. */
bool document_array(const json_t *object, const char *path, const char *key, size_t most, json_t **ret_value,
                    struct error *ret_error);
/* Element `index` as an object. */
bool document_element(const json_t *array, const char *path, size_t index, json_t **ret_value, struct error *ret_error);

/* Refuses members that differ from one of `keys` (NULL-terminated) in letter case alone. Go's encoding/json takes
 * "count" for "Count", so that what is checked here and what Nomad reads would differ. */
bool document_check_case(const json_t *object, const char *path, const char *const *keys, struct error *ret_error);

/* Writes "path.key" or "path[index]". Returns into. */
const char *document_path(char into[static DOCUMENT_PATH_MAX], const char *path, const char *key);
const char *document_path_element(char into[static DOCUMENT_PATH_MAX], const char *path, const char *key, size_t index);

#endif
