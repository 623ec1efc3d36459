/* Machines as JSON; the shapes are told in sim/serve/provider.h. */
#include <stdio.h>

#include "base/json_writer.h"
#include "sim/engine/machine_pool.h"

static const char *state_word(enum sim_machine_state state)
{
    static const char *const words[] = {"pending", "running", "stopping"};

    return words[state];
}

static void put_instances(struct json_writer *writer, const struct sim_machine_pool *pool)
{
    json_writer_key(writer, "Instances");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < pool->machine_count; i++) {
        const struct sim_machine *machine = pool->machines[i];

        json_writer_begin_object(writer);
        json_writer_field_text(writer, "ID", machine->id);
        json_writer_field_text(writer, "State", state_word(machine->state));
        json_writer_field_text(writer, "NodeID", machine->node != NULL ? machine->node->id : "");
        json_writer_field_i64(writer, "LaunchedAtMS", machine->launched_ms);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
}

static void put_price(struct json_writer *writer, const struct sim_machine_pool *pool)
{
    json_writer_key(writer, "Price");
    if (!pool->priced) {
        json_writer_null(writer);
        return;
    }
    json_writer_begin_object(writer);
    json_writer_field_i64(writer, "MicroPerHour", pool->price_micro_h);
    json_writer_field_text(writer, "Currency", pool->currency);
    json_writer_field_i64(writer, "ObservedAtMS", pool->price_observed_ms);
    json_writer_end_object(writer);
}

static void put_last_error(struct json_writer *writer, const struct sim_machine_pool *pool)
{
    char text[160];

    json_writer_key(writer, "LastError");
    if (pool->missing == 0) {
        json_writer_null(writer);
        return;
    }
    snprintf(text, sizeof text, "%d of %d machines could not be had: there are no more of this kind now", pool->missing,
             pool->desired);
    json_writer_begin_object(writer);
    json_writer_field_text(writer, "Error", "no_capacity");
    json_writer_field_text(writer, "Text", text);
    json_writer_field_i64(writer, "Generation", pool->missing_generation);
    json_writer_field_i64(writer, "AtMS", pool->missing_ms);
    json_writer_end_object(writer);
}

static void put_pool(struct json_writer *writer, const struct sim_machine_pool *pool)
{
    json_writer_begin_object(writer);
    json_writer_field_text(writer, "Name", pool->class->pool_label);
    json_writer_field_text(writer, "InstanceType", pool->instance_type);
    json_writer_field_text(writer, "Market", pool->market);
    json_writer_field_i64(writer, "Desired", pool->desired);
    json_writer_field_i64(writer, "Min", pool->min);
    json_writer_field_i64(writer, "Max", pool->max);
    json_writer_field_i64(writer, "Generation", pool->generation);
    json_writer_field_flag(writer, "Busy", false);
    put_instances(writer, pool);
    json_writer_key(writer, "Machine");
    json_writer_begin_object(writer);
    json_writer_field_i64(writer, "CPU", pool->class->cpu);
    json_writer_field_i64(writer, "MemoryMB", pool->class->memory);
    json_writer_field_i64(writer, "DiskMB", pool->class->disk);
    json_writer_end_object(writer);
    put_price(writer, pool);
    put_last_error(writer, pool);
    json_writer_end_object(writer);
}

/* A further member of a list that others began. */
static struct json_writer begin_member(struct buffer *out)
{
    struct json_writer writer;

    if (out->length > 0 && out->data[out->length - 1] != '[')
        buffer_append_byte(out, ',');
    writer = json_writer_init(out, false);
    json_writer_begin_object(&writer);
    return writer;
}

static void end_member(struct json_writer *writer)
{
    json_writer_end_object(writer);
    json_writer_done(writer);
}

void sim_region_put_machines(const struct sim_region *region, struct buffer *out)
{
    struct json_writer writer = begin_member(out);

    json_writer_field_text(&writer, "Name", region->name);
    json_writer_key(&writer, "Pools");
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < region->class_count; i++)
        put_pool(&writer, &region->pools[i]);
    json_writer_end_array(&writer);
    end_member(&writer);
}

void sim_region_put_quotas(const struct sim_region *region, struct buffer *out)
{
    for (size_t i = 0; i < region->class_count; i++) {
        const struct sim_machine_pool *pool = &region->pools[i];
        struct json_writer writer;

        if (pool->quota < 0)
            continue;
        writer = begin_member(out);
        json_writer_field_text(&writer, "Region", region->name);
        json_writer_field_text(&writer, "Name", pool->class->pool_label);
        json_writer_field_i64(&writer, "Limit", pool->quota);
        json_writer_field_i64(&writer, "Used", sim_machines_alive(pool));
        end_member(&writer);
    }
}

void sim_region_put_interruptions(const struct sim_region *region, struct buffer *out)
{
    for (size_t i = 0; i < region->class_count; i++)
        for (size_t k = 0; k < region->pools[i].machine_count; k++) {
            const struct sim_machine *machine = region->pools[i].machines[k];
            struct json_writer writer;

            if (machine->interrupt_ms == SIM_NEVER)
                continue;
            writer = begin_member(out);
            json_writer_field_text(&writer, "Region", region->name);
            json_writer_field_text(&writer, "Pool", region->pools[i].class->pool_label);
            json_writer_field_text(&writer, "Instance", machine->id);
            json_writer_field_i64(&writer, "AtMS", machine->interrupt_ms);
            end_member(&writer);
        }
}
