/* What an owned machine costs: the full price for reports and for buying or renting, the marginal one for placement.
 * They answer different questions and are never mixed. Whole micro-units of currency an hour; every component is
 * rounded half up once, so that they add up to the total as printed. A month is 730 hours, a year 8760. Pure. */
#ifndef DROVER_PROVIDERS_ONPREM_PRICE_H
#define DROVER_PROVIDERS_ONPREM_PRICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Amounts in micro-units of currency; fractions in millionths (8 % is 80,000). Zero leaves a component out. */
struct price_inputs {
    int64_t purchase_micro, residual_micro;
    int64_t months;                       /* of use; >= 1 */
    int64_t capital_ppm;                  /* cost of capital a year, on the mean of purchase and residual */
    int64_t maintenance_ppm;              /* of the purchase price, a year */
    int64_t rack_month_micro;             /* a whole rack */
    int64_t rack_units, rack_units_total; /* the machine's, the rack's */
    int64_t rack_fill_ppm;                /* of the rack's units that are in use */
    int64_t staff_year_micro, staff_machines;
    int64_t bandwidth_month_micro, bandwidth_machines;
    int64_t other_month_micro;                   /* fixed share of a machine: demand charges, licences */
    int64_t pue_micro;                           /* power usage effectiveness: 1,450,000 is 1.45 */
    int64_t loaded_mw, idle_mw, off_mw, boot_mw; /* milliwatts */
    int64_t boot_seconds;
};

struct price_fixed {
    int64_t amortisation, capital, maintenance, rack, staff, bandwidth, other, total;
};

struct price_machine {
    struct price_fixed fixed;
    int64_t power_loaded, power_idle, power_off;
    int64_t full_loaded, full_idle, full_off;
    int64_t marginal_use;  /* one more hour's work on a machine that is on */
    int64_t marginal_wake; /* an hour's work on a machine that is off */
    int64_t wake_micro;    /* the energy of one start, no rate but an amount */
    int64_t break_even_s;  /* off for longer than this saves more than the start costs, rounded up; -1: never */
};

/* Months, counts and fractions out of range, or a residual above the purchase: ERROR_INVALID. ERROR_OVERFLOW. */
bool price_fixed(const struct price_inputs *inputs, struct price_fixed *ret_fixed, struct error *ret_error);

/* Power at the average rate rate_minutes / minutes (tariff_sum), for one hour. ERROR_OVERFLOW. */
bool price_power(int64_t milliwatts, int64_t pue_micro, int64_t rate_minutes, int64_t minutes, int64_t *ret_micro_h,
                 struct error *ret_error);

/* The whole of it for a machine that draws what `inputs` say. */
bool price_machine(const struct price_inputs *inputs, int64_t rate_minutes, int64_t minutes,
                   struct price_machine *ret_price, struct error *ret_error);

#endif
