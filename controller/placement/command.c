/* See command.h. */
#include "controller/placement/command.h"

#include "base/money.h"

int placement_command_solve(const char *problem_bytes, size_t problem_length, const struct solve_options *options,
                            struct buffer *ret_plan, struct certificate *ret_certificate,
                            enum placement_input *ret_input, struct error *ret_error)
{
    struct problem problem;
    struct plan plan;
    *ret_input = PLACEMENT_INPUT_PROBLEM;
    if (!problem_read(problem_bytes, problem_length, &problem, ret_error))
        return PLACEMENT_FAILED;
    *ret_input = PLACEMENT_INPUT_NONE;
    bool fine = solve(&problem, options, &plan, ret_error);
    if (fine) {
        fine = certificate_check(&problem, &plan, ret_certificate, ret_error);
        if (fine)
            plan_write(&plan, &problem, ret_plan);
        plan_release(&plan);
    }
    problem_release(&problem);
    return fine ? PLACEMENT_DONE : PLACEMENT_FAILED;
}

int placement_command_check(const char *problem_bytes, size_t problem_length, const char *plan_bytes,
                            size_t plan_length, struct certificate *ret_certificate, enum placement_input *ret_input,
                            struct error *ret_error)
{
    struct problem problem;
    struct plan plan;
    *ret_input = PLACEMENT_INPUT_PROBLEM;
    if (!problem_read(problem_bytes, problem_length, &problem, ret_error))
        return PLACEMENT_FAILED;
    *ret_input = PLACEMENT_INPUT_PLAN;
    bool fine = plan_read(plan_bytes, plan_length, &problem, &plan, ret_error);
    if (fine) {
        *ret_input = PLACEMENT_INPUT_NONE;
        fine = certificate_check(&problem, &plan, ret_certificate, ret_error);
        plan_release(&plan);
    }
    problem_release(&problem);
    return fine ? PLACEMENT_DONE : PLACEMENT_FAILED;
}

static void report_cost(const char *name, int64_t cost, int64_t bound, int64_t ppm, struct buffer *out)
{
    char money[MONEY_TEXT_MAX];
    char gap[MONEY_TEXT_MAX];
    buffer_printf(out, "%-9s %s $/h", name, money_format(cost, money));
    buffer_printf(out, ", at most %lld.%04lld %% (%s $/h) above the best\n", (long long)(ppm / 10000),
                  (long long)(ppm % 10000), money_format(cost - bound, gap));
}

void placement_command_report(const struct certificate *certificate, struct buffer *out)
{
    char money[MONEY_TEXT_MAX];
    report_cost("cost", certificate->cost, certificate->bound, certificate->gap_ppm, out);
    report_cost("nodecost", certificate->nodecost, certificate->bound, certificate->node_gap_ppm, out);
    buffer_printf(out, "%-9s %s $/h\n", "bound", money_format(certificate->bound, money));
    if (certificate->forced)
        buffer_printf(out, "%-9s %s $/h, for what fits nowhere\n", "forced", money_format(certificate->forced, money));
}
