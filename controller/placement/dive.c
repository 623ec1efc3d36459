/* See dive.h. The pools nearest to a whole number are fixed first; rounding errors are left to those still free. */
#include "controller/placement/dive.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "controller/placement/prices.h"

struct candidate {
    double distance;
    uint32_t pool;
    double whole;
};

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *left = a;
    const struct candidate *right = b;
    if (left->distance != right->distance)
        return left->distance < right->distance ? -1 : 1;
    return (left->pool > right->pool) - (left->pool < right->pool);
}

/* How far y is from the whole number it would be fixed at. What rounds up costs money at once, what rounds down only
 * when nobody else has room: half a machine goes down. */
static struct candidate judge(const struct work *work, uint32_t pool, double threshold)
{
    double y = work->machines[pool];
    double down = floor(y + 1e-6);
    double whole = y - down < threshold ? down : down + 1;
    if (whole > work->high[pool])
        whole = floor(work->high[pool]);
    if (whole < work->low[pool])
        whole = ceil(work->low[pool]);
    double share = fabs(y - whole) / (y > 1 ? y : 1);
    return (struct candidate){share, pool, whole};
}

void dive(struct work *work, unsigned steps, unsigned sweeps, double threshold)
{
    struct candidate *candidate = memory_new(work->pools, sizeof *candidate);
    uint32_t open = 0;
    for (uint32_t p = 0; p < work->pools; p++)
        open += work->low[p] < work->high[p];
    for (unsigned step = 0; step < steps && open > 0; step++) {
        uint32_t count = 0;
        for (uint32_t p = 0; p < work->pools; p++) {
            if (work->low[p] < work->high[p])
                candidate[count++] = judge(work, p, threshold);
        }
        qsort(candidate, count, sizeof *candidate, compare_candidates);
        uint32_t wanted = step + 1 == steps ? count : count / (steps - step) + 1;
        for (uint32_t i = 0; i < count; i++) {
            if (i >= wanted && candidate[i].distance > 1e-4)
                break;
            work->low[candidate[i].pool] = candidate[i].whole;
            work->high[candidate[i].pool] = candidate[i].whole;
            open--;
        }
        prices_again(work, sweeps);
    }
    free(candidate);
}
