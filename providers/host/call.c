/* Functions of a module by name; see call.h. */
#include "providers/host/call.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "providers/host/emit.h"
#include "providers/host/records.h"
#include "providers/sdk/fail.h"

const char *const host_function_names[] = {"check", "describe", "offers", "pools",    "quotas", "interruptions",
                                           "grow",  "shrink",   "poll",   "withdraw", NULL};

enum { SHRINK_MAX = 10000 };

enum provider_status host_account_open(struct host_account *account, const char *name, struct provider_error *error)
{
    struct provider_account *opened = NULL;
    *error = (struct provider_error){.retry_at_us = PROVIDER_UNSET};
    enum provider_status status = account->module.functions.open(&account->services->table, name, &opened, error);
    if (status == PROVIDER_OK && !opened)
        return sdk_fail(error, PROVIDER_INVALID, "open", "the module said ok and opened nothing");
    account->account = status == PROVIDER_OK ? opened : NULL;
    return status;
}

void host_account_close(struct host_account *account)
{
    if (account->account)
        account->module.functions.close(account->account);
    account->account = NULL;
}

static enum provider_status refuse(struct provider_error *error, const char *text)
{
    return sdk_fail(error, PROVIDER_INVALID, "", "%s", text);
}

static enum provider_status not_offered(struct provider_error *error)
{
    return refuse(error, "not offered by this module");
}

static enum provider_status look(struct host_account *account, const char *function, struct provider_error *error)
{
    const struct provider_functions *functions = &account->module.functions;
    const struct {
        const char *name;
        enum provider_status (*call)(struct provider_account *, struct provider_error *);
    } looks[] = {{"check", functions->check},   {"describe", functions->describe},
                 {"offers", functions->offers}, {"pools", functions->pools},
                 {"quotas", functions->quotas}, {"interruptions", functions->interruptions}};
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
        if (strcmp(looks[i].name, function) == 0)
            return looks[i].call ? looks[i].call(account->account, error) : not_offered(error);
    return refuse(error, "there is no such function");
}

/* The observed pool with its instances, as it was told to the agent. */
static bool read_observed(json_t *arguments, struct provider_records *records, struct error *ret_error)
{
    json_t *instances = json_object_get(arguments, "instances");
    if (!provider_records_add(records, RECORD_POOL, json_object_get(arguments, "observed"), ret_error))
        return false;
    for (size_t i = 0; i < json_array_size(instances); i++)
        if (!provider_records_add(records, RECORD_INSTANCE, json_array_get(instances, i), ret_error))
            return false;
    provider_records_finish(records);
    return true;
}

static enum provider_status grow_by(struct host_account *account, const struct provider_pool *observed, int64_t to,
                                    struct provider_operation *operation, struct provider_error *error)
{
    if (to <= observed->desired)
        return refuse(error, "to grow is to have more machines than were observed");
    if (to < observed->min || (observed->max != PROVIDER_UNSET && to > observed->max))
        return refuse(error, "the size asked for lies outside the pool's min and max");
    if (!observed->writable)
        return refuse(error, "the pool is read-only");
    return account->module.functions.grow(account->account, observed, to, operation, error);
}

static enum provider_status grow(struct host_account *account, json_t *arguments, struct provider_operation *operation,
                                 struct provider_error *error)
{
    struct provider_records records;
    struct error why = {0};
    int64_t to = 0;
    if (!account->module.functions.grow)
        return not_offered(error);
    provider_records_init(&records);
    bool read = read_observed(arguments, &records, &why) && json_require_i64(arguments, "to", &to, &why);
    enum provider_status status =
        read ? grow_by(account, &records.pools[0], to, operation, error) : refuse(error, why.text);
    provider_records_release(&records);
    return status;
}

static enum provider_status shrink(struct host_account *account, json_t *arguments,
                                   struct provider_operation *operation, struct provider_error *error)
{
    const char *pool = json_string_value(json_object_get(arguments, "pool"));
    json_t *list = json_object_get(arguments, "instances");
    size_t count = json_array_size(list);
    if (!account->module.functions.shrink)
        return not_offered(error);
    if (!pool || *pool == '\0' || count == 0 || count > SHRINK_MAX)
        return refuse(error, "to shrink takes a pool and the instances to remove, one at least");
    const char **ids = memory_new(count, sizeof *ids);
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        ids[i] = json_string_value(json_array_get(list, i));
        good = good && ids[i] && *ids[i] != '\0';
        for (size_t j = 0; j < i && good; j++)
            good = strcmp(ids[i], ids[j]) != 0;
    }
    enum provider_status status =
        good ? account->module.functions.shrink(account->account, pool, ids, count, operation, error)
             : refuse(error, "the instances to remove are not all named, each once");
    free(ids);
    return status;
}

static enum provider_status poll(struct host_account *account, json_t *arguments, struct provider_operation *operation,
                                 struct provider_error *error)
{
    const char *token = json_string_value(json_object_get(arguments, "token"));
    if (!account->module.functions.poll)
        return not_offered(error);
    if (!token || *token == '\0' || strlen(token) >= PROVIDER_OPERATION_MAX)
        return refuse(error, "to poll takes an operation's token");
    return account->module.functions.poll(account->account, token, operation, error);
}

static enum provider_status withdraw(struct host_account *account, json_t *arguments,
                                     struct provider_operation *operation, struct provider_error *error)
{
    const char *pool = json_string_value(json_object_get(arguments, "pool"));
    if (!account->module.functions.withdraw)
        return not_offered(error);
    if (!pool || *pool == '\0')
        return refuse(error, "to withdraw takes a pool");
    return account->module.functions.withdraw(account->account, pool, operation, error);
}

void host_account_call(struct host_account *account, const char *function, json_t *arguments)
{
    struct provider_error error = {.retry_at_us = PROVIDER_UNSET};
    struct provider_operation operation = {.next_poll_us = PROVIDER_UNSET};
    bool grows = strcmp(function, "grow") == 0;
    bool shrinks = strcmp(function, "shrink") == 0;
    bool polls = strcmp(function, "poll") == 0;
    bool withdraws = strcmp(function, "withdraw") == 0;
    enum provider_status status;
    if (!account->account)
        status = refuse(&error, "the account is not open");
    else if (grows)
        status = grow(account, arguments, &operation, &error);
    else if (shrinks)
        status = shrink(account, arguments, &operation, &error);
    else if (polls)
        status = poll(account, arguments, &operation, &error);
    else if (withdraws)
        status = withdraw(account, arguments, &operation, &error);
    else
        status = look(account, function, &error);
    host_tell_done(account->services, status, &error, grows || shrinks || polls || withdraws ? &operation : NULL);
    host_services_end(account->services);
}
