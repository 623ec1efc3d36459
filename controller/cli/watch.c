/* The loop that follows a job: see watch.h. */
#include "controller/cli/watch.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "controller/cli/fields.h"
#include "controller/cli/output.h"
#include "net/clock.h"

enum {
    WATCH_RETRIES = 5,
    WATCH_EXIT_INTERRUPTED = 130,
    WATCH_LOOK_MS = 3000,       /* how often regions are looked at, and how long a blocking query lasts */
    WATCH_ENDING_MS = 30 * 1000 /* how long allocations of a stopped job are waited for: a node may be lost */
};

/* Waits for Ctrl-C beside the request that blocks. What it says was made ready before. */
struct watch_interrupt {
    sigset_t signals;
    char *words;
};

static void *interrupt_wait(void *context)
{
    struct watch_interrupt *interrupt = context;
    int number;
    while (sigwait(&interrupt->signals, &number) != 0) {
    }
    ssize_t ignored = write(STDERR_FILENO, interrupt->words, strlen(interrupt->words));
    (void)ignored;
    _exit(WATCH_EXIT_INTERRUPTED);
}

/* Lives until the process ends: the thread may use it at any moment. */
static void interrupt_start(const struct watch *watch)
{
    struct watch_interrupt *interrupt = memory_new(1, sizeof *interrupt);
    struct buffer words = BUFFER_INIT, shown = BUFFER_INIT;
    pthread_t thread;
    text_append_visible(&shown, watch->id, strlen(watch->id), false);
    buffer_printf(&words, "\nNo longer following: job %s goes on %s. Look with: drover job status %s\n", shown.data,
                  watch->stopping ? "stopping" : "as it was asked for", shown.data);
    interrupt->words = buffer_take(&words);
    buffer_release(&shown);
    sigemptyset(&interrupt->signals);
    sigaddset(&interrupt->signals, SIGINT);
    sigaddset(&interrupt->signals, SIGTERM);
    if (pthread_sigmask(SIG_BLOCK, &interrupt->signals, NULL) != 0 ||
        pthread_create(&thread, NULL, interrupt_wait, interrupt) != 0) {
        pthread_sigmask(SIG_UNBLOCK, &interrupt->signals, NULL); /* then Ctrl-C just ends the process */
        return;
    }
    pthread_detach(thread);
}

enum watch_end { WATCH_GOES_ON, WATCH_DONE, WATCH_FAILED, WATCH_OVERTAKEN };

static enum watch_end end_of(const struct watch *watch, const json_t *job)
{
    const char *state = field_text(job, "State");
    bool over = strcmp(state, "stopped") == 0 || strcmp(state, "dead") == 0;
    if (watch->stopping) {
        bool own = strcmp(field_text(job, "Owner"), "drover") == 0;
        return over || !own ? WATCH_DONE : field_flag(job, "StopWanted") ? WATCH_GOES_ON : WATCH_OVERTAKEN;
    }
    if (field_i64(job, "Revision") < watch->revision) {
        return WATCH_GOES_ON;
    }
    if (field_i64(job, "Revision") > watch->revision || field_flag(job, "StopWanted") || over) {
        return WATCH_OVERTAKEN;
    }
    if (strcmp(state, "running") == 0) {
        return WATCH_DONE;
    }
    return strcmp(state, "partial") == 0 ? WATCH_FAILED : WATCH_GOES_ON;
}

/* Allocations that are still there: of Drover's copies, and of those that are stopped, which are nobody's any more. */
static int64_t allocations_left(const json_t *job)
{
    const json_t *region;
    int64_t left = 0;
    size_t i;
    json_array_foreach(field_list(job, "Regions"), i, region)
    {
        bool ending =
            strcmp(field_text(region, "Owner"), "drover") == 0 || strcmp(field_text(region, "State"), "dead") == 0;
        left += ending ? field_i64(region, "Allocations") : 0;
    }
    return left;
}

static void say_stopped(const json_t *job)
{
    char id[FIELD_TEXT_MAX];
    int64_t left = allocations_left(job);
    if (left > 0) {
        output_line("\nJob %s is stopped; %" PRId64 " %s still ending.", field_shown(job, "ID", id), left,
                    plural(left, "allocation is", "allocations are"));
    } else {
        output_line("\nJob %s has stopped everywhere.", field_shown(job, "ID", id));
    }
}

static void say_running(const json_t *job)
{
    char id[FIELD_TEXT_MAX], hour[MONEY_TEXT_MAX];
    const json_t *copy;
    size_t i, regions = 0;
    json_array_foreach(field_list(job, "Copies"), i, copy)
    {
        regions += !watch_is_past(copy);
    }
    output_line("\nJob %s is running: %" PRId64 " of %" PRId64 " proven in %zu %s, $%s an hour.",
                field_shown(job, "ID", id), field_i64(job, "Proven"), field_i64(job, "Wanted"), regions,
                plural((int64_t)regions, "region", "regions"), field_money_text(job, "HourlyUSD", 4, hour));
    output_line("Why there: drover explain %s", field_shown(job, "ID", id));
}

/* On standard error: which regions, and why. */
static void say_partial(const json_t *job)
{
    char id[FIELD_TEXT_MAX], region[FIELD_TEXT_MAX], trouble[FIELD_TEXT_MAX];
    const json_t *copy;
    size_t i;
    fflush(stdout);
    fprintf(stderr, "\nJob %s does not run whole: %" PRId64 " of %" PRId64 " proven.\n", field_shown(job, "ID", id),
            field_i64(job, "Proven"), field_i64(job, "Wanted"));
    json_array_foreach(field_list(job, "Copies"), i, copy)
    {
        struct watch_counts counts = watch_counts_of(copy);
        const char *told = field_shown(copy, "Trouble", trouble);
        if (told[0] == '\0' && counts.proven >= counts.wanted) {
            continue;
        }
        fprintf(stderr, "  %s: %s", field_shown(copy, "Region", region), told[0] != '\0' ? told : "not proven");
        fprintf(stderr, " (%" PRId64 " of %" PRId64 " proven)\n", counts.proven, counts.wanted);
    }
    output_reasons(stderr, field_text(job, "Trouble"));
    fprintf(stderr, "Every region and pool with its reason: drover explain %s\n", id);
}

static int watch_finish(const struct watch *watch, enum watch_end end, const json_t *job)
{
    char id[FIELD_TEXT_MAX];
    field_shown(job, "ID", id);
    if (watch->quiet) {
        output_json(job);
    } else if (end == WATCH_FAILED) {
        say_partial(job);
    } else if (end == WATCH_OVERTAKEN) {
        fflush(stdout);
        fprintf(stderr, "\nSomebody else has changed job %s meanwhile: drover job status %s shows it.\n", id, id);
    } else if (watch->stopping) {
        say_stopped(job);
    } else {
        say_running(job);
    }
    return end == WATCH_DONE ? EXIT_DONE : EXIT_ERROR;
}

static int watch_forgotten(const struct watch *watch)
{
    struct buffer shown = BUFFER_INIT;
    text_append_visible(&shown, watch->id, strlen(watch->id), false);
    if (watch->quiet) {
        output_line("{}");
    } else {
        output_line("\nJob %s has stopped everywhere and is forgotten.", shown.data);
    }
    buffer_release(&shown);
    return EXIT_DONE;
}

static bool watch_ask(const struct watch *watch, uint64_t index, json_t **ret_job, struct error *ret_error)
{
    struct buffer path = BUFFER_INIT;
    char number[32];
    snprintf(number, sizeof number, "%" PRIu64, index);
    buffer_append_text(&path, "job");
    client_path_segment(&path, watch->id);
    client_path_query(&path, "namespace", watch->job_namespace);
    if (index > 0) {
        client_path_query(&path, "index", number);
        client_path_query(&path, "wait", "3s");
    }
    bool ok = client_get(watch->client, path.data, ret_job, ret_error);
    buffer_release(&path);
    return ok;
}

/* An agent that is started again meanwhile goes on where it was: that is waited for a while. */
static bool watch_bears(const struct error *error, unsigned *failures)
{
    bool bears = error->code == ERROR_UNREACHABLE || error->code == ERROR_TIMEOUT || error->code == ERROR_BUSY;
    struct timespec pause = {.tv_sec = 1};
    if (!bears || ++*failures > WATCH_RETRIES) {
        return false;
    }
    nanosleep(&pause, NULL);
    return true;
}

/* So that a person sees why nothing moves. What fails here fails again, and is told, with the next query. */
static void watch_look(const struct watch *watch, struct watch_draw *draw, int64_t *looked_ms)
{
    struct error ignored;
    json_t *regions = NULL;
    if (clock_monotonic_ms() - *looked_ms < WATCH_LOOK_MS) {
        return;
    }
    *looked_ms = clock_monotonic_ms();
    if (client_get(watch->client, "regions", &regions, &ignored)) {
        watch_draw_regions(draw, regions);
        json_decref(regions);
    }
}

int watch_job(const struct watch *watch)
{
    struct watch_draw *draw = watch_draw_new();
    uint64_t index = 0;
    int64_t stopped_ms = 0, looked_ms = clock_monotonic_ms();
    unsigned failures = 0;
    int status = -1;
    interrupt_start(watch);
    while (status < 0) {
        struct error error;
        json_t *job = NULL;
        if (!watch_ask(watch, index, &job, &error)) {
            if (watch->stopping && error.code == ERROR_NOT_FOUND) {
                status = watch_forgotten(watch);
            } else if (!watch_bears(&error, &failures)) {
                status = command_fail(watch->command, &error);
            } else {
                index = 0;
            }
            continue;
        }
        failures = 0;
        index = client_index(watch->client);
        enum watch_end end = end_of(watch, job);
        if (watch->stopping && end == WATCH_DONE && allocations_left(job) > 0) {
            stopped_ms = stopped_ms == 0 ? clock_monotonic_ms() : stopped_ms;
            end = clock_monotonic_ms() - stopped_ms < WATCH_ENDING_MS ? WATCH_GOES_ON : WATCH_DONE;
        }
        if (!watch->quiet) {
            watch_look(watch, draw, &looked_ms);
            watch_draw_job(draw, job, watch->stopping);
        }
        if (end != WATCH_GOES_ON) {
            status = watch_finish(watch, end, job);
        }
        json_decref(job);
    }
    watch_draw_free(draw);
    return status;
}
