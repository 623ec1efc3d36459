/* Intent as records: what is written for each kind. Reading them back is in restore.c; keep the two side by side. */
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/memory.h"
#include "controller/core/private.h"

struct record_change *core_put(struct core *core, enum record_kind kind)
{
    struct step *out = core->out;
    out->records = memory_grow(out->records, out->record_count, &out->record_capacity, sizeof *out->records);
    struct record_change *change = &out->records[out->record_count++];
    *change = (struct record_change){.kind = kind};
    buffer_init(&change->key);
    buffer_init(&change->value);
    return change;
}

static void key_of_job(const struct core *core, const struct drover_job *job, struct buffer *key)
{
    record_key_text(key, world_text(&core->world, job->job_namespace));
    record_key_text(key, world_text(&core->world, job->id));
}

/* --- jobs and copies ---------------------------------------------------------------------------------------------- */

void put_job(struct core *core, const struct drover_job *job)
{
    struct record_change *change = core_put(core, RECORD_JOB);
    struct buffer *value = &change->value;
    key_of_job(core, job, &change->key);
    codec_put_u8(value, (uint8_t)job->state);
    codec_put_i64(value, job->state_since_ms);
    codec_put_i64(value, job->submitted_at_ms);
    codec_put_u64(value, job->revision);
    codec_put_text(value, job->submitter);
    codec_put_flag(value, job->stop_wanted);
    codec_put_flag(value, job->purge_wanted);
    codec_put_text(value, job->trouble ? job->trouble : "");
    job_demand_encode(&job->demand, value);
}

void drop_job(struct core *core, const struct drover_job *job)
{
    struct record_change *change = core_put(core, RECORD_JOB);
    key_of_job(core, job, &change->key);
    change->remove = true;
    change = core_put(core, RECORD_EXPLANATION);
    key_of_job(core, job, &change->key);
    change->remove = true;
}

static void key_of_copy(const struct core *core, const struct drover_job *job, const struct job_copy *copy,
                        struct buffer *key)
{
    key_of_job(core, job, key);
    record_key_text(key, world_text(&core->world, copy->region));
}

void put_copy(struct core *core, const struct drover_job *job, const struct job_copy *copy)
{
    struct record_change *change = core_put(core, RECORD_REGION_COPY);
    struct buffer *value = &change->value;
    key_of_copy(core, job, copy, &change->key);
    codec_put_u8(value, (uint8_t)copy->state);
    codec_put_u64(value, copy->revision);
    codec_put_u64(value, copy->base_index);
    codec_put_u64(value, copy->job_version);
    codec_put_flag(value, copy->registered);
    codec_put_u64(value, copy->effect);
    codec_put_flag(value, copy->stop_wanted);
    codec_put_flag(value, copy->purge_wanted);
    codec_put_i64(value, copy->followed_since_ms);
    codec_put_text(value, copy->trouble ? copy->trouble : "");
    codec_put_u32(value, (uint32_t)copy->group_count);
    for (size_t i = 0; i < copy->group_count; i++) {
        codec_put_u32(value, copy->groups[i].group);
        codec_put_text(value, world_text(&core->world, copy->groups[i].pool));
        codec_put_i64(value, copy->groups[i].count);
    }
}

void drop_copy(struct core *core, const struct drover_job *job, const struct job_copy *copy)
{
    struct record_change *change = core_put(core, RECORD_REGION_COPY);
    key_of_copy(core, job, copy, &change->key);
    change->remove = true;
}

void put_tombstone(struct core *core, const struct drover_job *job, const struct job_copy *copy, bool remove)
{
    struct record_change *change = core_put(core, RECORD_TOMBSTONE);
    key_of_copy(core, job, copy, &change->key);
    change->remove = remove;
    codec_put_i64(&change->value, core->world.now_ms);
    codec_put_flag(&change->value, copy->purge_wanted);
}

/* --- effects, audit, explanations --------------------------------------------------------------------------------- */

void put_pending(struct core *core, const struct pending *pending)
{
    struct record_change *change = core_put(core, RECORD_OUTBOX);
    struct buffer part = BUFFER_INIT;
    record_key_number(&change->key, pending->effect.id);
    audit_row_encode(&pending->audit, &part);
    codec_put_u32(&change->value, (uint32_t)part.length);
    buffer_append(&change->value, part.data, part.length);
    effect_encode(&pending->effect, &change->value);
    buffer_release(&part);
}

void drop_pending(struct core *core, const struct pending *pending)
{
    struct record_change *change = core_put(core, RECORD_OUTBOX);
    record_key_number(&change->key, pending->effect.id);
    change->remove = true;
}

void put_audit(struct core *core, const struct audit_row *row)
{
    struct record_change *change = core_put(core, RECORD_AUDIT);
    record_key_number(&change->key, (uint64_t)row->at_ms);
    record_key_number(&change->key, row->effect_id ? row->effect_id : core_next_id(core));
    audit_row_encode(row, &change->value);
}

void put_decision(struct core *core, const struct decision *decision)
{
    struct record_change *change = core_put(core, RECORD_EXPLANATION);
    record_key_text(&change->key, decision->job_namespace);
    record_key_text(&change->key, decision->id);
    decision_encode(decision, &change->value);
}

void put_journal(struct core *core, const char *what, const char *about)
{
    struct record_change *change = core_put(core, RECORD_JOURNAL);
    record_key_number(&change->key, core_next_id(core));
    codec_put_i64(&change->value, core->world.now_ms);
    codec_put_u64(&change->value, core->world.sequence);
    codec_put_text(&change->value, what);
    codec_put_text(&change->value, about);
    codec_put_text(&change->value, core->event && core->event->actor ? core->event->actor : "drover");
}

/* --- policies and holds ------------------------------------------------------------------------------------------- */

static void put_patterns(const struct patterns *patterns, struct buffer *out)
{
    codec_put_u32(out, (uint32_t)patterns->count);
    for (size_t i = 0; i < patterns->count; i++)
        codec_put_text(out, patterns->list[i]);
}

void policy_encode(const struct policy *policy, struct buffer *out)
{
    codec_put_text(out, policy->name);
    put_patterns(&policy->jobs, out);
    put_patterns(&policy->namespaces, out);
    put_patterns(&policy->regions_allow, out);
    put_patterns(&policy->regions_deny, out);
    put_patterns(&policy->providers_allow, out);
    put_patterns(&policy->providers_deny, out);
    put_patterns(&policy->labels_allow, out);
    put_patterns(&policy->labels_deny, out);
    codec_put_u32(out, policy->min_regions);
    codec_put_u32(out, policy->max_share_region_percent);
    codec_put_u32(out, policy->max_share_provider_percent);
    codec_put_i64(out, policy->budget_uusd_month);
    codec_put_flag(out, policy->allow_unpriced);
}

void put_policy(struct core *core, const struct policy *policy)
{
    struct record_change *change = core_put(core, RECORD_POLICY);
    record_key_text(&change->key, policy->name);
    policy_encode(policy, &change->value);
}

void drop_policy(struct core *core, const char *name)
{
    struct record_change *change = core_put(core, RECORD_POLICY);
    record_key_text(&change->key, name);
    change->remove = true;
}

void put_hold_freeze(struct core *core)
{
    struct record_change *change = core_put(core, RECORD_HOLD);
    record_key_text(&change->key, "freeze");
    change->remove = !core->world.frozen;
    codec_put_i64(&change->value, core->world.freeze.since_ms);
    codec_put_text(&change->value, core->world.freeze.actor ? core->world.freeze.actor : "");
    codec_put_text(&change->value, core->world.freeze.reason ? core->world.freeze.reason : "");
}

void put_hold_mode(struct core *core)
{
    struct record_change *change = core_put(core, RECORD_HOLD);
    record_key_text(&change->key, "mode");
    codec_put_u8(&change->value, (uint8_t)core->world.mode);
}
