/* Request targets: percent-decoding, query pairs, numbers and Go durations. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/engine/query.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool sim_percent_decode(char *text, bool plus)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        int high, low;

        if (*from != '%') {
            *to++ = plus && *from == '+' ? ' ' : *from;
            continue;
        }
        high = hex_digit(from[1]);
        low = high < 0 ? -1 : hex_digit(from[2]);
        if (low < 0 || (high == 0 && low == 0))
            return false;
        *to++ = (char)(high * 16 + low);
        from += 2;
    }
    *to = '\0';
    return true;
}

void sim_query_parse(struct sim_query *ret_query, const char *text)
{
    char *at, *pair;

    memset(ret_query, 0, sizeof *ret_query);
    ret_query->memory = memory_copy_text(text != NULL ? text : "", text != NULL ? strlen(text) : 0);
    at = ret_query->memory;
    while ((pair = strsep(&at, "&")) != NULL && ret_query->count < SIM_QUERY_PAIRS_MAX) {
        char *value = strchr(pair, '=');

        if (*pair == '\0')
            continue;
        if (value != NULL)
            *value++ = '\0';
        else
            value = pair + strlen(pair);
        if (!sim_percent_decode(pair, true) || !sim_percent_decode(value, true))
            continue;
        ret_query->pairs[ret_query->count].key = pair;
        ret_query->pairs[ret_query->count++].value = value;
    }
}

void sim_query_release(struct sim_query *query)
{
    free(query->memory);
    query->memory = NULL;
    query->count = 0;
}

const char *sim_query_get(const struct sim_query *query, const char *key, const char *otherwise)
{
    for (size_t i = 0; i < query->count; i++)
        if (strcmp(query->pairs[i].key, key) == 0)
            return query->pairs[i].value;
    return otherwise;
}

bool sim_query_has(const struct sim_query *query, const char *key)
{
    return sim_query_get(query, key, NULL) != NULL;
}

bool sim_query_flag(const struct sim_query *query, const char *key)
{
    const char *value = sim_query_get(query, key, NULL);

    return value != NULL && (*value == '\0' || strcmp(value, "true") == 0 || strcmp(value, "1") == 0);
}

bool sim_number_parse(const char *text, uint64_t *ret_number)
{
    uint64_t number = 0;

    if (*text == '\0' || strlen(text) > 19)
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        number = number * 10 + (uint64_t)(*text - '0');
    }
    *ret_number = number;
    return true;
}

uint64_t sim_query_index(const struct sim_query *query)
{
    uint64_t index = 0;

    if (!sim_number_parse(sim_query_get(query, "index", "0"), &index))
        return 0;
    return index;
}

static bool duration_unit(const char **at, double *ret_ns)
{
    static const struct {
        const char *word;
        double ns;
    } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};

    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t length = strlen(units[i].word);

        if (strncmp(*at, units[i].word, length) != 0 || (*at)[length] == 's')
            continue;
        *at += length;
        *ret_ns = units[i].ns;
        return true;
    }
    return false;
}

bool sim_duration_parse(const char *text, int64_t *ret_ns)
{
    double sum = 0;
    bool negative = *text == '-', any = false;

    if (*text == '-' || *text == '+')
        text++;
    if (strcmp(text, "0") == 0) {
        *ret_ns = 0;
        return true;
    }
    while (*text != '\0') {
        double number = 0, unit, scale = 1;
        const char *start = text;

        for (; *text >= '0' && *text <= '9'; text++)
            number = number * 10 + (*text - '0');
        if (*text == '.')
            for (text++; *text >= '0' && *text <= '9'; text++)
                number += (*text - '0') * (scale /= 10);
        if (text == start || !duration_unit(&text, &unit))
            return false;
        sum += number * unit;
        any = true;
    }
    if (!any || sum > 9.2e18)
        return false;
    *ret_ns = (int64_t)(negative ? -sum : sum);
    return true;
}
