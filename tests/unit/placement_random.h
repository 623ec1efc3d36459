/* Tiny random problems with every kind of limit, for the placement tests: one seed, one problem. */
#ifndef DROVER_TESTS_UNIT_PLACEMENT_RANDOM_H
#define DROVER_TESTS_UNIT_PLACEMENT_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

enum { POOLS_MAX = 3, GROUPS_MAX = 3 };

struct dice {
    uint64_t state;
};

static inline uint64_t roll(struct dice *dice)
{
    uint64_t z = dice->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static inline int between(struct dice *dice, int low, int high)
{
    return low + (int)(roll(dice) % (uint64_t)(high - low + 1));
}

static inline bool chance(struct dice *dice, int percent)
{
    return between(dice, 1, 100) <= percent;
}

static inline void write_pools_of(struct dice *dice, int pools, struct buffer *out)
{
    int mask = between(dice, 1, (1 << pools) - 1);
    const char *comma = "";
    for (int p = 0; p < pools; p++) {
        if (mask >> p & 1) {
            buffer_printf(out, "%s%d", comma, p);
            comma = ",";
        }
    }
}

static inline void write_pool(struct dice *dice, int p, int dims, struct buffer *out)
{
    int min = chance(dice, 40) ? between(dice, 0, 2) : 0;
    int max = min + between(dice, 0, 3);
    int price = chance(dice, 8) ? 0 : between(dice, 1, 100);
    int capacity[2] = {between(dice, 2, 12), between(dice, 2, 12)};
    buffer_printf(out, "pool %d region=0 price=%d capacity=%d", p, price, capacity[0]);
    if (dims == 2)
        buffer_printf(out, ",%d", capacity[1]);
    bool unlimited = chance(dice, 30);
    if (unlimited)
        buffer_printf(out, " min=%d max=-", min);
    else
        buffer_printf(out, " min=%d max=%d", min, max);
    if (chance(dice, 25)) {
        buffer_printf(out, " held=%d", between(dice, 0, capacity[0]));
        if (dims == 2)
            buffer_printf(out, ",%d", between(dice, 0, capacity[1]));
    }
    if (chance(dice, 20))
        buffer_printf(out, " rate=%d", between(dice, 0, 150));
    buffer_append_byte(out, '\n');
    for (int t = 0; t < 2 && !unlimited && chance(dice, 30); t++) {
        max += between(dice, 1, 2);
        price += between(dice, 0, 40);
        buffer_printf(out, "tier %d upto=%d price=%d\n", p, max, price);
    }
}

static inline void write_group(struct dice *dice, int j, int pools, int dims, struct buffer *out)
{
    int count = between(dice, 0, 4);
    buffer_printf(out, "group %d count=%d demand=%d", j, count, between(dice, chance(dice, 10) ? 0 : 1, 6));
    if (dims == 2)
        buffer_printf(out, ",%d", between(dice, 0, 6));
    buffer_printf(out, " unplaced=%d", chance(dice, 30) ? between(dice, 0, 60) : between(dice, 50, 1000));
    if (chance(dice, 50))
        buffer_printf(out, " move=%d", between(dice, 0, 30));
    buffer_append_byte(out, '\n');
    int caps = between(dice, 0, 3);
    for (int c = 0; c < caps; c++) {
        buffer_printf(out, "cap %d pools=", j);
        write_pools_of(dice, pools, out);
        buffer_printf(out, " max=%d\n", between(dice, 0, count));
    }
    buffer_printf(out, "may %d", j);
    for (int p = 0; p < pools; p++) {
        if (chance(dice, 80)) {
            buffer_printf(out, " %d:%d", p, between(dice, 0, 20));
            if (chance(dice, 40))
                buffer_printf(out, ":%d", between(dice, 0, 3));
        }
    }
    buffer_append_byte(out, '\n');
    if (chance(dice, 25))
        buffer_printf(out, "permachine %d max=%d\n", j, between(dice, chance(dice, 10) ? 0 : 1, 2));
}

static inline void write_problem(struct dice *dice, struct buffer *out)
{
    int dims = between(dice, 1, 2);
    int pools = between(dice, 1, POOLS_MAX);
    int groups = between(dice, 1, GROUPS_MAX);
    buffer_printf(out, "drover-problem 1\ndims cpu%s\nregion 0 r\n", dims == 2 ? " mem" : "");
    for (int p = 0; p < pools; p++)
        write_pool(dice, p, dims, out);
    for (int j = 0; j < groups; j++)
        write_group(dice, j, pools, dims, out);
    if (chance(dice, 20)) {
        buffer_append_text(out, "budget 0 pools=");
        write_pools_of(dice, pools, out);
        buffer_printf(out, " max=%d\n", between(dice, 50, 400));
    }
    if (chance(dice, 20)) {
        buffer_append_text(out, "quota 0 pools=");
        write_pools_of(dice, pools, out);
        buffer_printf(out, " weight=%d max=%d\n", between(dice, 0, 3), between(dice, 2, 12));
    }
    if (chance(dice, 20)) {
        buffer_append_text(out, "gbudget 0 groups=0");
        if (groups > 1)
            buffer_append_text(out, ",1");
        buffer_printf(out, " max=%d\n", between(dice, 10, 300));
    }
}

#endif
