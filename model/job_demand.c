#include "model/job_demand.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/memory.h"
#include "model/region_config.h"

static char *copy_text(const char *text)
{
    return memory_copy_text(text ? text : "", text ? strlen(text) : 0);
}

void job_demand_release(struct job_demand *demand)
{
    free(demand->job_namespace);
    free(demand->id);
    free(demand->node_pool);
    for (size_t i = 0; i < demand->datacenters.count; i++)
        free(demand->datacenters.list[i]);
    free(demand->datacenters.list);
    for (size_t i = 0; i < demand->override_count; i++)
        free(demand->overrides[i].region);
    free(demand->overrides);
    for (size_t i = 0; i < demand->group_count; i++)
        free(demand->groups[i].name);
    free(demand->groups);
    *demand = (struct job_demand){0};
}

void job_demand_copy(struct job_demand *into, const struct job_demand *from)
{
    *into = *from;
    into->job_namespace = copy_text(from->job_namespace);
    into->id = copy_text(from->id);
    into->node_pool = copy_text(from->node_pool);
    into->datacenters = (struct patterns){0};
    for (size_t i = 0; i < from->datacenters.count; i++)
        patterns_add(&into->datacenters, from->datacenters.list[i]);
    into->overrides = memory_new(from->override_count, sizeof *into->overrides);
    for (size_t i = 0; i < from->override_count; i++) {
        into->overrides[i] = from->overrides[i];
        into->overrides[i].region = copy_text(from->overrides[i].region);
    }
    into->groups = memory_new(from->group_count, sizeof *into->groups);
    for (size_t i = 0; i < from->group_count; i++) {
        into->groups[i] = from->groups[i];
        into->groups[i].name = copy_text(from->groups[i].name);
    }
}

int job_demand_find_group(const struct job_demand *demand, const char *name)
{
    for (size_t i = 0; i < demand->group_count; i++)
        if (strcmp(demand->groups[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void encode_group(const struct group_demand *group, struct buffer *out)
{
    codec_put_text(out, group->name);
    codec_put_i64(out, group->count);
    for (int k = 0; k < RESOURCE_COUNT; k++)
        codec_put_i64(out, group->each.amount[k]);
    codec_put_flag(out, group->pinnable);
    codec_put_flag(out, group->one_per_node);
    codec_put_flag(out, group->has_deployment);
    codec_put_i64(out, group->min_healthy_ms);
    codec_put_i64(out, group->progress_ms);
}

void job_demand_encode(const struct job_demand *demand, struct buffer *out)
{
    codec_put_text(out, demand->job_namespace);
    codec_put_text(out, demand->id);
    codec_put_u8(out, (uint8_t)demand->type);
    codec_put_flag(out, demand->periodic);
    codec_put_flag(out, demand->parameterized);
    codec_put_text(out, demand->node_pool);
    codec_put_u32(out, (uint32_t)demand->datacenters.count);
    for (size_t i = 0; i < demand->datacenters.count; i++)
        codec_put_text(out, demand->datacenters.list[i]);
    codec_put_u32(out, (uint32_t)demand->override_count);
    for (size_t i = 0; i < demand->override_count; i++) {
        codec_put_text(out, demand->overrides[i].region);
        codec_put_i64(out, demand->overrides[i].count);
    }
    codec_put_u32(out, (uint32_t)demand->group_count);
    for (size_t i = 0; i < demand->group_count; i++)
        encode_group(&demand->groups[i], out);
    codec_put_u64(out, demand->spec_hash);
}

static void decode_group(struct codec_reader *reader, struct group_demand *group)
{
    group->name = codec_get_text(reader);
    group->count = codec_get_i64(reader);
    for (int k = 0; k < RESOURCE_COUNT; k++)
        group->each.amount[k] = codec_get_i64(reader);
    group->pinnable = codec_get_flag(reader);
    group->one_per_node = codec_get_flag(reader);
    group->has_deployment = codec_get_flag(reader);
    group->min_healthy_ms = codec_get_i64(reader);
    group->progress_ms = codec_get_i64(reader);
    bool sane =
        group->count >= 0 && group->count <= JOB_COUNT_MAX && group->min_healthy_ms >= 0 && group->progress_ms >= 0;
    for (int k = 0; k < RESOURCE_COUNT; k++)
        sane = sane && group->each.amount[k] >= 0 && group->each.amount[k] <= RESOURCE_AMOUNT_MAX;
    if (!sane)
        reader->failed = true;
}

bool job_demand_decode(const void *bytes, size_t length, struct job_demand *ret_demand, struct error *ret_error)
{
    struct codec_reader reader = codec_reader_init(bytes, length);
    struct job_demand demand = {0};
    demand.job_namespace = codec_get_text(&reader);
    demand.id = codec_get_text(&reader);
    uint8_t type = codec_get_u8(&reader);
    demand.type = type <= JOB_SYSBATCH ? (enum job_type)type : JOB_SERVICE;
    demand.periodic = codec_get_flag(&reader);
    demand.parameterized = codec_get_flag(&reader);
    demand.node_pool = codec_get_text(&reader);
    uint32_t datacenters = codec_get_count(&reader, POLICY_PATTERNS_MAX);
    for (uint32_t i = 0; i < datacenters; i++) {
        char *glob = codec_get_text(&reader);
        patterns_add(&demand.datacenters, glob);
        free(glob);
    }
    demand.override_count = codec_get_count(&reader, REGIONS_MAX);
    demand.overrides = memory_new(demand.override_count, sizeof *demand.overrides);
    for (size_t i = 0; i < demand.override_count; i++) {
        demand.overrides[i].region = codec_get_text(&reader);
        demand.overrides[i].count = codec_get_i64(&reader);
    }
    demand.group_count = codec_get_count(&reader, JOB_GROUPS_MAX);
    demand.groups = memory_new(demand.group_count, sizeof *demand.groups);
    for (size_t i = 0; i < demand.group_count; i++)
        decode_group(&reader, &demand.groups[i]);
    demand.spec_hash = codec_get_u64(&reader);
    if (!codec_reader_done(&reader) || type > JOB_SYSBATCH) {
        job_demand_release(&demand);
        return error_set(ret_error, ERROR_CORRUPT, "a job's demand cannot be read");
    }
    *ret_demand = demand;
    return true;
}
