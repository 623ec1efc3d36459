#include "model/effect.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/memory.h"
#include "model/job_demand.h"

enum { PINS_MAX = 512 };

static const struct effect_kind {
    const char *word;
    bool writes;
} effect_kinds[EFFECT_TYPE_COUNT] = {
#define EFFECT_KIND(constant, word, writes, fence, probe) {word, writes},
    EFFECT_TYPES(EFFECT_KIND)
#undef EFFECT_KIND
};

const char *effect_type_word(enum effect_type type)
{
    return type < EFFECT_TYPE_COUNT ? effect_kinds[type].word : "?";
}

bool effect_type_writes(enum effect_type type)
{
    return type < EFFECT_TYPE_COUNT && effect_kinds[type].writes;
}

const char *refusal_word(enum refusal refusal)
{
    static const char *const words[] = {"none",    "conflict",    "denied", "invalid", "gated",
                                        "foreign", "destructive", "busy",   "other"};
    return refusal <= REFUSAL_OTHER ? words[refusal] : "?";
}

bool effect_type_is_of_account(enum effect_type type)
{
    return type == EFFECT_GROW || type == EFFECT_SHRINK || type == EFFECT_WITHDRAW || type == EFFECT_POLL;
}

bool effect_type_is_of_node(enum effect_type type)
{
    return type == EFFECT_CORDON || type == EFFECT_DRAIN || type == EFFECT_UNCORDON || type == EFFECT_NODE_LOOK;
}

static char *copy_text(const char *text)
{
    return memory_copy_text(text ? text : "", text ? strlen(text) : 0);
}

void copy_wanted_release(struct copy_wanted *wanted)
{
    for (size_t i = 0; i < wanted->group_count; i++) {
        struct copy_group *group = &wanted->groups[i];
        for (size_t p = 0; p < group->pin_count; p++) {
            free(group->pins[p].target);
            free(group->pins[p].value);
        }
        free(group->pins);
        free(group->group);
        free(group->pool);
    }
    free(wanted->groups);
    free(wanted->job_namespace);
    free(wanted->id);
    *wanted = (struct copy_wanted){0};
}

static void copy_group_copy(struct copy_group *into, const struct copy_group *from)
{
    *into = *from;
    into->group = copy_text(from->group);
    into->pool = copy_text(from->pool);
    into->pins = memory_new(from->pin_count, sizeof *into->pins);
    for (size_t p = 0; p < from->pin_count; p++) {
        into->pins[p].target = copy_text(from->pins[p].target);
        into->pins[p].value = copy_text(from->pins[p].value);
        into->pins[p].negated = from->pins[p].negated;
    }
}

char *copy_part_name(const char *group, const char *pool, bool first)
{
    struct buffer name = BUFFER_INIT;
    buffer_append_text(&name, group);
    if (!first)
        buffer_printf(&name, "-%s", pool);
    return buffer_take(&name);
}

char *copy_wanted_name(const struct copy_wanted *wanted, size_t at)
{
    const struct copy_group *part = &wanted->groups[at];
    bool first = true;
    for (size_t i = 0; i < at && first; i++)
        first = strcmp(wanted->groups[i].group, part->group) != 0;
    return copy_part_name(part->group, part->pool, first);
}

void copy_wanted_copy(struct copy_wanted *into, const struct copy_wanted *from)
{
    *into = *from;
    into->job_namespace = copy_text(from->job_namespace);
    into->id = copy_text(from->id);
    into->groups = memory_new(from->group_count, sizeof *into->groups);
    for (size_t i = 0; i < from->group_count; i++)
        copy_group_copy(&into->groups[i], &from->groups[i]);
}

static void change_release(struct account_change *change)
{
    for (size_t i = 0; i < change->instance_count; i++)
        free(change->instances[i]);
    free(change->instances);
    free(change->account);
    free(change->pool);
    free(change->generation);
    free(change->token);
}

static void change_copy(struct account_change *into, const struct account_change *from)
{
    *into = *from;
    into->account = copy_text(from->account);
    into->pool = copy_text(from->pool);
    into->generation = copy_text(from->generation);
    into->token = copy_text(from->token);
    into->instances = memory_new(from->instance_count, sizeof *into->instances);
    for (size_t i = 0; i < from->instance_count; i++)
        into->instances[i] = copy_text(from->instances[i]);
}

void effect_release(struct effect *effect)
{
    change_release(&effect->change);
    copy_wanted_release(&effect->wanted);
    free(effect->region);
    free(effect->cluster);
    free(effect->actor);
    *effect = (struct effect){0};
}

void effect_copy(struct effect *into, const struct effect *from)
{
    *into = *from;
    into->region = copy_text(from->region);
    into->cluster = copy_text(from->cluster);
    into->actor = copy_text(from->actor);
    copy_wanted_copy(&into->wanted, &from->wanted);
    change_copy(&into->change, &from->change);
}

static void encode_group(const struct copy_group *group, struct buffer *out)
{
    codec_put_text(out, group->group);
    codec_put_text(out, group->pool ? group->pool : "");
    codec_put_i64(out, group->count);
    codec_put_u32(out, (uint32_t)group->pin_count);
    for (size_t p = 0; p < group->pin_count; p++) {
        codec_put_text(out, group->pins[p].target);
        codec_put_text(out, group->pins[p].value);
        codec_put_flag(out, group->pins[p].negated);
    }
}

static void encode_change(const struct account_change *change, struct buffer *out)
{
    codec_put_text(out, change->account ? change->account : "");
    codec_put_text(out, change->pool ? change->pool : "");
    codec_put_i64(out, change->from);
    codec_put_i64(out, change->to);
    codec_put_text(out, change->generation ? change->generation : "");
    codec_put_text(out, change->token ? change->token : "");
    codec_put_u32(out, (uint32_t)change->instance_count);
    for (size_t i = 0; i < change->instance_count; i++)
        codec_put_text(out, change->instances[i]);
}

static void encode_node(const struct node_change *node, struct buffer *out)
{
    buffer_append(out, node->node.bytes, sizeof node->node.bytes);
    codec_put_i64(out, node->deadline_ms);
}

void effect_encode(const struct effect *effect, struct buffer *out)
{
    const struct copy_wanted *wanted = &effect->wanted;
    codec_put_u64(out, effect->id);
    codec_put_u8(out, (uint8_t)effect->type);
    codec_put_text(out, effect->region);
    codec_put_text(out, wanted->job_namespace ? wanted->job_namespace : "");
    codec_put_text(out, wanted->id ? wanted->id : "");
    codec_put_u64(out, wanted->revision);
    codec_put_flag(out, wanted->shift);
    codec_put_u32(out, (uint32_t)wanted->group_count);
    for (size_t i = 0; i < wanted->group_count; i++)
        encode_group(&wanted->groups[i], out);
    codec_put_u64(out, effect->base_index);
    codec_put_text(out, effect->cluster ? effect->cluster : "");
    codec_put_u64(out, effect->epoch);
    codec_put_u8(out, (uint8_t)effect->probed_type);
    codec_put_u64(out, effect->probed_id);
    codec_put_u64(out, effect->cause);
    codec_put_text(out, effect->actor ? effect->actor : "");
    encode_change(&effect->change, out);
    encode_node(&effect->node, out);
}

void effect_upgrade_from_1(const void *bytes, size_t length, struct buffer *out)
{
    static const struct account_change no_change;
    static const struct node_change no_node;
    buffer_append(out, bytes, length);
    encode_change(&no_change, out);
    encode_node(&no_node, out);
}

static void decode_group(struct codec_reader *reader, struct copy_group *group)
{
    group->group = codec_get_text(reader);
    group->pool = codec_get_text(reader);
    group->count = codec_get_i64(reader);
    group->pin_count = codec_get_count(reader, PINS_MAX);
    group->pins = memory_new(group->pin_count, sizeof *group->pins);
    for (size_t p = 0; p < group->pin_count; p++) {
        group->pins[p].target = codec_get_text(reader);
        group->pins[p].value = codec_get_text(reader);
        group->pins[p].negated = codec_get_flag(reader);
    }
}

static void decode_change(struct codec_reader *reader, struct account_change *change)
{
    change->account = codec_get_text(reader);
    change->pool = codec_get_text(reader);
    change->from = codec_get_i64(reader);
    change->to = codec_get_i64(reader);
    change->generation = codec_get_text(reader);
    change->token = codec_get_text(reader);
    change->instance_count = codec_get_count(reader, CHANGE_INSTANCES_MAX);
    change->instances = memory_new(change->instance_count, sizeof *change->instances);
    for (size_t i = 0; i < change->instance_count; i++)
        change->instances[i] = codec_get_text(reader);
}

static void decode_node(struct codec_reader *reader, struct node_change *node)
{
    for (size_t i = 0; i < sizeof node->node.bytes; i++)
        node->node.bytes[i] = codec_get_u8(reader);
    node->deadline_ms = codec_get_i64(reader);
    if (node->deadline_ms < 0 || node->deadline_ms > NODE_DEADLINE_MOST_MS)
        reader->failed = true;
}

bool effect_decode(const void *bytes, size_t length, struct effect *ret_effect, struct error *ret_error)
{
    struct codec_reader reader = codec_reader_init(bytes, length);
    struct effect effect = {.id = codec_get_u64(&reader)};
    uint8_t type = codec_get_u8(&reader);
    effect.type = type < EFFECT_TYPE_COUNT ? (enum effect_type)type : EFFECT_PLAN;
    effect.region = codec_get_text(&reader);
    effect.wanted.job_namespace = codec_get_text(&reader);
    effect.wanted.id = codec_get_text(&reader);
    effect.wanted.revision = codec_get_u64(&reader);
    effect.wanted.shift = codec_get_flag(&reader);
    effect.wanted.group_count = codec_get_count(&reader, COPY_PARTS_MAX);
    effect.wanted.groups = memory_new(effect.wanted.group_count, sizeof *effect.wanted.groups);
    for (size_t i = 0; i < effect.wanted.group_count; i++)
        decode_group(&reader, &effect.wanted.groups[i]);
    effect.base_index = codec_get_u64(&reader);
    effect.cluster = codec_get_text(&reader);
    effect.epoch = codec_get_u64(&reader);
    uint8_t probed = codec_get_u8(&reader);
    effect.probed_type = probed < EFFECT_TYPE_COUNT ? (enum effect_type)probed : EFFECT_PLAN;
    effect.probed_id = codec_get_u64(&reader);
    effect.cause = codec_get_u64(&reader);
    effect.actor = codec_get_text(&reader);
    decode_change(&reader, &effect.change);
    decode_node(&reader, &effect.node);
    if (!codec_reader_done(&reader) || type >= EFFECT_TYPE_COUNT || probed >= EFFECT_TYPE_COUNT) {
        effect_release(&effect);
        return error_set(ret_error, ERROR_CORRUPT, "an effect of the outbox cannot be read");
    }
    *ret_effect = effect;
    return true;
}
