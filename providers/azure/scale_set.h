/* Virtual machine scale sets, which are this module's pools, uniform and flexible.
 *
 * A pool's id is "group/name" in lower case: Azure compares names without case and repeats them in any. */
#ifndef DROVER_PROVIDERS_AZURE_SCALE_SET_H
#define DROVER_PROVIDERS_AZURE_SCALE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "providers/azure/account.h"
#include "providers/sdk/json.h"

enum { AZURE_ZONES_MAX = 16 };

struct azure_scale_set {
    char *pool; /* "group/name", lower case */
    char *id;   /* as Azure wrote it */
    char *group, *name;
    char *location;    /* normalised */
    char *size, *tier; /* "" without a sku */
    char *etag;        /* "" without */
    char *state;       /* provisioningState */
    char *zones[AZURE_ZONES_MAX];
    size_t zone_count;
    bool flexible;
    enum provider_market market;
    int64_t capacity;          /* PROVIDER_UNSET without */
    int64_t min, max;          /* by the settings, and by what a set may hold */
    bool overprovisions;       /* brings up more machines than asked for, for a while */
    bool busy;                 /* a write is under way */
    bool failed;               /* the last write ended badly */
    const char *why_read_only; /* static; "" when it may be written */
};

struct azure_scale_sets {
    struct azure_scale_set *list;
    size_t count, capacity;
};

/* Reads one set of an answer; on failure *ret_set holds nothing. ERROR_INVALID says where. */
bool azure_scale_set_read(const struct provider_account *account, const struct sdk_json_at *at,
                          struct azure_scale_set *ret_set, struct error *ret_error);
void azure_scale_set_release(struct azure_scale_set *set);

/* The at-th list to ask for: the whole subscription's, or where the setting resource_groups holds plain names alone,
 * one of each of these groups, so that a role in them is enough. False beyond the last. */
bool azure_scale_sets_url(struct buffer *ret_url, const struct provider_account *account, size_t at);

/* All sets of the subscription that the settings select, by pool id. The caller releases; on failure nothing is held.
 */
enum provider_status azure_scale_sets_list(struct provider_account *account, struct azure_scale_sets *ret_sets,
                                           struct provider_error *error);
void azure_scale_sets_release(struct azure_scale_sets *sets);

/* One set by its pool id, with its ETag. PROVIDER_NOT_FOUND, PROVIDER_INVALID for what is no pool id. */
enum provider_status azure_scale_set_get(struct provider_account *account, const char *pool,
                                         struct azure_scale_set *ret_set, struct provider_error *error);

#endif
