/* The inventory: each region's nodes as its last complete list showed them, kept unsynced and thrown away when in
 * doubt.
 *
 * After a start they are shown until the region has spoken itself; nothing is placed on what is only remembered. Keys:
 * region, NUL, the node's 16 bytes. */
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/memory.h"
#include "controller/agent/private.h"

static void inventory_key(const char *region, const struct uuid *node, struct buffer *key)
{
    buffer_append(key, region, strlen(region) + 1);
    if (node != NULL) {
        buffer_append(key, node->bytes, sizeof node->bytes);
    }
}

static void inventory_encode(const struct world *world, const struct world_node *node, struct buffer *out)
{
    codec_put_text(out, world_text(world, node->name));
    codec_put_text(out, world_text(world, node->datacenter));
    codec_put_text(out, world_text(world, node->node_class));
    codec_put_text(out, world_text(world, node->node_pool));
    codec_put_text(out, world_text(world, node->version));
    codec_put_u8(out, node->status);
    codec_put_flag(out, node->eligible);
    codec_put_flag(out, node->draining);
    for (int k = 0; k < RESOURCE_COUNT; k++) {
        codec_put_i64(out, node->capacity.amount[k]);
    }
    codec_put_u32(out, node->selected_count);
    for (uint32_t i = 0; i < node->selected_count; i++) {
        codec_put_text(out, node->selected[i].key);
        codec_put_text(out, node->selected[i].value);
    }
}

struct inventory_forget {
    const struct world_region *region;
    struct store_batch *batch;
};

static bool inventory_node_is_there(const struct world_region *region, const char *id)
{
    struct uuid uuid;
    memcpy(uuid.bytes, id, sizeof uuid.bytes);
    const struct world_node *node = world_find_node(region, &uuid);
    return node != NULL && node->listed;
}

static bool inventory_visit_old(void *context, const void *key, size_t key_length, const void *value, size_t length)
{
    const struct inventory_forget *forget = context;
    size_t name = strlen(forget->region->config.name) + 1;
    (void)value;
    (void)length;
    bool known =
        key_length == name + sizeof(struct uuid) && inventory_node_is_there(forget->region, (const char *)key + name);
    if (!known) {
        store_batch_delete(forget->batch, STORE_NODE, key, key_length);
    }
    return true;
}

static void inventory_on_kept(void *context, const struct error *error)
{
    (void)context;
    (void)error; /* what is observed can be lost: the store counts it, the region will tell it again */
}

void inventory_keep(struct agent *agent, const char *region_name)
{
    const struct world *world = core_world(agent->core);
    const struct world_region *region = world_find_region(world, region_name);
    struct buffer key = BUFFER_INIT;
    struct buffer value = BUFFER_INIT;
    struct error error;
    if (region == NULL || agent->store_broken) {
        return;
    }
    struct inventory_forget forget = {.region = region, .batch = store_batch_new()};
    inventory_key(region_name, NULL, &key);
    store_scan(agent->store, STORE_NODE, key.data, key.length, inventory_visit_old, &forget, &error);
    for (size_t i = 0; i < region->node_count; i++) {
        const struct world_node *node = &region->nodes[i];
        if (!node->present || !node->listed) {
            continue;
        }
        buffer_clear(&key);
        buffer_clear(&value);
        inventory_key(region_name, &node->id, &key);
        inventory_encode(world, node, &value);
        store_batch_put(forget.batch, STORE_NODE, key.data, key.length, value.data, value.length);
    }
    store_commit(agent->store, forget.batch, inventory_on_kept, NULL);
    buffer_release(&key);
    buffer_release(&value);
}

/* --- after a start ------------------------------------------------------------------------------------------------ */

struct inventory_texts {
    char *list[5 + 2 * FACT_ATTRIBUTES_MAX];
    size_t count;
};

static const char *inventory_text(struct codec_reader *reader, struct inventory_texts *texts)
{
    return texts->list[texts->count++] = codec_get_text(reader);
}

static void inventory_remember(struct agent *agent, const char *region, const char *id, struct codec_reader *reader)
{
    struct inventory_texts texts = {.count = 0};
    struct fact_pair selected[FACT_ATTRIBUTES_MAX];
    struct node_fact node = {.selected = selected, .selected_known = true};
    memcpy(node.id.bytes, id, sizeof node.id.bytes);
    node.name = inventory_text(reader, &texts);
    node.datacenter = inventory_text(reader, &texts);
    node.node_class = inventory_text(reader, &texts);
    node.node_pool = inventory_text(reader, &texts);
    node.version = inventory_text(reader, &texts);
    uint8_t status = codec_get_u8(reader);
    node.status = status <= NODE_DISCONNECTED ? (enum node_status)status : NODE_DOWN;
    node.eligible = codec_get_flag(reader);
    node.draining = codec_get_flag(reader);
    for (int k = 0; k < RESOURCE_COUNT; k++) {
        node.capacity.amount[k] = codec_get_i64(reader);
    }
    node.selected_count = codec_get_count(reader, FACT_ATTRIBUTES_MAX);
    for (size_t i = 0; i < node.selected_count; i++) {
        selected[i].key = inventory_text(reader, &texts);
        selected[i].value = inventory_text(reader, &texts);
    }
    if (codec_reader_done(reader)) {
        struct event event = {.type = EVENT_NODE_REMEMBERED, .region = region, .node = &node};
        shell_feed(agent, &event);
    }
    for (size_t i = 0; i < texts.count; i++) {
        free(texts.list[i]);
    }
}

static bool inventory_visit(void *context, const void *key, size_t key_length, const void *value, size_t length)
{
    struct codec_reader reader = codec_reader_init(value, length);
    const char *region = key;
    size_t name = strnlen(region, key_length) + 1;
    if (key_length == name + sizeof(struct uuid)) {
        inventory_remember(context, region, region + name, &reader);
    }
    return true;
}

void inventory_recall(struct agent *agent)
{
    struct error error;
    if (!store_scan(agent->store, STORE_NODE, "", 0, inventory_visit, agent, &error)) {
        report_warn(agent, NULL, "the inventory of before is not shown: %s", error.text);
    }
}
