/* The rule of `now`: see clock.h. Pure, so that tests can give it any two clocks. */
#include "controller/agent/clock.h"

void agent_clock_init(struct agent_clock *clock, int64_t persisted_ms, int64_t wall_ms, int64_t monotonic_ms)
{
    clock->now_ms = persisted_ms > wall_ms ? persisted_ms : wall_ms;
    clock->wall_ms = wall_ms;
    clock->monotonic_ms = monotonic_ms;
}

int64_t agent_clock_advance(struct agent_clock *clock, int64_t wall_ms, int64_t monotonic_ms, int64_t *ret_jump_ms)
{
    int64_t passed = monotonic_ms - clock->monotonic_ms;
    int64_t jump = wall_ms - clock->wall_ms - passed;
    int64_t steady = clock->now_ms + passed;
    clock->now_ms = wall_ms > steady ? wall_ms : steady;
    clock->wall_ms = wall_ms;
    clock->monotonic_ms = monotonic_ms;
    *ret_jump_ms = jump <= -CLOCK_JUMP_BACK_MS || jump > CLOCK_JUMP_FORWARD_MS ? jump : 0;
    return clock->now_ms;
}
