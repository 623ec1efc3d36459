/* drover cost: what is paid for what. Used + idle = paid in every line. */
#include <inttypes.h>
#include <string.h>

#include "controller/cli/client.h"
#include "controller/cli/commands.h"
#include "controller/cli/fields.h"
#include "controller/cli/output.h"

static void sum_columns(struct table *table)
{
    table_column(table, "Nodes", TABLE_RIGHT);
    table_column(table, "Unpriced", TABLE_RIGHT);
    table_column(table, "Allocations", TABLE_RIGHT);
    table_column(table, "Paid $/h", TABLE_RIGHT);
    table_column(table, "Used", TABLE_RIGHT);
    table_column(table, "Idle", TABLE_RIGHT);
    table_column(table, "$ a month", TABLE_RIGHT);
}

static void sum_cells(struct table *table, const json_t *sum)
{
    cell_i64(table, sum, "Nodes");
    cell_i64(table, sum, "UnpricedNodes");
    cell_i64(table, sum, "Allocations");
    cell_money(table, sum, "HourlyUSD", 3);
    cell_money(table, sum, "UsedHourlyUSD", 3);
    cell_money(table, sum, "IdleHourlyUSD", 3);
    cell_money(table, sum, "MonthlyUSD", 2);
}

static bool region_wanted(const json_t *line, const struct options *options)
{
    const char *wanted = options_text(options, "region");
    return wanted == NULL || strcmp(wanted, field_text(line, "Region")) == 0;
}

static void cost_regions(const json_t *answer)
{
    struct table *table = table_new();
    const json_t *region;
    size_t i;
    table_column(table, "Region", TABLE_LEFT);
    sum_columns(table);
    json_array_foreach(field_list(answer, "Regions"), i, region)
    {
        cell_text(table, region, "Region");
        sum_cells(table, region);
    }
    table_text(table, "Total");
    sum_cells(table, field_object(answer, "Total"));
    output_table(table);
}

/* One region, pool by pool. */
static void cost_pools(const json_t *answer, const struct options *options)
{
    struct table *table = table_new();
    const json_t *region, *pool;
    size_t i, k;
    table_column(table, "Pool", TABLE_LEFT);
    table_column(table, "Market", TABLE_LEFT);
    table_column(table, "Node $/h", TABLE_RIGHT);
    sum_columns(table);
    json_array_foreach(field_list(answer, "Regions"), i, region)
    {
        if (!region_wanted(region, options)) {
            continue;
        }
        json_array_foreach(field_list(region, "Pools"), k, pool)
        {
            cell_text(table, pool, "Pool");
            table_text(table, field_text(pool, "Market")[0] != '\0' ? field_text(pool, "Market") : "unpriced");
            cell_money(table, pool, "NodeHourlyUSD", 3);
            sum_cells(table, pool);
        }
        table_text(table, "Total");
        table_text(table, "-");
        table_text(table, "-");
        sum_cells(table, region);
    }
    output_table(table);
}

static void cost_jobs(const json_t *answer, const struct options *options)
{
    struct table *table = table_new();
    const json_t *job;
    size_t i;
    table_column(table, "Job", TABLE_LEFT);
    table_column(table, "Namespace", TABLE_LEFT);
    table_column(table, "Region", TABLE_LEFT);
    table_column(table, "Owner", TABLE_LEFT);
    table_column(table, "Allocations", TABLE_RIGHT);
    table_column(table, "Unpriced", TABLE_RIGHT);
    table_column(table, "$/h", TABLE_RIGHT);
    table_column(table, "$ a month", TABLE_RIGHT);
    table_column(table, "Marginal $/h", TABLE_RIGHT);
    json_array_foreach(field_list(answer, "Jobs"), i, job)
    {
        if (!region_wanted(job, options)) {
            continue;
        }
        cell_text(table, job, "ID");
        cell_text(table, job, "Namespace");
        cell_text(table, job, "Region");
        cell_text(table, job, "Owner");
        cell_i64(table, job, "Allocations");
        cell_i64(table, job, "UnpricedAllocations");
        cell_money(table, job, "HourlyUSD", 4);
        cell_money(table, job, "MonthlyUSD", 2);
        cell_money(table, job, "MarginalHourlyUSD", 4);
    }
    output_table(table);
}

/* What is paid whether it is used or not. */
static void cost_commitments(const json_t *answer)
{
    const json_t *commitments = field_list(answer, "Commitments"), *commitment;
    struct table *table;
    size_t i;
    if (json_array_size(commitments) == 0) {
        return;
    }
    output_heading("Commitments");
    table = table_new();
    table_column(table, "Commitment", TABLE_LEFT);
    table_column(table, "Kind", TABLE_LEFT);
    table_column(table, "Nodes covered", TABLE_RIGHT);
    table_column(table, "Used $/h", TABLE_RIGHT);
    table_column(table, "Unused $/h", TABLE_RIGHT);
    table_column(table, "Ends", TABLE_LEFT);
    json_array_foreach(commitments, i, commitment)
    {
        const char *ends = field_text(commitment, "EndsAt");
        cell_text(table, commitment, "Name");
        cell_text(table, commitment, "Kind");
        cell_i64(table, commitment, "UsedNodes");
        cell_money(table, commitment, "UsedHourlyUSD", 3);
        cell_money(table, commitment, "UnusedHourlyUSD", 3);
        table_printf(table, "%.10s%s", ends[0] != '\0' ? ends : "-", field_flag(commitment, "Ended") ? " (ended)" : "");
    }
    output_table(table);
}

static void cost_unpriced(const json_t *answer, const struct options *options)
{
    char region[FIELD_TEXT_MAX], pool[FIELD_TEXT_MAX];
    const json_t *line, *name;
    size_t i, k, told = 0;
    json_array_foreach(field_list(answer, "Unpriced"), i, line)
    {
        struct table_pairs *pairs;
        struct buffer names = BUFFER_INIT;
        int64_t nodes = field_i64(line, "Nodes");
        if (!region_wanted(line, options)) {
            continue;
        }
        if (told++ == 0) {
            output_heading("Without a price, and in none of these sums");
        }
        json_array_foreach(field_list(line, "Names"), k, name)
        {
            buffer_printf(&names, "%s%s", k > 0 ? ", " : "", json_is_string(name) ? json_string_value(name) : "");
        }
        if (nodes > (int64_t)k) {
            buffer_printf(&names, " and %" PRId64 " more", nodes - (int64_t)k);
        }
        struct buffer key = BUFFER_INIT;
        pairs = table_pairs_new();
        buffer_printf(&key, "%s/%s", field_shown(line, "Region", region), field_shown(line, "Pool", pool));
        table_pairs_text(pairs, key.data, names.data);
        output_pairs(pairs);
        buffer_release(&key);
        buffer_release(&names);
    }
}

static void cost_show(const json_t *answer, const struct options *options)
{
    if (options_flag(options, "jobs")) {
        cost_jobs(answer, options);
    } else if (options_text(options, "region") != NULL) {
        cost_pools(answer, options);
    } else {
        cost_regions(answer);
    }
    cost_commitments(answer);
    cost_unpriced(answer, options);
    if (output_is_terminal() && !options_flag(options, "jobs")) {
        output_line("\nBy job: drover cost -jobs. What would be cheaper: drover recommend.");
    }
}

static int cost_command(const struct command *command, const struct options *options)
{
    return client_show(command, options, "cost", cost_show);
}

static const struct option_spec cost_options[] = {
    {"region", "NAME", "Only this region, pool by pool"},
    {"jobs", NULL, "By job and region, in place of by machine"},
    {"json", NULL, "Print the agent's answer as JSON (all of it)"},
    {NULL, NULL, NULL},
};

const struct command command_cost = {
    .name = "cost",
    .arguments = "",
    .summary = "Show what is paid: by region, by pool (-region), by job (-jobs)",
    .details = "Full rates. Used and idle add up to what is paid, in every line; a month has 730 hours.\n",
    .example = "drover cost -jobs",
    .options = cost_options,
    .run = cost_command,
};
