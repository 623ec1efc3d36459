/* See dice.h. */
#include "tests/bench/placement/dice.h"

static uint64_t roll(struct dice *dice)
{
    uint64_t z = dice->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

uint64_t dice_below(struct dice *dice, uint64_t limit)
{
    return roll(dice) % limit;
}

int64_t dice_between(struct dice *dice, int64_t low, int64_t high)
{
    return low + (int64_t)dice_below(dice, (uint64_t)(high - low + 1));
}

bool dice_chance(struct dice *dice, unsigned percent)
{
    return dice_below(dice, 100) < percent;
}

/* A rough bell round 0 from -600 to 600, deviation about 173. */
static int64_t bell(struct dice *dice)
{
    int64_t sum = 0;
    for (int i = 0; i < 12; i++)
        sum += dice_between(dice, -50, 50);
    return sum;
}

/* By integer steps of a hundredth of an octave. */
int64_t dice_spread(struct dice *dice, int64_t middle, int64_t hundredths)
{
    int64_t power = bell(dice) * hundredths / 173;
    int64_t value = middle << 10;
    for (; power >= 100; power -= 100)
        value *= 2;
    for (; power <= -100; power += 100)
        value /= 2;
    for (; power > 0; power--)
        value += value * 7 / 1000;
    for (; power < 0; power++)
        value -= value * 7 / 1000;
    value >>= 10;
    return value > 0 ? value : 1;
}
