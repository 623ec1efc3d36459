/* links: provider_host provider_sdk net base */
/* What the host reads of the agent: an opening with settings, and calls with their arguments, to a module that looks at
 * all it is given. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "providers/host/call.h"

struct provider_account {
    size_t seen;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum provider_status grow(struct provider_account *account, const struct provider_pool *observed, int64_t to,
                                 struct provider_operation *ret_operation, struct provider_error *error)
{
    (void)ret_operation, (void)error;
    account->seen += strlen(observed->id) + strlen(observed->generation);
    for (size_t i = 0; i < observed->instance_count; i++)
        account->seen += strlen(observed->instances[i].id);
    return to > observed->desired ? PROVIDER_OK : PROVIDER_INVALID;
}

static enum provider_status shrink(struct provider_account *account, const char *pool, const char *const *instances,
                                   size_t count, struct provider_operation *ret_operation, struct provider_error *error)
{
    (void)ret_operation, (void)error;
    if (count == 0)
        abort();
    for (size_t i = 0; i < count; i++)
        account->seen += strlen(pool) + strlen(instances[i]);
    return PROVIDER_OK;
}

static enum provider_status poll(struct provider_account *account, const char *token,
                                 struct provider_operation *ret_operation, struct provider_error *error)
{
    (void)error;
    account->seen += strlen(token);
    memcpy(ret_operation->token, token, strlen(token) + 1);
    return PROVIDER_OK;
}

static bool tell(void *context, const char *json, size_t length)
{
    struct error error;
    json_t *value = NULL;
    (void)context;
    if (!json_read(json, length, HOST_MESSAGE_MAX, 8, &value, &error))
        abort();
    json_decref(value);
    return true;
}

static bool ask(void *context, const char *json, size_t length, json_t **ret_answer)
{
    (void)ret_answer;
    tell(context, json, length);
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct provider_account account = {0};
    struct host_services services;
    struct host_channel channel = {tell, ask, NULL};
    struct error error;
    json_t *request = NULL;
    if (!json_read((const char *)data, size, 1 << 20, 16, &request, &error))
        return 0;
    if (!host_services_init(&services, &channel, &error))
        abort();
    struct host_account host = {.services = &services, .account = &account};
    host.module.functions = (struct provider_functions){.grow = grow, .shrink = shrink, .poll = poll};
    provider_settings_read(&services.settings, json_object_get(request, "settings"), &error);
    const char *function = json_string_value(json_object_get(request, "function"));
    host_services_begin(&services, 1000000);
    host_account_call(&host, function ? function : "", json_object_get(request, "arguments"));
    host_services_release(&services);
    json_decref(request);
    return 0;
}
