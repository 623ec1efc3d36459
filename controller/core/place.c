/* Placing a job: candidates, the exact division over regions, budget, and the decision that explains it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "controller/core/private.h"
#include "controller/placement/division.h"

/* What one allocation is weighed at where its price is not known: after everything that has a price. */
#define UNIT_UNKNOWN_UUSD_H MONEY_RATE_MAX_UUSD_H

/* How much full cost weighs against marginal cost, in sixteenths; raised until a budget is kept. */
static const int64_t budget_weights[] = {0, 1, 4, 16, 64, 256};

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t weighed(const struct candidate *candidate, int64_t weight)
{
    if (candidate->unit_full_uusd_h < 0)
        return UNIT_UNKNOWN_UUSD_H;
    int64_t cost = candidate->unit_marginal_uusd_h + candidate->unit_full_uusd_h * weight / 16;
    return smaller(cost, UNIT_UNKNOWN_UUSD_H - 1);
}

static int64_t share_of(int64_t wanted, uint32_t percent)
{
    return percent == 0 || percent >= 100 ? wanted : larger(1, wanted * percent / 100);
}

/* The most of a group in one region under the policy's spread. */
static int64_t region_most(const struct placing *placing, int64_t wanted)
{
    uint32_t k = placing->policy->min_regions;
    int64_t most = k > 1 ? (wanted + k - 1) / k : wanted;
    return smaller(most, share_of(wanted, placing->policy->max_share_region_percent));
}

static const struct region_override *count_override(const struct placing *placing, const char *region)
{
    for (size_t i = 0; i < placing->demand->override_count; i++)
        if (placing->demand->overrides[i].count > 0 && strcmp(placing->demand->overrides[i].region, region) == 0)
            return &placing->demand->overrides[i];
    return NULL;
}

static int64_t wanted_of(const struct placing *placing, const struct group_demand *group)
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

/* --- one group ---------------------------------------------------------------------------------------------------- */

struct group_work {
    const struct placing *placing;
    struct candidates *candidates;
    int64_t wanted, before, placed;
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
    work->providers_most[work->provider_count] =
        share_of(work->wanted, work->placing->policy->max_share_provider_percent);
    return work->provider_count++;
}

/* Bounds of one region: what is there stays when the group grows and only shrinks when it shrinks. */
static void bound_region(struct group_work *work, struct division_region *region, const char *name, int64_t before)
{
    const struct region_override *own = count_override(work->placing, name);
    bool grows = work->wanted >= work->before;
    int64_t most = own ? own->count : region_most(work->placing, work->wanted);
    region->least = work->placing->may_move || !grows ? 0 : before;
    region->most = grows || work->placing->may_move ? larger(most, region->least) : smaller(before, larger(most, 0));
}

static void build_division(struct group_work *work, int64_t weight)
{
    const struct world *world = &work->placing->core->world;
    size_t option = 0;
    size_t first = 0;
    work->provider_count = 0;
    for (size_t r = 0; r < world->region_count; r++) {
        struct division_region *region = &work->regions[r];
        int64_t before = 0;
        first = option;
        for (size_t c = 0; c < work->candidates->count; c++) {
            const struct candidate *candidate = &work->candidates->list[c];
            if (candidate->region != r || candidate->reason != REASON_CHOSEN)
                continue;
            int64_t most = candidate->before + candidate->fits;
            int64_t stays = candidate->before;
            if (candidate->limit >= 0) {
                most = smaller(most, candidate->limit);
                stays = smaller(stays, candidate->limit);
            }
            work->options[option] = (struct division_option){.unit_cost = weighed(candidate, weight), .most = most};
            work->option_candidate[option++] = c;
            before += stays;
        }
        *region = (struct division_region){.options = &work->options[first], .option_count = option - first};
        bound_region(work, region, world->regions[r].config.name, before);
        region->provider = provider_number(work, world->regions[r].config.provider);
        work->providers_most[region->provider] = larger(work->providers_most[region->provider], region->least);
    }
}

static bool divide(struct group_work *work, int64_t weight, struct error *ret_error)
{
    const struct world *world = &work->placing->core->world;
    struct division_share shares[DIVISION_REGIONS_MAX] = {0};
    build_division(work, weight);
    struct division division = {.regions = work->regions,
                                .region_count = world->region_count,
                                .providers_most = work->providers_most,
                                .provider_count = work->provider_count,
                                .wanted = work->wanted};
    if (!division_solve(&division, shares, &work->placed, ret_error))
        return false;
    for (size_t c = 0; c < work->candidates->count; c++)
        work->candidates->list[c].count = 0;
    for (size_t r = 0; r < world->region_count; r++) {
        if (shares[r].count == 0)
            continue;
        size_t option = (size_t)(work->regions[r].options - work->options) + shares[r].option;
        work->candidates->list[work->option_candidate[option]].count = shares[r].count;
    }
    return true;
}

static bool place_group(const struct placing *placing, struct room *room, uint32_t number, int64_t weight,
                        struct candidates *candidates, int64_t *ret_placed, struct error *ret_error)
{
    const struct group_demand *group = &placing->demand->groups[number];
    candidates_collect(placing, room, number, candidates);
    struct group_work *work = memory_new(1, sizeof *work);
    work->placing = placing;
    work->candidates = candidates;
    work->wanted = wanted_of(placing, group);
    work->options = memory_new(candidates->count, sizeof *work->options);
    work->option_candidate = memory_new(candidates->count, sizeof *work->option_candidate);
    for (size_t c = 0; c < candidates->count; c++)
        work->before += candidates->list[c].before;
    bool ok = divide(work, weight, ret_error);
    for (size_t c = 0; ok && c < candidates->count; c++) {
        const struct candidate *candidate = &candidates->list[c];
        if (candidate->count > candidate->before)
            room_take(room, candidate->region, candidate->unpinned ? WORLD_NONE : candidate->pool, group,
                      candidate->count - candidate->before);
    }
    *ret_placed = work->placed;
    free(work->options);
    free(work->option_candidate);
    free(work);
    return ok;
}

/* A system job takes every node it may use of every region that nothing rules out. */
static void place_system_group(const struct placing *placing, const struct room *room, uint32_t number,
                               struct candidates *candidates, int64_t *ret_placed)
{
    candidates_collect(placing, room, number, candidates);
    *ret_placed = 0;
    for (size_t c = 0; c < candidates->count; c++) {
        struct candidate *candidate = &candidates->list[c];
        if (candidate->reason != REASON_CHOSEN)
            continue;
        struct group_demand one = placing->demand->groups[number];
        one.one_per_node = true;
        candidate->count =
            candidate->before +
            room_fits(room, candidate->region, candidate->unpinned ? WORLD_NONE : candidate->pool, &one, JOB_COUNT_MAX);
        *ret_placed += candidate->count;
    }
}

/* --- the whole job ------------------------------------------------------------------------------------------------ */

struct job_work {
    struct candidates *groups; /* one for each group of the demand */
    size_t group_count;
    int64_t wanted, placed;
    int64_t marginal_before, marginal_after, full_before, full_after;
    bool unknown_cost; /* something was placed whose price is not known */
};

/* *sum += unit * count; an impossible sum makes the cost unknown instead of wrong. */
static void add_cost(struct job_work *work, int64_t *sum, int64_t unit, int64_t count)
{
    int64_t cost = 0;
    if (!money_multiply(unit, count, &cost) || !money_add(sum, cost))
        work->unknown_cost = true;
}

static void sum_costs(struct job_work *work)
{
    work->marginal_before = work->marginal_after = work->full_before = work->full_after = 0;
    work->unknown_cost = false;
    for (size_t g = 0; g < work->group_count; g++)
        for (size_t c = 0; c < work->groups[g].count; c++) {
            const struct candidate *at = &work->groups[g].list[c];
            if (at->unit_full_uusd_h < 0) {
                work->unknown_cost = work->unknown_cost || at->count > 0;
                continue;
            }
            add_cost(work, &work->marginal_before, at->unit_marginal_uusd_h, at->before);
            add_cost(work, &work->marginal_after, at->unit_marginal_uusd_h, at->count);
            add_cost(work, &work->full_before, at->unit_full_uusd_h, at->before);
            add_cost(work, &work->full_after, at->unit_full_uusd_h, at->count);
        }
}

static void job_work_release(struct job_work *work)
{
    for (size_t g = 0; g < work->group_count; g++)
        candidates_release(&work->groups[g]);
    free(work->groups);
    *work = (struct job_work){0};
}

static bool place_all(const struct placing *placing, int64_t weight, struct job_work *work, struct error *ret_error)
{
    *work = (struct job_work){.groups = memory_new(placing->demand->group_count, sizeof *work->groups),
                              .group_count = placing->demand->group_count};
    struct room *room = room_new(placing->core, placing->demand, placing->may_move);
    bool ok = true;
    for (uint32_t g = 0; g < work->group_count && ok; g++) {
        int64_t placed = 0;
        int64_t wanted = 0;
        if (placing->demand->type == JOB_SYSTEM) {
            place_system_group(placing, room, g, &work->groups[g], &placed);
            wanted = placed;
        } else {
            wanted = wanted_of(placing, &placing->demand->groups[g]);
            ok = place_group(placing, room, g, weight, &work->groups[g], &placed, ret_error);
        }
        work->wanted += wanted;
        work->placed += placed;
    }
    room_free(room);
    sum_costs(work);
    return ok;
}

static bool within_budget(const struct placing *placing, const struct job_work *work)
{
    int64_t month = 0;
    if (placing->policy->budget_uusd_month < 0)
        return true;
    return !work->unknown_cost && money_multiply(work->full_after, MONEY_HOURS_PER_MONTH, &month) &&
           month <= placing->policy->budget_uusd_month;
}

/* Over budget whatever the weights: nothing new is placed, and every line that would have grown says so. */
static void refuse_for_budget(const struct placing *placing, struct job_work *work)
{
    char needs[MONEY_TEXT_MAX];
    char budget[MONEY_TEXT_MAX];
    char detail[256];
    int64_t month = 0;
    bool counted = !work->unknown_cost && money_multiply(work->full_after, MONEY_HOURS_PER_MONTH, &month);
    money_format_rounded(placing->policy->budget_uusd_month, 2, budget);
    if (counted)
        snprintf(detail, sizeof detail, "would cost $%s a month; policy \"%.128s\" allows $%s",
                 money_format_rounded(month, 2, needs), placing->policy->name, budget);
    else
        snprintf(detail, sizeof detail,
                 "a price is not known, so policy \"%.128s\" with its $%s a month cannot be kept",
                 placing->policy->name, budget);
    work->placed = 0;
    for (size_t g = 0; g < work->group_count; g++)
        for (size_t c = 0; c < work->groups[g].count; c++) {
            struct candidate *at = &work->groups[g].list[c];
            if (at->reason == REASON_CHOSEN && at->before == 0) {
                at->reason = REASON_BUDGET;
                text_replace(&at->detail, detail);
            }
            at->count = at->before;
            work->placed += at->count;
        }
    sum_costs(work);
}

/* --- the decision ------------------------------------------------------------------------------------------------- */

/* True when something dearer was chosen, or something was left without a place. */
static bool would_have_served(const struct candidates *candidates, const struct candidate *at, int64_t wanted)
{
    int64_t placed = 0;
    bool dearer_chosen = false;
    for (size_t c = 0; c < candidates->count; c++) {
        placed += candidates->list[c].count;
        dearer_chosen =
            dearer_chosen || (candidates->list[c].count > 0 && weighed(&candidates->list[c], 0) > weighed(at, 0));
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
    for (size_t c = 0; c < candidates->count; c++)
        if (candidates->list[c].region == at->region && candidates->list[c].count > 0)
            return REASON_ONE_POOL;
    bool spread = region_most(placing, wanted) < wanted || placing->policy->max_share_provider_percent > 0;
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
        line->reason = final_reason(placing, candidates, at, wanted_of(placing, group));
        text_replace(&line->detail, at->detail);
        line->count_before = at->before;
        line->count = at->count;
        line->fits = at->fits < 0 ? -1 : at->before + at->fits;
        line->unit_marginal_uusd_h = at->unit_marginal_uusd_h;
        line->unit_full_uusd_h = at->unit_full_uusd_h;
    }
}

static struct decision *decide(const struct placing *placing, const struct job_work *work)
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
    for (uint32_t g = 0; g < work->group_count; g++)
        add_group_lines(placing, &work->groups[g], g, decision);
    if (decision->line_count)
        qsort(decision->lines, decision->line_count, sizeof *decision->lines, compare_lines);
    return decision;
}

struct decision *place_job(const struct placing *placing)
{
    struct job_work work = {0};
    struct error error = {0};
    bool ok = false;
    for (size_t w = 0; w < sizeof budget_weights / sizeof *budget_weights; w++) {
        job_work_release(&work);
        ok = place_all(placing, budget_weights[w], &work, &error);
        if (!ok || within_budget(placing, &work))
            break;
    }
    if (ok && !within_budget(placing, &work))
        refuse_for_budget(placing, &work);
    struct decision *decision = decide(placing, &work);
    job_work_release(&work);
    return decision;
}

/* --- from a decision to a region's copy --------------------------------------------------------------------------- */

static void pin_to(const struct selector *selector, bool negated, struct copy_group *group)
{
    char target[300];
    if (strcmp(selector->key, "node_class") == 0)
        snprintf(target, sizeof target, "${node.class}");
    else if (strcmp(selector->key, "node_pool") == 0)
        snprintf(target, sizeof target, "${node.pool}");
    else if (strcmp(selector->key, "datacenter") == 0)
        snprintf(target, sizeof target, "${node.datacenter}");
    else
        snprintf(target, sizeof target, "${%.290s}", selector->key); /* attr.NAME, meta.NAME: Nomad's own words */
    group->pins = memory_resize(group->pins, group->pin_count + 1, sizeof *group->pins);
    group->pins[group->pin_count++] = (struct pin){.target = memory_copy_text(target, strlen(target)),
                                                   .value = memory_copy_text(selector->value, strlen(selector->value)),
                                                   .negated = negated};
}

void pin_group(const struct world_region *region, const char *pool, struct copy_group *group)
{
    const struct region_config *config = &region->config;
    bool other = strcmp(pool, POOL_OTHER) == 0;
    for (size_t p = 0; p < config->pool_count; p++) {
        if (!other && strcmp(config->pools[p].name, pool) != 0)
            continue;
        for (size_t s = 0; s < config->pools[p].selector_count; s++)
            pin_to(&config->pools[p].selectors[s], other, group);
    }
}

bool decision_wanted(const struct core *core, const struct decision *decision, const struct job_demand *demand,
                     const struct drover_job *job, symbol region_name, uint64_t revision,
                     struct copy_wanted *ret_wanted)
{
    const struct world_region *region = world_find_region(&core->world, world_text(&core->world, region_name));
    const struct job_copy *copy = job ? job_copy_find(job, region_name) : NULL;
    struct copy_wanted wanted = {.revision = revision,
                                 .groups = memory_new(demand->group_count, sizeof *wanted.groups),
                                 .group_count = demand->group_count,
                                 .shift = copy && copy->registered && copy->state != COPY_STOPPED};
    text_replace(&wanted.job_namespace, demand->job_namespace);
    text_replace(&wanted.id, demand->id);
    bool any = false;
    for (size_t g = 0; g < demand->group_count; g++) {
        struct copy_group *group = &wanted.groups[g];
        text_replace(&group->group, demand->groups[g].name);
        text_replace(&group->pool, "");
        for (size_t i = 0; i < decision->line_count; i++) {
            const struct decision_line *line = &decision->lines[i];
            if (line->count == 0 || strcmp(line->region, region->config.name) != 0 ||
                strcmp(line->group, group->group) != 0)
                continue;
            any = true;
            group->count = demand->type == JOB_SYSTEM ? demand->groups[g].count : line->count;
            if (demand->type == JOB_SYSTEM || !demand->groups[g].pinnable || region->pool_count == 1)
                continue;
            text_replace(&group->pool, line->pool);
            pin_group(region, line->pool, group);
        }
    }
    if (any)
        *ret_wanted = wanted;
    else
        copy_wanted_release(&wanted);
    return any;
}
