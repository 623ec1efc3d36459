/* Nodes fall into declared pools by selectors, or into "other"; what a pool holds is counted here. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/private.h"

void pools_build(struct world *world, struct world_region *region)
{
    free(region->pools);
    region->pool_count = region->config.pool_count + 1;
    region->pools = memory_new(region->pool_count, sizeof *region->pools);
    for (size_t i = 0; i < region->config.pool_count; i++)
        region->pools[i] = (struct world_pool){.name = intern_put(world->names, region->config.pools[i].name),
                                               .config = &region->config.pools[i],
                                               .link = {.account = WORLD_NONE, .pool = WORLD_NONE}};
    region->pools[region->config.pool_count] = (struct world_pool){.name = intern_put(world->names, POOL_OTHER),
                                                                   .link = {.account = WORLD_NONE, .pool = WORLD_NONE}};
}

bool node_takes_work(const struct world_node *node)
{
    return node->present && node->listed && node->status == NODE_READY && node->eligible && !node->draining &&
           !node->leaving;
}

static const char *selected_value(const struct world_node *node, const char *key)
{
    for (uint32_t i = 0; i < node->selected_count; i++)
        if (strcmp(node->selected[i].key, key) == 0)
            return node->selected[i].value;
    return NULL;
}

static const char *selector_subject(const struct world *world, const struct world_node *node, const char *key)
{
    if (strcmp(key, "node_class") == 0)
        return world_text(world, node->node_class);
    if (strcmp(key, "node_pool") == 0)
        return world_text(world, node->node_pool);
    if (strcmp(key, "datacenter") == 0)
        return world_text(world, node->datacenter);
    return selected_value(node, key);
}

static bool pool_selects(const struct world *world, const struct pool_config *pool, const struct world_node *node)
{
    for (size_t i = 0; i < pool->selector_count; i++) {
        const char *value = selector_subject(world, node, pool->selectors[i].key);
        if (!value || strcmp(value, pool->selectors[i].value) != 0)
            return false;
    }
    return pool->selector_count > 0;
}

void pools_assign_node(const struct world *world, struct world_region *region, struct world_node *node)
{
    uint32_t other = (uint32_t)region->config.pool_count;
    node->pool = other;
    node->second_pool = WORLD_NONE;
    for (uint32_t i = 0; i < other; i++) {
        if (!pool_selects(world, &region->config.pools[i], node))
            continue;
        if (node->pool != other) {
            node->second_pool = i;
            return;
        }
        node->pool = i;
    }
}

void pools_count(struct world_region *region)
{
    for (size_t i = 0; i < region->pool_count; i++) {
        struct world_pool *pool = &region->pools[i];
        *pool = (struct world_pool){.name = pool->name, .config = pool->config, .link = pool->link};
    }
    for (size_t i = 0; i < region->node_count; i++) {
        const struct world_node *node = &region->nodes[i];
        if (!node->present || !node->listed)
            continue;
        struct world_pool *pool = &region->pools[node->pool];
        pool->nodes++;
        pool->ready_nodes += node_takes_work(node);
        if (node->status == NODE_DOWN)
            continue;
        pool->paid_nodes++;
        resources_add(&pool->capacity, &node->capacity);
        resources_add(&pool->used, &node->used);
    }
}
