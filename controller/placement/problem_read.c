/* Reads the text form of a problem, line by line, into the arrays of problem.h. */
#include "controller/placement/problem.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/text.h"

enum { KEYS_MAX = 8, CAPS_MAX = 1 << 26 };

/* What is being read, with the room its arrays have. Caps, tiers and pairs come in any order and are sorted into
 * their groups and pools at the end. */
struct reader {
    struct text text;
    struct problem *problem;
    size_t region_room, pool_room, group_room, set_room, pair_room, cap_room, tier_room, budget_room, group_budget_room,
        quota_room;
    struct {
        size_t start_room, pool_room;
    } lists, group_lists;
    size_t pairs;
    uint32_t *pair_group;
    bool pairs_sorted;
    uint32_t caps;
    uint32_t *cap_group;
    uint32_t tiers;
    uint32_t *tier_pool;
};

#define GROW(array, count, room) ((array) = memory_resize((array), (room), sizeof *(array)), (void)(count))

/* True when the arrays that share this room must be made larger first. */
static bool room_needed(size_t count, size_t *room)
{
    if (count < *room)
        return false;
    *room = *room ? *room * 2 : 16;
    return true;
}

/* --- words of a line --- */

/* key=value pairs in any order, each at most once. `read` is called with the key's number standing behind the `=`. */
typedef bool key_read(struct reader *reader, unsigned key, void *context);

static bool read_keys(struct reader *reader, const char *const *keys, unsigned count, unsigned required, key_read *read,
                      void *context)
{
    unsigned seen = 0;
    const char *word;
    size_t length;
    while (text_take_word(&reader->text, &word, &length)) {
        unsigned key = 0;
        while (key < count && !text_same(word, length, keys[key]))
            key++;
        if (key == count || !text_take_char(&reader->text, '=')) {
            reader->text.at = word;
            return text_fail(&reader->text, ERROR_INVALID, "unknown word");
        }
        if (seen & (1u << key)) {
            reader->text.at = word;
            return text_fail(&reader->text, ERROR_INVALID, "%s= is given twice", keys[key]);
        }
        seen |= 1u << key;
        if (!read(reader, key, context) || !text_expect_blank(&reader->text))
            return false;
    }
    for (unsigned key = 0; key < count; key++) {
        if ((required & ~seen) & (1u << key))
            return text_fail(&reader->text, ERROR_INVALID, "%s= is missing", keys[key]);
    }
    return text_expect_line_end(&reader->text);
}

/* The id of a thing that this line declares: the next one, in order. */
static bool read_new_id(struct reader *reader, const char *what, uint32_t next, int64_t most)
{
    int64_t id = 0;
    if (text_at_line_end(&reader->text))
        return text_fail(&reader->text, ERROR_INVALID, "%s is missing", what);
    const char *start = reader->text.at;
    if (!text_take_number(&reader->text, INT64_MAX, what, &id) || !text_expect_blank(&reader->text))
        return false;
    if (id == (int64_t)next && (int64_t)next < most)
        return true;
    reader->text.at = start;
    if (id < (int64_t)next)
        return text_fail(&reader->text, ERROR_INVALID, "%s %lld is declared twice", what, (long long)id);
    if ((int64_t)next == most)
        return text_fail(&reader->text, ERROR_TOO_LARGE, "more than %lld times %s", (long long)most, what);
    return text_fail(&reader->text, ERROR_INVALID, "%s %lld comes before %s %u", what, (long long)id, what, next);
}

/* The id of a thing declared earlier. */
static bool read_id(struct reader *reader, const char *what, uint32_t count, uint32_t *ret_id)
{
    int64_t id = 0;
    const char *start = reader->text.at;
    if (!text_take_number(&reader->text, INT64_MAX, what, &id))
        return false;
    if (id >= (int64_t)count) {
        reader->text.at = start;
        return text_fail(&reader->text, ERROR_INVALID, "no %s %lld has been declared", what, (long long)id);
    }
    *ret_id = (uint32_t)id;
    return true;
}

static bool read_id_word(struct reader *reader, const char *what, uint32_t count, uint32_t *ret_id)
{
    if (text_at_line_end(&reader->text))
        return text_fail(&reader->text, ERROR_INVALID, "%s is missing", what);
    return read_id(reader, what, count, ret_id) && text_expect_blank(&reader->text);
}

/* One number a dimension, separated by commas. */
static bool read_vector(struct reader *reader, int64_t most, const char *what, int64_t *ret_vector)
{
    for (uint32_t k = 0; k < reader->problem->dimensions; k++) {
        if (k > 0 && !text_take_char(&reader->text, ','))
            return text_fail(&reader->text, ERROR_INVALID, "%s: a number for each of %u dimensions is expected", what,
                             reader->problem->dimensions);
        if (!text_take_number(&reader->text, most, what, &ret_vector[k]))
            return false;
    }
    return true;
}

static bool read_limit(struct reader *reader, const char *what, int64_t *ret_limit)
{
    if (text_take_char(&reader->text, '-')) {
        *ret_limit = PROBLEM_UNLIMITED;
        return true;
    }
    return text_take_number(&reader->text, PROBLEM_COUNT_MAX, what, ret_limit);
}

/* --- lists --- */

static void list_append(struct problem_lists *lists, size_t *pool_room, uint32_t member)
{
    size_t count = lists->start[lists->count + 1];
    if (room_needed(count, pool_room))
        GROW(lists->pool, count, *pool_room);
    lists->pool[count] = member;
    lists->start[lists->count + 1] = count + 1;
}

static void list_open(struct problem_lists *lists, size_t *start_room)
{
    if (room_needed((size_t)lists->count + 1, start_room) || !lists->start)
        GROW(lists->start, lists->count, *start_room);
    if (lists->count == 0)
        lists->start[0] = 0;
    lists->start[lists->count + 1] = lists->start[lists->count];
}

static int compare_ids(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* Sorts the open list and refuses a member that is in it twice. */
static bool list_close(struct reader *reader, struct problem_lists *lists, const char *what, uint32_t *ret_list)
{
    size_t first = lists->start[lists->count];
    size_t count = lists->start[lists->count + 1] - first;
    uint32_t *members = lists->pool + first;
    if (count > 1)
        qsort(members, count, sizeof *members, compare_ids);
    for (size_t i = 1; i < count; i++) {
        if (members[i] == members[i - 1])
            return text_fail(&reader->text, ERROR_INVALID, "%s %u is in the list twice", what, members[i]);
    }
    *ret_list = lists->count++;
    return true;
}

/* pools=0,1,@2: numbers of pools and sets. A list that is one set alone is shared with the set. */
static bool read_pool_list(struct reader *reader, uint32_t *ret_list)
{
    struct problem *problem = reader->problem;
    list_open(&problem->lists, &reader->lists.start_room);
    size_t items = 0;
    do {
        uint32_t id = 0;
        if (text_take_char(&reader->text, '@')) {
            if (!read_id(reader, "set", problem->sets, &id))
                return false;
            bool alone = items == 0 && (reader->text.at == reader->text.end || *reader->text.at != ',');
            uint32_t list = problem->set_list[id];
            if (alone) {
                *ret_list = list;
                return true;
            }
            if (problem->lists.start[list + 1] - problem->lists.start[list] +
                    problem->lists.start[problem->lists.count + 1] - problem->lists.start[problem->lists.count] >
                PROBLEM_POOLS_MAX)
                return text_fail(&reader->text, ERROR_INVALID, "a pool is in the list twice");
            for (size_t i = problem->lists.start[list]; i < problem->lists.start[list + 1]; i++)
                list_append(&problem->lists, &reader->lists.pool_room, problem->lists.pool[i]);
        } else {
            if (!read_id(reader, "pool", problem->pools, &id))
                return false;
            list_append(&problem->lists, &reader->lists.pool_room, id);
        }
        items++;
    } while (text_take_char(&reader->text, ','));
    return list_close(reader, &problem->lists, "pool", ret_list);
}

static bool read_group_list(struct reader *reader, uint32_t *ret_list)
{
    struct problem *problem = reader->problem;
    list_open(&problem->group_lists, &reader->group_lists.start_room);
    do {
        uint32_t id = 0;
        if (!read_id(reader, "group", problem->groups, &id))
            return false;
        list_append(&problem->group_lists, &reader->group_lists.pool_room, id);
    } while (text_take_char(&reader->text, ','));
    return list_close(reader, &problem->group_lists, "group", ret_list);
}

/* --- lines --- */

static bool read_name(struct reader *reader, const char *what, char **ret_name)
{
    if (text_at_line_end(&reader->text))
        return text_fail(&reader->text, ERROR_INVALID, "%s: a name is expected", what);
    const char *start = reader->text.at;
    while (reader->text.at < reader->text.end && !memchr(" \t\n#", *reader->text.at, 4))
        reader->text.at++;
    size_t length = (size_t)(reader->text.at - start);
    if (length > PROBLEM_NAME_MAX)
        return text_fail(&reader->text, ERROR_TOO_LARGE, "%s: the name is longer than %d bytes", what,
                         PROBLEM_NAME_MAX);
    *ret_name = memory_copy_text(start, length);
    return true;
}

static bool read_dims(struct reader *reader)
{
    struct problem *problem = reader->problem;
    if (problem->dimensions)
        return text_fail(&reader->text, ERROR_INVALID, "dims is given twice");
    while (!text_at_line_end(&reader->text)) {
        if (problem->dimensions == PROBLEM_DIMENSIONS_MAX)
            return text_fail(&reader->text, ERROR_TOO_LARGE, "more than %d dimensions", PROBLEM_DIMENSIONS_MAX);
        char *name = NULL;
        if (!read_name(reader, "dims", &name))
            return false;
        for (uint32_t k = 0; k < problem->dimensions; k++) {
            if (strcmp(name, problem->dimension_name[k]) == 0) {
                text_fail(&reader->text, ERROR_INVALID, "a dimension is named twice");
                free(name);
                return false;
            }
        }
        problem->dimension_name[problem->dimensions++] = name;
    }
    if (!problem->dimensions)
        return text_fail(&reader->text, ERROR_INVALID, "dims names no dimension");
    return true;
}

static bool read_region(struct reader *reader)
{
    struct problem *problem = reader->problem;
    char *name = NULL;
    if (!read_new_id(reader, "region", problem->regions, PROBLEM_POOLS_MAX) || !read_name(reader, "region", &name))
        return false;
    if (room_needed(problem->regions, &reader->region_room))
        GROW(problem->region_name, problem->regions, reader->region_room);
    problem->region_name[problem->regions++] = name;
    return text_expect_line_end(&reader->text);
}

enum { POOL_REGION, POOL_PRICE, POOL_CAPACITY, POOL_MIN, POOL_MAX, POOL_HELD, POOL_RATE, POOL_KEYS };

static bool read_pool_key(struct reader *reader, unsigned key, void *context)
{
    struct problem *problem = reader->problem;
    size_t p = problem->pools;
    bool *has_rate = context;
    switch (key) {
    case POOL_REGION:
        return read_id(reader, "region", problem->regions, &problem->pool_region[p]);
    case POOL_PRICE:
        return text_take_number(&reader->text, PROBLEM_MONEY_MAX, "price", &problem->pool_price[p]);
    case POOL_CAPACITY:
        return read_vector(reader, PROBLEM_AMOUNT_MAX, "capacity", problem->pool_capacity + p * problem->dimensions);
    case POOL_MIN:
        return text_take_number(&reader->text, PROBLEM_COUNT_MAX, "min", &problem->pool_min[p]);
    case POOL_MAX:
        return read_limit(reader, "max", &problem->pool_max[p]);
    case POOL_HELD:
        return read_vector(reader, PROBLEM_TOTAL_MAX, "held", problem->pool_held + p * problem->dimensions);
    default:
        *has_rate = true;
        return text_take_number(&reader->text, PROBLEM_MONEY_MAX, "rate", &problem->pool_rate[p]);
    }
}

static bool read_pool(struct reader *reader)
{
    static const char *const keys[POOL_KEYS] = {"region", "price", "capacity", "min", "max", "held", "rate"};
    struct problem *problem = reader->problem;
    if (!problem->dimensions)
        return text_fail(&reader->text, ERROR_INVALID, "dims must come before the first pool");
    if (!read_new_id(reader, "pool", problem->pools, PROBLEM_POOLS_MAX))
        return false;
    if (room_needed(problem->pools, &reader->pool_room)) {
        size_t room = reader->pool_room;
        GROW(problem->pool_region, problem->pools, room);
        GROW(problem->pool_price, problem->pools, room);
        GROW(problem->pool_rate, problem->pools, room);
        GROW(problem->pool_min, problem->pools, room);
        GROW(problem->pool_max, problem->pools, room);
        GROW(problem->pool_capacity, problem->pools, room * problem->dimensions);
        GROW(problem->pool_held, problem->pools, room * problem->dimensions);
    }
    size_t p = problem->pools;
    memset(problem->pool_held + p * problem->dimensions, 0, problem->dimensions * sizeof *problem->pool_held);
    unsigned required = 1u << POOL_REGION | 1u << POOL_PRICE | 1u << POOL_CAPACITY | 1u << POOL_MIN | 1u << POOL_MAX;
    bool has_rate = false;
    if (!read_keys(reader, keys, POOL_KEYS, required, read_pool_key, &has_rate))
        return false;
    if (!has_rate)
        problem->pool_rate[p] = problem->pool_price[p];
    if (problem->pool_max[p] < problem->pool_min[p])
        return text_fail(&reader->text, ERROR_INVALID, "pool %u: max is below min", problem->pools);
    problem->pools++;
    return true;
}

static bool read_tier_key(struct reader *reader, unsigned key, void *context)
{
    struct problem *problem = reader->problem;
    (void)context;
    if (key == 0)
        return read_limit(reader, "upto", &problem->tier_upto[reader->tiers]);
    return text_take_number(&reader->text, PROBLEM_MONEY_MAX, "price", &problem->tier_price[reader->tiers]);
}

static bool read_tier(struct reader *reader)
{
    static const char *const keys[2] = {"upto", "price"};
    struct problem *problem = reader->problem;
    uint32_t pool = 0;
    if (!read_id_word(reader, "pool", problem->pools, &pool))
        return false;
    if (reader->tiers >= CAPS_MAX)
        return text_fail(&reader->text, ERROR_TOO_LARGE, "more than %d tiers", CAPS_MAX);
    if (room_needed(reader->tiers, &reader->tier_room)) {
        GROW(problem->tier_upto, reader->tiers, reader->tier_room);
        GROW(problem->tier_price, reader->tiers, reader->tier_room);
        GROW(reader->tier_pool, reader->tiers, reader->tier_room);
    }
    reader->tier_pool[reader->tiers] = pool;
    if (!read_keys(reader, keys, 2, 3, read_tier_key, NULL))
        return false;
    reader->tiers++;
    return true;
}

static bool read_list_key(struct reader *reader, unsigned key, void *context)
{
    (void)key;
    return read_pool_list(reader, context);
}

static bool read_set(struct reader *reader)
{
    static const char *const keys[1] = {"pools"};
    struct problem *problem = reader->problem;
    uint32_t list = 0;
    if (!read_new_id(reader, "set", problem->sets, CAPS_MAX) || !read_keys(reader, keys, 1, 1, read_list_key, &list))
        return false;
    if (room_needed(problem->sets, &reader->set_room))
        GROW(problem->set_list, problem->sets, reader->set_room);
    problem->set_list[problem->sets++] = list;
    return true;
}

enum { GROUP_COUNT, GROUP_DEMAND, GROUP_UNPLACED, GROUP_MOVE, GROUP_KEYS };

static bool read_group_key(struct reader *reader, unsigned key, void *context)
{
    struct problem *problem = reader->problem;
    size_t j = problem->groups;
    (void)context;
    switch (key) {
    case GROUP_COUNT:
        return text_take_number(&reader->text, PROBLEM_COUNT_MAX, "count", &problem->group_count[j]);
    case GROUP_DEMAND:
        return read_vector(reader, PROBLEM_AMOUNT_MAX, "demand", problem->group_demand + j * problem->dimensions);
    case GROUP_UNPLACED:
        return text_take_number(&reader->text, PROBLEM_MONEY_MAX, "unplaced", &problem->group_unplaced[j]);
    default:
        return text_take_number(&reader->text, PROBLEM_MONEY_MAX, "move", &problem->group_move[j]);
    }
}

static bool read_group(struct reader *reader)
{
    static const char *const keys[GROUP_KEYS] = {"count", "demand", "unplaced", "move"};
    struct problem *problem = reader->problem;
    if (!problem->dimensions)
        return text_fail(&reader->text, ERROR_INVALID, "dims must come before the first group");
    if (!read_new_id(reader, "group", problem->groups, PROBLEM_GROUPS_MAX))
        return false;
    if (room_needed(problem->groups, &reader->group_room)) {
        size_t room = reader->group_room;
        GROW(problem->group_count, problem->groups, room);
        GROW(problem->group_demand, problem->groups, room * problem->dimensions);
        GROW(problem->group_unplaced, problem->groups, room);
        GROW(problem->group_move, problem->groups, room);
        GROW(problem->group_permachine, problem->groups, room);
    }
    problem->group_move[problem->groups] = 0;
    problem->group_permachine[problem->groups] = PROBLEM_UNLIMITED;
    unsigned required = 1u << GROUP_COUNT | 1u << GROUP_DEMAND | 1u << GROUP_UNPLACED;
    if (!read_keys(reader, keys, GROUP_KEYS, required, read_group_key, NULL))
        return false;
    problem->groups++;
    return true;
}

static bool read_cap_key(struct reader *reader, unsigned key, void *context)
{
    struct problem *problem = reader->problem;
    (void)context;
    if (key == 0)
        return read_pool_list(reader, &problem->cap_list[reader->caps]);
    return text_take_number(&reader->text, PROBLEM_COUNT_MAX, "max", &problem->cap_max[reader->caps]);
}

static bool read_cap(struct reader *reader)
{
    static const char *const keys[2] = {"pools", "max"};
    struct problem *problem = reader->problem;
    uint32_t group = 0;
    if (!read_id_word(reader, "group", problem->groups, &group))
        return false;
    if (reader->caps >= CAPS_MAX)
        return text_fail(&reader->text, ERROR_TOO_LARGE, "more than %d caps", CAPS_MAX);
    if (room_needed(reader->caps, &reader->cap_room)) {
        GROW(problem->cap_list, reader->caps, reader->cap_room);
        GROW(problem->cap_max, reader->caps, reader->cap_room);
        GROW(reader->cap_group, reader->caps, reader->cap_room);
    }
    reader->cap_group[reader->caps] = group;
    if (!read_keys(reader, keys, 2, 3, read_cap_key, NULL))
        return false;
    reader->caps++;
    return true;
}

static bool add_pair(struct reader *reader, uint32_t group, uint32_t pool, int64_t extra, int64_t now)
{
    struct problem *problem = reader->problem;
    if (reader->pairs >= PROBLEM_PAIRS_MAX)
        return text_fail(&reader->text, ERROR_TOO_LARGE, "more than %d pairs", PROBLEM_PAIRS_MAX);
    if (room_needed(reader->pairs, &reader->pair_room)) {
        GROW(problem->pair_pool, reader->pairs, reader->pair_room);
        GROW(problem->pair_extra, reader->pairs, reader->pair_room);
        GROW(problem->pair_now, reader->pairs, reader->pair_room);
        GROW(reader->pair_group, reader->pairs, reader->pair_room);
    }
    size_t i = reader->pairs++;
    if (i > 0 && (reader->pair_group[i - 1] > group ||
                  (reader->pair_group[i - 1] == group && problem->pair_pool[i - 1] >= pool)))
        reader->pairs_sorted = false;
    problem->pair_pool[i] = pool;
    problem->pair_extra[i] = extra;
    problem->pair_now[i] = (uint32_t)now;
    reader->pair_group[i] = group;
    return true;
}

static bool read_may(struct reader *reader)
{
    struct problem *problem = reader->problem;
    uint32_t group = 0;
    if (!read_id_word(reader, "group", problem->groups, &group))
        return false;
    while (!text_at_line_end(&reader->text)) {
        uint32_t id = 0;
        int64_t extra = 0;
        int64_t now = 0;
        bool is_set = text_take_char(&reader->text, '@');
        if (!read_id(reader, is_set ? "set" : "pool", is_set ? problem->sets : problem->pools, &id))
            return false;
        if (!text_take_char(&reader->text, ':'))
            return text_fail(&reader->text, ERROR_INVALID, "`:` and the extra cost are expected");
        if (!text_take_number(&reader->text, PROBLEM_MONEY_MAX, "extra", &extra))
            return false;
        if (text_take_char(&reader->text, ':') && !text_take_number(&reader->text, PROBLEM_COUNT_MAX, "now", &now))
            return false;
        if (!text_expect_blank(&reader->text))
            return false;
        if (!is_set) {
            if (!add_pair(reader, group, id, extra, now))
                return false;
            continue;
        }
        uint32_t list = problem->set_list[id];
        for (size_t i = problem->lists.start[list]; i < problem->lists.start[list + 1]; i++) {
            if (!add_pair(reader, group, problem->lists.pool[i], extra, now))
                return false;
        }
    }
    return true;
}

struct limit_context {
    struct problem_limits *limits;
    bool groups;
    bool weighted;
};

static bool read_limit_key(struct reader *reader, unsigned key, void *context)
{
    struct limit_context *limit = context;
    struct problem_limits *limits = limit->limits;
    if (key == 0)
        return limit->groups ? read_group_list(reader, &limits->list[limits->count])
                             : read_pool_list(reader, &limits->list[limits->count]);
    if (key == 1)
        return text_take_number(&reader->text, PROBLEM_TOTAL_MAX, "max", &limits->most[limits->count]);
    return text_take_number(&reader->text, PROBLEM_MONEY_MAX, "weight", &limits->weight[limits->count]);
}

static bool read_limits(struct reader *reader, const char *what, struct limit_context limit, size_t *room)
{
    const char *keys[3] = {limit.groups ? "groups" : "pools", "max", "weight"};
    struct problem_limits *limits = limit.limits;
    if (!read_new_id(reader, what, limits->count, CAPS_MAX))
        return false;
    if (room_needed(limits->count, room)) {
        GROW(limits->list, limits->count, *room);
        GROW(limits->weight, limits->count, *room);
        GROW(limits->most, limits->count, *room);
    }
    limits->weight[limits->count] = 1;
    unsigned count = limit.weighted ? 3 : 2;
    if (!read_keys(reader, keys, count, (1u << count) - 1, read_limit_key, &limit))
        return false;
    limits->count++;
    return true;
}

static bool read_permachine_key(struct reader *reader, unsigned key, void *context)
{
    (void)key;
    return text_take_number(&reader->text, PROBLEM_COUNT_MAX, "max", context);
}

static bool read_permachine(struct reader *reader)
{
    static const char *const keys[1] = {"max"};
    struct problem *problem = reader->problem;
    uint32_t group = 0;
    if (!read_id_word(reader, "group", problem->groups, &group))
        return false;
    if (problem->group_permachine[group] != PROBLEM_UNLIMITED)
        return text_fail(&reader->text, ERROR_INVALID, "permachine %u is given twice", group);
    return read_keys(reader, keys, 1, 1, read_permachine_key, &problem->group_permachine[group]);
}

static bool read_line(struct reader *reader)
{
    struct problem *problem = reader->problem;
    const char *word;
    size_t length;
    const char *start = reader->text.at;
    if (!text_take_word(&reader->text, &word, &length))
        return text_fail(&reader->text, ERROR_INVALID, "a word is expected");
    if (text_same(word, length, "may"))
        return read_may(reader);
    if (text_same(word, length, "cap"))
        return read_cap(reader);
    if (text_same(word, length, "group"))
        return read_group(reader);
    if (text_same(word, length, "pool"))
        return read_pool(reader);
    if (text_same(word, length, "tier"))
        return read_tier(reader);
    if (text_same(word, length, "set"))
        return read_set(reader);
    if (text_same(word, length, "region"))
        return read_region(reader);
    if (text_same(word, length, "permachine"))
        return read_permachine(reader);
    if (text_same(word, length, "budget"))
        return read_limits(reader, "budget", (struct limit_context){&problem->budgets, false, false},
                           &reader->budget_room);
    if (text_same(word, length, "gbudget"))
        return read_limits(reader, "gbudget", (struct limit_context){&problem->group_budgets, true, false},
                           &reader->group_budget_room);
    if (text_same(word, length, "quota"))
        return read_limits(reader, "quota", (struct limit_context){&problem->quotas, false, true}, &reader->quota_room);
    if (text_same(word, length, "dims"))
        return read_dims(reader);
    reader->text.at = start;
    return text_fail(&reader->text, ERROR_INVALID, "unknown line");
}

static bool read_header(struct reader *reader)
{
    const char *word = "";
    size_t length = 0;
    int64_t version = 0;
    if (!text_next_line(&reader->text) || !text_take_word(&reader->text, &word, &length) ||
        !text_same(word, length, "drover-problem"))
        return text_fail(&reader->text, ERROR_INVALID, "the first line must be `drover-problem 1`");
    if (!text_take_number_word(&reader->text, INT64_MAX, "version", &version))
        return false;
    if (version != 1)
        return text_fail(&reader->text, version > 1 ? ERROR_NEWER : ERROR_INVALID, "only version 1 can be read");
    return text_expect_line_end(&reader->text);
}

/* --- sorting at the end --- */

/* Stable order of `count` things by their key below `keys`: starts[key] and the permutation. */
static uint32_t *sort_by_key(const uint32_t *key_of, uint32_t count, uint32_t keys, uint32_t *starts)
{
    uint32_t *order = memory_new(count, sizeof *order);
    for (uint32_t i = 0; i < count; i++)
        starts[key_of[i] + 1]++;
    for (uint32_t key = 0; key < keys; key++)
        starts[key + 1] += starts[key];
    uint32_t *next = memory_new((size_t)keys + 1, sizeof *next);
    memcpy(next, starts, (size_t)keys * sizeof *next);
    for (uint32_t i = 0; i < count; i++)
        order[next[key_of[i]]++] = i;
    free(next);
    return order;
}

static int64_t *permuted(int64_t *values, const uint32_t *order, uint32_t count)
{
    int64_t *sorted = memory_new(count, sizeof *sorted);
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = values[order[i]];
    free(values);
    return sorted;
}

static void sort_caps(struct reader *reader)
{
    struct problem *problem = reader->problem;
    problem->cap_start = memory_new((size_t)problem->groups + 1, sizeof *problem->cap_start);
    uint32_t *order = sort_by_key(reader->cap_group, reader->caps, problem->groups, problem->cap_start);
    problem->cap_max = permuted(problem->cap_max, order, reader->caps);
    uint32_t *lists = memory_new(reader->caps, sizeof *lists);
    for (uint32_t i = 0; i < reader->caps; i++)
        lists[i] = problem->cap_list[order[i]];
    free(problem->cap_list);
    problem->cap_list = lists;
    free(order);
}

static void sort_tiers(struct reader *reader)
{
    struct problem *problem = reader->problem;
    problem->tier_start = memory_new((size_t)problem->pools + 1, sizeof *problem->tier_start);
    uint32_t *order = sort_by_key(reader->tier_pool, reader->tiers, problem->pools, problem->tier_start);
    problem->tier_upto = permuted(problem->tier_upto, order, reader->tiers);
    problem->tier_price = permuted(problem->tier_price, order, reader->tiers);
    free(order);
}

struct pair_key {
    uint32_t pool;
    uint32_t index;
};

static int compare_pairs(const void *a, const void *b)
{
    const struct pair_key *left = a;
    const struct pair_key *right = b;
    if (left->pool != right->pool)
        return left->pool < right->pool ? -1 : 1;
    return left->index < right->index ? -1 : 1;
}

/* Pairs that came out of order, or twice: by group, then by pool, the last one written winning. */
static void sort_pairs(struct reader *reader)
{
    struct problem *problem = reader->problem;
    uint32_t count = (uint32_t)reader->pairs;
    uint32_t *starts = memory_new((size_t)problem->groups + 1, sizeof *starts);
    uint32_t *order = sort_by_key(reader->pair_group, count, problem->groups, starts);
    uint32_t *pools = memory_new(count, sizeof *pools);
    uint32_t *nows = memory_new(count, sizeof *nows);
    int64_t *extras = memory_new(count, sizeof *extras);
    struct pair_key *keys = memory_new(problem->groups ? count : 0, sizeof *keys);
    size_t kept = 0;
    for (uint32_t j = 0; j < problem->groups; j++) {
        uint32_t in_group = starts[j + 1] - starts[j];
        for (uint32_t i = 0; i < in_group; i++)
            keys[i] = (struct pair_key){problem->pair_pool[order[starts[j] + i]], order[starts[j] + i]};
        if (in_group > 1)
            qsort(keys, in_group, sizeof *keys, compare_pairs);
        problem->pair_start[j] = kept;
        for (uint32_t i = 0; i < in_group; i++) {
            if (i + 1 < in_group && keys[i + 1].pool == keys[i].pool)
                continue;
            pools[kept] = keys[i].pool;
            nows[kept] = problem->pair_now[keys[i].index];
            extras[kept] = problem->pair_extra[keys[i].index];
            kept++;
        }
    }
    problem->pair_start[problem->groups] = kept;
    free(keys);
    free(order);
    free(starts);
    free(problem->pair_pool);
    free(problem->pair_now);
    free(problem->pair_extra);
    problem->pair_pool = pools;
    problem->pair_now = nows;
    problem->pair_extra = extras;
}

static void finish_pairs(struct reader *reader)
{
    struct problem *problem = reader->problem;
    problem->pair_start = memory_new((size_t)problem->groups + 1, sizeof *problem->pair_start);
    if (!reader->pairs_sorted) {
        sort_pairs(reader);
        return;
    }
    for (size_t i = 0; i < reader->pairs; i++)
        problem->pair_start[reader->pair_group[i] + 1]++;
    for (uint32_t j = 0; j < problem->groups; j++)
        problem->pair_start[j + 1] += problem->pair_start[j];
}

static bool read_all(struct reader *reader)
{
    if (!read_header(reader))
        return false;
    while (text_next_line(&reader->text)) {
        if (!read_line(reader))
            return false;
    }
    if (!reader->problem->dimensions)
        return text_fail(&reader->text, ERROR_INVALID, "dims is missing");
    sort_caps(reader);
    sort_tiers(reader);
    finish_pairs(reader);
    free(reader->pair_group);
    reader->pair_group = NULL;
    return problem_check(reader->problem, reader->text.error);
}

bool problem_read(const char *bytes, size_t length, struct problem *ret_problem, struct error *ret_error)
{
    struct problem problem;
    problem_init(&problem);
    struct reader reader = {.problem = &problem, .pairs_sorted = true};
    bool fine = text_open(&reader.text, bytes, length, ret_error) && read_all(&reader);
    free(reader.pair_group);
    free(reader.cap_group);
    free(reader.tier_pool);
    if (fine)
        *ret_problem = problem;
    else
        problem_release(&problem);
    return fine;
}
