/* How a run ends: all proven, some failed and to be divided again, or nothing more to be had. */
#include <stdlib.h>

#include "controller/core/private.h"

/* Says in one text what was not placed and why, region by region. */
void job_tell_what_is_missing(struct core *core, struct drover_job *job, const struct decision *decision)
{
    struct buffer text = BUFFER_INIT;
    buffer_printf(&text, "%lld of %lld allocations have no place", (long long)(decision->wanted - decision->placed),
                  (long long)decision->wanted);
    for (size_t i = 0, told = 0; i < decision->line_count && told < 8; i++) {
        const struct decision_line *line = &decision->lines[i];
        bool filled = line->count > 0 && line->fits >= 0 && line->count >= line->fits;
        if ((line->count > 0 && !filled) || line->reason == REASON_DEARER)
            continue;
        buffer_printf(&text, "; %s%s%s: ", line->region, line->pool[0] ? "/" : "", line->pool);
        if (filled)
            buffer_printf(&text, "no room beyond %lld", (long long)line->count);
        else
            buffer_printf(&text, "%s%s%s", reason_text(line->reason), line->detail[0] ? ": " : "", line->detail);
        told++;
    }
    fleet_tell_obstacles(core, decision, &text);
    text_replace(&job->trouble, text.data);
    buffer_release(&text);
    core_changed(core);
}

static int64_t placed_in_copies(const struct drover_job *job)
{
    int64_t placed = 0;
    for (size_t i = 0; i < job->copy_count; i++)
        for (size_t g = 0; g < job->copies[i].group_count; g++)
            if (job->copies[i].registered && !job->copies[i].stop_wanted)
                placed += job->copies[i].groups[g].count;
    return placed;
}

/* How a job's copies stand, those that are being stopped left out. */
struct standing {
    bool in_flight, following, fresh_failure;
    bool all_proven; /* every registered copy is */
    size_t proven;
};

static struct standing standing_of(const struct drover_job *job)
{
    struct standing standing = {.all_proven = true};
    for (size_t i = 0; i < job->copy_count; i++) {
        const struct job_copy *copy = &job->copies[i];
        if (copy->stop_wanted)
            continue;
        standing.in_flight = standing.in_flight || copy_in_flight(copy);
        standing.following = standing.following || copy->state == COPY_FOLLOWING;
        standing.fresh_failure = standing.fresh_failure || (copy->state == COPY_FAILED && !copy->failure_learned);
        standing.all_proven = standing.all_proven && (!copy->registered || copy->state == COPY_PROVEN);
        standing.proven += copy->state == COPY_PROVEN;
    }
    return standing;
}

/* Regions that refused and hold nothing need no record once the job runs without them. */
static void drop_refused_copies(struct core *core, struct drover_job *job)
{
    for (size_t i = job->copy_count; i-- > 0;) {
        const struct job_copy *copy = &job->copies[i];
        if (copy->state != COPY_FAILED || copy->registered || copy->base_index || copy->effect)
            continue;
        drop_copy(core, job, copy);
        job_copy_drop(job, copy);
    }
}

static void end_run(struct core *core, struct drover_job *job, bool whole)
{
    if (whole) {
        text_replace(&job->trouble, NULL);
        drop_refused_copies(core, job);
    } else if (job->attempt && job->decision) {
        job_tell_what_is_missing(core, job, job->decision);
        if (fleet_grow_for(core, job))
            return;
    }
    attempt_free(job->attempt);
    job->attempt = NULL;
    enum job_state state = whole ? JOB_STATE_RUNNING : JOB_STATE_PARTIAL;
    if (job->state != state)
        job_set_state(core, job, state);
}

/* Looks whether the run has come to its end: all proven, some failed and to be divided again, or still under way. */
void attempt_settle(struct core *core, struct drover_job *job)
{
    struct attempt *attempt = job->attempt;
    struct standing standing = standing_of(job);
    if (job->stop_wanted || standing.in_flight || (attempt && attempt->waiting_for_growth))
        return;
    if (attempt && (attempt->waiting_for_regions || attempt_awaits_answers(attempt)))
        return;
    if (attempt && standing.fresh_failure) {
        for (size_t i = 0; i < job->copy_count; i++)
            job->copies[i].failure_learned = job->copies[i].state == COPY_FAILED;
        attempt_replan(core, job);
        return;
    }
    bool may_end = attempt || (job->state == JOB_STATE_PARTIAL && standing.proven > 0);
    if (standing.following || !may_end)
        return;
    end_run(core, job, standing.all_proven && job->decision && placed_in_copies(job) >= job->decision->wanted);
}
