/* /v1/nodes and /v1/node/...: lists, the whole node, drain, eligibility, node pools. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/http.h"

static void list_nodes(struct sim_call *call)
{
    struct sim_region *region = call->region;
    uint64_t index = region->tables[SIM_NODES];
    bool resources = sim_query_flag(&call->query, "resources");
    struct sim_page page;

    if (sim_held(call, index) || !sim_page_begin(call, &page, index))
        return;
    for (size_t i = 0; i < region->node_count && !page.full; i++) {
        const struct sim_node *node = region->nodes[i];

        if (strncmp(node->id, page.prefix, strlen(page.prefix)) == 0 && strcmp(node->id, page.token) >= 0 &&
            sim_page_take(call, &page, node->id))
            sim_node_render_stub(&call->response->body, region, node, resources);
    }
    sim_page_end(call);
}

/* The node of the path, or NULL after Nomad's answer. */
static struct sim_node *call_node(struct sim_call *call)
{
    struct sim_node *node = sim_node_find(call->region, call->segments[1]);

    if (node != NULL)
        return node;
    if (strlen(call->segments[1]) != SIM_ID_SIZE - 1)
        sim_fail(call, 500, "node lookup failed: index error: UUID must be 36 characters");
    else
        sim_fail_read(call, call->region->tables[SIM_NODES], "node not found");
    return NULL;
}

static void get_node(struct sim_call *call)
{
    const struct sim_node *node = call_node(call);

    if (node == NULL || sim_held(call, node->modify_index))
        return;
    sim_node_render(sim_reply(call, node->modify_index), call->region, node);
}

static void get_node_allocations(struct sim_call *call)
{
    const struct sim_node *node = call_node(call);
    struct sim_region *region = call->region;
    uint64_t index = 0;
    struct buffer *out;
    bool any = false;

    if (node == NULL)
        return;
    for (size_t i = 0; i < region->allocation_count; i++)
        if (region->allocations[i]->node == node && region->allocations[i]->modify_index > index)
            index = region->allocations[i]->modify_index;
    if (index == 0)
        index = region->tables[SIM_ALLOCATIONS];
    if (sim_held(call, index))
        return;
    out = sim_reply(call, index);
    buffer_append_byte(out, '[');
    for (size_t i = 0; i < region->allocation_count; i++) {
        if (region->allocations[i]->node != node)
            continue;
        buffer_append_text(out, any ? "," : "");
        sim_allocation_render(out, region->allocations[i], true, true);
        any = true;
    }
    buffer_append_byte(out, ']');
}

static void answer_node_write(struct sim_call *call, const struct sim_node *node)
{
    buffer_printf(sim_reply_write(call, call->region->index),
                  "{\"EvalCreateIndex\":0,\"EvalIDs\":null,\"Index\":%" PRIu64 ",\"NodeModifyIndex\":%" PRIu64 "}",
                  call->region->index, node->modify_index);
}

static void drain_node(struct sim_call *call)
{
    struct sim_node *node = call_node(call);

    if (node == NULL || !sim_call_body(call))
        return;
    sim_node_drain(call->region, node, call->body, call->now);
    answer_node_write(call, node);
}

static void set_eligibility(struct sim_call *call)
{
    struct sim_node *node = call_node(call);
    const char *wanted;

    if (node == NULL || !sim_call_body(call))
        return;
    wanted = sim_get_text(call->body, "Eligibility", "");
    if (*wanted == '\0') {
        sim_fail(call, 400, "Missing parameter Eligibility");
        return;
    }
    if (!sim_same(wanted, "eligible") && !sim_same(wanted, "ineligible")) {
        sim_fail(call, 500, "invalid scheduling eligibility \"%s\"", wanted);
        return;
    }
    if (node->draining && sim_same(wanted, "eligible")) {
        sim_fail(call, 500, "can not set node's scheduling eligibility to eligible while it is draining");
        return;
    }
    sim_node_set_eligible(call->region, node, sim_same(wanted, "eligible"), call->now);
    answer_node_write(call, node);
}

static void put_pool(struct buffer *out, const char *name, const char *description)
{
    buffer_append_text(out, "{\"CreateIndex\":1,");
    sim_put_field(out, "Description", description);
    buffer_append_text(out, ",\"Hash\":null,\"Meta\":null,\"ModifyIndex\":1,");
    sim_put_field(out, "Name", name);
    buffer_append_text(out, ",\"NodeIdentityTTL\":86400000000000,\"SchedulerConfiguration\":null}");
}

static int text_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void list_pools(struct sim_call *call)
{
    struct sim_region *region = call->region;
    const char **names = calloc(region->class_count + 2, sizeof *names);
    size_t count = 0;
    struct buffer *out;

    if (names == NULL)
        abort();
    names[count++] = "all";
    names[count++] = "default";
    for (size_t i = 0; i < region->class_count; i++) {
        bool known = false;

        for (size_t k = 0; k < count && !known; k++)
            known = sim_same(names[k], region->classes[i].node_pool);
        if (!known)
            names[count++] = region->classes[i].node_pool;
    }
    qsort(names, count, sizeof *names, text_order);
    if (!sim_held(call, 1)) {
        out = sim_reply(call, 1);
        buffer_append_byte(out, '[');
        for (size_t i = 0; i < count; i++) {
            buffer_append_text(out, i > 0 ? "," : "");
            put_pool(out, names[i],
                     sim_same(names[i], "all")       ? "Node pool with all nodes in the cluster."
                     : sim_same(names[i], "default") ? "Default node pool."
                                                     : "");
        }
        buffer_append_byte(out, ']');
    }
    free(names);
}

static void get_pool(struct sim_call *call)
{
    const char *name = call->segments[2];
    bool known = sim_same(name, "all") || sim_same(name, "default");

    for (size_t i = 0; i < call->region->class_count && !known; i++)
        known = sim_same(name, call->region->classes[i].node_pool);
    if (known)
        put_pool(sim_reply(call, 1), name, "");
    else
        sim_fail_read(call, 1, "node pool not found");
}

const struct sim_route sim_node_routes[] = {{"GET", "nodes", SIM_READ, list_nodes},
                                            {"GET", "node/pools", SIM_EMPTY, list_pools},
                                            {"GET", "node/pool/*", SIM_READ, get_pool},
                                            {"GET", "node/*", SIM_READ, get_node},
                                            {"GET", "node/*/allocations", SIM_READ, get_node_allocations},
                                            {"PUT", "node/*/drain", SIM_WRITE, drain_node},
                                            {"PUT", "node/*/eligibility", SIM_WRITE, set_eligibility},
                                            {NULL, NULL, SIM_OPEN, NULL}};
