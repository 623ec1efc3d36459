/* links: placement base */
/* The problem reader on any bytes; what it takes must write and read back alike, and small ones must solve and check.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controller/placement/certificate.h"
#include "controller/placement/solve.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void solve_small(const struct problem *problem)
{
    struct plan plan;
    struct error error;
    struct certificate certificate;
    struct solve_options options = {.seed = 1, .effort = 1};
    int64_t allocations = 0;
    for (uint32_t j = 0; j < problem->groups; j++) {
        if (problem->group_count[j] > 1000)
            return;
        allocations += problem->group_count[j];
    }
    if (allocations > 1000 || problem->groups > 20 || problem->pools > 20)
        return;
    if (!solve(problem, &options, &plan, &error)) {
        if (error.code == ERROR_INTERNAL || strstr(error.text, "does not hold"))
            abort();
        return;
    }
    if (!certificate_check(problem, &plan, &certificate, &error))
        abort();
    plan_release(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct problem problem;
    struct problem again;
    struct error error;
    if (!problem_read((const char *)bytes, length, &problem, &error))
        return 0;
    struct buffer first = BUFFER_INIT;
    struct buffer second = BUFFER_INIT;
    problem_write(&problem, &first);
    if (!problem_read(first.data, first.length, &again, &error))
        abort();
    problem_write(&again, &second);
    if (first.length != second.length || memcmp(first.data, second.data, first.length) != 0)
        abort();
    solve_small(&problem);
    buffer_release(&first);
    buffer_release(&second);
    problem_release(&problem);
    problem_release(&again);
    return 0;
}
