/* Reads sets, caps, budgets and quotas: lists of pools or groups with a limit. See problem_reader.h. */
#include <stdlib.h>

#include "base/memory.h"
#include "controller/placement/problem_reader.h"

/* Members of all lists together: sets inside lists would let a small file ask for any amount of memory. */
enum { MEMBERS_MAX = 1 << 28 };

static void list_append(struct problem_lists *lists, struct problem_reader_room *room, uint32_t member)
{
    size_t count = lists->start[lists->count + 1];
    if (problem_reader_is_full(count, &room->members))
        PROBLEM_READER_GROW(lists->pool, room->members, 1);
    lists->pool[count] = member;
    lists->start[lists->count + 1] = count + 1;
}

static void list_open(struct problem_lists *lists, struct problem_reader_room *room)
{
    if (problem_reader_is_full((size_t)lists->count + 1, &room->starts))
        PROBLEM_READER_GROW(lists->start, room->starts, 1);
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
static bool list_close(struct problem_reader *reader, struct problem_lists *lists, const char *what, uint32_t *ret_list)
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

/* A set among other members of the open list. */
static bool append_set(struct problem_reader *reader, uint32_t set)
{
    struct problem_lists *lists = &reader->problem->lists;
    uint32_t list = reader->problem->set_list[set];
    size_t count = lists->start[list + 1] - lists->start[list];
    size_t open = lists->start[lists->count + 1] - lists->start[lists->count];
    if (count + open > reader->problem->pools)
        return text_fail(&reader->text, ERROR_INVALID, "a pool is in the list twice");
    if (lists->start[lists->count + 1] + count > MEMBERS_MAX)
        return text_fail(&reader->text, ERROR_TOO_LARGE, "the lists have more than %d members", MEMBERS_MAX);
    for (size_t i = 0; i < count; i++)
        list_append(lists, &reader->lists, lists->pool[lists->start[list] + i]);
    return true;
}

/* pools=0,1,@2: numbers of pools and sets. A list that is one set alone is shared with the set. */
static bool read_pool_list(struct problem_reader *reader, uint32_t *ret_list)
{
    struct problem *problem = reader->problem;
    struct text *text = &reader->text;
    bool first = true;
    list_open(&problem->lists, &reader->lists);
    do {
        uint32_t id = 0;
        if (!text_take_char(text, '@')) {
            if (!text_take_id(text, problem->pools, "pool", &id))
                return false;
            list_append(&problem->lists, &reader->lists, id);
        } else {
            if (!text_take_id(text, problem->sets, "set", &id))
                return false;
            if (first && (text->at == text->end || *text->at != ',')) {
                *ret_list = problem->set_list[id];
                return true;
            }
            if (!append_set(reader, id))
                return false;
        }
        first = false;
    } while (text_take_char(text, ','));
    return list_close(reader, &problem->lists, "pool", ret_list);
}

static bool read_group_list(struct problem_reader *reader, uint32_t *ret_list)
{
    struct problem *problem = reader->problem;
    list_open(&problem->group_lists, &reader->group_lists);
    do {
        uint32_t id = 0;
        if (!text_take_id(&reader->text, problem->groups, "group", &id))
            return false;
        list_append(&problem->group_lists, &reader->group_lists, id);
    } while (text_take_char(&reader->text, ','));
    return list_close(reader, &problem->group_lists, "group", ret_list);
}

static bool read_list_key(struct problem_reader *reader, unsigned key, void *context)
{
    (void)key;
    return read_pool_list(reader, context);
}

bool problem_reader_take_set(struct problem_reader *reader)
{
    static const char *const keys[1] = {"pools"};
    struct problem *problem = reader->problem;
    uint32_t list = 0;
    if (!problem_reader_take_new_id(reader, "set", problem->sets, PROBLEM_LINES_MAX) ||
        !problem_reader_take_keys(reader, keys, 1, 1, read_list_key, &list))
        return false;
    if (problem_reader_is_full(problem->sets, &reader->set_room))
        PROBLEM_READER_GROW(problem->set_list, reader->set_room, 1);
    problem->set_list[problem->sets++] = list;
    return true;
}

static bool read_cap_key(struct problem_reader *reader, unsigned key, void *context)
{
    struct problem *problem = reader->problem;
    (void)context;
    if (key == 0)
        return read_pool_list(reader, &problem->cap_list[reader->caps]);
    return text_take_number(&reader->text, PROBLEM_COUNT_MAX, "max", &problem->cap_max[reader->caps]);
}

bool problem_reader_take_cap(struct problem_reader *reader)
{
    static const char *const keys[2] = {"pools", "max"};
    struct problem *problem = reader->problem;
    uint32_t group = 0;
    if (!text_take_id_word(&reader->text, problem->groups, "group", &group))
        return false;
    if (reader->caps >= PROBLEM_LINES_MAX)
        return text_fail(&reader->text, ERROR_TOO_LARGE, "more than %d caps", PROBLEM_LINES_MAX);
    if (problem_reader_is_full(reader->caps, &reader->cap_room)) {
        PROBLEM_READER_GROW(problem->cap_list, reader->cap_room, 1);
        PROBLEM_READER_GROW(problem->cap_max, reader->cap_room, 1);
        PROBLEM_READER_GROW(reader->cap_group, reader->cap_room, 1);
    }
    reader->cap_group[reader->caps] = group;
    if (!problem_reader_take_keys(reader, keys, 2, 3, read_cap_key, NULL))
        return false;
    reader->caps++;
    return true;
}

struct limit_context {
    struct problem_limits *limits;
    bool groups;
};

static bool read_limit_key(struct problem_reader *reader, unsigned key, void *context)
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

bool problem_reader_take_limit(struct problem_reader *reader, enum problem_reader_limit kind)
{
    struct problem *problem = reader->problem;
    bool groups = kind == PROBLEM_READER_GROUP_BUDGET;
    const char *const keys[3] = {groups ? "groups" : "pools", "max", "weight"};
    static const char *const words[3] = {"budget", "gbudget", "quota"};
    struct problem_limits *const all[3] = {&problem->budgets, &problem->group_budgets, &problem->quotas};
    size_t *const rooms[3] = {&reader->budget_room, &reader->group_budget_room, &reader->quota_room};
    struct limit_context limit = {all[kind], groups};
    struct problem_limits *limits = limit.limits;
    if (!problem_reader_take_new_id(reader, words[kind], limits->count, PROBLEM_LINES_MAX))
        return false;
    if (problem_reader_is_full(limits->count, rooms[kind])) {
        PROBLEM_READER_GROW(limits->list, *rooms[kind], 1);
        PROBLEM_READER_GROW(limits->weight, *rooms[kind], 1);
        PROBLEM_READER_GROW(limits->most, *rooms[kind], 1);
    }
    limits->weight[limits->count] = 1;
    unsigned count = kind == PROBLEM_READER_QUOTA ? 3 : 2;
    if (!problem_reader_take_keys(reader, keys, count, (1u << count) - 1, read_limit_key, &limit))
        return false;
    limits->count++;
    return true;
}
