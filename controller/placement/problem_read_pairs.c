/* Reads `may` lines: which pools a group may use. Later pairs override earlier ones; see problem_reader.h. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/problem_reader.h"

struct problem_reader_pair {
    uint32_t pool;
    uint32_t now;
    int64_t extra;
};

static int compare_pairs(const void *a, const void *b)
{
    const struct problem_reader_pair *left = a;
    const struct problem_reader_pair *right = b;
    return (left->pool > right->pool) - (left->pool < right->pool);
}

/* Sorts the pairs of the last run by pool. */
static void close_run(struct problem_reader_pairs *pairs)
{
    if (pairs->runs == 0 || pairs->rising)
        return;
    size_t first = pairs->run[pairs->runs - 1].first;
    size_t count = pairs->count - first;
    if (count > pairs->sort_room) {
        pairs->sort_room = count * 2;
        pairs->sort = memory_resize(pairs->sort, pairs->sort_room, sizeof *pairs->sort);
    }
    for (size_t i = 0; i < count; i++)
        pairs->sort[i] =
            (struct problem_reader_pair){pairs->pool[first + i], pairs->now[first + i], pairs->extra[first + i]};
    qsort(pairs->sort, count, sizeof *pairs->sort, compare_pairs);
    for (size_t i = 0; i < count; i++) {
        pairs->pool[first + i] = pairs->sort[i].pool;
        pairs->now[first + i] = pairs->sort[i].now;
        pairs->extra[first + i] = pairs->sort[i].extra;
    }
}

static void open_run(struct problem_reader_pairs *pairs, uint32_t group, uint32_t pools)
{
    if (pools > pairs->place_room) {
        pairs->place = memory_resize(pairs->place, pools, sizeof *pairs->place);
        memset(pairs->place + pairs->place_room, 0, (pools - pairs->place_room) * sizeof *pairs->place);
        pairs->place_room = pools;
    }
    if (pairs->runs > 0 && pairs->run[pairs->runs - 1].group == group)
        return;
    close_run(pairs);
    pairs->run = memory_grow(pairs->run, pairs->runs, &pairs->run_room, sizeof *pairs->run);
    pairs->run[pairs->runs++] = (struct problem_reader_run){group, pairs->count};
    pairs->rising = true;
}

/* Adds to the last run, or overrides what it has for the pool. */
static void put_pair(struct problem_reader_pairs *pairs, struct problem_reader_pair pair)
{
    size_t first = pairs->run[pairs->runs - 1].first;
    size_t at = pairs->place[pair.pool];
    if (at < first || at >= pairs->count || pairs->pool[at] != pair.pool) {
        at = pairs->count++;
        if (problem_reader_is_full(at, &pairs->room)) {
            PROBLEM_READER_GROW(pairs->pool, pairs->room, 1);
            PROBLEM_READER_GROW(pairs->now, pairs->room, 1);
            PROBLEM_READER_GROW(pairs->extra, pairs->room, 1);
        }
        pairs->rising = pairs->rising && (at == first || pairs->pool[at - 1] < pair.pool);
        pairs->place[pair.pool] = at;
        pairs->pool[at] = pair.pool;
    }
    pairs->now[at] = pair.now;
    pairs->extra[at] = pair.extra;
}

/* ":extra" or ":extra:now" and a blank. */
static bool take_numbers(struct text *text, struct problem_reader_pair *pair)
{
    int64_t now = 0;
    if (!text_take_char(text, ':'))
        return text_fail(text, ERROR_INVALID, "`:` and the extra cost are expected");
    if (!text_take_number(text, PROBLEM_MONEY_MAX, "extra", &pair->extra))
        return false;
    if (text_take_char(text, ':') && !text_take_number(text, PROBLEM_COUNT_MAX, "now", &now))
        return false;
    pair->now = (uint32_t)now;
    return text_expect_blank(text);
}

bool problem_reader_take_may(struct problem_reader *reader)
{
    struct problem *problem = reader->problem;
    struct problem_reader_pairs *pairs = &reader->pairs;
    uint32_t group = 0;
    if (!text_take_id_word(&reader->text, problem->groups, "group", &group))
        return false;
    open_run(pairs, group, problem->pools);
    while (!text_at_line_end(&reader->text)) {
        struct problem_reader_pair pair = {0};
        bool is_set = text_take_char(&reader->text, '@');
        uint32_t id = 0;
        if (!text_take_id(&reader->text, is_set ? problem->sets : problem->pools, is_set ? "set" : "pool", &id) ||
            !take_numbers(&reader->text, &pair))
            return false;
        const uint32_t *members = &id;
        size_t count = 1;
        if (is_set) {
            const size_t *start = problem->lists.start + problem->set_list[id];
            members = problem->lists.pool + start[0];
            count = start[1] - start[0];
        }
        if (pairs->count + count > PROBLEM_PAIRS_MAX)
            return text_fail(&reader->text, ERROR_TOO_LARGE, "more than %d pairs", PROBLEM_PAIRS_MAX);
        for (size_t i = 0; i < count; i++) {
            pair.pool = members[i];
            put_pair(pairs, pair);
        }
    }
    return true;
}

static bool runs_are_rising(const struct problem_reader_pairs *pairs)
{
    for (size_t r = 1; r < pairs->runs; r++) {
        if (pairs->run[r].group <= pairs->run[r - 1].group)
            return false;
    }
    return true;
}

/* The runs by group, in the file's order within a group. */
static size_t *order_runs(const struct problem_reader_pairs *pairs, uint32_t groups)
{
    size_t *order = memory_new(pairs->runs, sizeof *order);
    size_t *next = memory_new((size_t)groups + 1, sizeof *next);
    for (size_t r = 0; r < pairs->runs; r++)
        next[pairs->run[r].group + 1]++;
    for (uint32_t j = 0; j < groups; j++)
        next[j + 1] += next[j];
    for (size_t r = 0; r < pairs->runs; r++)
        order[next[pairs->run[r].group]++] = r;
    free(next);
    return order;
}

/* Lines of one group came apart from each other: all runs again, by group. */
static void merge_runs(struct problem_reader *reader)
{
    struct problem_reader_pairs *from = &reader->pairs;
    struct problem_reader_pairs to = {0};
    size_t *order = order_runs(from, reader->problem->groups);
    for (size_t n = 0; n < from->runs; n++) {
        size_t r = order[n];
        size_t end = r + 1 < from->runs ? from->run[r + 1].first : from->count;
        open_run(&to, from->run[r].group, reader->problem->pools);
        for (size_t i = from->run[r].first; i < end; i++)
            put_pair(&to, (struct problem_reader_pair){from->pool[i], from->now[i], from->extra[i]});
    }
    close_run(&to);
    free(order);
    problem_reader_release_pairs(from);
    *from = to;
}

void problem_reader_finish_pairs(struct problem_reader *reader)
{
    struct problem *problem = reader->problem;
    struct problem_reader_pairs *pairs = &reader->pairs;
    close_run(pairs);
    if (!runs_are_rising(pairs))
        merge_runs(reader);
    problem->pair_start = memory_new((size_t)problem->groups + 1, sizeof *problem->pair_start);
    for (size_t r = 0; r < pairs->runs; r++) {
        size_t end = r + 1 < pairs->runs ? pairs->run[r + 1].first : pairs->count;
        problem->pair_start[pairs->run[r].group + 1] = end - pairs->run[r].first;
    }
    for (uint32_t j = 0; j < problem->groups; j++)
        problem->pair_start[j + 1] += problem->pair_start[j];
    problem->pair_pool = memory_resize(pairs->pool, pairs->count, sizeof *pairs->pool);
    problem->pair_now = memory_resize(pairs->now, pairs->count, sizeof *pairs->now);
    problem->pair_extra = memory_resize(pairs->extra, pairs->count, sizeof *pairs->extra);
    pairs->pool = NULL;
    pairs->now = NULL;
    pairs->extra = NULL;
}

void problem_reader_release_pairs(struct problem_reader_pairs *pairs)
{
    free(pairs->pool);
    free(pairs->now);
    free(pairs->extra);
    free(pairs->run);
    free(pairs->place);
    free(pairs->sort);
    *pairs = (struct problem_reader_pairs){0};
}
