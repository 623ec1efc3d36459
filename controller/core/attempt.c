/* One submission's way: divide, ask each region's Nomad to plan it, learn from the answers, divide again, commit.
 *
 * Nothing is registered before every region that is to take part has said that its part fits. A region that refuses
 * later (a race, a failed deployment) is a lesson too, and what it did not take is divided again among the others. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/private.h"

static void asked_release(struct asked *asked)
{
    copy_wanted_release(&asked->wanted);
}

void attempt_free(struct attempt *attempt)
{
    if (!attempt)
        return;
    for (size_t i = 0; i < attempt->lesson_count; i++)
        free(attempt->lessons[i].detail);
    for (size_t i = 0; i < attempt->asked_count; i++)
        asked_release(&attempt->asked[i]);
    free(attempt->lessons);
    free(attempt->asked);
    decision_free(attempt->decision);
    job_demand_release(&attempt->demand);
    free(attempt->actor);
    free(attempt->source);
    free(attempt);
}

void attempt_learn(struct attempt *attempt, symbol region, uint32_t group, symbol pool, enum reason reason,
                   const char *detail, int64_t most)
{
    struct lesson *lesson = NULL;
    for (size_t i = 0; i < attempt->lesson_count; i++)
        if (attempt->lessons[i].region == region && attempt->lessons[i].group == group &&
            attempt->lessons[i].pool == pool)
            lesson = &attempt->lessons[i];
    if (!lesson) {
        attempt->lessons = memory_resize(attempt->lessons, attempt->lesson_count + 1, sizeof *attempt->lessons);
        lesson = &attempt->lessons[attempt->lesson_count++];
        *lesson = (struct lesson){.region = region, .group = group, .pool = pool};
    }
    lesson->reason = reason;
    lesson->most = most;
    text_replace(&lesson->detail, detail ? detail : "");
}

struct asked *attempt_asked(struct attempt *attempt, symbol region)
{
    for (size_t i = 0; i < attempt->asked_count; i++)
        if (attempt->asked[i].region == region)
            return &attempt->asked[i];
    return NULL;
}

/* --- whose attempt ------------------------------------------------------------------------------------------------ */

static const struct job_demand *demand_of(const struct attempt *attempt, const struct drover_job *job)
{
    return attempt->dry_run || !job ? &attempt->demand : &job->demand;
}

static void drop_dry_run(struct core *core, const struct attempt *attempt)
{
    for (size_t i = 0; i < core->dry_run_count; i++)
        if (core->dry_runs[i] == attempt) {
            core->dry_runs[i] = core->dry_runs[--core->dry_run_count];
            return;
        }
}

/* --- asking ------------------------------------------------------------------------------------------------------- */

static bool same_wanted(const struct copy_wanted *a, const struct copy_wanted *b)
{
    if (a->group_count != b->group_count || a->shift != b->shift)
        return false;
    for (size_t i = 0; i < a->group_count; i++)
        if (a->groups[i].count != b->groups[i].count || strcmp(a->groups[i].pool, b->groups[i].pool) != 0)
            return false;
    return true;
}

static void send_plan(struct core *core, struct asked *asked)
{
    struct effect *effect = effects_read(core, EFFECT_PLAN, world_text(&core->world, asked->region));
    copy_wanted_copy(&effect->wanted, &asked->wanted);
    asked->effect = effect->id;
    asked->answered = false;
    asked->retry_ms = 0;
}

static struct asked *asked_obtain(struct attempt *attempt, symbol region)
{
    struct asked *asked = attempt_asked(attempt, region);
    if (asked)
        return asked;
    attempt->asked = memory_resize(attempt->asked, attempt->asked_count + 1, sizeof *attempt->asked);
    asked = &attempt->asked[attempt->asked_count++];
    *asked = (struct asked){.region = region, .system_nodes = -1};
    return asked;
}

/* True when the copy in the region is already what the decision wants. */
static bool is_there_already(const struct core *core, const struct drover_job *job, symbol region,
                             const struct copy_wanted *wanted)
{
    const struct job_copy *copy = job ? job_copy_find(job, region) : NULL;
    if (!copy || !copy->registered || copy->stop_wanted)
        return false;
    struct copy_wanted now;
    copy_wanted_of(core, job, copy, &now);
    bool same = now.group_count == wanted->group_count;
    for (size_t i = 0; same && i < now.group_count; i++)
        same = now.groups[i].count == wanted->groups[i].count;
    copy_wanted_release(&now);
    return same;
}

static void ask_region(struct core *core, struct attempt *attempt, const struct drover_job *job, symbol region)
{
    const struct job_demand *demand = demand_of(attempt, job);
    struct copy_wanted wanted;
    if (!decision_wanted(core, attempt->decision, demand, job, region, attempt->revision, &wanted))
        return;
    struct asked *known = attempt_asked(attempt, region);
    bool settled = known && known->answered && same_wanted(&known->wanted, &wanted);
    if (settled || is_there_already(core, job, region, &wanted)) {
        copy_wanted_release(&wanted);
        return;
    }
    struct asked *asked = asked_obtain(attempt, region);
    asked_release(asked);
    asked->wanted = wanted;
    asked->tries = 0;
    send_plan(core, asked);
}

bool attempt_awaits_answers(const struct attempt *attempt)
{
    for (size_t i = 0; i < attempt->asked_count; i++)
        if (attempt->asked[i].effect || attempt->asked[i].retry_ms)
            return true;
    return false;
}

/* --- rounds ------------------------------------------------------------------------------------------------------- */

static void planned(struct core *core, struct attempt *attempt, struct drover_job *job);

static void run_round(struct core *core, struct attempt *attempt, struct drover_job *job)
{
    const struct job_demand *demand = demand_of(attempt, job);
    struct placing placing = {.core = core,
                              .demand = demand,
                              .policy = world_policy_for(&core->world, demand->job_namespace, demand->id),
                              .job = job,
                              .attempt = attempt};
    attempt->rounds++;
    decision_free(attempt->decision);
    attempt->decision = place_job(&placing);
    attempt->decision->revision = attempt->revision;
    attempt->unheard = fleet_awaits_account(core, attempt->decision);
    for (size_t i = 0; i < core->world.region_count; i++)
        ask_region(core, attempt, job, core->world.regions[i].name);
    if (!attempt_awaits_answers(attempt))
        planned(core, attempt, job);
}

static void give_up(struct core *core, struct drover_job *job, const char *why)
{
    text_replace(&job->trouble, why);
    attempt_free(job->attempt);
    job->attempt = NULL;
    job_set_state(core, job, JOB_STATE_PARTIAL);
}

/* True when a copy that runs, but not as wanted, would only lose by the new division. */
static bool would_only_shrink(const struct drover_job *job, const struct decision *decision)
{
    if (decision->placed >= decision->wanted)
        return false;
    for (size_t i = 0; i < job->copy_count; i++)
        if (job->copies[i].state == COPY_FAILED && job->copies[i].registered)
            return true;
    return false;
}

static void planned(struct core *core, struct attempt *attempt, struct drover_job *job)
{
    if (attempt->dry_run) {
        core_reply_to(core, attempt->request_id, attempt->decision);
        drop_dry_run(core, attempt);
        attempt_free(attempt);
        return;
    }
    if (would_only_shrink(job, attempt->decision)) {
        job_tell_what_is_missing(core, job, attempt->decision);
        attempt_free(job->attempt);
        job->attempt = NULL;
        job_set_state(core, job, JOB_STATE_PARTIAL);
        return;
    }
    decision_free(job->decision);
    job->decision = decision_copied(attempt->decision);
    put_decision(core, attempt->decision);
    copies_commit(core, job);
}

static void next_round(struct core *core, struct attempt *attempt, struct drover_job *job)
{
    if (attempt->rounds < ROUNDS_MOST) {
        run_round(core, attempt, job);
        return;
    }
    if (attempt->dry_run)
        planned(core, attempt, job);
    else
        give_up(core, job, "the regions' answers kept changing; gave up after 12 rounds of planning");
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

/* The part of a copy that a task group of the region's plan is; NULL when none is called so. */
static const struct copy_group *part_named(const struct copy_wanted *wanted, const char *task_group)
{
    for (size_t i = 0; i < wanted->group_count; i++) {
        char *name = copy_wanted_name(wanted, i);
        bool same = strcmp(name, task_group) == 0;
        free(name);
        if (same)
            return &wanted->groups[i];
    }
    return NULL;
}

/* What one group's plan teaches; true when it fits as asked. */
static bool learn_from_group(const struct core *core, struct attempt *attempt, const struct job_demand *demand,
                             struct asked *asked, const struct plan_group *group)
{
    char detail[600];
    const struct copy_group *part = part_named(&asked->wanted, group->group);
    int number = part ? job_demand_find_group(demand, part->group) : -1;
    if (number < 0)
        return true;
    if (demand->type == JOB_SYSTEM) {
        asked->system_nodes = (asked->system_nodes < 0 ? 0 : asked->system_nodes) + group->place;
        return true;
    }
    if (asked->wanted.shift && (group->destructive || group->migrate)) {
        int64_t moved = group->destructive + group->migrate;
        snprintf(detail, sizeof detail, "a new count there would restart %lld running allocations", (long long)moved);
        attempt_learn(attempt, asked->region, WORLD_NONE, 0, REASON_NOMAD, detail, 0);
        return false;
    }
    if (group->unplaced <= 0)
        return true;
    int64_t most = group->filtered || group->unplaced > part->count ? 0 : part->count - group->unplaced;
    symbol pool = part->pool[0] ? intern_find(core->world.names, part->pool) : 0;
    attempt_learn(attempt, asked->region, (uint32_t)number, pool, REASON_NOMAD, group->why, most);
    return false;
}

static bool learn_from_plan(const struct core *core, struct attempt *attempt, const struct job_demand *demand,
                            struct asked *asked, const struct drover_job *job, const struct effect_result *result)
{
    const struct job_copy *copy = job ? job_copy_find(job, asked->region) : NULL;
    bool ours = copy && (copy->registered || copy->base_index);
    if (result->base_index && !ours) {
        attempt_learn(attempt, asked->region, WORLD_NONE, 0, REASON_OCCUPIED, "", 0);
        return false;
    }
    bool fits = true;
    asked->base_index = result->base_index;
    asked->system_nodes = -1;
    for (size_t i = 0; i < result->group_count; i++)
        fits = learn_from_group(core, attempt, demand, asked, &result->groups[i]) && fits;
    if (demand->type == JOB_SYSTEM && asked->system_nodes == 0 && !asked->wanted.shift) {
        attempt_learn(attempt, asked->region, WORLD_NONE, 0, REASON_NOMAD, "no node passes the job's constraints", 0);
        fits = false;
    }
    return fits;
}

static void take_answer(struct core *core, struct attempt *attempt, struct drover_job *job, struct asked *asked,
                        const struct effect_result *result)
{
    asked->effect = 0;
    bool no_answer = result->outcome == OUTCOME_NOT_SENT || result->outcome == OUTCOME_UNKNOWN;
    const struct world_region *region = world_region_of(&core->world, asked->region);
    bool lively = region && region->state == REGION_ALIVE;
    if (no_answer && lively && ++asked->tries < PLAN_TRIES_MOST) {
        asked->retry_ms = core->world.now_ms + RETRY_FIRST_MS;
        core->timers_changed = true;
        return;
    }
    if (result->outcome == OUTCOME_DONE)
        asked->answered = learn_from_plan(core, attempt, demand_of(attempt, job), asked, job, result);
    else
        attempt_learn(attempt, asked->region, WORLD_NONE, 0, no_answer ? REASON_NOT_ALIVE : REASON_NOMAD, result->text,
                      0);
    if (attempt_awaits_answers(attempt))
        return;
    bool all_fit = true;
    for (size_t i = 0; i < attempt->asked_count; i++) {
        struct asked *one = &attempt->asked[i];
        struct copy_wanted wanted;
        if (one->answered || !decision_wanted(core, attempt->decision, demand_of(attempt, job), job, one->region,
                                              attempt->revision, &wanted))
            continue;
        copy_wanted_release(&wanted);
        all_fit = false;
    }
    if (all_fit)
        planned(core, attempt, job);
    else
        next_round(core, attempt, job);
}

static struct asked *asked_by_effect(struct attempt *attempt, uint64_t effect)
{
    for (size_t i = 0; attempt && i < attempt->asked_count; i++)
        if (attempt->asked[i].effect == effect)
            return &attempt->asked[i];
    return NULL;
}

bool attempt_plan_result(struct core *core, const struct effect_result *result)
{
    if (!result->effect_id)
        return false;
    for (size_t i = 0; i < core->world.job_count; i++) {
        struct drover_job *job = core->world.jobs[i];
        struct asked *asked = asked_by_effect(job->attempt, result->effect_id);
        if (asked) {
            take_answer(core, job->attempt, job, asked, result);
            return true;
        }
    }
    for (size_t i = 0; i < core->dry_run_count; i++) {
        struct attempt *attempt = core->dry_runs[i];
        struct asked *asked = asked_by_effect(attempt, result->effect_id);
        if (asked) {
            struct drover_job *job = world_job(&core->world, attempt->demand.job_namespace, attempt->demand.id);
            take_answer(core, attempt, job, asked, result);
            return true;
        }
    }
    return false;
}

/* --- beginnings --------------------------------------------------------------------------------------------------- */

void attempt_start(struct core *core, struct drover_job *job, const struct event *event)
{
    attempt_free(job->attempt);
    job->attempt = memory_new(1, sizeof *job->attempt);
    job->attempt->revision = job->revision;
    text_replace(&job->attempt->actor, event->actor ? event->actor : "drover");
    text_replace(&job->attempt->source, event->source);
    run_round(core, job->attempt, job);
}

void attempt_start_dry(struct core *core, const struct event *event)
{
    const struct job_demand *demand = event->submission.demand;
    struct attempt *attempt = memory_new(1, sizeof *attempt);
    attempt->dry_run = true;
    attempt->request_id = event->request_id;
    attempt->revision = core_next_id(core); /* no revision of the store's: the shell holds the body until the answer */
    job_demand_copy(&attempt->demand, demand);
    text_replace(&attempt->actor, event->actor ? event->actor : "drover");
    core->dry_runs = memory_grow(core->dry_runs, core->dry_run_count, &core->dry_run_capacity, sizeof *core->dry_runs);
    core->dry_runs[core->dry_run_count++] = attempt;
    run_round(core, attempt, world_job(&core->world, demand->job_namespace, demand->id));
}

static void forget_answers(struct attempt *attempt)
{
    for (size_t i = 0; i < attempt->lesson_count; i++)
        free(attempt->lessons[i].detail);
    for (size_t i = 0; i < attempt->asked_count; i++)
        asked_release(&attempt->asked[i]);
    attempt->lesson_count = attempt->asked_count = 0;
    attempt->rounds = 0;
}

/* Pools have been grown for the job, or could not be: it is divided anew, with nothing known of the room before. */
void attempt_grown(struct core *core, struct drover_job *job)
{
    if (!job->attempt) {
        job->attempt = memory_new(1, sizeof *job->attempt);
        job->attempt->revision = job->revision;
        text_replace(&job->attempt->actor, job->submitter);
        job_set_state(core, job, JOB_STATE_UPDATING);
    }
    job->attempt->waiting_for_growth = false;
    job->attempt->growths++;
    text_replace(&job->trouble, NULL);
    forget_answers(job->attempt);
    run_round(core, job->attempt, job);
}

/* After a start: a run that had not ended goes on once the regions have spoken. */
void attempt_resume(struct core *core, struct drover_job *job)
{
    if (job->attempt || job->stop_wanted)
        return;
    job->attempt = memory_new(1, sizeof *job->attempt);
    job->attempt->revision = job->revision;
    job->attempt->waiting_for_regions = true;
    text_replace(&job->attempt->actor, job->submitter);
    core->timers_changed = true;
}

bool every_region_has_spoken(const struct core *core)
{
    for (size_t i = 0; i < core->world.region_count; i++) {
        const struct world_region *region = &core->world.regions[i];
        bool lost = region->state == REGION_DARK || region->state == REGION_DENIED;
        if (!region->complete && !lost)
            return false;
    }
    return true;
}

void attempt_replan(struct core *core, struct drover_job *job)
{
    next_round(core, job->attempt, job);
}

/* --- time --------------------------------------------------------------------------------------------------------- */

static void tick_plans(struct core *core, struct attempt *attempt)
{
    for (size_t i = 0; attempt && i < attempt->asked_count; i++) {
        struct asked *asked = &attempt->asked[i];
        if (!asked->retry_ms)
            continue;
        if (core->world.now_ms >= asked->retry_ms)
            send_plan(core, asked);
        else
            core_deadline(core, asked->retry_ms);
    }
}

static void tick_job(struct core *core, struct drover_job *job)
{
    struct attempt *attempt = job->attempt;
    if (attempt && attempt->waiting_for_regions) {
        if (!every_region_has_spoken(core)) {
            core_deadline(core, core->world.now_ms + 1000);
            return;
        }
        attempt->waiting_for_regions = false;
        core_touch_job(core, job->job_namespace, job->id);
        bool begun = false;
        for (size_t i = 0; i < job->copy_count; i++)
            begun = begun || job->copies[i].registered || copy_in_flight(&job->copies[i]);
        if (!begun) {
            run_round(core, attempt, job);
            return;
        }
    }
    tick_plans(core, attempt);
    bool waits = false;
    for (size_t i = 0; i < job->copy_count; i++)
        waits = waits || job->copies[i].state == COPY_FOLLOWING || job->copies[i].stop_wanted;
    if (waits) {
        core_touch_job(core, job->job_namespace, job->id);
        core_deadline(core, core->world.now_ms + 1000);
    }
}

void attempts_tick(struct core *core)
{
    for (size_t i = 0; i < core->world.job_count; i++)
        tick_job(core, core->world.jobs[i]);
    for (size_t i = 0; i < core->dry_run_count; i++)
        tick_plans(core, core->dry_runs[i]);
}
