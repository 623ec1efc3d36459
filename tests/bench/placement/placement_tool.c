/* A bare command round the placement library, for benches and tests: timing goes to stderr as key=value.
 *
 *     placement-tool generate SHAPE SEED           problem on stdout
 *     placement-tool solve FILE [-o PLAN] [-seed N] [-effort 1..9]
 *     placement-tool check FILE PLAN */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/buffer.h"
#include "controller/placement/certificate.h"
#include "controller/placement/solve.h"
#include "tests/bench/placement/generate.h"

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
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

static int run_generate(const char *name, const char *seed)
{
    const struct generate_shape *shape = generate_shape_find(name);
    if (!shape) {
        fprintf(stderr, "no shape is called %s\n", name);
        return 2;
    }
    struct buffer out = BUFFER_INIT;
    generate_problem(shape, strtoull(seed, NULL, 10), &out);
    fwrite(out.data, 1, out.length, stdout);
    buffer_release(&out);
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
    if (!solve(&problem, &options, &plan, &error))
        return fail(path, &error);
    report("solve", seconds() - start);
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

int main(int count, char **words)
{
    if (count == 4 && strcmp(words[1], "generate") == 0)
        return run_generate(words[2], words[3]);
    if (count >= 3 && strcmp(words[1], "solve") == 0)
        return run_solve(words[2], count - 3, words + 3);
    if (count == 4 && strcmp(words[1], "check") == 0)
        return run_check(words[2], words[3]);
    fprintf(stderr, "usage: placement-tool generate SHAPE SEED | solve FILE [-o PLAN] [-seed N] [-effort N] | "
                    "check FILE PLAN\n");
    return 2;
}
