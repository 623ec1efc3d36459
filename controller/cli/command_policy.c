/* drover policy list, show, apply, delete. */
#include <inttypes.h>

#include "base/json_writer.h"
#include "controller/cli/client.h"
#include "controller/cli/commands.h"
#include "controller/cli/fields.h"
#include "controller/cli/job_file.h"
#include "controller/cli/output.h"
#include "controller/cli/show.h"

/* "a, b" of a list of texts; "" for an empty one. */
static void append_list(struct buffer *text, const json_t *list)
{
    const json_t *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        buffer_printf(text, "%s%s", i > 0 ? ", " : "", json_is_string(item) ? json_string_value(item) : "");
    }
}

/* "allow a, b; deny c", "all" when neither is said. */
static void append_allow_deny(struct buffer *text, const json_t *rules)
{
    const json_t *allow = field_list(rules, "Allow"), *deny = field_list(rules, "Deny");
    if (json_array_size(allow) > 0) {
        buffer_append_text(text, "allow ");
        append_list(text, allow);
    }
    if (json_array_size(deny) > 0) {
        buffer_append_text(text, text->length > 0 ? "; deny " : "deny ");
        append_list(text, deny);
    }
    if (text->length == 0) {
        buffer_append_text(text, "all");
    }
}

static void append_percent(struct buffer *text, const char *words, int64_t percent)
{
    if (percent > 0) {
        buffer_printf(text, "%sat most %" PRId64 "%% %s", text->length > 0 ? ", " : "", percent, words);
    }
}

static void append_spread(struct buffer *text, const json_t *spread)
{
    int64_t regions = field_i64(spread, "MinRegions");
    if (regions > 1) {
        buffer_printf(text, "at least %" PRId64 " regions", regions);
    }
    append_percent(text, "in a region", field_i64(spread, "MaxShareRegionPercent"));
    append_percent(text, "with a provider", field_i64(spread, "MaxShareProviderPercent"));
    if (text->length == 0) {
        buffer_append_text(text, "none wanted");
    }
}

static void cell_jobs(struct buffer *text, const json_t *policy)
{
    const json_t *namespaces = field_list(policy, "Namespaces");
    append_list(text, field_list(policy, "Jobs"));
    if (json_array_size(namespaces) > 0) {
        buffer_append_text(text, text->length > 0 ? "; namespaces " : "namespaces ");
        append_list(text, namespaces);
    }
}

static void cell_buffer(struct table *table, struct buffer *text)
{
    table_text(table, text->data);
    buffer_clear(text);
}

static void policy_list_show(const json_t *answer, const struct options *options)
{
    struct table *table = table_new();
    struct buffer text = BUFFER_INIT;
    const json_t *policy;
    size_t i;
    (void)options;
    if (json_array_size(field_list(answer, "Policies")) == 0) {
        table_free(table);
        output_line("No policies: every job may go to every region. Make one with: drover policy apply FILE");
        return;
    }
    table_column(table, "Name", TABLE_LEFT);
    table_column(table, "Jobs", TABLE_LEFT);
    table_column(table, "Regions", TABLE_LEFT);
    table_column(table, "Spread", TABLE_LEFT);
    table_column(table, "Budget $/month", TABLE_RIGHT);
    table_column(table, "Decides for", TABLE_RIGHT);
    table_column(table, "From", TABLE_LEFT);
    json_array_foreach(field_list(answer, "Policies"), i, policy)
    {
        int64_t budget;
        cell_text(table, policy, "Name");
        cell_jobs(&text, policy);
        cell_buffer(table, &text);
        append_allow_deny(&text, field_object(policy, "Regions"));
        cell_buffer(table, &text);
        append_spread(&text, field_object(policy, "Spread"));
        cell_buffer(table, &text);
        if (field_money(policy, "BudgetMonthlyUSD", &budget)) {
            table_money(table, budget, 2);
        } else {
            table_text(table, "none");
        }
        cell_i64(table, policy, "Governs");
        table_text(table, field_flag(policy, "FromFile") ? "configuration" : "policy apply");
    }
    output_table(table);
    buffer_release(&text);
}

static void pair_allow_deny(struct table_pairs *pairs, const char *key, const json_t *rules)
{
    struct buffer text = BUFFER_INIT;
    append_allow_deny(&text, rules);
    table_pairs_text(pairs, key, text.data);
    buffer_release(&text);
}

static void policy_show(const json_t *answer, const struct options *options)
{
    struct table_pairs *pairs = table_pairs_new();
    struct buffer text = BUFFER_INIT;
    char budget[MONEY_TEXT_MAX];
    int64_t uusd;
    (void)options;
    table_pairs_text(pairs, "Name", field_text(answer, "Name"));
    table_pairs_text(pairs, "From", field_flag(answer, "FromFile") ? "the agent's configuration" : "policy apply");
    cell_jobs(&text, answer);
    table_pairs_text(pairs, "Jobs", text.data);
    buffer_clear(&text);
    pair_allow_deny(pairs, "Regions", field_object(answer, "Regions"));
    pair_allow_deny(pairs, "Providers", field_object(answer, "Providers"));
    pair_allow_deny(pairs, "Labels", field_object(answer, "Labels"));
    append_spread(&text, field_object(answer, "Spread"));
    table_pairs_text(pairs, "Spread", text.data);
    if (field_money(answer, "BudgetMonthlyUSD", &uusd)) {
        table_pairs_printf(pairs, "Budget", "$%s a month", money_format_rounded(uusd, 2, budget));
    } else {
        table_pairs_text(pairs, "Budget", "none");
    }
    table_pairs_text(pairs, "Unpriced nodes", field_flag(answer, "AllowUnpriced") ? "may be used" : "get nothing new");
    table_pairs_printf(pairs, "Decides for", "%" PRId64 " of Drover's jobs", field_i64(answer, "Governs"));
    output_pairs(pairs);
    buffer_release(&text);
}

static int policy_list_command(const struct command *command, const struct options *options)
{
    return client_show(command, options, "policies", policy_list_show);
}

static void policy_path(struct buffer *path, const char *name)
{
    buffer_append_text(path, "policy");
    client_path_segment(path, name);
}

static int policy_show_command(const struct command *command, const struct options *options)
{
    struct buffer path = BUFFER_INIT;
    policy_path(&path, options->words[0]);
    int status = client_show(command, options, path.data, policy_show);
    buffer_release(&path);
    return status;
}

static void policy_applied_show(const json_t *answer, const struct options *options)
{
    char name[FIELD_TEXT_MAX];
    output_line(
        "Policy %s is in force. Jobs that run stay where they are; drover recommend shows what it would change.\n",
        field_shown(answer, "Name", name));
    policy_show(answer, options);
}

static int policy_apply_command(const struct command *command, const struct options *options)
{
    struct buffer bytes = BUFFER_INIT, body = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&body, false);
    struct error error;
    int status;
    if (!job_file_read(options->words[0], &bytes, &error)) {
        status = command_fail(command, &error);
    } else {
        json_writer_begin_object(&writer);
        json_writer_key(&writer, "HCL");
        json_writer_bytes(&writer, bytes.data, bytes.length);
        json_writer_end_object(&writer);
        status = client_change(command, options, HTTP_PUT, "policies", &body, policy_applied_show);
    }
    buffer_release(&body);
    buffer_release(&bytes);
    return status;
}

static void policy_deleted_show(const json_t *answer, const struct options *options)
{
    char name[FIELD_TEXT_MAX];
    (void)options;
    output_line("Policy %s is deleted.", field_shown(answer, "Name", name));
}

static int policy_delete_command(const struct command *command, const struct options *options)
{
    struct buffer path = BUFFER_INIT;
    policy_path(&path, options->words[0]);
    int status = client_change(command, options, HTTP_DELETE, path.data, NULL, policy_deleted_show);
    buffer_release(&path);
    return status;
}

const struct command command_policy_list = {
    .name = "policy list",
    .arguments = "",
    .summary = "List policies and how many jobs each decides for",
    .details =
        "One policy decides for a job, whole: the exact job, then the longest pattern, then the namespace, then\n"
        "the default.\n",
    .example = "drover policy list",
    .options = show_json_option,
    .run = policy_list_command,
};

const struct command command_policy_show = {
    .name = "policy show",
    .arguments = "NAME",
    .summary = "Show one policy",
    .example = "drover policy show web",
    .options = show_json_option,
    .words_least = 1,
    .words_most = 1,
    .run = policy_show_command,
};

const struct command command_policy_apply = {
    .name = "policy apply",
    .arguments = "FILE|-",
    .summary = "Add a policy, or replace it: one policy block, as in the configuration",
    .example = "drover policy apply web-policy.hcl",
    .options = show_json_option,
    .words_least = 1,
    .words_most = 1,
    .run = policy_apply_command,
};

const struct command command_policy_delete = {
    .name = "policy delete",
    .arguments = "NAME",
    .summary = "Delete a policy that policy apply made",
    .example = "drover policy delete web",
    .options = show_json_option,
    .words_least = 1,
    .words_most = 1,
    .run = policy_delete_command,
};
