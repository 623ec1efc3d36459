/* Placing a job: the exact division of each group, the engine's plan of all of them together, the budget. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "controller/core/joint.h"
#include "controller/core/private.h"

/* How much full cost weighs against marginal cost, in WEIGHT_WHOLE parts; raised until a budget is kept. */
static const int64_t budget_weights[] = {0, 1, 4, 16, 64, 256};

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

static bool place_one(const struct placing *placing, struct room *room, uint32_t g, int64_t weight,
                      const struct joint *joint, struct job_work *work, struct error *ret_error)
{
    int64_t placed = 0;
    int64_t wanted = 0;
    if (placing->demand->type == JOB_SYSTEM) {
        place_system_group(placing, room, g, &work->groups[g], &placed);
        wanted = placed;
    } else {
        const int64_t *guide = joint ? joint->put + joint->start[g] : NULL;
        wanted = placing_wanted(placing, &placing->demand->groups[g]);
        if (!divide_group(placing, room, g, weight, guide, &work->groups[g], &placed, ret_error))
            return false;
    }
    work->wanted += wanted;
    work->placed += placed;
    return true;
}

/* Places every group; with a joint plan its puts are followed first. */
static bool place_all(const struct placing *placing, int64_t weight, const struct joint *joint, struct job_work *work,
                      struct error *ret_error)
{
    *work = (struct job_work){.groups = memory_new(placing->demand->group_count, sizeof *work->groups),
                              .group_count = placing->demand->group_count,
                              .bound_uusd_h = -1};
    struct room *room = room_new(placing->core, placing->demand);
    bool ok = true;
    for (uint32_t g = 0; g < work->group_count && ok; g++)
        ok = place_one(placing, room, g, weight, joint, work, ret_error);
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

/* --- the engine --------------------------------------------------------------------------------------------------- */

/* Several groups want the same room: what the engine gives each of them is tried, and kept where it is better. */
static void place_together(const struct placing *placing, const struct joint *joint, int64_t weight,
                           struct job_work *work)
{
    struct job_work together;
    struct error error = {0};
    int64_t apart = joint_cost(joint, placing, work->groups, weight);
    if (apart <= joint->cost_uusd_h)
        return;
    bool better = place_all(placing, weight, joint, &together, &error) && within_budget(placing, &together) &&
                  together.placed >= work->placed && joint_cost(joint, placing, together.groups, weight) < apart;
    if (better) {
        struct job_work before = *work;
        *work = together;
        together = before;
    }
    job_work_release(&together);
}

/* What stays whatever is decided; -1 when a price is not known. */
static int64_t standing_cost(const struct placing *placing, const struct joint *joint, bool full)
{
    int64_t sum = 0;
    for (size_t g = 0; g < joint->group_count; g++) {
        bool grows = placing_wanted(placing, &placing->demand->groups[g]) >= candidates_before(&joint->fresh[g]);
        for (size_t c = 0; c < joint->fresh[g].count && grows; c++) {
            const struct candidate *at = &joint->fresh[g].list[c];
            int64_t unit = full ? at->unit_full_uusd_h : at->unit_marginal_uusd_h;
            int64_t part = 0;
            if (at->reason != REASON_CHOSEN || candidate_stays(at) == 0)
                continue;
            if (unit < 0 || !money_multiply(unit, candidate_stays(at), &part) || !money_add(&sum, part))
                return -1;
        }
    }
    return sum;
}

static void take_scarcity(const struct joint *joint, struct job_work *work)
{
    for (size_t g = 0; g < work->group_count && joint->solved; g++)
        for (size_t c = 0; c < work->groups[g].count; c++)
            work->groups[g].list[c].scarcity_uusd_h = joint->scarcity[joint->start[g] + c];
}

/* What a solved problem says no placement of its counts costs less than at marginal rates, the budget weighed in: with
 * weight w no placement within a budget B costs less than bound(marginal + w full) - w B. -1 when nothing is known. */
static int64_t bound_of(const struct placing *placing, const struct joint *joint, int64_t weight)
{
    int64_t standing = standing_cost(placing, joint, false);
    int64_t full = standing_cost(placing, joint, true);
    int64_t least = joint->solved ? joint->bound_uusd_h : 0;
    bool known = (joint->solved || joint->wanted == 0) && standing >= 0 && full >= 0;
    if (!known || !money_add(&least, standing))
        return -1;
    if (weight == 0)
        return least > 0 ? least : 0;
    __int128 left = placing->policy->budget_uusd_month / MONEY_HOURS_PER_MONTH - full;
    __int128 bound = least - (left * weight + WEIGHT_WHOLE - 1) / WEIGHT_WHOLE;
    return bound > 0 ? (int64_t)bound : 0;
}

/* The bound of what is placed: of just these counts, so that it never rests on penalties. */
static void take_bound(const struct placing *placing, const struct room *room, struct job_work *work)
{
    int64_t *counts = memory_new(work->group_count, sizeof *counts);
    bool budget = placing->policy->budget_uusd_month >= 0;
    for (size_t g = 0; g < work->group_count; g++)
        for (size_t c = 0; c < work->groups[g].count; c++)
            counts[g] += work->groups[g].list[c].count;
    for (size_t w = 0; w < sizeof budget_weights / sizeof *budget_weights; w++) {
        struct joint joint;
        joint_solve(placing, room, budget_weights[w], counts, &joint);
        int64_t bound = bound_of(placing, &joint, budget_weights[w]);
        joint_release(&joint);
        if (bound > work->bound_uusd_h)
            work->bound_uusd_h = bound;
        if (!budget)
            break;
    }
    free(counts);
}

/* Places a placed job better where the engine can, and proves how good it is. */
static void prove(const struct placing *placing, int64_t weight, struct job_work *work)
{
    struct room *room = room_new(placing->core, placing->demand);
    struct joint joint;
    joint_solve(placing, room, weight, NULL, &joint);
    if (work->group_count > 1 && joint.solved)
        place_together(placing, &joint, weight, work);
    take_scarcity(&joint, work);
    if (work->placed == work->wanted && placing->policy->budget_uusd_month < 0 && !work->unknown_cost)
        work->bound_uusd_h = bound_of(placing, &joint, 0);
    joint_release(&joint);
    if (work->bound_uusd_h < 0 && !work->unknown_cost)
        take_bound(placing, room, work);
    room_free(room);
}

struct decision *place_job(const struct placing *placing)
{
    struct job_work work = {0};
    struct error error = {0};
    bool ok = false;
    size_t w = 0;
    for (; w < sizeof budget_weights / sizeof *budget_weights; w++) {
        job_work_release(&work);
        ok = place_all(placing, budget_weights[w], NULL, &work, &error);
        if (!ok || within_budget(placing, &work))
            break;
    }
    if (ok && !within_budget(placing, &work))
        refuse_for_budget(placing, &work);
    else if (ok && placing->demand->type != JOB_SYSTEM)
        prove(placing, budget_weights[w], &work);
    struct decision *decision = reasons_tell(placing, &work);
    if (ok && placing->demand->type != JOB_SYSTEM && work.placed < work.wanted)
        growth_propose(placing, &work, decision);
    job_work_release(&work);
    return decision;
}
