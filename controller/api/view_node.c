/* GET nodes: every machine, in which pool it falls and what it costs. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/api/view_part.h"

struct node_line {
    const struct world_region *region;
    const struct world_node *node;
    const char *name;
    char id[37];
};

struct node_lines {
    struct node_line *list;
    size_t count, capacity;
};

/* By pool as configured, then name, then id; regions are taken one after the other. */
static int node_line_compare(const void *a, const void *b)
{
    const struct node_line *x = a, *y = b;
    if (x->node->pool != y->node->pool) {
        return x->node->pool < y->node->pool ? -1 : 1;
    }
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : strcmp(x->id, y->id);
}

static const struct world_pool *node_pool(const struct world_region *region, uint32_t pool)
{
    return pool < region->pool_count ? &region->pools[pool] : NULL;
}

static void node_lines_collect(const struct world *world, const struct world_region *region, const char *pool,
                               struct node_lines *lines)
{
    for (size_t i = 0; i < region->node_count; i++) {
        const struct world_node *node = &region->nodes[i];
        const struct world_pool *at = node_pool(region, node->pool);
        bool wanted = pool == NULL || pool[0] == '\0' || (at != NULL && strcmp(world_text(world, at->name), pool) == 0);
        if (!node->present || !node->listed || !wanted) {
            continue;
        }
        lines->list = memory_grow(lines->list, lines->count, &lines->capacity, sizeof *lines->list);
        struct node_line *line = &lines->list[lines->count++];
        *line = (struct node_line){.region = region, .node = node, .name = world_text(world, node->name)};
        uuid_format(&node->id, line->id);
    }
}

static void view_node(struct json_writer *writer, const struct world *world, const struct node_line *line)
{
    const struct world_node *node = line->node;
    const struct world_pool *pool = node_pool(line->region, node->pool);
    const struct world_pool *second = node_pool(line->region, node->second_pool);
    bool priced = pool != NULL && pool->config != NULL && pool->config->priced;
    json_writer_begin_object(writer);
    json_writer_field_text(writer, "Region", line->region->config.name);
    json_writer_field_text(writer, "ID", line->id);
    json_writer_field_text(writer, "Name", line->name);
    json_writer_field_text(writer, "Status", node_status_word((enum node_status)node->status));
    json_writer_field_flag(writer, "Eligible", node->eligible);
    json_writer_field_flag(writer, "Draining", node->draining);
    view_symbol(writer, "Datacenter", world, node->datacenter);
    view_symbol(writer, "NodeClass", world, node->node_class);
    view_symbol(writer, "NodePool", world, node->node_pool);
    view_symbol(writer, "Version", world, node->version);
    json_writer_field_text(writer, "Pool", pool != NULL ? world_text(world, pool->name) : "");
    json_writer_field_text(writer, "SecondPool", second != NULL ? world_text(world, second->name) : "");
    view_resources(writer, "Capacity", &node->capacity);
    view_resources(writer, "Used", &node->used);
    json_writer_field_u64(writer, "Allocations", node->allocations);
    view_money(writer, "HourlyUSD", priced ? pool->config->price.effective_uusd_h : -1);
    json_writer_end_object(writer);
}

void view_nodes(const struct world *world, const char *region, const char *pool, struct buffer *out)
{
    struct json_writer writer = json_writer_init(out, false);
    struct node_lines lines = {0};
    json_writer_begin_object(&writer);
    json_writer_key(&writer, "Nodes");
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < world->region_count; i++) {
        if (region != NULL && region[0] != '\0' && strcmp(region, world->regions[i].config.name) != 0) {
            continue;
        }
        lines.count = 0;
        node_lines_collect(world, &world->regions[i], pool, &lines);
        if (lines.count > 1) {
            qsort(lines.list, lines.count, sizeof *lines.list, node_line_compare);
        }
        for (size_t k = 0; k < lines.count; k++) {
            view_node(&writer, world, &lines.list[k]);
        }
    }
    json_writer_end_array(&writer);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    free(lines.list);
}
