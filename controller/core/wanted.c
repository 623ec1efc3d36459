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

bool decision_wanted(const struct core *core, const struct decision *decision, const struct job_demand *demand,
                     const struct drover_job *job, symbol region_name, uint64_t revision,
                     struct copy_wanted *ret_wanted)
{
    const struct world_region *region = world_find_region(&core->world, world_text(&core->world, region_name));
    const struct job_copy *copy = job ? job_copy_find(job, region_name) : NULL;
    struct copy_wanted wanted = {.revision = revision,
                                 .groups = memory_new(demand->group_count, sizeof *wanted.groups),
                                 .group_count = demand->group_count,
                                 .shift = copy && copy->registered && copy->state != COPY_STOPPED};
    text_replace(&wanted.job_namespace, demand->job_namespace);
    text_replace(&wanted.id, demand->id);
    bool any = false;
    for (size_t g = 0; g < demand->group_count; g++) {
        struct copy_group *group = &wanted.groups[g];
        text_replace(&group->group, demand->groups[g].name);
        text_replace(&group->pool, "");
        for (size_t i = 0; i < decision->line_count; i++) {
            const struct decision_line *line = &decision->lines[i];
            if (line->count == 0 || strcmp(line->region, region->config.name) != 0 ||
                strcmp(line->group, group->group) != 0)
                continue;
            any = true;
            group->count = demand->type == JOB_SYSTEM ? demand->groups[g].count : line->count;
            if (demand->type == JOB_SYSTEM || !demand->groups[g].pinnable || region->pool_count == 1)
                continue;
            text_replace(&group->pool, line->pool);
            pin_group(region, line->pool, group);
        }
    }
    if (any)
        *ret_wanted = wanted;
    else
        copy_wanted_release(&wanted);
    return any;
}
