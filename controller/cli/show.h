/* Small things that several commands show alike. */
#ifndef DROVER_CONTROLLER_CLI_SHOW_H
#define DROVER_CONTROLLER_CLI_SHOW_H

#include <jansson.h>
#include <stdbool.h>

#include "controller/cli/options.h"

/* -json alone. */
extern const struct option_spec show_json_option[];

/* The table of `pool list`, with or without the column that names the region (command_node.c). */
void show_pools(const json_t *pools, bool with_region);

/* Mode, and whether and why it is frozen, as one line (command_control.c). */
void show_mode(const json_t *answer);

#endif
