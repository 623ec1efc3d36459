/* drover job status: every job, or one down to its allocations. */
#include <inttypes.h>
#include <string.h>

#include "controller/cli/client.h"
#include "controller/cli/commands.h"
#include "controller/cli/fields.h"
#include "controller/cli/output.h"
#include "controller/cli/watch.h"

enum { STATUS_ALLOCATION_LINES = 50 };

static void cell_regions(struct table *table, const json_t *job)
{
    struct buffer names = BUFFER_INIT;
    const json_t *region;
    size_t i;
    json_array_foreach(field_list(job, "Regions"), i, region)
    {
        if (field_i64(region, "Allocations") > 0 || field_i64(region, "Wanted") > 0) {
            buffer_printf(&names, "%s%s %" PRId64, names.length > 0 ? ", " : "", field_text(region, "Region"),
                          field_i64(region, "Allocations"));
        }
    }
    table_text(table, names.length > 0 || !output_is_terminal() ? names.data : "-");
    buffer_release(&names);
}

static void list_show(const json_t *answer, const struct options *options)
{
    const json_t *jobs = field_list(answer, "Jobs"), *job;
    struct table *table = table_new();
    size_t i;
    (void)options;
    if (json_array_size(jobs) == 0) {
        table_free(table);
        output_line("No jobs. Start one with: drover job run FILE");
        return;
    }
    table_column(table, "ID", TABLE_LEFT);
    table_column(table, "Namespace", TABLE_LEFT);
    table_column(table, "Type", TABLE_LEFT);
    table_column(table, "Owner", TABLE_LEFT);
    table_column(table, "State", TABLE_LEFT);
    table_column(table, "Wanted", TABLE_RIGHT);
    table_column(table, "Proven", TABLE_RIGHT);
    table_column(table, "Allocations", TABLE_RIGHT);
    table_column(table, "$/h", TABLE_RIGHT);
    table_column(table, "Regions", TABLE_LEFT);
    json_array_foreach(jobs, i, job)
    {
        bool own = strcmp(field_text(job, "Owner"), "drover") == 0;
        cell_text(table, job, "ID");
        cell_text(table, job, "Namespace");
        cell_text(table, job, "Type");
        cell_text(table, job, "Owner");
        cell_text(table, job, "State");
        if (own) {
            cell_i64(table, job, "Wanted");
            cell_i64(table, job, "Proven");
        } else {
            table_text(table, "-");
            table_text(table, "-");
        }
        cell_i64(table, job, "Allocations");
        cell_money(table, job, "HourlyUSD", 4);
        cell_regions(table, job);
    }
    output_table(table);
}

static void one_pairs(const json_t *job)
{
    struct table_pairs *pairs = table_pairs_new();
    char hour[MONEY_TEXT_MAX], marginal[MONEY_TEXT_MAX], ago[FIELD_TEXT_MAX];
    bool own = strcmp(field_text(job, "Owner"), "drover") == 0;
    int64_t unpriced = field_i64(job, "UnpricedAllocations");
    table_pairs_text(pairs, "ID", field_text(job, "ID"));
    table_pairs_text(pairs, "Namespace", field_text(job, "Namespace"));
    table_pairs_text(pairs, "Type", field_text(job, "Type"));
    table_pairs_text(pairs, "Owner", own ? "drover" : "external (Drover only looks)");
    table_pairs_printf(pairs, "State", own ? "%s for %s" : "%s", field_text(job, "State"),
                       field_span(job, "StateSince", ago));
    if (own) {
        table_pairs_printf(pairs, "Revision", "%" PRId64 " by %s, %s", field_i64(job, "Revision"),
                           field_text(job, "Submitter"), field_ago(job, "SubmittedAt", ago));
        table_pairs_printf(pairs, "Wanted", "%" PRId64 ", placed %" PRId64 ", healthy %" PRId64 ", proven %" PRId64,
                           field_i64(job, "Wanted"), field_i64(job, "Placed"), field_i64(job, "Serving"),
                           field_i64(job, "Proven"));
        table_pairs_text(pairs, "Policy", field_text(job, "Policy"));
    }
    table_pairs_printf(pairs, "Cost", "$%s an hour (marginal $%s)", field_money_text(job, "HourlyUSD", 4, hour),
                       field_money_text(job, "MarginalHourlyUSD", 4, marginal));
    if (unpriced > 0) {
        table_pairs_printf(pairs, "Unpriced", "%" PRId64 " %s not in that cost", unpriced,
                           plural(unpriced, "allocation is", "allocations are"));
    }
    output_pairs(pairs);
    if (field_text(job, "Trouble")[0] != '\0') {
        output_heading("Trouble");
        output_reasons(stdout, field_text(job, "Trouble"));
    }
}

static void one_troubles(const json_t *copies)
{
    char region[FIELD_TEXT_MAX], trouble[FIELD_TEXT_MAX];
    const json_t *copy;
    size_t i;
    json_array_foreach(copies, i, copy)
    {
        if (field_text(copy, "Trouble")[0] != '\0') {
            output_line("%s: %s", field_shown(copy, "Region", region), field_shown(copy, "Trouble", trouble));
        }
    }
}

static void one_copies(const json_t *job)
{
    const json_t *copies = field_list(job, "Copies"), *copy, *group;
    struct table *table = table_new();
    size_t i, k;
    table_column(table, "Region", TABLE_LEFT);
    table_column(table, "Group", TABLE_LEFT);
    table_column(table, "Pool", TABLE_LEFT);
    table_column(table, "State", TABLE_LEFT);
    table_column(table, "Wanted", TABLE_RIGHT);
    table_column(table, "Placed", TABLE_RIGHT);
    table_column(table, "Healthy", TABLE_RIGHT);
    table_column(table, "Proven", TABLE_RIGHT);
    json_array_foreach(copies, i, copy)
    {
        json_array_foreach(field_list(copy, "Groups"), k, group)
        {
            cell_text(table, copy, "Region");
            cell_text(table, group, "Group");
            table_text(table, field_text(group, "Pool")[0] != '\0' ? field_text(group, "Pool") : "-");
            cell_text(table, copy, "State");
            cell_i64(table, group, "Count");
            cell_i64(table, group, "Placed");
            cell_i64(table, group, "Serving");
            cell_i64(table, group, "Proven");
        }
    }
    if (table_rows(table) == 0) {
        table_free(table);
        return;
    }
    output_heading("Regions");
    output_table(table);
    one_troubles(copies);
}

static void one_allocations(const json_t *job)
{
    const json_t *allocations = field_list(job, "Allocs"), *allocation;
    struct table *table = table_new();
    size_t i, count = json_array_size(allocations);
    size_t most = output_is_terminal() ? STATUS_ALLOCATION_LINES : count;
    int64_t left = field_i64(job, "AllocsLeftOff") + (count > most ? (int64_t)(count - most) : 0);
    table_column(table, "ID", TABLE_LEFT);
    table_column(table, "Region", TABLE_LEFT);
    table_column(table, "Pool", TABLE_LEFT);
    table_column(table, "Node", TABLE_LEFT);
    table_column(table, "Group", TABLE_LEFT);
    table_column(table, "Desired", TABLE_LEFT);
    table_column(table, "Status", TABLE_LEFT);
    table_column(table, "Health", TABLE_LEFT);
    table_column(table, "Checks", TABLE_LEFT);
    table_column(table, "$/h", TABLE_RIGHT);
    for (i = 0; i < count && i < most; i++) {
        allocation = json_array_get(allocations, i);
        table_printf(table, output_is_terminal() ? "%.8s" : "%s", field_text(allocation, "ID"));
        cell_text(table, allocation, "Region");
        cell_text(table, allocation, "Pool");
        cell_text(table, allocation, "NodeName");
        cell_text(table, allocation, "Group");
        cell_text(table, allocation, "DesiredStatus");
        cell_text(table, allocation, "ClientStatus");
        table_text(table, field_text(allocation, "Health")[0] != '\0' ? field_text(allocation, "Health") : "-");
        table_text(table, field_text(allocation, "Checks")[0] != '\0' ? field_text(allocation, "Checks") : "-");
        cell_money(table, allocation, "HourlyUSD", 4);
    }
    if (count == 0) {
        table_free(table);
        return;
    }
    output_heading("Allocations");
    output_table(table);
    if (left > 0) {
        output_line("... and %" PRId64 " more: -json shows up to 1000", left);
    }
}

static void one_show(const json_t *answer, const struct options *options)
{
    (void)options;
    one_pairs(answer);
    one_copies(answer);
    one_allocations(answer);
    if (output_is_terminal() && field_object(answer, "Decision") != NULL) {
        char id[FIELD_TEXT_MAX];
        output_line("\nWhy there: drover explain %s", field_shown(answer, "ID", id));
    }
}

static int status_command(const struct command *command, const struct options *options)
{
    struct buffer path = BUFFER_INIT;
    struct error error;
    int status;
    if (options->word_count == 0) {
        buffer_append_text(&path, "jobs");
        client_path_query(&path, "namespace", options_text(options, "namespace"));
        status = client_show(command, options, path.data, list_show);
    } else if (!client_path_job(&path, "job", options->words[0], options, &error)) {
        status = command_fail(command, &error);
    } else {
        status = client_show(command, options, path.data, one_show);
    }
    buffer_release(&path);
    return status;
}

static const struct option_spec status_options[] = {
    {"namespace", "NAME", "Jobs of this namespace (one job: default; the list: all of them)"},
    {"json", NULL, "Print the agent's answer as JSON"},
    {NULL, NULL, NULL},
};

const struct command command_job_status = {
    .name = "job status",
    .arguments = "[ID]",
    .summary = "List jobs, Drover's and others', or show one down to its allocations",
    .example = "drover job status\ndrover job status web",
    .options = status_options,
    .words_most = 1,
    .run = status_command,
};
