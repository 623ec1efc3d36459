/* Capacity that is paid for whether it is used or not: reservations and savings plans as configured.
 *
 * Either covers whole machines of the pools it names. What a covered machine costs is spent already, so using it adds
 * nothing; beyond the coverage the pool's own rate holds. */
#ifndef DROVER_MODEL_COMMITMENT_H
#define DROVER_MODEL_COMMITMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/policy.h"

enum { COMMITMENTS_MAX = 256, COMMITMENT_NODES_MAX = 1000000 };

enum commitment_kind {
    COMMITMENT_RESERVATION, /* so many machines */
    COMMITMENT_SAVINGS_PLAN /* so many dollars an hour, spent on machines at a discount from their list price */
};
const char *commitment_kind_word(enum commitment_kind kind); /* "reservation", "savings-plan" */

struct commitment {
    char *name;
    enum commitment_kind kind;
    struct patterns pools; /* globs over "region/pool" */
    int64_t nodes;         /* reservation: machines covered */
    /* Reservation: what one covered machine costs an hour, the upfront part spread over the term. Savings plan: what is
     * committed to an hour, for all of it. */
    int64_t uusd_h;
    int64_t discount_millionths; /* savings plan: off the list price */
    int64_t ends_ms;             /* since the epoch; 0: no end known */
};

void commitment_release(struct commitment *commitment);
void commitment_copy(struct commitment *into, const struct commitment *from);
/* Whether it is about that pool. */
bool commitment_covers(const struct commitment *commitment, const char *region, const char *pool);
/* What a covered machine with this list price costs an hour; for a savings plan rounded up. */
int64_t commitment_machine_uusd_h(const struct commitment *commitment, int64_t list_uusd_h);

#endif
