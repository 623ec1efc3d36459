/* The query part of a request target, decoded, and the percent-decoding of path segments. Private to sim/engine. */
#ifndef DROVER_SIM_ENGINE_QUERY_H
#define DROVER_SIM_ENGINE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIM_QUERY_PAIRS_MAX = 64 };

struct sim_query {
    char *memory; /* owns every text below */
    struct {
        const char *key;
        const char *value;
    } pairs[SIM_QUERY_PAIRS_MAX];
    size_t count;
};

/* Pairs past the limit are dropped; NULL is an empty query. */
void sim_query_parse(struct sim_query *ret_query, const char *text);
void sim_query_release(struct sim_query *query);

const char *sim_query_get(const struct sim_query *query, const char *key, const char *otherwise);
bool sim_query_has(const struct sim_query *query, const char *key);
/* The first key set to true or given without a value. */
bool sim_query_flag(const struct sim_query *query, const char *key);
/* `index`, 0 when absent or not a number. */
uint64_t sim_query_index(const struct sim_query *query);
/* A whole decimal number; false when it is not one. */
bool sim_number_parse(const char *text, uint64_t *ret_number);
/* Nomad's ?wait=: Go durations such as 30s, 500ms, 1m30s, in milliseconds; false when malformed. */
bool sim_duration_parse(const char *text, int64_t *ret_ns);

/* Decodes %XX in place ('+' too when asked); false for a broken escape or an encoded NUL. */
bool sim_percent_decode(char *text, bool plus);

#endif
