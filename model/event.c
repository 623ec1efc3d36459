#include "model/event.h"

#include <string.h>

static const char *const mode_words[] = {"observe", "approve", "enforce"};

const char *mode_word(enum mode mode)
{
    return mode <= MODE_ENFORCE ? mode_words[mode] : "?";
}

bool mode_parse(const char *word, enum mode *ret_mode)
{
    for (int i = 0; i <= MODE_ENFORCE; i++)
        if (strcmp(word, mode_words[i]) == 0) {
            *ret_mode = (enum mode)i;
            return true;
        }
    return false;
}

const char *event_type_word(enum event_type type)
{
    switch (type) {
    case EVENT_REGION_CONFIGURED:
        return "region configured";
    case EVENT_POLICY_CONFIGURED:
        return "policy configured";
    case EVENT_MODE_CONFIGURED:
        return "mode configured";
    case EVENT_ACCOUNT_CONFIGURED:
        return "account configured";
    case EVENT_CURRENCY_CONFIGURED:
        return "currency configured";
    case EVENT_COMMITMENT_CONFIGURED:
        return "commitment configured";
    case EVENT_STARTED:
        return "started";
    case EVENT_ACCOUNT_UP:
        return "account up";
    case EVENT_ACCOUNT_DOWN:
        return "account down";
    case EVENT_ACCOUNT_FACTS:
        return "account facts";
    case EVENT_ACCOUNT_FAILED:
        return "account failed";
    case EVENT_APPROVE:
        return "approve";
    case EVENT_DENY:
        return "deny";
    case EVENT_PRICE_CONFIRMED:
        return "price confirmed";
    case EVENT_REGION_HEARD:
        return "region heard";
    case EVENT_REGION_UNREACHED:
        return "region unreached";
    case EVENT_REGION_DENIED:
        return "region denied";
    case EVENT_SYNC_BEGIN:
        return "sync begin";
    case EVENT_SYNC_END:
        return "sync end";
    case EVENT_SYNC_ABANDONED:
        return "sync abandoned";
    case EVENT_NODE:
        return "node";
    case EVENT_NODE_REMEMBERED:
        return "node remembered";
    case EVENT_NODE_GONE:
        return "node gone";
    case EVENT_ALLOCATION:
        return "allocation";
    case EVENT_ALLOCATION_GONE:
        return "allocation gone";
    case EVENT_JOB:
        return "job";
    case EVENT_JOB_GONE:
        return "job gone";
    case EVENT_DEPLOYMENT:
        return "deployment";
    case EVENT_SERVICE:
        return "service";
    case EVENT_JOB_SUBMITTED:
        return "job submitted";
    case EVENT_JOB_STOP:
        return "job stop";
    case EVENT_POLICY_APPLIED:
        return "policy applied";
    case EVENT_POLICY_DELETED:
        return "policy deleted";
    case EVENT_MODE_SET:
        return "mode set";
    case EVENT_FREEZE:
        return "freeze";
    case EVENT_UNFREEZE:
        return "unfreeze";
    case EVENT_EFFECT_SENT:
        return "effect sent";
    case EVENT_EFFECT_RESULT:
        return "effect result";
    case EVENT_TIMER:
        return "timer";
    case EVENT_ASSESSED:
        return "assessed";
    case EVENT_CLOCK_JUMPED:
        return "clock jumped";
    }
    return "?";
}
