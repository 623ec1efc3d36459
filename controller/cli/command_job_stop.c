/* drover job stop: stops a job everywhere and follows it until it has. */
#include <inttypes.h>

#include "controller/cli/client.h"
#include "controller/cli/commands.h"
#include "controller/cli/fields.h"
#include "controller/cli/output.h"
#include "controller/cli/watch.h"

static int stop_asked(const struct command *command, const struct options *options, struct client *client,
                      const json_t *answer)
{
    char id[FIELD_TEXT_MAX];
    bool json = options_flag(options, "json"), detach = options_flag(options, "detach");
    field_shown(answer, "ID", id);
    if (json && detach) {
        output_json(answer);
        return EXIT_DONE;
    }
    if (!json) {
        output_line("Job %s is being stopped.\n", id);
    }
    if (detach) {
        output_line("How it goes: drover job status %s", id);
        return EXIT_DONE;
    }
    struct watch watch = {.command = command,
                          .options = options,
                          .client = client,
                          .id = options->words[0],
                          .job_namespace = options_text(options, "namespace"),
                          .stopping = true,
                          .quiet = json};
    return watch_job(&watch);
}

static int stop_command(const struct command *command, const struct options *options)
{
    struct buffer path = BUFFER_INIT;
    struct client *client = NULL;
    json_t *answer = NULL;
    struct error error;
    bool ok = client_path_job(&path, "job", options->words[0], options, &error);
    if (ok && options_flag(options, "purge")) {
        client_path_query(&path, "purge", "true");
    }
    ok = ok && (client = client_open(options, &error)) != NULL &&
         client_call(client, HTTP_DELETE, path.data, NULL, &answer, &error);
    int status = ok ? stop_asked(command, options, client, answer) : command_fail(command, &error);
    json_decref(answer);
    client_close(client);
    buffer_release(&path);
    return status;
}

static const struct option_spec stop_options[] = {
    {"namespace", "NAME", "The job's namespace; default: default"},
    {"purge", NULL, "Forget the job too, once it has stopped"},
    {"detach", NULL, "Do not follow: end as soon as it is accepted"},
    {"json", NULL, "Print JSON"},
    {NULL, NULL, NULL},
};

const struct command command_job_stop = {
    .name = "job stop",
    .arguments = "ID",
    .summary = "Stop one of Drover's jobs in every region",
    .details =
        "In a region that is dark it is stopped as soon as that is heard again; -detach does not wait for that.\n",
    .example = "drover job stop -purge web",
    .options = stop_options,
    .words_least = 1,
    .words_most = 1,
    .run = stop_command,
};
