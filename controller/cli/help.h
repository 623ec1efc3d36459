/* Usage: the whole list, one group, one command. */
#ifndef DROVER_CONTROLLER_CLI_HELP_H
#define DROVER_CONTROLLER_CLI_HELP_H

#include <stdio.h>

#include "controller/cli/command.h"

void help_all(FILE *file);
/* The commands that begin with this word. */
void help_group(FILE *file, const char *word);
void help_command(FILE *file, const struct command *command);

#endif
