/* A whole provider module against provider.h alone, for a provider that does not exist: "lines", an HTTP service whose
 * answers are lines of words. It is what the conformance suite is tried on first (tests/providers/).
 *
 *     GET  /pools[?from=TOKEN]     pool ID DESIRED MIN MAX GENERATION, instance ID STATE [ZONE] after its pool; then
 * "next TOKEN" or "end" GET  /prices                 price TYPE MICRO_PER_HOUR ...; "end" POST /pools/ID/size
 * "GENERATION TO"; 202 "operation OP", 409 when the generation is another POST /pools/ID/remove        "GENERATION
 * INSTANCE..."; the same GET  /operations/OP          "running", "done", "failed no_capacity"
 *
 * Settings: endpoint = "http://127.0.0.1:8000", token_file, region (optional). */
#include <drover/provider.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGES_MAX = 100, TOKEN_MAX = 200, URL_MAX = 600, BODY_MAX = 65536, INSTANCES_MAX = 10000 };

struct provider_account {
    const struct provider_services *services;
    char endpoint[300], region[64];
};

static enum provider_status fail(struct provider_error *error, enum provider_status status, const char *call,
                                 const char *text)
{
    snprintf(error->call, sizeof error->call, "%.127s", call);
    snprintf(error->text, sizeof error->text, "%.1023s", text);
    return status;
}

static const char *header(const struct provider_answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->header_count; i++)
        if (strcmp(answer->headers[i].name, name) == 0)
            return answer->headers[i].value;
    return "";
}

/* What an answer outside 2xx, or none, means. A write without an answer may have been done. */
static enum provider_status judge(const struct provider_services *services, const struct provider_answer *answer,
                                  bool writes, const char *call, struct provider_error *error)
{
    if (answer->outcome == PROVIDER_HTTP_NOT_SENT || answer->outcome == PROVIDER_HTTP_PIN_MISMATCH)
        return fail(error, PROVIDER_UNREACHABLE, call, answer->trouble);
    if (answer->outcome != PROVIDER_HTTP_ANSWER)
        return fail(error, writes ? PROVIDER_UNKNOWN : PROVIDER_UNREACHABLE, call, answer->trouble);
    if (answer->status >= 200 && answer->status < 300)
        return PROVIDER_OK;
    snprintf(error->code, sizeof error->code, "%d", answer->status);
    long wait_s = strtol(header(answer, "retry-after"), NULL, 10);
    if (wait_s > 0 && wait_s < 86400)
        error->retry_at_us = services->now(services->context) + wait_s * 1000000;
    switch (answer->status) {
    case 401:
    case 403:
        return fail(error, PROVIDER_AUTH, call, "the provider refuses the token in token_file");
    case 404:
        return fail(error, PROVIDER_NOT_FOUND, call, "there is no such pool, instance or operation");
    case 409:
        return fail(error, PROVIDER_CONFLICT, call, "the pool has changed meanwhile");
    case 429:
        return fail(error, PROVIDER_THROTTLED, call, "asked too often");
    default:
        if (answer->status >= 500 && !writes)
            return fail(error, PROVIDER_RETRY, call, "the provider is unwell");
        return fail(error, answer->status >= 500 ? PROVIDER_UNKNOWN : PROVIDER_INVALID, call,
                    "the provider answered with an error");
    }
}

/* One exchange. PROVIDER_OK: the answer is the caller's to release. */
static enum provider_status ask(struct provider_account *account, const char *method, const char *path,
                                const char *body, struct provider_answer *ret_answer, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    const char *token = services->secret(services->context, "token");
    char url[URL_MAX];
    char authorization[1200];
    if (!token)
        return fail(error, PROVIDER_AUTH, path, "token_file is not set or cannot be read");
    if ((size_t)snprintf(url, sizeof url, "%s%s", account->endpoint, path) >= sizeof url)
        return fail(error, PROVIDER_INVALID, path, "the address is too long");
    snprintf(authorization, sizeof authorization, "Bearer %s", token);
    struct provider_header headers[] = {{"Authorization", authorization}, {"Content-Type", "text/plain"}};
    struct provider_request request = {.method = method,
                                       .url = url,
                                       .headers = headers,
                                       .header_count = 2,
                                       .body = body,
                                       .body_length = body ? strlen(body) : 0,
                                       .answer_max = 1 << 20};
    services->http(services->context, &request, ret_answer);
    enum provider_status status = judge(services, ret_answer, body != NULL, path, error);
    if (status != PROVIDER_OK)
        services->http_release(services->context, ret_answer);
    return status;
}

/* --- pools: read whole, then used ----------------------------------------------------------------------------------
 */

struct machine {
    char id[128], state[64], zone[64];
};

struct group {
    char id[128], generation[128];
    long long desired, min, max;
    size_t first, count; /* its machines */
};

struct inventory {
    struct group *groups;
    struct machine *machines;
    size_t group_count, machine_count;
};

static void inventory_release(struct inventory *inventory)
{
    free(inventory->groups);
    free(inventory->machines);
}

static void *grown(void *list, size_t count, size_t size)
{
    void *longer = realloc(list, (count + 1) * size);
    if (!longer)
        abort();
    return longer;
}

/* One line of a page; false when it is none of the expected. */
static bool take_line(struct inventory *inventory, const char *line)
{
    struct group group = {.first = inventory->machine_count};
    struct machine machine = {.zone = ""};
    if (sscanf(line, "pool %127s %lld %lld %lld %127s", group.id, &group.desired, &group.min, &group.max,
               group.generation) == 5) {
        inventory->groups = grown(inventory->groups, inventory->group_count, sizeof group);
        inventory->groups[inventory->group_count++] = group;
        return true;
    }
    if (inventory->group_count == 0 || inventory->machine_count == INSTANCES_MAX ||
        sscanf(line, "instance %127s %63s %63s", machine.id, machine.state, machine.zone) < 2)
        return false;
    inventory->machines = grown(inventory->machines, inventory->machine_count, sizeof machine);
    inventory->machines[inventory->machine_count++] = machine;
    inventory->groups[inventory->group_count - 1].count++;
    return true;
}

/* One page. ret_next is "" after the last. A page without its last line was cut off. */
static enum provider_status read_page(struct provider_account *account, const char *path, struct inventory *inventory,
                                      char ret_next[TOKEN_MAX], struct provider_error *error)
{
    struct provider_answer answer;
    bool whole = false;
    bool good = true;
    enum provider_status status = ask(account, "GET", path, NULL, &answer, error);
    if (status != PROVIDER_OK)
        return status;
    ret_next[0] = '\0';
    char *text = strdup(answer.body);
    char *rest = text;
    for (char *line = NULL; good && !whole && (line = strsep(&rest, "\n")) != NULL;) {
        whole = strcmp(line, "end") == 0 || sscanf(line, "next %199s", ret_next) == 1;
        good = whole || *line == '\0' || take_line(inventory, line);
    }
    free(text);
    account->services->http_release(account->services->context, &answer);
    if (!good || !whole)
        return fail(error, PROVIDER_RETRY, path, "the list of pools is cut off or cannot be read");
    return PROVIDER_OK;
}

static enum provider_status read_inventory(struct provider_account *account, struct inventory *ret_inventory,
                                           struct provider_error *error)
{
    char path[TOKEN_MAX + 16] = "/pools";
    char next[TOKEN_MAX] = "";
    for (int page = 0; page < PAGES_MAX; page++) {
        char before[TOKEN_MAX];
        snprintf(before, sizeof before, "%s", next);
        enum provider_status status = read_page(account, path, ret_inventory, next, error);
        if (status != PROVIDER_OK || next[0] == '\0')
            return status;
        if (strcmp(next, before) == 0)
            break;
        snprintf(path, sizeof path, "/pools?from=%s", next);
    }
    return fail(error, PROVIDER_INVALID, path, "the list of pools does not end");
}

static enum provider_instance_state state_of(const char *word)
{
    static const char *const words[] = {"unknown", "pending", "running", "stopping", "stopped", "failed"};
    for (unsigned i = 0; i < PROVIDER_INSTANCE_STATE_COUNT; i++)
        if (strcmp(words[i], word) == 0)
            return (enum provider_instance_state)i;
    return PROVIDER_INSTANCE_UNKNOWN; /* a word of tomorrow: neither off nor gone */
}

static bool emit_group(struct provider_account *account, const struct group *group, const struct machine *machines)
{
    const struct provider_services *services = account->services;
    struct provider_identity *identities = calloc(group->count + 1, sizeof *identities);
    struct provider_instance *instances = calloc(group->count + 1, sizeof *instances);
    if (!identities || !instances)
        abort();
    for (size_t i = 0; i < group->count; i++) {
        const struct machine *machine = &machines[group->first + i];
        identities[i] = (struct provider_identity){"attr.unique.platform.lines.instance-id", machine->id};
        instances[i] = (struct provider_instance){.id = machine->id,
                                                  .state = state_of(machine->state),
                                                  .state_text = machine->state,
                                                  .zone = machine->zone,
                                                  .instance_type = "standard",
                                                  .market = PROVIDER_ON_DEMAND,
                                                  .identities = &identities[i],
                                                  .identity_count = 1,
                                                  .launched_at_us = PROVIDER_UNSET,
                                                  .milliwatts = PROVIDER_UNSET,
                                                  .trouble = ""};
    }
    struct provider_pool pool = {.id = group->id,
                                 .name = group->id,
                                 .region = account->region,
                                 .instance_type = "standard",
                                 .market = PROVIDER_ON_DEMAND,
                                 .desired = group->desired,
                                 .min = group->min,
                                 .max = group->max,
                                 .generation = group->generation,
                                 .writable = true,
                                 .why_read_only = "",
                                 .instances = instances,
                                 .instance_count = group->count};
    bool emitted = services->emit_pool(services->context, &pool);
    free(identities);
    free(instances);
    return emitted;
}

static enum provider_status pools(struct provider_account *account, struct provider_error *error)
{
    struct inventory inventory = {0};
    enum provider_status status = read_inventory(account, &inventory, error);
    for (size_t i = 0; status == PROVIDER_OK && i < inventory.group_count; i++)
        if (!emit_group(account, &inventory.groups[i], inventory.machines))
            status = fail(error, PROVIDER_INVALID, "/pools", "a pool is not fit to be passed on");
    inventory_release(&inventory);
    return status;
}

/* The pool as it is now; generation and size are compared with it before every write. */
static enum provider_status read_group(struct provider_account *account, const char *pool, struct inventory *inventory,
                                       struct group *ret_group, struct provider_error *error)
{
    enum provider_status status = read_inventory(account, inventory, error);
    if (status != PROVIDER_OK)
        return status;
    for (size_t i = 0; i < inventory->group_count; i++)
        if (strcmp(inventory->groups[i].id, pool) == 0) {
            *ret_group = inventory->groups[i];
            return PROVIDER_OK;
        }
    return fail(error, PROVIDER_NOT_FOUND, "/pools", "there is no such pool");
}

/* --- writes ------------------------------------------------------------------------------------------------------ */

/* A POST that begins an operation. */
static enum provider_status begin_operation(struct provider_account *account, const char *path, const char *body,
                                            struct provider_operation *ret_operation, struct provider_error *error)
{
    struct provider_answer answer;
    char operation[TOKEN_MAX];
    enum provider_status status = ask(account, "POST", path, body, &answer, error);
    if (status != PROVIDER_OK)
        return status;
    bool good = sscanf(answer.body, "operation %199s", operation) == 1;
    account->services->http_release(account->services->context, &answer);
    if (!good)
        return fail(error, PROVIDER_UNKNOWN, path, "the answer names no operation");
    ret_operation->progress = PROVIDER_PROGRESS_RUNNING;
    snprintf(ret_operation->token, sizeof ret_operation->token, "%s", operation);
    return PROVIDER_OK;
}

static enum provider_status grow(struct provider_account *account, const struct provider_pool *observed, int64_t to,
                                 struct provider_operation *ret_operation, struct provider_error *error)
{
    struct inventory inventory = {0};
    struct group group;
    char path[URL_MAX], body[256];
    enum provider_status status = read_group(account, observed->id, &inventory, &group, error);
    if (status == PROVIDER_OK &&
        (group.desired != observed->desired || strcmp(group.generation, observed->generation) != 0))
        status = fail(error, PROVIDER_CONFLICT, "/pools", "the pool is not as it was observed");
    if (status == PROVIDER_OK && (to < group.min || to > group.max))
        status = fail(error, PROVIDER_INVALID, "/pools", "the size lies outside the pool's min and max");
    if (status == PROVIDER_OK) {
        snprintf(path, sizeof path, "/pools/%s/size", group.id);
        snprintf(body, sizeof body, "%s %lld", group.generation, (long long)to);
        status = begin_operation(account, path, body, ret_operation, error);
    }
    inventory_release(&inventory);
    return status;
}

static bool is_there(const struct inventory *inventory, const struct group *group, const char *id)
{
    for (size_t i = 0; i < group->count; i++)
        if (strcmp(inventory->machines[group->first + i].id, id) == 0)
            return true;
    return false;
}

/* Those that are gone already count as removed: only the others are named. */
static enum provider_status shrink(struct provider_account *account, const char *pool, const char *const *instances,
                                   size_t count, struct provider_operation *ret_operation, struct provider_error *error)
{
    struct inventory inventory = {0};
    struct group group;
    char path[URL_MAX], body[BODY_MAX];
    size_t length = 0;
    long long removed = 0;
    if (count == 0)
        return fail(error, PROVIDER_INVALID, "/pools", "no instance is named");
    enum provider_status status = read_group(account, pool, &inventory, &group, error);
    if (status == PROVIDER_OK)
        length = (size_t)snprintf(body, sizeof body, "%s", group.generation);
    for (size_t i = 0; i < count && status == PROVIDER_OK; i++) {
        if (!is_there(&inventory, &group, instances[i]))
            continue;
        length += (size_t)snprintf(body + length, sizeof body - length, " %s", instances[i]);
        removed++;
        if (length >= sizeof body - 200)
            status = fail(error, PROVIDER_INVALID, "/pools", "too many instances at once");
    }
    if (status == PROVIDER_OK && group.desired - removed < group.min)
        status = fail(error, PROVIDER_INVALID, "/pools", "the pool would fall below its min");
    if (status == PROVIDER_OK && removed == 0)
        ret_operation->progress = PROVIDER_PROGRESS_DONE;
    if (status == PROVIDER_OK && removed > 0) {
        snprintf(path, sizeof path, "/pools/%s/remove", group.id);
        status = begin_operation(account, path, body, ret_operation, error);
    }
    inventory_release(&inventory);
    return status;
}

static enum provider_status poll(struct provider_account *account, const char *token,
                                 struct provider_operation *ret_operation, struct provider_error *error)
{
    struct provider_answer answer;
    char path[URL_MAX], word[64] = "", reason[64] = "";
    snprintf(path, sizeof path, "/operations/%.199s", token);
    enum provider_status status = ask(account, "GET", path, NULL, &answer, error);
    if (status != PROVIDER_OK)
        return status;
    sscanf(answer.body, "%63s %63s", word, reason);
    account->services->http_release(account->services->context, &answer);
    if (strcmp(word, "failed") == 0)
        return fail(error, strcmp(reason, "no_capacity") == 0 ? PROVIDER_NO_CAPACITY : PROVIDER_INVALID, path,
                    "the provider could not do it");
    if (strcmp(word, "done") == 0)
        ret_operation->progress = PROVIDER_PROGRESS_DONE;
    else
        snprintf(ret_operation->token, sizeof ret_operation->token, "%.199s", token);
    return PROVIDER_OK;
}

/* --- prices and permissions -------------------------------------------------------------------------------------- */

static enum provider_status offers(struct provider_account *account, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    struct provider_answer answer;
    enum provider_status status = ask(account, "GET", "/prices", NULL, &answer, error);
    if (status != PROVIDER_OK)
        return status;
    bool whole = strstr(answer.body, "end") != NULL;
    char *text = strdup(answer.body);
    char *rest = text;
    for (char *line = NULL; whole && (line = strsep(&rest, "\n")) != NULL;) {
        char type[64];
        long long micro = 0;
        if (sscanf(line, "price %63s %lld", type, &micro) != 2)
            continue;
        struct provider_offer offer = {.region = account->region,
                                       .zone = "",
                                       .instance_type = type,
                                       .market = PROVIDER_ON_DEMAND,
                                       .currency = "USD",
                                       .price_micro_h = micro,
                                       .upfront_micro = PROVIDER_UNSET,
                                       .marginal_use_micro_h = PROVIDER_UNSET,
                                       .marginal_wake_micro_h = PROVIDER_UNSET,
                                       .observed_at_us = services->now(services->context),
                                       .valid_from_us = PROVIDER_UNSET,
                                       .source = "lines:prices",
                                       .note = ""};
        if (micro <= 0)
            services->log(services->context, PROVIDER_WARN, "a price that is not positive was left out");
        else
            services->emit_offer(services->context, &offer);
    }
    free(text);
    services->http_release(services->context, &answer);
    return whole ? PROVIDER_OK : fail(error, PROVIDER_RETRY, "/prices", "the list of prices is cut off");
}

static enum provider_status check(struct provider_account *account, struct provider_error *error)
{
    static const char *const reads[] = {"/pools", "/prices"};
    const struct provider_services *services = account->services;
    size_t refused = 0;
    for (size_t i = 0; i < 2; i++) {
        struct provider_answer answer;
        enum provider_status status = ask(account, "GET", reads[i], NULL, &answer, error);
        struct provider_permission permission = {
            .call = reads[i], .allowed = status == PROVIDER_OK, .trouble = status == PROVIDER_OK ? "" : error->text};
        if (status == PROVIDER_OK)
            services->http_release(services->context, &answer);
        else if (status != PROVIDER_AUTH)
            return status;
        refused += !permission.allowed;
        services->emit_permission(services->context, &permission);
    }
    struct provider_permission writes = {
        .call = "/pools/ID/size", .allowed = true, .writes = true, .trouble = "cannot be tried without doing it"};
    services->emit_permission(services->context, &writes);
    return refused == 2 ? PROVIDER_AUTH : PROVIDER_OK;
}

/* --- the account ------------------------------------------------------------------------------------------------- */

static enum provider_status open_account(const struct provider_services *services, const char *name,
                                         struct provider_account **ret_account, struct provider_error *error)
{
    const char *endpoint = services->setting(services->context, "endpoint", 0);
    const char *region = services->setting(services->context, "region", 0);
    struct provider_account *account = calloc(1, sizeof *account);
    (void)name;
    if (!account)
        abort();
    if (!endpoint || strlen(endpoint) >= sizeof account->endpoint) {
        free(account);
        return fail(error, PROVIDER_INVALID, "open", "the setting endpoint is missing or too long");
    }
    account->services = services;
    snprintf(account->endpoint, sizeof account->endpoint, "%s", endpoint);
    snprintf(account->region, sizeof account->region, "%s", region ? region : "here");
    *ret_account = account;
    return PROVIDER_OK;
}

static void close_account(struct provider_account *account)
{
    free(account);
}

static const struct provider_functions functions = {.open = open_account,
                                                    .close = close_account,
                                                    .check = check,
                                                    .offers = offers,
                                                    .pools = pools,
                                                    .grow = grow,
                                                    .shrink = shrink,
                                                    .poll = poll};

PROVIDER_EXPORT const struct provider_module drover_provider_module;
const struct provider_module drover_provider_module = {.magic = PROVIDER_MAGIC,
                                                       .abi_major = PROVIDER_ABI_MAJOR,
                                                       .abi_minor = PROVIDER_ABI_MINOR,
                                                       .struct_size = sizeof functions,
                                                       .name = "example",
                                                       .version = "1.0",
                                                       .functions = &functions};
