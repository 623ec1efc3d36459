/* The words of a golden case about accounts: what their providers report, what people say of it, and how it is shown.
 *
 *     account acme module=aws
 *     currency EUR 1.08
 *     commitment ri kind=reservation pools=aws-*_/std nodes=2 usd=0.05
 *     machines acme web desired=2 max=5 type=m5.large i-1=running i-2=pending [busy] [read-only]
 *     offers acme m5.large=0.096 m5.large=0.031:USD:spot      types acme m5.large=4000:8000:100000
 *     notice acme i-1             failed acme pools auth text=...        account-up acme / account-down acme
 *     approve / deny              the one proposal there is              confirm REGION POOL
 *     show fleet
 *
 * An instance is the node whose meta.machine is its id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "tests/golden/script.h"

static char *copied(const char *text)
{
    return memory_copy_text(text, strlen(text));
}

static int64_t money_of(const struct script *script, const char *text)
{
    struct error error = {0};
    int64_t amount = 0;
    bool negative = text[0] == '-';
    if (!money_parse(text + negative, strlen(text + negative), &amount, &error))
        script_fail(script, "%s", error.text);
    return negative ? -amount : amount;
}

/* --- configuration, kept for restarts -------------------------------------------------------------------------------
 */

static void account_command(struct script *script, const struct words *words)
{
    script->accounts = memory_resize(script->accounts, script->account_count + 1, sizeof *script->accounts);
    script->accounts[script->account_count++] =
        (struct script_account){.config = {copied(words->list[1]), copied(word_value(words, "module", "test"))}};
}

static void currency_command(struct script *script, const struct words *words)
{
    snprintf(script->currency, sizeof script->currency, "%s", words->list[1]);
    script->usd_per_unit_micro = money_of(script, words->list[2]);
}

static void commitment_command(struct script *script, const struct words *words)
{
    script->commitments = memory_resize(script->commitments, script->commitment_count + 1, sizeof *script->commitments);
    struct commitment *commitment = &script->commitments[script->commitment_count++];
    bool plan = strcmp(word_value(words, "kind", "reservation"), "reservation") != 0;
    *commitment = (struct commitment){.name = copied(words->list[1]),
                                      .kind = plan ? COMMITMENT_SAVINGS_PLAN : COMMITMENT_RESERVATION,
                                      .nodes = word_number(words, "nodes", 0),
                                      .uusd_h = money_of(script, word_value(words, "usd", "0")),
                                      .discount_millionths = word_number(words, "discount", 0) * 10000};
    patterns_add(&commitment->pools, word_value(words, "pools", "*"));
}

void providers_configure(struct script *script)
{
    for (size_t i = 0; i < script->account_count; i++)
        script_send(script,
                    &(struct event){.type = EVENT_ACCOUNT_CONFIGURED, .account_config = &script->accounts[i].config});
    if (script->currency[0])
        script_send(script, &(struct event){.type = EVENT_CURRENCY_CONFIGURED,
                                            .text = script->currency,
                                            .usd_per_unit_micro = script->usd_per_unit_micro});
    for (size_t i = 0; i < script->commitment_count; i++)
        script_send(script,
                    &(struct event){.type = EVENT_COMMITMENT_CONFIGURED, .commitment = &script->commitments[i]});
}

static void words_free(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->list[i]);
}

void providers_release(struct script *script)
{
    for (size_t i = 0; i < script->account_count; i++) {
        for (size_t p = 0; p < script->accounts[i].pool_count; p++)
            words_free(&script->accounts[i].pools[p]);
        free(script->accounts[i].pools);
        free(script->accounts[i].config.name);
        free(script->accounts[i].config.module);
    }
    for (size_t i = 0; i < script->commitment_count; i++)
        commitment_release(&script->commitments[i]);
    free(script->accounts);
    free(script->commitments);
}

static struct script_account *account_of(struct script *script, const char *name)
{
    for (size_t i = 0; i < script->account_count; i++)
        if (strcmp(script->accounts[i].config.name, name) == 0)
            return &script->accounts[i];
    script_fail(script, "no account %s", name);
}

/* --- what a provider reports ----------------------------------------------------------------------------------------
 */

static void send_facts(struct script *script, const char *account, struct account_facts *facts)
{
    script_send(script, &(struct event){.type = EVENT_ACCOUNT_FACTS, .account = account, .account_facts = facts});
}

static bool instance_of(const char *word, struct account_instance *ret_instance, struct fact_pair *ret_identity)
{
    const char *middle = strchr(word, '=');
    if (!middle || strncmp(word, "i-", 2) != 0)
        return false;
    *ret_identity = (struct fact_pair){"meta.machine", memory_copy_text(word, (size_t)(middle - word))};
    *ret_instance = (struct account_instance){.id = ret_identity->value,
                                              .state_text = "",
                                              .zone = "",
                                              .instance_type = "",
                                              .trouble = "",
                                              .identities = ret_identity,
                                              .identity_count = 1,
                                              .launched_at_ms = ACCOUNT_UNSET};
    for (int s = 0; s < INSTANCE_STATE_COUNT; s++)
        if (strcmp(middle + 1, instance_state_word((enum instance_state)s)) == 0)
            ret_instance->state = (enum instance_state)s;
    return true;
}

/* What the words of a report are kept in until the core gives the facts back. */
struct report {
    struct words words[8];
    size_t count;
    struct fact_pair identities[8 * WORDS_MAX];
    size_t identity_count;
};

static void report_free(void *memory)
{
    struct report *report = memory;
    for (size_t i = 0; i < report->identity_count; i++)
        free((char *)(uintptr_t)report->identities[i].value);
    for (size_t i = 0; i < report->count; i++)
        words_free(&report->words[i]);
    free(report);
}

static void words_copy(struct words *into, const struct words *from)
{
    into->count = from->count;
    for (size_t i = 0; i < from->count; i++)
        into->list[i] = copied(from->list[i]);
}

/* Facts whose texts are those of the words, kept in the report that goes with them. */
static struct account_facts *facts_of(enum account_look look, const struct words *words, struct report **ret_report)
{
    struct account_facts *facts = account_facts_new(look);
    *ret_report = memory_new(1, sizeof **ret_report);
    facts->memory = *ret_report;
    facts->release_memory = report_free;
    if (words)
        words_copy(&(*ret_report)->words[(*ret_report)->count++], words);
    return facts;
}

static void fill_pool(struct account_facts *facts, struct report *report, const struct words *words)
{
    struct account_pool *pool = &facts->pools[facts->pool_count++];
    size_t first = facts->instance_count;
    enum market market = MARKET_ON_DEMAND;
    market_parse(word_value(words, "market", "on-demand"), &market);
    for (size_t i = 3; i < words->count; i++)
        if (instance_of(words->list[i], &facts->instances[facts->instance_count],
                        &report->identities[report->identity_count])) {
            facts->instance_count++;
            report->identity_count++;
        }
    *pool = (struct account_pool){.id = words->list[2],
                                  .name = words->list[2],
                                  .region = "here",
                                  .instance_type = word_value(words, "type", "m5.large"),
                                  .generation = word_value(words, "generation", "g1"),
                                  .why_read_only = word_there(words, "read-only") ? "mixed types" : "",
                                  .market = market,
                                  .desired = word_number(words, "desired", 0),
                                  .min = word_number(words, "min", 0),
                                  .max = word_number(words, "max", 100),
                                  .writable = !word_there(words, "read-only"),
                                  .busy = word_there(words, "busy"),
                                  .instances = &facts->instances[first],
                                  .instance_count = facts->instance_count - first};
}

static void machines_command(struct script *script, const struct words *words)
{
    struct script_account *account = account_of(script, words->list[1]);
    size_t at = 0;
    while (at < account->pool_count && strcmp(account->pools[at].list[2], words->list[2]) != 0)
        at++;
    if (at == account->pool_count) {
        account->pools = memory_resize(account->pools, at + 1, sizeof *account->pools);
        account->pool_count++;
    } else {
        words_free(&account->pools[at]);
    }
    words_copy(&account->pools[at], words);
    struct report *report = NULL;
    struct account_facts *facts = facts_of(LOOK_POOLS, NULL, &report);
    facts->pools = memory_new(account->pool_count, sizeof *facts->pools);
    facts->instances = memory_new(account->pool_count * WORDS_MAX, sizeof *facts->instances);
    for (size_t p = 0; p < account->pool_count && p < 8; p++) {
        words_copy(&report->words[report->count], &account->pools[p]);
        fill_pool(facts, report, &report->words[report->count++]);
    }
    send_facts(script, words->list[1], facts);
}

/* offers ACCOUNT TYPE=PRICE[:CURRENCY[:MARKET]]... */
static void offers_command(struct script *script, const struct words *words)
{
    struct report *report = NULL;
    struct account_facts *facts = facts_of(LOOK_OFFERS, words, &report);
    facts->offers = memory_new(words->count, sizeof *facts->offers);
    for (size_t i = 2; i < words->count; i++) {
        char *rest = report->words[0].list[i];
        const char *type = strsep(&rest, "=");
        const char *price = strsep(&rest, ":");
        const char *currency = strsep(&rest, ":");
        enum market market = MARKET_ON_DEMAND;
        if (rest)
            market_parse(rest, &market);
        facts->offers[facts->offer_count++] = (struct account_offer){.region = "here",
                                                                     .zone = "",
                                                                     .instance_type = type,
                                                                     .currency = currency ? currency : "USD",
                                                                     .source = "test:offers",
                                                                     .note = "",
                                                                     .market = market,
                                                                     .price_micro_h = money_of(script, price),
                                                                     .marginal_use_micro_h = ACCOUNT_UNSET,
                                                                     .marginal_wake_micro_h = ACCOUNT_UNSET,
                                                                     .observed_at_ms = script->now_ms,
                                                                     .valid_from_ms = ACCOUNT_UNSET};
    }
    send_facts(script, words->list[1], facts);
}

static void types_command(struct script *script, const struct words *words)
{
    struct report *report = NULL;
    struct account_facts *facts = facts_of(LOOK_TYPES, words, &report);
    facts->types = memory_new(words->count, sizeof *facts->types);
    for (size_t i = 2; i < words->count; i++) {
        char *rest = report->words[0].list[i];
        const char *type = strsep(&rest, "=");
        long long cpu = 0, memory = 0, disk = 0;
        if (sscanf(rest ? rest : "", "%lld:%lld:%lld", &cpu, &memory, &disk) != 3)
            script_fail(script, "types ACCOUNT NAME=MHZ:MIB:MIB");
        facts->types[facts->type_count++] = (struct account_type){.region = "here",
                                                                  .name = type,
                                                                  .restriction = "",
                                                                  .quota = "",
                                                                  .processor_mhz = cpu,
                                                                  .memory_mib = memory,
                                                                  .disk_mib = disk};
    }
    send_facts(script, words->list[1], facts);
}

static void notice_command(struct script *script, const struct words *words)
{
    struct report *report = NULL;
    struct account_facts *facts = facts_of(LOOK_INTERRUPTIONS, words, &report);
    facts->interruptions = memory_new(words->count, sizeof *facts->interruptions);
    for (size_t i = 2; i < words->count; i++)
        facts->interruptions[facts->interruption_count++] =
            (struct account_interruption){.pool = "",
                                          .instance = report->words[0].list[i],
                                          .text = "spot",
                                          .kind = INTERRUPTION_TERMINATE,
                                          .at_ms = ACCOUNT_UNSET};
    send_facts(script, words->list[1], facts);
}

static enum account_status status_of(const struct script *script, const char *word)
{
    for (int i = 0; i < ACCOUNT_STATUS_COUNT; i++)
        if (strcmp(word, account_status_word((enum account_status)i)) == 0)
            return (enum account_status)i;
    script_fail(script, "no status %s", word);
}

static void failed_command(struct script *script, const struct words *words)
{
    struct event event = {.type = EVENT_ACCOUNT_FAILED,
                          .account = words->list[1],
                          .text = word_value(words, "text", "refused"),
                          .account_failure = {.status = status_of(script, words->list[3])}};
    for (int look = 0; look < ACCOUNT_LOOK_COUNT; look++)
        if (strcmp(words->list[2], account_look_word((enum account_look)look)) == 0)
            event.account_failure.look = (enum account_look)look;
    script_send(script, &event);
}

/* --- answers --------------------------------------------------------------------------------------------------------
 */

/* status=no_capacity, running token=T, jobs=a,b more eligible draining gone */
void providers_answer(const struct script *script, const struct words *words, struct effect_result *result,
                      struct job_key *jobs)
{
    result->account_status = status_of(script, word_value(words, "status", "ok"));
    result->retry_at_ms = result->next_poll_ms = ACCOUNT_UNSET;
    result->operation_running = word_there(words, "running");
    result->operation_token = word_value(words, "token", result->operation_running ? "op-1" : "");
    result->instance_type = word_value(words, "type", "");
    result->node_exists = !word_there(words, "gone");
    result->node_eligible = word_there(words, "eligible");
    result->node_draining = word_there(words, "draining");
    result->node_jobs = jobs;
    const char *job = word_value(words, "job", NULL);
    if (job)
        jobs[result->node_job_count++] = (struct job_key){"default", job};
    if (result->account_status != ACCOUNT_OK && result->outcome == OUTCOME_DONE) {
        result->outcome = OUTCOME_REFUSED;
        result->refusal = REFUSAL_OTHER;
    }
}

/* --- people ---------------------------------------------------------------------------------------------------------
 */

static void decide_command(struct script *script, const struct words *words)
{
    const struct world *world = core_world(script->core);
    struct event event = {.type = strcmp(words->list[0], "approve") == 0 ? EVENT_APPROVE : EVENT_DENY,
                          .request_id = ++script->requests,
                          .actor = "token:golden"};
    for (size_t i = 0; i < world->fleet_count; i++)
        if (world->fleet[i]->operation && world->fleet[i]->operation->state == OPERATION_PROPOSED)
            event.operation = world->fleet[i]->operation->id;
    script_send(script, &event);
}

static void process_command(struct script *script, const struct words *words)
{
    bool up = strcmp(words->list[0], "account-up") == 0;
    script_send(script, &(struct event){.type = up ? EVENT_ACCOUNT_UP : EVENT_ACCOUNT_DOWN,
                                        .account = words->list[1],
                                        .text = up ? "test 1.0" : "ended by signal 11"});
}

static void confirm_command(struct script *script, const struct words *words)
{
    script_send(script, &(struct event){.type = EVENT_PRICE_CONFIRMED,
                                        .request_id = ++script->requests,
                                        .actor = "token:golden",
                                        .region = words->list[1],
                                        .text = words->list[2]});
}

/* --- showing --------------------------------------------------------------------------------------------------------
 */

static void show_pool(struct script *script, const struct world_region *region, const struct world_pool *pool)
{
    const struct world *world = core_world(script->core);
    const struct price *price = pool->config && pool->config->priced ? &pool->config->price : NULL;
    char text[MONEY_TEXT_MAX];
    const struct fleet_pool *fleet = world_find_fleet(world, region->name, pool->name);
    if (pool->link.account == WORLD_NONE && !pool->link.covered)
        return;
    buffer_printf(script->out, "  %s/%s %lld instances, %lld joined, %lld waiting, price %s%s", region->config.name,
                  world_text(world, pool->name), (long long)pool->link.instances, (long long)pool->link.joined,
                  (long long)pool->link.waiting, price ? money_format(price->effective_uusd_h, text) : "-",
                  price && price->currency[0] ? " from " : "");
    if (price && price->currency[0])
        buffer_append_text(script->out, price->currency);
    if (pool->link.covered || pool->link.coverage_left)
        buffer_printf(script->out, ", %lld covered for %s, %lld left", (long long)pool->link.covered,
                      money_format(pool->link.covered_uusd_h, text), (long long)pool->link.coverage_left);
    buffer_append_text(script->out, "\n");
    if (pool->link.held.held)
        buffer_printf(script->out, "    held price: %s\n", pool->link.held.reason);
    for (size_t i = 0; fleet && i < fleet->cooled_count; i++)
        buffer_printf(script->out, "    cooled: %s\n", fleet->cooled[i].why);
    if (fleet && fleet->rest && fleet->rest[0])
        buffer_printf(script->out, "    rests: %s\n", fleet->rest);
    if (fleet && fleet->operation) {
        const struct operation *operation = fleet->operation;
        buffer_printf(script->out, "    %s %s %lld -> %lld, %s $/h: %s%s%s\n", operation_kind_word(operation->kind),
                      operation_state_word(operation->state), (long long)operation->from, (long long)operation->to,
                      money_format(operation->uusd_h, text), operation->why, operation->trouble ? "; " : "",
                      operation->trouble ? operation->trouble : "");
        if (operation->waits)
            buffer_printf(script->out, "      waits: %s\n", operation->waits);
    }
}

static void show_fleet(struct script *script)
{
    const struct world *world = core_world(script->core);
    char a[MONEY_TEXT_MAX];
    char b[MONEY_TEXT_MAX];
    for (size_t r = 0; r < world->region_count; r++)
        for (size_t p = 0; p < world->regions[r].pool_count; p++)
            show_pool(script, &world->regions[r], &world->regions[r].pools[p]);
    for (size_t i = 0; i < world->commitment_count; i++)
        buffer_printf(script->out, "  commitment %s: %lld nodes, used %s, unused %s\n",
                      world->commitments[i].config.name, (long long)world->commitments[i].used_nodes,
                      money_format(world->commitments[i].used_uusd_h, a),
                      money_format(world->commitments[i].unused_uusd_h, b));
}

bool providers_command(struct script *script, const struct words *words)
{
    static const struct {
        const char *word;
        size_t words;
        void (*run)(struct script *, const struct words *);
    } commands[] = {
        {"account", 2, account_command},     {"currency", 3, currency_command}, {"commitment", 2, commitment_command},
        {"machines", 3, machines_command},   {"offers", 2, offers_command},     {"types", 2, types_command},
        {"notice", 2, notice_command},       {"failed", 4, failed_command},     {"approve", 1, decide_command},
        {"deny", 1, decide_command},         {"confirm", 3, confirm_command},   {"account-up", 2, process_command},
        {"account-down", 2, process_command}};
    if (strcmp(words->list[0], "show") == 0 && words->count > 1 && strcmp(words->list[1], "fleet") == 0) {
        show_fleet(script);
        return true;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(words->list[0], commands[i].word) == 0 && words->count >= commands[i].words) {
            commands[i].run(script, words);
            return true;
        }
    return false;
}
