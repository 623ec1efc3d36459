/* drover provider list, provider check: the accounts of a configuration, tried from this very process; and the hidden
 * provider-host, which is what an account's child process runs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <uv.h>

#include "base/buffer.h"
#include "base/text.h"
#include "controller/agent/config.h"
#include "controller/agent/provider_kept.h"
#include "controller/agent/provider_link.h"
#include "controller/cli/commands.h"
#include "controller/cli/output.h"
#include "net/clock.h"
#include "net/random.h"
#include "providers/host/host.h"
#include "providers/sdk/fail.h"

#define CHECK_TIME_US INT64_C(300000000)

int command_provider_host(int argc, char *const *argv)
{
    long parent = 0;
    long long memory = 0;
    for (int i = 0; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "-parent") == 0)
            parent = strtol(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "-memory") == 0)
            memory = strtoll(argv[i + 1], NULL, 10);
    }
    if (parent <= 0) {
        fputs("drover: provider-host is started by the agent; drover provider check NAME tries an account\n", stderr);
        return EXIT_USAGE;
    }
    return provider_host_main((pid_t)parent, memory);
}

/* --- configuration ----------------------------------------------------------------------------------------------- */

static const struct option_spec list_options[] = {
    {"config", "FILE|DIR", "The agent's configuration; may be given more than once"},
    {"json", NULL, "Print JSON"},
    {NULL, NULL, NULL},
};

static struct config *read_config(const struct options *options, struct error *ret_error)
{
    const char *paths[OPTIONS_GIVEN_MAX];
    size_t count = 0;
    for (size_t i = 0; i < options->given_count; i++)
        if (strcmp(options->given[i].spec->name, "config") == 0)
            paths[count++] = options->given[i].value;
    if (count == 0) {
        error_set(ret_error, ERROR_INVALID, "give the agent's configuration: -config FILE");
        return NULL;
    }
    return config_read(paths, count, clock_wall_ms(), ret_error);
}

/* Regions that name the account. */
static void append_regions(struct buffer *out, const struct config *config, const char *account)
{
    for (size_t i = 0; i < config->region_count; i++)
        if (strcmp(config->regions[i].model.provider, account) == 0)
            buffer_printf(out, "%s%s", out->length > 0 ? ", " : "", config->regions[i].model.name);
}

static void list_json(const struct config *config)
{
    json_t *list = json_array();
    for (size_t i = 0; i < config->account_count; i++) {
        const struct config_account *account = &config->accounts[i];
        json_t *regions = json_array();
        for (size_t j = 0; j < config->region_count; j++)
            if (strcmp(config->regions[j].model.provider, account->name) == 0)
                json_array_append_new(regions, json_string(config->regions[j].model.name));
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o}", "Name", account->name, "Module", account->module,
                                              "ModulePath", account->module_path, "Regions", regions));
    }
    output_json(list);
    json_decref(list);
}

static void list_table(const struct config *config)
{
    if (config->account_count == 0) {
        output_line("No provider is configured: a block provider \"NAME\" { module = \"aws\" ... } adds one.");
        return;
    }
    struct table *table = table_new();
    table_column(table, "Account", TABLE_LEFT);
    table_column(table, "Module", TABLE_LEFT);
    table_column(table, "Regions", TABLE_LEFT);
    table_column(table, "File", TABLE_LEFT);
    for (size_t i = 0; i < config->account_count; i++) {
        const struct config_account *account = &config->accounts[i];
        struct buffer regions = BUFFER_INIT;
        append_regions(&regions, config, account->name);
        table_text(table, account->name);
        table_text(table, account->module);
        table_text(table, regions.data);
        table_text(table, account->module_path);
        buffer_release(&regions);
    }
    output_table(table);
}

static int list_command(const struct command *command, const struct options *options)
{
    struct error error = {0};
    struct config *config = read_config(options, &error);
    if (!config)
        return command_fail(command, &error);
    if (options_flag(options, "json"))
        list_json(config);
    else
        list_table(config);
    config_free(config);
    return EXIT_DONE;
}

const struct command command_provider_list = {
    .name = "provider list",
    .arguments = "",
    .summary = "The provider accounts of a configuration and the regions that use them",
    .details = "Reads the configuration itself and asks neither an agent nor a provider.\n",
    .example = "drover provider list -config /etc/drover",
    .options = list_options,
    .local = true,
    .run = list_command,
};

/* --- check ------------------------------------------------------------------------------------------------------- */

struct check {
    uv_loop_t loop;
    const struct config_account *account;
    struct provider_link *link;
    struct provider_kept *kept;
    struct buffer module; /* "aws 1.0" */
    struct provider_result result;
};

static void say(const char *what, const char *text)
{
    struct buffer line = BUFFER_INIT;
    text_append_visible(&line, text, strlen(text), false);
    fprintf(stderr, "drover: %s: %s\n", what, line.data);
    buffer_release(&line);
}

static void on_event(void *context, enum provider_link_event event, const char *text)
{
    struct check *check = context;
    if (event == PROVIDER_LINK_UP)
        buffer_append_text(&check->module, text);
}

static void on_log(void *context, const char *level, const char *text)
{
    (void)context;
    if (strcmp(level, "debug") != 0 && strcmp(level, "info") != 0)
        say(level, text);
}

static void on_kept(void *context, struct provider_link *link, const char *key)
{
    struct check *check = context;
    struct error error = {0};
    const char *value = provider_kept_get(check->kept, key, &error);
    if (error.code != ERROR_NONE)
        say("error", error.text);
    provider_link_answer_kept(link, value);
}

static void on_keep(void *context, struct provider_link *link, const char *key, const char *value)
{
    struct check *check = context;
    struct error error = {0};
    bool stored = provider_kept_set(check->kept, key, value, &error);
    if (!stored)
        say("error", error.text);
    provider_link_answer_keep(link, stored);
}

static void on_checked(void *context, struct provider_result *result)
{
    struct check *check = context;
    check->result = *result; /* takes the records */
    provider_records_init(&result->records);
    provider_link_stop(check->link, NULL, NULL);
}

/* Runs the account's child process for one call of check. */
static void run_check(struct check *check)
{
    struct provider_link_config config = {.name = check->account->name,
                                          .module_path = check->account->module_path,
                                          .settings = &check->account->settings,
                                          .memory_mib = check->account->memory_mib};
    struct provider_link_callbacks callbacks = {
        .on_event = on_event, .on_log = on_log, .on_kept = on_kept, .on_keep = on_keep, .context = check};
    random_bytes(&config.seed, sizeof config.seed);
    uv_loop_init(&check->loop);
    check->link = provider_link_start(&check->loop, &config, &callbacks);
    provider_link_call(check->link, PROVIDER_FIRST, "check", NULL, CHECK_TIME_US, on_checked, check);
    uv_run(&check->loop, UV_RUN_DEFAULT);
    uv_loop_close(&check->loop);
}

static size_t refused(const struct provider_records *records)
{
    size_t count = 0;
    for (size_t i = 0; i < records->permissions_count; i++)
        count += !records->permissions[i].allowed;
    return count;
}

static void check_json(const struct check *check)
{
    const struct provider_records *records = &check->result.records;
    json_t *permissions = json_array();
    for (size_t i = 0; i < records->permissions_count; i++) {
        const struct provider_permission *at = &records->permissions[i];
        json_array_append_new(permissions, json_pack("{s:s, s:b, s:b, s:s}", "Call", at->call, "Allowed", at->allowed,
                                                     "Writes", at->writes, "Trouble", at->trouble));
    }
    json_t *answer = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "Account", check->account->name, "Module",
                               check->module.data, "Status", sdk_status_word(check->result.status), "Call",
                               check->result.error.call, "Error", check->result.error.text, "Permissions", permissions);
    output_json(answer);
    json_decref(answer);
}

static void visible_cell(struct table *table, const char *text)
{
    struct buffer visible = BUFFER_INIT;
    text_append_visible(&visible, text, strlen(text), false);
    table_text(table, visible.data);
    buffer_release(&visible);
}

static void check_table(const struct check *check)
{
    const struct provider_records *records = &check->result.records;
    struct table *table = table_new();
    table_column(table, "Call", TABLE_LEFT);
    table_column(table, "Needed to", TABLE_LEFT);
    table_column(table, "Result", TABLE_LEFT);
    table_column(table, "What to know", TABLE_LEFT);
    for (size_t i = 0; i < records->permissions_count; i++) {
        const struct provider_permission *at = &records->permissions[i];
        visible_cell(table, at->call);
        table_text(table, at->writes ? "grow and shrink" : "look");
        table_text(table, at->allowed ? "allowed" : "REFUSED");
        visible_cell(table, at->trouble);
    }
    output_table(table);
    if (check->result.status == PROVIDER_OK && refused(records) == 0)
        output_line("\n%s (%s): every permission is there.", check->account->name, check->module.data);
}

static int check_report(const struct command *command, const struct options *options, const struct check *check)
{
    struct error error = {0};
    size_t missing = refused(&check->result.records);
    if (options_flag(options, "json"))
        check_json(check);
    else if (check->result.records.permissions_count > 0)
        check_table(check);
    if (check->result.status != PROVIDER_OK) {
        struct buffer text = BUFFER_INIT;
        text_append_visible(&text, check->result.error.text, strlen(check->result.error.text), false);
        const char *call = check->result.error.call;
        error_set(&error, ERROR_DENIED, "%s: %s%s%s: %s", check->account->name, sdk_status_word(check->result.status),
                  call[0] != '\0' ? ": " : "", call, text.data);
        buffer_release(&text);
        return command_fail(command, &error);
    }
    if (missing > 0) {
        error_set(&error, ERROR_DENIED, "%s: %zu of %zu permissions are refused", check->account->name, missing,
                  check->result.records.permissions_count);
        return command_fail(command, &error);
    }
    return EXIT_DONE;
}

static const struct config_account *find_account(const struct config *config, const char *name, struct error *ret_error)
{
    const char *names[256];
    size_t count = 0;
    for (size_t i = 0; i < config->account_count; i++) {
        if (strcmp(config->accounts[i].name, name) == 0)
            return &config->accounts[i];
        if (count < sizeof names / sizeof *names)
            names[count++] = config->accounts[i].name;
    }
    const char *near = text_nearest(name, names, count);
    error_set(ret_error, ERROR_NOT_FOUND, "no provider \"%.64s\" is configured%s%s%s", name,
              near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return NULL;
}

static int check_command(const struct command *command, const struct options *options)
{
    struct error error = {0};
    struct check check = {.module = BUFFER_INIT};
    struct config *config = read_config(options, &error);
    if (!config)
        return command_fail(command, &error);
    int status = EXIT_ERROR;
    check.account = find_account(config, options->words[0], &error);
    check.kept = check.account ? provider_kept_open(config->data_dir, check.account->name, &error) : NULL;
    if (check.kept) {
        run_check(&check);
        status = check_report(command, options, &check);
        provider_records_release(&check.result.records);
        provider_kept_close(check.kept);
    } else {
        status = command_fail(command, &error);
    }
    buffer_release(&check.module);
    config_free(config);
    return status;
}

const struct command command_provider_check = {
    .name = "provider check",
    .arguments = "NAME",
    .summary = "Try a provider account's credentials and every permission, one by one",
    .details = "Reads the configuration itself, runs the account's module as the agent would, and changes nothing at\n"
               "the provider. Exit 1 when the credentials or any permission are refused.\n",
    .example = "drover provider check -config /etc/drover aws-main",
    .options = list_options,
    .local = true,
    .words_least = 1,
    .words_most = 1,
    .run = check_command,
};
