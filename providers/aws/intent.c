/* Removals that are written down: see intent.h. */
#include "providers/aws/intent.h"

#include <stdio.h>

#include "providers/aws/operation.h"

enum { KEY_MAX = AWS_ID_MAX + 8 };

static void name_intent(const char *instance, char ret_key[static KEY_MAX])
{
    snprintf(ret_key, KEY_MAX, "shrink/%s", instance);
}

struct aws_intent aws_intent_find(const struct provider_account *account, const char *instance)
{
    char key[KEY_MAX];
    name_intent(instance, key);
    const char *text = account->services->kept(account->services->context, key);
    struct aws_intent intent = {0};
    long long desired = 0, at_us = 0;
    if (text && sscanf(text, "%lld %lld", &desired, &at_us) == 2)
        intent = (struct aws_intent){true, desired, at_us};
    return intent;
}

bool aws_intent_write(const struct provider_account *account, const char *instance, int64_t desired)
{
    const struct provider_services *services = account->services;
    char key[KEY_MAX], value[64];
    name_intent(instance, key);
    snprintf(value, sizeof value, "%lld %lld", (long long)desired, (long long)services->now(services->context));
    return services->keep(services->context, key, value);
}

void aws_intent_strike_out(const struct provider_account *account, const char *instance)
{
    const struct provider_services *services = account->services;
    char key[KEY_MAX];
    name_intent(instance, key);
    if (services->kept(services->context, key))
        services->keep(services->context, key, NULL);
}

bool aws_intent_arrived(const struct provider_account *account, const struct aws_intent *intent, int64_t desired)
{
    int64_t age_us = account->services->now(account->services->context) - intent->at_us;
    return intent->there && desired < intent->desired && age_us < AWS_INTENT_BELIEVED_US;
}
