/* Division: one group's allocations over regions, exactly, by whole numbers.
 *
 * Each region offers options (pools); at most one of them is used per region, or several where the region says that the
 * group may be split there. Regions belong to providers, which may have a cap of their own. Among all divisions that
 * place the most allocations, the one of least cost is found by dynamic programming over regions within providers;
 * among equals the one that gives most to the earliest region, then the earliest option: so the same input gives the
 * same answer everywhere.
 *
 * Pure. Time and memory grow with options x wanted (and providers x wanted^2 only where provider caps bind). */
#ifndef DROVER_CONTROLLER_PLACEMENT_DIVISION_H
#define DROVER_CONTROLLER_PLACEMENT_DIVISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { DIVISION_WANTED_MAX = 100000, DIVISION_REGIONS_MAX = 256, DIVISION_OPTIONS_MAX = 65536 };

struct division_option {
    int64_t unit_cost; /* 0 to 2^44 an allocation */
    int64_t most;      /* as many fit, those already there included */
    int64_t least;     /* of a split region: as many stay in it; 0 elsewhere */
};

struct division_region {
    const struct division_option *options;
    size_t option_count;
    int64_t least, most; /* bounds of the region's share; least 0 unless what is there must stay */
    size_t provider;     /* place in providers_most */
    bool split; /* several options may be used at once; least is at least the sum of theirs, or 0 with theirs 0 */
};

struct division_share {
    size_t option; /* of the region; meaningless when count is 0 or the region is split */
    int64_t count;
};

struct division {
    const struct division_region *regions;
    size_t region_count;
    const int64_t *providers_most;
    size_t provider_count;
    int64_t wanted; /* 0 to DIVISION_WANTED_MAX */
};

/* Fills ret_shares[region_count]; *ret_placed <= wanted. Errors: ERROR_TOO_LARGE (over the limits above), ERROR_INVALID
 * (a least above what fits or is allowed there: names the region's place). */
bool division_solve(const struct division *division, struct division_share *ret_shares, int64_t *ret_placed,
                    struct error *ret_error);

/* What each option of the region takes of a share: a split region's fill what stays, then the cheapest first, the
 * earlier among equals. ret_counts[option_count]. */
void division_fill(const struct division_region *region, const struct division_share *share, int64_t *ret_counts);

#endif
