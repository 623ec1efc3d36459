/* What the bad modules share: an account that opens, and a table whose `pools` is the misdeed. */
#ifndef DROVER_TESTS_PROVIDERS_BAD_H
#define DROVER_TESTS_PROVIDERS_BAD_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "providers/provider.h"

enum { AGENT_SOCKET = 3 };

struct provider_account {
    const struct provider_services *services;
};

static inline enum provider_status bad_open(const struct provider_services *services, const char *name,
                                            struct provider_account **ret_account, struct provider_error *error)
{
    (void)name, (void)error;
    *ret_account = calloc(1, sizeof **ret_account);
    (*ret_account)->services = services;
    return PROVIDER_OK;
}

static inline void bad_close(struct provider_account *account)
{
    free(account);
}

/* A pool with `count` machines that lives as long as the process. */
static inline bool bad_emit_pool(struct provider_account *account, size_t count)
{
    static struct provider_instance instances[64];
    struct provider_pool pool = {.id = "p",
                                 .name = "",
                                 .region = "here",
                                 .instance_type = "t",
                                 .desired = (int64_t)count,
                                 .max = PROVIDER_UNSET,
                                 .generation = "",
                                 .why_read_only = "",
                                 .writable = true,
                                 .instances = instances,
                                 .instance_count = count};
    for (size_t i = 0; i < count; i++)
        instances[i] = (struct provider_instance){.id = "i",
                                                  .state = PROVIDER_INSTANCE_RUNNING,
                                                  .state_text = "",
                                                  .zone = "",
                                                  .instance_type = "t",
                                                  .launched_at_us = PROVIDER_UNSET,
                                                  .milliwatts = PROVIDER_UNSET,
                                                  .trouble = ""};
    return account->services->emit_pool(account->services->context, &pool);
}

#define BAD_MODULE_WITH(magic_, major_, minor_, size_, ...)                                                            \
    static const struct provider_functions functions = {__VA_ARGS__};                                                  \
    PROVIDER_EXPORT extern const struct provider_module drover_provider_module;                                        \
    const struct provider_module drover_provider_module = {magic_, major_, minor_, size_, "bad", "1", &functions};

#define BAD_MODULE(...)                                                                                                \
    BAD_MODULE_WITH(PROVIDER_MAGIC, PROVIDER_ABI_MAJOR, PROVIDER_ABI_MINOR, sizeof functions, .open = bad_open,        \
                    .close = bad_close, __VA_ARGS__)

#define BAD_POOLS static enum provider_status pools(struct provider_account *account, struct provider_error *error)

#endif
