/* Machines laid aside and taken up again; see nodes.h. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/nodes.h"

static void list_release(struct node_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->node[i].item);
    free(list->node);
    *list = (struct node_list){0};
}

static struct node_list list_copy(const struct node_list *list)
{
    struct node_list copy = {.total = list->total, .count = list->count, .room = list->count};
    copy.node = memory_new(list->count, sizeof *copy.node);
    for (size_t i = 0; i < list->count; i++) {
        struct node *node = &copy.node[i];
        *node = list->node[i];
        node->item_room = node->items;
        node->item = memory_new(node->items, sizeof *node->item);
        if (node->items)
            memcpy(node->item, list->node[i].item, node->items * sizeof *node->item);
    }
    return copy;
}

static void copy_held(int64_t **to, const int64_t *from, size_t count)
{
    *to = memory_resize(*to, count ? count : 1, sizeof **to);
    if (count)
        memcpy(*to, from, count * sizeof **to);
}

void nodes_keep(const struct nodes *nodes, struct nodes_keep *keep)
{
    const struct work *work = nodes->round->work;
    if (!keep->pool) {
        keep->pools = work->pools;
        keep->pool = memory_new(work->pools, sizeof *keep->pool);
    }
    for (size_t p = 0; p < keep->pools; p++) {
        list_release(&keep->pool[p]);
        keep->pool[p] = list_copy(&nodes->pool[p]);
    }
    keep->helds = nodes->helds;
    copy_held(&keep->held, nodes->held, nodes->helds * work->dimensions);
}

void nodes_restore(struct nodes *nodes, const struct nodes_keep *keep)
{
    for (size_t p = 0; p < keep->pools; p++) {
        list_release(&nodes->pool[p]);
        nodes->pool[p] = list_copy(&keep->pool[p]);
    }
    nodes->helds = keep->helds;
    size_t count = keep->helds * nodes->round->work->dimensions;
    copy_held(&nodes->held, keep->held, count);
    nodes->held_room = count ? count : 1;
}

void nodes_keep_release(struct nodes_keep *keep)
{
    for (size_t p = 0; p < keep->pools; p++)
        list_release(&keep->pool[p]);
    free(keep->pool);
    free(keep->held);
    *keep = (struct nodes_keep){0};
}
