/* links: provider_onprem provider_sdk base */
/* The price of an owned machine: the worked example to the micro-unit, the edges, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "providers/onprem/price.h"
#include "providers/sdk/decimal.h"

#define UNIT SDK_MICRO

static const struct price_inputs example = {
    .purchase_micro = 12000 * UNIT,
    .residual_micro = 1200 * UNIT,
    .months = 48,
    .capital_ppm = 80000,
    .maintenance_ppm = 60000,
    .rack_month_micro = 1500 * UNIT,
    .rack_units = 1,
    .rack_units_total = 42,
    .rack_fill_ppm = 750000,
    .staff_year_micro = 180000 * UNIT,
    .staff_machines = 250,
    .bandwidth_month_micro = 2000 * UNIT,
    .bandwidth_machines = 100,
    .pue_micro = 1450000,
    .loaded_mw = 420000,
    .idle_mw = 180000,
    .off_mw = 12000,
    .boot_mw = 300000,
    .boot_seconds = 300,
};

static void test_the_example_to_the_micro_unit(void **state)
{
    (void)state;
    struct price_machine price;
    struct error error = {0};
    assert_true(price_machine(&example, 140000 * INT64_C(60), 60, &price, &error));
    assert_int_equal(price.fixed.amortisation, 308219);
    assert_int_equal(price.fixed.capital, 60274);
    assert_int_equal(price.fixed.maintenance, 82192);
    assert_int_equal(price.fixed.rack, 65232);
    assert_int_equal(price.fixed.staff, 82192);
    assert_int_equal(price.fixed.bandwidth, 27397);
    assert_int_equal(price.fixed.other, 0);
    assert_int_equal(price.fixed.total, 625506);
    assert_int_equal(price.power_loaded, 85260);
    assert_int_equal(price.power_idle, 36540);
    assert_int_equal(price.power_off, 2436);
    assert_int_equal(price.full_loaded, 710766);
    assert_int_equal(price.full_idle, 662046);
    assert_int_equal(price.full_off, 627942);
    assert_int_equal(price.marginal_use, 48720);
    assert_int_equal(price.marginal_wake, 82824);
    assert_int_equal(price.wake_micro, 5075);
    assert_int_equal(price.break_even_s, 536); /* 8.9 minutes */
    int64_t at_sixty_percent = 0;
    assert_true(sdk_decimal_scale(price.fixed.total, 100, 60, &at_sixty_percent));
    assert_int_equal(at_sixty_percent + price.power_loaded, 1127770);
}

static void test_time_of_use_moves_power_alone(void **state)
{
    (void)state;
    static const struct {
        int64_t rate, loaded, use;
    } cases[] = {{220000, 133980, 76560}, {80000, 48720, 27840}};
    for (size_t i = 0; i < 2; i++) {
        struct price_machine price;
        struct error error = {0};
        assert_true(price_machine(&example, cases[i].rate * 60, 60, &price, &error));
        assert_int_equal(price.power_loaded, cases[i].loaded);
        assert_int_equal(price.marginal_use, cases[i].use);
        assert_int_equal(price.fixed.total, 625506);
    }
}

static void test_a_machine_that_idles_as_it_sleeps_never_pays_for_its_start(void **state)
{
    (void)state;
    struct price_inputs inputs = example;
    struct price_machine price;
    struct error error = {0};
    inputs.off_mw = inputs.idle_mw;
    assert_true(price_machine(&inputs, 140000 * INT64_C(60), 60, &price, &error));
    assert_int_equal(price.break_even_s, -1);
}

static void test_half_a_micro_unit_goes_up(void **state)
{
    (void)state;
    struct error error = {0};
    int64_t power = 0;
    /* 1 W at PUE 1 and 0.0005 a kWh is half a millionth. */
    assert_true(price_power(1000, 1000000, 500, 1, &power, &error));
    assert_int_equal(power, 1);
    assert_true(price_power(1000, 1000000, 499, 1, &power, &error));
    assert_int_equal(power, 0);
}

static void test_what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct price_inputs inputs[8];
    for (size_t i = 0; i < 8; i++)
        inputs[i] = example;
    inputs[0].residual_micro = inputs[0].purchase_micro + 1;
    inputs[1].months = 0;
    inputs[2].rack_units = 43;
    inputs[3].rack_fill_ppm = 0;
    inputs[4].staff_machines = 0;
    inputs[5].loaded_mw = inputs[5].idle_mw - 1;
    inputs[6].purchase_micro = INT64_MAX;
    inputs[7].boot_seconds = -1;
    for (size_t i = 0; i < 8; i++) {
        struct price_machine price;
        struct error error = {0};
        assert_false(price_machine(&inputs[i], 60, 60, &price, &error));
        assert_int_not_equal(error.code, ERROR_NONE);
    }
}

static void test_the_largest_amounts_are_an_error_and_never_a_wrap(void **state)
{
    (void)state;
    struct error error = {0};
    int64_t power = 0;
    assert_false(price_power(INT64_MAX, INT64_MAX, INT64_MAX, 1, &power, &error));
    assert_int_equal(error.code, ERROR_OVERFLOW);
    assert_false(price_power(-1, 1000000, 1, 1, &power, &error));
    assert_false(price_power(1, 1000000, 1, 0, &power, &error));
    struct price_inputs inputs = example;
    struct price_machine price;
    inputs.loaded_mw = INT64_MAX;
    assert_false(price_machine(&inputs, INT64_C(1000000000) * 60, 60, &price, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_example_to_the_micro_unit),
        cmocka_unit_test(test_time_of_use_moves_power_alone),
        cmocka_unit_test(test_a_machine_that_idles_as_it_sleeps_never_pays_for_its_start),
        cmocka_unit_test(test_half_a_micro_unit_goes_up),
        cmocka_unit_test(test_what_cannot_be_is_refused),
        cmocka_unit_test(test_the_largest_amounts_are_an_error_and_never_a_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
