/* Lenient reading of answers: see fields.h. */
#include "controller/cli/fields.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "net/clock.h"

const char *field_text(const json_t *object, const char *key)
{
    const char *text = "";
    json_get_text(object, key, &text);
    return text;
}

int64_t field_i64(const json_t *object, const char *key)
{
    int64_t number = 0;
    json_get_i64(object, key, &number);
    return number;
}

bool field_flag(const json_t *object, const char *key)
{
    bool flag = false;
    json_get_flag(object, key, &flag);
    return flag;
}

json_t *field_list(const json_t *object, const char *key)
{
    json_t *list = NULL;
    json_get_array(object, key, &list);
    return list;
}

json_t *field_object(const json_t *object, const char *key)
{
    json_t *member = NULL;
    json_get_object(object, key, &member);
    return member;
}

const char *field_gap(const json_t *object, const char *key, char text[FIELD_TEXT_MAX])
{
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value)) {
        snprintf(text, FIELD_TEXT_MAX, "%.2f %%", (double)json_integer_value(value) / 1e4);
    } else {
        snprintf(text, FIELD_TEXT_MAX, "not known");
    }
    return text;
}

bool field_money(const json_t *object, const char *key, int64_t *ret_uusd)
{
    return json_get_money(object, key, ret_uusd) == JSON_FOUND;
}

const char *field_shown(const json_t *object, const char *key, char text[static FIELD_TEXT_MAX])
{
    struct buffer shown = BUFFER_INIT;
    const char *raw = field_text(object, key);
    text_append_visible(&shown, raw, strlen(raw), false);
    snprintf(text, FIELD_TEXT_MAX, "%s", shown.data);
    buffer_release(&shown);
    return text;
}

const char *field_money_text(const json_t *object, const char *key, unsigned decimals, char text[static MONEY_TEXT_MAX])
{
    int64_t uusd;
    if (field_money(object, key, &uusd)) {
        return money_format_rounded(uusd, decimals, text);
    }
    snprintf(text, MONEY_TEXT_MAX, "unknown");
    return text;
}

/* The agent's machine may be a little ahead of this one. */
static bool field_since_ms(const json_t *object, const char *key, int64_t *ret_ms)
{
    const char *raw = field_text(object, key);
    struct error ignored;
    int64_t at_ms;
    if (raw[0] == '\0' || !time_parse(raw, strlen(raw), &at_ms, &ignored)) {
        return false;
    }
    int64_t ms = clock_wall_ms() - at_ms;
    *ret_ms = ms > 0 ? ms : 0;
    return true;
}

const char *field_span(const json_t *object, const char *key, char text[static FIELD_TEXT_MAX])
{
    char duration[TEXT_DURATION_MAX];
    int64_t ms = 0;
    field_since_ms(object, key, &ms);
    snprintf(text, FIELD_TEXT_MAX, "%s", text_format_duration_short(ms - ms % 1000, duration));
    return text;
}

const char *field_ago(const json_t *object, const char *key, char text[static FIELD_TEXT_MAX])
{
    char duration[TEXT_DURATION_MAX];
    int64_t ms;
    if (!field_since_ms(object, key, &ms)) {
        snprintf(text, FIELD_TEXT_MAX, "never");
        return text;
    }
    snprintf(text, FIELD_TEXT_MAX, ms < 1000 ? "now" : "%s ago", text_format_duration_short(ms, duration));
    return text;
}

void cell_text(struct table *table, const json_t *object, const char *key)
{
    table_text(table, field_text(object, key));
}

void cell_i64(struct table *table, const json_t *object, const char *key)
{
    table_i64(table, field_i64(object, key));
}

void cell_money(struct table *table, const json_t *object, const char *key, unsigned decimals)
{
    char text[MONEY_TEXT_MAX];
    table_text(table, field_money_text(object, key, decimals, text));
}

void cell_ago(struct table *table, const json_t *object, const char *key)
{
    char text[FIELD_TEXT_MAX];
    table_text(table, field_ago(object, key, text));
}

const char *plural(int64_t number, const char *one, const char *many)
{
    return number == 1 ? one : many;
}
