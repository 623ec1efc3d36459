/* grow, shrink and withdraw: the look just before, what is refused here, and the write. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json_writer.h"
#include "providers/sdk/fail.h"
#include "providers/sim/ask.h"
#include "providers/sim/market.h"
#include "providers/sim/operation.h"

/* The market and the pool in it. The caller releases *ret_market on PROVIDER_OK. */
static enum provider_status look(struct provider_account *account, const char *id, const char *call,
                                 struct simulator_market *ret_market, const struct simulator_pool **ret_pool,
                                 struct provider_error *error)
{
    enum provider_status status = simulator_market_read(account, ret_market, error);
    if (status != PROVIDER_OK)
        return status;
    *ret_pool = simulator_market_find(ret_market, id);
    if (!*ret_pool)
        status = sdk_fail(error, PROVIDER_NOT_FOUND, call, "there is no pool %s", id);
    else if ((*ret_pool)->busy)
        status = sdk_fail(error, PROVIDER_CONFLICT, call, "%s is being changed: look again", id);
    if (status != PROVIDER_OK)
        simulator_market_release(ret_market);
    return status;
}

static struct json_writer begin(struct buffer *body, const struct simulator_pool *pool)
{
    struct json_writer writer = json_writer_init(body, false);
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "Region", pool->region);
    json_writer_field_text(&writer, "Pool", pool->name);
    return writer;
}

/* Ends the body, sends it and gives the pool's size as the answer tells it. */
static enum provider_status send(struct provider_account *account, const char *call, struct json_writer *writer,
                                 int64_t *ret_desired, int64_t *ret_generation, struct provider_error *error)
{
    struct sdk_json_at root;
    struct error reason = {0};
    json_writer_end_object(writer);
    json_writer_done(writer);
    enum provider_status status = simulator_ask(account, call, writer->out, &root, error);
    if (status != PROVIDER_OK)
        return status;
    if (!sdk_json_i64(&root, "Desired", ret_desired, &reason) ||
        !sdk_json_i64(&root, "Generation", ret_generation, &reason))
        status = sdk_fail_with(error, PROVIDER_UNKNOWN, call, &reason);
    sdk_json_close(&root);
    return status;
}

static void tell_machine(const struct simulator_pool *pool, struct provider_error *error)
{
    sdk_copy_text(error->instance_type, sizeof error->instance_type, simulator_pool_type(pool));
    sdk_copy_text(error->market, sizeof error->market, simulator_market_word(pool->market));
}

static void done(struct provider_operation *ret_operation)
{
    *ret_operation = (struct provider_operation){.progress = PROVIDER_PROGRESS_DONE, .next_poll_us = PROVIDER_UNSET};
}

/* --- grow --- */

static enum provider_status check_grow(const struct simulator_pool *pool, const struct provider_pool *observed,
                                       int64_t to, struct provider_error *error)
{
    if (pool->desired != observed->desired || strcmp(pool->generation, observed->generation) != 0)
        return sdk_fail(error, PROVIDER_CONFLICT, SIMULATOR_GROW,
                        "%s has size %" PRId64 " and generation %s, observed were %" PRId64 " and %s: look again",
                        pool->id, pool->desired, pool->generation, observed->desired, observed->generation);
    if (to <= pool->desired || to < pool->min || to > pool->max)
        return sdk_fail(error, PROVIDER_INVALID, SIMULATOR_GROW,
                        "%s can grow from %" PRId64 " to at most %" PRId64 " machines, not to %" PRId64, pool->id,
                        pool->desired, pool->max, to);
    return PROVIDER_OK;
}

static enum provider_status send_grow(struct provider_account *account, const struct simulator_pool *pool, int64_t to,
                                      struct provider_operation *ret_operation, struct provider_error *error)
{
    struct simulator_operation operation = {.grows = true, .to = to};
    struct buffer body = BUFFER_INIT;
    struct json_writer writer = begin(&body, pool);
    int64_t desired = 0;
    json_writer_field_i64(&writer, "Desired", pool->desired);
    json_writer_field_i64(&writer, "Generation", pool->generation_number);
    json_writer_field_i64(&writer, "To", to);
    enum provider_status status = send(account, SIMULATOR_GROW, &writer, &desired, &operation.generation, error);
    buffer_release(&body);
    if (status == PROVIDER_NO_CAPACITY)
        tell_machine(pool, error);
    if (status != PROVIDER_OK)
        return status;
    if (desired != to)
        return sdk_fail(error, PROVIDER_UNKNOWN, SIMULATOR_GROW,
                        "%s: the answer tells of %" PRId64 " machines and not of %" PRId64 ": look", pool->id, desired,
                        to);
    snprintf(operation.pool, sizeof operation.pool, "%s", pool->id);
    simulator_operation_write(&operation, ret_operation);
    return PROVIDER_OK;
}

enum provider_status simulator_grow(struct provider_account *account, const struct provider_pool *observed, int64_t to,
                                    struct provider_operation *ret_operation, struct provider_error *error)
{
    struct simulator_market market;
    const struct simulator_pool *pool;
    enum provider_status status = look(account, observed->id, SIMULATOR_GROW, &market, &pool, error);
    if (status != PROVIDER_OK)
        return status;
    status = check_grow(pool, observed, to, error);
    if (status == PROVIDER_OK)
        status = send_grow(account, pool, to, ret_operation, error);
    simulator_market_release(&market);
    return status;
}

/* --- shrink --- */

static enum provider_status check_names(const char *const *instances, size_t count, struct provider_error *error)
{
    if (count == 0)
        return sdk_fail(error, PROVIDER_INVALID, SIMULATOR_SHRINK, "no machine is named: nothing is removed");
    if (count > SIMULATOR_SHRINK_MAX)
        return sdk_fail(error, PROVIDER_INVALID, SIMULATOR_SHRINK, "at most %d machines at once", SIMULATOR_SHRINK_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!simulator_is_id(instances[i]))
            return sdk_fail(error, PROVIDER_INVALID, SIMULATOR_SHRINK, "\"%.64s\" is no machine's id", instances[i]);
        for (size_t k = 0; k < i; k++)
            if (strcmp(instances[i], instances[k]) == 0)
                return sdk_fail(error, PROVIDER_INVALID, SIMULATOR_SHRINK, "%s is named twice", instances[i]);
    }
    return PROVIDER_OK;
}

static enum provider_status send_shrink(struct provider_account *account, const struct simulator_pool *pool,
                                        const struct simulator_operation *operation, struct provider_error *error)
{
    struct buffer body = BUFFER_INIT;
    struct json_writer writer = begin(&body, pool);
    int64_t desired = 0, generation = 0;
    json_writer_key(&writer, "Instances");
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < operation->id_count; i++)
        json_writer_text(&writer, operation->ids[i]);
    json_writer_end_array(&writer);
    enum provider_status status = send(account, SIMULATOR_SHRINK, &writer, &desired, &generation, error);
    buffer_release(&body);
    return status;
}

/* Those that are gone count as removed; what is on its way out is only waited for, unless others are named with it. */
static enum provider_status shrink_pool(struct provider_account *account, const struct simulator_pool *pool,
                                        const char *const *instances, size_t count,
                                        struct provider_operation *ret_operation, struct provider_error *error)
{
    struct simulator_operation operation = {.grows = false};
    int64_t leaving = 0;
    for (size_t i = 0; i < count; i++) {
        const struct simulator_machine *machine = simulator_pool_find(pool, instances[i]);
        if (!machine)
            continue;
        memcpy(operation.ids[operation.id_count++], machine->id, strlen(machine->id) + 1);
        leaving += simulator_machine_alive(machine);
    }
    if (operation.id_count == 0) {
        done(ret_operation);
        return PROVIDER_OK;
    }
    if (leaving > 0 && pool->desired - leaving < pool->min)
        return sdk_fail(error, PROVIDER_INVALID, SIMULATOR_SHRINK,
                        "%s: %" PRId64 " machines less %" PRId64 " is below its min of %" PRId64, pool->id,
                        pool->desired, leaving, pool->min);
    enum provider_status status = leaving > 0 ? send_shrink(account, pool, &operation, error) : PROVIDER_OK;
    if (status != PROVIDER_OK)
        return status;
    snprintf(operation.pool, sizeof operation.pool, "%s", pool->id);
    simulator_operation_write(&operation, ret_operation);
    return PROVIDER_OK;
}

enum provider_status simulator_shrink(struct provider_account *account, const char *id, const char *const *instances,
                                      size_t count, struct provider_operation *ret_operation,
                                      struct provider_error *error)
{
    struct simulator_market market;
    const struct simulator_pool *pool;
    enum provider_status status = check_names(instances, count, error);
    if (status == PROVIDER_OK)
        status = look(account, id, SIMULATOR_SHRINK, &market, &pool, error);
    if (status != PROVIDER_OK)
        return status;
    status = shrink_pool(account, pool, instances, count, ret_operation, error);
    simulator_market_release(&market);
    return status;
}

/* --- withdraw --- */

static enum provider_status withdraw_pool(struct provider_account *account, const struct simulator_pool *pool,
                                          struct provider_error *error)
{
    int64_t alive = 0, desired = 0, generation = 0;
    for (size_t i = 0; i < pool->machine_count; i++)
        alive += simulator_machine_alive(&pool->machines[i]);
    if (alive > pool->desired)
        return sdk_fail(error, PROVIDER_CONFLICT, SIMULATOR_WITHDRAW,
                        "%s has %" PRId64 " machines at a size of %" PRId64 ": lowering it could remove some", pool->id,
                        alive, pool->desired);
    if (alive == pool->desired || pool->desired <= pool->min)
        return PROVIDER_OK;
    struct buffer body = BUFFER_INIT;
    struct json_writer writer = begin(&body, pool);
    json_writer_field_i64(&writer, "Generation", pool->generation_number);
    enum provider_status status = send(account, SIMULATOR_WITHDRAW, &writer, &desired, &generation, error);
    buffer_release(&body);
    return status;
}

enum provider_status simulator_withdraw(struct provider_account *account, const char *id,
                                        struct provider_operation *ret_operation, struct provider_error *error)
{
    struct simulator_market market;
    const struct simulator_pool *pool;
    enum provider_status status = look(account, id, SIMULATOR_WITHDRAW, &market, &pool, error);
    if (status != PROVIDER_OK)
        return status;
    status = withdraw_pool(account, pool, error);
    simulator_market_release(&market);
    if (status == PROVIDER_OK)
        done(ret_operation);
    return status;
}
