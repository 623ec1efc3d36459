/* Intent read back at start: the mirror of records.c. Hostile as any bytes from outside. */
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/memory.h"
#include "controller/core/fleet_private.h"

/* The next NUL-ended part of a key, or NULL. */
static const char *key_part(const char **at, size_t *left)
{
    const char *end = memchr(*at, 0, *left);
    if (!end)
        return NULL;
    const char *part = *at;
    size_t used = (size_t)(end - part) + 1;
    *at += used;
    *left -= used;
    return part;
}

static char *text_or_null(struct codec_reader *reader)
{
    char *text = codec_get_text(reader);
    if (text[0])
        return text;
    free(text);
    return NULL;
}

static bool restore_job(struct core *core, const char *job_namespace, const char *id, struct codec_reader *reader)
{
    uint8_t state = codec_get_u8(reader);
    int64_t since = codec_get_i64(reader);
    int64_t submitted = codec_get_i64(reader);
    uint64_t revision = codec_get_u64(reader);
    char *submitter = codec_get_text(reader);
    bool stop = codec_get_flag(reader);
    bool purge = codec_get_flag(reader);
    char *trouble = text_or_null(reader);
    struct job_demand demand = {0};
    struct error error = {0};
    bool ok =
        !reader->failed && state <= JOB_STATE_PURGING && job_demand_decode(reader->at, reader->left, &demand, &error);
    if (ok) {
        struct drover_job *job = world_job_obtain(&core->world, job_namespace, id);
        job->state = (enum job_state)state;
        job->state_since_ms = since;
        job->submitted_at_ms = submitted;
        job->revision = revision;
        job->stop_wanted = stop;
        job->purge_wanted = purge;
        text_replace(&job->submitter, submitter);
        text_replace(&job->trouble, trouble);
        job_demand_release(&job->demand);
        job->demand = demand;
        if (revision > core->revision_last)
            core->revision_last = revision;
    }
    free(submitter);
    free(trouble);
    return ok;
}

static void restore_copy_group(struct core *core, struct codec_reader *reader, struct job_copy_group *group)
{
    group->group = codec_get_u32(reader);
    char *pool = codec_get_text(reader);
    group->pool = intern_put(core->world.names, pool);
    group->count = codec_get_i64(reader);
    if (group->group >= JOB_GROUPS_MAX || group->count < 0 || group->count > JOB_COUNT_MAX)
        reader->failed = true;
    free(pool);
}

static bool restore_copy(struct core *core, struct drover_job *job, const char *region, struct codec_reader *reader)
{
    struct job_copy *copy = job_copy_obtain(&core->world, job, intern_put(core->world.names, region));
    uint8_t state = codec_get_u8(reader);
    copy->state = state <= COPY_STOPPED ? (enum copy_state)state : COPY_FAILED;
    copy->revision = codec_get_u64(reader);
    copy->base_index = codec_get_u64(reader);
    copy->job_version = codec_get_u64(reader);
    copy->registered = codec_get_flag(reader);
    copy->effect = codec_get_u64(reader);
    copy->stop_wanted = codec_get_flag(reader);
    copy->purge_wanted = codec_get_flag(reader);
    copy->followed_since_ms = codec_get_i64(reader);
    free(copy->trouble);
    copy->trouble = text_or_null(reader);
    free(copy->groups);
    copy->group_count = codec_get_count(reader, COPY_PARTS_MAX);
    copy->groups = memory_new(copy->group_count, sizeof *copy->groups);
    for (size_t i = 0; i < copy->group_count; i++)
        restore_copy_group(core, reader, &copy->groups[i]);
    return codec_reader_done(reader) && state <= COPY_STOPPED;
}

static bool restore_outbox(struct core *core, struct codec_reader *reader)
{
    struct error error = {0};
    struct pending pending = {.state = PENDING_UNKNOWN};
    uint32_t row = codec_get_u32(reader);
    if (reader->failed || row > reader->left || !audit_row_decode(reader->at, row, &pending.audit, &error))
        return false;
    if (!effect_decode(reader->at + row, reader->left - row, &pending.effect, &error)) {
        audit_row_release(&pending.audit);
        return false;
    }
    core->pending = memory_grow(core->pending, core->pending_count, &core->pending_capacity, sizeof *core->pending);
    core->pending[core->pending_count++] = pending;
    return true;
}

bool outbox_upgrade_from_1(const void *bytes, size_t length, struct buffer *out, struct error *ret_error)
{
    (void)ret_error; /* what is damaged is found when it is read */
    effect_upgrade_from_1(bytes, length, out);
    return true;
}

static void get_patterns(struct codec_reader *reader, struct patterns *patterns)
{
    uint32_t count = codec_get_count(reader, POLICY_PATTERNS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        char *text = codec_get_text(reader);
        patterns_add(patterns, text);
        free(text);
    }
}

bool policy_decode(const void *bytes, size_t length, struct policy *ret_policy)
{
    struct codec_reader reader = codec_reader_init(bytes, length);
    struct policy policy = {.name = codec_get_text(&reader)};
    get_patterns(&reader, &policy.jobs);
    get_patterns(&reader, &policy.namespaces);
    get_patterns(&reader, &policy.regions_allow);
    get_patterns(&reader, &policy.regions_deny);
    get_patterns(&reader, &policy.providers_allow);
    get_patterns(&reader, &policy.providers_deny);
    get_patterns(&reader, &policy.labels_allow);
    get_patterns(&reader, &policy.labels_deny);
    policy.min_regions = codec_get_u32(&reader);
    policy.max_share_region_percent = codec_get_u32(&reader);
    policy.max_share_provider_percent = codec_get_u32(&reader);
    policy.budget_uusd_month = codec_get_i64(&reader);
    policy.allow_unpriced = codec_get_flag(&reader);
    if (codec_reader_done(&reader)) {
        *ret_policy = policy;
        return true;
    }
    policy_release(&policy);
    return false;
}

static bool restore_policy(struct core *core, const void *value, size_t length)
{
    struct policy policy;
    if (!policy_decode(value, length, &policy))
        return false;
    world_policy_put(&core->world, &policy);
    policy_release(&policy);
    return true;
}

static bool restore_hold(struct core *core, const char *name, struct codec_reader *reader)
{
    if (strcmp(name, "mode") == 0) {
        uint8_t mode = codec_get_u8(reader);
        core->has_persisted_mode = true;
        core->persisted_mode = mode <= MODE_ENFORCE ? (enum mode)mode : MODE_OBSERVE;
        return codec_reader_done(reader) && mode <= MODE_ENFORCE;
    }
    if (strcmp(name, "freeze") != 0)
        return false;
    core->world.frozen = true;
    core->world.freeze.since_ms = codec_get_i64(reader);
    free(core->world.freeze.actor);
    free(core->world.freeze.reason);
    core->world.freeze.actor = codec_get_text(reader);
    core->world.freeze.reason = codec_get_text(reader);
    return codec_reader_done(reader);
}

static bool restore_explanation(struct core *core, const char *job_namespace, const char *id, const void *value,
                                size_t length)
{
    struct error error = {0};
    struct drover_job *job = world_job(&core->world, job_namespace, id);
    struct decision *decision = decision_decode(value, length, &error);
    if (!decision)
        return false;
    if (!job) {
        decision_free(decision);
        return true;
    }
    decision_free(job->decision);
    job->decision = decision;
    return true;
}

static bool restore_of_job(struct core *core, enum record_kind kind, const char *key, size_t key_length,
                           const void *value, size_t length)
{
    struct codec_reader reader = codec_reader_init(value, length);
    const char *job_namespace = key_part(&key, &key_length);
    const char *id = key_part(&key, &key_length);
    if (!job_namespace || !id)
        return false;
    if (kind == RECORD_JOB)
        return restore_job(core, job_namespace, id, &reader);
    if (kind == RECORD_EXPLANATION)
        return restore_explanation(core, job_namespace, id, value, length);
    const char *region = key_part(&key, &key_length);
    struct drover_job *job = world_job(&core->world, job_namespace, id);
    return region && job && restore_copy(core, job, region, &reader);
}

bool core_restore(struct core *core, enum record_kind kind, const void *key, size_t key_length, const void *value,
                  size_t value_length, struct error *ret_error)
{
    struct codec_reader reader = codec_reader_init(value, value_length);
    const char *at = key;
    size_t left = key_length;
    bool ok = true;
    switch (kind) {
    case RECORD_JOB:
    case RECORD_REGION_COPY:
    case RECORD_EXPLANATION:
        ok = restore_of_job(core, kind, key, key_length, value, value_length);
        break;
    case RECORD_OUTBOX:
        ok = restore_outbox(core, &reader);
        break;
    case RECORD_POLICY:
        ok = restore_policy(core, value, value_length);
        break;
    case RECORD_HOLD: {
        const char *name = key_part(&at, &left);
        ok = name && restore_hold(core, name, &reader);
        break;
    }
    case RECORD_PRICE: {
        const char *region = key_part(&at, &left);
        const char *pool = region ? key_part(&at, &left) : NULL;
        ok = pool && prices_restore(core, region, pool, &reader);
        break;
    }
    case RECORD_OPERATION: {
        const char *region = key_part(&at, &left);
        const char *pool = region ? key_part(&at, &left) : NULL;
        ok = pool && fleet_restore(core, region, pool, &reader);
        break;
    }
    case RECORD_META:
    case RECORD_REVISION:
    case RECORD_TOMBSTONE: /* the copy's stop_wanted says the same; the record is for people and for replicas */
    case RECORD_AUDIT:
    case RECORD_JOURNAL:
    case RECORD_KIND_COUNT:
        break;
    }
    if (ok)
        return true;
    return error_set(ret_error, ERROR_CORRUPT, "a record of kind %s cannot be read (key \"%.*s\")",
                     record_kind_word(kind), key_length > 200 ? 200 : (int)key_length, (const char *)key);
}
