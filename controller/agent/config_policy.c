/* policy "name" { jobs namespaces regions {} providers {} labels {} spread {} budget {} allow_unpriced } */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "controller/agent/config_private.h"

#define KEY_COUNT(keys) (sizeof(keys) / sizeof(keys)[0])

enum { POLICY_MIN_REGIONS_MAX = REGIONS_MAX };

static const struct config_key policy_keys[] = {
    {"jobs", CONFIG_ARGUMENT, false}, {"namespaces", CONFIG_ARGUMENT, false},
    {"regions", CONFIG_BLOCK, false}, {"providers", CONFIG_BLOCK, false},
    {"labels", CONFIG_BLOCK, false},  {"spread", CONFIG_BLOCK, false},
    {"budget", CONFIG_BLOCK, false},  {"allow_unpriced", CONFIG_ARGUMENT, false},
};
static const struct config_key allow_deny_keys[] = {
    {"allow", CONFIG_ARGUMENT, false},
    {"deny", CONFIG_ARGUMENT, false},
};
static const struct config_key spread_keys[] = {
    {"min_regions", CONFIG_ARGUMENT, false},
    {"max_share_region", CONFIG_ARGUMENT, false},
    {"max_share_provider", CONFIG_ARGUMENT, false},
};
static const struct config_key budget_keys[] = {
    {"usd_per_month", CONFIG_ARGUMENT, false},
};

static bool policy_read_lists(const struct config_reading *reading, const struct hcl_body *body, const char *type,
                              struct patterns *allow, struct patterns *deny, struct error *ret_error)
{
    const struct hcl_block *block = hcl_find_block(body, type);
    char where[64];
    if (block == NULL) {
        return true;
    }
    snprintf(where, sizeof where, " in %s", type);
    return config_check_keys(reading, &block->body, where, allow_deny_keys, KEY_COUNT(allow_deny_keys), ret_error) &&
           config_get_patterns(reading, &block->body, "allow", allow, ret_error) &&
           config_get_patterns(reading, &block->body, "deny", deny, ret_error);
}

static bool policy_read_spread(const struct config_reading *reading, const struct hcl_body *body, struct policy *policy,
                               struct error *ret_error)
{
    const struct hcl_block *block = hcl_find_block(body, "spread");
    int64_t min_regions = 0;
    if (block == NULL) {
        return true;
    }
    if (!config_check_keys(reading, &block->body, " in spread", spread_keys, KEY_COUNT(spread_keys), ret_error) ||
        !config_get_whole(reading, &block->body, "min_regions", 1, POLICY_MIN_REGIONS_MAX, &min_regions, ret_error) ||
        !config_get_share(reading, &block->body, "max_share_region", &policy->max_share_region_percent, ret_error) ||
        !config_get_share(reading, &block->body, "max_share_provider", &policy->max_share_provider_percent,
                          ret_error)) {
        return false;
    }
    policy->min_regions = (uint32_t)min_regions;
    return true;
}

static bool policy_read_budget(const struct config_reading *reading, const struct hcl_body *body, struct policy *policy,
                               struct error *ret_error)
{
    const struct hcl_block *block = hcl_find_block(body, "budget");
    /* A month of the largest rate that is believed. */
    const int64_t most = MONEY_RATE_MAX_UUSD_H * MONEY_HOURS_PER_MONTH;
    return block == NULL ||
           (config_check_keys(reading, &block->body, " in budget", budget_keys, KEY_COUNT(budget_keys), ret_error) &&
            config_get_money(reading, &block->body, "usd_per_month", false, most, &policy->budget_uusd_month,
                             ret_error));
}

static bool policy_read(const struct config_reading *reading, const struct hcl_body *body, struct policy *policy,
                        struct error *ret_error)
{
    char where[POLICY_NAME_MAX + 32];
    snprintf(where, sizeof where, " in policy \"%s\"", policy->name);
    return config_check_keys(reading, body, where, policy_keys, KEY_COUNT(policy_keys), ret_error) &&
           config_get_patterns(reading, body, "jobs", &policy->jobs, ret_error) &&
           config_get_patterns(reading, body, "namespaces", &policy->namespaces, ret_error) &&
           config_get_flag(reading, body, "allow_unpriced", &policy->allow_unpriced, ret_error) &&
           policy_read_lists(reading, body, "regions", &policy->regions_allow, &policy->regions_deny, ret_error) &&
           policy_read_lists(reading, body, "providers", &policy->providers_allow, &policy->providers_deny,
                             ret_error) &&
           policy_read_lists(reading, body, "labels", &policy->labels_allow, &policy->labels_deny, ret_error) &&
           policy_read_spread(reading, body, policy, ret_error) && policy_read_budget(reading, body, policy, ret_error);
}

static bool policy_check_governs(const struct config_reading *reading, const struct hcl_block *block,
                                 const struct policy *policy, struct error *ret_error)
{
    return policy->jobs.count > 0 || policy->namespaces.count > 0 || strcmp(policy->name, POLICY_DEFAULT) == 0 ||
           hcl_fail(reading->document, block->position, ERROR_INVALID, ret_error,
                    "policy \"%s\" governs no job: give jobs = [\"...\"] or namespaces = [\"...\"] (only the policy "
                    "named \"%s\" needs neither)",
                    policy->name, POLICY_DEFAULT);
}

bool config_read_policy_block(struct config_reading *reading, const struct hcl_block *block, struct policy *ret_policy,
                              struct error *ret_error)
{
    struct policy policy;
    if (!config_check_name(reading, block->position, "policy", block->labels[0], POLICY_NAME_MAX, ret_error)) {
        return false;
    }
    policy_init(&policy);
    free(policy.name);
    policy.name = memory_copy_text(block->labels[0], strlen(block->labels[0]));
    if (!policy_read(reading, &block->body, &policy, ret_error) ||
        !policy_check_governs(reading, block, &policy, ret_error)) {
        policy_release(&policy);
        return false;
    }
    *ret_policy = policy;
    return true;
}

static bool policy_leaves_region(const struct policy *policy, const struct region_config *region)
{
    char *labels[LABELS_MAX];
    const char *rule;
    for (size_t i = 0; i < region->label_count; i++) {
        struct buffer text = BUFFER_INIT;
        buffer_printf(&text, "%s=%s", region->labels[i].key, region->labels[i].value);
        labels[i] = buffer_take(&text);
    }
    bool allowed = policy_allows_region(policy, region->name, region->provider, (const char *const *)labels,
                                        region->label_count, &rule);
    for (size_t i = 0; i < region->label_count; i++) {
        free(labels[i]);
    }
    return allowed;
}

bool config_check_policies(const struct config_reading *reading, struct error *ret_error)
{
    const struct config *config = reading->config;
    for (size_t i = 0; i < config->policy_count && config->region_count > 0; i++) {
        bool leaves = false;
        for (size_t k = 0; k < config->region_count && !leaves; k++) {
            leaves = policy_leaves_region(&config->policies[i], &config->regions[k].model);
        }
        if (!leaves) {
            return hcl_fail(reading->document, reading->policy_positions[i], ERROR_INVALID, ret_error,
                            "policy \"%s\" excludes every configured region: its jobs could run nowhere",
                            config->policies[i].name);
        }
    }
    return true;
}
