/* A plan and what proves it: machines, puts, packing, multipliers and the three figures that follow from them.
 *
 * A plan belongs to one problem and uses its ids. The lists are sorted (puts by group and pool, permachine multipliers
 * too) once read or made; the rest is dense. All numbers are claims: certificate.h says whether they hold.
 *
 * Ownership: a plan owns its arrays. Not changed by anyone, it may be read from several threads. */
#ifndef DROVER_CONTROLLER_PLACEMENT_PLAN_H
#define DROVER_CONTROLLER_PLACEMENT_PLAN_H

#include "controller/placement/problem.h"

#define PLAN_SCALE_MIN (INT64_C(1) << 16)
#define PLAN_SCALE_MAX (INT64_C(1) << 32)
#define PLAN_MULTIPLIER_MAX (INT64_C(1) << 44)
#define PLAN_FIGURE_MAX (INT64_C(1) << 62)   /* cost, nodecost, bound */
#define PLAN_MACHINES_MAX (INT64_C(1) << 62) /* of a pool without limit */
#define PLAN_ABSENT INT64_C(-1)              /* a cap without a multiplier line: it stays in the greedy */
#define PLAN_HELD UINT32_MAX                 /* plan_pack_item.group of a vector of held capacity */

struct plan_put {
    uint32_t group;
    uint32_t pool;
    int64_t count;
};

struct plan_permachine {
    uint32_t group;
    uint32_t pool;
    int64_t value;
};

struct plan_pack_item {
    uint32_t group; /* PLAN_HELD: held capacity */
    int64_t count;  /* allocations on one machine; for held: index of its vector in held (times dimensions) */
};

/* `times` machines of one pool, all holding the same. */
struct plan_pack {
    uint32_t pool;
    int64_t times;
    size_t first; /* in pack_items */
    size_t items;
};

struct plan {
    int64_t scale;
    int64_t cost, nodecost, bound; /* micro-dollars an hour; bound may be negative */
    int64_t *machines;             /* [pool] */
    size_t puts;
    struct plan_put *put;
    int64_t *unplaced; /* [group] */

    size_t packs, pack_items, helds;
    struct plan_pack *pack;
    struct plan_pack_item *pack_item;
    int64_t *held; /* [vector * dimensions + k] */

    int64_t *price; /* [pool * dimensions + k], over scale, as all multipliers */
    int64_t *budget;
    int64_t *group_budget;
    int64_t *quota;
    int64_t *cap; /* [cap in the problem's order], PLAN_ABSENT without a line */
    size_t permachines;
    struct plan_permachine *permachine;

    size_t put_room, pack_room, item_room, held_room, permachine_room;
};

/* A plan that puts nothing anywhere: machines at min, nothing unplaced either (so it is not yet valid). */
void plan_init(struct plan *plan, const struct problem *problem);
void plan_release(struct plan *plan);

void plan_add_put(struct plan *plan, uint32_t group, uint32_t pool, int64_t count);
/* Opens a pack line; items added after it are its own. */
void plan_add_pack(struct plan *plan, uint32_t pool, int64_t times);
void plan_add_pack_item(struct plan *plan, uint32_t group, int64_t count);
void plan_add_pack_held(struct plan *plan, const int64_t *vector, uint32_t dimensions);
void plan_add_permachine(struct plan *plan, uint32_t group, uint32_t pool, int64_t value);

/* Sorts puts and permachine multipliers. False when one (group, pool) is there twice; *ret_group, *ret_pool then say
 * which. */
bool plan_sort(struct plan *plan, uint32_t *ret_group, uint32_t *ret_pool);

/* Reads the text form of a plan for this problem. Errors as problem_read's. */
bool plan_read(const char *bytes, size_t length, const struct problem *problem, struct plan *ret_plan,
               struct error *ret_error);

/* Appends the text form. */
void plan_write(const struct plan *plan, const struct problem *problem, struct buffer *out);

#endif
