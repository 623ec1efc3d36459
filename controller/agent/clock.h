/* `now` for the core: follows the wall clock, never runs backwards, and tells jumps apart from the passing of time. */
#ifndef DROVER_CONTROLLER_AGENT_CLOCK_H
#define DROVER_CONTROLLER_AGENT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum { CLOCK_JUMP_BACK_MS = 1000, CLOCK_JUMP_FORWARD_MS = 60000 };

struct agent_clock {
    int64_t now_ms;       /* last given out */
    int64_t wall_ms;      /* as last read */
    int64_t monotonic_ms; /* as last read */
};

/* Begins at the later of the wall clock and what was persisted. */
void agent_clock_init(struct agent_clock *clock, int64_t persisted_ms, int64_t wall_ms, int64_t monotonic_ms);

/* Advances. While the wall clock is behind, `now` goes on with the monotonic one; it follows the wall clock again once
 * that has come up. *ret_jump_ms is by how much the wall clock moved beyond what really passed, 0 unless that is a
 * jump: back by 1 s, or forward by more than 60 s (a machine that slept shows as one). */
int64_t agent_clock_advance(struct agent_clock *clock, int64_t wall_ms, int64_t monotonic_ms, int64_t *ret_jump_ms);

#endif
