/* The words of a golden case that make a world: regions, pools, nodes, allocations, jobs, and what people ask for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/core/assess.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/money.h"
#include "tests/golden/script.h"

/* A uuid made of a name, the same every time. */
static struct uuid uuid_of(const char *name)
{
    struct uuid uuid;
    for (size_t i = 0; i < sizeof uuid.bytes; i++)
        uuid.bytes[i] = (uint8_t)(hash_bytes(name, strlen(name)) >> (i % 8 * 8)) ^ (uint8_t)(i * 31);
    return uuid;
}

static char *copied(const char *text)
{
    return memory_copy_text(text, strlen(text));
}

static int64_t money_of(const struct script *script, const char *text)
{
    struct error error = {0};
    int64_t amount = 0;
    if (!money_parse(text, strlen(text), &amount, &error))
        script_fail(script, "%s", error.text);
    return amount;
}

/* --- configuration ------------------------------------------------------------------------------------------------ */

static void region_command(struct script *script, const struct words *words)
{
    script->regions = memory_resize(script->regions, script->region_count + 1, sizeof *script->regions);
    struct region_config *region = &script->regions[script->region_count++];
    *region = (struct region_config){.name = copied(words->list[1]),
                                     .provider = copied(word_value(words, "provider", "onprem"))};
    const char *label = word_value(words, "label", NULL);
    if (label) {
        const char *middle = strchr(label, ':');
        region->labels = memory_new(1, sizeof *region->labels);
        region->labels[region->label_count++] =
            (struct label){memory_copy_text(label, (size_t)(middle - label)), copied(middle + 1)};
    }
}

static struct pool_config *pool_find(struct region_config *region, const char *name)
{
    for (size_t i = 0; i < region->pool_count; i++)
        if (strcmp(region->pools[i].name, name) == 0)
            return &region->pools[i];
    return NULL;
}

static void price_pool(const struct script *script, struct pool_config *pool, const struct words *words)
{
    const char *price = word_value(words, "price", NULL);
    if (!price)
        return;
    enum market market = MARKET_ON_DEMAND;
    market_parse(word_value(words, "market", "on-demand"), &market);
    int64_t rate = money_of(script, price);
    bool paid_already = market == MARKET_OWNED || market == MARKET_RESERVED;
    const char *marginal = word_value(words, "marginal", NULL);
    price_release(&pool->price);
    pool->priced = true;
    pool->price = (struct price){.list_uusd_h = rate,
                                 .effective_uusd_h = rate,
                                 .marginal_uusd_h = marginal       ? money_of(script, marginal)
                                                    : paid_already ? 0
                                                                   : rate,
                                 .market = market,
                                 .source = copied("golden")};
}

static void pool_command(struct script *script, const struct words *words)
{
    struct region_config *region = &script->regions[script->region_count - 1];
    region->pools = memory_resize(region->pools, region->pool_count + 1, sizeof *region->pools);
    struct pool_config *pool = &region->pools[region->pool_count++];
    *pool = (struct pool_config){.name = copied(words->list[1]), .instance_type = copied("")};
    static const char *const keys[] = {"node_class", "node_pool", "datacenter", "attr.gpu", "meta.rack"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        const char *value = word_value(words, keys[k], NULL);
        if (!value)
            continue;
        pool->selectors = memory_resize(pool->selectors, pool->selector_count + 1, sizeof *pool->selectors);
        pool->selectors[pool->selector_count++] = (struct selector){copied(keys[k]), copied(value)};
    }
    price_pool(script, pool, words);
    pool->provider_pool = copied(word_value(words, "provider_pool", ""));
    pool->join_within_ms = word_number(words, "join", 600) * 1000;
    pool->shrinks = word_value(words, "idle", NULL) != NULL;
    pool->min_nodes = word_number(words, "least", 0);
    pool->idle_after_ms = word_number(words, "idle", 0) * 1000;
    pool->drain_deadline_ms = word_number(words, "drain", 300) * 1000;
    pool->nodes_an_hour = word_number(words, "an_hour", 2);
    pool->grow_to = word_number(words, "grow", 0);
    pool->machine = (struct resources){
        {word_number(words, "cpu", 0), word_number(words, "memory", 0), word_number(words, "disk", 0)}};
}

/* price REGION POOL price=... : the price changes while the agent runs. */
static void price_command(struct script *script, const struct words *words)
{
    for (size_t i = 0; i < script->region_count; i++) {
        if (strcmp(script->regions[i].name, words->list[1]) != 0)
            continue;
        price_pool(script, pool_find(&script->regions[i], words->list[2]), words);
        script_send(script, &(struct event){.type = EVENT_REGION_CONFIGURED, .region_config = &script->regions[i]});
    }
}

static void patterns_from(struct patterns *patterns, const char *list)
{
    char *copy = copied(list);
    char *rest = copy;
    for (char *part = strsep(&rest, ","); part; part = strsep(&rest, ","))
        if (part[0])
            patterns_add(patterns, part);
    free(copy);
}

static void policy_command(struct script *script, const struct words *words)
{
    struct policy policy;
    policy_init(&policy);
    free(policy.name);
    policy.name = copied(words->list[1]);
    patterns_from(&policy.jobs, word_value(words, "jobs", ""));
    patterns_from(&policy.namespaces, word_value(words, "namespaces", ""));
    patterns_from(&policy.regions_allow, word_value(words, "allow", ""));
    patterns_from(&policy.regions_deny, word_value(words, "deny", ""));
    patterns_from(&policy.providers_allow, word_value(words, "providers_allow", ""));
    patterns_from(&policy.providers_deny, word_value(words, "providers_deny", ""));
    patterns_from(&policy.labels_allow, word_value(words, "labels_allow", ""));
    patterns_from(&policy.labels_deny, word_value(words, "labels_deny", ""));
    policy.min_regions = (uint32_t)word_number(words, "min_regions", 0);
    policy.max_share_region_percent = (uint32_t)word_number(words, "max_share_region", 0);
    policy.max_share_provider_percent = (uint32_t)word_number(words, "max_share_provider", 0);
    const char *budget = word_value(words, "budget", NULL);
    policy.budget_uusd_month = budget ? money_of(script, budget) : -1;
    policy.allow_unpriced = word_there(words, "allow_unpriced");
    if (script->core) {
        script_send(script, &(struct event){.type = EVENT_POLICY_APPLIED,
                                            .request_id = ++script->requests,
                                            .actor = "token:golden",
                                            .policy = &policy});
        policy_release(&policy);
        return;
    }
    policy.from_file = true;
    script->policies = memory_resize(script->policies, script->policy_count + 1, sizeof *script->policies);
    script->policies[script->policy_count++] = policy;
}

/* --- what regions tell -------------------------------------------------------------------------------------------- */

static void node_command(struct script *script, const struct words *words)
{
    struct fact_pair selected[3];
    size_t count = 0;
    const char *gpu = word_value(words, "attr.gpu", NULL);
    const char *rack = word_value(words, "meta.rack", NULL);
    if (gpu)
        selected[count++] = (struct fact_pair){"attr.gpu", gpu};
    const char *machine = word_value(words, "meta.machine", NULL);
    if (machine)
        selected[count++] = (struct fact_pair){"meta.machine", machine};
    if (rack)
        selected[count++] = (struct fact_pair){"meta.rack", rack};
    const char *status = word_value(words, "status", "ready");
    struct node_fact node = {.id = uuid_of(words->list[2]),
                             .name = words->list[2],
                             .datacenter = word_value(words, "datacenter", "dc1"),
                             .node_class = word_value(words, "class", "std"),
                             .node_pool = word_value(words, "node_pool", "default"),
                             .version = "2.0.5",
                             .status = strcmp(status, "ready") == 0 ? NODE_READY : NODE_DOWN,
                             .eligible = !word_there(words, "ineligible"),
                             .draining = word_there(words, "draining"),
                             .capacity = {{word_number(words, "cpu", 4000), word_number(words, "memory", 8000),
                                           word_number(words, "disk", 100000)}},
                             .selected = selected,
                             .selected_count = count,
                             .selected_known = true,
                             .modify_index = ++script->modify_index};
    script_send(script, &(struct event){.type = EVENT_NODE, .region = words->list[1], .node = &node});
}

static void send_allocation(struct script *script, const char *region, const char *name, const char *node,
                            const struct words *words, uint64_t version)
{
    struct allocation_fact allocation = {
        .id = uuid_of(name),
        .node_id = uuid_of(node),
        .job_namespace = "default",
        .job_id = word_value(words, "job", "other"),
        .group = word_value(words, "group", "web"),
        .resources = {{word_number(words, "cpu", 500), word_number(words, "memory", 256),
                       word_number(words, "disk", 300)}},
        .client_status = word_there(words, "failed")     ? CLIENT_FAILED
                         : word_there(words, "complete") ? CLIENT_COMPLETE
                         : word_there(words, "pending")  ? CLIENT_PENDING
                                                         : CLIENT_RUNNING,
        .desired_status = word_there(words, "stopping") ? DESIRED_STOP : DESIRED_RUN,
        .health = word_there(words, "unhealthy")  ? HEALTH_BAD
                  : word_there(words, "unjudged") ? HEALTH_NOT_JUDGED
                                                  : HEALTH_GOOD,
        .job_version = version,
        .job_version_known = true,
        .modify_index = ++script->modify_index};
    script_send(script, &(struct event){.type = EVENT_ALLOCATION, .region = region, .allocation = &allocation});
}

/* allocations REGION NODE count=N job=J group=G [failed|pending|...] version=V */
static void allocations_command(struct script *script, const struct words *words)
{
    for (int64_t i = 0; i < word_number(words, "count", 1); i++) {
        char name[300];
        snprintf(name, sizeof name, "%s/%s/%s/%lld", words->list[1], word_value(words, "job", "other"),
                 word_value(words, "group", "web"), (long long)(i + word_number(words, "from", 0)));
        send_allocation(script, words->list[1], name, words->list[2], words,
                        (uint64_t)word_number(words, "version", 0));
    }
}

static void job_command(struct script *script, const struct words *words)
{
    const char *type = word_value(words, "type", "service");
    struct job_fact job = {.job_namespace = "default",
                           .id = words->list[2],
                           .type = strcmp(type, "batch") == 0    ? JOB_BATCH
                                   : strcmp(type, "system") == 0 ? JOB_SYSTEM
                                                                 : JOB_SERVICE,
                           .stopped = word_there(words, "stopped"),
                           .job_modify_index = (uint64_t)word_number(words, "index", 7),
                           .modify_index = ++script->modify_index};
    bool gone = word_there(words, "gone");
    script_send(script,
                &(struct event){.type = gone ? EVENT_JOB_GONE : EVENT_JOB, .region = words->list[1], .job = &job});
}

static void deployment_command(struct script *script, const struct words *words)
{
    struct deployment_fact deployment = {.id = uuid_of("deployment"),
                                         .job_namespace = "default",
                                         .job_id = words->list[2],
                                         .job_version = (uint64_t)word_number(words, "version", 0),
                                         .status =
                                             word_there(words, "failed") ? DEPLOYMENT_FAILED : DEPLOYMENT_SUCCESSFUL,
                                         .description = "Failed due to progress deadline",
                                         .modify_index = ++script->modify_index};
    script_send(script, &(struct event){.type = EVENT_DEPLOYMENT, .region = words->list[1], .deployment = &deployment});
}

/* --- what people ask ---------------------------------------------------------------------------------------------- */

/* submit JOB GROUP:COUNT:CPU:MEMORY... [dry] [type=system] [hash=N] [region=R:COUNT] */
static void submit_command(struct script *script, const struct words *words)
{
    struct job_demand demand = {.job_namespace = copied("default"),
                                .id = copied(words->list[1]),
                                .node_pool = copied(word_value(words, "node_pool", "default")),
                                .spec_hash = (uint64_t)word_number(words, "hash", 1)};
    const char *type = word_value(words, "type", "service");
    for (int i = 0; i <= JOB_SYSBATCH; i++)
        if (strcmp(type, job_type_word((enum job_type)i)) == 0)
            demand.type = (enum job_type)i;
    patterns_from(&demand.datacenters, word_value(words, "datacenters", "*"));
    for (size_t i = 2; i < words->count; i++) {
        char name[64];
        long long count = 0;
        long long cpu = 0;
        long long memory = 0;
        if (sscanf(words->list[i], "%63[^:=]:%lld:%lld:%lld", name, &count, &cpu, &memory) == 4) {
            demand.groups = memory_resize(demand.groups, demand.group_count + 1, sizeof *demand.groups);
            demand.groups[demand.group_count++] =
                (struct group_demand){.name = copied(name),
                                      .count = count,
                                      .each = {{cpu, memory, 300}},
                                      .pinnable = !word_there(words, "unpinnable"),
                                      .one_per_node = word_there(words, "distinct_hosts"),
                                      .has_deployment = !word_there(words, "no_deployment"),
                                      .min_healthy_ms = 10000,
                                      .progress_ms = 600000};
        } else if (sscanf(words->list[i], "region=%63[^:]:%lld", name, &count) == 2) {
            demand.overrides = memory_resize(demand.overrides, demand.override_count + 1, sizeof *demand.overrides);
            demand.overrides[demand.override_count++] =
                (struct region_override){.region = copied(name), .count = count};
        }
    }
    script_send(
        script,
        &(struct event){
            .type = EVENT_JOB_SUBMITTED,
            .request_id = ++script->requests,
            .actor = "token:golden",
            .submission = {.demand = &demand, .body = "{}", .body_length = 2, .dry_run = word_there(words, "dry")}});
    job_demand_release(&demand);
}

static void ask(struct script *script, struct event event)
{
    event.request_id = ++script->requests;
    event.actor = "token:golden";
    script_send(script, &event);
}

static bool people_command(struct script *script, const struct words *words)
{
    const char *name = words->list[0];
    if (strcmp(name, "submit") == 0)
        submit_command(script, words);
    else if (strcmp(name, "stop") == 0)
        ask(script,
            (struct event){
                .type = EVENT_JOB_STOP,
                .stop = {.job_namespace = "default", .id = words->list[1], .purge = word_there(words, "purge")}});
    else if (strcmp(name, "freeze") == 0)
        ask(script, (struct event){.type = EVENT_FREEZE, .text = words->count > 1 ? words->list[1] : ""});
    else if (strcmp(name, "unfreeze") == 0)
        ask(script, (struct event){.type = EVENT_UNFREEZE});
    else if (strcmp(name, "policy-delete") == 0)
        ask(script, (struct event){.type = EVENT_POLICY_DELETED, .text = words->list[1]});
    else
        return false;
    return true;
}

static void mode_command(struct script *script, const struct words *words)
{
    enum mode mode = MODE_OBSERVE;
    if (!mode_parse(words->list[1], &mode))
        script_fail(script, "no mode %s", words->list[1]);
    if (script->core)
        ask(script, (struct event){.type = EVENT_MODE_SET, .mode = mode});
    else
        script->mode = mode;
}

/* snapshot: the federation as it is now, in small slices; assessed: its plan arrives. assess: both at once. */
static void snapshot_command(struct script *script, const struct words *words)
{
    (void)words;
    assess_abandon(script->snapshot);
    script->snapshot = assess_begin(script->core);
    while (!assess_continue(script->snapshot, script->core, 3))
        ;
}

static void assessed_command(struct script *script, const struct words *words)
{
    struct error error = {0};
    (void)words;
    if (!script->snapshot)
        script_fail(script, "no snapshot was taken");
    struct assessment *assessment = assess_solve(script->snapshot, 5, NULL, NULL, &error);
    script->snapshot = NULL;
    if (assessment)
        script_send(script, &(struct event){.type = EVENT_ASSESSED, .assessment = assessment});
    else
        buffer_printf(script->out, "  not assessed: %s\n", error.text);
}

static void assess_command(struct script *script, const struct words *words)
{
    snapshot_command(script, words);
    assessed_command(script, words);
}

static bool region_says(struct script *script, const struct words *words)
{
    static const struct {
        const char *word;
        enum event_type type;
    } sayings[] = {{"heard", EVENT_REGION_HEARD},   {"unreached", EVENT_REGION_UNREACHED},
                   {"denied", EVENT_REGION_DENIED}, {"sync", EVENT_SYNC_BEGIN},
                   {"synced", EVENT_SYNC_END},      {"sync-broken", EVENT_SYNC_ABANDONED}};
    for (size_t i = 0; i < sizeof sayings / sizeof *sayings; i++)
        if (strcmp(words->list[0], sayings[i].word) == 0) {
            script_send(script, &(struct event){.type = sayings[i].type,
                                                .region = words->list[1],
                                                .text = word_value(words, "text", "no answer")});
            return true;
        }
    return false;
}

bool facts_command(struct script *script, const struct words *words)
{
    static const struct {
        const char *word;
        size_t words;
        void (*run)(struct script *, const struct words *);
    } commands[] = {{"region", 2, region_command}, {"pool", 2, pool_command},
                    {"policy", 2, policy_command}, {"node", 3, node_command},
                    {"price", 3, price_command},   {"allocations", 3, allocations_command},
                    {"job", 3, job_command},       {"deployment", 3, deployment_command},
                    {"mode", 2, mode_command},     {"snapshot", 1, snapshot_command},
                    {"assess", 1, assess_command}, {"assessed", 1, assessed_command}};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(words->list[0], commands[i].word) == 0 && words->count >= commands[i].words) {
            commands[i].run(script, words);
            return true;
        }
    return region_says(script, words) || people_command(script, words);
}
