/* A snapshot as a placement problem: see assess.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "controller/core/assess_private.h"
#include "controller/core/problem_lines.h"

/* A move must save more than this share of what the allocation costs where it is, or it is not worth the trouble. */
enum { MOVE_PERCENT = 2, PENALTY_FACTOR = 100 };
#define PENALTY_LEAST_UUSD_H INT64_C(10000000)
#define PRICE_MOST_UUSD_H (INT64_C(1) << 36)

static int64_t held_amount(const struct machine_class *machine, int k)
{
    int64_t held = machine->held.amount[k];
    int64_t most = machine->capacity.amount[k] * machine->nodes;
    return held < 0 ? 0 : held < most ? held : most;
}

/* All machines are there: their price costs nothing more, and only tells the search what their room may be worth. */
static void write_machine(const struct machine_class *machine, size_t number, struct buffer *out)
{
    struct resources held;
    for (int k = 0; k < RESOURCE_COUNT; k++)
        held.amount[k] = held_amount(machine, k);
    int64_t hint = machine->full_uusd_h < PRICE_MOST_UUSD_H ? machine->full_uusd_h + 1 : PRICE_MOST_UUSD_H;
    lines_pool(out, number, hint, hint, &machine->capacity, &held, machine->nodes, machine->nodes);
}

static void write_set(uint32_t number, const uint32_t *machines, size_t count, struct buffer *out)
{
    buffer_printf(out, "set %" PRIu32 " pools=", number);
    for (size_t i = 0; i < count; i++)
        buffer_printf(out, "%s%" PRIu32, i ? "," : "", machines[i]);
    buffer_append_byte(out, '\n');
}

/* Numbers of the sets of one signature: its machines in each region, at each provider. UINT32_MAX: none. */
struct signature_sets {
    uint32_t *region, *provider; /* [region] */
};

static bool has_spread(const struct snapshot_signature *signature)
{
    return signature->spread.min_regions > 1 || signature->spread.max_share_region_percent ||
           signature->spread.max_share_provider_percent;
}

static uint32_t write_part(const struct assess_snapshot *snapshot, const struct snapshot_signature *signature, size_t r,
                           bool provider, uint32_t *sets, struct buffer *out)
{
    uint32_t *machines = memory_new(signature->machine_count, sizeof *machines);
    size_t count = 0;
    for (size_t i = 0; i < signature->machine_count; i++) {
        size_t region = snapshot->machines[signature->machines[i]].region;
        if (provider ? snapshot->provider[region] == r : region == r)
            machines[count++] = signature->machines[i];
    }
    if (count)
        write_set(*sets, machines, count, out);
    free(machines);
    return count ? (*sets)++ : UINT32_MAX;
}

static struct signature_sets *write_sets(const struct assess_snapshot *snapshot, struct buffer *out)
{
    struct signature_sets *all = memory_new(snapshot->signature_count, sizeof *all);
    uint32_t sets = 0;
    for (size_t s = 0; s < snapshot->signature_count; s++) {
        const struct snapshot_signature *signature = &snapshot->signatures[s];
        all[s].region = memory_new(snapshot->region_count, sizeof *all[s].region);
        all[s].provider = memory_new(snapshot->region_count, sizeof *all[s].provider);
        for (size_t r = 0; r < snapshot->region_count && has_spread(signature); r++) {
            all[s].region[r] = write_part(snapshot, signature, r, false, &sets, out);
            all[s].provider[r] = write_part(snapshot, signature, r, true, &sets, out);
        }
    }
    return all;
}

/* How many of the group stand in region r, or at provider r. */
static int64_t standing(const struct assess_snapshot *snapshot, const struct snapshot_group *group, size_t r,
                        bool provider)
{
    int64_t count = 0;
    for (size_t i = 0; i < group->place_count; i++) {
        size_t region = snapshot->machines[group->places[i].machine].region;
        if (provider ? snapshot->provider[region] == r : region == r)
            count += group->places[i].count;
    }
    return count;
}

/* What stands there may stay, whatever the policy has come to say. */
static void write_cap(size_t g, uint32_t set, int64_t most, int64_t now, int64_t count, struct buffer *out)
{
    most = most > now ? most : now;
    if (set != UINT32_MAX && most < count)
        buffer_printf(out, "cap %zu pools=@%" PRIu32 " max=%" PRId64 "\n", g, set, most);
}

static void write_spread(const struct assess_snapshot *snapshot, size_t g, const struct signature_sets *sets,
                         struct buffer *out)
{
    const struct snapshot_group *group = &snapshot->groups[g];
    const struct snapshot_signature *signature = &snapshot->signatures[group->signature];
    int64_t region_most = spread_region_most(&signature->spread, group->count);
    int64_t provider_most = spread_provider_most(&signature->spread, group->count);
    for (size_t r = 0; r < snapshot->region_count && has_spread(signature); r++) {
        write_cap(g, sets->region[r], region_most, standing(snapshot, group, r, false), group->count, out);
        write_cap(g, sets->provider[r], provider_most, standing(snapshot, group, r, true), group->count, out);
    }
}

int64_t assess_unit(const struct machine_class *machine, const struct resources *each)
{
    int64_t dearest = 0;
    for (int k = RESOURCE_CPU_MHZ; k <= RESOURCE_MEMORY_MB; k++) {
        int64_t unit = 0;
        if (machine->capacity.amount[k] > 0 &&
            money_scale_up(machine->price_uusd_h, each->amount[k], machine->capacity.amount[k], &unit) &&
            unit > dearest)
            dearest = unit;
    }
    return dearest < PRICE_MOST_UUSD_H ? dearest : PRICE_MOST_UUSD_H;
}

static int64_t unit_now(const struct assess_snapshot *snapshot, const struct snapshot_group *group)
{
    int64_t dearest = 0;
    for (size_t i = 0; i < group->place_count; i++) {
        int64_t unit = assess_unit(&snapshot->machines[group->places[i].machine], &group->each);
        dearest = unit > dearest ? unit : dearest;
    }
    return dearest;
}

static void write_group(const struct assess_snapshot *snapshot, size_t g, const struct signature_sets *sets,
                        int64_t penalty, struct buffer *out)
{
    const struct snapshot_group *group = &snapshot->groups[g];
    const struct snapshot_signature *signature = &snapshot->signatures[group->signature];
    lines_group(out, g, group->count, &group->each, penalty, unit_now(snapshot, group) * MOVE_PERCENT / 100 + 1);
    for (size_t i = 0; i < signature->machine_count; i++) {
        const struct machine_class *machine = &snapshot->machines[signature->machines[i]];
        if (resources_fit(&group->each, &machine->capacity))
            lines_may(out, g, signature->machines[i], assess_unit(machine, &group->each), 0);
    }
    /* where it stands it may stay, whatever its policy says by now */
    for (size_t i = 0; i < group->place_count; i++) {
        const struct snapshot_place *place = &group->places[i];
        lines_may(out, g, place->machine, assess_unit(&snapshot->machines[place->machine], &group->each), place->count);
    }
    if (group->one_per_node)
        buffer_printf(out, "permachine %zu max=1\n", g);
    write_spread(snapshot, g, sets, out);
}

void assess_write(const struct assess_snapshot *snapshot, struct buffer *out)
{
    int64_t dearest = 0;
    lines_begin(out);
    for (size_t m = 0; m < snapshot->machine_count; m++) {
        write_machine(&snapshot->machines[m], m, out);
        if (snapshot->machines[m].full_uusd_h > dearest)
            dearest = snapshot->machines[m].full_uusd_h;
    }
    struct signature_sets *sets = write_sets(snapshot, out);
    int64_t penalty = (dearest < PRICE_MOST_UUSD_H ? dearest : PRICE_MOST_UUSD_H) * PENALTY_FACTOR;
    for (size_t g = 0; g < snapshot->group_count; g++)
        write_group(snapshot, g, &sets[snapshot->groups[g].signature],
                    penalty > PENALTY_LEAST_UUSD_H ? penalty : PENALTY_LEAST_UUSD_H, out);
    for (size_t s = 0; s < snapshot->signature_count; s++) {
        free(sets[s].region);
        free(sets[s].provider);
    }
    free(sets);
}
