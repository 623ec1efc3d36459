/* A decision that explains itself: for every group, region and pool, chosen or the one reason why not, in dollars.
 *
 * Money: `unit_` is what one allocation costs an hour there. Marginal is what deciding goes by, full is what reports
 * and budgets go by; they are never added together (DESIGN section 3). */
#ifndef DROVER_CONTROLLER_CORE_DECISION_H
#define DROVER_CONTROLLER_CORE_DECISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/* X(constant, word, sentence part for people) */
#define DECISION_REASONS(X)                                                                                            \
    X(REASON_CHOSEN, "chosen", "chosen")                                                                               \
    X(REASON_DEARER, "dearer", "dearer than what was chosen")                                                          \
    X(REASON_POLICY, "policy", "forbidden by policy")                                                                  \
    X(REASON_SPREAD, "spread", "its share under the policy's spread is used up")                                       \
    X(REASON_NOT_ALIVE, "not-alive", "the region does not answer as alive")                                            \
    X(REASON_OCCUPIED, "occupied", "a job of that name that is not Drover's runs there")                               \
    X(REASON_FOREIGN, "foreign", "another Drover owns the region")                                                     \
    X(REASON_NOT_NAMED, "not-named", "the job's own multiregion block does not name it")                               \
    X(REASON_NO_NODES, "no-nodes", "no ready node in the job's datacenters and node pool")                             \
    X(REASON_UNPRICED, "unpriced", "its price is not known")                                                           \
    X(REASON_TOO_LARGE, "too-large", "no node is large enough, even empty")                                            \
    X(REASON_FULL, "full", "no room left")                                                                             \
    X(REASON_NOMAD, "nomad", "Nomad's own plan refuses it")                                                            \
    X(REASON_NOT_PINNABLE, "not-pinnable", "the group cannot be held to this pool")                                    \
    X(REASON_ONE_POOL, "one-pool", "another pool of the region serves the group")                                      \
    X(REASON_BUDGET, "budget", "over the policy's budget")                                                             \
    X(REASON_FAILED, "failed", "tried in this run and failed")

enum reason {
#define REASON_ENUM(constant, word, text) constant,
    DECISION_REASONS(REASON_ENUM)
#undef REASON_ENUM
};
const char *reason_word(enum reason reason);
const char *reason_text(enum reason reason);

struct decision_line {
    char *group, *region, *pool; /* pool "" where the reason holds for the whole region */
    enum reason reason;
    char *detail; /* the rule, the plan's words, the amounts; "" */
    int64_t count_before, count;
    int64_t fits;                                   /* how many of the group had room there; -1: not looked at */
    int64_t unit_marginal_uusd_h, unit_full_uusd_h; /* -1: price not known */
    /* Shadow price: what one allocation's room there is worth to the job's other groups; -1: not known. */
    int64_t scarcity_uusd_h;
};

/* Nodes that would hold what found no place: a proposal. */
struct decision_growth {
    char *region, *pool;
    int64_t nodes_now, nodes_more; /* with every allocation packed onto one of them */
    int64_t allocations;
    int64_t unit_marginal_uusd_h, unit_full_uusd_h; /* one node */
};

struct decision {
    char *job_namespace, *id, *policy;
    uint64_t revision;
    uint64_t step; /* sequence number of the step that made it */
    int64_t at_ms;
    int64_t wanted, placed; /* allocations over all groups */
    int64_t marginal_before_uusd_h, marginal_after_uusd_h;
    int64_t full_before_uusd_h, full_after_uusd_h;
    int64_t budget_uusd_month; /* -1: none */
    /* Proof: no placement of as many allocations that policy, room and what stays allow costs less at marginal rates;
     * -1: not proven (a price is not known, a system job, over budget). */
    int64_t bound_uusd_h;
    struct decision_growth *growth; /* sorted by region, pool */
    size_t growth_count;
    /* Of the growth, at marginal rates: with capacity summed, with every allocation packed, and what no growth that
     * holds as many can cost less than. */
    int64_t growth_uusd_h, growth_packed_uusd_h, growth_bound_uusd_h;
    struct decision_line *lines; /* sorted by group, chosen first, then unit price, region, pool */
    size_t line_count;
};

/* (marginal after - bound) / marginal after in millionths, rounded up; 0 when nothing is paid, -1 without a proof. */
int64_t decision_gap_ppm(const struct decision *decision);
/* The same for a cost and a bound (-1: none) at hand. */
int64_t gap_ppm(int64_t cost_uusd_h, int64_t bound_uusd_h);

void decision_free(struct decision *decision);
void decision_encode(const struct decision *decision, struct buffer *out);
/* Rewrites what version 1 of the table wrote (without proof, shadow prices and growth). ERROR_CORRUPT. */
bool decision_upgrade_from_1(const void *bytes, size_t length, struct buffer *out, struct error *ret_error);
struct decision *decision_decode(const void *bytes, size_t length, struct error *ret_error);

#endif
