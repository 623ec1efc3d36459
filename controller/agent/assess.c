/* The background solve: a snapshot in slices on the loop, the solve in a worker thread, the plan back as an event.
 *
 * It runs when the world has moved and some time has passed since the last one, or when somebody waits for it; one at a
 * time, and never more than a twentieth of the time unless asked for. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "controller/agent/private.h"
#include "controller/core/assess.h"
#include "net/clock.h"

enum {
    ASSESS_SLICE = 5000,     /* allocations read in a turn of the loop: about a millisecond */
    ASSESS_EVERY_MS = 30000, /* at most, when nobody asks */
    ASSESS_SHARE = 20,       /* and not before this many times the last solve's own time */
    ASSESS_EFFORT = 4,
};

struct assess {
    struct agent *agent;
    uv_timer_t slice;
    uv_work_t work;
    struct assess_snapshot *snapshot; /* being read, or given to the worker */
    struct assessment *result;
    struct error error;
    bool solving, closing;
    atomic_bool cancelled;
    int64_t solve_us;
    uint64_t begun, ended;   /* how many have */
    uint64_t ended_sequence; /* world->sequence just after the last one was taken */
    int64_t next_ms;         /* monotonic: not before, when nobody asks */
    bool asked;              /* somebody waits for one that begins from now on */
    void (*on_closed)(void *context);
};

static bool assess_is_busy(const struct assess *assess)
{
    return assess->snapshot != NULL || assess->solving;
}

static int64_t thread_time_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static bool assess_stops(void *context)
{
    return atomic_load((atomic_bool *)context);
}

static void assess_work(uv_work_t *work)
{
    struct assess *assess = work->data;
    int64_t begun = thread_time_us();
    assess->result = assess_solve(assess->snapshot, ASSESS_EFFORT, assess_stops, &assess->cancelled, &assess->error);
    assess->solve_us = thread_time_us() - begun;
}

static void assess_after(uv_work_t *work, int status)
{
    struct assess *assess = work->data;
    struct agent *agent = assess->agent;
    (void)status;
    assess->solving = false;
    assess->snapshot = NULL;
    if (assess->closing) {
        assessment_free(assess->result);
        assess->on_closed(agent);
        return;
    }
    if (assess->result == NULL) {
        report_warn(agent, NULL, "the federation could not be looked at as a whole: %s", assess->error.text);
    } else {
        assess->result->solve_us = assess->solve_us;
        struct event event = {.type = EVENT_ASSESSED, .assessment = assess->result};
        assess->result = NULL;
        shell_feed(agent, &event);
    }
    assess->ended_sequence = core_world(agent->core)->sequence;
    int64_t pause = assess->solve_us / 1000 * ASSESS_SHARE;
    assess->next_ms = clock_monotonic_ms() + (pause > ASSESS_EVERY_MS ? pause : ASSESS_EVERY_MS);
    assess->ended = assess->begun;
    api_plan_ended(agent->api);
    assess_look(agent);
}

static void assess_on_slice(uv_timer_t *timer)
{
    struct assess *assess = timer->data;
    if (!assess_continue(assess->snapshot, assess->agent->core, ASSESS_SLICE)) {
        return;
    }
    uv_timer_stop(timer);
    assess->solving = true;
    assess->work.data = assess;
    uv_queue_work(&assess->agent->loop, &assess->work, assess_work, assess_after);
}

void assess_start(struct agent *agent)
{
    struct assess *assess = memory_new(1, sizeof *assess);
    agent->assess = assess;
    assess->agent = agent;
    uv_timer_init(&agent->loop, &assess->slice);
    assess->slice.data = assess;
}

void assess_look(struct agent *agent)
{
    struct assess *assess = agent->assess;
    const struct world *world = core_world(agent->core);
    bool due = world->sequence != assess->ended_sequence && clock_monotonic_ms() >= assess->next_ms;
    if (assess_is_busy(assess) || assess->closing || !(due || assess->asked)) {
        return;
    }
    assess->asked = false;
    assess->begun++;
    assess->snapshot = assess_begin(agent->core);
    uv_timer_start(&assess->slice, assess_on_slice, 0, 1);
}

uint64_t assess_ask(void *context)
{
    struct agent *agent = context;
    struct assess *assess = agent->assess;
    const struct world *world = core_world(agent->core);
    if (!assess_is_busy(assess) && assess->begun > 0 && world->sequence == assess->ended_sequence) {
        return assess->begun;
    }
    assess->asked = true;
    uint64_t number = assess->begun + 1;
    assess_look(agent);
    return number;
}

uint64_t assess_ended(void *context)
{
    const struct agent *agent = context;
    return agent->assess->ended;
}

static void assess_on_timer_closed(uv_handle_t *handle)
{
    struct assess *assess = handle->data;
    if (!assess->solving) {
        assess->on_closed(assess->agent);
    }
}

void assess_close(struct agent *agent, void (*on_closed)(void *context))
{
    struct assess *assess = agent->assess;
    if (assess == NULL) {
        return;
    }
    agent->closing++;
    assess->closing = true;
    assess->on_closed = on_closed;
    atomic_store(&assess->cancelled, true);
    if (!assess->solving) {
        assess_abandon(assess->snapshot);
        assess->snapshot = NULL;
    }
    uv_close((uv_handle_t *)&assess->slice, assess_on_timer_closed);
}

void assess_free(struct agent *agent)
{
    if (agent->assess != NULL && agent->assess->solving) {
        return; /* the stop gave up waiting: the worker still reads and writes it until the process ends */
    }
    free(agent->assess);
    agent->assess = NULL;
}
