/* Token buckets; see limits.h. A token is 60 * 10^6 * 16 units, so that `per_minute * share` units come each
 * microsecond. */
#include "providers/sdk/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define TOKEN INT64_C(960000000)
#define REFILL_MOST_US INT64_C(3600000000) /* longer pauses fill no more: keeps the product within int64 */
#define RATE_MOST INT64_C(1000000)         /* a minute, and of the burst */
enum { SHARE_FULL = 16 };

void sdk_limits_release(struct sdk_limits *limits)
{
    free(limits->list);
    *limits = (struct sdk_limits){0};
}

struct sdk_limit *sdk_limits_get(struct sdk_limits *limits, const char *name)
{
    char key[SDK_LIMIT_NAME_MAX];
    snprintf(key, sizeof key, "%.*s", SDK_LIMIT_NAME_MAX - 1, name);
    for (size_t i = 0; i < limits->count; i++)
        if (strcmp(limits->list[i].name, key) == 0)
            return &limits->list[i];
    if (limits->count == SDK_LIMITS_MAX)
        return &limits->list[limits->count - 1];
    limits->list = memory_grow(limits->list, limits->count, &limits->capacity, sizeof *limits->list);
    struct sdk_limit *limit = &limits->list[limits->count++];
    *limit = (struct sdk_limit){.share = SHARE_FULL};
    memcpy(limit->name, key, sizeof key);
    return limit;
}

static int64_t within(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

void sdk_limit_set(struct sdk_limit *limit, int64_t per_minute, int64_t burst, int64_t now_us)
{
    limit->per_minute = within(per_minute, 1, RATE_MOST);
    limit->burst = within(burst, 1, RATE_MOST);
    limit->level = limit->burst * TOKEN;
    limit->filled_at_us = now_us;
}

static void refill(struct sdk_limit *limit, int64_t now_us)
{
    int64_t elapsed = within(now_us - limit->filled_at_us, 0, REFILL_MOST_US);
    int64_t full = limit->burst * TOKEN;
    int64_t gained = elapsed * limit->per_minute * limit->share;
    limit->level = gained >= full - limit->level ? full : limit->level + gained;
    limit->filled_at_us = now_us;
}

int64_t sdk_limit_take(struct sdk_limit *limit, int64_t now_us)
{
    if (limit->blocked_until_us > now_us)
        return limit->blocked_until_us - now_us;
    if (limit->per_minute == 0)
        return 0;
    refill(limit, now_us);
    if (limit->level >= TOKEN) {
        limit->level -= TOKEN;
        return 0;
    }
    int64_t rate = limit->per_minute * limit->share;
    return (TOKEN - limit->level + rate - 1) / rate;
}

void sdk_limit_throttled(struct sdk_limit *limit, int64_t now_us, int64_t wait_us)
{
    if (limit->per_minute > 0)
        refill(limit, now_us); /* what was gained so far came at the old rate */
    limit->share = limit->share > 1 ? limit->share / 2 : 1;
    if (now_us + wait_us > limit->blocked_until_us)
        limit->blocked_until_us = now_us + wait_us;
}

void sdk_limit_answered(struct sdk_limit *limit)
{
    if (limit->share < SHARE_FULL)
        limit->share++;
}
