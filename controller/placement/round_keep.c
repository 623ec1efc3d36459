/* A plan laid aside and taken up again; see round.h. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/round.h"

void round_keep(const struct round *round, struct round_keep *keep)
{
    if (!keep->count) {
        keep->count = memory_new(round->slots, sizeof *keep->count);
        keep->unplaced = memory_new(round->work->groups, sizeof *keep->unplaced);
    }
    if (round->slots)
        memcpy(keep->count, round->count, round->slots * sizeof *keep->count);
    if (round->work->groups)
        memcpy(keep->unplaced, round->unplaced, round->work->groups * sizeof *keep->unplaced);
}

void round_restore(struct round *round, const struct round_keep *keep)
{
    const struct work *work = round->work;
    for (uint32_t j = 0; j < work->groups; j++) {
        size_t first = work->slot_start[j];
        size_t end = first + work->slot_count[j];
        for (size_t s = first; s < end; s++) {
            if (round->count[s] > keep->count[s])
                round_move(round, j, s, ROUND_UNPLACED, round->count[s] - keep->count[s]);
        }
        for (size_t s = first; s < end; s++) {
            if (round->count[s] < keep->count[s])
                round_move(round, j, ROUND_UNPLACED, s, keep->count[s] - round->count[s]);
        }
    }
    for (uint32_t p = 0; p < work->pools; p++) {
        int64_t needed = round_needed(round, p);
        if (needed != round->machines[p])
            round_change_machines(round, p, needed - round->machines[p]);
    }
}

void round_keep_release(struct round_keep *keep)
{
    free(keep->count);
    free(keep->unplaced);
    *keep = (struct round_keep){0};
}
