/* links: placement base */
/* The exact division against brute force on thousands of small random instances, and its edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "controller/placement/division.h"

enum { REGIONS = 4, OPTIONS = 3, PROVIDERS = 2 };

struct instance {
    struct division_option options[REGIONS][OPTIONS];
    struct division_region regions[REGIONS];
    int64_t providers_most[PROVIDERS];
    struct division division;
};

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static int64_t below(uint64_t *state, int64_t limit)
{
    return (int64_t)(next_random(state) % (uint64_t)limit);
}

static void make(struct instance *instance, uint64_t *state)
{
    instance->division = (struct division){.regions = instance->regions,
                                           .region_count = (size_t)below(state, REGIONS) + 1,
                                           .providers_most = instance->providers_most,
                                           .provider_count = PROVIDERS,
                                           .wanted = below(state, 9)};
    for (size_t p = 0; p < PROVIDERS; p++)
        instance->providers_most[p] = below(state, 10);
    for (size_t r = 0; r < REGIONS; r++) {
        struct division_region *region = &instance->regions[r];
        *region = (struct division_region){.options = instance->options[r],
                                           .option_count = (size_t)below(state, OPTIONS + 1),
                                           .most = below(state, 8),
                                           .provider = (size_t)below(state, PROVIDERS)};
        for (size_t o = 0; o < OPTIONS; o++)
            instance->options[r][o] = (struct division_option){.unit_cost = below(state, 6), .most = below(state, 7)};
        if (below(state, 4) == 0 && region->option_count)
            region->least = below(state, 3);
        region->split = below(state, 2) == 0;
        for (size_t o = 0; region->split && o < region->option_count; o++) {
            struct division_option *option = &instance->options[r][o];
            option->least = below(state, 3) == 0 ? below(state, option->most + 1) : 0;
            region->least = o == 0 ? option->least : region->least + option->least;
        }
        if (region->split && region->most < region->least)
            region->most = region->least;
    }
}

struct best {
    int64_t placed, cost;
};

static void search(const struct division *division, size_t region, const int64_t *provider_used, int64_t placed,
                   int64_t cost, struct best *best);

/* Tries every count of every option of a split region. */
static void search_split(const struct division *division, size_t region, size_t option, int64_t *counts,
                         const int64_t *provider_used, int64_t placed, int64_t cost, struct best *best)
{
    const struct division_region *here = &division->regions[region];
    int64_t sum = 0;
    for (size_t o = 0; o < option; o++)
        sum += counts[o];
    if (option == here->option_count) {
        int64_t used[PROVIDERS];
        memcpy(used, provider_used, sizeof used);
        used[here->provider] += sum;
        if (sum <= here->most && used[here->provider] <= division->providers_most[here->provider])
            search(division, region + 1, used, placed, cost, best);
        return;
    }
    for (int64_t count = here->options[option].least;
         count <= here->options[option].most && placed + count <= division->wanted; count++) {
        counts[option] = count;
        search_split(division, region, option + 1, counts, provider_used, placed + count,
                     cost + count * here->options[option].unit_cost, best);
    }
}

/* Tries every option and count of every region. */
static void search(const struct division *division, size_t region, const int64_t *provider_used, int64_t placed,
                   int64_t cost, struct best *best)
{
    if (region == division->region_count) {
        if (placed > best->placed || (placed == best->placed && cost < best->cost))
            *best = (struct best){placed, cost};
        return;
    }
    const struct division_region *here = &division->regions[region];
    if (here->split) {
        int64_t counts[OPTIONS] = {0};
        search_split(division, region, 0, counts, provider_used, placed, cost, best);
        return;
    }
    if (here->least == 0)
        search(division, region + 1, provider_used, placed, cost, best);
    for (size_t o = 0; o < here->option_count; o++)
        for (int64_t count = here->least > 0 ? here->least : 1;
             count <= here->most && count <= here->options[o].most && placed + count <= division->wanted; count++) {
            int64_t used[PROVIDERS];
            memcpy(used, provider_used, sizeof used);
            used[here->provider] += count;
            if (used[here->provider] <= division->providers_most[here->provider])
                search(division, region + 1, used, placed + count, cost + count * here->options[o].unit_cost, best);
        }
}

static int64_t cost_of(const struct division *division, const struct division_share *shares, int64_t *ret_placed)
{
    int64_t cost = 0;
    int64_t used[PROVIDERS] = {0};
    *ret_placed = 0;
    for (size_t r = 0; r < division->region_count; r++) {
        const struct division_region *region = &division->regions[r];
        assert_true(shares[r].count >= region->least);
        if (shares[r].count == 0)
            continue;
        assert_true(region->split || shares[r].option < region->option_count);
        assert_true(shares[r].count <= region->most);
        int64_t counts[OPTIONS];
        int64_t sum = 0;
        division_fill(region, &shares[r], counts);
        for (size_t o = 0; o < region->option_count; o++) {
            assert_true(counts[o] >= region->options[o].least || !region->split);
            assert_true(counts[o] <= region->options[o].most);
            cost += counts[o] * region->options[o].unit_cost;
            sum += counts[o];
        }
        assert_int_equal(sum, shares[r].count);
        used[region->provider] += shares[r].count;
        *ret_placed += shares[r].count;
    }
    for (size_t p = 0; p < PROVIDERS; p++)
        assert_true(used[p] <= division->providers_most[p]);
    return cost;
}

static void agrees_with_brute_force(void **unused)
{
    (void)unused;
    uint64_t state = 88172645463325252u;
    for (int round = 0; round < 20000; round++) {
        struct instance instance;
        struct division_share shares[REGIONS] = {{0}};
        struct error error = {0};
        struct best best = {.placed = -1};
        int64_t none[PROVIDERS] = {0};
        int64_t placed = -1;
        make(&instance, &state);
        search(&instance.division, 0, none, 0, 0, &best);
        bool solved = division_solve(&instance.division, shares, &placed, &error);
        assert_int_equal(solved, best.placed >= 0);
        if (!solved)
            continue;
        int64_t counted = 0;
        int64_t cost = cost_of(&instance.division, shares, &counted);
        assert_int_equal(placed, best.placed);
        assert_int_equal(counted, best.placed);
        assert_int_equal(cost, best.cost);
    }
}

static void equal_prices_go_to_the_first_region(void **unused)
{
    (void)unused;
    const struct division_option option = {.unit_cost = 7, .most = 10};
    const struct division_region regions[2] = {{&option, 1, 0, 10, 0, false}, {&option, 1, 0, 10, 0, false}};
    const int64_t most = 100;
    struct division division = {
        .regions = regions, .region_count = 2, .providers_most = &most, .provider_count = 1, .wanted = 4};
    struct division_share shares[2] = {{0}};
    struct error error = {0};
    int64_t placed = 0;
    assert_true(division_solve(&division, shares, &placed, &error));
    assert_int_equal(shares[0].count + shares[1].count, 4);
    struct division_share again[2] = {{0}};
    assert_true(division_solve(&division, again, &placed, &error));
    assert_memory_equal(shares, again, sizeof shares);
}

static void largest_costs_do_not_overflow(void **unused)
{
    (void)unused;
    const struct division_option option = {.unit_cost = INT64_C(1) << 44, .most = DIVISION_WANTED_MAX};
    const struct division_region region = {&option, 1, 0, DIVISION_WANTED_MAX, 0, false};
    const int64_t most = DIVISION_WANTED_MAX;
    struct division division = {
        .regions = &region, .region_count = 1, .providers_most = &most, .provider_count = 1, .wanted = 5000};
    struct division_share share = {0};
    struct error error = {0};
    int64_t placed = 0;
    assert_true(division_solve(&division, &share, &placed, &error));
    assert_int_equal(share.count, 5000);
}

static void refuses_what_is_out_of_range(void **unused)
{
    (void)unused;
    const struct division_option option = {.unit_cost = (INT64_C(1) << 44) + 1, .most = 1};
    const struct division_region region = {&option, 1, 0, 1, 0, false};
    const int64_t most = 1;
    struct division division = {
        .regions = &region, .region_count = 1, .providers_most = &most, .provider_count = 1, .wanted = 1};
    struct division_share share = {0};
    struct error error = {0};
    int64_t placed = 0;
    assert_false(division_solve(&division, &share, &placed, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    division.wanted = DIVISION_WANTED_MAX + 1;
    assert_false(division_solve(&division, &share, &placed, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_brute_force),
        cmocka_unit_test(equal_prices_go_to_the_first_region),
        cmocka_unit_test(largest_costs_do_not_overflow),
        cmocka_unit_test(refuses_what_is_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
