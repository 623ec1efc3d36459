/* One group over the regions, exactly: the dynamic programme of controller/placement/division.h on what node by node
 * room, policy and lessons leave. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "controller/core/private.h"
#include "controller/placement/division.h"

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t candidate_weighed(const struct candidate *candidate, int64_t weight)
{
    if (candidate->unit_full_uusd_h < 0)
        return UNIT_UNKNOWN_UUSD_H;
    int64_t cost = candidate->unit_marginal_uusd_h + candidate->unit_full_uusd_h * weight / WEIGHT_WHOLE;
    return smaller(cost, UNIT_UNKNOWN_UUSD_H - 1);
}

static int64_t share_of(int64_t wanted, uint32_t percent)
{
    return percent == 0 || percent >= 100 ? wanted : larger(1, wanted * percent / 100);
}

int64_t spread_region_most(const struct spread *spread, int64_t wanted)
{
    uint32_t k = spread->min_regions;
    int64_t most = k > 1 ? (wanted + k - 1) / k : wanted;
    return smaller(most, share_of(wanted, spread->max_share_region_percent));
}

int64_t spread_provider_most(const struct spread *spread, int64_t wanted)
{
    return share_of(wanted, spread->max_share_provider_percent);
}

struct spread spread_of(const struct policy *policy)
{
    return (struct spread){policy->min_regions, policy->max_share_region_percent, policy->max_share_provider_percent};
}

int64_t placing_region_most(const struct placing *placing, int64_t wanted)
{
    struct spread spread = spread_of(placing->policy);
    return spread_region_most(&spread, wanted);
}

int64_t placing_provider_most(const struct placing *placing, int64_t wanted)
{
    struct spread spread = spread_of(placing->policy);
    return spread_provider_most(&spread, wanted);
}

static const struct region_override *count_override(const struct placing *placing, const char *region)
{
    for (size_t i = 0; i < placing->demand->override_count; i++)
        if (placing->demand->overrides[i].count > 0 && strcmp(placing->demand->overrides[i].region, region) == 0)
            return &placing->demand->overrides[i];
    return NULL;
}

int64_t placing_wanted(const struct placing *placing, const struct group_demand *group)
{
    int64_t wanted = 0;
    bool own_counts = false;
    for (size_t i = 0; i < placing->demand->override_count; i++)
        if (placing->demand->overrides[i].count > 0) {
            own_counts = true;
            wanted += placing->demand->overrides[i].count;
        }
    return own_counts ? smaller(wanted, JOB_COUNT_MAX) : group->count;
}

void placing_region_bounds(const struct placing *placing, const char *region, int64_t wanted, int64_t before_all,
                           int64_t before, int64_t *ret_least, int64_t *ret_most)
{
    const struct region_override *own = count_override(placing, region);
    bool grows = wanted >= before_all;
    int64_t most = own ? own->count : placing_region_most(placing, wanted);
    *ret_least = grows ? before : 0;
    *ret_most = grows ? larger(most, *ret_least) : smaller(before, larger(most, 0));
}

int64_t candidate_stays(const struct candidate *candidate)
{
    return candidate->limit >= 0 ? smaller(candidate->before, candidate->limit) : candidate->before;
}

int64_t candidates_before(const struct candidates *candidates)
{
    int64_t before = 0;
    for (size_t c = 0; c < candidates->count; c++)
        before += candidates->list[c].before;
    return before;
}

/* --- one division ------------------------------------------------------------------------------------------------- */

struct group_work {
    const struct placing *placing;
    struct candidates *candidates;
    int64_t wanted, before, placed;
    bool second; /* what the guide gave stays, the rest is looked for */
    struct division_region regions[DIVISION_REGIONS_MAX];
    struct division_option *options;
    size_t *option_candidate; /* option -> candidate */
    int64_t providers_most[DIVISION_REGIONS_MAX];
    const char *provider_names[DIVISION_REGIONS_MAX];
    size_t provider_count;
};

static size_t provider_number(struct group_work *work, const char *name)
{
    bool capped = work->placing->policy->max_share_provider_percent > 0;
    for (size_t i = 0; i < work->provider_count; i++)
        if (!capped || strcmp(work->provider_names[i], name) == 0)
            return i;
    work->provider_names[work->provider_count] = name;
    work->providers_most[work->provider_count] = placing_provider_most(work->placing, work->wanted);
    return work->provider_count++;
}

/* What a candidate can hold at most, and what of it stays whatever is decided. */
static int64_t candidate_most(const struct group_work *work, const struct candidate *candidate, int64_t *ret_stays)
{
    int64_t stays = candidate_stays(candidate) + candidate->taken;
    int64_t most = candidate->before + candidate->taken + (work->second ? candidate->left : candidate->fits);
    if (candidate->limit >= 0)
        most = smaller(most, candidate->limit);
    if (candidate->guide >= 0 && !work->second)
        most = smaller(most, candidate->before + candidate->guide);
    *ret_stays = stays;
    return work->wanted >= work->before ? most : smaller(most, stays);
}

/* Once some of a group stands in one pool of a region the others of that region are out. */
static bool region_is_taken_elsewhere(const struct group_work *work, const struct candidate *candidate)
{
    for (size_t c = 0; work->second && !candidate->splits && c < work->candidates->count; c++) {
        const struct candidate *other = &work->candidates->list[c];
        if (other != candidate && other->region == candidate->region && other->taken > 0)
            return true;
    }
    return false;
}

static void build_region(struct group_work *work, size_t r, int64_t weight, size_t *option)
{
    const struct world_region *at = &work->placing->core->world.regions[r];
    struct division_region *region = &work->regions[r];
    int64_t before = 0;
    size_t first = *option;
    bool split = true;
    bool grows = work->wanted >= work->before;
    for (size_t c = 0; c < work->candidates->count; c++) {
        const struct candidate *candidate = &work->candidates->list[c];
        if (candidate->region != r || candidate->reason != REASON_CHOSEN || region_is_taken_elsewhere(work, candidate))
            continue;
        int64_t stays = 0;
        int64_t most = candidate_most(work, candidate, &stays);
        work->options[*option] = (struct division_option){
            .unit_cost = candidate_weighed(candidate, weight), .most = most, .least = grows ? smaller(stays, most) : 0};
        work->option_candidate[(*option)++] = c;
        before += stays;
        split = split && candidate->splits;
    }
    *region = (struct division_region){
        .options = &work->options[first], .option_count = *option - first, .split = split && *option - first > 1};
    placing_region_bounds(work->placing, at->config.name, work->wanted, work->before, before, &region->least,
                          &region->most);
    region->provider = provider_number(work, at->config.provider);
    work->providers_most[region->provider] = larger(work->providers_most[region->provider], region->least);
}

static bool divide(struct group_work *work, int64_t weight, struct error *ret_error)
{
    const struct world *world = &work->placing->core->world;
    struct division_share shares[DIVISION_REGIONS_MAX] = {0};
    size_t option = 0;
    work->provider_count = 0;
    for (size_t r = 0; r < world->region_count; r++)
        build_region(work, r, weight, &option);
    struct division division = {.regions = work->regions,
                                .region_count = world->region_count,
                                .providers_most = work->providers_most,
                                .provider_count = work->provider_count,
                                .wanted = work->wanted};
    if (!division_solve(&division, shares, &work->placed, ret_error))
        return false;
    for (size_t c = 0; c < work->candidates->count; c++)
        work->candidates->list[c].count = 0;
    int64_t *counts = memory_new(work->candidates->count, sizeof *counts);
    for (size_t r = 0; r < world->region_count; r++) {
        size_t first = (size_t)(work->regions[r].options - work->options);
        division_fill(&work->regions[r], &shares[r], counts);
        for (size_t o = 0; o < work->regions[r].option_count; o++)
            work->candidates->list[work->option_candidate[first + o]].count = counts[o];
    }
    free(counts);
    return true;
}

static void take_room(const struct group_work *work, struct room *room, const struct group_demand *group)
{
    for (size_t c = 0; c < work->candidates->count; c++) {
        struct candidate *candidate = &work->candidates->list[c];
        int64_t more = candidate->count - candidate->before - candidate->taken;
        if (more <= 0)
            continue;
        room_take(room, candidate->region, candidate->unpinned ? WORLD_NONE : candidate->pool, group, more);
        candidate->taken += more;
    }
}

/* The guide was followed as far as it went: what is left is looked for in the room that is left. */
static bool divide_rest(struct group_work *work, const struct room *room, const struct group_demand *group,
                        int64_t weight, struct error *ret_error)
{
    work->second = true;
    for (size_t c = 0; c < work->candidates->count; c++) {
        struct candidate *candidate = &work->candidates->list[c];
        if (candidate->fits > 0)
            candidate->left = room_fits(room, candidate->region, candidate->unpinned ? WORLD_NONE : candidate->pool,
                                        group, JOB_COUNT_MAX);
    }
    return divide(work, weight, ret_error);
}

bool divide_group(const struct placing *placing, struct room *room, uint32_t number, int64_t weight,
                  const int64_t *guide, struct candidates *candidates, int64_t *ret_placed, struct error *ret_error)
{
    const struct group_demand *group = &placing->demand->groups[number];
    candidates_collect(placing, room, number, candidates);
    struct group_work *work = memory_new(1, sizeof *work);
    work->placing = placing;
    work->candidates = candidates;
    work->wanted = placing_wanted(placing, group);
    work->options = memory_new(candidates->count, sizeof *work->options);
    work->option_candidate = memory_new(candidates->count, sizeof *work->option_candidate);
    work->before = candidates_before(candidates);
    for (size_t c = 0; c < candidates->count && guide; c++)
        candidates->list[c].guide = guide[c];
    bool ok = divide(work, weight, ret_error);
    if (ok)
        take_room(work, room, group);
    if (ok && guide && work->placed < work->wanted) {
        ok = divide_rest(work, room, group, weight, ret_error);
        if (ok)
            take_room(work, room, group);
    }
    *ret_placed = work->placed;
    free(work->options);
    free(work->option_candidate);
    free(work);
    return ok;
}
