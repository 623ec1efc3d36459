/* drover placement solve, check: the placement engine on files, without an agent. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "controller/cli/commands.h"
#include "controller/cli/output.h"
#include "controller/placement/command.h"
#include "net/files.h"

/* Four times the largest problem that the engine is measured on. */
#define PLACEMENT_FILE_MAX ((size_t)1024 * 1024 * 1024)

static bool option_number(const struct options *options, const char *name, uint64_t least, uint64_t most,
                          uint64_t *ret_value, struct error *ret_error)
{
    const char *text = options_text(options, name);
    struct buffer what = BUFFER_INIT;
    buffer_printf(&what, "-%s", name);
    bool ok = text == NULL || text_parse_u64(text, strlen(text), what.data, least, most, ret_value, ret_error);
    buffer_release(&what);
    return ok;
}

/* Errors begin "line:column: ": the file's name belongs before that. */
static int placement_fail(const struct command *command, const struct options *options, enum placement_input input,
                          struct error *error)
{
    if (input != PLACEMENT_INPUT_NONE) {
        bool plan = input == PLACEMENT_INPUT_PLAN && options->word_count > 1;
        struct error old = *error;
        error_set(error, old.code, "%s:%s", options->words[plan ? 1 : 0], old.text);
    }
    return command_fail(command, error);
}

static void placement_print(const struct certificate *certificate, FILE *file)
{
    struct buffer text = BUFFER_INIT;
    placement_command_report(certificate, &text);
    fwrite(text.data, 1, text.length, file);
    buffer_release(&text);
}

/* The plan goes to the file, or to standard output, and then the figures to standard error. */
static int solve_write(const struct command *command, const char *path, const struct buffer *plan,
                       const struct certificate *certificate)
{
    struct error error;
    if (path == NULL) {
        fwrite(plan->data, 1, plan->length, stdout);
        placement_print(certificate, stderr);
        return EXIT_DONE;
    }
    if (!file_write_atomic(path, plan->data, plan->length, 0644, &error)) {
        return command_fail(command, &error);
    }
    placement_print(certificate, stdout);
    return EXIT_DONE;
}

static int solve_command(const struct command *command, const struct options *options)
{
    struct solve_options how = SOLVE_OPTIONS_DEFAULT;
    struct buffer problem = BUFFER_INIT, plan = BUFFER_INIT;
    struct certificate certificate;
    enum placement_input input = PLACEMENT_INPUT_NONE;
    struct error error;
    uint64_t effort = how.effort;
    int status;
    if (!option_number(options, "seed", 0, UINT64_MAX, &how.seed, &error) ||
        !option_number(options, "effort", SOLVE_EFFORT_MIN, SOLVE_EFFORT_MAX, &effort, &error)) {
        command_fail(command, &error);
        return EXIT_USAGE;
    }
    how.effort = (unsigned)effort;
    if (!file_read(options->words[0], PLACEMENT_FILE_MAX, &problem, &error)) {
        status = command_fail(command, &error);
    } else if (placement_command_solve(problem.data, problem.length, &how, &plan, &certificate, &input, &error) !=
               PLACEMENT_DONE) {
        status = placement_fail(command, options, input, &error);
    } else {
        status = solve_write(command, options_text(options, "o"), &plan, &certificate);
    }
    buffer_release(&problem);
    buffer_release(&plan);
    return status;
}

static int check_command(const struct command *command, const struct options *options)
{
    struct buffer problem = BUFFER_INIT, plan = BUFFER_INIT;
    struct certificate certificate;
    enum placement_input input = PLACEMENT_INPUT_NONE;
    struct error error;
    int status = EXIT_DONE;
    if (!file_read(options->words[0], PLACEMENT_FILE_MAX, &problem, &error) ||
        !file_read(options->words[1], PLACEMENT_FILE_MAX, &plan, &error)) {
        status = command_fail(command, &error);
    } else if (placement_command_check(problem.data, problem.length, plan.data, plan.length, &certificate, &input,
                                       &error) != PLACEMENT_DONE) {
        status = placement_fail(command, options, input, &error);
    } else {
        placement_print(&certificate, stdout);
    }
    buffer_release(&problem);
    buffer_release(&plan);
    return status;
}

static const struct option_spec solve_options[] = {
    {"o", "PLAN", "Where the plan goes; else standard output, and the figures to standard error"},
    {"seed", "N", "Where the search begins; default 1"},
    {"effort", "1..9", "How long it searches, in steps and never in seconds; default 5"},
    {NULL, NULL, NULL},
};

const struct command command_placement_solve = {
    .name = "placement solve",
    .arguments = "PROBLEM",
    .summary = "Solve a placement problem file and prove how good the plan is",
    .example = "drover placement solve -o week.plan week.problem",
    .options = solve_options,
    .local = true,
    .words_least = 1,
    .words_most = 1,
    .run = solve_command,
};

const struct command command_placement_check = {
    .name = "placement check",
    .arguments = "PROBLEM PLAN",
    .summary = "Check a plan against its problem: every rule, and its figures",
    .details = "Ends with 0 only when the plan keeps every rule and its figures are exactly what follows from it.\n",
    .example = "drover placement check week.problem week.plan",
    .local = true,
    .words_least = 2,
    .words_most = 2,
    .run = check_command,
};
