/* drover region list, region status: what state regions are in, what they hold, what that costs. */
#include <inttypes.h>
#include <string.h>

#include "controller/cli/client.h"
#include "controller/cli/commands.h"
#include "controller/cli/fields.h"
#include "controller/cli/output.h"
#include "controller/cli/show.h"

const struct option_spec show_json_option[] = {
    {"json", NULL, "Print the agent's answer as JSON"},
    {NULL, NULL, NULL},
};

/* Regions whose trouble a person should read, one line each. */
static void region_troubles(const json_t *regions)
{
    char name[FIELD_TEXT_MAX], trouble[FIELD_TEXT_MAX], since[FIELD_TEXT_MAX];
    const json_t *region;
    size_t i, shown = 0;
    json_array_foreach(regions, i, region)
    {
        if (field_text(region, "Trouble")[0] != '\0') {
            if (shown++ == 0) {
                output_heading("Trouble");
            }
            output_line("%s (for %s): %s", field_shown(region, "Name", name), field_span(region, "StateSince", since),
                        field_shown(region, "Trouble", trouble));
        }
    }
}

/* What the table leaves the reader asking. */
static void region_hints(const json_t *regions)
{
    const json_t *region;
    size_t i;
    int64_t unpriced = 0, partial = 0;
    json_array_foreach(regions, i, region)
    {
        unpriced += field_i64(region, "UnpricedNodes");
        partial += !field_flag(region, "Complete");
    }
    if (unpriced > 0) {
        output_line("\n%" PRId64 " %s without a price: drover cost names them. They get nothing new unless "
                    "a policy says allow_unpriced.",
                    unpriced, plural(unpriced, "node is", "nodes are"));
    }
    if (partial > 0) {
        output_line("\n%" PRId64 " %s not been read whole yet: its numbers are what is known so far.", partial,
                    plural(partial, "region has", "regions have"));
    }
}

static void region_list_show(const json_t *answer, const struct options *options)
{
    json_t *regions = field_list(answer, "Regions"), *region;
    struct table *table = table_new();
    size_t i;
    (void)options;
    table_column(table, "Region", TABLE_LEFT);
    table_column(table, "Provider", TABLE_LEFT);
    table_column(table, "State", TABLE_LEFT);
    table_column(table, "Nodes", TABLE_RIGHT);
    table_column(table, "Ready", TABLE_RIGHT);
    table_column(table, "Unpriced", TABLE_RIGHT);
    table_column(table, "Allocations", TABLE_RIGHT);
    table_column(table, "Jobs", TABLE_RIGHT);
    table_column(table, "Drover's", TABLE_RIGHT);
    table_column(table, "$/h", TABLE_RIGHT);
    table_column(table, "Last seen", TABLE_LEFT);
    json_array_foreach(regions, i, region)
    {
        cell_text(table, region, "Name");
        cell_text(table, region, "Provider");
        cell_text(table, region, "State");
        cell_i64(table, region, "Nodes");
        cell_i64(table, region, "ReadyNodes");
        cell_i64(table, region, "UnpricedNodes");
        cell_i64(table, region, "Allocations");
        cell_i64(table, region, "Jobs");
        cell_i64(table, region, "OwnedJobs");
        cell_money(table, region, "HourlyUSD", 3);
        cell_ago(table, region, "LastSeen");
    }
    output_table(table);
    region_troubles(regions);
    if (output_is_terminal()) {
        region_hints(regions);
    }
}

static int region_list_command(const struct command *command, const struct options *options)
{
    return client_show(command, options, "regions", region_list_show);
}

const struct command command_region_list = {
    .name = "region list",
    .arguments = "",
    .summary = "List regions: state, nodes, allocations, $/h, when last seen",
    .example = "drover region list",
    .options = show_json_option,
    .run = region_list_command,
};

static void region_status_pairs(const json_t *region)
{
    struct table_pairs *pairs = table_pairs_new();
    char ago[FIELD_TEXT_MAX], money[4][MONEY_TEXT_MAX];
    const char *owner = field_text(region, "Owner"), *key;
    struct buffer labels = BUFFER_INIT;
    json_t *value;
    json_object_foreach(field_object(region, "Labels"), key, value)
    {
        buffer_printf(&labels, "%s%s=%s", labels.length > 0 ? ", " : "", key,
                      json_is_string(value) ? json_string_value(value) : "");
    }
    table_pairs_text(pairs, "Region", field_text(region, "Name"));
    table_pairs_text(pairs, "Provider", field_text(region, "Provider"));
    table_pairs_text(pairs, "Labels", labels.data);
    table_pairs_printf(pairs, "State", "%s for %s", field_text(region, "State"), field_span(region, "StateSince", ago));
    table_pairs_text(pairs, "Last seen", field_ago(region, "LastSeen", ago));
    if (field_text(region, "Trouble")[0] != '\0') {
        table_pairs_text(pairs, "Trouble", field_text(region, "Trouble"));
    }
    table_pairs_printf(pairs, "Nomad", "%s, %" PRId64 " %s, %s, %" PRId64 ".%" PRId64 " ms away",
                       field_text(region, "NomadVersion")[0] != '\0' ? field_text(region, "NomadVersion") : "unknown",
                       field_i64(region, "Servers"), plural(field_i64(region, "Servers"), "server", "servers"),
                       field_flag(region, "HasLeader") ? "has a leader" : "without a leader",
                       field_i64(region, "RoundTripUs") / 1000, field_i64(region, "RoundTripUs") % 1000 / 100);
    table_pairs_text(pairs, "Consul",
                     field_text(region, "ConsulVersion")[0] != '\0' ? field_text(region, "ConsulVersion") : "none");
    if (strcmp(owner, "foreign") == 0) {
        table_pairs_printf(pairs, "Owner", "another Drover (%s, epoch %" PRId64 "): this one only looks here",
                           field_text(region, "OwnerCluster"), field_i64(region, "OwnerEpoch"));
    } else {
        table_pairs_text(pairs, "Owner", strcmp(owner, "none") == 0 ? "none: never written to by a Drover" : owner);
    }
    table_pairs_printf(pairs, "Nodes", "%" PRId64 ", %" PRId64 " ready, %" PRId64 " unpriced",
                       field_i64(region, "Nodes"), field_i64(region, "ReadyNodes"), field_i64(region, "UnpricedNodes"));
    table_pairs_printf(pairs, "Jobs", "%" PRId64 ", %" PRId64 " of them Drover's", field_i64(region, "Jobs"),
                       field_i64(region, "OwnedJobs"));
    table_pairs_printf(pairs, "Allocations", "%" PRId64, field_i64(region, "Allocations"));
    table_pairs_printf(pairs, "Cost", "$%s an hour: $%s used, $%s idle (marginal $%s)",
                       field_money_text(region, "HourlyUSD", 3, money[0]),
                       field_money_text(region, "UsedHourlyUSD", 3, money[1]),
                       field_money_text(region, "IdleHourlyUSD", 3, money[2]),
                       field_money_text(region, "MarginalHourlyUSD", 3, money[3]));
    if (!field_flag(region, "Complete")) {
        table_pairs_text(pairs, "Note", "not read whole yet: the numbers are what is known so far");
    }
    output_pairs(pairs);
    buffer_release(&labels);
}

static void region_status_show(const json_t *answer, const struct options *options)
{
    (void)options;
    region_status_pairs(answer);
    output_heading("Pools");
    show_pools(field_list(answer, "Pools"), false);
}

static int region_status_command(const struct command *command, const struct options *options)
{
    struct buffer path = BUFFER_INIT;
    buffer_append_text(&path, "region");
    client_path_segment(&path, options->words[0]);
    int status = client_show(command, options, path.data, region_status_show);
    buffer_release(&path);
    return status;
}

const struct command command_region_status = {
    .name = "region status",
    .arguments = "NAME",
    .summary = "Show one region: state, versions, owner, cost and pools",
    .example = "drover region status aws-us-east-1",
    .options = show_json_option,
    .words_least = 1,
    .words_most = 1,
    .run = region_status_command,
};
