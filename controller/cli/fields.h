/* Reading the agent's answers: a field that is missing or of another kind reads as empty, so that a newer agent's
 * answer is still shown. And the cells that tables make of them. */
#ifndef DROVER_CONTROLLER_CLI_FIELDS_H
#define DROVER_CONTROLLER_CLI_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/money.h"
#include "base/table.h"

enum { FIELD_TEXT_MAX = 512 };

const char *field_text(const json_t *object, const char *key);
int64_t field_i64(const json_t *object, const char *key);
bool field_flag(const json_t *object, const char *key);
/* NULL where there is none: jansson's array functions take that for an empty one. */
json_t *field_list(const json_t *object, const char *key);
json_t *field_object(const json_t *object, const char *key);
/* False for null, which says that the price is not known. */
/* Millionths as per cent, "0.27 %"; "not known" when null. */
const char *field_gap(const json_t *object, const char *key, char text[FIELD_TEXT_MAX]);
bool field_money(const json_t *object, const char *key, int64_t *ret_uusd);

/* The field as text that can be printed anywhere, cut to what fits. Returns text. */
const char *field_shown(const json_t *object, const char *key, char text[static FIELD_TEXT_MAX]);
/* "0.096", or "unknown". Returns text. */
const char *field_money_text(const json_t *object, const char *key, unsigned decimals,
                             char text[static MONEY_TEXT_MAX]);
/* How long since: "3s", "2h5m"; "0s" for a moment to come or none. Returns text. */
const char *field_span(const json_t *object, const char *key, char text[static FIELD_TEXT_MAX]);
/* How long ago: "3s ago", "2h5m ago", "never". Returns text. */
const char *field_ago(const json_t *object, const char *key, char text[static FIELD_TEXT_MAX]);

void cell_text(struct table *table, const json_t *object, const char *key);
void cell_i64(struct table *table, const json_t *object, const char *key);
void cell_money(struct table *table, const json_t *object, const char *key, unsigned decimals);
void cell_ago(struct table *table, const json_t *object, const char *key);

/* "1 node", "2 nodes": the word with an s unless the number is one. */
const char *plural(int64_t number, const char *one, const char *many);

#endif
