/* A bare command round the placement library, for benches and tests: timing goes to stderr as key=value.
 *
 *     placement-tool generate SHAPE SEED           problem on stdout; SHAPE of generate.h, or FAMILY:SIZE of families.h
 *     placement-tool families                      their names
 *     placement-tool solve FILE [-o PLAN] [-seed N] [-effort 1..9]
 *     placement-tool check FILE PLAN
 *     placement-tool events FILE [EFFORT [KIND]]   processor time an event, and drift
 *     placement-tool baseline FILE                 cheapest pool a group, and division blind to cost */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "controller/placement/certificate.h"
#include "controller/placement/solve.h"
#include "tests/bench/placement/baseline.h"
#include "tests/bench/placement/disturb.h"
#include "tests/bench/placement/events.h"
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

static void write_file(const char *path, const struct buffer *bytes)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes->data, 1, bytes->length, file) != bytes->length)
        perror(path);
    if (file)
        fclose(file);
}

/* Peak resident memory; ru_maxrss would count what the parent had before exec. */
static long peak_kib(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long peak = 0;
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = strtol(line + 6, NULL, 10);
    }
    if (file)
        fclose(file);
    return peak;
}

static void report_solved(const struct problem *problem, const struct plan *plan)
{
    int64_t unplaced = 0;
    for (uint32_t j = 0; j < problem->groups; j++)
        unplaced += plan->unplaced[j];
    fprintf(stderr, "unplaced=%" PRId64 " mib=%ld\n", unplaced, peak_kib() / 1024);
}

/* Solves, checks what came out and reports both. */
static bool solve_and_check(const struct problem *problem, const struct solve_options *options, struct plan *ret_plan,
                            struct error *error)
{
    struct certificate certificate;
    double start = seconds();
    double processor = processor_seconds();
    if (!solve(problem, options, ret_plan, error))
        return false;
    report("solve", seconds() - start);
    report("cpu", processor_seconds() - processor);
    start = seconds();
    if (!certificate_check(problem, ret_plan, &certificate, error)) {
        plan_release(ret_plan);
        return false;
    }
    report("check", seconds() - start);
    report_certificate(&certificate);
    report_solved(problem, ret_plan);
    return true;
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
    if (!load(path, &problem, &error))
        return fail(path, &error);
    bool fine = solve_and_check(&problem, &options, &plan, &error);
    if (fine && to) {
        struct buffer out = BUFFER_INIT;
        plan_write(&plan, &problem, &out);
        write_file(to, &out);
        buffer_release(&out);
    }
    if (fine)
        plan_release(&plan);
    problem_release(&problem);
    return fine ? 0 : fail(path, &error);
}

static bool check_file(const char *path, const struct problem *problem, struct error *error)
{
    struct buffer text = BUFFER_INIT;
    struct plan plan;
    struct certificate certificate;
    if (!read_file(path, &text))
        return error_set(error, ERROR_SYSTEM, " unreadable");
    bool fine = plan_read(text.data, text.length, problem, &plan, error);
    buffer_release(&text);
    if (!fine)
        return false;
    double start = seconds();
    fine = certificate_check(problem, &plan, &certificate, error);
    report("check", seconds() - start);
    if (fine)
        report_certificate(&certificate);
    fprintf(stderr, "\n");
    plan_release(&plan);
    return fine;
}

static int run_check(const char *path, const char *plan_path)
{
    struct problem problem;
    struct error error;
    if (!load(path, &problem, &error))
        return fail(path, &error);
    bool fine = check_file(plan_path, &problem, &error);
    problem_release(&problem);
    return fine ? 0 : fail(plan_path, &error);
}

static int run_baseline(const char *path)
{
    struct problem problem;
    struct error error;
    if (!load(path, &problem, &error))
        return fail(path, &error);
    fprintf(stderr, "cheapest=%.0f ", baseline_cheapest(&problem));
    fprintf(stderr, "blind=%.0f\n", baseline_blind(&problem));
    problem_release(&problem);
    return 0;
}

static int run_events(const char *path, unsigned effort, const char *only)
{
    struct problem problem;
    struct error error;
    return load(path, &problem, &error) ? events_run(&problem, effort, only) : fail(path, &error);
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
        return run_events(words[2], count > 3 ? (unsigned)strtoul(words[3], NULL, 10) : 3, count > 4 ? words[4] : NULL);
    if (count == 3 && strcmp(words[1], "baseline") == 0)
        return run_baseline(words[2]);
    fprintf(stderr,
            "usage: placement-tool generate SHAPE SEED | families | solve FILE [-o PLAN] [-seed N] [-effort N] | "
            "check FILE PLAN | events FILE [EFFORT [KIND]] | baseline FILE\n");
    return 2;
}
