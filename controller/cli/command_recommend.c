/* drover recommend: what would be cheaper elsewhere. Nothing is done. */
#include <inttypes.h>
#include <string.h>

#include "controller/cli/client.h"
#include "controller/cli/commands.h"
#include "controller/cli/fields.h"
#include "controller/cli/output.h"
#include "controller/cli/show.h"

/* A job takes a row for each place it is in or would be in; on a terminal its name and sums stand in the first only. */
static void recommend_place(struct table *table, const json_t *job, const json_t *place, bool first)
{
    bool told = first || !output_is_terminal();
    table_text(table, told ? field_text(job, "ID") : " ");
    table_text(table, told ? field_text(job, "Owner") : " ");
    cell_text(table, place, "Region");
    cell_text(table, place, "Pool");
    cell_i64(table, place, "CountNow");
    cell_i64(table, place, "CountBest");
    if (told) {
        cell_money(table, job, "NowHourlyUSD", 4);
        cell_money(table, job, "BestHourlyUSD", 4);
        cell_money(table, job, "SavingHourlyUSD", 4);
    } else {
        table_text(table, " ");
        table_text(table, " ");
        table_text(table, " ");
    }
}

static void recommend_jobs(const json_t *jobs)
{
    struct table *table = table_new();
    const json_t *job, *place;
    size_t i, k;
    table_column(table, "Job", TABLE_LEFT);
    table_column(table, "Owner", TABLE_LEFT);
    table_column(table, "Region", TABLE_LEFT);
    table_column(table, "Pool", TABLE_LEFT);
    table_column(table, "Now", TABLE_RIGHT);
    table_column(table, "Best", TABLE_RIGHT);
    table_column(table, "$/h now", TABLE_RIGHT);
    table_column(table, "$/h best", TABLE_RIGHT);
    table_column(table, "Saves $/h", TABLE_RIGHT);
    json_array_foreach(jobs, i, job)
    {
        bool first = true;
        json_array_foreach(field_list(job, "Places"), k, place)
        {
            if (field_i64(place, "CountNow") > 0 || field_i64(place, "CountBest") > 0) {
                recommend_place(table, job, place, first);
                first = false;
            }
        }
    }
    output_table(table);
}

static void recommend_notes(const json_t *jobs)
{
    char id[FIELD_TEXT_MAX], note[FIELD_TEXT_MAX];
    const json_t *job;
    size_t i, told = 0, unverified = 0;
    json_array_foreach(jobs, i, job)
    {
        int64_t saving = 0;
        unverified += field_flag(job, "Unverified") && field_money(job, "SavingHourlyUSD", &saving) && saving > 0;
        if (field_text(job, "Note")[0] != '\0') {
            if (told++ == 0) {
                output_line("%s", "");
            }
            output_line("%s: %s", field_shown(job, "ID", id), field_shown(job, "Note", note));
        }
    }
    if (unverified > 0) {
        output_line("\nFor %zu of these Nomad was not asked whether their constraints hold there.", unverified);
    }
}

static void recommend_show(const json_t *answer, const struct options *options)
{
    char now[MONEY_TEXT_MAX], best[MONEY_TEXT_MAX], saving[MONEY_TEXT_MAX], month[MONEY_TEXT_MAX];
    const json_t *jobs = field_list(answer, "Jobs");
    int64_t uusd = 0;
    (void)options;
    if (json_array_size(jobs) == 0) {
        output_line("No jobs run that could be somewhere else.");
        return;
    }
    recommend_jobs(jobs);
    recommend_notes(jobs);
    field_money_text(answer, "NowHourlyUSD", 4, now);
    if (field_money(answer, "SavingHourlyUSD", &uusd) && uusd > 0) {
        output_line("\nNow $%s an hour, at best $%s: $%s an hour less, $%s a month. "
                    "Marginal rates; one plan for all of them together; nothing was moved.",
                    now, field_money_text(answer, "BestHourlyUSD", 4, best),
                    field_money_text(answer, "SavingHourlyUSD", 4, saving),
                    field_money_text(answer, "SavingMonthlyUSD", 2, month));
    } else {
        output_line("\nNow $%s an hour (marginal rates), and nothing cheaper is known.", now);
    }
}

static int recommend_command(const struct command *command, const struct options *options)
{
    return client_show(command, options, "recommend", recommend_show);
}

const struct command command_recommend = {
    .name = "recommend",
    .arguments = "",
    .summary = "Show what would be cheaper elsewhere, Drover's jobs and others; changes nothing",
    .details = "Marginal rates on both sides: what using the machines adds to what is paid anyway.\n",
    .example = "drover recommend",
    .options = show_json_option,
    .run = recommend_command,
};
