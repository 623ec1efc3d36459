/* From candidates to a placement problem and back: see joint.h. */
#include "controller/core/joint.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "controller/core/problem_lines.h"
#include "controller/placement/solve.h"

/* Iterations for a job's problem: it is small, and a step of the core must not hold the loop. */
enum { JOINT_EFFORT = 2, JOINT_EFFORT_ALONE = 1, PENALTY_FACTOR = 4, UNKNOWN_FACTOR = 4 };
#define PENALTY_LEAST_UUSD_H INT64_C(1000000)
/* Dearer than this an allocation is weighed as this; keeps penalties within the engine's range. */
#define UNIT_MOST_UUSD_H (INT64_C(1) << 36)
#define ROOM_WORTH_MOST_UUSD_H (INT64_C(1) << 42)

/* A pool of the problem: a pool of a region, or a whole region for groups that cannot be held to a pool. */
struct joint_pool {
    size_t region;
    uint32_t pool;
};

struct build {
    const struct placing *placing;
    const struct room *room;
    struct joint *joint;
    int64_t weight, dearest, wanted_all;
    const int64_t *counts; /* [group], NULL: as wanted */
    struct joint_pool *pools;
    uint32_t *candidate_pool; /* as joint->put: number of the problem's pool */
    size_t pool_count, pool_capacity;
    struct buffer text;
};

static bool is_in_race(const struct candidate *at)
{
    return at->reason == REASON_CHOSEN && (at->fits > 0 || at->before > 0);
}

static uint32_t pool_number(struct build *build, size_t region, uint32_t pool)
{
    for (size_t i = build->pool_count; i > 0; i--)
        if (build->pools[i - 1].region == region && build->pools[i - 1].pool == pool)
            return (uint32_t)(i - 1);
    build->pools = memory_grow(build->pools, build->pool_count, &build->pool_capacity, sizeof *build->pools);
    build->pools[build->pool_count] = (struct joint_pool){region, pool};
    return (uint32_t)build->pool_count++;
}

/* Every candidate in the race gets a pool of the problem; the dearest known price is noted. */
static void number_pools(struct build *build)
{
    struct joint *joint = build->joint;
    for (size_t g = 0; g < joint->group_count; g++) {
        build->wanted_all += placing_wanted(build->placing, &build->placing->demand->groups[g]);
        for (size_t c = 0; c < joint->fresh[g].count; c++) {
            const struct candidate *at = &joint->fresh[g].list[c];
            if (!is_in_race(at))
                continue;
            build->candidate_pool[joint->start[g] + c] =
                pool_number(build, at->region, at->unpinned ? WORLD_NONE : at->pool);
            int64_t unit = candidate_weighed(at, build->weight);
            if (unit < UNIT_UNKNOWN_UUSD_H && unit > build->dearest)
                build->dearest = unit < UNIT_MOST_UUSD_H ? unit : UNIT_MOST_UUSD_H;
        }
    }
    int64_t penalty = build->dearest * UNKNOWN_FACTOR * PENALTY_FACTOR;
    joint->penalty_uusd_h = penalty > PENALTY_LEAST_UUSD_H ? penalty : PENALTY_LEAST_UUSD_H;
}

static int64_t unit_in_problem(const struct joint *joint, const struct candidate *at, int64_t weight)
{
    int64_t unit = candidate_weighed(at, weight);
    int64_t most = joint->penalty_uusd_h / PENALTY_FACTOR;
    return unit < most ? unit : most;
}

/* --- the text ----------------------------------------------------------------------------------------------------- */

static void write_pools(struct build *build)
{
    /* All of a pool's room is one machine that is there and paid for: its price costs nothing, and only tells the
     * search how much the room may be worth. */
    int64_t worth = 1;
    lines_begin(&build->text);
    if (!money_multiply(build->dearest + 1, build->wanted_all + 1, &worth) || worth > ROOM_WORTH_MOST_UUSD_H)
        worth = ROOM_WORTH_MOST_UUSD_H;
    for (size_t p = 0; p < build->pool_count; p++) {
        struct resources sum = room_total(build->room, build->pools[p].region, build->pools[p].pool);
        lines_pool(&build->text, p, worth, worth, &sum, NULL, 1, 1);
    }
}

/* The most of the group that one more look at a candidate would add there, or keep when the group shrinks. */
static int64_t candidate_room(const struct candidate *at, bool grows)
{
    int64_t stays = candidate_stays(at);
    int64_t most = at->before + at->fits;
    if (at->limit >= 0 && most > at->limit)
        most = at->limit;
    return grows ? (most > stays ? most - stays : 0) : stays;
}

/* The problem's pools of the group's candidates in one region, or at one provider (the other is SIZE_MAX, NULL). */
static size_t pools_of(const struct build *build, size_t g, size_t region, const char *provider, uint32_t *pools,
                       int64_t *ret_stays)
{
    const struct candidates *all = &build->joint->fresh[g];
    const struct world *world = &build->placing->core->world;
    size_t count = 0;
    *ret_stays = 0;
    for (size_t c = 0; c < all->count; c++) {
        const struct candidate *at = &all->list[c];
        bool inside =
            provider ? strcmp(world->regions[at->region].config.provider, provider) == 0 : at->region == region;
        if (!inside || !is_in_race(at))
            continue;
        pools[count++] = build->candidate_pool[build->joint->start[g] + c];
        *ret_stays += candidate_stays(at);
    }
    return count;
}

static bool provider_is_new(const struct world *world, size_t region)
{
    for (size_t earlier = 0; earlier < region; earlier++)
        if (strcmp(world->regions[earlier].config.provider, world->regions[region].config.provider) == 0)
            return false;
    return true;
}

/* Caps of one group: what fits each pool, what the policy leaves each region, then each provider. All are nested. */
static void write_caps(struct build *build, size_t g, bool grows, int64_t wanted, int64_t before_all)
{
    const struct candidates *all = &build->joint->fresh[g];
    const struct world *world = &build->placing->core->world;
    uint32_t *pools = memory_new(all->count, sizeof *pools);
    bool providers = build->placing->policy->max_share_provider_percent > 0;
    int64_t stays = 0;
    for (size_t c = 0; c < all->count; c++)
        if (is_in_race(&all->list[c]))
            lines_cap(&build->text, g, &build->candidate_pool[build->joint->start[g] + c], 1,
                      candidate_room(&all->list[c], grows));
    for (size_t r = 0; r < world->region_count; r++) {
        int64_t least = 0;
        int64_t most = 0;
        size_t count = pools_of(build, g, r, NULL, pools, &stays);
        placing_region_bounds(build->placing, world->regions[r].config.name, wanted, before_all, stays, &least, &most);
        lines_cap(&build->text, g, pools, count, grows ? most - stays : most);
    }
    for (size_t r = 0; r < world->region_count && providers; r++) {
        if (!provider_is_new(world, r))
            continue;
        size_t count = pools_of(build, g, SIZE_MAX, world->regions[r].config.provider, pools, &stays);
        int64_t most = placing_provider_most(build->placing, wanted);
        lines_cap(&build->text, g, pools, count, grows ? most - stays : most);
    }
    free(pools);
}

static void write_group(struct build *build, size_t g)
{
    struct joint *joint = build->joint;
    const struct group_demand *group = &build->placing->demand->groups[g];
    const struct candidates *all = &joint->fresh[g];
    int64_t wanted = placing_wanted(build->placing, group);
    int64_t before = candidates_before(all);
    int64_t stays = 0;
    bool grows = wanted >= before;
    for (size_t c = 0; c < all->count; c++)
        stays += is_in_race(&all->list[c]) ? candidate_stays(&all->list[c]) : 0;
    int64_t target = build->counts ? build->counts[g] : wanted;
    int64_t decided = !grows ? target : target > stays ? target - stays : 0;
    joint->wanted += decided;
    lines_group(&build->text, g, decided, grows ? &group->each : &(struct resources){{0}}, joint->penalty_uusd_h, 0);
    for (size_t c = 0; c < all->count; c++)
        if (is_in_race(&all->list[c]))
            lines_may(&build->text, g, build->candidate_pool[joint->start[g] + c],
                      unit_in_problem(joint, &all->list[c], build->weight), 0);
    write_caps(build, g, grows, wanted, before);
}

/* --- the answer --------------------------------------------------------------------------------------------------- */

static int64_t shadow_price(const struct problem *problem, const struct plan *plan, uint32_t group, uint32_t pool)
{
    __int128 sum = 0;
    for (uint32_t k = 0; k < problem->dimensions; k++)
        sum += (__int128)plan->price[(size_t)pool * problem->dimensions + k] *
               problem->group_demand[(size_t)group * problem->dimensions + k];
    sum = (sum + plan->scale / 2) / plan->scale;
    return sum < MONEY_RATE_MAX_UUSD_H ? (int64_t)sum : MONEY_RATE_MAX_UUSD_H;
}

static void take_answer(struct build *build, const struct problem *problem, const struct plan *plan)
{
    struct joint *joint = build->joint;
    for (size_t g = 0; g < joint->group_count; g++) {
        for (size_t c = 0; c < joint->fresh[g].count; c++) {
            size_t at = joint->start[g] + c;
            if (is_in_race(&joint->fresh[g].list[c]))
                joint->scarcity[at] = shadow_price(problem, plan, (uint32_t)g, build->candidate_pool[at]);
        }
    }
    for (size_t i = 0; i < plan->puts; i++) {
        uint32_t g = plan->put[i].group;
        for (size_t c = 0; c < joint->fresh[g].count; c++)
            if (is_in_race(&joint->fresh[g].list[c]) && build->candidate_pool[joint->start[g] + c] == plan->put[i].pool)
                joint->put[joint->start[g] + c] = plan->put[i].count;
    }
    joint->cost_uusd_h = plan->cost;
    joint->bound_uusd_h = plan->bound;
    joint->solved = true;
}

static void solve_text(struct build *build)
{
    struct problem problem;
    struct plan plan;
    struct error error = {0};
    struct solve_options options = {.seed = 1,
                                    .effort = build->joint->group_count > 1 ? JOINT_EFFORT : JOINT_EFFORT_ALONE};
    if (!problem_read(build->text.data, build->text.length, &problem, &error))
        return; /* sums out of the engine's range: the division alone decides, without a proof */
    if (solve(&problem, &options, &plan, &error)) {
        take_answer(build, &problem, &plan);
        plan_release(&plan);
    }
    problem_release(&problem);
}

void joint_solve(const struct placing *placing, const struct room *room, int64_t weight, const int64_t *counts,
                 struct joint *ret_joint)
{
    struct joint joint = {.group_count = placing->demand->group_count};
    joint.fresh = memory_new(joint.group_count, sizeof *joint.fresh);
    joint.start = memory_new(joint.group_count + 1, sizeof *joint.start);
    for (uint32_t g = 0; g < joint.group_count; g++) {
        candidates_collect(placing, room, g, &joint.fresh[g]);
        joint.start[g + 1] = joint.start[g] + joint.fresh[g].count;
    }
    size_t cells = joint.start[joint.group_count];
    joint.put = memory_new(cells, sizeof *joint.put);
    joint.scarcity = memory_new(cells, sizeof *joint.scarcity);
    for (size_t i = 0; i < cells; i++)
        joint.scarcity[i] = -1;
    struct build build = {.placing = placing,
                          .room = room,
                          .joint = &joint,
                          .weight = weight,
                          .counts = counts,
                          .candidate_pool = memory_new(cells, sizeof *build.candidate_pool),
                          .text = BUFFER_INIT};
    number_pools(&build);
    write_pools(&build);
    for (size_t g = 0; g < joint.group_count; g++)
        write_group(&build, g);
    if (build.pool_count && joint.wanted > 0)
        solve_text(&build);
    buffer_release(&build.text);
    free(build.pools);
    free(build.candidate_pool);
    *ret_joint = joint;
}

void joint_release(struct joint *joint)
{
    for (size_t g = 0; g < joint->group_count; g++)
        candidates_release(&joint->fresh[g]);
    free(joint->fresh);
    free(joint->start);
    free(joint->put);
    free(joint->scarcity);
    *joint = (struct joint){0};
}

int64_t joint_cost(const struct joint *joint, const struct placing *placing, const struct candidates *groups,
                   int64_t weight)
{
    int64_t cost = 0;
    int64_t placed = 0;
    for (size_t g = 0; g < joint->group_count; g++) {
        bool grows = placing_wanted(placing, &placing->demand->groups[g]) >= candidates_before(&joint->fresh[g]);
        for (size_t c = 0; c < groups[g].count; c++) {
            const struct candidate *at = &groups[g].list[c];
            int64_t put = grows ? at->count - candidate_stays(at) : at->count;
            int64_t part = 0;
            if (!is_in_race(&joint->fresh[g].list[c]) || put <= 0)
                continue;
            placed += put;
            if (!money_multiply(unit_in_problem(joint, at, weight), put, &part) || !money_add(&cost, part))
                return INT64_MAX;
        }
    }
    int64_t penalty = 0;
    if (!money_multiply(joint->penalty_uusd_h, joint->wanted - placed, &penalty) || !money_add(&cost, penalty))
        return INT64_MAX;
    return cost;
}
