/* What a command is: its words, its flags, its help and the function that runs it. commands.c lists them all. */
#ifndef DROVER_CONTROLLER_CLI_COMMAND_H
#define DROVER_CONTROLLER_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "controller/cli/options.h"

/* Exit codes of the program. job plan has its own, nomad's: 0 nothing to change, 1 changes, 255 error. */
enum { EXIT_DONE = 0, EXIT_ERROR = 1, EXIT_USAGE = 2, EXIT_PLAN_CHANGES = 1, EXIT_PLAN_ERROR = 255 };

struct command {
    const char *name;                  /* one or two words: "region list" */
    const char *arguments;             /* after the flags, in the usage: "FILE|-"; "" for none */
    const char *summary;               /* one line, no full stop */
    const char *details;               /* a few lines more, ended by '\n'; NULL for none */
    const char *example;               /* one line a person can type, or several */
    const struct option_spec *options; /* ended by one without a name; NULL for none */
    bool local;                        /* asks no agent: -address and -token-file mean nothing to it */
    size_t words_least, words_most;
    int (*run)(const struct command *command, const struct options *options);
};

struct command_group {
    const char *title;
    const struct command *const *commands; /* ended by NULL */
};

/* Ended by one without a title. */
const struct command_group *commands_all(void);

/* What every command that asks an agent takes. */
const struct option_spec *commands_common_options(void);

/* Says on standard error which command failed and why; returns EXIT_ERROR. */
int command_fail(const struct command *command, const struct error *error);

#endif
