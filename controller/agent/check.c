/* `drover agent -check`: every call that Drover makes of each region, tried, as a table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/agent/private.h"

struct check {
    struct agent *agent;
    size_t left;
    unsigned refused, refused_writes, skipped, fine;
};

static const char *check_word(const struct check_line *line)
{
    return line->skipped ? "skipped" : line->allowed ? "ok" : "REFUSED";
}

static void check_on_line(void *context, const struct check_line *line)
{
    struct check *check = context;
    printf("%-18s %-8s %-5s %-42s %s%s%s\n", line->region, check_word(line), line->write ? "write" : "read", line->call,
           line->what_for, line->detail != NULL && line->detail[0] != '\0' ? ": " : "",
           line->detail != NULL ? line->detail : "");
    check->skipped += line->skipped;
    check->fine += !line->skipped && line->allowed;
    check->refused += !line->skipped && !line->allowed && !line->write;
    check->refused_writes += !line->skipped && !line->allowed && line->write;
}

static void check_on_done(void *context)
{
    struct check *check = context;
    check->left--;
}

bool check_run(struct agent *agent)
{
    const struct config *config = agent->config;
    bool writes = config->mode != MODE_OBSERVE;
    struct check check = {.agent = agent};
    printf("%-18s %-8s %-5s %-42s %s\n", "REGION", "RESULT", "NEED", "CALL", "FOR");
    for (size_t i = 0; i < config->region_count && !agent->stop_asked; i++) {
        check.left = 1;
        federation_check(agent->federation, config->regions[i].model.name, true, check_on_line, check_on_done, &check);
        while (check.left > 0 && !agent->stop_asked) {
            uv_run(&agent->loop, UV_RUN_ONCE);
        }
    }
    printf("\n%u ok, %u refused that are needed to look, %u refused that are needed to write, %u skipped\n", check.fine,
           check.refused, check.refused_writes, check.skipped);
    if (!writes && check.refused_writes > 0) {
        printf("mode is observe: nothing is written, so what writing would need may stay refused\n");
    }
    fflush(stdout);
    return check.left == 0 && check.refused == 0 && (!writes || check.refused_writes == 0);
}
