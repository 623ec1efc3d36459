/* Following a job until it runs, or does not, or has stopped. */
#ifndef DROVER_CONTROLLER_CLI_WATCH_H
#define DROVER_CONTROLLER_CLI_WATCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "controller/cli/client.h"

struct watch {
    const struct command *command;
    const struct options *options;
    struct client *client;
    const char *id;
    const char *job_namespace;
    int64_t revision; /* states of older ones do not count */
    bool stopping;    /* until it has stopped or is forgotten, else until it runs */
    bool quiet;       /* -json: nothing is drawn, the last answer is printed */
};

/* Follows with blocking queries and shows progress. Returns the exit code: EXIT_DONE when the job runs (has stopped),
 * EXIT_ERROR when it does not, with regions and reasons said. Ctrl-C ends the process with 130 after saying that the
 * job goes on. */
int watch_job(const struct watch *watch);

/* watch_draw.c: progress as a table that is drawn again in its place on a terminal, as lines of changes elsewhere. */
struct watch_draw;
struct watch_draw *watch_draw_new(void);
void watch_draw_free(struct watch_draw *draw);
/* The answer of `regions`, kept until the next: says beside a state why nothing moves there. */
void watch_draw_regions(struct watch_draw *draw, json_t *regions);
/* How far it runs; with `stopping`, what is still there. */
void watch_draw_job(struct watch_draw *draw, const json_t *job, bool stopping);
/* The sums over the groups of a copy. */
struct watch_counts {
    int64_t wanted, placed, serving, proven;
};
struct watch_counts watch_counts_of(const json_t *copy);
/* True for a copy that the job no longer has: stopped, and nothing wanted of it. */
bool watch_is_past(const json_t *copy);

#endif
