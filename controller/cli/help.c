/* Usage texts, put together from the commands' own descriptions. */
#include "controller/cli/help.h"

#include <string.h>

static void help_line(FILE *file, const struct command *command)
{
    fprintf(file, "  %-18s %s\n", command->name, command->summary);
}

void help_all(FILE *file)
{
    fputs("Usage: drover COMMAND [options] [arguments]\n\n"
          "Runs jobs where they are cheapest, over many Nomad and Consul regions.\n",
          file);
    for (const struct command_group *group = commands_all(); group->title != NULL; group++) {
        fprintf(file, "\n%s:\n", group->title);
        for (const struct command *const *at = group->commands; *at != NULL; at++) {
            help_line(file, *at);
        }
    }
    fputs("\ndrover COMMAND -h says more about each. To look around without installing anything: drover agent -dev\n",
          file);
}

void help_group(FILE *file, const char *word)
{
    size_t length = strlen(word);
    fprintf(file, "Usage: drover %s SUBCOMMAND [options] [arguments]\n\n", word);
    for (const struct command_group *group = commands_all(); group->title != NULL; group++) {
        for (const struct command *const *at = group->commands; *at != NULL; at++) {
            if (strncmp((*at)->name, word, length) == 0 && (*at)->name[length] == ' ') {
                help_line(file, *at);
            }
        }
    }
    fprintf(file, "\ndrover %s SUBCOMMAND -h says more about each.\n", word);
}

static void help_options(FILE *file, const char *title, const struct option_spec *specs)
{
    if (specs == NULL || specs->name == NULL) {
        return;
    }
    fprintf(file, "\n%s:\n", title);
    for (; specs->name != NULL; specs++) {
        char flag[64];
        snprintf(flag, sizeof flag, "-%s%s%s", specs->name, specs->value != NULL ? " " : "",
                 specs->value != NULL ? specs->value : "");
        fprintf(file, "  %-20s %s\n", flag, specs->help);
    }
}

void help_command(FILE *file, const struct command *command)
{
    bool flags = command->options != NULL || !command->local;
    fprintf(file, "Usage: drover %s%s%s%s\n\n%s.\n", command->name, flags ? " [options]" : "",
            command->arguments[0] != '\0' ? " " : "", command->arguments, command->summary);
    if (command->details != NULL) {
        fprintf(file, "\n%s", command->details);
    }
    fputs("\nExample:\n", file);
    for (const char *line = command->example; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        fprintf(file, "  $ %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
    help_options(file, "Options", command->options);
    if (!command->local) {
        help_options(file, "Options of every command that asks an agent", commands_common_options());
    }
}
