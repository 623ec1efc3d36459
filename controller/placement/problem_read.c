/* Reads the text form of a problem, line by line, into the arrays of problem.h. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/problem_reader.h"

bool problem_reader_is_full(size_t count, size_t *room)
{
    if (count < *room)
        return false;
    *room = *room ? *room * 2 : 16;
    return true;
}

/* --- words of a line --- */

bool problem_reader_take_keys(struct problem_reader *reader, const char *const *keys, unsigned count, unsigned required,
                              problem_reader_value *value, void *context)
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
        if (!value(reader, key, context) || !text_expect_blank(&reader->text))
            return false;
    }
    for (unsigned key = 0; key < count; key++) {
        if ((required & ~seen) & (1u << key))
            return text_fail(&reader->text, ERROR_INVALID, "%s= is missing", keys[key]);
    }
    return text_expect_line_end(&reader->text);
}

bool problem_reader_take_new_id(struct problem_reader *reader, const char *what, uint32_t next, int64_t most)
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

static bool read_limit(struct problem_reader *reader, const char *what, int64_t *ret_limit)
{
    if (text_take_char(&reader->text, '-')) {
        *ret_limit = PROBLEM_UNLIMITED;
        return true;
    }
    return text_take_number(&reader->text, PROBLEM_COUNT_MAX, what, ret_limit);
}

/* --- lists --- */

/* --- lines --- */

static bool read_name(struct problem_reader *reader, const char *what, char **ret_name)
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

static bool read_dims(struct problem_reader *reader)
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

static bool read_region(struct problem_reader *reader)
{
    struct problem *problem = reader->problem;
    char *name = NULL;
    if (!problem_reader_take_new_id(reader, "region", problem->regions, PROBLEM_POOLS_MAX) ||
        !read_name(reader, "region", &name))
        return false;
    if (problem_reader_is_full(problem->regions, &reader->region_room))
        PROBLEM_READER_GROW(problem->region_name, reader->region_room, 1);
    problem->region_name[problem->regions++] = name;
    return text_expect_line_end(&reader->text);
}

enum { POOL_REGION, POOL_PRICE, POOL_CAPACITY, POOL_MIN, POOL_MAX, POOL_HELD, POOL_RATE, POOL_KEYS };

static bool read_pool_key(struct problem_reader *reader, unsigned key, void *context)
{
    struct problem *problem = reader->problem;
    size_t p = problem->pools;
    bool *has_rate = context;
    switch (key) {
    case POOL_REGION:
        return text_take_id(&reader->text, problem->regions, "region", &problem->pool_region[p]);
    case POOL_PRICE:
        return text_take_number(&reader->text, PROBLEM_MONEY_MAX, "price", &problem->pool_price[p]);
    case POOL_CAPACITY:
        return text_take_vector(&reader->text, problem->dimensions, PROBLEM_AMOUNT_MAX, "capacity",
                                problem->pool_capacity + p * problem->dimensions);
    case POOL_MIN:
        return text_take_number(&reader->text, PROBLEM_COUNT_MAX, "min", &problem->pool_min[p]);
    case POOL_MAX:
        return read_limit(reader, "max", &problem->pool_max[p]);
    case POOL_HELD:
        return text_take_vector(&reader->text, problem->dimensions, PROBLEM_TOTAL_MAX, "held",
                                problem->pool_held + p * problem->dimensions);
    default:
        *has_rate = true;
        return text_take_number(&reader->text, PROBLEM_MONEY_MAX, "rate", &problem->pool_rate[p]);
    }
}

static bool read_pool(struct problem_reader *reader)
{
    static const char *const keys[POOL_KEYS] = {"region", "price", "capacity", "min", "max", "held", "rate"};
    struct problem *problem = reader->problem;
    if (!problem->dimensions)
        return text_fail(&reader->text, ERROR_INVALID, "dims must come before the first pool");
    if (!problem_reader_take_new_id(reader, "pool", problem->pools, PROBLEM_POOLS_MAX))
        return false;
    if (problem_reader_is_full(problem->pools, &reader->pool_room)) {
        size_t room = reader->pool_room;
        PROBLEM_READER_GROW(reader->pool_tiers, room, 1);
        PROBLEM_READER_GROW(problem->pool_region, room, 1);
        PROBLEM_READER_GROW(problem->pool_price, room, 1);
        PROBLEM_READER_GROW(problem->pool_rate, room, 1);
        PROBLEM_READER_GROW(problem->pool_min, room, 1);
        PROBLEM_READER_GROW(problem->pool_max, room, 1);
        PROBLEM_READER_GROW(problem->pool_capacity, room, problem->dimensions);
        PROBLEM_READER_GROW(problem->pool_held, room, problem->dimensions);
    }
    size_t p = problem->pools;
    memset(problem->pool_held + p * problem->dimensions, 0, problem->dimensions * sizeof *problem->pool_held);
    reader->pool_tiers[p] = 0;
    unsigned required = 1u << POOL_REGION | 1u << POOL_PRICE | 1u << POOL_CAPACITY | 1u << POOL_MIN | 1u << POOL_MAX;
    bool has_rate = false;
    if (!problem_reader_take_keys(reader, keys, POOL_KEYS, required, read_pool_key, &has_rate))
        return false;
    if (!has_rate)
        problem->pool_rate[p] = problem->pool_price[p];
    if (problem->pool_max[p] < problem->pool_min[p])
        return text_fail(&reader->text, ERROR_INVALID, "pool %u: max is below min", problem->pools);
    problem->pools++;
    return true;
}

static bool read_tier_key(struct problem_reader *reader, unsigned key, void *context)
{
    struct problem *problem = reader->problem;
    (void)context;
    if (key == 0)
        return read_limit(reader, "upto", &problem->tier_upto[reader->tiers]);
    return text_take_number(&reader->text, PROBLEM_MONEY_MAX, "price", &problem->tier_price[reader->tiers]);
}

/* The tier just read goes on from the pool's last one. */
static bool check_tier(struct problem_reader *reader, uint32_t pool)
{
    const struct problem *problem = reader->problem;
    uint32_t last = reader->pool_tiers[pool];
    int64_t upto = last ? problem->tier_upto[last - 1] : problem->pool_max[pool];
    int64_t price = last ? problem->tier_price[last - 1] : problem->pool_price[pool];
    if (problem->tier_upto[reader->tiers] <= upto)
        return text_fail(&reader->text, ERROR_INVALID, "pool %u: the tier does not raise the limit before it", pool);
    if (problem->tier_price[reader->tiers] < price)
        return text_fail(&reader->text, ERROR_INVALID, "pool %u: the tier is cheaper than the one before", pool);
    return true;
}

static bool read_tier(struct problem_reader *reader)
{
    static const char *const keys[2] = {"upto", "price"};
    struct problem *problem = reader->problem;
    uint32_t pool = 0;
    if (!text_take_id_word(&reader->text, problem->pools, "pool", &pool))
        return false;
    if (reader->tiers >= PROBLEM_LINES_MAX)
        return text_fail(&reader->text, ERROR_TOO_LARGE, "more than %d tiers", PROBLEM_LINES_MAX);
    if (problem_reader_is_full(reader->tiers, &reader->tier_room)) {
        PROBLEM_READER_GROW(problem->tier_upto, reader->tier_room, 1);
        PROBLEM_READER_GROW(problem->tier_price, reader->tier_room, 1);
        PROBLEM_READER_GROW(reader->tier_pool, reader->tier_room, 1);
    }
    reader->tier_pool[reader->tiers] = pool;
    if (!problem_reader_take_keys(reader, keys, 2, 3, read_tier_key, NULL) || !check_tier(reader, pool))
        return false;
    reader->pool_tiers[pool] = ++reader->tiers;
    return true;
}

enum { GROUP_COUNT, GROUP_DEMAND, GROUP_UNPLACED, GROUP_MOVE, GROUP_KEYS };

static bool read_group_key(struct problem_reader *reader, unsigned key, void *context)
{
    struct problem *problem = reader->problem;
    size_t j = problem->groups;
    (void)context;
    switch (key) {
    case GROUP_COUNT:
        return text_take_number(&reader->text, PROBLEM_COUNT_MAX, "count", &problem->group_count[j]);
    case GROUP_DEMAND:
        return text_take_vector(&reader->text, problem->dimensions, PROBLEM_AMOUNT_MAX, "demand",
                                problem->group_demand + j * problem->dimensions);
    case GROUP_UNPLACED:
        return text_take_number(&reader->text, PROBLEM_MONEY_MAX, "unplaced", &problem->group_unplaced[j]);
    default:
        return text_take_number(&reader->text, PROBLEM_MONEY_MAX, "move", &problem->group_move[j]);
    }
}

static bool read_group(struct problem_reader *reader)
{
    static const char *const keys[GROUP_KEYS] = {"count", "demand", "unplaced", "move"};
    struct problem *problem = reader->problem;
    if (!problem->dimensions)
        return text_fail(&reader->text, ERROR_INVALID, "dims must come before the first group");
    if (!problem_reader_take_new_id(reader, "group", problem->groups, PROBLEM_GROUPS_MAX))
        return false;
    if (problem_reader_is_full(problem->groups, &reader->group_room)) {
        size_t room = reader->group_room;
        PROBLEM_READER_GROW(problem->group_count, room, 1);
        PROBLEM_READER_GROW(problem->group_demand, room, problem->dimensions);
        PROBLEM_READER_GROW(problem->group_unplaced, room, 1);
        PROBLEM_READER_GROW(problem->group_move, room, 1);
        PROBLEM_READER_GROW(problem->group_permachine, room, 1);
    }
    problem->group_move[problem->groups] = 0;
    problem->group_permachine[problem->groups] = PROBLEM_UNLIMITED;
    unsigned required = 1u << GROUP_COUNT | 1u << GROUP_DEMAND | 1u << GROUP_UNPLACED;
    if (!problem_reader_take_keys(reader, keys, GROUP_KEYS, required, read_group_key, NULL))
        return false;
    problem->groups++;
    return true;
}

static bool read_permachine_key(struct problem_reader *reader, unsigned key, void *context)
{
    (void)key;
    return text_take_number(&reader->text, PROBLEM_COUNT_MAX, "max", context);
}

static bool read_permachine(struct problem_reader *reader)
{
    static const char *const keys[1] = {"max"};
    struct problem *problem = reader->problem;
    uint32_t group = 0;
    if (!text_take_id_word(&reader->text, problem->groups, "group", &group))
        return false;
    if (problem->group_permachine[group] != PROBLEM_UNLIMITED)
        return text_fail(&reader->text, ERROR_INVALID, "permachine %u is given twice", group);
    return problem_reader_take_keys(reader, keys, 1, 1, read_permachine_key, &problem->group_permachine[group]);
}

static bool read_budget(struct problem_reader *reader)
{
    return problem_reader_take_limit(reader, PROBLEM_READER_BUDGET);
}

static bool read_group_budget(struct problem_reader *reader)
{
    return problem_reader_take_limit(reader, PROBLEM_READER_GROUP_BUDGET);
}

static bool read_quota(struct problem_reader *reader)
{
    return problem_reader_take_limit(reader, PROBLEM_READER_QUOTA);
}

static bool read_line(struct problem_reader *reader)
{
    static const struct {
        const char *word;
        bool (*read)(struct problem_reader *reader);
    } lines[] = {
        {"may", problem_reader_take_may},
        {"cap", problem_reader_take_cap},
        {"group", read_group},
        {"permachine", read_permachine},
        {"pool", read_pool},
        {"tier", read_tier},
        {"set", problem_reader_take_set},
        {"gbudget", read_group_budget},
        {"budget", read_budget},
        {"quota", read_quota},
        {"region", read_region},
        {"dims", read_dims},
    };
    const char *word;
    size_t length;
    const char *start = reader->text.at;
    if (!text_take_word(&reader->text, &word, &length))
        return text_fail(&reader->text, ERROR_INVALID, "a word is expected");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (text_same(word, length, lines[i].word))
            return lines[i].read(reader);
    }
    reader->text.at = start;
    return text_fail(&reader->text, ERROR_INVALID, "unknown line");
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

static void sort_caps(struct problem_reader *reader)
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

static void sort_tiers(struct problem_reader *reader)
{
    struct problem *problem = reader->problem;
    problem->tier_start = memory_new((size_t)problem->pools + 1, sizeof *problem->tier_start);
    uint32_t *order = sort_by_key(reader->tier_pool, reader->tiers, problem->pools, problem->tier_start);
    problem->tier_upto = permuted(problem->tier_upto, order, reader->tiers);
    problem->tier_price = permuted(problem->tier_price, order, reader->tiers);
    free(order);
}

static bool read_all(struct problem_reader *reader)
{
    if (!text_take_header(&reader->text, "drover-problem"))
        return false;
    while (text_next_line(&reader->text)) {
        if (!read_line(reader))
            return false;
    }
    if (!reader->problem->dimensions)
        return text_fail(&reader->text, ERROR_INVALID, "dims is missing");
    sort_caps(reader);
    sort_tiers(reader);
    problem_reader_finish_pairs(reader);
    return problem_check(reader->problem, reader->text.error);
}

bool problem_read(const char *bytes, size_t length, struct problem *ret_problem, struct error *ret_error)
{
    struct problem problem;
    problem_init(&problem);
    struct problem_reader reader = {.problem = &problem};
    bool fine = text_open(&reader.text, bytes, length, ret_error) && read_all(&reader);
    problem_reader_release_pairs(&reader.pairs);
    free(reader.cap_group);
    free(reader.tier_pool);
    free(reader.pool_tiers);
    if (fine)
        *ret_problem = problem;
    else
        problem_release(&problem);
    return fine;
}
