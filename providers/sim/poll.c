/* poll(): how far a growth or a removal is, told by the pool itself. It looks and changes nothing. */
#include <inttypes.h>
#include <string.h>

#include "providers/sdk/fail.h"
#include "providers/sim/ask.h"
#include "providers/sim/market.h"
#include "providers/sim/operation.h"

static enum provider_status no_capacity(const struct simulator_pool *pool, struct provider_error *error)
{
    sdk_fail(error, PROVIDER_NO_CAPACITY, SIMULATOR_GROW, "%s: %s", pool->id, pool->failure_text);
    sdk_error_code(error, pool->failure);
    sdk_copy_text(error->instance_type, sizeof error->instance_type, simulator_pool_type(pool));
    sdk_copy_text(error->market, sizeof error->market, simulator_market_word(pool->market));
    return PROVIDER_NO_CAPACITY;
}

/* A later error than the growth's own counts too: it is of a pool that has less than this growth asked for. */
static enum provider_status poll_grow(const struct simulator_pool *pool, const struct simulator_operation *operation,
                                      bool *ret_done, struct provider_error *error)
{
    int64_t running = (int64_t)simulator_pool_count(pool, "running");
    size_t pending = simulator_pool_count(pool, "pending");
    if (pool->desired < operation->to)
        return sdk_fail(error, PROVIDER_CONFLICT, SIMULATOR_GROW,
                        "%s: its size was set to %" PRId64 " meanwhile, %" PRId64 " was asked for", pool->id,
                        pool->desired, operation->to);
    *ret_done = running >= operation->to;
    if (*ret_done || pending > 0)
        return PROVIDER_OK;
    if (pool->failed && pool->failure_generation >= operation->generation) {
        if (strcmp(pool->failure, "no_capacity") == 0)
            return no_capacity(pool, error);
        sdk_fail(error, PROVIDER_INVALID, SIMULATOR_GROW, "%s: %s", pool->id, pool->failure_text);
        sdk_error_code(error, pool->failure);
        return PROVIDER_INVALID;
    }
    if ((int64_t)pool->machine_count - (int64_t)simulator_pool_count(pool, "stopping") >= operation->to)
        return PROVIDER_OK; /* some are in states that are not known */
    return sdk_fail(error, PROVIDER_CONFLICT, SIMULATOR_GROW,
                    "%s: %" PRId64 " of %" PRId64
                    " machines run and no more are coming: some were lost meanwhile; look",
                    pool->id, running, operation->to);
}

static enum provider_status poll_shrink(const struct simulator_pool *pool, const struct simulator_operation *operation,
                                        bool *ret_done, struct provider_error *error)
{
    *ret_done = true;
    for (size_t i = 0; i < operation->id_count; i++) {
        const struct simulator_machine *machine = simulator_pool_find(pool, operation->ids[i]);
        if (!machine)
            continue;
        *ret_done = false;
        if (strcmp(machine->state, "stopping") != 0)
            return sdk_fail(error, PROVIDER_CONFLICT, SIMULATOR_SHRINK, "%s: %s is %.64s and not on its way out; look",
                            pool->id, machine->id, machine->state);
    }
    return PROVIDER_OK;
}

enum provider_status simulator_poll(struct provider_account *account, const char *token,
                                    struct provider_operation *ret_operation, struct provider_error *error)
{
    struct simulator_operation operation;
    struct simulator_market market;
    struct error reason = {0};
    bool done = false;
    if (!simulator_operation_read(token, &operation, &reason))
        return sdk_fail(error, PROVIDER_INVALID, "", "this is no operation of the sim module: %s", reason.text);
    enum provider_status status = simulator_market_read(account, &market, error);
    if (status != PROVIDER_OK)
        return status;
    const struct simulator_pool *pool = simulator_market_find(&market, operation.pool);
    if (pool)
        status =
            operation.grows ? poll_grow(pool, &operation, &done, error) : poll_shrink(pool, &operation, &done, error);
    else if (operation.grows)
        status = sdk_fail(error, PROVIDER_NOT_FOUND, SIMULATOR_GROW, "there is no pool %s any more", operation.pool);
    else
        done = true; /* its machines went with it */
    simulator_market_release(&market);
    if (status == PROVIDER_OK && done)
        *ret_operation =
            (struct provider_operation){.progress = PROVIDER_PROGRESS_DONE, .next_poll_us = PROVIDER_UNSET};
    else if (status == PROVIDER_OK)
        simulator_operation_write(&operation, ret_operation);
    return status;
}
