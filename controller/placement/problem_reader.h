/* What the parts of the problem reader share: problem_read.c (lines, pools, groups), problem_read_lists.c (sets, caps,
 * limits) and problem_read_pairs.c (may). Internal to placement.
 *
 * Every function that takes the text fails with "line:column: " in its error, as text.h says. */
#ifndef DROVER_CONTROLLER_PLACEMENT_PROBLEM_READER_H
#define DROVER_CONTROLLER_PLACEMENT_PROBLEM_READER_H

#include "controller/placement/problem.h"
#include "controller/placement/text.h"

enum { PROBLEM_LINES_MAX = 1 << 26 }; /* caps, tiers, sets, and limits of each kind */

struct problem_reader_room {
    size_t starts, members;
};

/* `may` lines one after the other of one group. */
struct problem_reader_run {
    uint32_t group;
    size_t first; /* its first pair */
};

/* The pairs, in the order of their runs; within a run each pool once. */
struct problem_reader_pairs {
    size_t count, room;
    uint32_t *pool;
    uint32_t *now;
    int64_t *extra;
    size_t runs, run_room;
    struct problem_reader_run *run;
    bool rising; /* pools of the last run, so far */
    size_t place_room;
    size_t *place; /* [pool] where the last run may have its pair */
    size_t sort_room;
    struct problem_reader_pair *sort;
};

/* What is being read, with the room its arrays have. Caps, tiers and pairs come in any order and are sorted into
 * their groups and pools at the end. */
struct problem_reader {
    struct text text;
    struct problem *problem;
    size_t region_room, pool_room, group_room, set_room, cap_room, tier_room, budget_room, group_budget_room,
        quota_room;
    struct problem_reader_room lists, group_lists;
    struct problem_reader_pairs pairs;
    uint32_t caps;
    uint32_t *cap_group;
    uint32_t tiers;
    uint32_t *tier_pool;
    uint32_t *pool_tiers; /* [pool] its last tier so far, counted from 1 */
};

/* Makes room for `each` things a place once count has reached it. */
#define PROBLEM_READER_GROW(array, room, each) ((array) = memory_resize((array), (room) * (each), sizeof *(array)))

/* True when the arrays that share this room must be made larger first, to the room it then says. */
bool problem_reader_is_full(size_t count, size_t *room);

/* Reads the value behind `key=`; key is its place in the list of keys. */
typedef bool problem_reader_value(struct problem_reader *reader, unsigned key, void *context);

/* key=value words to the end of the line, in any order, each at most once; `required` has a bit for each that must be
 * there. */
bool problem_reader_take_keys(struct problem_reader *reader, const char *const *keys, unsigned count, unsigned required,
                              problem_reader_value *value, void *context);

/* The id of the thing that this line declares: it must be `next`, below most. */
bool problem_reader_take_new_id(struct problem_reader *reader, const char *what, uint32_t next, int64_t most);

/* "set S pools=LIST" and "cap G pools=LIST max=N". */
bool problem_reader_take_set(struct problem_reader *reader);
bool problem_reader_take_cap(struct problem_reader *reader);

enum problem_reader_limit { PROBLEM_READER_BUDGET, PROBLEM_READER_GROUP_BUDGET, PROBLEM_READER_QUOTA };

/* "budget B pools=LIST max=N", "gbudget B groups=LIST max=N", "quota Q pools=LIST weight=N max=N". */
bool problem_reader_take_limit(struct problem_reader *reader, enum problem_reader_limit kind);

/* "may G PLACE:extra[:now] ..." */
bool problem_reader_take_may(struct problem_reader *reader);

/* Puts all pairs where the problem has them: by group, then by pool, the last one written winning. */
void problem_reader_finish_pairs(struct problem_reader *reader);
void problem_reader_release_pairs(struct problem_reader_pairs *pairs);

#endif
