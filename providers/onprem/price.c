/* The price of an owned machine. */
#include "providers/onprem/price.h"

#include <stddef.h>

#define MILLION INT64_C(1000000)
#define MONTH_HOURS INT64_C(730)
#define YEAR_HOURS INT64_C(8760)
/* Largest amount that is believed, in micro-units: 10^12 of the currency. */
#define AMOUNT_MAX (INT64_C(1000000000000) * MILLION)

/* value * numerator / denominator, half up. numerator and denominator may exceed 64 bits, their product with value not
 * 127: amounts stay below 2^60, the rest below 2^63. */
static bool share(int64_t value, __int128 numerator, __int128 denominator, int64_t *ret)
{
    if (denominator <= 0 || value < 0 || numerator < 0)
        return false;
    __int128 product = 0;
    if (__builtin_mul_overflow((__int128)value, numerator, &product) ||
        __builtin_add_overflow(product, denominator / 2, &product))
        return false;
    __int128 result = product / denominator;
    if (result > INT64_MAX)
        return false;
    *ret = (int64_t)result;
    return true;
}

static bool check_amounts(const struct price_inputs *inputs, struct error *ret_error)
{
    const int64_t amounts[] = {inputs->purchase_micro,   inputs->residual_micro,        inputs->rack_month_micro,
                               inputs->staff_year_micro, inputs->bandwidth_month_micro, inputs->other_month_micro};
    for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++)
        if (amounts[i] < 0 || amounts[i] > AMOUNT_MAX)
            return error_set(ret_error, ERROR_INVALID, "an amount of the price is negative or beyond 10^12");
    if (inputs->residual_micro > inputs->purchase_micro)
        return error_set(ret_error, ERROR_INVALID, "residual is more than purchase");
    if (inputs->months < 1 || inputs->months > 1200)
        return error_set(ret_error, ERROR_INVALID, "months must be 1 to 1200");
    if (inputs->capital_ppm < 0 || inputs->capital_ppm > MILLION || inputs->maintenance_ppm < 0 ||
        inputs->maintenance_ppm > MILLION)
        return error_set(ret_error, ERROR_INVALID, "capital_percent and maintenance_percent must be 0 to 100");
    return true;
}

static bool check_shares(const struct price_inputs *inputs, struct error *ret_error)
{
    if (inputs->rack_month_micro > 0 &&
        (inputs->rack_units < 1 || inputs->rack_units_total < inputs->rack_units || inputs->rack_units_total > 1000 ||
         inputs->rack_fill_ppm < 1 || inputs->rack_fill_ppm > MILLION))
        return error_set(ret_error, ERROR_INVALID,
                         "rack_month needs rack_units within rack_units_total and a rack_fill_percent of 1 to 100");
    if ((inputs->staff_year_micro > 0 && inputs->staff_machines < 1) ||
        (inputs->bandwidth_month_micro > 0 && inputs->bandwidth_machines < 1))
        return error_set(ret_error, ERROR_INVALID,
                         "staff_year needs staff_machines, bandwidth_month needs bandwidth_machines");
    return true;
}

bool price_fixed(const struct price_inputs *inputs, struct price_fixed *ret_fixed, struct error *ret_error)
{
    struct price_fixed fixed = {0};
    if (!check_amounts(inputs, ret_error) || !check_shares(inputs, ret_error))
        return false;
    int64_t purchase = inputs->purchase_micro, residual = inputs->residual_micro;
    bool fits = share(purchase - residual, 1, (__int128)inputs->months * MONTH_HOURS, &fixed.amortisation) &&
                share(purchase + residual, inputs->capital_ppm, (__int128)2 * MILLION * YEAR_HOURS, &fixed.capital) &&
                share(purchase, inputs->maintenance_ppm, (__int128)MILLION * YEAR_HOURS, &fixed.maintenance) &&
                share(inputs->other_month_micro, 1, MONTH_HOURS, &fixed.other);
    if (fits && inputs->rack_month_micro > 0)
        fits = share(inputs->rack_month_micro, (__int128)inputs->rack_units * MILLION,
                     (__int128)inputs->rack_units_total * inputs->rack_fill_ppm * MONTH_HOURS, &fixed.rack);
    if (fits && inputs->staff_year_micro > 0)
        fits = share(inputs->staff_year_micro, 1, (__int128)inputs->staff_machines * YEAR_HOURS, &fixed.staff);
    if (fits && inputs->bandwidth_month_micro > 0)
        fits = share(inputs->bandwidth_month_micro, 1, (__int128)inputs->bandwidth_machines * MONTH_HOURS,
                     &fixed.bandwidth);
    if (!fits)
        return error_set(ret_error, ERROR_OVERFLOW, "the fixed part of the price does not fit into 64 bits");
    /* Each is at most 2 * AMOUNT_MAX / 730, so seven of them cannot overflow. */
    fixed.total = fixed.amortisation + fixed.capital + fixed.maintenance + fixed.rack + fixed.staff + fixed.bandwidth +
                  fixed.other;
    *ret_fixed = fixed;
    return true;
}

bool price_power(int64_t milliwatts, int64_t pue_micro, int64_t rate_minutes, int64_t minutes, int64_t *ret_micro_h,
                 struct error *ret_error)
{
    /* milliwatts / 10^6 kW, pue / 10^6, rate_minutes / minutes a kWh. */
    if (pue_micro < 0 || rate_minutes < 0 || minutes <= 0 ||
        !share(milliwatts, (__int128)pue_micro * rate_minutes, (__int128)MILLION * MILLION * minutes, ret_micro_h))
        return error_set(ret_error, ERROR_OVERFLOW, "the price of power does not fit into 64 bits");
    return true;
}

static bool price_wake(const struct price_inputs *inputs, int64_t rate_minutes, int64_t minutes,
                       struct price_machine *price, struct error *ret_error)
{
    price->break_even_s = -1;
    if (inputs->boot_seconds < 0 || inputs->boot_seconds > 86400 || inputs->boot_mw < 0)
        return error_set(ret_error, ERROR_INVALID, "boot_seconds must be 0 to 86400, watts must not be negative");
    int64_t rate_seconds = 0, span = 0; /* the rate over the start's seconds, as a share of the span in hours */
    if (__builtin_mul_overflow(rate_minutes, inputs->boot_seconds, &rate_seconds) ||
        __builtin_mul_overflow(minutes, INT64_C(3600), &span))
        return error_set(ret_error, ERROR_OVERFLOW, "the price of a start does not fit into 64 bits");
    if (!price_power(inputs->boot_mw, inputs->pue_micro, rate_seconds, span, &price->wake_micro, ret_error))
        return false;
    int64_t saved = price->power_idle - price->power_off;
    if (saved > 0)
        price->break_even_s = (int64_t)(((__int128)price->wake_micro * 3600 + saved - 1) / saved);
    return true;
}

bool price_machine(const struct price_inputs *inputs, int64_t rate_minutes, int64_t minutes,
                   struct price_machine *ret_price, struct error *ret_error)
{
    struct price_machine price = {0};
    if (inputs->loaded_mw < inputs->idle_mw || inputs->idle_mw < inputs->off_mw || inputs->off_mw < 0)
        return error_set(ret_error, ERROR_INVALID, "watts must not fall from off over idle to loaded");
    if (!price_fixed(inputs, &price.fixed, ret_error) ||
        !price_power(inputs->loaded_mw, inputs->pue_micro, rate_minutes, minutes, &price.power_loaded, ret_error) ||
        !price_power(inputs->idle_mw, inputs->pue_micro, rate_minutes, minutes, &price.power_idle, ret_error) ||
        !price_power(inputs->off_mw, inputs->pue_micro, rate_minutes, minutes, &price.power_off, ret_error))
        return false;
    if (__builtin_add_overflow(price.fixed.total, price.power_loaded, &price.full_loaded))
        return error_set(ret_error, ERROR_OVERFLOW, "the price does not fit into 64 bits");
    price.full_idle = price.fixed.total + price.power_idle;
    price.full_off = price.fixed.total + price.power_off;
    price.marginal_use = price.power_loaded - price.power_idle;
    price.marginal_wake = price.power_loaded - price.power_off;
    if (!price_wake(inputs, rate_minutes, minutes, &price, ret_error))
        return false;
    *ret_price = price;
    return true;
}
