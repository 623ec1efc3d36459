/* See events.h. Every kind of event on its own, from the same start; then all of them mixed, with and without a solve
 * in the background; then a region lost. */
#include "tests/bench/placement/events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "controller/placement/incremental.h"
#include "controller/placement/problem_copy.h"

enum { EVENTS = 1000, MIXED = 3000, REBASES = 3 };

enum kind { RESIZE, PRICE, LOST, ADD, REMOVE, LIMIT, CAPACITY, KINDS };
static const char *const names[KINDS] = {"resize",       "price", "machine lost", "add group",
                                         "remove group", "limit", "capacity"};

struct bench {
    const struct problem *problem;
    const struct plan *plan;
    const struct solve_options *options;
    uint64_t random;
    double micros[MIXED];
};

static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static uint32_t pick(struct bench *bench, uint32_t limit)
{
    bench->random = bench->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((bench->random >> 33) % limit);
}

static struct incremental *start(struct bench *bench)
{
    struct problem copy;
    struct error error;
    problem_copy(bench->problem, &copy);
    bench->random = 12345;
    return incremental_open_plan(&copy, bench->plan, &error);
}

/* One more like a group that is there. */
static double add_group(struct bench *bench, struct incremental *incremental)
{
    const struct problem *problem = incremental_problem(incremental);
    struct error error;
    uint32_t like = pick(bench, problem->groups);
    size_t first = problem->pair_start[like];
    size_t pairs = problem->pair_start[like + 1] - first;
    uint32_t caps = problem->cap_start[like + 1] - problem->cap_start[like];
    struct incremental_pair *pair = calloc(pairs + 1, sizeof *pair);
    struct incremental_cap *cap = calloc((size_t)caps + 1, sizeof *cap);
    struct incremental_group group = {.count = problem->group_count[like],
                                      .unplaced = problem->group_unplaced[like],
                                      .move = problem->group_move[like],
                                      .permachine = problem->group_permachine[like],
                                      .pairs = pair,
                                      .pair_count = pairs,
                                      .caps = cap,
                                      .cap_count = caps};
    for (uint32_t k = 0; k < problem->dimensions; k++)
        group.demand[k] = problem->group_demand[(size_t)like * problem->dimensions + k];
    for (size_t i = 0; i < pairs; i++)
        pair[i] = (struct incremental_pair){problem->pair_pool[first + i], 0, problem->pair_extra[first + i]};
    for (uint32_t c = 0; c < caps; c++) {
        uint32_t list = problem->cap_list[problem->cap_start[like] + c];
        size_t from = problem->lists.start[list];
        cap[c] = (struct incremental_cap){problem->lists.pool + from, (uint32_t)(problem->lists.start[list + 1] - from),
                                          problem->cap_max[problem->cap_start[like] + c]};
    }
    double begin = processor_seconds();
    uint32_t added = 0;
    incremental_add_group(incremental, &group, &added, &error);
    double took = processor_seconds() - begin;
    free(pair);
    free(cap);
    return took;
}

static double change_pool(struct bench *bench, struct incremental *incremental, enum kind kind)
{
    const struct problem *problem = incremental_problem(incremental);
    struct error error;
    uint32_t pool = pick(bench, problem->pools);
    struct incremental_pool to;
    incremental_pool(incremental, pool, &to, &error);
    if (kind == CAPACITY) {
        for (uint32_t k = 0; k < problem->dimensions; k++)
            to.capacity[k] += to.capacity[k] / 20 * ((int64_t)pick(bench, 3) - 1);
    } else if (to.max != PROBLEM_UNLIMITED) {
        to.max += (int64_t)pick(bench, 5) - 2;
        to.max = to.max < to.min ? to.min : to.max;
    }
    double begin = processor_seconds();
    incremental_set_pool(incremental, pool, &to, &error);
    return processor_seconds() - begin;
}

static double one_event(struct bench *bench, struct incremental *incremental, enum kind kind)
{
    const struct problem *problem = incremental_problem(incremental);
    struct error error;
    uint32_t group = pick(bench, problem->groups);
    uint32_t pool = pick(bench, problem->pools);
    int64_t count = problem->group_count[group];
    uint32_t chance = pick(bench, 1000);
    if (kind == ADD)
        return add_group(bench, incremental);
    if (kind == LIMIT || kind == CAPACITY)
        return change_pool(bench, incremental, kind);
    double begin = processor_seconds();
    if (kind == RESIZE)
        incremental_resize_group(incremental, group, chance % 2 ? count + 1 + count / 10 : count - count / 10, &error);
    else if (kind == PRICE)
        incremental_set_pool_price(incremental, pool, problem->pool_price[pool] * (95 + chance % 11) / 100, &error);
    else if (kind == LOST)
        incremental_lose_machine(incremental, pool, chance, &error);
    else
        incremental_remove_group(incremental, group, &error);
    return processor_seconds() - begin;
}

static void report(const char *name, double *micros, int count, const struct incremental *incremental)
{
    struct certificate figures = incremental_figures(incremental);
    qsort(micros, (size_t)count, sizeof *micros, compare_doubles);
    fprintf(stderr,
            "%-14s p50=%8.1fus p99=%8.1fus worst=%8.1fus  gap=%.3f%% nodegap=%.3f%% cost=%" PRId64 " bound=%" PRId64
            "\n",
            name, micros[count / 2], micros[count * 99 / 100], micros[count - 1], (double)figures.gap_ppm / 1e4,
            (double)figures.node_gap_ppm / 1e4, figures.cost, figures.bound);
}

static int check(const struct incremental *incremental)
{
    struct plan plan;
    struct error error;
    struct certificate certificate;
    if (!incremental_plan(incremental, &plan, &error))
        return 1;
    bool fine = certificate_check(incremental_problem(incremental), &plan, &certificate, &error);
    plan_release(&plan);
    if (!fine)
        fprintf(stderr, "does not check: %s\n", error.text);
    return fine ? 0 : 1;
}

/* What the problem as it is now can be solved to: drift is what the events have left beyond that. */
static void report_solved(const struct incremental *incremental, const struct solve_options *options)
{
    struct problem copy;
    struct plan plan;
    struct error error;
    struct certificate certificate;
    uint64_t sequence = 0;
    incremental_snapshot(incremental, &copy, &sequence);
    if (solve(&copy, options, &plan, &error) && certificate_work_out(&copy, &plan, &certificate, &error)) {
        fprintf(stderr, "%-14s gap=%.3f%% nodegap=%.3f%% cost=%" PRId64 " bound=%" PRId64 "\n", "solved anew",
                (double)certificate.gap_ppm / 1e4, (double)certificate.node_gap_ppm / 1e4, certificate.cost,
                certificate.bound);
        plan_release(&plan);
    }
    problem_release(&copy);
}

static int run_kind(struct bench *bench, enum kind kind)
{
    struct incremental *incremental = start(bench);
    for (int i = 0; i < EVENTS; i++)
        bench->micros[i] = one_event(bench, incremental, kind) * 1e6;
    report(names[kind], bench->micros, EVENTS, incremental);
    int failed = check(incremental);
    report_solved(incremental, bench->options);
    incremental_close(incremental);
    return failed;
}

/* A snapshot is solved while the next third of the events comes, as another thread would; its plan arrives late. */
static int run_mixed(struct bench *bench, const struct solve_options *options, int rebases)
{
    struct incremental *incremental = start(bench);
    struct problem copy;
    struct plan plan;
    struct error error;
    uint64_t sequence = 0;
    for (int i = 0; i < MIXED; i++) {
        if (rebases && i % (MIXED / rebases) == MIXED / rebases / 2)
            incremental_snapshot(incremental, &copy, &sequence);
        bench->micros[i] = one_event(bench, incremental, (enum kind)pick(bench, LOST + 1)) * 1e6;
        if (!rebases || (i + 1) % (MIXED / rebases) != 0)
            continue;
        if (solve(&copy, options, &plan, &error)) {
            bool better = false;
            double begin = processor_seconds();
            incremental_rebase(incremental, &plan, sequence, &better, &error);
            fprintf(stderr, "rebase: %s, %.1fms\n", better ? "better" : "nothing", (processor_seconds() - begin) * 1e3);
            plan_release(&plan);
        }
        problem_release(&copy);
    }
    report(rebases ? "mixed, rebased" : "mixed", bench->micros, MIXED, incremental);
    int failed = check(incremental);
    if (!rebases)
        report_solved(incremental, options);
    incremental_close(incremental);
    return failed;
}

static int run_outage(struct bench *bench)
{
    struct incremental *incremental = start(bench);
    struct error error;
    double begin = processor_seconds();
    incremental_lose_region(incremental, incremental_problem(incremental)->regions / 2, &error);
    bench->micros[0] = (processor_seconds() - begin) * 1e6;
    report("outage", bench->micros, 1, incremental);
    int failed = check(incremental);
    incremental_close(incremental);
    return failed;
}

int events_run(struct problem *problem, unsigned effort, const char *only)
{
    static struct bench bench;
    struct solve_options options = {.seed = 1, .effort = effort};
    struct plan plan;
    struct error error;
    if (!solve(problem, &options, &plan, &error)) {
        fprintf(stderr, "%s\n", error.text);
        problem_release(problem);
        return 1;
    }
    bench.problem = problem;
    bench.plan = &plan;
    bench.options = &options;
    double begin = processor_seconds();
    struct incremental *incremental = start(&bench);
    bench.micros[0] = (processor_seconds() - begin) * 1e6;
    report("opened", bench.micros, 1, incremental);
    incremental_close(incremental);
    int failed = 0;
    for (int kind = 0; kind < KINDS; kind++) {
        if (!only || strcmp(only, names[kind]) == 0)
            failed |= run_kind(&bench, (enum kind)kind);
    }
    if (!only || strcmp(only, "outage") == 0)
        failed |= run_outage(&bench);
    if (!only || strcmp(only, "mixed") == 0)
        failed |= run_mixed(&bench, &options, 0) | run_mixed(&bench, &options, REBASES);
    plan_release(&plan);
    problem_release(problem);
    return failed;
}
