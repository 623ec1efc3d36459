/* A policy: where the jobs it governs may run and at what cost. One policy wins whole (DESIGN section 3). */
#ifndef DROVER_MODEL_POLICY_H
#define DROVER_MODEL_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { POLICY_NAME_MAX = 128, POLICY_PATTERNS_MAX = 256, POLICY_PATTERN_MAX = 256 };

/* The policy that governs what no other does; it may be declared to change what it says. */
#define POLICY_DEFAULT "default"

struct patterns {
    char **list; /* globs: '*' any run, '?' any one character */
    size_t count;
};

struct policy {
    char *name;
    bool from_file;             /* declared in the configuration: read-only to `policy apply` */
    struct patterns jobs;       /* job ids; empty with namespaces empty: governs nothing unless named "default" */
    struct patterns namespaces; /* empty: any */
    struct patterns regions_allow, regions_deny;     /* region names; allow empty: all */
    struct patterns providers_allow, providers_deny; /* a region's `provider` */
    struct patterns labels_allow, labels_deny;       /* "key=value" globs against each label */
    uint32_t min_regions;                /* spread: at most ceil(n / k) of a group in a region; 0 and 1: no spread */
    uint32_t max_share_region_percent;   /* 0: no limit */
    uint32_t max_share_provider_percent; /* 0: no limit */
    int64_t budget_uusd_month;           /* per job, at full rate x 730 h, hard; -1: none */
    bool allow_unpriced;                 /* may place on nodes whose price is not known */
};

void policy_init(struct policy *policy); /* allows everything, no budget */
void policy_release(struct policy *policy);
void policy_copy(struct policy *into, const struct policy *from);
void patterns_add(struct patterns *patterns, const char *pattern);

/* How well a policy fits a job: 0 not at all; higher wins: exact job id, then the longest glob, then namespace, then
 * the policy named "default". Ties go to the name that sorts first (the caller's order). */
uint64_t policy_rank(const struct policy *policy, const char *job_namespace, const char *job_id);

/* True when a region may hold the jobs of this policy. Otherwise *ret_rule is the pattern that forbids it, or "" when
 * an allow list does not name it. `labels` are "key=value" texts. */
bool policy_allows_region(const struct policy *policy, const char *region, const char *provider,
                          const char *const *labels, size_t label_count, const char **ret_rule);

#endif
