/* Evaluations: made, processed at once, blocked where not all fits, and their JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/engine/world.h"

enum { EVALUATIONS_MAX = 4000, EVALUATIONS_KEPT = 2000 };

static bool evaluation_ended(const struct sim_evaluation *evaluation)
{
    return sim_same(evaluation->status, "complete") || sim_same(evaluation->status, "canceled");
}

/* The oldest that have ended go, as Nomad's garbage collection would have them. */
static void evaluations_collect(struct sim_region *region)
{
    size_t kept = 0, count = region->evaluation_count;

    if (count < EVALUATIONS_MAX)
        return;
    for (size_t i = 0; i < count; i++) {
        if (count - i > EVALUATIONS_KEPT && evaluation_ended(region->evaluations[i]))
            sim_evaluation_free(region->evaluations[i]);
        else
            region->evaluations[kept++] = region->evaluations[i];
    }
    region->evaluation_count = kept;
}

struct sim_evaluation *sim_evaluation_new(struct sim_region *region, struct sim_job *job, const char *trigger,
                                          int64_t now)
{
    struct sim_evaluation *evaluation = memory_new(1, sizeof *evaluation);

    evaluations_collect(region);
    sim_new_id(region, evaluation->id);
    evaluation->job = job;
    evaluation->space = sim_copy(job->space);
    evaluation->job_id = sim_copy(job->id);
    evaluation->type = sim_same(job->spec->type, "system")     ? "system"
                       : sim_same(job->spec->type, "batch")    ? "batch"
                       : sim_same(job->spec->type, "sysbatch") ? "sysbatch"
                                                               : "service";
    evaluation->trigger = trigger;
    evaluation->status = "pending";
    evaluation->priority = job->spec->priority;
    evaluation->create_index = evaluation->modify_index = region->index;
    evaluation->create_ns = evaluation->modify_ns = now * 1000000;
    region->evaluations = memory_grow(region->evaluations, region->evaluation_count, &region->evaluation_capacity,
                                      sizeof *region->evaluations);
    region->evaluations[region->evaluation_count++] = evaluation;
    sim_touch(region, SIM_EVALUATIONS, region->index);
    return evaluation;
}

void sim_evaluation_free(struct sim_evaluation *evaluation)
{
    free(evaluation->space);
    free(evaluation->job_id);
    free(evaluation->failed_text);
    free(evaluation->queued_text);
    free(evaluation->updates_text);
    free(evaluation->classes_text);
    free(evaluation);
}

struct sim_evaluation *sim_evaluation_find(const struct sim_region *region, const char *id)
{
    for (size_t i = region->evaluation_count; i-- > 0;)
        if (sim_same(region->evaluations[i]->id, id))
            return region->evaluations[i];
    return NULL;
}

struct sim_evaluation *sim_evaluation_blocked(const struct sim_region *region, const struct sim_job *job)
{
    for (size_t i = region->evaluation_count; i-- > 0;)
        if (region->evaluations[i]->job == job && sim_same(region->evaluations[i]->status, "blocked"))
            return region->evaluations[i];
    return NULL;
}

static void evaluation_set(struct sim_region *region, struct sim_evaluation *evaluation, const char *status,
                           const char *description, uint64_t index, int64_t now)
{
    evaluation->status = status;
    snprintf(evaluation->description, sizeof evaluation->description, "%s", description);
    evaluation->modify_index = index;
    evaluation->modify_ns = now * 1000000;
    sim_touch(region, SIM_EVALUATIONS, index);
}

static void set_text(char **text, struct buffer *from)
{
    free(*text);
    *text = from->length > 0 ? buffer_take(from) : NULL;
}

static void evaluation_record(struct sim_region *region, struct sim_evaluation *evaluation, const struct sim_plan *plan)
{
    struct buffer text = BUFFER_INIT;

    sim_plan_render_updates(&text, plan);
    set_text(&evaluation->updates_text, &text);
    sim_plan_render_failed(&text, plan);
    set_text(&evaluation->failed_text, &text);
    buffer_append_byte(&text, '{');
    for (size_t i = 0; i < plan->spec->group_count; i++) {
        buffer_append_text(&text, i > 0 ? "," : "");
        sim_put_string(&text, plan->spec->groups[i].name);
        buffer_printf(&text, ":%d", plan->queued[i]);
    }
    buffer_append_byte(&text, '}');
    set_text(&evaluation->queued_text, &text);
    (void)region;
}

/* The blocked evaluation beside a plan that did not fit; an older one of the job gives way. */
static void evaluation_block(struct sim_region *region, struct sim_evaluation *from, const struct sim_plan *plan,
                             int64_t now)
{
    struct sim_evaluation *old = sim_evaluation_blocked(region, plan->job), *blocked;
    struct buffer text = BUFFER_INIT;

    sim_next_index(region);
    blocked = sim_evaluation_new(region, plan->job, "queued-allocs", now);
    evaluation_set(region, blocked, "blocked", "created to place remaining allocations", region->index, now);
    strcpy(blocked->previous_id, from->id);
    blocked->job_modify_index = from->job_modify_index;
    blocked->snapshot_index = from->snapshot_index;
    blocked->failed_text = from->failed_text != NULL ? sim_copy(from->failed_text) : NULL;
    sim_plan_render_classes(&text, region, plan);
    set_text(&blocked->classes_text, &text);
    strcpy(from->blocked_id, blocked->id);
    sim_event_evaluation(region, region->index, "EvaluationUpdated", blocked);
    if (old == NULL)
        return;
    evaluation_set(region, old, "canceled", "existing blocked evaluation exists for job", sim_next_index(region), now);
    sim_event_evaluation(region, region->index, "EvaluationUpdated", old);
}

static void cancel_blocked(struct sim_region *region, struct sim_evaluation *by, int64_t now)
{
    struct sim_evaluation *old = sim_evaluation_blocked(region, by->job);
    char why[160];

    if (old == NULL)
        return;
    snprintf(why, sizeof why, "evaluation \"%s\" successful", by->id);
    evaluation_set(region, old, "canceled", why, sim_next_index(region), now);
    sim_event_evaluation(region, region->index, "EvaluationUpdated", old);
}

/* A failed allocation that may be rescheduled later: an evaluation that waits. */
static void evaluation_follow(struct sim_region *region, struct sim_evaluation *from, const struct sim_plan *plan,
                              int64_t now)
{
    struct sim_evaluation *follow;

    if (plan->later_count == 0)
        return;
    sim_next_index(region);
    follow = sim_evaluation_new(region, plan->job, "alloc-failure", now);
    snprintf(follow->description, sizeof follow->description, "created for delayed rescheduling");
    follow->wait_until_ms = plan->reschedule_at_ms;
    strcpy(follow->previous_id, from->id);
    strcpy(from->next_id, follow->id);
    for (size_t i = 0; i < plan->later_count; i++) {
        strcpy(plan->later[i]->followup_id, follow->id);
        plan->later[i]->modify_index = region->index;
        sim_touch(region, SIM_ALLOCATIONS, region->index);
        sim_event_allocation(region, region->index, "PlanResult", plan->later[i], true);
    }
    sim_event_evaluation(region, region->index, "EvaluationUpdated", follow);
    sim_timer_set(region, plan->reschedule_at_ms, SIM_TIMER_EVALUATION, follow, 0);
}

/* A running deployment of an older version, or of a stopped job, ends with the plan. */
static struct sim_deployment *outdated_deployment(const struct sim_region *region, const struct sim_job *job)
{
    struct sim_deployment *active = sim_deployment_active(region, job);

    if (active == NULL || (active->job_version == job->spec->version && !job->spec->stop))
        return NULL;
    return active;
}

static void plan_commit(struct sim_region *region, struct sim_plan *plan, struct sim_evaluation *evaluation,
                        int64_t now)
{
    struct sim_deployment *outdated = outdated_deployment(region, plan->job);
    struct sim_deployment *active;
    uint64_t index;

    if (plan->action_count == 0 && !plan->wants_deployment && outdated == NULL)
        return;
    index = sim_next_index(region);
    sim_touch(region, SIM_ALLOCATIONS, index);
    sim_touch(region, SIM_DEPLOYMENTS, index);
    sim_event_evaluation(region, index, "PlanResult", evaluation);
    if (outdated != NULL)
        sim_deployment_set(region, outdated, "cancelled",
                           plan->spec->stop ? "Cancelled because job is stopped"
                                            : "Cancelled due to newer version of job",
                           index, now);
    active = sim_deployment_active(region, plan->job);
    if (active == NULL && plan->wants_deployment && plan->spec->groups[0].update.present)
        active = sim_deployment_new(region, plan->job, index, now);
    sim_plan_apply(region, plan, evaluation, index, now);
    if (active != NULL) {
        strcpy(evaluation->deployment_id, active->id);
        active->modify_index = index;
        sim_event_deployment(region, index, "PlanResult", active);
    }
    if (plan->action_count > 0)
        sim_job_refresh_status(region, plan->job, "PlanResult", index);
}

void sim_evaluation_process(struct sim_region *region, struct sim_evaluation *evaluation, int64_t now)
{
    struct sim_job *job = evaluation->job;
    bool was_blocked = sim_same(evaluation->status, "blocked");
    struct sim_plan plan;
    uint64_t index;

    evaluation->snapshot_index = region->index;
    if (job == NULL) {
        evaluation_set(region, evaluation, "complete", "", sim_next_index(region), now);
        return;
    }
    sim_plan_init(&plan, job, job->spec);
    sim_reconcile(region, &plan, now);
    evaluation_record(region, evaluation, &plan);
    if (plan.failed && was_blocked && plan.action_count == 0) {
        sim_plan_release(region, &plan);
        return;
    }
    if (plan.failed && !was_blocked)
        evaluation_block(region, evaluation, &plan, now);
    plan_commit(region, &plan, evaluation, now);
    evaluation_follow(region, evaluation, &plan, now);
    for (size_t i = 0; i < plan.spec->group_count; i++)
        job->queued[i] = plan.queued[i];
    index = sim_next_index(region);
    if (!plan.failed || !was_blocked)
        evaluation_set(region, evaluation, "complete", "", index, now);
    if (plan.failed)
        job->summary_index = index;
    sim_touch(region, SIM_SUMMARIES, job->summary_index);
    sim_event_evaluation(region, index, "EvaluationUpdated", evaluation);
    sim_job_refresh_status(region, job, "EvaluationUpdated", index);
    if (!plan.failed && !was_blocked)
        cancel_blocked(region, evaluation, now);
    sim_plan_release(region, &plan);
}

struct sim_evaluation *sim_evaluate(struct sim_region *region, struct sim_job *job, const char *trigger, int64_t now)
{
    struct sim_evaluation *evaluation;

    sim_next_index(region);
    evaluation = sim_evaluation_new(region, job, trigger, now);
    sim_event_evaluation(region, region->index, "EvaluationUpdated", evaluation);
    sim_evaluation_process(region, evaluation, now);
    return evaluation;
}

void sim_evaluations_unblock(struct sim_region *region, int64_t now)
{
    size_t count = region->evaluation_count;

    for (size_t i = 0; i < count; i++)
        if (sim_same(region->evaluations[i]->status, "blocked"))
            sim_evaluation_process(region, region->evaluations[i], now);
}

/* ---- JSON ---- */

static void put_optional(struct buffer *out, const char *key, const char *value)
{
    if (value[0] == '\0')
        return;
    buffer_append_byte(out, ',');
    sim_put_field(out, key, value);
}

static void put_raw(struct buffer *out, const char *key, const char *text, const char *after)
{
    if (text == NULL)
        return;
    buffer_printf(out, ",\"%s\":", key);
    buffer_append_text(out, text);
    buffer_append_text(out, after);
}

/* Members come in Nomad's order (its encoder sorts them) and are left out when empty. */
void sim_evaluation_render(struct buffer *out, const struct sim_evaluation *evaluation)
{
    buffer_append_text(out, "{\"CreateIndex\":");
    buffer_printf(out, "%" PRIu64 ",\"CreateTime\":%" PRId64, evaluation->create_index, evaluation->create_ns);
    put_optional(out, "BlockedEval", evaluation->blocked_id);
    put_raw(out, "ClassEligibility", evaluation->classes_text, "");
    put_optional(out, "DeploymentID", evaluation->deployment_id);
    put_raw(out, "FailedTGAllocs", evaluation->failed_text, "");
    buffer_append_byte(out, ',');
    sim_put_field(out, "ID", evaluation->id);
    buffer_append_byte(out, ',');
    sim_put_field(out, "JobID", evaluation->job_id);
    if (evaluation->job_modify_index > 0)
        buffer_printf(out, ",\"JobModifyIndex\":%" PRIu64, evaluation->job_modify_index);
    buffer_printf(out, ",\"ModifyIndex\":%" PRIu64 ",\"ModifyTime\":%" PRId64 ",", evaluation->modify_index,
                  evaluation->modify_ns);
    sim_put_field(out, "Namespace", evaluation->space);
    put_optional(out, "NextEval", evaluation->next_id);
    put_optional(out, "NodeID", evaluation->node_id);
    if (evaluation->node_modify_index > 0)
        buffer_printf(out, ",\"NodeModifyIndex\":%" PRIu64, evaluation->node_modify_index);
    if (evaluation->updates_text != NULL && !sim_same(evaluation->status, "blocked")) {
        put_raw(out, "PlanAnnotations", "{\"DesiredTGUpdates\":", "");
        buffer_append_text(out, evaluation->updates_text);
        buffer_append_text(out, ",\"PreemptedAllocs\":null}");
    }
    put_optional(out, "PreviousEval", evaluation->previous_id);
    buffer_printf(out, ",\"Priority\":%d", evaluation->priority);
    if (!sim_same(evaluation->status, "blocked"))
        put_raw(out, "QueuedAllocations", evaluation->queued_text, "");
    if (evaluation->snapshot_index > 0)
        buffer_printf(out, ",\"SnapshotIndex\":%" PRIu64, evaluation->snapshot_index);
    put_optional(out, "Status", evaluation->status);
    put_optional(out, "StatusDescription", evaluation->description);
    put_optional(out, "TriggeredBy", evaluation->trigger);
    put_optional(out, "Type", evaluation->type);
    if (evaluation->wait_until_ms > 0) {
        buffer_append_text(out, ",\"WaitUntil\":");
        sim_put_time(out, evaluation->wait_until_ms * 1000000);
    }
    buffer_append_byte(out, '}');
}
