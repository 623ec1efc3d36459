/* drover placement status, export: the plan of the whole federation, its proof, its files. */
#include <inttypes.h>
#include <string.h>

#include "controller/cli/client.h"
#include "controller/cli/commands.h"
#include "controller/cli/decision.h"
#include "controller/cli/fields.h"
#include "controller/cli/output.h"
#include "controller/cli/show.h"
#include "net/files.h"

static void placement_pools(const json_t *answer)
{
    struct table *table = table_new();
    const json_t *pool;
    size_t i;
    table_column(table, "Region", TABLE_LEFT);
    table_column(table, "Pool", TABLE_LEFT);
    table_column(table, "Nodes", TABLE_RIGHT);
    table_column(table, "Marginal $/h a node", TABLE_RIGHT);
    table_column(table, "Its room is worth $/h", TABLE_RIGHT);
    json_array_foreach(field_list(answer, "Pools"), i, pool)
    {
        cell_text(table, pool, "Region");
        cell_text(table, pool, "Pool");
        cell_i64(table, pool, "Nodes");
        cell_money(table, pool, "NodeMarginalHourlyUSD", 4);
        cell_money(table, pool, "ScarcityHourlyUSD", 4);
    }
    output_table(table);
}

static void placement_show(const json_t *answer, const struct options *options)
{
    struct table_pairs *pairs;
    char ago[FIELD_TEXT_MAX], money[MONEY_TEXT_MAX], gap[FIELD_TEXT_MAX];
    (void)options;
    if (json_is_null(answer)) {
        output_line("The federation has not been looked at as a whole yet; ask again in a few seconds.");
        return;
    }
    pairs = table_pairs_new();
    table_pairs_printf(pairs, "As of", "%s, solved in %.3f s", field_ago(answer, "At", ago),
                       (double)field_i64(answer, "SolveMicroseconds") / 1e6);
    table_pairs_printf(pairs, "Service allocations", "%" PRId64, field_i64(answer, "Allocations"));
    table_pairs_printf(pairs, "Now", "$%s an hour", field_money_text(answer, "NowUSD", 4, money));
    table_pairs_printf(pairs, "Best plan found", "$%s an hour, %" PRId64 " allocations elsewhere, moves included",
                       field_money_text(answer, "CostUSD", 4, money), field_i64(answer, "Moves"));
    table_pairs_printf(pairs, "Packed onto nodes", "$%s an hour", field_money_text(answer, "PackedCostUSD", 4, money));
    table_pairs_printf(pairs, "Nothing goes below", "$%s an hour", field_money_text(answer, "BoundUSD", 4, money));
    table_pairs_printf(pairs, "Gap to the best", "at most %s", field_gap(answer, "GapPPM", gap));
    table_pairs_printf(pairs, "Gap when packed", "at most %s", field_gap(answer, "PackedGapPPM", gap));
    if (field_i64(answer, "Unplaced") > 0) {
        table_pairs_printf(pairs, "Without room", "%" PRId64 " allocations: nodes hold more than they have",
                           field_i64(answer, "Unplaced"));
    }
    if (field_i64(answer, "Stale") > 0) {
        table_pairs_printf(pairs, "Changed meanwhile", "%" PRId64 " groups, left out", field_i64(answer, "Stale"));
    }
    output_pairs(pairs);
    output_heading("What room is worth");
    placement_pools(answer);
    if (output_is_terminal()) {
        output_line("\nMarginal rates. Which job would go where: drover recommend");
    }
}

static int status_command(const struct command *command, const struct options *options)
{
    return client_show(command, options, "placement", placement_show);
}

static bool export_one(const char *prefix, const char *suffix, const char *text, struct error *ret_error)
{
    struct buffer path = BUFFER_INIT;
    buffer_printf(&path, "%s.%s", prefix, suffix);
    bool ok = file_write_atomic(path.data, text, strlen(text), 0600, ret_error);
    if (ok) {
        output_line("%s", path.data);
    }
    buffer_release(&path);
    return ok;
}

static int export_command(const struct command *command, const struct options *options)
{
    struct error error;
    json_t *answer = NULL;
    struct client *client = client_open(options, &error);
    bool ok = client != NULL && client_get(client, "placement/files", &answer, &error) &&
              export_one(options->words[0], "problem", field_text(answer, "Problem"), &error) &&
              export_one(options->words[0], "plan", field_text(answer, "Plan"), &error);
    int status = ok ? EXIT_DONE : command_fail(command, &error);
    json_decref(answer);
    client_close(client);
    return status;
}

const struct command command_placement_status = {
    .name = "placement status",
    .arguments = "",
    .summary = "Show the best plan known for the whole federation, and what no plan can go below",
    .details = "All service jobs on all nodes that are there now, seen together. Marginal rates; a move counts two per "
               "cent of\n"
               "what the allocation costs. What room is worth: what one node more of that pool would save at most.\n",
    .example = "drover placement status",
    .options = show_json_option,
    .run = status_command,
};

const struct command command_placement_export = {
    .name = "placement export",
    .arguments = "PREFIX",
    .summary = "Write that plan and its problem to PREFIX.problem and PREFIX.plan, for placement check",
    .example = "drover placement export today && drover placement check today.problem today.plan",
    .words_least = 1,
    .words_most = 1,
    .run = export_command,
};
