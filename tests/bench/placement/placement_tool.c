/* A bare command round the placement library, for benches and tests: timing goes to stderr as key=value.
 *
 *     placement-tool generate SHAPE SEED           problem on stdout; SHAPE of generate.h, or FAMILY:SIZE of families.h
 *     placement-tool families                      their names
 *     placement-tool solve FILE [-o PLAN] [-seed N] [-effort 1..9]
 *     placement-tool check FILE PLAN
 *     placement-tool events FILE [EFFORT]          microseconds an event: resize, price, machine lost; outage
 *     placement-tool baseline FILE                 cheapest pool a group, and division blind to cost */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/buffer.h"
#include "controller/placement/certificate.h"
#include "controller/placement/incremental.h"
#include "controller/placement/solve.h"
#include "tests/bench/placement/disturb.h"
#include "tests/bench/placement/families.h"
#include "tests/bench/placement/generate.h"

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void report(const char *key, double value)
{
    fprintf(stderr, "%s=%.6f ", key, value);
}

static bool read_file(const char *path, struct buffer *out)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return false;
    }
    char chunk[1 << 16];
    size_t got;
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
        buffer_append(out, chunk, got);
    fclose(file);
    return true;
}

static int fail(const char *path, const struct error *error)
{
    fprintf(stderr, "%s:%s\n", path, error->text);
    return 1;
}

/* FAMILY:SIZE */
static bool generate_family(const char *name, uint64_t seed, struct buffer *out)
{
    char word[64];
    const char *colon = strchr(name, ':');
    if (!colon || (size_t)(colon - name) >= sizeof word)
        return false;
    memcpy(word, name, (size_t)(colon - name));
    word[colon - name] = '\0';
    const struct family *family = family_find(word);
    struct error error = {0};
    if (!family || !family_generate(family, colon + 1, seed, out))
        return false;
    if (family_is_steady(family) && !disturb_problem(out, seed, &error))
        fprintf(stderr, "%s\n", error.text);
    return !error.code;
}

static int run_generate(const char *name, const char *number)
{
    const struct generate_shape *shape = generate_shape_find(name);
    uint64_t seed = strtoull(number, NULL, 10);
    struct buffer out = BUFFER_INIT;
    bool fine = true;
    if (shape)
        generate_problem(shape, seed, &out);
    else
        fine = generate_family(name, seed, &out);
    if (fine)
        fwrite(out.data, 1, out.length, stdout);
    else
        fprintf(stderr, "no shape or family is called %s\n", name);
    buffer_release(&out);
    return fine ? 0 : 2;
}

static int run_families(void)
{
    const struct family *family;
    for (size_t i = 0; (family = family_at(i)); i++)
        printf("%s\n", family_name(family));
    return 0;
}

static bool load(const char *path, struct problem *ret_problem, struct error *error)
{
    struct buffer text = BUFFER_INIT;
    double start = seconds();
    if (!read_file(path, &text))
        return error_set(error, ERROR_SYSTEM, " unreadable");
    bool fine = problem_read(text.data, text.length, ret_problem, error);
    buffer_release(&text);
    report("read", seconds() - start);
    return fine;
}

static void report_certificate(const struct certificate *certificate)
{
    fprintf(stderr,
            "cost=%" PRId64 " nodecost=%" PRId64 " bound=%" PRId64 " forced=%" PRId64 " gap=%.4f%% nodegap=%.4f%% ",
            certificate->cost, certificate->nodecost, certificate->bound, certificate->forced,
            (double)certificate->gap_ppm / 1e4, (double)certificate->node_gap_ppm / 1e4);
}

static int run_solve(const char *path, int count, char **words)
{
    struct solve_options options = SOLVE_OPTIONS_DEFAULT;
    const char *to = NULL;
    for (int i = 0; i + 1 < count; i += 2) {
        if (strcmp(words[i], "-o") == 0)
            to = words[i + 1];
        else if (strcmp(words[i], "-seed") == 0)
            options.seed = strtoull(words[i + 1], NULL, 10);
        else if (strcmp(words[i], "-effort") == 0)
            options.effort = (unsigned)strtoul(words[i + 1], NULL, 10);
        else
            return 2;
    }
    struct problem problem;
    struct plan plan;
    struct error error;
    struct certificate certificate;
    if (!load(path, &problem, &error))
        return fail(path, &error);
    double start = seconds();
    double processor = processor_seconds();
    if (!solve(&problem, &options, &plan, &error))
        return fail(path, &error);
    report("solve", seconds() - start);
    report("cpu", processor_seconds() - processor);
    start = seconds();
    if (!certificate_check(&problem, &plan, &certificate, &error))
        return fail(path, &error);
    report("check", seconds() - start);
    report_certificate(&certificate);
    int64_t unplaced = 0;
    for (uint32_t j = 0; j < problem.groups; j++)
        unplaced += plan.unplaced[j];
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    fprintf(stderr, "unplaced=%" PRId64 " mib=%ld\n", unplaced, usage.ru_maxrss / 1024);
    struct buffer out = BUFFER_INIT;
    plan_write(&plan, &problem, &out);
    FILE *file = to ? fopen(to, "wb") : NULL;
    if (file) {
        fwrite(out.data, 1, out.length, file);
        fclose(file);
    }
    buffer_release(&out);
    plan_release(&plan);
    problem_release(&problem);
    return 0;
}

static int run_check(const char *path, const char *plan_path)
{
    struct problem problem;
    struct plan plan;
    struct error error;
    struct certificate certificate;
    struct buffer text = BUFFER_INIT;
    if (!load(path, &problem, &error))
        return fail(path, &error);
    if (!read_file(plan_path, &text))
        return 1;
    if (!plan_read(text.data, text.length, &problem, &plan, &error))
        return fail(plan_path, &error);
    double start = seconds();
    if (!certificate_check(&problem, &plan, &certificate, &error))
        return fail(plan_path, &error);
    report("check", seconds() - start);
    report_certificate(&certificate);
    fprintf(stderr, "\n");
    buffer_release(&text);
    plan_release(&plan);
    problem_release(&problem);
    return 0;
}

/* --- events --- */

enum { EVENTS = 1000 };

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static void report_times(const char *name, double *micros, int count)
{
    qsort(micros, (size_t)count, sizeof *micros, compare_doubles);
    fprintf(stderr, "%s: p50=%.1fus p99=%.1fus worst=%.1fus\n", name, micros[count / 2], micros[count * 99 / 100],
            micros[count - 1]);
}

static uint64_t event_state = 12345;

static uint32_t pick(uint32_t limit)
{
    event_state = event_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((event_state >> 33) % limit);
}

static void one_event(struct incremental *incremental, int kind)
{
    const struct problem *problem = incremental_problem(incremental);
    struct error error;
    if (kind == 0) {
        uint32_t group = pick(problem->groups);
        int64_t count = problem->group_count[group];
        incremental_resize_group(incremental, group, pick(2) ? count + 1 + count / 10 : count - count / 10, &error);
    } else if (kind == 1) {
        uint32_t pool = pick(problem->pools);
        incremental_set_pool_price(incremental, pool, problem->pool_price[pool] * (95 + pick(11)) / 100, &error);
    } else {
        incremental_lose_machine(incremental, pick(problem->pools), pick(1000), &error);
    }
}

static int run_events(const char *path, unsigned effort)
{
    static const char *const names[] = {"resize", "price", "machine lost"};
    struct problem problem;
    struct error error;
    struct solve_options options = {.seed = 1, .effort = effort};
    static double micros[EVENTS];
    if (!load(path, &problem, &error))
        return fail(path, &error);
    struct incremental *incremental = incremental_open(&problem, &options, &error);
    if (!incremental)
        return fail(path, &error);
    struct certificate figures = incremental_figures(incremental);
    fprintf(stderr, "opened: gap=%.4f%%\n", (double)figures.gap_ppm / 1e4);
    for (int kind = 0; kind < 3; kind++) {
        for (int i = 0; i < EVENTS; i++) {
            double start = seconds();
            one_event(incremental, kind);
            micros[i] = (seconds() - start) * 1e6;
        }
        report_times(names[kind], micros, EVENTS);
    }
    figures = incremental_figures(incremental);
    fprintf(stderr, "after %d events: gap=%.4f%%\n", 3 * EVENTS, (double)figures.gap_ppm / 1e4);
    double start = seconds();
    incremental_lose_region(incremental, 1, &error);
    double outage = seconds() - start;
    figures = incremental_figures(incremental);
    fprintf(stderr, "outage: %.2fms gap=%.4f%% nodegap=%.4f%%\n", outage * 1e3, (double)figures.gap_ppm / 1e4,
            (double)figures.node_gap_ppm / 1e4);
    struct plan plan;
    struct certificate certificate;
    bool fine = incremental_plan(incremental, &plan, &error) &&
                certificate_check(incremental_problem(incremental), &plan, &certificate, &error);
    fprintf(stderr, "checked: %s\n", fine ? "yes" : error.text);
    plan_release(&plan);
    incremental_close(incremental);
    return fine ? 0 : 1;
}

/* --- baselines --- */

/* Aggregate cost of a placement by hand; machines as many as needed, limits of pools kept by spilling over to the next
 * pool in the order. blind: the order is the pools' own, round robin over regions, else cheapest first. */
static double run_baseline_order(const struct problem *problem, bool blind)
{
    uint32_t dims = problem->dimensions;
    double *used = calloc((size_t)problem->pools * dims, sizeof *used);
    double cost = 0;
    for (uint32_t p = 0; p < problem->pools; p++) {
        for (uint32_t k = 0; k < dims; k++)
            used[(size_t)p * dims + k] = (double)problem->pool_held[(size_t)p * dims + k];
    }
    for (uint32_t j = 0; j < problem->groups; j++) {
        size_t first = problem->pair_start[j];
        size_t end = problem->pair_start[j + 1];
        int64_t left = problem->group_count[j];
        uint32_t turn = 0;
        while (left > 0) {
            size_t best = SIZE_MAX;
            double best_cost = 0;
            int64_t best_room = 0;
            for (size_t n = 0; n < end - first; n++) {
                size_t i = blind ? first + (n + turn) % (end - first) : first + n;
                uint32_t p = problem->pair_pool[i];
                if (!problem_pair_fits(problem, j, p))
                    continue;
                int64_t limit = problem_pool_limit(problem, p);
                int64_t room = left;
                double share = 0;
                for (uint32_t k = 0; k < dims; k++) {
                    double demand = (double)problem->group_demand[(size_t)j * dims + k];
                    double capacity = (double)problem->pool_capacity[(size_t)p * dims + k];
                    if (demand <= 0)
                        continue;
                    share = demand / capacity > share ? demand / capacity : share;
                    if (limit != PROBLEM_UNLIMITED) {
                        double fits = (capacity * (double)limit - used[(size_t)p * dims + k]) / demand;
                        room = fits < (double)room ? (int64_t)fits : room;
                    }
                }
                if (room <= 0)
                    continue;
                double each = (double)problem->pair_extra[i] + share * (double)problem->pool_price[p];
                if (best == SIZE_MAX || (!blind && each < best_cost)) {
                    best = i;
                    best_cost = each;
                    best_room = room;
                    if (blind)
                        break;
                }
            }
            if (best == SIZE_MAX)
                break;
            int64_t amount =
                blind ? (best_room < 1 + problem->group_count[j] / 8 ? best_room : 1 + problem->group_count[j] / 8)
                      : best_room;
            amount = amount < left ? amount : left;
            for (uint32_t k = 0; k < dims; k++)
                used[(size_t)problem->pair_pool[best] * dims + k] +=
                    (double)amount * (double)problem->group_demand[(size_t)j * dims + k];
            cost += (double)amount * (double)problem->pair_extra[best];
            left -= amount;
            turn = (uint32_t)(best - first) + 1 + (blind ? pick((uint32_t)(end - first)) : 0);
        }
        cost += (double)left * (double)problem->group_unplaced[j];
    }
    for (uint32_t p = 0; p < problem->pools; p++) {
        int64_t machines = problem->pool_min[p];
        for (uint32_t k = 0; k < dims; k++) {
            double capacity = (double)problem->pool_capacity[(size_t)p * dims + k];
            int64_t need = capacity > 0 ? (int64_t)(used[(size_t)p * dims + k] / capacity + 0.999999) : 0;
            machines = need > machines ? need : machines;
        }
        cost += (double)problem_pool_cost(problem, p, machines);
    }
    free(used);
    return cost;
}

static int run_baseline(const char *path)
{
    struct problem problem;
    struct error error;
    if (!load(path, &problem, &error))
        return fail(path, &error);
    fprintf(stderr, "cheapest=%.0f ", run_baseline_order(&problem, false));
    fprintf(stderr, "blind=%.0f\n", run_baseline_order(&problem, true));
    problem_release(&problem);
    return 0;
}

int main(int count, char **words)
{
    if (count == 4 && strcmp(words[1], "generate") == 0)
        return run_generate(words[2], words[3]);
    if (count == 2 && strcmp(words[1], "families") == 0)
        return run_families();
    if (count >= 3 && strcmp(words[1], "solve") == 0)
        return run_solve(words[2], count - 3, words + 3);
    if (count == 4 && strcmp(words[1], "check") == 0)
        return run_check(words[2], words[3]);
    if (count >= 3 && strcmp(words[1], "events") == 0)
        return run_events(words[2], count > 3 ? (unsigned)strtoul(words[3], NULL, 10) : 3);
    if (count == 3 && strcmp(words[1], "baseline") == 0)
        return run_baseline(words[2]);
    fprintf(stderr,
            "usage: placement-tool generate SHAPE SEED | families | solve FILE [-o PLAN] [-seed N] [-effort N] | "
            "check FILE PLAN | events FILE [EFFORT] | baseline FILE\n");
    return 2;
}
