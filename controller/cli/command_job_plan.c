/* drover job plan: what job run would do. */
#include <inttypes.h>
#include <string.h>

#include "controller/cli/client.h"
#include "controller/cli/commands.h"
#include "controller/cli/decision.h"
#include "controller/cli/fields.h"
#include "controller/cli/job_file.h"
#include "controller/cli/output.h"

static bool plan_changes(const json_t *answer)
{
    const json_t *decision = field_object(answer, "Decision");
    bool whole = field_i64(decision, "Placed") >= field_i64(decision, "Wanted");
    return !field_flag(answer, "Unchanged") && (decision_changes(decision) || !whole);
}

static void plan_show(const json_t *answer, const char *path)
{
    const json_t *decision = field_object(answer, "Decision");
    struct table_pairs *pairs = table_pairs_new();
    char id[FIELD_TEXT_MAX];
    int64_t wanted = field_i64(decision, "Wanted"), placed = field_i64(decision, "Placed");
    output_line("Job %s: %" PRId64 " of %" PRId64 " %s.\n", field_shown(decision, "ID", id), placed, wanted,
                placed < wanted ? "would be placed" : "fit");
    decision_show_changes(decision);
    output_line("%s", "");
    decision_add_cost(pairs, decision);
    output_pairs(pairs);
    if (placed < wanted) {
        output_heading("What does not fit, and why");
        decision_show_candidates(decision);
        decision_show_growth(decision);
    }
    if (!plan_changes(answer)) {
        output_line("\nNothing would change.");
    } else if (output_is_terminal()) {
        output_line("\nDo it with: drover job run %s", strcmp(path, "-") == 0 ? "FILE" : path);
    }
}

static int plan_command(const struct command *command, const struct options *options)
{
    const char *path = options->words[0];
    struct buffer body = BUFFER_INIT;
    struct client *client = NULL;
    json_t *answer = NULL;
    struct error error;
    int status;
    bool ok = job_file_body(path, options, true, &body, &error) && (client = client_open(options, &error)) != NULL &&
              client_call(client, HTTP_POST, "jobs", &body, &answer, &error);
    if (!ok) {
        job_file_name_error(path, &error);
        command_fail(command, &error);
        status = EXIT_PLAN_ERROR;
    } else {
        status = plan_changes(answer) ? EXIT_PLAN_CHANGES : EXIT_DONE;
        if (options_flag(options, "json")) {
            output_json(answer);
        } else {
            plan_show(answer, path);
        }
    }
    json_decref(answer);
    client_close(client);
    buffer_release(&body);
    return status;
}

static const struct option_spec plan_options[] = {
    {"var", "NAME=VALUE", "A variable of the job file; may be given more than once"},
    {"var-file", "FILE", "A file of name = value lines; may be given more than once, the last one given counts"},
    {"json", NULL, "Print the agent's answer as JSON"},
    {NULL, NULL, NULL},
};

const struct command command_job_plan = {
    .name = "job plan",
    .arguments = "FILE|-",
    .summary = "Show what job run would do: counts and cost, before and after; changes nothing",
    .details = "Ends with 0 when nothing would change, 1 when something would, 255 when it cannot be said.\n",
    .example = "drover job plan web.nomad.hcl",
    .options = plan_options,
    .words_least = 1,
    .words_most = 1,
    .run = plan_command,
};
