/* `drover placement solve|check` without the files and the terminal: bytes in, bytes out.
 *
 * The command line reads the files, calls these and prints; nothing else of it lives there. Pure. */
#ifndef DROVER_CONTROLLER_PLACEMENT_COMMAND_H
#define DROVER_CONTROLLER_PLACEMENT_COMMAND_H

#include "base/buffer.h"
#include "base/error.h"
#include "controller/placement/certificate.h"
#include "controller/placement/solve.h"

/* Exit codes as the command line gives them. */
enum placement_exit { PLACEMENT_DONE = 0, PLACEMENT_FAILED = 1 };

/* Which of the two inputs an error speaks of, so that the caller can put the file's name before "line:column: ". */
enum placement_input { PLACEMENT_INPUT_NONE, PLACEMENT_INPUT_PROBLEM, PLACEMENT_INPUT_PLAN };

/* Solves the problem and appends the plan file to ret_plan, the certificate to *ret_certificate. Errors: as
 * problem_read and solve; *ret_input is set with them. */
int placement_command_solve(const char *problem_bytes, size_t problem_length, const struct solve_options *options,
                            struct buffer *ret_plan, struct certificate *ret_certificate,
                            enum placement_input *ret_input, struct error *ret_error);

/* PLACEMENT_DONE only when the plan keeps every rule and its figures are exactly what follows from it. */
int placement_command_check(const char *problem_bytes, size_t problem_length, const char *plan_bytes,
                            size_t plan_length, struct certificate *ret_certificate, enum placement_input *ret_input,
                            struct error *ret_error);

/* Appends the figures as lines for people: costs, bound, both gaps in percent and in dollars an hour. */
void placement_command_report(const struct certificate *certificate, struct buffer *out);

#endif
