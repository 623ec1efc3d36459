/* The placement problem: groups of allocations, pools of machines, what each pair costs and what limits them.
 *
 * Plain numbers in structure-of-arrays form, made by the file reader below or filled in by a caller between
 * problem_init and problem_check. Money is micro-dollars an hour; capacity and demand are whole units of whatever the
 * dimension measures. Every rule of the file format is checked in problem_check, so that solver and
 * checker may trust the ranges and the sorting, and nothing else.
 *
 * Ownership: a problem owns all its arrays; problem_release frees them. Reading from several threads at once is safe as
 * long as none writes. */
#ifndef DROVER_CONTROLLER_PLACEMENT_PROBLEM_H
#define DROVER_CONTROLLER_PLACEMENT_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

enum {
    PROBLEM_DIMENSIONS_MAX = 8,
    PROBLEM_POOLS_MAX = 1 << 16,
    PROBLEM_GROUPS_MAX = 1 << 20,
    PROBLEM_NAME_MAX = 256, /* bytes of a region's or dimension's name */
    PROBLEM_PAIRS_MAX =
        1 << 28 /* (group, pool) pairs; overridden ones count where the lines of their group come apart */
};
#define PROBLEM_AMOUNT_MAX (INT64_C(1) << 36) /* capacity and demand */
#define PROBLEM_COUNT_MAX (INT64_C(1) << 31)  /* allocations of a group, machines of a pool */
#define PROBLEM_MONEY_MAX (INT64_C(1) << 44)
#define PROBLEM_TOTAL_MAX (INT64_C(1) << 62) /* A_pk, held capacity, limits of budgets and quotas */
#define PROBLEM_UNLIMITED INT64_MAX          /* pool_limit without limit; group_permachine without limit */

/* A list of distinct pools, ascending; sets, caps, budgets and quotas point at one. */
struct problem_lists {
    uint32_t count;
    size_t *start; /* count + 1 */
    uint32_t *pool;
};

/* One linear limit over pools (budget: weight is each pool's first price; quota: weight is given) or over groups. */
struct problem_limits {
    uint32_t count;
    uint32_t *list;  /* pools: index into lists; group budgets: index into group_lists */
    int64_t *weight; /* quotas only, else 1 */
    int64_t *most;
};

struct problem {
    uint32_t dimensions;
    char *dimension_name[PROBLEM_DIMENSIONS_MAX];
    uint32_t regions;
    char **region_name;

    uint32_t pools;
    uint32_t *pool_region;
    int64_t *pool_price;
    int64_t *pool_rate;     /* full price, used by group budgets */
    int64_t *pool_min;      /* y0: owned or already paid */
    int64_t *pool_max;      /* machines at the first price, PROBLEM_UNLIMITED without limit */
    int64_t *pool_capacity; /* [pool * dimensions + k] */
    int64_t *pool_held;     /* [pool * dimensions + k] */
    uint32_t *tier_start;   /* pools + 1 */
    int64_t *tier_upto;
    int64_t *tier_price;

    struct problem_lists lists;
    uint32_t sets;
    uint32_t *set_list;

    uint32_t groups;
    int64_t *group_count;
    int64_t *group_demand; /* [group * dimensions + k] */
    int64_t *group_unplaced;
    int64_t *group_move;
    int64_t *group_permachine; /* PROBLEM_UNLIMITED where none is set */

    size_t *pair_start; /* groups + 1; pools ascending within a group */
    uint32_t *pair_pool;
    uint32_t *pair_now;
    int64_t *pair_extra;

    uint32_t *cap_start; /* groups + 1, in file order within a group */
    uint32_t *cap_list;
    int64_t *cap_max;

    struct problem_limits budgets;
    struct problem_limits group_budgets;
    struct problem_limits quotas;
    struct problem_lists group_lists; /* lists of groups, of the group budgets */
};

/* An empty problem: every count 0, every array NULL. */
void problem_init(struct problem *problem);
/* Frees all and makes it empty again. */
void problem_release(struct problem *problem);

/* Reads the text form. On success *ret_problem is a new problem the caller releases. Errors carry "line:column: " and
 * say what is wrong: ERROR_INVALID (form, unknown line, duplicate or dangling id), ERROR_OVERFLOW (a number out of its
 * range), ERROR_TOO_LARGE (more pools, groups or pairs than the limits above). Ids must follow one another, so a huge
 * one is refused before anything is allocated for it. */
bool problem_read(const char *bytes, size_t length, struct problem *ret_problem, struct error *ret_error);

/* Appends the text form; problem_read gives an equal problem back. */
void problem_write(const struct problem *problem, struct buffer *out);

/* Checks all that solver and checker rely on: ranges, A_pk <= 2^62, rising tiers, lists and pairs ascending. Errors as
 * problem_read's, naming the pool, group or limit instead of a line. Called by problem_read; a caller who fills a
 * problem by hand calls it before solving, with every start array in place. */
bool problem_check(const struct problem *problem, struct error *ret_error);

/* True when an allocation of the group fits an empty machine of the pool; other pairs count as absent. */
bool problem_pair_fits(const struct problem *problem, uint32_t group, uint32_t pool);

/* Y: the most machines the pool can have over all its tiers, or PROBLEM_UNLIMITED. */
int64_t problem_pool_limit(const struct problem *problem, uint32_t pool);

/* What the machines above y0 cost: f_p(y). y0 <= y <= Y. */
__int128 problem_pool_cost(const struct problem *problem, uint32_t pool, int64_t machines);

/* r_jp: what one allocation counts for in a group budget. The pair must fit. */
int64_t problem_pair_rate(const struct problem *problem, uint32_t group, uint32_t pool);

#endif
