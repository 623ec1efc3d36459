/* GET metrics: Prometheus' text format (version 0.0.4). Names end in their unit; money is dollars an hour. */
#include <inttypes.h>

#include "base/money.h"
#include "controller/api/view_part.h"
#include "controller/core/assess.h"

static void metric(struct buffer *out, const char *name, const char *help)
{
    buffer_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void metric_i64(struct buffer *out, const char *name, const char *help, int64_t value)
{
    metric(out, name, help);
    buffer_printf(out, "%s %" PRId64 "\n", name, value);
}

static void metric_money(struct buffer *out, const char *name, const char *help, int64_t uusd)
{
    char text[MONEY_TEXT_MAX];
    metric(out, name, help);
    buffer_printf(out, "%s %s\n", name, money_format(uusd, text));
}

/* Millionths as a share of one. */
static void metric_share(struct buffer *out, const char *name, const char *help, int64_t ppm)
{
    char text[MONEY_TEXT_MAX];
    metric(out, name, help);
    buffer_printf(out, "%s %s\n", name, money_format(ppm, text));
}

/* A label's value: backslash, quote and newline escaped. */
static void label(struct buffer *out, const char *name, const char *value)
{
    buffer_printf(out, "%s=\"", name);
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"') {
            buffer_append_byte(out, '\\');
        }
        buffer_append_text(out, *value == '\n' ? "\\n" : (char[]){*value, '\0'});
    }
    buffer_append_byte(out, '"');
}

static void metrics_regions(const struct world *world, struct buffer *out)
{
    metric(out, "drover_region_alive", "1 while the region is alive.");
    for (size_t r = 0; r < world->region_count; r++) {
        const struct world_region *region = &world->regions[r];
        buffer_append_text(out, "drover_region_alive{");
        label(out, "region", region->config.name);
        buffer_printf(out, "} %d\n", region->state == REGION_ALIVE);
    }
    metric(out, "drover_pool_nodes", "Nodes of the pool that are ready for work.");
    for (size_t r = 0; r < world->region_count; r++)
        for (size_t p = 0; p < world->regions[r].pool_count; p++) {
            buffer_append_text(out, "drover_pool_nodes{");
            label(out, "region", world->regions[r].config.name);
            buffer_append_byte(out, ',');
            label(out, "pool", world_text(world, world->regions[r].pools[p].name));
            buffer_printf(out, "} %" PRIu32 "\n", world->regions[r].pools[p].ready_nodes);
        }
}

/* One gauge of every pool that is linked to an account. */
static void metrics_linked(const struct world *world, struct buffer *out, const char *name, const char *help,
                           int64_t (*value)(const struct world *world, const struct world_region *region, size_t pool))
{
    metric(out, name, help);
    for (size_t r = 0; r < world->region_count; r++)
        for (size_t p = 0; p < world->regions[r].pool_count; p++) {
            const struct world_region *region = &world->regions[r];
            if (world_provider_pool(world, region, p) == NULL)
                continue;
            buffer_printf(out, "%s{", name);
            label(out, "region", region->config.name);
            buffer_append_byte(out, ',');
            label(out, "pool", world_text(world, region->pools[p].name));
            buffer_printf(out, "} %" PRId64 "\n", value(world, region, p));
        }
}

static int64_t linked_desired(const struct world *world, const struct world_region *region, size_t pool)
{
    return world_provider_pool(world, region, pool)->desired;
}

static int64_t linked_joined(const struct world *world, const struct world_region *region, size_t pool)
{
    (void)world;
    return region->pools[pool].link.joined;
}

static int64_t linked_held(const struct world *world, const struct world_region *region, size_t pool)
{
    (void)world;
    return region->pools[pool].link.held.held;
}

static int64_t linked_changing(const struct world *world, const struct world_region *region, size_t pool)
{
    const struct fleet_pool *fleet = world_find_fleet(world, region->name, region->pools[pool].name);
    return fleet != NULL && fleet->operation != NULL;
}

static void metrics_accounts(const struct world *world, struct buffer *out)
{
    metric(out, "drover_account_up", "1 while the account's module runs and its last look at pools went well.");
    for (size_t i = 0; i < world->account_count; i++) {
        const struct world_account *account = &world->accounts[i];
        buffer_append_text(out, "drover_account_up{");
        label(out, "account", account->config.name);
        buffer_printf(out, "} %d\n", account->up && account->failure[LOOK_POOLS] == NULL);
    }
    metrics_linked(world, out, "drover_pool_desired_machines", "Size of the provider pool.", linked_desired);
    metrics_linked(world, out, "drover_pool_joined_machines", "Its machines that are ready nodes.", linked_joined);
    metrics_linked(world, out, "drover_pool_changing", "1 while it is grown or shrunk, or that is proposed.",
                   linked_changing);
    metrics_linked(world, out, "drover_pool_price_held", "1 while a price of it is not believed.", linked_held);
}

static void metrics_jobs(const struct world *world, struct buffer *out)
{
    static const enum job_state states[] = {JOB_STATE_PENDING, JOB_STATE_PLACING,  JOB_STATE_PARTIAL,
                                            JOB_STATE_RUNNING, JOB_STATE_UPDATING, JOB_STATE_STOPPING,
                                            JOB_STATE_STOPPED, JOB_STATE_PURGING};
    metric(out, "drover_jobs", "Drover's own jobs by state.");
    for (size_t s = 0; s < sizeof states / sizeof *states; s++) {
        size_t count = 0;
        for (size_t j = 0; j < world->job_count; j++)
            count += world->jobs[j]->state == states[s];
        buffer_printf(out, "drover_jobs{state=\"%s\"} %zu\n", job_state_word(states[s]), count);
    }
}

static void metrics_placement(const struct world *world, struct buffer *out)
{
    const struct assessment *at = world->assessment;
    if (at == NULL) {
        return;
    }
    metric_money(out, "drover_placement_now_dollars_per_hour", "Marginal cost of service jobs where they stand.",
                 at->now_uusd_h);
    metric_money(out, "drover_placement_cost_dollars_per_hour", "The same in the best plan found, its moves included.",
                 at->cost_uusd_h);
    metric_money(out, "drover_placement_packed_cost_dollars_per_hour",
                 "The same with every allocation packed onto one machine.", at->packed_uusd_h);
    metric_money(out, "drover_placement_bound_dollars_per_hour", "No placement costs less.", at->bound_uusd_h);
    metric_share(out, "drover_placement_gap_ratio", "How far the plan can be from the best, of its avoidable cost.",
                 at->gap_ppm);
    metric_share(out, "drover_placement_packed_gap_ratio", "The same for the packed cost.", at->packed_gap_ppm);
    metric_i64(out, "drover_placement_unplaced_allocations", "Allocations the plan has no room for.", at->unplaced);
    metric_share(out, "drover_placement_solve_seconds", "Processor time of the last solve.", at->solve_us);
    metric_share(out, "drover_placement_age_seconds", "Since the snapshot that was solved.",
                 (world->now_ms - at->base_ms) * 1000);
    metric(out, "drover_pool_scarcity_dollars_per_hour", "Shadow price of all resources of one node.");
    for (size_t i = 0; i < at->pool_count; i++) {
        char text[MONEY_TEXT_MAX];
        buffer_append_text(out, "drover_pool_scarcity_dollars_per_hour{");
        label(out, "region", world_text(world, at->pools[i].region));
        buffer_append_byte(out, ',');
        label(out, "pool", world_text(world, at->pools[i].pool));
        buffer_printf(out, "} %s\n", money_format(at->pools[i].scarcity_uusd_h, text));
    }
}

void view_metrics(const struct world *world, const struct api_agent_facts *facts, struct buffer *out)
{
    metric_i64(out, "drover_frozen", "1 while nothing may be written.", world->frozen);
    metric_i64(out, "drover_mode", "0 observe, 1 approve, 2 enforce.", (int64_t)world->mode);
    metric_i64(out, "drover_store_broken", "1 while the store takes no writes.", facts->store_broken);
    metric_i64(out, "drover_effects_waiting", "Outside writes intended and not sent.", (int64_t)facts->effects_waiting);
    metric_i64(out, "drover_effects_in_flight", "Outside writes sent without an answer yet.",
               (int64_t)facts->effects_in_flight);
    metric_share(out, "drover_loop_longest_turn_seconds", "Longest turn of the event loop since the start.",
                 (int64_t)facts->longest_turn_us);
    metrics_regions(world, out);
    metrics_accounts(world, out);
    metrics_jobs(world, out);
    metrics_placement(world, out);
}
