/* drover pool list, node list: the machines, what they cost and how full they are. */
#include <inttypes.h>
#include <string.h>

#include "controller/cli/client.h"
#include "controller/cli/commands.h"
#include "controller/cli/fields.h"
#include "controller/cli/output.h"
#include "controller/cli/show.h"

/* "4000/16000": of how much how much is used. */
static void cell_share(struct table *table, const json_t *object, const char *resource)
{
    int64_t used = field_i64(field_object(object, "Used"), resource);
    int64_t capacity = field_i64(field_object(object, "Capacity"), resource);
    table_printf(table, "%" PRId64 "/%" PRId64, used, capacity);
}

/* What is used at all is not 0 %. */
static void cell_percent(struct table *table, const json_t *object, const char *resource)
{
    int64_t used = field_i64(field_object(object, "Used"), resource);
    int64_t capacity = field_i64(field_object(object, "Capacity"), resource);
    if (capacity <= 0) {
        table_text(table, "-");
    } else {
        double percent = 100.0 * (double)used / (double)capacity;
        table_printf(table, "%.0f%%", used > 0 && percent < 1 ? 1.0 : percent);
    }
}

void show_pools(const json_t *pools, bool with_region)
{
    struct table *table = table_new();
    const json_t *pool;
    size_t i;
    if (with_region) {
        table_column(table, "Region", TABLE_LEFT);
    }
    table_column(table, "Pool", TABLE_LEFT);
    table_column(table, "Machine", TABLE_LEFT);
    table_column(table, "Market", TABLE_LEFT);
    table_column(table, "Node $/h", TABLE_RIGHT);
    table_column(table, "Marginal", TABLE_RIGHT);
    table_column(table, "Nodes", TABLE_RIGHT);
    table_column(table, "Ready", TABLE_RIGHT);
    table_column(table, "Wanted", TABLE_RIGHT);
    table_column(table, "CPU", TABLE_RIGHT);
    table_column(table, "Memory", TABLE_RIGHT);
    table_column(table, "Allocs", TABLE_RIGHT);
    table_column(table, "Paid $/h", TABLE_RIGHT);
    table_column(table, "Idle $/h", TABLE_RIGHT);
    json_array_foreach(pools, i, pool)
    {
        bool empty_other = strcmp(field_text(pool, "Name"), "other") == 0 && field_i64(pool, "Nodes") == 0;
        if (empty_other && output_is_terminal()) {
            continue; /* says only that every node has its pool */
        }
        if (with_region) {
            cell_text(table, pool, "Region");
        }
        cell_text(table, pool, "Name");
        table_text(table, field_text(pool, "InstanceType")[0] != '\0' ? field_text(pool, "InstanceType") : "-");
        table_text(table, field_text(pool, "Market")[0] != '\0' ? field_text(pool, "Market") : "unpriced");
        cell_money(table, pool, "NodeHourlyUSD", 3);
        cell_money(table, pool, "NodeMarginalHourlyUSD", 3);
        cell_i64(table, pool, "Nodes");
        cell_i64(table, pool, "ReadyNodes");
        if (json_is_integer(json_object_get(pool, "Desired"))) {
            cell_i64(table, pool, "Desired");
        } else {
            table_text(table, "-");
        }
        cell_percent(table, pool, "CPU");
        cell_percent(table, pool, "MemoryMB");
        cell_i64(table, pool, "Allocations");
        cell_money(table, pool, "HourlyUSD", 3);
        cell_money(table, pool, "IdleHourlyUSD", 3);
    }
    output_table(table);
}

/* What is under way at providers, and what keeps a price from counting; one line each. */
static void pool_notes(const json_t *pools)
{
    const json_t *pool, *at;
    char region[FIELD_TEXT_MAX], name[FIELD_TEXT_MAX], text[FIELD_TEXT_MAX], more[FIELD_TEXT_MAX], ago[FIELD_TEXT_MAX];
    char money[MONEY_TEXT_MAX];
    size_t i;
    json_array_foreach(pools, i, pool)
    {
        field_shown(pool, "Region", region);
        field_shown(pool, "Name", name);
        if ((at = field_object(pool, "Operation")) != NULL) {
            bool waits = field_text(at, "Waits")[0] != '\0';
            output_line("%s/%s: %s %" PRId64 " -> %" PRId64 " machines, %s %s (%" PRId64 " of %" PRId64
                        " joined): %s%s%s",
                        region, name, field_text(at, "Kind"), field_i64(at, "From"), field_i64(at, "To"),
                        field_text(at, "State"), field_ago(at, "Since", ago), field_i64(pool, "Joined"),
                        field_i64(pool, "Instances"), field_shown(at, "Why", text), waits ? "; waits: " : "",
                        field_shown(at, "Waits", more));
        }
        if ((at = field_object(pool, "HeldPrice")) != NULL) {
            output_line("%s/%s: a price of %s %s is held (%s): %s; drover pool confirm-price %s %s takes it as right",
                        region, name, field_money_text(at, "Hourly", 4, money), field_text(at, "Currency"),
                        field_ago(at, "Since", ago), field_shown(at, "Reason", text), region, name);
        }
        if (field_text(pool, "Rests")[0] != '\0') {
            output_line("%s/%s: rests: %s", region, name, field_shown(pool, "Rests", text));
        }
        if (field_i64(pool, "Awaited") > 0 && field_object(pool, "Operation") == NULL) {
            output_line("%s/%s: %" PRId64 " of its %" PRId64
                        " machines are no ready node; drover instance list shows them",
                        region, name, field_i64(pool, "Awaited"), field_i64(pool, "Instances"));
        }
    }
}

static bool has_notes(const json_t *pools)
{
    const json_t *pool;
    size_t i;
    json_array_foreach(pools, i, pool)
    {
        if (field_object(pool, "Operation") != NULL || field_object(pool, "HeldPrice") != NULL ||
            field_text(pool, "Rests")[0] != '\0' || field_i64(pool, "Awaited") > 0) {
            return true;
        }
    }
    return false;
}

static void pool_list_show(const json_t *answer, const struct options *options)
{
    const json_t *pools = field_list(answer, "Pools");
    show_pools(pools, options_text(options, "region") == NULL);
    if (has_notes(pools)) {
        output_heading("At the providers");
        pool_notes(pools);
    }
}

static int pool_list_command(const struct command *command, const struct options *options)
{
    struct buffer path = BUFFER_INIT;
    buffer_append_text(&path, "pools");
    client_path_query(&path, "region", options_text(options, "region"));
    int status = client_show(command, options, path.data, pool_list_show);
    buffer_release(&path);
    return status;
}

static const struct option_spec pool_options[] = {
    {"region", "NAME", "Only this region"},
    {"json", NULL, "Print the agent's answer as JSON"},
    {NULL, NULL, NULL},
};

const struct command command_pool_list = {
    .name = "pool list",
    .arguments = "",
    .summary = "List pools of machines: price, market, nodes, how full",
    .details =
        "Node $/h is what one machine costs (the effective rate), marginal what using it adds: nothing but power\n"
        "for a machine that is owned or reserved. CPU and memory: the share in use. \"other\" holds the nodes that no\n"
        "pool selects. Wanted is the size of the provider pool, where the pool has one. Below the table: what grows "
        "or\n"
        "shrinks, prices that are held, machines that are no node yet.\n",
    .example = "drover pool list -region aws-us-east-1",
    .options = pool_options,
    .run = pool_list_command,
};

/* One word for what matters most about a node. */
static const char *node_state(const json_t *node)
{
    const char *status = field_text(node, "Status");
    if (strcmp(status, "ready") != 0) {
        return status;
    }
    return field_flag(node, "Draining") ? "draining" : field_flag(node, "Eligible") ? "ready" : "ineligible";
}

static void node_list_show(const json_t *answer, const struct options *options)
{
    const json_t *nodes = field_list(answer, "Nodes"), *node;
    struct table *table = table_new();
    size_t i, claimed = 0;
    bool with_region = options_text(options, "region") == NULL;
    if (with_region) {
        table_column(table, "Region", TABLE_LEFT);
    }
    table_column(table, "Pool", TABLE_LEFT);
    table_column(table, "Name", TABLE_LEFT);
    table_column(table, "ID", TABLE_LEFT);
    table_column(table, "State", TABLE_LEFT);
    table_column(table, "Class", TABLE_LEFT);
    table_column(table, "CPU MHz", TABLE_RIGHT);
    table_column(table, "Memory MB", TABLE_RIGHT);
    table_column(table, "Allocs", TABLE_RIGHT);
    table_column(table, "$/h", TABLE_RIGHT);
    json_array_foreach(nodes, i, node)
    {
        claimed += field_text(node, "SecondPool")[0] != '\0';
        if (with_region) {
            cell_text(table, node, "Region");
        }
        cell_text(table, node, "Pool");
        cell_text(table, node, "Name");
        table_printf(table, output_is_terminal() ? "%.8s" : "%s", field_text(node, "ID"));
        table_text(table, node_state(node));
        cell_text(table, node, "NodeClass");
        cell_share(table, node, "CPU");
        cell_share(table, node, "MemoryMB");
        cell_i64(table, node, "Allocations");
        cell_money(table, node, "HourlyUSD", 3);
    }
    output_table(table);
    if (claimed > 0) {
        output_line("\n%zu %s: mend the selectors in the configuration; -json names both (Pool, SecondPool).", claimed,
                    plural((int64_t)claimed, "node is claimed by two pools", "nodes are claimed by two pools each"));
    }
}

static int node_list_command(const struct command *command, const struct options *options)
{
    struct buffer path = BUFFER_INIT;
    buffer_append_text(&path, "nodes");
    client_path_query(&path, "region", options_text(options, "region"));
    client_path_query(&path, "pool", options_text(options, "pool"));
    int status = client_show(command, options, path.data, node_list_show);
    buffer_release(&path);
    return status;
}

static const struct option_spec node_options[] = {
    {"region", "NAME", "Only this region"},
    {"pool", "NAME", "Only pools of this name"},
    {"json", NULL, "Print the agent's answer as JSON"},
    {NULL, NULL, NULL},
};

const struct command command_node_list = {
    .name = "node list",
    .arguments = "",
    .summary = "List nodes: pool, state, how full, $/h",
    .example = "drover node list -region dc-fra1 -pool owned",
    .options = node_options,
    .run = node_list_command,
};
