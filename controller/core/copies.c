/* A region's copy of a job: registered through the outbox, then followed until every allocation of it is proven.
 *
 * proven: wanted by Nomad, running, at the job version that was registered, and judged healthy; where there is no
 * deployment, running for min_healthy_time with no failing check. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/private.h"

bool copy_in_flight(const struct job_copy *copy)
{
    return copy->effect != 0 || copy->state == COPY_WAITING || copy->state == COPY_REGISTERING;
}

void copy_wanted_of(const struct core *core, const struct drover_job *job, const struct job_copy *copy,
                    struct copy_wanted *ret_wanted)
{
    const struct world *world = &core->world;
    const struct world_region *region = world_find_region(world, world_text(world, copy->region));
    struct copy_wanted wanted = {.revision = job->revision,
                                 .groups = memory_new(copy->group_count, sizeof *wanted.groups),
                                 .group_count = copy->group_count,
                                 .shift = copy->registered && copy->state != COPY_STOPPED};
    text_replace(&wanted.job_namespace, world_text(world, job->job_namespace));
    text_replace(&wanted.id, world_text(world, job->id));
    for (size_t i = 0; i < copy->group_count; i++) {
        const struct job_copy_group *from = &copy->groups[i];
        struct copy_group *group = &wanted.groups[i];
        text_replace(&group->group, job->demand.groups[from->group].name);
        text_replace(&group->pool, world_text(world, from->pool));
        group->count = job->demand.type == JOB_SYSTEM ? job->demand.groups[from->group].count : from->count;
        if (from->pool && region)
            pin_group(region, group->pool, group);
    }
    *ret_wanted = wanted;
}

/* --- committing a division ---------------------------------------------------------------------------------------- */

static int64_t system_count(const struct drover_job *job, symbol region, const char *region_name, const char *group)
{
    const struct asked *asked = attempt_asked(job->attempt, region);
    if (asked && asked->system_nodes >= 0 && job->demand.group_count == 1)
        return asked->system_nodes;
    int64_t count = 0;
    const struct decision *decision = job->attempt->decision;
    for (size_t i = 0; i < decision->line_count; i++)
        if (strcmp(decision->lines[i].region, region_name) == 0 && strcmp(decision->lines[i].group, group) == 0)
            count += decision->lines[i].count;
    return count;
}

/* What the copy holds of a part so far; NULL when it is new. */
static const struct job_copy_group *known_part(const struct job_copy *copy, uint32_t group, symbol pool)
{
    for (size_t i = 0; copy->registered && i < copy->group_count; i++)
        if (copy->groups[i].group == group && copy->groups[i].pool == pool)
            return &copy->groups[i];
    return NULL;
}

/* Sets what the copy is to hold; true when anything about it is new. */
static bool set_groups(struct core *core, struct drover_job *job, struct job_copy *copy,
                       const struct copy_wanted *wanted)
{
    bool changed = !copy->registered || copy->group_count != wanted->group_count;
    struct job_copy_group *parts = memory_new(wanted->group_count, sizeof *parts);
    for (size_t i = 0; i < wanted->group_count; i++) {
        const struct copy_group *from = &wanted->groups[i];
        uint32_t group = (uint32_t)job_demand_find_group(&job->demand, from->group);
        symbol pool = intern_put(core->world.names, from->pool);
        const struct job_copy_group *known = known_part(copy, group, pool);
        parts[i] = known ? *known : (struct job_copy_group){.group = group, .pool = pool};
        parts[i].count_before = known ? known->count : 0;
        parts[i].count = job->demand.type == JOB_SYSTEM
                             ? system_count(job, copy->region, world_text(&core->world, copy->region), from->group)
                             : from->count;
        changed = changed || parts[i].count != parts[i].count_before || !known;
    }
    free(copy->groups);
    copy->groups = parts;
    copy->group_count = wanted->group_count;
    return changed;
}

static void commit_region(struct core *core, struct drover_job *job, struct world_region *region)
{
    struct copy_wanted wanted;
    const struct asked *asked = attempt_asked(job->attempt, region->name);
    if (!decision_wanted(core, job->attempt->decision, &job->demand, job, region->name, job->revision, &wanted)) {
        struct job_copy *copy = job_copy_find(job, region->name);
        if (copy && copy->registered && !copy->stop_wanted)
            copy->stop_wanted = true;
        return;
    }
    struct job_copy *copy = job_copy_obtain(&core->world, job, region->name);
    if (!wanted.shift && asked)
        copy->base_index = asked->base_index;
    if (set_groups(core, job, copy, &wanted)) {
        copy->revision = job->revision;
        copy->stop_wanted = copy->purge_wanted = false;
        copy->state = COPY_WAITING;
        text_replace(&copy->trouble, NULL);
        put_copy(core, job, copy);
    }
    copy_wanted_release(&wanted);
}

void copies_commit(struct core *core, struct drover_job *job)
{
    for (size_t i = 0; i < core->world.region_count; i++)
        commit_region(core, job, &core->world.regions[i]);
    put_job(core, job);
    for (size_t i = 0; i < job->copy_count; i++)
        if (job->copies[i].state == COPY_WAITING)
            copy_advance(core, job, &job->copies[i]);
    core_touch_job(core, job->job_namespace, job->id);
}

/* --- registering -------------------------------------------------------------------------------------------------- */

static void describe(const struct core *core, const struct drover_job *job, const struct job_copy *copy, bool before,
                     char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < copy->group_count && used + 1 < size; i++) {
        const struct job_copy_group *group = &copy->groups[i];
        const char *pool = world_text(&core->world, group->pool);
        int length =
            snprintf(text + used, size - used, "%s%s: %lld%s%s", i ? ", " : "", job->demand.groups[group->group].name,
                     (long long)(before ? group->count_before : group->count), pool[0] ? " in " : "", pool);
        used += length > 0 ? (size_t)length : 0;
    }
}

static void restore_counts(struct job_copy *copy)
{
    for (size_t i = 0; i < copy->group_count; i++)
        copy->groups[i].count = copy->groups[i].count_before;
}

static void fail_copy(struct core *core, struct drover_job *job, struct job_copy *copy, const char *why)
{
    copy->state = COPY_FAILED;
    copy->failure_learned = false;
    text_replace(&copy->trouble, why);
    restore_counts(copy);
    if (job->attempt)
        attempt_learn(job->attempt, copy->region, WORLD_NONE, 0, REASON_FAILED, why, 0);
    put_copy(core, job, copy);
    core_touch_job(core, job->job_namespace, job->id);
    core_changed(core);
}

/* --- make before break -------------------------------------------------------------------------------------------- */

static int64_t growth_of(const struct job_copy *copy)
{
    int64_t growth = 0;
    for (size_t i = 0; i < copy->group_count; i++)
        growth += copy->groups[i].count - copy->groups[i].count_before;
    return growth;
}

/* A copy that shrinks waits for those that grow in its place: Nomad takes the highest index away first, which may be
 * the very allocation that serves. */
static bool waits_for_others(const struct drover_job *job, const struct job_copy *copy)
{
    if (growth_of(copy) >= 0)
        return false;
    for (size_t i = 0; i < job->copy_count; i++) {
        const struct job_copy *other = &job->copies[i];
        bool growing =
            other->state == COPY_WAITING || other->state == COPY_REGISTERING || other->state == COPY_FOLLOWING;
        if (other != copy && !other->stop_wanted && growing && growth_of(other) > 0)
            return true;
    }
    return false;
}

static bool others_failed(const struct drover_job *job)
{
    for (size_t i = 0; i < job->copy_count; i++)
        if (job->copies[i].state == COPY_FAILED && !job->copies[i].failure_learned)
            return true;
    return false;
}

/* What was to be made instead has failed: the copy stays as it is, and the division begins anew. */
static void stay(struct core *core, struct drover_job *job, struct job_copy *copy)
{
    restore_counts(copy);
    copy->state = COPY_FAILED;
    copy->failure_learned = true;
    put_copy(core, job, copy);
}

void copies_advance(struct core *core, struct drover_job *job)
{
    for (size_t i = 0; i < job->copy_count; i++) {
        struct job_copy *copy = &job->copies[i];
        if (copy->state != COPY_WAITING || copy->stop_wanted || copy->effect)
            continue;
        if (copy->registered && growth_of(copy) < 0 && others_failed(job))
            stay(core, job, copy);
        else
            copy_advance(core, job, copy);
    }
}

void copy_advance(struct core *core, struct drover_job *job, struct job_copy *copy)
{
    struct world_region *region = world_region_of(&core->world, copy->region);
    if (!region || copy->state != COPY_WAITING || copy->effect || waits_for_others(job, copy))
        return;
    if (region->owner == OWNER_FOREIGN) {
        fail_copy(core, job, copy, "another Drover owns the region");
        return;
    }
    if (region->owner != OWNER_OURS) {
        region_claim(core, region);
        return;
    }
    char before[512];
    char after[512];
    struct effect effect = {.type = EFFECT_REGISTER, .base_index = copy->base_index};
    text_replace(&effect.region, region->config.name);
    text_replace(&effect.actor, job->attempt ? job->attempt->actor : job->submitter);
    copy_wanted_of(core, job, copy, &effect.wanted);
    describe(core, job, copy, true, before, sizeof before);
    describe(core, job, copy, false, after, sizeof after);
    copy->effect = effects_write(core, &effect, job->attempt ? job->attempt->source : NULL, before, after);
    copy->state = COPY_REGISTERING;
    put_copy(core, job, copy);
}

void copies_owner_changed(struct core *core, struct world_region *region, const char *text)
{
    for (size_t i = 0; i < core->world.job_count; i++) {
        struct drover_job *job = core->world.jobs[i];
        struct job_copy *copy = job_copy_find(job, region->name);
        if (!copy)
            continue;
        if (copy->stop_wanted)
            core_touch_job(core, job->job_namespace, job->id);
        else if (copy->state == COPY_WAITING && region->owner == OWNER_NOT_ASKED)
            fail_copy(core, job, copy, text && text[0] ? text : "the region's owner variable could not be written");
        else
            copy_advance(core, job, copy);
    }
}

static void registered(struct core *core, struct drover_job *job, struct job_copy *copy,
                       const struct effect_result *result)
{
    copy->registered = true;
    copy->base_index = result->job_modify_index;
    copy->job_version = result->job_version;
    copy->state = COPY_FOLLOWING;
    copy->followed_since_ms = core->world.now_ms;
    core->timers_changed = true;
    text_replace(&copy->trouble, NULL);
    put_copy(core, job, copy);
    core_touch_job(core, job->job_namespace, job->id);
}

static void refused(struct core *core, struct drover_job *job, struct job_copy *copy,
                    const struct effect_result *result)
{
    char why[ERROR_TEXT_MAX];
    snprintf(why, sizeof why, "register refused (%s): %.900s", refusal_word(result->refusal),
             result->text ? result->text : "");
    if (result->refusal == REFUSAL_FOREIGN) {
        struct world_region *region = world_region_of(&core->world, copy->region);
        if (region)
            region->owner = OWNER_FOREIGN;
    }
    fail_copy(core, job, copy, why);
}

void copy_register_ended(struct core *core, const struct pending *pending, const struct effect_result *result)
{
    const struct copy_wanted *wanted = &pending->effect.wanted;
    struct drover_job *job = world_job(&core->world, wanted->job_namespace, wanted->id);
    struct job_copy *copy = job ? job_copy_find(job, intern_put(core->world.names, pending->effect.region)) : NULL;
    if (!copy || copy->effect != pending->effect.id)
        return;
    copy->effect = 0;
    if (result->outcome == OUTCOME_DONE)
        registered(core, job, copy, result);
    else
        refused(core, job, copy, result);
}

/* --- following ---------------------------------------------------------------------------------------------------- */

static bool is_proven(const struct core *core, const struct group_demand *group, const struct job_copy *copy,
                      const struct world_allocation *allocation)
{
    if (allocation->job_version < copy->job_version)
        return false;
    if (group->has_deployment)
        return allocation->health == HEALTH_GOOD;
    int64_t running_ms = core->world.now_ms - (int64_t)allocation->running_since_s * 1000;
    return allocation->running_since_s && running_ms >= group->min_healthy_ms && allocation->service != SERVICE_FAILING;
}

static void count_allocation(const struct core *core, const struct group_demand *demand, const struct job_copy *copy,
                             const struct world_allocation *allocation, struct job_copy_group *group)
{
    bool serves = allocation->client_status == CLIENT_RUNNING && allocation->health != HEALTH_BAD &&
                  allocation->service != SERVICE_FAILING;
    group->placed++;
    group->serving += serves;
    group->proven += serves && is_proven(core, demand, copy, allocation);
}

static void count_allocations(struct core *core, const struct drover_job *job, struct job_copy *copy,
                              const struct world_region *region, uint32_t at)
{
    symbol *names = memory_new(copy->group_count, sizeof *names);
    for (size_t g = 0; g < copy->group_count; g++) {
        copy->groups[g].placed = copy->groups[g].serving = copy->groups[g].proven = 0;
        names[g] = job_copy_part_name(&core->world, job, copy, g);
    }
    for (uint32_t i = at == WORLD_NONE ? WORLD_NONE : region->jobs[at].first_allocation; i != WORLD_NONE;
         i = region->allocations[i].next) {
        const struct world_allocation *allocation = &region->allocations[i];
        if (allocation->desired_status != DESIRED_RUN || !allocation_is_live(allocation))
            continue;
        for (size_t g = 0; g < copy->group_count; g++)
            if (names[g] == allocation->group)
                count_allocation(core, &job->demand.groups[copy->groups[g].group], copy, allocation, &copy->groups[g]);
    }
    free(names);
}

static bool all_proven(const struct job_copy *copy)
{
    for (size_t g = 0; g < copy->group_count; g++)
        if (copy->groups[g].proven < copy->groups[g].count)
            return false;
    return true;
}

/* Why the copy will not become proven, or false while it still may. */
static bool has_failed(const struct core *core, const struct drover_job *job, const struct job_copy *copy,
                       const struct world_region_job *seen, char *why, size_t size)
{
    if (seen && seen->deployment_known && seen->deployment_version == copy->job_version &&
        seen->deployment_status == DEPLOYMENT_FAILED) {
        snprintf(why, size, "deployment failed: %.300s", world_text(&core->world, seen->deployment_description));
        return true;
    }
    int64_t patience = 0;
    for (size_t g = 0; g < job->demand.group_count; g++)
        if (job->demand.groups[g].progress_ms > patience)
            patience = job->demand.groups[g].progress_ms;
    patience += FOLLOW_GRACE_MS;
    if (core->world.now_ms - copy->followed_since_ms < patience)
        return false;
    snprintf(why, size, "not all allocations were healthy after %lld s", (long long)(patience / 1000));
    return true;
}

static void gone_wrong(struct core *core, struct drover_job *job, struct job_copy *copy, const char *why)
{
    copy->state = COPY_FAILED;
    copy->failure_learned = false;
    text_replace(&copy->trouble, why);
    for (size_t g = 0; job->attempt && g < copy->group_count; g++)
        if (copy->groups[g].proven < copy->groups[g].count)
            attempt_learn(job->attempt, copy->region, copy->groups[g].group, copy->groups[g].pool, REASON_FAILED, why,
                          copy->groups[g].proven);
    put_copy(core, job, copy);
    core_changed(core);
}

/* What people should know of a copy that was proven: gone, stopped or changed outside, or not serving as it did. */
static bool has_trouble(const struct job_copy *copy, const struct world_region_job *seen, char *text, size_t size)
{
    int64_t serving = 0;
    int64_t wanted = 0;
    for (size_t g = 0; g < copy->group_count; g++) {
        serving += copy->groups[g].serving < copy->groups[g].count ? copy->groups[g].serving : copy->groups[g].count;
        wanted += copy->groups[g].count;
    }
    if (!seen || !seen->listed)
        snprintf(text, size, "the job is not there any more; it was removed outside Drover");
    else if (seen->stopped)
        snprintf(text, size, "the job was stopped outside Drover");
    else if (seen->job_modify_index > copy->base_index)
        snprintf(text, size, "the job was changed outside Drover (JobModifyIndex %llu, Drover's %llu)",
                 (unsigned long long)seen->job_modify_index, (unsigned long long)copy->base_index);
    else if (serving < wanted)
        snprintf(text, size, "%lld of %lld allocations serve", (long long)serving, (long long)wanted);
    else
        return false;
    return true;
}

static void tell_trouble(struct core *core, struct job_copy *copy, const struct world_region_job *seen)
{
    char text[200];
    bool troubled = has_trouble(copy, seen, text, sizeof text);
    bool same = troubled ? copy->trouble && strcmp(copy->trouble, text) == 0 : !copy->trouble;
    if (same)
        return;
    text_replace(&copy->trouble, troubled ? text : NULL);
    core_changed(core);
}

void copy_look(struct core *core, struct drover_job *job, struct job_copy *copy)
{
    struct world_region *region = world_region_of(&core->world, copy->region);
    bool looks = copy->state == COPY_FOLLOWING || copy->state == COPY_PROVEN || copy->state == COPY_FAILED;
    if (!region || !looks || !copy->registered || copy->effect || !world_region_usable(region))
        return;
    uint32_t at = region_job_find(region, job->job_namespace, job->id);
    const struct world_region_job *seen = at == WORLD_NONE ? NULL : &region->jobs[at];
    char why[400];
    count_allocations(core, job, copy, region, at);
    core_changed(core);
    if (all_proven(copy)) {
        if (copy->state == COPY_PROVEN) {
            tell_trouble(core, copy, seen);
            return;
        }
        copy->state = COPY_PROVEN;
        text_replace(&copy->trouble, NULL);
        put_copy(core, job, copy);
    } else if (copy->state == COPY_FOLLOWING && has_failed(core, job, copy, seen, why, sizeof why)) {
        gone_wrong(core, job, copy, why);
    } else if (copy->state == COPY_PROVEN) {
        tell_trouble(core, copy, seen);
    }
}
