/* What the tests of the azure module share: an account on scripted exchanges, and the answers it most often gets. */
#ifndef DROVER_TESTS_UNIT_AZURE_COMMON_H
#define DROVER_TESTS_UNIT_AZURE_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "providers/azure/account.h"
#include "tests/providers/replay.h"

#define SECOND INT64_C(1000000)
#define SECRET "sesame+open/please="
#define BEARER "tok-1"
#define ARM "https://management.azure.com"
#define BASE ARM "/subscriptions/sub-1"
#define SET_URL                                                                                                        \
    BASE "/resourceGroups/??1/providers/Microsoft.Compute/virtualMachineScaleSets/pool-a?api-version=2024-11-01"
#define MACHINES_URL                                                                                                   \
    BASE "/resourceGroups/??1/providers/Microsoft.Compute/virtualMachineScaleSets/pool-a/virtualMachines*"
#define DELETE_URL BASE "/resourceGroups/??1/providers/Microsoft.Compute/virtualMachineScaleSets/pool-a/delete*"
#define TOKEN_URL "https://login.microsoftonline.com/tenant-1/oauth2/v2.0/token"
#define STATUS_URL BASE "/providers/Microsoft.Compute/locations/westeurope/operations/op-1?api-version=2024-11-01"

extern const struct provider_module drover_provider_module;

static inline struct replay *azure_start_with(const char *hcl)
{
    struct replay *replay = replay_new();
    replay_settings_hcl(replay, "subscription = \"sub-1\"\ntenant = \"tenant-1\"\nclient_id = \"client-1\"\n");
    if (hcl)
        replay_settings_hcl(replay, hcl);
    return replay;
}

static inline struct replay *azure_start(const char *hcl)
{
    struct replay *replay = azure_start_with(hcl);
    replay_setting(replay, "credential", "client_secret");
    replay_secret(replay, "client_secret", SECRET);
    replay_open(replay, &drover_provider_module);
    return replay;
}

static inline void azure_end(struct replay *replay)
{
    replay_assert_nowhere(replay, SECRET);
    replay_assert_nowhere(replay, BEARER);
    replay_free(replay);
}

static inline void expect_token_text(struct replay *replay, const char *token)
{
    char answer[256];
    snprintf(answer, sizeof answer, "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"%s\"}", token);
    replay_exchange(replay, "POST", TOKEN_URL, NULL, 200, NULL, answer);
}

static inline void expect_token(struct replay *replay)
{
    expect_token_text(replay, BEARER);
}

/* The body of scale set pool-a as Azure tells it. */
static inline const char *set_body(char *text, size_t size, int capacity, const char *state, const char *etag)
{
    snprintf(text, size,
             "{\"id\":\"/subscriptions/sub-1/resourceGroups/RG1/providers/Microsoft.Compute/virtualMachineScaleSets/"
             "pool-a\",\"name\":\"pool-a\",\"location\":\"West Europe\",\"zones\":[\"2\"],\"etag\":\"\\\"%s\\\"\","
             "\"sku\":{\"name\":\"Standard_D2s_v3\",\"tier\":\"Standard\",\"capacity\":%d},\"properties\":{"
             "\"orchestrationMode\":\"Uniform\",\"provisioningState\":\"%s\",\"virtualMachineProfile\":{}}}",
             etag, capacity, state);
    return text;
}

static inline void expect_set(struct replay *replay, int capacity, const char *state, const char *etag)
{
    char text[1024];
    replay_exchange(replay, "GET", SET_URL, NULL, 200, NULL, set_body(text, sizeof text, capacity, state, etag));
    replay_expect_header(replay, "Authorization", "Bearer " BEARER);
}

/* Machines by their keys, each with vmId "000000KK-..." and running: "0 1 3", "" none; "3*" is on its way out. */
static inline void expect_machines(struct replay *replay, const char *keys)
{
    char answer[8192] = "{\"value\":[";
    size_t length = strlen(answer);
    for (const char *at = keys; *at; at += *at == ' ') {
        size_t digits = strcspn(at, " *");
        bool leaving = at[digits] == '*';
        length += (size_t)snprintf(
            answer + length, sizeof answer - length,
            "%s{\"instanceId\":\"%.*s\",\"name\":\"pool-a_%.*s\",\"properties\":{\"vmId\":\"000000%02d-aaaa\","
            "\"provisioningState\":\"%s\",\"instanceView\":{\"statuses\":[{\"code\":\"PowerState/running\"}]}}}",
            at == keys ? "" : ",", (int)digits, at, (int)digits, at, atoi(at), leaving ? "Deleting" : "Succeeded");
        at += digits + leaving;
    }
    snprintf(answer + length, sizeof answer - length, "]}");
    replay_exchange(replay, "GET", MACHINES_URL, NULL, 200, NULL, answer);
}

/* The PATCH that begins a change of size, answered with a status address. */
static inline void expect_patch(struct replay *replay, int capacity, const char *etag)
{
    char body[128], fence[64], answer[1024];
    snprintf(body, sizeof body, "{\"sku\":{\"name\":\"Standard_D2s_v3\",\"tier\":\"Standard\",\"capacity\":%d}}",
             capacity);
    snprintf(fence, sizeof fence, "\"%s\"", etag);
    replay_exchange(replay, "PATCH", SET_URL, body, 200, "Azure-AsyncOperation: " STATUS_URL "\nRetry-After: 10\n",
                    set_body(answer, sizeof answer, capacity, "Updating", "e2"));
    replay_expect_header(replay, "If-Match", fence);
}

static inline void expect_status(struct replay *replay, const char *headers, const char *body)
{
    replay_exchange(replay, "GET", STATUS_URL, NULL, 200, headers, body);
}

static inline struct provider_pool observed_pool(int64_t desired, const char *generation)
{
    return (struct provider_pool){.id = "rg1/pool-a",
                                  .name = "pool-a",
                                  .region = "westeurope",
                                  .instance_type = "Standard_D2s_v3",
                                  .desired = desired,
                                  .min = 0,
                                  .max = 1000,
                                  .generation = generation,
                                  .writable = true,
                                  .why_read_only = ""};
}

static inline enum provider_status grow_to(struct replay *replay, int64_t from, int64_t to)
{
    struct provider_pool observed = observed_pool(from, "\"e1\"");
    return replay_grow(replay, &observed, to);
}

/* An operation's token outlives the call that gave it. */
static inline const char *hold_token(const struct replay *replay, char *token)
{
    memcpy(token, replay_operation(replay)->token, PROVIDER_OPERATION_MAX);
    return token;
}

/* grow from 2 to 5, begun; the token is held. */
static inline void begin_growth(struct replay *replay, char *token)
{
    expect_token(replay);
    expect_set(replay, 2, "Succeeded", "e1");
    expect_patch(replay, 5, "e1");
    assert_int_equal(grow_to(replay, 2, 5), PROVIDER_OK);
    assert_int_equal(replay_operation(replay)->progress, PROVIDER_PROGRESS_RUNNING);
    hold_token(replay, token);
}

#endif
