/* drover provider status, instance list, pool confirm-price, approval list|approve|deny: accounts as the agent sees
 * them, and what waits for a person. */
#include <inttypes.h>
#include <string.h>

#include "base/json_writer.h"
#include "controller/cli/client.h"
#include "controller/cli/commands.h"
#include "controller/cli/fields.h"
#include "controller/cli/output.h"
#include "controller/cli/show.h"

/* --- provider status ------------------------------------------------------------------------------------------------
 */

static void join_names(const json_t *list, struct buffer *out)
{
    size_t i;
    json_t *name;
    json_array_foreach(list, i, name)
    {
        buffer_printf(out, "%s%s", i > 0 ? ", " : "", json_is_string(name) ? json_string_value(name) : "");
    }
}

static const json_t *look_of(const json_t *account, const char *word)
{
    const json_t *look;
    size_t i;
    json_array_foreach(field_list(account, "Looks"), i, look)
    {
        if (strcmp(field_text(look, "Look"), word) == 0) {
            return look;
        }
    }
    return NULL;
}

static void provider_troubles(const json_t *accounts)
{
    const json_t *account, *look;
    char name[FIELD_TEXT_MAX], error[FIELD_TEXT_MAX], ago[FIELD_TEXT_MAX];
    size_t i, k, shown = 0;
    json_array_foreach(accounts, i, account)
    {
        if (!field_flag(account, "Up") && field_text(account, "Text")[0] != '\0') {
            if (shown++ == 0) {
                output_heading("Trouble");
            }
            output_line("%s is down: %s", field_shown(account, "Name", name), field_shown(account, "Text", error));
        }
        json_array_foreach(field_list(account, "Looks"), k, look)
        {
            if (field_text(look, "Error")[0] == '\0') {
                continue;
            }
            if (shown++ == 0) {
                output_heading("Trouble");
            }
            output_line("%s, %s (%s; last good %s): %s", field_shown(account, "Name", name), field_text(look, "Look"),
                        field_text(look, "Status"), field_ago(look, "At", ago), field_shown(look, "Error", error));
        }
    }
}

static void provider_status_show(const json_t *answer, const struct options *options)
{
    const json_t *accounts = field_list(answer, "Accounts"), *account;
    struct table *table = table_new();
    size_t i;
    (void)options;
    table_column(table, "Account", TABLE_LEFT);
    table_column(table, "Module", TABLE_LEFT);
    table_column(table, "State", TABLE_LEFT);
    table_column(table, "Regions", TABLE_LEFT);
    table_column(table, "Pools", TABLE_RIGHT);
    table_column(table, "Instances", TABLE_RIGHT);
    table_column(table, "Pools seen", TABLE_LEFT);
    table_column(table, "Prices seen", TABLE_LEFT);
    json_array_foreach(accounts, i, account)
    {
        struct buffer regions = BUFFER_INIT;
        join_names(field_list(account, "Regions"), &regions);
        cell_text(table, account, "Name");
        cell_text(table, account, "Module");
        table_text(table, field_flag(account, "Up")                ? "up"
                          : field_text(account, "Text")[0] != '\0' ? "down"
                                                                   : "starting");
        table_text(table, regions.length > 0 ? regions.data : "-");
        cell_i64(table, account, "Pools");
        cell_i64(table, account, "Instances");
        cell_ago(table, look_of(account, "pools"), "At");
        cell_ago(table, look_of(account, "offers"), "At");
        buffer_release(&regions);
    }
    output_table(table);
    provider_troubles(accounts);
}

static int provider_status_command(const struct command *command, const struct options *options)
{
    return client_show(command, options, "accounts", provider_status_show);
}

const struct command command_provider_status = {
    .name = "provider status",
    .arguments = "",
    .summary = "The accounts as the agent sees them: up or down, what they report, what fails",
    .example = "drover provider status",
    .options = show_json_option,
    .run = provider_status_command,
};

/* --- instance list --------------------------------------------------------------------------------------------------
 */

static const char *or_dash(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

static void instance_list_show(const json_t *answer, const struct options *options)
{
    const json_t *instances = field_list(answer, "Instances"), *instance;
    struct table *table = table_new();
    size_t i;
    (void)options;
    table_column(table, "Account", TABLE_LEFT);
    table_column(table, "Provider pool", TABLE_LEFT);
    table_column(table, "Instance", TABLE_LEFT);
    table_column(table, "State", TABLE_LEFT);
    table_column(table, "Type", TABLE_LEFT);
    table_column(table, "Market", TABLE_LEFT);
    table_column(table, "Zone", TABLE_LEFT);
    table_column(table, "Launched", TABLE_LEFT);
    table_column(table, "Node", TABLE_LEFT);
    table_column(table, "What to know", TABLE_LEFT);
    json_array_foreach(instances, i, instance)
    {
        const char *notice = field_text(instance, "Notice");
        const char *trouble = field_text(instance, "Trouble");
        cell_text(table, instance, "Account");
        cell_text(table, instance, "ProviderPool");
        cell_text(table, instance, "ID");
        cell_text(table, instance, "State");
        table_text(table, or_dash(field_text(instance, "InstanceType")));
        cell_text(table, instance, "Market");
        table_text(table, or_dash(field_text(instance, "Zone")));
        cell_ago(table, instance, "LaunchedAt");
        table_text(table, or_dash(field_text(instance, "NodeName")));
        table_text(table, notice[0] != '\0'                 ? notice
                          : trouble[0] != '\0'              ? trouble
                          : field_flag(instance, "Foreign") ? "not Drover's: left alone"
                                                            : "");
    }
    output_table(table);
    if (field_i64(answer, "InstancesLeftOff") > 0) {
        output_line("\n%" PRId64 " more are left off; -account NAME shows one account's.",
                    field_i64(answer, "InstancesLeftOff"));
    }
}

static int instance_list_command(const struct command *command, const struct options *options)
{
    struct buffer path = BUFFER_INIT;
    buffer_append_text(&path, "instances");
    client_path_query(&path, "account", options_text(options, "account"));
    int status = client_show(command, options, path.data, instance_list_show);
    buffer_release(&path);
    return status;
}

static const struct option_spec instance_options[] = {
    {"account", "NAME", "Only this provider account"},
    {"json", NULL, "Print the agent's answer as JSON"},
    {NULL, NULL, NULL},
};

const struct command command_instance_list = {
    .name = "instance list",
    .arguments = "",
    .summary = "List the providers' machines, and which Nomad node each of them is",
    .example = "drover instance list -account aws-main",
    .options = instance_options,
    .run = instance_list_command,
};

/* --- what people say ------------------------------------------------------------------------------------------------
 */

static void confirmed_show(const json_t *answer, const struct options *options)
{
    (void)answer;
    output_line("The price of %s/%s is taken as right from now on.", options->words[0], options->words[1]);
}

static int confirm_price_command(const struct command *command, const struct options *options)
{
    struct buffer body = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&body, false);
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "Region", options->words[0]);
    json_writer_field_text(&writer, "Pool", options->words[1]);
    json_writer_end_object(&writer);
    int status = client_change(command, options, HTTP_PUT, "prices/confirm", &body, confirmed_show);
    buffer_release(&body);
    return status;
}

const struct command command_pool_confirm_price = {
    .name = "pool confirm-price",
    .arguments = "REGION POOL",
    .summary = "Take a price that is held as right",
    .details = "A price from an account that is far from the one before is held: it moves nothing and its pool is not\n"
               "grown until it is confirmed, or the account says another. `drover pool list` shows held prices.\n",
    .example = "drover pool confirm-price aws-us-east-1 std",
    .options = show_json_option,
    .words_least = 2,
    .words_most = 2,
    .run = confirm_price_command,
};

static void approval_list_show(const json_t *answer, const struct options *options)
{
    const json_t *approvals = field_list(answer, "Approvals"), *approval;
    struct table *table = table_new();
    size_t i;
    (void)options;
    if (json_array_size(approvals) == 0) {
        output_line("Nothing waits for an approval.");
    }
    table_column(table, "ID", TABLE_LEFT);
    table_column(table, "What", TABLE_LEFT);
    table_column(table, "Region", TABLE_LEFT);
    table_column(table, "Pool", TABLE_LEFT);
    table_column(table, "Machines", TABLE_LEFT);
    table_column(table, "$/h", TABLE_RIGHT);
    table_column(table, "Asked", TABLE_LEFT);
    table_column(table, "Why", TABLE_LEFT);
    json_array_foreach(approvals, i, approval)
    {
        bool grow = strcmp(field_text(approval, "Kind"), "grow") == 0;
        char money[MONEY_TEXT_MAX];
        cell_text(table, approval, "ID");
        cell_text(table, approval, "Kind");
        cell_text(table, approval, "Region");
        cell_text(table, approval, "Pool");
        table_printf(table, "%" PRId64 " -> %" PRId64, field_i64(approval, "From"), field_i64(approval, "To"));
        table_printf(table, "%s%s", grow ? "+" : "-", field_money_text(approval, "HourlyUSD", 3, money));
        cell_ago(table, approval, "Since");
        cell_text(table, approval, "Why");
    }
    if (json_array_size(approvals) > 0) {
        output_table(table);
        if (output_is_terminal()) {
            output_line("\nDecide: drover approval approve ID, or deny ID. What nobody decides lapses after 24 hours.");
        }
    } else {
        table_free(table);
    }
}

static int approval_list_command(const struct command *command, const struct options *options)
{
    return client_show(command, options, "approvals", approval_list_show);
}

const struct command command_approval_list = {
    .name = "approval list",
    .arguments = "",
    .summary = "List what Drover wants to do and waits for a person's word (mode approve)",
    .example = "drover approval list",
    .options = show_json_option,
    .run = approval_list_command,
};

static void approved_show(const json_t *answer, const struct options *options)
{
    (void)answer;
    output_line("Approved: %s goes on now; drover pool list shows how far it is.", options->words[0]);
}

static void denied_show(const json_t *answer, const struct options *options)
{
    (void)answer;
    output_line("Denied: %s is dropped and not proposed again for a day.", options->words[0]);
}

static int decide(const struct command *command, const struct options *options, const char *word,
                  void (*show)(const json_t *answer, const struct options *options))
{
    struct buffer path = BUFFER_INIT, body = BUFFER_INIT;
    buffer_append_text(&path, "approval");
    client_path_segment(&path, options->words[0]);
    buffer_printf(&body, "{\"Decision\":\"%s\"}", word);
    int status = client_change(command, options, HTTP_PUT, path.data, &body, show);
    buffer_release(&path);
    buffer_release(&body);
    return status;
}

static int approve_command(const struct command *command, const struct options *options)
{
    return decide(command, options, "approve", approved_show);
}

static int deny_command(const struct command *command, const struct options *options)
{
    return decide(command, options, "deny", denied_show);
}

const struct command command_approval_approve = {
    .name = "approval approve",
    .arguments = "ID",
    .summary = "Say yes to one of them",
    .example = "drover approval approve 4294967303",
    .options = show_json_option,
    .words_least = 1,
    .words_most = 1,
    .run = approve_command,
};

const struct command command_approval_deny = {
    .name = "approval deny",
    .arguments = "ID",
    .summary = "Say no to one of them",
    .example = "drover approval deny 4294967303",
    .options = show_json_option,
    .words_least = 1,
    .words_most = 1,
    .run = deny_command,
};
