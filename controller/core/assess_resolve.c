/* Which machines each group of a snapshot may use: policy, node pool, datacenters. Groups alike share the answer. */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "controller/core/assess_private.h"

static char *joined(const struct patterns *patterns)
{
    struct buffer text = BUFFER_INIT;
    for (size_t i = 0; i < patterns->count; i++) {
        buffer_append_text(&text, patterns->list[i]);
        buffer_append_byte(&text, '\n');
    }
    return buffer_take(&text);
}

/* `globs` as joined() writes them. */
static bool in_datacenters(const char *globs, const char *datacenter)
{
    char glob[POLICY_PATTERN_MAX + 1];
    bool any = globs[0] == '\0';
    for (const char *at = globs; *at && !any;) {
        size_t length = strcspn(at, "\n");
        size_t kept = length < POLICY_PATTERN_MAX ? length : POLICY_PATTERN_MAX;
        memcpy(glob, at, kept);
        glob[kept] = '\0';
        any = text_glob(glob, datacenter);
        at += length + (at[length] == '\n');
    }
    return any;
}

static void find_machines(const struct assess_snapshot *snapshot, const struct world *world,
                          struct snapshot_signature *signature)
{
    bool *allowed = memory_new(snapshot->region_count, sizeof *allowed);
    char detail[POLICY_DETAIL_MAX];
    for (size_t r = 0; r < snapshot->region_count; r++)
        allowed[r] = region_is_allowed(signature->policy, &world->regions[r], detail);
    signature->machines = memory_new(snapshot->machine_count, sizeof *signature->machines);
    for (size_t m = 0; m < snapshot->machine_count; m++) {
        const struct machine_class *machine = &snapshot->machines[m];
        if (allowed[machine->region] && (!signature->node_pool || signature->node_pool == machine->node_pool) &&
            in_datacenters(signature->datacenters, world_text(world, machine->datacenter)))
            signature->machines[signature->machine_count++] = (uint32_t)m;
    }
    free(allowed);
}

/* Takes `datacenters` over. */
static uint32_t signature_obtain(struct assess_snapshot *snapshot, const struct world *world,
                                 const struct policy *policy, symbol node_pool, char *datacenters)
{
    for (size_t s = 0; s < snapshot->signature_count; s++) {
        const struct snapshot_signature *known = &snapshot->signatures[s];
        if (known->policy == policy && known->node_pool == node_pool && strcmp(known->datacenters, datacenters) == 0) {
            free(datacenters);
            return (uint32_t)s;
        }
    }
    snapshot->signatures = memory_grow(snapshot->signatures, snapshot->signature_count, &snapshot->signature_capacity,
                                       sizeof *snapshot->signatures);
    struct snapshot_signature *signature = &snapshot->signatures[snapshot->signature_count];
    *signature = (struct snapshot_signature){
        .policy = policy, .node_pool = node_pool, .datacenters = datacenters, .spread = spread_of(policy)};
    find_machines(snapshot, world, signature);
    return (uint32_t)snapshot->signature_count++;
}

static void resolve_group(struct assess_snapshot *snapshot, const struct world *world, struct snapshot_group *group)
{
    const char *job_namespace = world_text(world, group->job_namespace);
    const char *id = world_text(world, group->id);
    const struct drover_job *job = world_find_job(world, job_namespace, id);
    struct patterns anywhere = {0};
    symbol node_pool = group->node_pool;
    if (job && job->demand.node_pool) {
        bool all = strcmp(job->demand.node_pool, "all") == 0;
        int at = job_group_of(world, job, world_text(world, group->group));
        node_pool = all ? 0 : intern_find(world->names, job->demand.node_pool);
        group->one_per_node = at >= 0 && job->demand.groups[at].one_per_node;
    }
    char *datacenters = joined(job ? &job->demand.datacenters : &anywhere);
    group->signature =
        signature_obtain(snapshot, world, world_policy_for(world, job_namespace, id), node_pool, datacenters);
}

bool assess_resolve(struct assess_snapshot *snapshot, const struct world *world, size_t most)
{
    for (size_t i = 0; i < most && snapshot->resolved < snapshot->group_count; i++)
        resolve_group(snapshot, world, &snapshot->groups[snapshot->resolved++]);
    return snapshot->resolved == snapshot->group_count;
}
