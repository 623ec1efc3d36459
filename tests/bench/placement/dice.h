/* Random numbers for the generators: whole numbers only, the same on every machine for one seed (splitmix64). */
#ifndef DROVER_TESTS_BENCH_PLACEMENT_DICE_H
#define DROVER_TESTS_BENCH_PLACEMENT_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

/* 0 to limit - 1; limit is at least 1. */
uint64_t dice_below(struct dice *dice, uint64_t limit);

/* low to high, both included. */
int64_t dice_between(struct dice *dice, int64_t low, int64_t high);

/* True in so many cases of a hundred. */
bool dice_chance(struct dice *dice, unsigned percent);

/* A log-normal without libm: middle x 2^(n x hundredths / 100), n about normal with deviation 1; at least 1. middle is
 * below 2^40. */
int64_t dice_spread(struct dice *dice, int64_t middle, int64_t hundredths);

#endif
