/* drover status: the agent itself, and the federation in a few numbers. */
#include <inttypes.h>

#include "controller/cli/client.h"
#include "controller/cli/commands.h"
#include "controller/cli/fields.h"
#include "controller/cli/output.h"
#include "controller/cli/show.h"

static void status_agent(struct table_pairs *pairs, const json_t *answer)
{
    char ago[FIELD_TEXT_MAX];
    table_pairs_printf(pairs, "Agent", "Drover %s at %s%s, started %s", field_text(answer, "Version"),
                       field_text(answer, "Address"), field_flag(answer, "Dev") ? " (-dev)" : "",
                       field_ago(answer, "StartedAt", ago));
    table_pairs_printf(pairs, "Cluster", "%s, epoch %" PRId64, field_text(answer, "ClusterID"),
                       field_i64(answer, "Epoch"));
    table_pairs_text(pairs, "Data directory", field_text(answer, "DataDir"));
}

static void status_federation(struct table_pairs *pairs, const json_t *answer)
{
    const json_t *regions = field_object(answer, "Regions"), *jobs = field_object(answer, "Jobs");
    char paid[MONEY_TEXT_MAX], used[MONEY_TEXT_MAX], idle[MONEY_TEXT_MAX];
    table_pairs_printf(pairs, "Regions",
                       "%" PRId64 ": %" PRId64 " alive, %" PRId64 " suspect, %" PRId64 " dark, %" PRId64
                       " denied, %" PRId64 " other",
                       field_i64(regions, "Total"), field_i64(regions, "Alive"), field_i64(regions, "Suspect"),
                       field_i64(regions, "Dark"), field_i64(regions, "Denied"), field_i64(regions, "Other"));
    table_pairs_printf(pairs, "Nodes", "%" PRId64 ", %" PRId64 " of them unpriced", field_i64(answer, "Nodes"),
                       field_i64(answer, "UnpricedNodes"));
    table_pairs_printf(pairs, "Allocations", "%" PRId64, field_i64(answer, "Allocations"));
    table_pairs_printf(
        pairs, "Drover's jobs", "%" PRId64 ": %" PRId64 " running, %" PRId64 " partial, %" PRId64 " other",
        field_i64(jobs, "Total"), field_i64(jobs, "Running"), field_i64(jobs, "Partial"), field_i64(jobs, "Other"));
    table_pairs_printf(pairs, "Cost", "$%s an hour: $%s used, $%s idle", field_money_text(answer, "HourlyUSD", 3, paid),
                       field_money_text(answer, "UsedHourlyUSD", 3, used),
                       field_money_text(answer, "IdleHourlyUSD", 3, idle));
}

static void status_show(const json_t *answer, const struct options *options)
{
    struct table_pairs *pairs = table_pairs_new();
    const json_t *store = field_object(answer, "Store"), *effects = field_object(answer, "Effects");
    double mean_ms = json_number_value(json_object_get(store, "MeanCommitMs"));
    (void)options;
    status_agent(pairs, answer);
    status_federation(pairs, answer);
    table_pairs_printf(pairs, "Writes", "%" PRId64 " waiting, %" PRId64 " on their way", field_i64(effects, "Waiting"),
                       field_i64(effects, "InFlight"));
    if (field_text(store, "Trouble")[0] != '\0') {
        table_pairs_printf(pairs, "Store", "TROUBLE: %s", field_text(store, "Trouble"));
    } else {
        table_pairs_printf(pairs, "Store", "%" PRId64 " KiB, %" PRId64 " commits, %.1f ms each",
                           field_i64(store, "UsedBytes") / 1024, field_i64(store, "Commits"), mean_ms);
    }
    output_pairs(pairs);
    show_mode(answer);
}

static int status_command(const struct command *command, const struct options *options)
{
    return client_show(command, options, "status", status_show);
}

const struct command command_status = {
    .name = "status",
    .arguments = "",
    .summary = "Show the agent: mode, regions, jobs, cost, store",
    .example = "drover status",
    .options = show_json_option,
    .run = status_command,
};
