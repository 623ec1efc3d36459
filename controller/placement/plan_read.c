/* Reads the text form of a plan, against the problem it belongs to. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/plan.h"
#include "controller/placement/text.h"

/* Lines that may come once are marked in `seen`; puts and permachine lines are compared after sorting. */
struct reader {
    struct text text;
    const struct problem *problem;
    struct plan *plan;
    bool has_scale, has_cost, has_nodecost, has_bound;
    bool *seen_pool, *seen_unplaced, *seen_price, *seen_budget, *seen_group_budget, *seen_quota;
    uint32_t *pack_mark; /* [group]: the pack line that last named it, from 1 */
};

static bool mark_once(struct reader *reader, bool *seen)
{
    if (*seen)
        return text_fail(&reader->text, ERROR_INVALID, "this line is there twice");
    *seen = true;
    return true;
}

/* "WORD number" */
static bool read_figure(struct reader *reader, bool *seen, bool signed_number, int64_t *ret_figure)
{
    if (text_at_line_end(&reader->text))
        return text_fail(&reader->text, ERROR_INVALID, "a number is missing");
    bool negative = signed_number && text_take_char(&reader->text, '-');
    int64_t figure = 0;
    if (!text_take_number(&reader->text, PLAN_FIGURE_MAX, "figure", &figure))
        return false;
    *ret_figure = negative ? -figure : figure;
    return text_expect_blank(&reader->text) && mark_once(reader, seen);
}

static bool read_scale(struct reader *reader)
{
    int64_t scale = 0;
    if (!text_take_number_word(&reader->text, PLAN_SCALE_MAX, "scale", &scale))
        return false;
    if (scale < PLAN_SCALE_MIN || (scale & (scale - 1)) != 0)
        return text_fail(&reader->text, ERROR_INVALID, "scale must be a power of two from 2^16 to 2^32");
    reader->plan->scale = scale;
    return mark_once(reader, &reader->has_scale);
}

/* "WORD id number" into a dense array. */
static bool read_dense(struct reader *reader, const char *what, uint32_t count, int64_t most, bool *seen,
                       int64_t *values)
{
    uint32_t id = 0;
    return text_take_id_word(&reader->text, count, what, &id) && mark_once(reader, &seen[id]) &&
           text_take_number_word(&reader->text, most, what, &values[id]);
}

static bool read_put(struct reader *reader)
{
    uint32_t group = 0;
    uint32_t pool = 0;
    int64_t count = 0;
    if (!text_take_id_word(&reader->text, reader->problem->groups, "group", &group) ||
        !text_take_id_word(&reader->text, reader->problem->pools, "pool", &pool) ||
        !text_take_number_word(&reader->text, PROBLEM_COUNT_MAX, "count", &count))
        return false;
    plan_add_put(reader->plan, group, pool, count);
    return true;
}

static bool read_permachine(struct reader *reader)
{
    uint32_t group = 0;
    uint32_t pool = 0;
    int64_t value = 0;
    if (!text_take_id_word(&reader->text, reader->problem->groups, "group", &group) ||
        !text_take_id_word(&reader->text, reader->problem->pools, "pool", &pool) ||
        !text_take_number_word(&reader->text, PLAN_MULTIPLIER_MAX, "multiplier", &value))
        return false;
    plan_add_permachine(reader->plan, group, pool, value);
    return true;
}

static bool read_price(struct reader *reader)
{
    uint32_t pool = 0;
    uint32_t dimension = 0;
    if (!text_take_id_word(&reader->text, reader->problem->pools, "pool", &pool) ||
        !text_take_id_word(&reader->text, reader->problem->dimensions, "dimension", &dimension))
        return false;
    size_t cell = (size_t)pool * reader->problem->dimensions + dimension;
    return mark_once(reader, &reader->seen_price[cell]) &&
           text_take_number_word(&reader->text, PLAN_MULTIPLIER_MAX, "multiplier", &reader->plan->price[cell]);
}

static bool read_cap(struct reader *reader)
{
    uint32_t group = 0;
    uint32_t cap = 0;
    if (!text_take_id_word(&reader->text, reader->problem->groups, "group", &group))
        return false;
    const uint32_t *start = reader->problem->cap_start + group;
    if (!text_take_id_word(&reader->text, start[1] - start[0], "cap of the group", &cap))
        return false;
    if (reader->plan->cap[start[0] + cap] != PLAN_ABSENT)
        return text_fail(&reader->text, ERROR_INVALID, "this line is there twice");
    return text_take_number_word(&reader->text, PLAN_MULTIPLIER_MAX, "multiplier", &reader->plan->cap[start[0] + cap]);
}

static bool read_pack_held(struct reader *reader)
{
    int64_t vector[PROBLEM_DIMENSIONS_MAX] = {0};
    if (!text_take_char(&reader->text, ':'))
        return text_fail(&reader->text, ERROR_INVALID, "`:` and held capacity are expected");
    if (!text_take_vector(&reader->text, reader->problem->dimensions, PROBLEM_AMOUNT_MAX, "held", vector))
        return false;
    plan_add_pack_held(reader->plan, vector, reader->problem->dimensions);
    return text_expect_blank(&reader->text);
}

static bool read_pack(struct reader *reader)
{
    uint32_t pool = 0;
    int64_t times = 0;
    if (!text_take_id_word(&reader->text, reader->problem->pools, "pool", &pool) ||
        !text_take_number_word(&reader->text, PLAN_MACHINES_MAX, "times", &times))
        return false;
    if (reader->plan->packs >= UINT32_MAX - 1)
        return text_fail(&reader->text, ERROR_TOO_LARGE, "too many pack lines");
    plan_add_pack(reader->plan, pool, times);
    uint32_t mark = (uint32_t)reader->plan->packs;
    while (!text_at_line_end(&reader->text)) {
        if (reader->text.end - reader->text.at >= 4 && memcmp(reader->text.at, "held", 4) == 0) {
            reader->text.at += 4;
            if (!read_pack_held(reader))
                return false;
            continue;
        }
        uint32_t group = 0;
        int64_t count = 0;
        if (!text_take_id(&reader->text, reader->problem->groups, "group", &group))
            return false;
        if (!text_take_char(&reader->text, ':'))
            return text_fail(&reader->text, ERROR_INVALID, "`:` and a count are expected");
        if (!text_take_number(&reader->text, PROBLEM_COUNT_MAX, "count", &count) || !text_expect_blank(&reader->text))
            return false;
        if (reader->pack_mark[group] == mark)
            return text_fail(&reader->text, ERROR_INVALID, "group %u is on the line twice", group);
        reader->pack_mark[group] = mark;
        plan_add_pack_item(reader->plan, group, count);
    }
    return true;
}

static bool read_line(struct reader *reader)
{
    const struct problem *problem = reader->problem;
    struct plan *plan = reader->plan;
    const char *word;
    size_t length;
    const char *start = reader->text.at;
    if (!text_take_word(&reader->text, &word, &length))
        return text_fail(&reader->text, ERROR_INVALID, "a word is expected");
    if (text_same(word, length, "pack"))
        return read_pack(reader);
    if (text_same(word, length, "put"))
        return read_put(reader);
    if (text_same(word, length, "price"))
        return read_price(reader);
    if (text_same(word, length, "pool"))
        return read_dense(reader, "pool", problem->pools, PLAN_MACHINES_MAX, reader->seen_pool, plan->machines);
    if (text_same(word, length, "unplaced"))
        return read_dense(reader, "group", problem->groups, PROBLEM_COUNT_MAX, reader->seen_unplaced, plan->unplaced);
    if (text_same(word, length, "budget"))
        return read_dense(reader, "budget", problem->budgets.count, PLAN_MULTIPLIER_MAX, reader->seen_budget,
                          plan->budget);
    if (text_same(word, length, "gbudget"))
        return read_dense(reader, "gbudget", problem->group_budgets.count, PLAN_MULTIPLIER_MAX,
                          reader->seen_group_budget, plan->group_budget);
    if (text_same(word, length, "quota"))
        return read_dense(reader, "quota", problem->quotas.count, PLAN_MULTIPLIER_MAX, reader->seen_quota, plan->quota);
    if (text_same(word, length, "permachine"))
        return read_permachine(reader);
    if (text_same(word, length, "cap"))
        return read_cap(reader);
    if (text_same(word, length, "scale"))
        return read_scale(reader);
    if (text_same(word, length, "cost"))
        return read_figure(reader, &reader->has_cost, false, &plan->cost);
    if (text_same(word, length, "nodecost"))
        return read_figure(reader, &reader->has_nodecost, false, &plan->nodecost);
    if (text_same(word, length, "bound"))
        return read_figure(reader, &reader->has_bound, true, &plan->bound);
    reader->text.at = start;
    return text_fail(&reader->text, ERROR_INVALID, "unknown line");
}

/* Fails at the second put, or permachine, line of the pair, which is there: plan_sort has found it. */
static bool fail_at_second(struct reader *reader, struct text text, uint32_t group, uint32_t pool)
{
    unsigned puts = 0;
    unsigned permachines = 0;
    while (text_next_line(&text)) {
        const char *word = "";
        size_t length = 0;
        uint32_t ids[2] = {0};
        if (!text_take_word(&text, &word, &length))
            continue;
        bool put = text_same(word, length, "put");
        if (!put && !text_same(word, length, "permachine"))
            continue;
        if (!text_take_id_word(&text, reader->problem->groups, "group", &ids[0]) ||
            !text_take_id_word(&text, reader->problem->pools, "pool", &ids[1]))
            return false;
        if (ids[0] == group && ids[1] == pool && (put ? ++puts : ++permachines) == 2)
            return text_fail(&text, ERROR_INVALID, "this line is there twice");
    }
    return error_set(text.error, ERROR_INTERNAL, "group %u and pool %u are there twice", group, pool);
}

static bool read_all(struct reader *reader)
{
    if (!text_take_header(&reader->text, "drover-plan"))
        return false;
    struct text first = reader->text;
    while (text_next_line(&reader->text)) {
        if (!read_line(reader) || !text_expect_line_end(&reader->text))
            return false;
    }
    if (!reader->has_cost || !reader->has_nodecost || !reader->has_bound)
        return text_fail(&reader->text, ERROR_INVALID, "%s is missing",
                         !reader->has_cost ? "cost" : (!reader->has_nodecost ? "nodecost" : "bound"));
    uint32_t group = 0;
    uint32_t pool = 0;
    if (!plan_sort(reader->plan, &group, &pool))
        return fail_at_second(reader, first, group, pool);
    return true;
}

bool plan_read(const char *bytes, size_t length, const struct problem *problem, struct plan *ret_plan,
               struct error *ret_error)
{
    struct reader reader = {.problem = problem};
    if (!text_open(&reader.text, bytes, length, ret_error))
        return false;
    struct plan plan;
    plan_init(&plan, problem);
    reader.plan = &plan;
    reader.seen_pool = memory_new(problem->pools, sizeof(bool));
    reader.seen_unplaced = memory_new(problem->groups, sizeof(bool));
    reader.seen_price = memory_new((size_t)problem->pools * problem->dimensions, sizeof(bool));
    reader.seen_budget = memory_new(problem->budgets.count, sizeof(bool));
    reader.seen_group_budget = memory_new(problem->group_budgets.count, sizeof(bool));
    reader.seen_quota = memory_new(problem->quotas.count, sizeof(bool));
    reader.pack_mark = memory_new(problem->groups, sizeof *reader.pack_mark);
    bool fine = read_all(&reader);
    free(reader.seen_pool);
    free(reader.seen_unplaced);
    free(reader.seen_price);
    free(reader.seen_budget);
    free(reader.seen_group_budget);
    free(reader.seen_quota);
    free(reader.pack_mark);
    if (fine)
        *ret_plan = plan;
    else
        plan_release(&plan);
    return fine;
}
