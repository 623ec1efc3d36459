/* What events on a solved problem cost in processor time, and how far the figures drift; on stderr. */
#ifndef DROVER_TESTS_BENCH_PLACEMENT_EVENTS_H
#define DROVER_TESTS_BENCH_PLACEMENT_EVENTS_H

#include "controller/placement/problem.h"

/* Takes the problem over. only: one kind of event by its name in the table, or NULL. 0 when every plan checks. */
int events_run(struct problem *problem, unsigned effort, const char *only);

#endif
