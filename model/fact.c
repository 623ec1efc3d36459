#include "model/fact.h"

#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool dash_stands_at(size_t at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

bool uuid_parse(const char *text, size_t length, struct uuid *ret_uuid)
{
    if (length != 36)
        return false;
    struct uuid uuid;
    size_t byte = 0;
    for (size_t at = 0; at < 36;) {
        if (dash_stands_at(at)) {
            if (text[at++] != '-')
                return false;
            continue;
        }
        int high = hex_value(text[at]);
        int low = hex_value(text[at + 1]);
        if (high < 0 || low < 0)
            return false;
        uuid.bytes[byte++] = (uint8_t)(high * 16 + low);
        at += 2;
    }
    *ret_uuid = uuid;
    return true;
}

const char *uuid_format(const struct uuid *uuid, char text[static 37])
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;
    for (size_t byte = 0; byte < sizeof uuid->bytes; byte++) {
        if (dash_stands_at(at))
            text[at++] = '-';
        text[at++] = digits[uuid->bytes[byte] >> 4];
        text[at++] = digits[uuid->bytes[byte] & 15];
    }
    text[at] = '\0';
    return text;
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

const char *node_status_word(enum node_status status)
{
    static const char *const words[] = {"initializing", "ready", "down", "disconnected"};
    return status <= NODE_DISCONNECTED ? words[status] : "?";
}

const char *client_status_word(enum client_status status)
{
    static const char *const words[] = {"pending", "running", "complete", "failed", "lost", "unknown"};
    return status <= CLIENT_UNKNOWN ? words[status] : "?";
}

const char *desired_status_word(enum desired_status status)
{
    static const char *const words[] = {"run", "stop", "evict"};
    return status <= DESIRED_EVICT ? words[status] : "?";
}

const char *job_type_word(enum job_type type)
{
    static const char *const words[] = {"service", "system", "batch", "sysbatch"};
    return type <= JOB_SYSBATCH ? words[type] : "?";
}
