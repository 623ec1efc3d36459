/* What is under way with a linked pool, and what must not be forgotten of it, as one record: written and read back
 * here, so that the two stay side by side. Hostile as any bytes from outside when read. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time.h"
#include "controller/core/fleet_private.h"

enum { TEXTS_MAX = 100000 };
/* More than any provider reports of a pool (providers/host/records_shape.c); sums of a few do not overflow. */
#define MACHINES_MOST INT64_C(1000000000000)

static void put_texts(struct buffer *out, char *const *texts, size_t count)
{
    codec_put_u32(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        codec_put_text(out, texts[i]);
}

static void put_operation(struct buffer *out, const struct operation *operation)
{
    codec_put_u64(out, operation->id);
    codec_put_u8(out, (uint8_t)operation->kind);
    codec_put_u8(out, (uint8_t)operation->state);
    codec_put_i64(out, operation->from);
    codec_put_i64(out, operation->to);
    codec_put_i64(out, operation->since_ms);
    codec_put_i64(out, operation->deadline_ms);
    codec_put_i64(out, operation->changed_ms);
    codec_put_u64(out, operation->effect);
    codec_put_u32(out, operation->tries);
    codec_put_u32(out, operation->replaced);
    codec_put_i64(out, operation->uusd_h);
    codec_put_text(out, operation->actor);
    codec_put_text(out, operation->why);
    codec_put_text(out, operation->trouble ? operation->trouble : "");
    codec_put_text(out, operation->job_namespace);
    codec_put_text(out, operation->job);
    codec_put_text(out, operation->token);
    put_texts(out, operation->instances, operation->instance_count);
    buffer_append(out, operation->node.bytes, sizeof operation->node.bytes);
}

void fleet_put(struct core *core, const struct fleet_pool *fleet)
{
    struct record_change *change = core_put(core, RECORD_OPERATION);
    struct buffer *value = &change->value;
    record_key_text(&change->key, world_text(&core->world, fleet->region));
    record_key_text(&change->key, world_text(&core->world, fleet->pool));
    codec_put_i64(value, fleet->grow_not_before_ms);
    codec_put_i64(value, fleet->shrink_not_before_ms);
    codec_put_text(value, fleet->rest ? fleet->rest : "");
    codec_put_u32(value, (uint32_t)fleet->removed_count);
    for (size_t i = 0; i < fleet->removed_count; i++)
        codec_put_i64(value, fleet->removed_ms[i]);
    codec_put_u32(value, (uint32_t)fleet->cooled_count);
    for (size_t i = 0; i < fleet->cooled_count; i++) {
        codec_put_text(value, fleet->cooled[i].instance_type);
        codec_put_text(value, fleet->cooled[i].zone);
        codec_put_text(value, fleet->cooled[i].market);
        codec_put_text(value, fleet->cooled[i].why);
        codec_put_i64(value, fleet->cooled[i].until_ms);
    }
    codec_put_u32(value, (uint32_t)fleet->cordoned_count);
    for (size_t i = 0; i < fleet->cordoned_count; i++)
        buffer_append(value, fleet->cordoned[i].bytes, sizeof fleet->cordoned[i].bytes);
    codec_put_flag(value, fleet->operation != NULL);
    if (fleet->operation)
        put_operation(value, fleet->operation);
    core_changed(core);
}

/* Within bounds, so that what is reckoned with it later does not overflow. */
static int64_t get_from_0(struct codec_reader *reader, int64_t most)
{
    int64_t value = codec_get_i64(reader);
    if (value >= 0 && value <= most)
        return value;
    reader->failed = true;
    return 0;
}

static int64_t get_moment(struct codec_reader *reader)
{
    return get_from_0(reader, TIME_MOST_MS);
}

static void get_uuid(struct codec_reader *reader, struct uuid *into)
{
    for (size_t i = 0; i < sizeof into->bytes; i++)
        into->bytes[i] = codec_get_u8(reader);
}

static struct operation *get_operation(struct codec_reader *reader)
{
    struct operation *operation = memory_new(1, sizeof *operation);
    operation->id = codec_get_u64(reader);
    uint8_t kind = codec_get_u8(reader);
    uint8_t state = codec_get_u8(reader);
    operation->from = get_from_0(reader, MACHINES_MOST);
    operation->to = get_from_0(reader, MACHINES_MOST);
    operation->since_ms = get_moment(reader);
    operation->deadline_ms = get_moment(reader);
    operation->changed_ms = get_moment(reader);
    operation->effect = codec_get_u64(reader);
    operation->tries = codec_get_u32(reader);
    operation->replaced = codec_get_u32(reader);
    operation->uusd_h = codec_get_i64(reader);
    operation->actor = codec_get_text(reader);
    operation->why = codec_get_text(reader);
    operation->trouble = codec_get_text(reader);
    operation->job_namespace = codec_get_text(reader);
    operation->job = codec_get_text(reader);
    operation->token = codec_get_text(reader);
    operation->instance_count = codec_get_count(reader, TEXTS_MAX);
    operation->instances = memory_new(operation->instance_count, sizeof *operation->instances);
    for (size_t i = 0; i < operation->instance_count; i++)
        operation->instances[i] = codec_get_text(reader);
    get_uuid(reader, &operation->node);
    if (kind > OPERATION_SHRINK || state >= OPERATION_STATE_COUNT ||
        (kind == OPERATION_SHRINK && operation->instance_count != 1))
        reader->failed = true;
    operation->kind = kind == OPERATION_SHRINK ? OPERATION_SHRINK : OPERATION_GROW;
    operation->state = state < OPERATION_STATE_COUNT ? (enum operation_state)state : OPERATION_PROPOSED;
    if (operation->trouble[0] == '\0')
        text_replace(&operation->trouble, NULL);
    return operation;
}

static void get_memory(struct codec_reader *reader, struct fleet_pool *fleet)
{
    fleet->grow_not_before_ms = get_moment(reader);
    fleet->shrink_not_before_ms = get_moment(reader);
    free(fleet->rest);
    fleet->rest = codec_get_text(reader);
    fleet->removed_count = codec_get_count(reader, REMOVED_KEPT);
    fleet->removed_ms = memory_new(REMOVED_KEPT, sizeof *fleet->removed_ms);
    for (size_t i = 0; i < fleet->removed_count; i++)
        fleet->removed_ms[i] = get_moment(reader);
    fleet->cooled_count = codec_get_count(reader, COOLED_KEPT);
    fleet->cooled = memory_new(COOLED_KEPT, sizeof *fleet->cooled);
    for (size_t i = 0; i < fleet->cooled_count; i++)
        fleet->cooled[i] = (struct cooled){.instance_type = codec_get_text(reader),
                                           .zone = codec_get_text(reader),
                                           .market = codec_get_text(reader),
                                           .why = codec_get_text(reader),
                                           .until_ms = get_moment(reader)};
    fleet->cordoned_count = codec_get_count(reader, CORDONED_KEPT);
    fleet->cordoned = memory_new(CORDONED_KEPT, sizeof *fleet->cordoned);
    for (size_t i = 0; i < fleet->cordoned_count; i++)
        get_uuid(reader, &fleet->cordoned[i]);
}

bool fleet_restore(struct core *core, const char *region, const char *pool, struct codec_reader *reader)
{
    struct world *world = &core->world;
    struct fleet_pool *fleet = fleet_obtain(core, intern_put(world->names, region), intern_put(world->names, pool));
    if (fleet->operation || fleet->removed_ms)
        return false; /* two records of one pool */
    get_memory(reader, fleet);
    if (codec_get_flag(reader))
        fleet->operation = get_operation(reader);
    if (codec_reader_done(reader))
        return true;
    operation_free(fleet->operation); /* half of it might be without its instance */
    fleet->operation = NULL;
    return false;
}
