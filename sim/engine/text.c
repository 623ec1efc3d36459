/* Ids, JSON text and small readers that every part of a simulated region uses. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "sim/engine/world.h"

/* splitmix64: one 64-bit state, every seed is good. Source: Steele, Lea, Flood, OOPSLA 2014. */
uint64_t sim_random(struct sim_region *region)
{
    uint64_t z = (region->random += UINT64_C(0x9E3779B97F4A7C15));

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

void sim_new_id(struct sim_region *region, char ret_id[SIM_ID_SIZE])
{
    uint64_t a = sim_random(region), b = sim_random(region);

    snprintf(ret_id, SIM_ID_SIZE, "%08x-%04x-%04x-%04x-%012" PRIx64, (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff),
             (unsigned)(a & 0xffff), (unsigned)(b >> 48), b & UINT64_C(0xffffffffffff));
}

void sim_put_string(struct buffer *out, const char *text)
{
    const char *run = text;

    buffer_append_byte(out, '"');
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;

        if (byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        buffer_append(out, run, (size_t)(at - run));
        run = at + 1;
        if (byte == '"' || byte == '\\')
            buffer_printf(out, "\\%c", byte);
        else if (byte == '\n')
            buffer_append_text(out, "\\n");
        else if (byte == '\t')
            buffer_append_text(out, "\\t");
        else
            buffer_printf(out, "\\u%04x", byte);
    }
    buffer_append_text(out, run);
    buffer_append_byte(out, '"');
}

void sim_put_field(struct buffer *out, const char *key, const char *text)
{
    buffer_append_byte(out, '"');
    buffer_append_text(out, key);
    buffer_append_text(out, "\":");
    sim_put_string(out, text);
}

void sim_put_time(struct buffer *out, int64_t ns)
{
    char text[40];
    time_t seconds = (time_t)(ns / 1000000000);
    struct tm parts;

    if (ns == 0) {
        buffer_append_text(out, "null");
        return;
    }
    gmtime_r(&seconds, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    if (ns % 1000000000 == 0)
        buffer_printf(out, "\"%sZ\"", text);
    else
        buffer_printf(out, "\"%s.%09" PRId64 "Z\"", text, ns % 1000000000);
}

static int put_bytes(const char *bytes, size_t length, void *out)
{
    buffer_append(out, bytes, length);
    return 0;
}

void sim_put_json(struct buffer *out, const json_t *json)
{
    if (json == NULL)
        buffer_append_text(out, "null");
    else
        json_dump_callback(json, put_bytes, out, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
}

char *sim_copy(const char *text)
{
    return memory_copy_text(text, strlen(text));
}

bool sim_same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

const char *sim_get_text(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : otherwise;
}

int64_t sim_get_number(const json_t *object, const char *key, int64_t otherwise)
{
    const json_t *value = json_object_get(object, key);

    return json_is_integer(value) ? (int64_t)json_integer_value(value) : otherwise;
}

bool sim_get_flag(const json_t *object, const char *key, bool otherwise)
{
    const json_t *value = json_object_get(object, key);

    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}
