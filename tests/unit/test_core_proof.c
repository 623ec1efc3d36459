/* links: core placement model base */
/* Proofs of placements on random small worlds, against every placement there is; the federation's plan; old
 * explanations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/codec.h"
#include "base/memory.h"
#include "controller/core/assess.h"
#include "controller/core/private.h"

enum { REGIONS = 2, POOLS = 2, NODES_MAX = 8, GROUPS = 2 };

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static int64_t between(uint64_t *state, int64_t low, int64_t high)
{
    return low + (int64_t)(next_random(state) % (uint64_t)(high - low + 1));
}

static void send(struct core *core, const struct event *event)
{
    struct step step = {0};
    core_step(core, event, 1000, &step);
    step_release(&step);
}

static struct uuid numbered(uint8_t kind, uint64_t number)
{
    struct uuid uuid = {.bytes = {kind}};
    memcpy(uuid.bytes + 8, &number, sizeof number);
    return uuid;
}

static const char *const region_names[REGIONS] = {"east", "west"};
static const char *const class_names[POOLS] = {"big", "std"};

static char *literal(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* --- a small world ------------------------------------------------------------------------------------------------ */

struct small_node {
    size_t region, pool;
    struct resources room;
};

struct small_world {
    struct core *core;
    int64_t price[REGIONS][POOLS];
    struct resources capacity[POOLS];
    struct small_node nodes[NODES_MAX];
    size_t node_count;
};

static void configure(struct small_world *small, uint64_t *state)
{
    for (size_t r = 0; r < REGIONS; r++) {
        struct selector selectors[POOLS];
        struct pool_config pools[POOLS];
        for (size_t p = 0; p < POOLS; p++) {
            selectors[p] = (struct selector){.key = literal("node_class"), .value = literal(class_names[p])};
            small->price[r][p] = between(state, 0, 3) ? between(state, 1, 200) * 1000 : 0;
            pools[p] = (struct pool_config){.name = literal(class_names[p]),
                                            .selectors = &selectors[p],
                                            .selector_count = 1,
                                            .instance_type = literal(""),
                                            .priced = true,
                                            .price = {.list_uusd_h = small->price[r][p],
                                                      .effective_uusd_h = small->price[r][p],
                                                      .marginal_uusd_h = small->price[r][p]}};
        }
        struct region_config region = {.name = literal(region_names[r]),
                                       .provider = literal(region_names[r]),
                                       .pools = pools,
                                       .pool_count = POOLS};
        send(small->core, &(struct event){.type = EVENT_REGION_CONFIGURED, .region_config = &region});
    }
    send(small->core, &(struct event){.type = EVENT_STARTED});
}

static void add_node(struct small_world *small, size_t r, size_t p)
{
    struct node_fact node = {.id = numbered(1, small->node_count),
                             .name = "n",
                             .datacenter = "dc1",
                             .node_class = class_names[p],
                             .node_pool = "default",
                             .version = "",
                             .status = NODE_READY,
                             .eligible = true,
                             .capacity = small->capacity[p],
                             .modify_index = 1};
    small->nodes[small->node_count++] = (struct small_node){r, p, small->capacity[p]};
    send(small->core, &(struct event){.type = EVENT_NODE, .region = region_names[r], .node = &node});
}

static void world_open(struct small_world *small, uint64_t *state)
{
    *small = (struct small_world){.core = core_new(&(struct core_options){.cluster = "c", .epoch = 1})};
    configure(small, state);
    for (size_t p = 0; p < POOLS; p++)
        small->capacity[p] = (struct resources){{between(state, 1, 4) * 1000, between(state, 1, 4) * 1000, 100000}};
    for (size_t r = 0; r < REGIONS; r++) {
        send(small->core, &(struct event){.type = EVENT_REGION_HEARD, .region = region_names[r]});
        send(small->core, &(struct event){.type = EVENT_SYNC_BEGIN, .region = region_names[r]});
        for (size_t p = 0; p < POOLS; p++)
            for (int64_t n = between(state, 0, 2); n > 0; n--)
                add_node(small, r, p);
        send(small->core, &(struct event){.type = EVENT_SYNC_END, .region = region_names[r]});
    }
}

static void demand_fill(struct job_demand *demand, uint64_t *state)
{
    static const char *const names[GROUPS] = {"api", "cache"};
    *demand = (struct job_demand){.type = JOB_SERVICE, .group_count = (size_t)between(state, 1, GROUPS)};
    text_replace(&demand->job_namespace, "default");
    text_replace(&demand->id, "web");
    text_replace(&demand->node_pool, "default");
    demand->groups = memory_new(demand->group_count, sizeof *demand->groups);
    for (size_t g = 0; g < demand->group_count; g++) {
        demand->groups[g] = (struct group_demand){
            .count = between(state, 0, 3),
            .each = {{between(state, 0, 12) * 250, between(state, 0, 12) * 250, 10}},
            .pinnable = true,
        };
        text_replace(&demand->groups[g].name, names[g]);
    }
}

/* --- every placement there is ------------------------------------------------------------------------------------- */

struct search {
    const struct small_world *small;
    const struct job_demand *demand;
    int64_t counts[GROUPS];
    struct small_node nodes[NODES_MAX];
    int64_t here[GROUPS][REGIONS];
    int64_t region_most[GROUPS];
    int64_t best;
};

static int64_t unit_price(const struct small_world *small, const struct small_node *node, const struct resources *each)
{
    int64_t most = 0;
    for (int k = RESOURCE_CPU_MHZ; k <= RESOURCE_MEMORY_MB; k++) {
        int64_t cost = small->price[node->region][node->pool] * each->amount[k];
        int64_t capacity = small->capacity[node->pool].amount[k];
        int64_t unit = (cost + capacity - 1) / capacity;
        most = unit > most ? unit : most;
    }
    return most;
}

/* Places what is left of group g on the nodes from `node` on. */
static void search_on(struct search *search, size_t g, int64_t left, size_t node, int64_t cost)
{
    if (cost >= search->best)
        return;
    if (left == 0) {
        if (g + 1 == search->demand->group_count)
            search->best = cost;
        else
            search_on(search, g + 1, search->counts[g + 1], 0, cost);
        return;
    }
    if (node == search->small->node_count)
        return;
    struct small_node *at = &search->nodes[node];
    const struct resources *each = &search->demand->groups[g].each;
    search_on(search, g, left, node + 1, cost);
    if (!resources_fit(each, &at->room) || search->here[g][at->region] == search->region_most[g])
        return;
    resources_subtract(&at->room, each);
    search->here[g][at->region]++;
    search_on(search, g, left - 1, node, cost + unit_price(search->small, at, each));
    search->here[g][at->region]--;
    resources_add(&at->room, each);
}

static int64_t cheapest(const struct small_world *small, const struct placing *placing, const struct decision *decision)
{
    struct search search = {.small = small, .demand = placing->demand, .best = INT64_MAX};
    memcpy(search.nodes, small->nodes, sizeof search.nodes);
    for (size_t g = 0; g < placing->demand->group_count; g++) {
        search.region_most[g] = placing_region_most(placing, placing->demand->groups[g].count);
        for (size_t i = 0; i < decision->line_count; i++)
            if (strcmp(decision->lines[i].group, placing->demand->groups[g].name) == 0)
                search.counts[g] += decision->lines[i].count;
    }
    search_on(&search, 0, search.counts[0], 0, 0);
    return search.best;
}

static void no_placement_costs_less_than_the_bound(void **unused)
{
    (void)unused;
    uint64_t state = 20261122;
    int proven = 0;
    int exact = 0;
    for (int round = 0; round < 3000; round++) {
        struct small_world small;
        struct job_demand demand;
        struct policy policy;
        world_open(&small, &state);
        demand_fill(&demand, &state);
        policy_init(&policy);
        policy.min_regions = (uint32_t)between(&state, 0, 2);
        struct placing placing = {.core = small.core, .demand = &demand, .policy = &policy};
        struct decision *decision = place_job(&placing);
        int64_t best = cheapest(&small, &placing, decision);
        assert_true(best <= decision->marginal_after_uusd_h);
        assert_true(decision->bound_uusd_h >= 0);
        assert_true(decision->bound_uusd_h <= best);
        assert_int_equal(decision_gap_ppm(decision) == 0, decision->bound_uusd_h == decision->marginal_after_uusd_h);
        proven++;
        exact += best == decision->bound_uusd_h;
        decision_free(decision);
        policy_release(&policy);
        job_demand_release(&demand);
        core_free(small.core);
    }
    assert_int_equal(proven, 3000);
    assert_true(exact > 1500); /* most small ones are proven to be the best */
}

/* --- the federation's plan ---------------------------------------------------------------------------------------- */

static void add_allocations(struct small_world *small, uint64_t *state)
{
    for (uint64_t a = 0; a < 6 && small->node_count; a++) {
        size_t at = (size_t)between(state, 0, (int64_t)small->node_count - 1);
        struct small_node *node = &small->nodes[at];
        char job[8];
        snprintf(job, sizeof job, "j%d", (int)between(state, 0, 2));
        struct resources each = {{job[1] * 5, job[1] * 7, 10}};
        if (!resources_fit(&each, &node->room))
            continue;
        resources_subtract(&node->room, &each);
        struct job_fact fact = {.job_namespace = "default", .id = job, .type = JOB_SERVICE, .job_modify_index = 1};
        struct allocation_fact allocation = {.id = numbered(2, a),
                                             .node_id = numbered(1, at),
                                             .job_namespace = "default",
                                             .job_id = job,
                                             .group = "g",
                                             .resources = each,
                                             .client_status = CLIENT_RUNNING,
                                             .desired_status = DESIRED_RUN,
                                             .modify_index = 1};
        const char *region = region_names[node->region];
        send(small->core, &(struct event){.type = EVENT_JOB, .region = region, .job = &fact});
        send(small->core, &(struct event){.type = EVENT_ALLOCATION, .region = region, .allocation = &allocation});
    }
}

/* Spread that what stands need not keep to. */
static void add_policy(struct small_world *small, uint64_t *state)
{
    struct policy policy;
    policy_init(&policy);
    text_replace(&policy.name, "wide");
    patterns_add(&policy.jobs, "j*");
    policy.min_regions = (uint32_t)between(state, 0, 2);
    policy.max_share_provider_percent = between(state, 0, 1) ? 50 : 0;
    send(small->core, &(struct event){.type = EVENT_POLICY_CONFIGURED, .policy = &policy});
    policy_release(&policy);
}

static void a_plan_of_the_federation_is_no_dearer_than_what_is(void **unused)
{
    (void)unused;
    uint64_t state = 4711;
    int looked = 0;
    for (int round = 0; round < 500; round++) {
        struct small_world small;
        struct error error = {0};
        world_open(&small, &state);
        add_policy(&small, &state);
        add_allocations(&small, &state);
        struct assess_snapshot *snapshot = assess_begin(small.core);
        while (!assess_continue(snapshot, small.core, 2))
            continue;
        struct assessment *assessment = assess_solve(snapshot, 4, NULL, NULL, &error);
        assert_non_null(assessment);
        assert_int_equal(assessment->unplaced, 0);
        assert_true(assessment->bound_uusd_h <= assessment->cost_uusd_h);
        assert_true(assessment->bound_uusd_h <= assessment->now_uusd_h);
        assert_true(assessment->cost_uusd_h <= assessment->packed_uusd_h);
        looked += assessment->allocations > 0;
        send(small.core, &(struct event){.type = EVENT_ASSESSED, .assessment = assessment});
        assert_ptr_equal(core_world(small.core)->assessment, assessment);
        core_free(small.core);
    }
    assert_true(looked > 300);
}

static bool at_once(void *context)
{
    (void)context;
    return true;
}

static void a_plan_that_is_stopped_is_none(void **unused)
{
    (void)unused;
    uint64_t state = 99;
    struct small_world small;
    struct error error = {0};
    world_open(&small, &state);
    add_allocations(&small, &state);
    struct assess_snapshot *snapshot = assess_begin(small.core);
    while (!assess_continue(snapshot, small.core, 100))
        continue;
    assert_null(assess_solve(snapshot, 4, at_once, NULL, &error));
    assert_int_equal(error.code, ERROR_BUSY);
    core_free(small.core);
}

/* --- explanations of version 1 ------------------------------------------------------------------------------------ */

static void an_explanation_of_version_1_is_still_read(void **unused)
{
    (void)unused;
    struct buffer old = BUFFER_INIT;
    struct buffer new = BUFFER_INIT;
    struct error error = {0};
    codec_put_text(&old, "default");
    codec_put_text(&old, "web");
    codec_put_text(&old, "strict");
    codec_put_u64(&old, 7);
    codec_put_u64(&old, 8);
    for (int64_t i = 1; i <= 8; i++)
        codec_put_i64(&old, i * 100);
    codec_put_u32(&old, 1);
    codec_put_text(&old, "app");
    codec_put_text(&old, "east");
    codec_put_text(&old, "std");
    codec_put_u8(&old, REASON_DEARER);
    codec_put_text(&old, "why");
    for (int64_t i = 1; i <= 5; i++)
        codec_put_i64(&old, i);
    assert_true(decision_upgrade_from_1(old.data, old.length, &new, &error));
    struct decision *decision = decision_decode(new.data, new.length, &error);
    assert_non_null(decision);
    assert_string_equal(decision->policy, "strict");
    assert_int_equal(decision->budget_uusd_month, 800);
    assert_int_equal(decision->bound_uusd_h, -1);
    assert_int_equal(decision_gap_ppm(decision), -1);
    assert_int_equal(decision->growth_count, 0);
    assert_string_equal(decision->lines[0].detail, "why");
    assert_int_equal(decision->lines[0].unit_full_uusd_h, 5);
    assert_int_equal(decision->lines[0].scarcity_uusd_h, -1);
    decision_free(decision);
    buffer_clear(&new);
    assert_false(decision_upgrade_from_1(old.data, old.length - 1, &new, &error));
    assert_int_equal(error.code, ERROR_CORRUPT);
    buffer_release(&old);
    buffer_release(&new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_placement_costs_less_than_the_bound),
        cmocka_unit_test(a_plan_of_the_federation_is_no_dearer_than_what_is),
        cmocka_unit_test(a_plan_that_is_stopped_is_none),
        cmocka_unit_test(an_explanation_of_version_1_is_still_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
