/* drover explain: why a job is where it is. */
#include <inttypes.h>

#include "controller/cli/client.h"
#include "controller/cli/commands.h"
#include "controller/cli/decision.h"
#include "controller/cli/fields.h"
#include "controller/cli/output.h"

static void explain_show(const json_t *answer, const struct options *options)
{
    struct table_pairs *pairs = table_pairs_new();
    char ago[FIELD_TEXT_MAX];
    (void)options;
    table_pairs_text(pairs, "Job", field_text(answer, "ID"));
    table_pairs_text(pairs, "Namespace", field_text(answer, "Namespace"));
    table_pairs_printf(pairs, "Decided", "%s, on revision %" PRId64 ", in step %" PRId64, field_ago(answer, "At", ago),
                       field_i64(answer, "Revision"), field_i64(answer, "Step"));
    table_pairs_printf(pairs, "Placed", "%" PRId64 " of %" PRId64, field_i64(answer, "Placed"),
                       field_i64(answer, "Wanted"));
    decision_add_cost(pairs, answer);
    output_pairs(pairs);
    output_heading("Candidates");
    decision_show_candidates(answer);
    decision_show_growth(answer);
}

static int explain_command(const struct command *command, const struct options *options)
{
    struct buffer path = BUFFER_INIT;
    struct error error;
    int status = client_path_job(&path, "explain", options->words[0], options, &error)
                     ? client_show(command, options, path.data, explain_show)
                     : command_fail(command, &error);
    buffer_release(&path);
    return status;
}

static const struct option_spec explain_options[] = {
    {"namespace", "NAME", "The job's namespace; default: default"},
    {"json", NULL, "Print the agent's answer as JSON"},
    {NULL, NULL, NULL},
};

const struct command command_explain = {
    .name = "explain",
    .arguments = "ID",
    .summary = "Show why a job is where it is: every candidate, its price, its reason",
    .details =
        "The last decision on one of Drover's jobs. Places are compared by the marginal rate, what using them\n"
        "adds; \"against chosen\" is what one allocation would cost more there than in the dearest place chosen.\n",
    .example = "drover explain web",
    .options = explain_options,
    .words_least = 1,
    .words_most = 1,
    .run = explain_command,
};
