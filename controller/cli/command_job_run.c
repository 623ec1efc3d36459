/* drover job run: submits a job and follows it until it is proven. */
#include <inttypes.h>
#include <string.h>

#include "controller/cli/client.h"
#include "controller/cli/commands.h"
#include "controller/cli/fields.h"
#include "controller/cli/job_file.h"
#include "controller/cli/output.h"
#include "controller/cli/watch.h"

static int run_follow(const struct command *command, const struct options *options, struct client *client,
                      const json_t *answer)
{
    struct watch watch = {.command = command,
                          .options = options,
                          .client = client,
                          .id = field_text(answer, "ID"),
                          .job_namespace = field_text(answer, "Namespace"),
                          .revision = field_i64(answer, "Revision"),
                          .quiet = options_flag(options, "json")};
    return watch_job(&watch);
}

static int run_submitted(const struct command *command, const struct options *options, struct client *client,
                         const json_t *answer)
{
    char id[FIELD_TEXT_MAX];
    bool json = options_flag(options, "json"), detach = options_flag(options, "detach");
    field_shown(answer, "ID", id);
    if (json && detach) {
        output_json(answer);
        return EXIT_DONE;
    }
    if (!json && field_flag(answer, "Unchanged")) {
        output_line("Job %s runs like this already: nothing to do.", id);
        return EXIT_DONE;
    }
    if (!json) {
        output_line("Job %s is submitted as revision %" PRId64 ".\n", id, field_i64(answer, "Revision"));
    }
    if (detach) {
        output_line("How it goes: drover job status %s", id);
        return EXIT_DONE;
    }
    return run_follow(command, options, client, answer);
}

static int run_command(const struct command *command, const struct options *options)
{
    const char *path = options->words[0];
    struct buffer body = BUFFER_INIT;
    struct client *client = NULL;
    json_t *answer = NULL;
    struct error error;
    int status;
    if (!job_file_body(path, options, false, &body, &error) || (client = client_open(options, &error)) == NULL) {
        status = command_fail(command, &error);
    } else if (!client_call(client, HTTP_POST, "jobs", &body, &answer, &error)) {
        job_file_name_error(path, &error);
        status = command_fail(command, &error);
    } else {
        status = run_submitted(command, options, client, answer);
    }
    json_decref(answer);
    client_close(client);
    buffer_release(&body);
    return status;
}

static const struct option_spec run_options[] = {
    {"var", "NAME=VALUE", "A variable of the job file; may be given more than once"},
    {"var-file", "FILE", "A file of name = value lines; may be given more than once, the last one given counts"},
    {"detach", NULL, "Do not follow: end as soon as the job is accepted"},
    {"json", NULL, "Print the job as JSON when it has come to its end (with -detach: the agent's answer)"},
    {NULL, NULL, NULL},
};

const struct command command_job_run = {
    .name = "job run",
    .arguments = "FILE|-",
    .summary = "Run a job where it is cheapest under its policy, and follow it until it is proven",
    .details = "FILE is a Nomad job, HCL or JSON, at most 8 MiB; - reads standard input. Ends with 0 when every\n"
               "allocation is proven, with 1 when not, and then names the regions and why. Ctrl-C ends only the\n"
               "following. Run again with other counts to scale it.\n",
    .example = "drover job run web.nomad.hcl\ndrover job run -var image=nginx:1.29 -var count=4 web.nomad.hcl",
    .options = run_options,
    .words_least = 1,
    .words_most = 1,
    .run = run_command,
};
