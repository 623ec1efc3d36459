/* drover mode, freeze, unfreeze: what the agent may write. */
#include <string.h>

#include "base/json_writer.h"
#include "controller/cli/client.h"
#include "controller/cli/commands.h"
#include "controller/cli/fields.h"
#include "controller/cli/output.h"
#include "controller/cli/show.h"

static const char *mode_meaning(const char *mode)
{
    if (strcmp(mode, "observe") == 0) {
        return "looks, writes nothing";
    }
    return strcmp(mode, "approve") == 0 ? "does what a person asks for; what it decides alone waits"
                                        : "does what is asked for and what it decides";
}

void show_mode(const json_t *answer)
{
    char who[FIELD_TEXT_MAX], reason[FIELD_TEXT_MAX], ago[FIELD_TEXT_MAX], mode[FIELD_TEXT_MAX];
    const json_t *frozen = field_object(answer, "Frozen");
    field_shown(answer, "Mode", mode); /* before it is looked at: arguments have no order */
    output_line("Mode %s: %s.", mode, mode_meaning(mode));
    if (frozen != NULL) {
        bool why = field_text(frozen, "Reason")[0] != '\0';
        output_line("Frozen %s by %s%s%s: nothing is written to any region until drover unfreeze.",
                    field_ago(frozen, "Since", ago), field_shown(frozen, "Actor", who), why ? ", " : "",
                    field_shown(frozen, "Reason", reason));
    }
}

static void mode_show(const json_t *answer, const struct options *options)
{
    (void)options;
    show_mode(answer);
}

/* One key with one text. */
static int control_put(const struct command *command, const struct options *options, const char *path, const char *key,
                       const char *value)
{
    struct buffer body = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&body, false);
    json_writer_begin_object(&writer);
    if (value != NULL) {
        json_writer_field_text(&writer, key, value);
    }
    json_writer_end_object(&writer);
    int status = client_change(command, options, HTTP_PUT, path, &body, mode_show);
    buffer_release(&body);
    return status;
}

static int mode_command(const struct command *command, const struct options *options)
{
    return options->word_count == 0 ? client_show(command, options, "status", mode_show)
                                    : control_put(command, options, "mode", "Mode", options->words[0]);
}

static int freeze_command(const struct command *command, const struct options *options)
{
    return control_put(command, options, "freeze", "Reason", options_text(options, "reason"));
}

static int unfreeze_command(const struct command *command, const struct options *options)
{
    return control_put(command, options, "unfreeze", NULL, NULL);
}

const struct command command_mode = {
    .name = "mode",
    .arguments = "[observe|approve|enforce]",
    .summary = "Show or set what the agent may do to regions",
    .details = "observe: it looks and writes nothing. approve: it does what a person asks for; what it decides alone\n"
               "waits. enforce: it does both.\n",
    .example = "drover mode enforce",
    .options = show_json_option,
    .words_most = 1,
    .run = mode_command,
};

static const struct option_spec freeze_options[] = {
    {"reason", "TEXT", "Why; is shown to everybody who looks"},
    {"json", NULL, "Print the agent's answer as JSON"},
    {NULL, NULL, NULL},
};

const struct command command_freeze = {
    .name = "freeze",
    .arguments = "",
    .summary = "Stop every write to every region, now, until unfreeze",
    .details = "Works also while the store or regions are broken. With no agent to ask: the file FREEZE in its data\n"
               "directory, or SIGUSR1, do the same.\n",
    .example = "drover freeze -reason \"incident 12\"",
    .options = freeze_options,
    .run = freeze_command,
};

const struct command command_unfreeze = {
    .name = "unfreeze",
    .arguments = "",
    .summary = "Lift the freeze",
    .example = "drover unfreeze",
    .options = show_json_option,
    .run = unfreeze_command,
};
