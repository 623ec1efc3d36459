/* What a look says of a write to an account or a node whose outcome is not known: done, not done, or somebody else's.
 */
#include <string.h>

#include "controller/core/fleet_private.h"

static const char NEVER_ARRIVED[] = "the request never arrived";

/* The provider pool that a change is about, as the world knows it now. */
static const struct account_pool *pool_of(const struct core *core, const struct account_change *change)
{
    const struct world_account *account = world_find_account(&core->world, change->account);
    const struct account_facts *facts = account ? account->facts[LOOK_POOLS] : NULL;
    for (size_t i = 0; facts && i < facts->pool_count; i++)
        if (strcmp(facts->pools[i].id, change->pool) == 0)
            return &facts->pools[i];
    return NULL;
}

static void refuse(struct effect_result *ret_result, const char *text)
{
    ret_result->outcome = OUTCOME_REFUSED;
    ret_result->refusal = REFUSAL_CONFLICT;
    ret_result->account_status = ACCOUNT_CONFLICT;
    ret_result->text = text;
}

/* The size it was to get: ours. The size it had: it never arrived. Anything else is somebody else's. */
static void settle_grow(const struct account_change *change, const struct account_pool *pool,
                        struct effect_result *ret_result)
{
    if (strcmp(pool->generation, change->generation) == 0 && pool->desired == change->from)
        refuse(ret_result, NEVER_ARRIVED);
    else if (pool->desired != change->to)
        refuse(ret_result, "the pool has another size now than before and than was asked for");
}

static void settle_shrink(const struct account_change *change, const struct account_pool *pool,
                          struct effect_result *ret_result)
{
    for (size_t i = 0; i < pool->instance_count; i++)
        for (size_t k = 0; k < change->instance_count; k++) {
            enum instance_state state = pool->instances[i].state;
            bool stays = state != INSTANCE_STOPPING && state != INSTANCE_STOPPED;
            if (stays && strcmp(pool->instances[i].id, change->instances[k]) == 0)
                refuse(ret_result, NEVER_ARRIVED);
        }
}

static void settle_withdraw(const struct account_pool *pool, struct effect_result *ret_result)
{
    int64_t live = 0;
    for (size_t i = 0; i < pool->instance_count; i++)
        live += instance_is_live(&pool->instances[i]);
    if (pool->desired > live && pool->desired > pool->min)
        refuse(ret_result, NEVER_ARRIVED);
}

static void settle_account(const struct core *core, const struct effect *effect, struct effect_result *ret_result)
{
    const struct account_pool *pool = pool_of(core, &effect->change);
    if (!pool)
        refuse(ret_result, "the account does not report the pool any more");
    else if (effect->type == EFFECT_GROW)
        settle_grow(&effect->change, pool, ret_result);
    else if (effect->type == EFFECT_SHRINK)
        settle_shrink(&effect->change, pool, ret_result);
    else
        settle_withdraw(pool, ret_result);
}

static bool node_is_as_wanted(const struct effect *effect, const struct effect_result *look)
{
    switch (effect->type) {
    case EFFECT_CORDON:
        return !look->node_exists || !look->node_eligible;
    case EFFECT_DRAIN:
        /* Drained is not told from never begun by this alone; a drain of an empty node may be done again. */
        return !look->node_exists || look->node_draining;
    default:
        return !look->node_exists || (look->node_eligible && !look->node_draining);
    }
}

void fleet_settle(const struct core *core, const struct pending *pending, const struct effect_result *look,
                  struct effect_result *ret_result)
{
    *ret_result = *look;
    ret_result->effect_id = pending->effect.id;
    ret_result->refusal = REFUSAL_NONE;
    ret_result->outcome = OUTCOME_DONE;
    ret_result->account_status = ACCOUNT_OK;
    ret_result->operation_running = false;
    if (effect_type_is_of_account(pending->effect.type))
        settle_account(core, &pending->effect, ret_result);
    else if (!node_is_as_wanted(&pending->effect, look))
        refuse(ret_result, NEVER_ARRIVED);
}
