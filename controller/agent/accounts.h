/* The agent's accounts: each module's child is asked at intervals what there is, what it costs and what is about to go,
 * and carries out the writes that the core wants.
 *
 * Looks go by priority behind writes, at most one of a kind at a time. A write passes the gate once more at the moment
 * it is handed to the module; when the gate closes while one is under way, the child is killed and the write is settled
 * by looking. Thread: the loop's. */
#ifndef DROVER_CONTROLLER_AGENT_ACCOUNTS_H
#define DROVER_CONTROLLER_AGENT_ACCOUNTS_H

#include "controller/agent/private.h"
#include "controller/agent/provider_link.h"

enum {
    ACCOUNT_LOOK_EVERY_MS = 60 * 1000,
    ACCOUNT_PRICE_EVERY_MS = 30 * 60 * 1000,
    ACCOUNT_BUSY_EVERY_MS = 2000, /* while an operation is under way there */
};

struct account;

/* One kind of look. */
struct account_asking {
    struct account *account;
    enum account_look look;
    bool asking;
    uint64_t due_ms; /* the loop's clock; 0: at once */
    unsigned failures;
};

struct account {
    struct agent *agent;
    const struct config_account *config;
    struct provider_link *link;
    struct provider_kept *kept;
    struct account_asking looks[ACCOUNT_LOOK_COUNT];
    bool running; /* its link has not told its end */
};

/* accounts_write.c: hands an effect to its account's module. */
void account_execute(struct account *account, const struct effect *effect,
                     void (*done)(void *context, const struct effect_result *result), void *context);
/* The gate for a call of account_execute; context is the account, call_context the call's own. */
bool account_may_write(void *context, void *call_context, struct error *why);
/* Pools are looked at as soon as the child is free. */
void account_look_soon(struct account *account, enum account_look look);

/* account_facts.c: takes the records over. */
struct account_facts *account_facts_of(enum account_look look, struct provider_records *taken);

#endif
