/* Token buckets, one a name: how often an account may ask. Part of the exchange; modules use exchange.h. Pure: `now` is
 * the forward-only clock's, in microseconds. */
#ifndef DROVER_PROVIDERS_SDK_LIMITS_H
#define DROVER_PROVIDERS_SDK_LIMITS_H

#include <stddef.h>
#include <stdint.h>

enum { SDK_LIMITS_MAX = 256, SDK_LIMIT_NAME_MAX = 128 /* longer names share by what they begin with */ };

struct sdk_limit {
    char name[SDK_LIMIT_NAME_MAX];
    int64_t per_minute; /* 0: unlimited */
    int64_t burst;
    int64_t level;            /* tokens there, in units of limits.c */
    int64_t filled_at_us;     /* when level was right */
    int64_t blocked_until_us; /* nothing leaves before */
    int64_t share;            /* sixteenths of per_minute in force */
};

struct sdk_limits {
    struct sdk_limit *list;
    size_t count, capacity;
};

void sdk_limits_release(struct sdk_limits *limits);
/* The bucket of that name, made unlimited when it is new; past SDK_LIMITS_MAX the last one. The pointer holds until the
 * next new name. */
struct sdk_limit *sdk_limits_get(struct sdk_limits *limits, const char *name);
void sdk_limit_set(struct sdk_limit *limit, int64_t per_minute, int64_t burst, int64_t now_us);

/* Takes a token and returns 0, or takes nothing and returns how long to wait before asking again. */
int64_t sdk_limit_take(struct sdk_limit *limit, int64_t now_us);
/* The provider complained: nothing for wait_us, and half the rate after. */
void sdk_limit_throttled(struct sdk_limit *limit, int64_t now_us, int64_t wait_us);
/* The provider answered as usual: a sixteenth of the rate comes back. */
void sdk_limit_answered(struct sdk_limit *limit);

#endif
