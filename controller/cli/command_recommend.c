/* drover recommend: what would be cheaper elsewhere. Nothing is done. */
#include <inttypes.h>
#include <string.h>

#include "controller/cli/client.h"
#include "controller/cli/commands.h"
#include "controller/cli/fields.h"
#include "controller/cli/output.h"
#include "controller/cli/show.h"

/* "aws-us-east-1/std 4, dc-fra1/owned 2": the places with a count under this key. */
static void cell_places(struct table *table, const json_t *job, const char *key)
{
    struct buffer text = BUFFER_INIT;
    const json_t *place;
    size_t i;
    json_array_foreach(field_list(job, "Places"), i, place)
    {
        int64_t count = field_i64(place, key);
        if (count > 0) {
            buffer_printf(&text, "%s%s/%s %" PRId64, text.length > 0 ? ", " : "", field_text(place, "Region"),
                          field_text(place, "Pool"), count);
        }
    }
    table_text(table, text.data);
    buffer_release(&text);
}

static void recommend_jobs(const json_t *jobs)
{
    struct table *table = table_new();
    const json_t *job;
    size_t i;
    table_column(table, "Job", TABLE_LEFT);
    table_column(table, "Owner", TABLE_LEFT);
    table_column(table, "Now in", TABLE_LEFT);
    table_column(table, "$/h now", TABLE_RIGHT);
    table_column(table, "Best in", TABLE_LEFT);
    table_column(table, "$/h best", TABLE_RIGHT);
    table_column(table, "Saves $/h", TABLE_RIGHT);
    json_array_foreach(jobs, i, job)
    {
        int64_t saving = 0;
        bool better = field_money(job, "SavingHourlyUSD", &saving) && saving > 0;
        cell_text(table, job, "ID");
        cell_text(table, job, "Owner");
        cell_places(table, job, "CountNow");
        cell_money(table, job, "NowHourlyUSD", 4);
        if (better) {
            cell_places(table, job, "CountBest");
        } else {
            table_text(table, "stays");
        }
        cell_money(table, job, "BestHourlyUSD", 4);
        cell_money(table, job, "SavingHourlyUSD", 4);
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
        output_line("\nNow $%s an hour, at best $%s: $%s an hour less, $%s a month. Marginal rates; nothing was moved.",
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
