/* policy "name" { jobs namespaces regions {} providers {} labels {} spread {} budget {} allow_unpriced } */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/agent/config_private.h"
#include "controller/api/policy_scope.h"

static void policy_read_lists(struct hcl_reader *outer, const char *type, struct patterns *allow, struct patterns *deny)
{
    const struct hcl_block *block = hcl_read_block(outer, type);
    if (block != NULL) {
        struct hcl_reader reader = hcl_reader_enter(outer, block);
        config_take_patterns(&reader, "allow", allow);
        config_take_patterns(&reader, "deny", deny);
        hcl_reader_end(&reader);
    }
}

static void policy_read_spread(struct hcl_reader *outer, struct policy *policy)
{
    const struct hcl_block *block = hcl_read_block(outer, "spread");
    if (block != NULL) {
        struct hcl_reader reader = hcl_reader_enter(outer, block);
        policy->min_regions = (uint32_t)hcl_read_i64(&reader, "min_regions", 0, 1, REGIONS_MAX);
        policy->max_share_region_percent = config_take_share(&reader, "max_share_region");
        policy->max_share_provider_percent = config_take_share(&reader, "max_share_provider");
        hcl_reader_end(&reader);
    }
}

static void policy_read_budget(struct hcl_reader *outer, struct policy *policy)
{
    const struct hcl_block *block = hcl_read_block(outer, "budget");
    if (block != NULL) {
        struct hcl_reader reader = hcl_reader_enter(outer, block);
        policy->budget_uusd_month =
            config_take_money(&reader, "usd_per_month", -1, 0, MONEY_RATE_MAX_UUSD_H * MONEY_HOURS_PER_MONTH);
        hcl_reader_end(&reader);
    }
}

static void policy_check_governs(struct hcl_reader *reader, const struct policy *policy)
{
    if (policy->jobs.count == 0 && policy->namespaces.count == 0 && strcmp(policy->name, POLICY_DEFAULT) != 0) {
        hcl_reader_fail(reader, reader->block->position,
                        "policy \"%s\" governs no job; add jobs = [\"...\"] or namespaces = [\"...\"] (only the policy "
                        "\"%s\" needs neither)",
                        policy->name, POLICY_DEFAULT);
    }
}

bool config_read_policy_block(struct hcl_reader *outer, const struct hcl_block *block, struct policy *ret_policy)
{
    struct hcl_reader reader = hcl_reader_enter(outer, block);
    struct policy policy;
    if (!config_check_name(&reader, block, POLICY_NAME_MAX)) {
        return false;
    }
    policy_init(&policy);
    free(policy.name);
    policy.name = memory_copy_text(block->labels[0], strlen(block->labels[0]));
    config_take_patterns(&reader, "jobs", &policy.jobs);
    config_take_patterns(&reader, "namespaces", &policy.namespaces);
    policy.allow_unpriced = hcl_read_flag(&reader, "allow_unpriced", false);
    policy_read_lists(&reader, "regions", &policy.regions_allow, &policy.regions_deny);
    policy_read_lists(&reader, "providers", &policy.providers_allow, &policy.providers_deny);
    policy_read_lists(&reader, "labels", &policy.labels_allow, &policy.labels_deny);
    policy_read_spread(&reader, &policy);
    policy_read_budget(&reader, &policy);
    if (hcl_reader_end(&reader)) {
        policy_check_governs(&reader, &policy);
    }
    if (reader.failed) {
        policy_release(&policy);
        return false;
    }
    *ret_policy = policy;
    return true;
}

bool config_check_policies(const struct config_reading *reading, struct error *ret_error)
{
    const struct config *config = reading->config;
    for (size_t i = 0; i < config->policy_count && config->region_count > 0; i++) {
        bool leaves = false;
        for (size_t k = 0; k < config->region_count && !leaves; k++) {
            leaves = policy_scope_allows(&config->policies[i], &config->regions[k].model);
        }
        if (!leaves) {
            return hcl_fail(reading->document, reading->policy_positions[i], ERROR_INVALID, ret_error,
                            "policy \"%s\" excludes every configured region: its jobs could run nowhere",
                            config->policies[i].name);
        }
    }
    return true;
}
