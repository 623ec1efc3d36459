/* links: provider_aws provider_sdk base */
/* The whole aws module on answers that an enemy wrote: every request gets the next piece of the input as its body. It
 * must not crash, hang, write where it was told to look, or emit what the contract forbids. The first byte chooses the
 * function and where the keys come from, the second statuses. Pieces are parted by 0xff, which stands in no UTF-8 text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/provider.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct provider_module drover_provider_module;

enum { REQUESTS_MAX = 64 };

/* Where the keys come from. */
enum { FROM_SETTINGS, FROM_ROLE, FROM_INSTANCE, FROM_CONTAINER, SOURCE_COUNT };

struct world {
    const uint8_t *at;
    size_t left;
    uint8_t statuses, source;
    unsigned requests;
    bool may_write;
    int64_t now_us;
};

static void http(void *context, const struct provider_request *request, struct provider_answer *ret_answer)
{
    static const struct provider_header date = {"date", "Sun, 22 Nov 2026 12:00:00 GMT"};
    struct world *world = context;
    char *form = memory_copy_text(request->body, request->body_length);
    if (!world->may_write && (strstr(form, "Action=Set") || strstr(form, "Action=Terminate")))
        abort();
    free(form);
    const uint8_t *end = world->left > 0 ? memchr(world->at, 0xff, world->left) : NULL;
    size_t length = end ? (size_t)(end - world->at) : world->left;
    bool over = ++world->requests > REQUESTS_MAX;
    *ret_answer = (struct provider_answer){.outcome = over ? PROVIDER_HTTP_NOT_SENT : PROVIDER_HTTP_ANSWER,
                                           .status = world->statuses >> (world->requests % 8) & 1 ? 400 : 200,
                                           .headers = &date,
                                           .header_count = 1,
                                           .body_length = length,
                                           .trouble = "no more"};
    ret_answer->memory = memory_copy_text((const char *)world->at, length);
    ret_answer->body = ret_answer->memory;
    size_t used = length + (end ? 1 : 0);
    world->at += used;
    world->left -= used;
}

static void http_release(void *context, struct provider_answer *answer)
{
    (void)context;
    free(answer->memory);
}

static int64_t now(void *context)
{
    return ((struct world *)context)->now_us;
}

static bool sleep_us(void *context, int64_t us)
{
    ((struct world *)context)->now_us += us;
    return ((struct world *)context)->requests <= REQUESTS_MAX;
}

static int64_t time_left(void *context)
{
    return ((struct world *)context)->requests <= REQUESTS_MAX ? INT64_C(3600000000) : 0;
}

static uint64_t random_bits(void *context)
{
    return ((struct world *)context)->requests;
}

static void write_log(void *context, enum provider_level level, const char *text)
{
    (void)context, (void)level;
    if (strstr(text, "hidden-secret"))
        abort();
}

static void progress(void *context, const char *text)
{
    write_log(context, PROVIDER_INFO, text);
}

static const char *setting(void *context, const char *path, size_t at)
{
    const struct world *world = context;
    if (at > 0)
        return NULL;
    if (strcmp(path, "regions") == 0)
        return "eu-central-1";
    if (strcmp(path, "groups") == 0)
        return "*";
    if (strcmp(path, "instance_types") == 0)
        return "m5.large";
    if (strcmp(path, "role_arn") == 0)
        return world->source == FROM_ROLE ? "arn:aws:iam::123456789012:role/drover" : NULL;
    return strcmp(path, "access_key_id") == 0 && world->source <= FROM_ROLE ? "AKIDEXAMPLE" : NULL;
}

static const char *setting_label(void *context, const char *block, size_t at)
{
    (void)context, (void)block, (void)at;
    return NULL;
}

static const char *secret(void *context, const char *path)
{
    const struct world *world = context;
    return strcmp(path, "secret_access_key") == 0 && world->source <= FROM_ROLE ? "hidden-secret" : NULL;
}

static const char *environment(void *context, const char *name)
{
    const struct world *world = context;
    bool container = world->source == FROM_CONTAINER && strcmp(name, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") == 0;
    return container ? "/v2/credentials" : NULL;
}

static const char *file(void *context, const char *path, size_t *ret_length, bool *ret_open, const char **ret_trouble)
{
    (void)context, (void)path, (void)ret_length, (void)ret_open, (void)ret_trouble;
    return NULL;
}

static void check_text(const char *text)
{
    if (!text || strstr(text, "hidden-secret"))
        abort();
}

static bool emit_region(void *context, const struct provider_region *region)
{
    (void)context;
    check_text(region->id);
    for (size_t i = 0; i < region->zone_count; i++)
        check_text(region->zones[i]), check_text(region->zone_ids[i]);
    return true;
}

static bool emit_type(void *context, const struct provider_instance_type *type)
{
    (void)context;
    check_text(type->name), check_text(type->architecture), check_text(type->gpu), check_text(type->quota);
    return true;
}

static bool emit_offer(void *context, const struct provider_offer *offer)
{
    (void)context;
    if (offer->price_micro_h <= 0)
        abort();
    check_text(offer->zone), check_text(offer->instance_type), check_text(offer->note);
    return true;
}

static bool emit_pool(void *context, const struct provider_pool *pool)
{
    (void)context;
    if (pool->desired < 0 || pool->min < 0 || pool->max < pool->min || pool->writable != !pool->why_read_only[0])
        abort();
    check_text(pool->id), check_text(pool->instance_type), check_text(pool->generation);
    for (size_t i = 0; i < pool->instance_count; i++)
        check_text(pool->instances[i].id), check_text(pool->instances[i].state_text),
            check_text(pool->instances[i].trouble);
    return true;
}

static bool emit_quota(void *context, const struct provider_quota *quota)
{
    (void)context;
    check_text(quota->name);
    return true;
}

static bool emit_interruption(void *context, const struct provider_interruption *interruption)
{
    (void)context;
    check_text(interruption->pool), check_text(interruption->instance), check_text(interruption->text);
    return true;
}

static bool emit_permission(void *context, const struct provider_permission *permission)
{
    (void)context;
    check_text(permission->call), check_text(permission->trouble);
    return true;
}

static const char *kept(void *context, const char *key)
{
    (void)key;
    return ((struct world *)context)->statuses & 1 ? "3 1795384944342000" : NULL;
}

static bool keep(void *context, const char *key, const char *value)
{
    (void)context, (void)key, (void)value;
    return true;
}

static const struct provider_services services_table = {.struct_size = sizeof(struct provider_services),
                                                        .http = http,
                                                        .http_release = http_release,
                                                        .now = now,
                                                        .ticks = now,
                                                        .sleep = sleep_us,
                                                        .time_left = time_left,
                                                        .random = random_bits,
                                                        .log = write_log,
                                                        .progress = progress,
                                                        .setting = setting,
                                                        .setting_label = setting_label,
                                                        .secret = secret,
                                                        .environment = environment,
                                                        .file = file,
                                                        .emit_region = emit_region,
                                                        .emit_instance_type = emit_type,
                                                        .emit_offer = emit_offer,
                                                        .emit_pool = emit_pool,
                                                        .emit_quota = emit_quota,
                                                        .emit_interruption = emit_interruption,
                                                        .emit_permission = emit_permission,
                                                        .kept = kept,
                                                        .keep = keep};

static enum provider_status call(struct provider_account *account, const struct world *world, uint8_t which,
                                 struct provider_error *error)
{
    const struct provider_functions *functions = drover_provider_module.functions;
    static const struct provider_pool observed = {.id = "eu-central-1/web",
                                                  .desired = 1,
                                                  .max = 9,
                                                  .generation = "1d6e:autoScalingGroupName/web",
                                                  .why_read_only = "",
                                                  .writable = true};
    static const char *const victims[] = {"i-0aaa", "i-0bbb"};
    static const char grown[] =
        "{\"op\":\"grow\",\"pool\":\"eu-central-1/web\",\"generation\":\"1d6e:autoScalingGroupName/web\",\"from\":1,"
        "\"to\":2,\"after\":\"\"}";
    static const char shrunk[] =
        "{\"op\":\"shrink\",\"pool\":\"eu-central-1/web\",\"at_us\":1795384000000000,\"ids\":[\"i-0aaa\",\"i-0bbb\"]}";
    struct provider_operation operation;
    switch (which) {
    case 0:
        return functions->check(account, error);
    case 1:
        return functions->describe(account, error);
    case 2:
        return functions->offers(account, error);
    case 3:
        return functions->pools(account, error);
    case 4:
        return functions->quotas(account, error);
    case 5:
        return functions->interruptions(account, error);
    case 6:
        return functions->grow(account, &observed, 2, &operation, error);
    case 7:
        return functions->shrink(account, "eu-central-1/web", victims, 2, &operation, error);
    case 8:
        return functions->withdraw(account, "eu-central-1/web", &operation, error);
    default:
        return functions->poll(account, world->statuses & 1 ? shrunk : grown, &operation, error);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* What an answer says of itself may be shown. */
    if (size < 2 || memmem(data, size, "hidden-secret", 13))
        return 0;
    uint8_t which = data[0] % 10;
    struct world world = {.at = data + 2,
                          .left = size - 2,
                          .statuses = data[1],
                          .source = data[0] / 10 % SOURCE_COUNT,
                          .may_write = which >= 6 && which <= 8,
                          .now_us = INT64_C(1795384950000000)};
    struct provider_services services = services_table;
    services.context = &world;
    struct provider_account *account = NULL;
    struct provider_error error = {.retry_at_us = PROVIDER_UNSET};
    if (drover_provider_module.functions->open(&services, "fuzz", &account, &error) != PROVIDER_OK)
        abort();
    enum provider_status status = call(account, &world, which, &error);
    if (status >= PROVIDER_STATUS_COUNT || (status != PROVIDER_OK && !error.text[0]))
        abort();
    check_text(error.text);
    drover_provider_module.functions->close(account);
    return 0;
}
