/* Flags as nomad's and consul's users write them: -name VALUE, -name=VALUE, two dashes as well as one, anywhere among
 * the arguments; "--" ends them, "-" alone is an argument.
 *
 * What is parsed borrows from argv. Not thread-safe. */
#ifndef DROVER_CONTROLLER_CLI_OPTIONS_H
#define DROVER_CONTROLLER_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { OPTIONS_GIVEN_MAX = 256, OPTIONS_WORDS_MAX = 64, OPTIONS_SPECS_MAX = 16 };

struct option_spec {
    const char *name;  /* without the dash */
    const char *value; /* what stands for its value in the usage ("FILE"); NULL: it takes none */
    const char *help;  /* one sentence; ends a list of specs when name is NULL */
};

struct option_given {
    const struct option_spec *spec;
    const char *value; /* "" for a flag without one */
};

struct options {
    struct option_given given[OPTIONS_GIVEN_MAX];
    size_t given_count;
    const char *words[OPTIONS_WORDS_MAX]; /* what is no flag */
    size_t word_count;
    bool help; /* -h, -help */
};

/* Reads argv against two lists of specs (either may be NULL), each ended by one without a name. ERROR_INVALID, with the
 * nearest known name for an unknown flag. -name=true and -name=false work for flags without value, as in Go. */
bool options_parse(struct options *options, const struct option_spec *own, const struct option_spec *common, int argc,
                   char *const *argv, struct error *ret_error);

bool options_flag(const struct options *options, const char *name);
/* The last one given, or NULL. */
const char *options_text(const struct options *options, const char *name);

#endif
