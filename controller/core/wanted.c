/* From a decision to what a region's copy of the job is to be: counts, and the pins that hold a group to its pool. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/private.h"

static void pin_to(const struct selector *selector, bool negated, struct copy_group *group)
{
    char target[300];
    if (strcmp(selector->key, "node_class") == 0)
        snprintf(target, sizeof target, "${node.class}");
    else if (strcmp(selector->key, "node_pool") == 0)
        snprintf(target, sizeof target, "${node.pool}");
    else if (strcmp(selector->key, "datacenter") == 0)
        snprintf(target, sizeof target, "${node.datacenter}");
    else
        snprintf(target, sizeof target, "${%.290s}", selector->key); /* attr.NAME, meta.NAME: Nomad's own words */
    group->pins = memory_resize(group->pins, group->pin_count + 1, sizeof *group->pins);
    group->pins[group->pin_count++] = (struct pin){.target = memory_copy_text(target, strlen(target)),
                                                   .value = memory_copy_text(selector->value, strlen(selector->value)),
                                                   .negated = negated};
}

void pin_group(const struct world_region *region, const char *pool, struct copy_group *group)
{
    const struct region_config *config = &region->config;
    bool other = strcmp(pool, POOL_OTHER) == 0;
    for (size_t p = 0; p < config->pool_count; p++) {
        if (!other && strcmp(config->pools[p].name, pool) != 0)
            continue;
        for (size_t s = 0; s < config->pools[p].selector_count; s++)
            pin_to(&config->pools[p].selectors[s], other, group);
    }
}

static void add_part(struct copy_wanted *wanted, const char *group, const char *pool, int64_t count,
                     const struct world_region *region)
{
    wanted->groups = memory_resize(wanted->groups, wanted->group_count + 1, sizeof *wanted->groups);
    struct copy_group *part = &wanted->groups[wanted->group_count++];
    *part = (struct copy_group){.count = count};
    text_replace(&part->group, group);
    text_replace(&part->pool, pool);
    if (pool[0])
        pin_group(region, pool, part);
}

static int64_t decided(const struct decision *decision, const char *group, const char *region, const char *pool)
{
    int64_t count = 0;
    for (size_t i = 0; i < decision->line_count; i++) {
        const struct decision_line *line = &decision->lines[i];
        if (strcmp(line->region, region) == 0 && strcmp(line->group, group) == 0 &&
            (!pool || strcmp(line->pool, pool) == 0))
            count += line->count;
    }
    return count;
}

/* The parts that a registered copy has already, in their order: they keep their names and pools, whatever their count.
 */
static void add_known_parts(const struct core *core, const struct decision *decision, const struct job_demand *demand,
                            const struct job_copy *copy, uint32_t number, const struct world_region *region,
                            struct copy_wanted *wanted)
{
    const char *group = demand->groups[number].name;
    for (size_t i = 0; i < copy->group_count; i++) {
        if (copy->groups[i].group != number)
            continue;
        const char *pool = world_text(&core->world, copy->groups[i].pool);
        bool whole = !pool[0] && (!demand->groups[number].pinnable || region->pool_count == 1);
        int64_t count = whole || pool[0] ? decided(decision, group, region->config.name, whole ? NULL : pool) : 0;
        add_part(wanted, group, pool, demand->type == JOB_SYSTEM ? demand->groups[number].count : count, region);
    }
}

static bool has_part(const struct copy_wanted *wanted, const char *group, const char *pool)
{
    for (size_t i = 0; i < wanted->group_count; i++)
        if (strcmp(wanted->groups[i].group, group) == 0 && (!pool || strcmp(wanted->groups[i].pool, pool) == 0))
            return true;
    return false;
}

/* Parts that are new, the cheapest first as the lines stand; a group without any is there with none. */
static void add_new_parts(const struct decision *decision, const struct job_demand *demand, uint32_t number,
                          const struct world_region *region, struct copy_wanted *wanted)
{
    const struct group_demand *group = &demand->groups[number];
    bool whole = demand->type == JOB_SYSTEM || !group->pinnable || region->pool_count == 1;
    if (whole && !has_part(wanted, group->name, NULL)) {
        int64_t count = decided(decision, group->name, region->config.name, NULL);
        add_part(wanted, group->name, "", demand->type == JOB_SYSTEM && count ? group->count : count, region);
    }
    for (size_t i = 0; i < decision->line_count && !whole; i++) {
        const struct decision_line *line = &decision->lines[i];
        if (line->count > 0 && strcmp(line->region, region->config.name) == 0 &&
            strcmp(line->group, group->name) == 0 && !has_part(wanted, group->name, line->pool))
            add_part(wanted, group->name, line->pool, line->count, region);
    }
    if (!has_part(wanted, group->name, NULL))
        add_part(wanted, group->name, "", 0, region);
}

bool decision_wanted(const struct core *core, const struct decision *decision, const struct job_demand *demand,
                     const struct drover_job *job, symbol region_name, uint64_t revision,
                     struct copy_wanted *ret_wanted)
{
    const struct world_region *region = world_find_region(&core->world, world_text(&core->world, region_name));
    const struct job_copy *copy = job ? job_copy_find(job, region_name) : NULL;
    struct copy_wanted wanted = {.revision = revision,
                                 .shift = copy && copy->registered && copy->state != COPY_STOPPED};
    bool any = false;
    text_replace(&wanted.job_namespace, demand->job_namespace);
    text_replace(&wanted.id, demand->id);
    for (uint32_t g = 0; g < demand->group_count; g++) {
        if (copy && wanted.shift)
            add_known_parts(core, decision, demand, copy, g, region, &wanted);
        add_new_parts(decision, demand, g, region, &wanted);
        any = any || decided(decision, demand->groups[g].name, region->config.name, NULL) > 0;
    }
    if (any)
        *ret_wanted = wanted;
    else
        copy_wanted_release(&wanted);
    return any;
}
