#include "model/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

void patterns_add(struct patterns *patterns, const char *pattern)
{
    patterns->list = memory_resize(patterns->list, patterns->count + 1, sizeof *patterns->list);
    patterns->list[patterns->count++] = memory_copy_text(pattern, strlen(pattern));
}

static void patterns_release(struct patterns *patterns)
{
    for (size_t i = 0; i < patterns->count; i++)
        free(patterns->list[i]);
    free(patterns->list);
    *patterns = (struct patterns){0};
}

static struct patterns patterns_copied(const struct patterns *from)
{
    struct patterns copy = {0};
    for (size_t i = 0; i < from->count; i++)
        patterns_add(&copy, from->list[i]);
    return copy;
}

void policy_init(struct policy *policy)
{
    *policy = (struct policy){.name = memory_copy_text("", 0), .budget_uusd_month = -1};
}

void policy_release(struct policy *policy)
{
    free(policy->name);
    patterns_release(&policy->jobs);
    patterns_release(&policy->namespaces);
    patterns_release(&policy->regions_allow);
    patterns_release(&policy->regions_deny);
    patterns_release(&policy->providers_allow);
    patterns_release(&policy->providers_deny);
    patterns_release(&policy->labels_allow);
    patterns_release(&policy->labels_deny);
    *policy = (struct policy){0};
}

void policy_copy(struct policy *into, const struct policy *from)
{
    *into = *from;
    into->name = memory_copy_text(from->name, strlen(from->name));
    into->jobs = patterns_copied(&from->jobs);
    into->namespaces = patterns_copied(&from->namespaces);
    into->regions_allow = patterns_copied(&from->regions_allow);
    into->regions_deny = patterns_copied(&from->regions_deny);
    into->providers_allow = patterns_copied(&from->providers_allow);
    into->providers_deny = patterns_copied(&from->providers_deny);
    into->labels_allow = patterns_copied(&from->labels_allow);
    into->labels_deny = patterns_copied(&from->labels_deny);
}

static const char *first_match(const struct patterns *patterns, const char *text)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (text_glob(patterns->list[i], text))
            return patterns->list[i];
    return NULL;
}

static uint64_t job_rank(const struct patterns *jobs, const char *id)
{
    uint64_t best = 0;
    for (size_t i = 0; i < jobs->count; i++) {
        const char *pattern = jobs->list[i];
        uint64_t rank = 0;
        if (strcmp(pattern, id) == 0)
            rank = UINT64_C(1) << 40;
        else if (text_glob(pattern, id))
            rank = (UINT64_C(1) << 20) + strlen(pattern);
        if (rank > best)
            best = rank;
    }
    return best;
}

uint64_t policy_rank(const struct policy *policy, const char *job_namespace, const char *job_id)
{
    bool in_namespace = policy->namespaces.count == 0 || first_match(&policy->namespaces, job_namespace);
    if (!in_namespace)
        return 0;
    if (policy->jobs.count)
        return job_rank(&policy->jobs, job_id);
    if (policy->namespaces.count)
        return UINT64_C(1) << 10;
    return strcmp(policy->name, POLICY_DEFAULT) == 0 ? 1 : 0;
}

bool policy_allows_region(const struct policy *policy, const char *region, const char *provider,
                          const char *const *labels, size_t label_count, const char **ret_rule)
{
    const char *rule = first_match(&policy->regions_deny, region);
    if (!rule)
        rule = first_match(&policy->providers_deny, provider);
    for (size_t i = 0; i < label_count && !rule; i++)
        rule = first_match(&policy->labels_deny, labels[i]);
    if (rule) {
        *ret_rule = rule;
        return false;
    }
    bool label_allowed = policy->labels_allow.count == 0;
    for (size_t i = 0; i < label_count && !label_allowed; i++)
        label_allowed = first_match(&policy->labels_allow, labels[i]) != NULL;
    bool allowed = label_allowed && (policy->regions_allow.count == 0 || first_match(&policy->regions_allow, region)) &&
                   (policy->providers_allow.count == 0 || first_match(&policy->providers_allow, provider));
    if (!allowed)
        *ret_rule = "";
    return allowed;
}
