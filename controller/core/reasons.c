/* The decision that tells what placing came to: for every candidate, chosen or the one reason why not. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/private.h"

/* True when something dearer was chosen, or something was left without a place. */
static bool would_have_served(const struct candidates *candidates, const struct candidate *at, int64_t wanted)
{
    int64_t placed = 0;
    bool dearer_chosen = false;
    for (size_t c = 0; c < candidates->count; c++) {
        placed += candidates->list[c].count;
        dearer_chosen = dearer_chosen || (candidates->list[c].count > 0 &&
                                          candidate_weighed(&candidates->list[c], 0) > candidate_weighed(at, 0));
    }
    return dearer_chosen || placed < wanted;
}

/* Why a candidate that was in the race was not, or not more, chosen. */
static enum reason final_reason(const struct placing *placing, const struct candidates *candidates,
                                const struct candidate *at, int64_t wanted)
{
    if (at->reason != REASON_CHOSEN || at->count > 0)
        return at->reason;
    if (at->before == 0 && at->fits == 0)
        return REASON_FULL;
    if (!would_have_served(candidates, at, wanted))
        return REASON_DEARER;
    for (size_t c = 0; c < candidates->count && !at->splits; c++)
        if (candidates->list[c].region == at->region && candidates->list[c].count > 0)
            return REASON_ONE_POOL;
    bool spread = placing_region_most(placing, wanted) < wanted || placing->policy->max_share_provider_percent > 0;
    return spread ? REASON_SPREAD : REASON_DEARER;
}

static int compare_lines(const void *left, const void *right)
{
    const struct decision_line *a = left;
    const struct decision_line *b = right;
    int order = strcmp(a->group, b->group);
    if (order == 0)
        order = (b->count > 0) - (a->count > 0);
    if (order == 0 && (a->unit_marginal_uusd_h < 0) != (b->unit_marginal_uusd_h < 0))
        order = a->unit_marginal_uusd_h < 0 ? 1 : -1;
    if (order == 0)
        order =
            (a->unit_marginal_uusd_h > b->unit_marginal_uusd_h) - (a->unit_marginal_uusd_h < b->unit_marginal_uusd_h);
    if (order == 0)
        order = (a->unit_full_uusd_h > b->unit_full_uusd_h) - (a->unit_full_uusd_h < b->unit_full_uusd_h);
    if (order == 0)
        order = strcmp(a->region, b->region);
    return order ? order : strcmp(a->pool, b->pool);
}

static void add_group_lines(const struct placing *placing, const struct candidates *candidates, uint32_t number,
                            struct decision *decision)
{
    const struct world *world = &placing->core->world;
    const struct group_demand *group = &placing->demand->groups[number];
    for (size_t c = 0; c < candidates->count; c++) {
        const struct candidate *at = &candidates->list[c];
        const struct world_region *region = &world->regions[at->region];
        const char *pool = at->pool == WORLD_NONE || (at->unpinned && region->pool_count > 1 && !group->pinnable)
                               ? ""
                               : world_text(world, region->pools[at->pool].name);
        struct decision_line *line = decision_add(decision, group->name, region->config.name, pool);
        line->reason = final_reason(placing, candidates, at, placing_wanted(placing, group));
        text_replace(&line->detail, at->detail);
        line->count_before = at->before;
        line->count = at->count;
        line->fits = at->fits < 0 ? -1 : at->before + at->fits;
        line->unit_marginal_uusd_h = at->unit_marginal_uusd_h;
        line->unit_full_uusd_h = at->unit_full_uusd_h;
        line->scarcity_uusd_h = at->scarcity_uusd_h;
    }
}

struct decision *reasons_tell(const struct placing *placing, const struct job_work *work)
{
    struct decision *decision = memory_new(1, sizeof *decision);
    text_replace(&decision->job_namespace, placing->demand->job_namespace);
    text_replace(&decision->id, placing->demand->id);
    text_replace(&decision->policy, placing->policy->name);
    decision->at_ms = placing->core->world.now_ms;
    decision->step = placing->core->world.sequence;
    decision->wanted = work->wanted;
    decision->placed = work->placed;
    decision->marginal_before_uusd_h = work->marginal_before;
    decision->marginal_after_uusd_h = work->marginal_after;
    decision->full_before_uusd_h = work->full_before;
    decision->full_after_uusd_h = work->full_after;
    decision->budget_uusd_month = placing->policy->budget_uusd_month;
    decision->bound_uusd_h = work->bound_uusd_h;
    for (uint32_t g = 0; g < work->group_count; g++)
        add_group_lines(placing, &work->groups[g], g, decision);
    if (decision->line_count)
        qsort(decision->lines, decision->line_count, sizeof *decision->lines, compare_lines);
    return decision;
}
