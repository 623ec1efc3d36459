/* Which pools can be grown, and for which job: from a decision's proposal to operations, and back to the job. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/fleet_private.h"

/* What the operating system keeps of a machine's memory; a node that is there is measured instead. */
enum { GROWTHS_MOST = 5, MEMORY_KEPT_PERCENT = 93 };

static const struct account_type *type_of(const struct world *world, const struct world_region *region, uint32_t pool)
{
    const struct account_pool *at = world_provider_pool(world, region, pool);
    const struct account_facts *types = at ? world->accounts[region->pools[pool].link.account].facts[LOOK_TYPES] : NULL;
    for (size_t i = 0; types && i < types->type_count; i++)
        if (strcmp(types->types[i].name, at->instance_type) == 0 &&
            (types->types[i].region[0] == '\0' || strcmp(types->types[i].region, at->region) == 0))
            return &types->types[i];
    return NULL;
}

bool fleet_machine(const struct world *world, const struct world_region *region, uint32_t pool,
                   struct resources *ret_machine)
{
    const struct account_type *type = type_of(world, region, pool);
    if (!type || type->processor_mhz <= 0 || type->memory_mib <= 0 || type->disk_mib <= 0 ||
        type->processor_mhz > RESOURCE_AMOUNT_MAX || type->memory_mib > RESOURCE_AMOUNT_MAX ||
        type->disk_mib > RESOURCE_AMOUNT_MAX)
        return false;
    ret_machine->amount[RESOURCE_CPU_MHZ] = type->processor_mhz;
    ret_machine->amount[RESOURCE_MEMORY_MB] = type->memory_mib * MEMORY_KEPT_PERCENT / 100;
    ret_machine->amount[RESOURCE_DISK_MB] = type->disk_mib;
    return true;
}

static int64_t most_machines(const struct pool_config *config, const struct account_pool *pool)
{
    return pool->max == ACCOUNT_UNSET || pool->max > config->grow_to ? config->grow_to : pool->max;
}

/* A growth goes before what was only proposed to be given back. */
static bool is_idle_proposal(const struct operation *operation)
{
    return operation->state == OPERATION_PROPOSED && operation->kind == OPERATION_SHRINK;
}

/* Why nothing may be begun there now, or NULL. */
static const char *obstacle(const struct core *core, const struct world_region *region, uint32_t pool)
{
    const struct pool_link *link = &region->pools[pool].link;
    const struct account_pool *at = world_provider_pool(&core->world, region, pool);
    const struct world_account *account = link->account == WORLD_NONE ? NULL : &core->world.accounts[link->account];
    const struct fleet_pool *fleet = fleet_find(&core->world, region->name, region->pools[pool].name);
    if (!account)
        return "its region's provider is no configured account";
    if (!at)
        return account->failure[LOOK_POOLS] ? account->failure[LOOK_POOLS]
               : account->facts[LOOK_POOLS] ? "its account does not report the provider pool"
                                            : "its account has not been heard yet";
    if (core->world.now_ms - account->looked_ms[LOOK_POOLS] > FACTS_FRESH_MS)
        return account->failure[LOOK_POOLS] ? account->failure[LOOK_POOLS] : "its account has not answered lately";
    if (!at->writable)
        return at->why_read_only[0] ? at->why_read_only : "its provider pool is read-only";
    if (link->held.held)
        return "its price is held; `drover pool list` shows it";
    if (account_price_is_stale(&core->world, region->pools[pool].config))
        return "its price was read too long ago; `drover provider status` shows what fails";
    if (fleet && fleet->operation && !is_idle_proposal(fleet->operation))
        return fleet->operation->state == OPERATION_PROPOSED ? "a change of it waits for an approval"
                                                             : "it is being changed already";
    if (fleet && core->world.now_ms < fleet->grow_not_before_ms)
        return fleet->rest && fleet->rest[0] ? fleet->rest : "it rests after a failed growth";
    return fleet_cooled(&core->world, region, pool);
}

int64_t fleet_growable(const struct core *core, const struct world_region *region, uint32_t pool, char *why,
                       size_t size)
{
    const char *against = obstacle(core, region, pool);
    if (against) {
        snprintf(why, size, "%s", against);
        return 0;
    }
    const struct account_pool *at = world_provider_pool(&core->world, region, pool);
    int64_t most = most_machines(region->pools[pool].config, at);
    if (at->desired >= most) {
        snprintf(why, size, "it has all of the %lld machines that it may have", (long long)most);
        return 0;
    }
    return most - at->desired;
}

/* The place of a linked pool in its region, or WORLD_NONE. */
static uint32_t linked_place(const struct world_region *region, const char *pool)
{
    for (uint32_t p = 0; region && p < region->config.pool_count; p++)
        if (strcmp(region->config.pools[p].name, pool) == 0)
            return region->config.pools[p].provider_pool[0] ? p : WORLD_NONE;
    return WORLD_NONE;
}

static bool fleet_may_grow(const struct core *core, const char *region_name, const char *pool)
{
    const struct world_region *region = world_find_region(&core->world, region_name);
    char why[200];
    uint32_t place = linked_place(region, pool);
    return place != WORLD_NONE && fleet_growable(core, region, place, why, sizeof why) > 0;
}

/* --- for a job ---------------------------------------------------------------------------------------------------- */

static bool lacks_room_in(const struct decision *decision, const char *region, const char *pool)
{
    for (size_t i = 0; i < decision->line_count; i++) {
        const struct decision_line *line = &decision->lines[i];
        bool room = line->reason == REASON_CHOSEN || line->reason == REASON_FULL || line->reason == REASON_NO_NODES ||
                    line->reason == REASON_TOO_LARGE;
        if (room && strcmp(line->region, region) == 0 && strcmp(line->pool, pool) == 0)
            return true;
    }
    return false;
}

static bool lacks_room_there(const struct world *world, const struct decision *decision, const struct fleet_pool *fleet)
{
    return lacks_room_in(decision, world_text(world, fleet->region), world_text(world, fleet->pool));
}

void fleet_tell_obstacles(const struct core *core, const struct decision *decision, struct buffer *out)
{
    char why[200];
    for (size_t r = 0; r < core->world.region_count; r++) {
        const struct world_region *region = &core->world.regions[r];
        for (uint32_t p = 0; p < region->config.pool_count; p++) {
            const struct pool_config *config = &region->config.pools[p];
            if (config->provider_pool[0] && config->grow_to > 0 &&
                lacks_room_in(decision, region->config.name, config->name) &&
                fleet_growable(core, region, p, why, sizeof why) == 0)
                buffer_printf(out, "; %s/%s cannot grow: %s", region->config.name, config->name, why);
        }
    }
}

static bool is_job_of(const struct core *core, const struct operation *operation, const struct drover_job *job)
{
    return strcmp(operation->job, world_text(&core->world, job->id)) == 0 &&
           strcmp(operation->job_namespace, world_text(&core->world, job->job_namespace)) == 0;
}

/* Something grows that the job may use. */
static bool grows_for(const struct core *core, const struct drover_job *job)
{
    for (size_t i = 0; i < core->world.fleet_count; i++) {
        const struct fleet_pool *fleet = core->world.fleet[i];
        const struct operation *operation = fleet->operation;
        if (!operation || operation->kind != OPERATION_GROW || operation->state == OPERATION_PROPOSED)
            continue;
        if (is_job_of(core, operation, job) || (job->decision && lacks_room_there(&core->world, job->decision, fleet)))
            return true;
    }
    return false;
}

/* A node of a pool that the job could use is being given back; `leaving`: it is too late to keep it. */
static bool shrinks_for(const struct core *core, const struct drover_job *job, bool leaving)
{
    for (size_t i = 0; job->decision && i < core->world.fleet_count; i++) {
        const struct fleet_pool *fleet = core->world.fleet[i];
        const struct operation *operation = fleet->operation;
        if (operation && operation->kind == OPERATION_SHRINK && operation->state != OPERATION_PROPOSED &&
            (operation->state == OPERATION_POLLING) == leaving && lacks_room_there(&core->world, job->decision, fleet))
            return true;
    }
    return false;
}

static bool is_unheard(const struct world_account *account, enum account_look look)
{
    return !account->facts[look] && !account->failure[look] && (account->up || !account->text);
}

bool fleet_awaits_account(const struct core *core, const struct decision *decision)
{
    for (size_t r = 0; r < core->world.region_count; r++) {
        const struct world_region *region = &core->world.regions[r];
        const struct world_account *account = world_find_account(&core->world, region->config.provider);
        for (size_t p = 0; account && p < region->config.pool_count; p++) {
            const struct pool_config *pool = &region->config.pools[p];
            bool unheard = is_unheard(account, LOOK_POOLS) || (!pool->priced && is_unheard(account, LOOK_OFFERS));
            if (pool->provider_pool[0] && pool->grow_to && unheard &&
                (!pool->priced || lacks_room_in(decision, region->config.name, pool->name)))
                return true;
        }
    }
    return false;
}

/* What is under way, or not known yet, may bring the job the room that it lacks. */
static bool must_wait(const struct core *core, const struct drover_job *job)
{
    return grows_for(core, job) || shrinks_for(core, job, false) || shrinks_for(core, job, true) ||
           (job->decision && fleet_awaits_account(core, job->decision));
}

static void begin_growth(struct core *core, const struct drover_job *job, const struct decision_growth *growth)
{
    struct world *world = &core->world;
    struct world_region *region = world_find_region(world, growth->region);
    char why[300];
    char money[MONEY_TEXT_MAX];
    uint32_t p = linked_place(region, growth->pool);
    if (p == WORLD_NONE)
        return;
    int64_t room = fleet_growable(core, region, p, why, sizeof why);
    int64_t more = growth->nodes_more < room ? growth->nodes_more : room;
    if (more <= 0)
        return;
    struct fleet_pool *fleet = fleet_obtain(core, region->name, region->pools[p].name);
    if (fleet->operation && is_idle_proposal(fleet->operation))
        operation_end(core, fleet, true, "a job needs more machines there");
    struct operation *operation = operation_begin(core, fleet, OPERATION_GROW);
    if (!operation)
        return;
    operation->from = world_provider_pool(world, region, p)->desired;
    operation->to = operation->from + more;
    if (!money_multiply(growth->unit_marginal_uusd_h, more, &operation->uusd_h))
        operation->uusd_h = 0;
    text_replace(&operation->job_namespace, world_text(world, job->job_namespace));
    text_replace(&operation->job, world_text(world, job->id));
    snprintf(why, sizeof why, "%lld allocations of %.120s have no place; %lld machine%s more, %s $/h",
             (long long)growth->allocations, world_text(world, job->id), (long long)more, more == 1 ? "" : "s",
             money_format(operation->uusd_h, money));
    text_replace(&operation->why, why);
    fleet_put(core, fleet);
}

bool fleet_may_come(const struct core *core, const struct decision *decision)
{
    for (size_t i = 0; i < decision->growth_count; i++)
        if (fleet_may_grow(core, decision->growth[i].region, decision->growth[i].pool))
            return true;
    for (size_t i = 0; i < core->world.fleet_count; i++) {
        const struct operation *operation = core->world.fleet[i]->operation;
        if (operation && operation->state != OPERATION_PROPOSED &&
            lacks_room_there(&core->world, decision, core->world.fleet[i]))
            return true;
    }
    return fleet_awaits_account(core, decision);
}

/* A job waits for the pool to stop shrinking: it would rather have the machine. */
bool fleet_is_awaited(const struct core *core, const struct fleet_pool *fleet)
{
    for (size_t i = 0; i < core->world.job_count; i++) {
        const struct drover_job *job = core->world.jobs[i];
        if (job->attempt && job->attempt->waiting_for_growth && job->decision &&
            lacks_room_there(&core->world, job->decision, fleet))
            return true;
    }
    return false;
}

/* An approval or an open gate may come a day later. */
bool fleet_is_needed(const struct core *core, const struct operation *operation)
{
    const struct drover_job *job = world_job(&core->world, operation->job_namespace, operation->job);
    return job && !job->stop_wanted && job->state != JOB_STATE_STOPPED &&
           (job->attempt || job->state != JOB_STATE_RUNNING);
}

/* What is on its way, for people. */
static void tell_growth(struct core *core, struct drover_job *job)
{
    struct buffer text = BUFFER_INIT;
    buffer_printf(&text, "%lld of %lld allocations wait for machines:",
                  (long long)(job->decision->wanted - job->decision->placed), (long long)job->decision->wanted);
    for (size_t i = 0; i < core->world.fleet_count; i++) {
        const struct fleet_pool *fleet = core->world.fleet[i];
        const struct operation *operation = fleet->operation;
        if (!operation || operation->kind != OPERATION_GROW || !lacks_room_there(&core->world, job->decision, fleet))
            continue;
        buffer_printf(&text, " %s/%s %lld -> %lld", world_text(&core->world, fleet->region),
                      world_text(&core->world, fleet->pool), (long long)operation->from, (long long)operation->to);
        if (operation->state == OPERATION_PROPOSED)
            buffer_printf(&text, " once `drover approval approve %llu` is given", (unsigned long long)operation->id);
    }
    text_replace(&job->trouble, text.data);
    buffer_release(&text);
    core_changed(core);
}

/* A proposal of this job's waits for a person. */
static bool is_proposed(const struct core *core, const struct drover_job *job)
{
    for (size_t i = 0; i < core->world.fleet_count; i++) {
        const struct operation *operation = core->world.fleet[i]->operation;
        if (operation && operation->state == OPERATION_PROPOSED && is_job_of(core, operation, job))
            return true;
    }
    return false;
}

bool fleet_grow_for(struct core *core, struct drover_job *job)
{
    struct attempt *attempt = job->attempt;
    if (attempt && attempt->unheard && job->decision && !fleet_awaits_account(core, job->decision)) {
        attempt_grown(core, job); /* now that it is known what could be bought */
        return true;
    }
    if (!grows_for(core, job) && !shrinks_for(core, job, false) && job->decision && attempt &&
        attempt->growths < GROWTHS_MOST)
        for (size_t i = 0; i < job->decision->growth_count; i++)
            begin_growth(core, job, &job->decision->growth[i]);
    if (job->decision && (grows_for(core, job) || is_proposed(core, job)))
        tell_growth(core, job);
    if (!attempt || !must_wait(core, job))
        return false;
    attempt->waiting_for_growth = true;
    return true;
}

/* The jobs that waited, and the one that it was for. Those of a growth that failed look too: for the next best. */
void fleet_wake_jobs(struct core *core, const struct operation *ended, bool well)
{
    for (size_t i = 0; i < core->world.job_count; i++) {
        struct drover_job *job = core->world.jobs[i];
        bool waits = job->attempt && job->attempt->waiting_for_growth;
        bool meant = ended && is_job_of(core, ended, job) && !job->attempt && job->state == JOB_STATE_PARTIAL &&
                     (well || core->world.mode == MODE_ENFORCE);
        if ((waits || meant) && !job->stop_wanted && !must_wait(core, job))
            attempt_grown(core, job);
    }
}

/* Something cooled has ended since the last time; sets the deadline for what has not. */
static bool has_warmed(struct core *core)
{
    int64_t now = core->world.now_ms;
    bool ended = false;
    for (size_t i = 0; i < core->world.fleet_count; i++) {
        const struct fleet_pool *fleet = core->world.fleet[i];
        for (size_t c = 0; c < fleet->cooled_count; c++) {
            int64_t until = fleet->cooled[c].until_ms;
            if (until > now)
                core_deadline(core, until);
            ended = ended || (until > core->warmed_ms && until <= now);
        }
    }
    core->warmed_ms = now;
    return ended;
}

static bool could_grow(const struct core *core, const struct decision *decision)
{
    char why[200];
    for (size_t r = 0; r < core->world.region_count; r++) {
        const struct world_region *region = &core->world.regions[r];
        for (uint32_t p = 0; p < region->config.pool_count; p++)
            if (region->config.pools[p].provider_pool[0] &&
                lacks_room_in(decision, region->config.name, region->config.pools[p].name) &&
                fleet_growable(core, region, p, why, sizeof why) > 0)
                return true;
    }
    return false;
}

static bool all_have_spoken(const struct core *core)
{
    for (size_t i = 0; i < core->world.account_count; i++)
        if (is_unheard(&core->world.accounts[i], LOOK_POOLS))
            return false;
    return every_region_has_spoken(core);
}

void fleet_retry_jobs(struct core *core)
{
    bool may = core->world.mode == MODE_ENFORCE && !core->world.frozen && all_have_spoken(core);
    if (!may || !has_warmed(core))
        return;
    for (size_t i = 0; i < core->world.job_count; i++) {
        struct drover_job *job = core->world.jobs[i];
        if (!job->attempt && job->state == JOB_STATE_PARTIAL && !job->stop_wanted && job->decision &&
            could_grow(core, job->decision))
            attempt_grown(core, job);
    }
}
