/* One event, one step: the only way into the core. */
#include <stdlib.h>
#include <string.h>

#include "controller/agent/private.h"
#include "net/clock.h"

static void shell_set_deadline(struct agent *agent, int64_t deadline_ms)
{
    if (deadline_ms == 0 || agent->stopping) {
        uv_timer_stop(&agent->deadline_timer);
        return;
    }
    int64_t wait = deadline_ms - agent->clock.now_ms;
    uv_timer_start(&agent->deadline_timer, shell_on_deadline, wait > 0 ? (uint64_t)wait : 0, 0);
}

/* Freeze and mode answer at once: they are in force from this step on, however long the disk takes. */
static bool shell_answers_at_once(enum event_type type)
{
    return type == EVENT_FREEZE || type == EVENT_UNFREEZE || type == EVENT_MODE_SET;
}

static void shell_prepare_replies(struct agent *agent, const struct event *event, const struct step *step)
{
    for (size_t i = 0; i < step->reply_count && agent->api != NULL; i++) {
        api_reply_prepare(agent->api, &step->replies[i]);
        if (shell_answers_at_once(event->type)) {
            api_reply_release(agent->api, step->replies[i].request_id);
        }
    }
}

static void shell_step(struct agent *agent, const struct event *event, int64_t now_ms, struct flight *send)
{
    int64_t begun = clock_monotonic_us();
    core_step(agent->core, event, now_ms, &agent->step);
    uint64_t took = (uint64_t)(clock_monotonic_us() - begun);
    if (took > agent->longest_callback_us) {
        agent->longest_callback_us = took;
    }
    report_event(agent, event);
    changes_look(agent);
    freeze_follow(agent, event->type, event->text);
    if (event->type == EVENT_SYNC_END) {
        inventory_keep(agent, event->region);
    }
    shell_prepare_replies(agent, event, &agent->step);
    executor_keep_specification(agent, event, &agent->step);
    shell_set_deadline(agent, agent->step.deadline_ms);
    commit_add(agent, &agent->step, send);
}

static void shell_feed_with(struct agent *agent, const struct event *event, struct flight *send)
{
    int64_t jump_ms;
    int64_t now_ms = agent_clock_advance(&agent->clock, clock_wall_ms(), clock_monotonic_ms(), &jump_ms);
    if (jump_ms != 0) {
        report_warn(agent, NULL, "the wall clock jumped by %lld ms; waiting times that gate moves begin anew",
                    (long long)jump_ms);
        struct event jumped = {.type = EVENT_CLOCK_JUMPED, .jump_ms = jump_ms};
        shell_step(agent, &jumped, now_ms, NULL);
    }
    shell_step(agent, event, now_ms, send);
    if (agent->api != NULL) {
        api_world_changed(agent->api);
    }
}

void shell_feed(struct agent *agent, const struct event *event)
{
    shell_feed_with(agent, event, NULL);
}

void shell_feed_sent(struct agent *agent, const struct event *event, struct flight *flight)
{
    shell_feed_with(agent, event, flight);
}

void shell_on_deadline(uv_timer_t *timer)
{
    struct agent *agent = timer->data;
    struct event event = {.type = EVENT_TIMER};
    shell_feed(agent, &event);
}
