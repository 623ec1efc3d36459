/* links: core placement model base */
/* Cost reports on random worlds: used + idle = paid to the micro-dollar, jobs add up to what is used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "controller/core/core.h"
#include "controller/core/cost.h"

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static int64_t below(uint64_t *state, int64_t limit)
{
    return (int64_t)(next_random(state) % (uint64_t)limit);
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

static void add_region(struct core *core, int64_t rate)
{
    struct selector selector = {.key = (char *)(uintptr_t) "node_class", .value = (char *)(uintptr_t) "std"};
    struct pool_config pool = {.name = (char *)(uintptr_t) "std",
                               .selectors = &selector,
                               .selector_count = 1,
                               .instance_type = (char *)(uintptr_t) "",
                               .priced = true,
                               .price = {.list_uusd_h = rate, .effective_uusd_h = rate, .marginal_uusd_h = rate}};
    struct region_config region = {
        .name = (char *)(uintptr_t) "r", .provider = (char *)(uintptr_t) "p", .pools = &pool, .pool_count = 1};
    send(core, &(struct event){.type = EVENT_REGION_CONFIGURED, .region_config = &region});
    send(core, &(struct event){.type = EVENT_STARTED});
}

static void add_node(struct core *core, uint64_t number, const char *class, int64_t cpu, int64_t memory)
{
    struct node_fact node = {.id = numbered(1, number),
                             .name = "n",
                             .datacenter = "dc1",
                             .node_class = class,
                             .node_pool = "default",
                             .version = "",
                             .status = NODE_READY,
                             .eligible = true,
                             .capacity = {{cpu, memory, 100000}},
                             .modify_index = 1};
    send(core, &(struct event){.type = EVENT_NODE, .region = "r", .node = &node});
}

static void add_allocation(struct core *core, uint64_t number, uint64_t node, const char *job, int64_t cpu,
                           int64_t memory)
{
    struct allocation_fact allocation = {.id = numbered(2, number),
                                         .node_id = numbered(1, node),
                                         .job_namespace = "default",
                                         .job_id = job,
                                         .group = "g",
                                         .resources = {{cpu, memory, 10}},
                                         .client_status = CLIENT_RUNNING,
                                         .modify_index = 1};
    send(core, &(struct event){.type = EVENT_ALLOCATION, .region = "r", .allocation = &allocation});
}

static void used_and_idle_are_what_is_paid(void **unused)
{
    (void)unused;
    uint64_t state = 1234567;
    for (int round = 0; round < 300; round++) {
        struct core *core = core_new(&(struct core_options){.cluster = "c", .epoch = 1});
        int64_t rate = below(&state, 1000000) + 1;
        add_region(core, rate);
        int64_t nodes = below(&state, 4) + 1;
        for (int64_t n = 0; n < nodes; n++)
            add_node(core, (uint64_t)n, "std", below(&state, 8000) + 1, below(&state, 16000) + 1);
        for (int64_t a = 0; a < below(&state, 20); a++) {
            char job[8];
            snprintf(job, sizeof job, "j%d", (int)below(&state, 3));
            add_allocation(core, (uint64_t)a, (uint64_t)below(&state, nodes), job, below(&state, 3000),
                           below(&state, 6000));
        }
        struct cost_report *report = cost_report_new(core_world(core));
        int64_t jobs = 0;
        for (size_t i = 0; i < report->job_count; i++)
            jobs += report->jobs[i].used_uusd_h;
        assert_int_equal(report->total.paid_uusd_h, rate * nodes);
        assert_int_equal(report->total.used_uusd_h + report->total.idle_uusd_h, report->total.paid_uusd_h);
        assert_int_equal(jobs, report->total.used_uusd_h);
        assert_true(report->total.idle_uusd_h >= 0);
        cost_report_free(report);
        core_free(core);
    }
}

static void the_largest_share_counts(void **unused)
{
    (void)unused;
    struct core *core = core_new(&(struct core_options){.cluster = "c", .epoch = 1});
    add_region(core, 100000);
    add_node(core, 1, "std", 4000, 8000);
    add_allocation(core, 1, 1, "cpu-heavy", 1000, 800);    /* a quarter */
    add_allocation(core, 2, 1, "memory-heavy", 100, 4000); /* a half */
    struct cost_report *report = cost_report_new(core_world(core));
    assert_int_equal(report->job_count, 2);
    assert_int_equal(report->jobs[0].used_uusd_h, 25000);
    assert_int_equal(report->jobs[1].used_uusd_h, 50000);
    assert_int_equal(report->total.idle_uusd_h, 25000);
    cost_report_free(report);
    core_free(core);
}

static void nodes_without_a_price_are_counted_not_free(void **unused)
{
    (void)unused;
    struct core *core = core_new(&(struct core_options){.cluster = "c", .epoch = 1});
    add_region(core, 100000);
    add_node(core, 1, "strange", 4000, 8000);
    add_allocation(core, 1, 1, "job", 1000, 800);
    struct cost_report *report = cost_report_new(core_world(core));
    assert_int_equal(report->total.unpriced_nodes, 1);
    assert_int_equal(report->total.unpriced_allocations, 1);
    assert_int_equal(report->total.paid_uusd_h, 0);
    assert_int_equal(report->jobs[0].unpriced_allocations, 1);
    cost_report_free(report);
    core_free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(used_and_idle_are_what_is_paid),
        cmocka_unit_test(the_largest_share_counts),
        cmocka_unit_test(nodes_without_a_price_are_counted_not_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
