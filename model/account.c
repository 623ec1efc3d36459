#include "model/account.h"

#include <stdlib.h>

#include "base/memory.h"

const char *account_look_word(enum account_look look)
{
    static const char *const words[ACCOUNT_LOOK_COUNT] = {"pools", "offers", "types", "quotas", "interruptions"};
    return look < ACCOUNT_LOOK_COUNT ? words[look] : "?";
}

const char *account_status_word(enum account_status status)
{
    static const char *const words[ACCOUNT_STATUS_COUNT] = {"ok",        "retry",       "throttled", "auth",
                                                            "not_found", "no_capacity", "quota",     "conflict",
                                                            "invalid",   "unreachable", "unknown"};
    return status < ACCOUNT_STATUS_COUNT ? words[status] : "?";
}

const char *instance_state_word(enum instance_state state)
{
    static const char *const words[INSTANCE_STATE_COUNT] = {"unknown",  "pending", "running",
                                                            "stopping", "stopped", "failed"};
    return state < INSTANCE_STATE_COUNT ? words[state] : "?";
}

const char *interruption_word(enum interruption_kind kind)
{
    static const char *const words[] = {"terminate", "rebalance", "maintenance"};
    return kind <= INTERRUPTION_MAINTENANCE ? words[kind] : "?";
}

struct account_facts *account_facts_new(enum account_look look)
{
    struct account_facts *facts = memory_new(1, sizeof *facts);
    facts->look = look;
    return facts;
}

void account_facts_free(struct account_facts *facts)
{
    if (!facts)
        return;
    free(facts->pools);
    free(facts->instances);
    free(facts->offers);
    free(facts->types);
    free(facts->quotas);
    free(facts->interruptions);
    if (facts->release_memory)
        facts->release_memory(facts->memory);
    free(facts);
}
