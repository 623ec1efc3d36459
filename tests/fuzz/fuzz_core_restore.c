/* links: core placement model base */
/* Any bytes as a record of the intent store: restored or refused with ERROR_CORRUPT, never a crash; and what was
 * restored can be stepped, in a world where region "r" has pool "p" of account "a", so that an operation goes on, and
 * pool "q" with its account's price. First byte: the kind by its remainder, how effects end by the rest (two bits for
 * even rounds, two for odd ones); then a key of at most 63 bytes ended by 0xff; then the value. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/core.h"

enum { ROUNDS = 12, ROUND_MS = 3000, IDS_MAX = 16 };

/* The core, and what it has asked of the world and was not answered yet. */
struct play {
    struct core *core;
    struct step step;
    int64_t now_ms;
    uint64_t asked[IDS_MAX];
    size_t asked_count;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char name_region[] = "r", name_pool[] = "p", name_account[] = "a", nothing[] = "";
static char name_unpriced[] = "q", provider_pool_unpriced[] = "pq";
static char key_class[] = "node_class", class[] = "c", provider_pool[] = "pp", source[] = "config";
static const struct fact_pair identities[] = {{"meta.id", "one"}, {"meta.id", "two"}};

static void feed(struct play *play, const struct event *event)
{
    core_step(play->core, event, play->now_ms, &play->step);
    for (size_t i = 0; i < play->step.effect_count && play->asked_count < IDS_MAX; i++)
        play->asked[play->asked_count++] = play->step.effects[i].id;
}

/* A pool of region "r" at the provider's pool of that id; without a price it takes its account's. */
static struct pool_config pool_at(char *pool, struct selector *selector, char *id, bool priced)
{
    return (struct pool_config){.name = pool,
                                .selectors = selector,
                                .selector_count = 1,
                                .instance_type = nothing,
                                .priced = priced,
                                .price = {.list_uusd_h = 100, .effective_uusd_h = 100, .source = source},
                                .provider_pool = id,
                                .grow_to = 5,
                                .join_within_ms = 10000,
                                .shrinks = true,
                                .idle_after_ms = 3600000,
                                .drain_deadline_ms = 10000,
                                .nodes_an_hour = 2};
}

static void configure(struct play *play)
{
    struct selector selectors[] = {{.key = key_class, .value = class}, {.key = key_class, .value = nothing}};
    struct pool_config pools[] = {pool_at(name_pool, &selectors[0], provider_pool, true),
                                  pool_at(name_unpriced, &selectors[1], provider_pool_unpriced, false)};
    struct region_config region = {.name = name_region, .provider = name_account, .pools = pools, .pool_count = 2};
    struct account_config account = {.name = name_account, .module = name_account};
    feed(play, &(struct event){.type = EVENT_REGION_CONFIGURED, .region_config = &region});
    feed(play, &(struct event){.type = EVENT_ACCOUNT_CONFIGURED, .account_config = &account});
    feed(play, &(struct event){.type = EVENT_MODE_CONFIGURED, .mode = MODE_ENFORCE});
    feed(play, &(struct event){.type = EVENT_STARTED});
}

static struct account_facts *pools_of(void)
{
    struct account_facts *facts = account_facts_new(LOOK_POOLS);
    facts->instances = memory_new(2, sizeof *facts->instances);
    facts->pools = memory_new(2, sizeof *facts->pools);
    facts->instance_count = 2;
    facts->pool_count = 2;
    for (size_t i = 0; i < 2; i++)
        facts->instances[i] = (struct account_instance){.id = identities[i].value,
                                                        .state = INSTANCE_RUNNING,
                                                        .state_text = "",
                                                        .zone = "",
                                                        .instance_type = "",
                                                        .trouble = "",
                                                        .identities = &identities[i],
                                                        .identity_count = 1,
                                                        .launched_at_ms = ACCOUNT_UNSET};
    facts->pools[0] = (struct account_pool){.id = provider_pool,
                                            .name = "",
                                            .region = "",
                                            .instance_type = "",
                                            .generation = "",
                                            .why_read_only = "",
                                            .desired = 2,
                                            .max = ACCOUNT_UNSET,
                                            .writable = true,
                                            .instances = facts->instances,
                                            .instance_count = 2};
    facts->pools[1] = facts->pools[0];
    facts->pools[1].id = provider_pool_unpriced;
    facts->pools[1].instance_count = 0;
    return facts;
}

static struct account_facts *offers_of(void)
{
    struct account_facts *facts = account_facts_new(LOOK_OFFERS);
    facts->offers = memory_new(1, sizeof *facts->offers);
    facts->offer_count = 1;
    facts->offers[0] = (struct account_offer){.region = "",
                                              .zone = "",
                                              .instance_type = "",
                                              .currency = "USD",
                                              .source = "s",
                                              .note = "",
                                              .price_micro_h = 100,
                                              .marginal_use_micro_h = ACCOUNT_UNSET,
                                              .marginal_wake_micro_h = ACCOUNT_UNSET,
                                              .valid_from_ms = ACCOUNT_UNSET};
    return facts;
}

static void look_at_account(struct play *play)
{
    feed(play, &(struct event){.type = EVENT_ACCOUNT_FACTS, .account = name_account, .account_facts = pools_of()});
    feed(play, &(struct event){.type = EVENT_ACCOUNT_FACTS, .account = name_account, .account_facts = offers_of()});
}

/* The region answers with two ready nodes, which are the account's two instances; node 1 is out of use. */
static void observe(struct play *play)
{
    feed(play, &(struct event){.type = EVENT_REGION_HEARD, .region = name_region});
    feed(play, &(struct event){.type = EVENT_SYNC_BEGIN, .region = name_region});
    for (uint8_t i = 0; i < 2; i++) {
        struct node_fact node = {.id = {.bytes = {(uint8_t)(i + 1)}},
                                 .name = "n",
                                 .datacenter = "dc1",
                                 .node_class = class,
                                 .node_pool = "default",
                                 .version = "2.0.5",
                                 .status = NODE_READY,
                                 .eligible = i == 1,
                                 .capacity = {.amount = {1000, 1000, 1000}},
                                 .selected = &identities[i],
                                 .selected_count = 1,
                                 .selected_known = true,
                                 .modify_index = 1};
        feed(play, &(struct event){.type = EVENT_NODE, .region = name_region, .node = &node});
    }
    feed(play, &(struct event){.type = EVENT_SYNC_END, .region = name_region});
    look_at_account(play);
}

/* How an account says what the outcome is. */
static enum account_status status_of(enum effect_outcome outcome)
{
    static const enum account_status statuses[] = {[OUTCOME_DONE] = ACCOUNT_OK,
                                                   [OUTCOME_REFUSED] = ACCOUNT_NO_CAPACITY,
                                                   [OUTCOME_UNKNOWN] = ACCOUNT_UNKNOWN,
                                                   [OUTCOME_NOT_SENT] = ACCOUNT_THROTTLED};
    return statuses[outcome];
}

static void answer(struct play *play, enum effect_outcome outcome, bool running)
{
    uint64_t ids[IDS_MAX];
    size_t count = play->asked_count;
    memcpy(ids, play->asked, sizeof ids);
    play->asked_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct effect_result result = {.effect_id = ids[i],
                                       .outcome = outcome,
                                       .account_status = status_of(outcome),
                                       .operation_running = running,
                                       .operation_token = running ? "t" : "",
                                       .text = "",
                                       .owner_cluster = "fuzz",
                                       .owner_epoch = 1,
                                       .retry_at_ms = ACCOUNT_UNSET,
                                       .next_poll_ms = ACCOUNT_UNSET,
                                       .node_exists = true};
        feed(play, &(struct event){.type = EVENT_EFFECT_SENT, .effect_id = ids[i]});
        feed(play, &(struct event){.type = EVENT_EFFECT_RESULT, .result = &result});
    }
}

/* Time passes, accounts are looked at again, and what is asked of the world ends as the input says; what a provider
 * takes on in the first rounds goes on for a while. */
static void go_on(struct play *play, unsigned outcomes)
{
    for (int round = 0; round < ROUNDS; round++) {
        play->now_ms += ROUND_MS;
        answer(play, (enum effect_outcome)(outcomes >> 2 * (round % 2) & 3), round < 2);
        feed(play, &(struct event){.type = EVENT_REGION_HEARD, .region = name_region});
        look_at_account(play);
        feed(play, &(struct event){.type = EVENT_TIMER});
        if (round == ROUNDS / 2)
            feed(play, &(struct event){.type = EVENT_CLOCK_JUMPED, .jump_ms = ROUND_MS});
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    enum record_kind kind = (enum record_kind)(data[0] % RECORD_KIND_COUNT);
    const uint8_t *end = memchr(data + 1, 0xff, size - 1 < 64 ? size - 1 : 64);
    size_t key = end ? (size_t)(end - data - 1) : 0;
    size_t from = end ? key + 2 : 1;
    struct error error = {0};
    struct play play = {.core = core_new(&(struct core_options){.cluster = "fuzz", .epoch = 1}), .now_ms = 1000};
    if (!core_restore(play.core, kind, data + 1, key, data + from, size - from, &error) && error.code != ERROR_CORRUPT)
        abort();
    configure(&play);
    observe(&play);
    go_on(&play, data[0] / RECORD_KIND_COUNT);
    step_release(&play.step);
    core_free(play.core);
    return 0;
}
