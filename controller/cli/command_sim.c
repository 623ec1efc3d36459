/* drover sim: prices and faults of the regions that `drover agent -dev` simulates. */
#include <string.h>

#include "base/json_writer.h"
#include "base/text.h"
#include "controller/cli/client.h"
#include "controller/cli/commands.h"
#include "controller/cli/fields.h"
#include "controller/cli/output.h"
#include "controller/cli/show.h"

static void sim_done_show(const json_t *answer, const struct options *options)
{
    char done[FIELD_TEXT_MAX];
    (void)options;
    output_line("%s", field_shown(answer, "Done", done));
}

static void sim_list_show(const json_t *answer, const struct options *options)
{
    struct table *table = table_new();
    const json_t *region;
    size_t i;
    (void)options;
    table_column(table, "Region", TABLE_LEFT);
    table_column(table, "Nomad's API", TABLE_LEFT);
    table_column(table, "Nodes", TABLE_RIGHT);
    json_array_foreach(field_list(answer, "Regions"), i, region)
    {
        cell_text(table, region, "Name");
        cell_text(table, region, "Address");
        cell_i64(table, region, "Nodes");
    }
    output_table(table);
}

static int sim_list_command(const struct command *command, const struct options *options)
{
    return client_show(command, options, "sim", sim_list_show);
}

/* Puts the command's words under these keys, in order; those not given are left out. */
static int sim_put(const struct command *command, const struct options *options, const char *const *keys)
{
    struct buffer path = BUFFER_INIT, body = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&body, false);
    buffer_append_text(&path, "sim");
    client_path_segment(&path, strchr(command->name, ' ') + 1);
    json_writer_begin_object(&writer);
    for (size_t i = 0; i < options->word_count && keys[i] != NULL; i++) {
        json_writer_field_text(&writer, keys[i], options->words[i]);
    }
    if (options_text(options, "namespace") != NULL) {
        json_writer_field_text(&writer, "Namespace", options_text(options, "namespace"));
    }
    json_writer_end_object(&writer);
    int status = client_change(command, options, HTTP_PUT, path.data, &body, sim_done_show);
    buffer_release(&path);
    buffer_release(&body);
    return status;
}

static int sim_price_command(const struct command *command, const struct options *options)
{
    static const char *const keys[] = {"Region", "Pool", "USDPerHour", NULL};
    return sim_put(command, options, keys);
}

static int sim_node_command(const struct command *command, const struct options *options)
{
    static const char *const keys[] = {"Region", "Node", NULL};
    return sim_put(command, options, keys);
}

static int sim_region_command(const struct command *command, const struct options *options)
{
    static const char *const keys[] = {"Region", NULL};
    return sim_put(command, options, keys);
}

static int sim_fail_command(const struct command *command, const struct options *options)
{
    static const char *const keys[] = {"Region", "Job", NULL};
    return sim_put(command, options, keys);
}

static int sim_slow_command(const struct command *command, const struct options *options)
{
    struct buffer body = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&body, false);
    const char *text = options->words[1];
    struct error error;
    int64_t milliseconds;
    if (!text_parse_duration(text, strlen(text), &milliseconds, &error)) {
        command_fail(command, &error);
        return EXIT_USAGE;
    }
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "Region", options->words[0]);
    json_writer_field_i64(&writer, "Milliseconds", milliseconds);
    json_writer_end_object(&writer);
    int status = client_change(command, options, HTTP_PUT, "sim/slow", &body, sim_done_show);
    buffer_release(&body);
    return status;
}

static const struct option_spec sim_fail_options[] = {
    {"namespace", "NAME", "The job's namespace; default: default"},
    {"json", NULL, "Print the agent's answer as JSON"},
    {NULL, NULL, NULL},
};

const struct command command_sim_list = {
    .name = "sim list",
    .arguments = "",
    .summary = "List the simulated regions and where their Nomad API listens",
    .example = "drover sim list",
    .options = show_json_option,
    .run = sim_list_command,
};

const struct command command_sim_price = {
    .name = "sim price",
    .arguments = "REGION POOL USD_PER_HOUR",
    .summary = "Set what a machine of a pool costs",
    .example = "drover sim price aws-us-east-1 std 0.20",
    .options = show_json_option,
    .words_least = 3,
    .words_most = 3,
    .run = sim_price_command,
};

const struct command command_sim_node_down = {
    .name = "sim node-down",
    .arguments = "REGION NODE",
    .summary = "Let a machine go down, by its name or ID",
    .example = "drover sim node-down dc-fra1 owned-1",
    .options = show_json_option,
    .words_least = 2,
    .words_most = 2,
    .run = sim_node_command,
};

const struct command command_sim_node_up = {
    .name = "sim node-up",
    .arguments = "REGION NODE",
    .summary = "Let a machine come back",
    .example = "drover sim node-up dc-fra1 owned-1",
    .options = show_json_option,
    .words_least = 2,
    .words_most = 2,
    .run = sim_node_command,
};

const struct command command_sim_slow = {
    .name = "sim slow",
    .arguments = "REGION DURATION",
    .summary = "Let a region answer this much later; 0 ends it",
    .example = "drover sim slow azure-westeurope 500ms",
    .options = show_json_option,
    .words_least = 2,
    .words_most = 2,
    .run = sim_slow_command,
};

const struct command command_sim_fail = {
    .name = "sim fail",
    .arguments = "REGION JOB",
    .summary = "Let a job's allocations fail in a region",
    .example = "drover sim fail aws-us-east-1 web",
    .options = sim_fail_options,
    .words_least = 2,
    .words_most = 2,
    .run = sim_fail_command,
};

const struct command command_sim_dark = {
    .name = "sim dark",
    .arguments = "REGION",
    .summary = "Let a region fall silent",
    .example = "drover sim dark azure-westeurope",
    .options = show_json_option,
    .words_least = 1,
    .words_most = 1,
    .run = sim_region_command,
};

const struct command command_sim_heal = {
    .name = "sim heal",
    .arguments = "REGION",
    .summary = "Let a region answer again, at full speed, with all its machines",
    .example = "drover sim heal azure-westeurope",
    .options = show_json_option,
    .words_least = 1,
    .words_most = 1,
    .run = sim_region_command,
};
