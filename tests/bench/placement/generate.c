/* See generate.h. Prices are those of public on-demand lists around 2024, a core of 2,500 MHz, memory in MiB. */
#include "tests/bench/placement/generate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tests/bench/placement/dice.h"

static const struct generate_shape shapes[] = {
    {"tiny", 2, 3, 8, 5, 2, 8},           {"small", 5, 8, 200, 8, 4, 8},          {"medium", 20, 20, 2000, 20, 8, 64},
    {"large", 50, 20, 20000, 21, 21, 64}, {"million", 10, 10, 2000, 1000, 6, 96}, {"huge", 100, 100, 100000, 86, 4, 96},
};

const struct generate_shape *generate_shape_find(const char *name)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (strcmp(shapes[i].name, name) == 0)
            return &shapes[i];
    }
    return NULL;
}

/* --- pools --- */

struct family {
    int64_t core_price; /* uusd an hour a core */
    int64_t memory;     /* GiB a core */
    int64_t gpus;       /* GPUs for every 8 cores */
    int64_t gpu_price;
};

static const struct family families[] = {
    {48000, 4, 0, 0}, {42500, 2, 0, 0}, {63000, 8, 0, 0}, {38500, 4, 0, 0}, {34000, 2, 0, 0}, {48000, 4, 1, 420000},
};

enum kind { ON_DEMAND, SPOT, OWNED, GPU, KINDS };

struct world {
    const struct generate_shape *shape;
    struct dice dice;
    struct buffer *out;
    uint32_t pools;
    enum kind *kind;
    int64_t (*capacity)[3];
    int64_t *price;
    uint32_t *region_provider;
    int64_t *region_level; /* per mille of the list price */
    int64_t *region_x, *region_y;
    int64_t *group_rate; /* what the group counts for in a group budget, roughly */
};

static void make_regions(struct world *world)
{
    static const char *const providers[] = {"aws", "azure", "dc"};
    for (uint32_t r = 0; r < world->shape->regions; r++) {
        world->region_provider[r] = (uint32_t)dice_below(&world->dice, 5) / 2;
        world->region_level[r] = dice_between(&world->dice, 920, 1300);
        world->region_x[r] = dice_between(&world->dice, 0, 1000);
        world->region_y[r] = dice_between(&world->dice, 0, 1000);
        buffer_printf(world->out, "region %u %s-%u\n", r, providers[world->region_provider[r]], r);
    }
}

static enum kind pick_kind(struct world *world, uint32_t provider, uint32_t place)
{
    if (place == 0)
        return provider == 2 ? OWNED : ON_DEMAND;
    if (provider == 2)
        return dice_chance(&world->dice, 85) ? OWNED : GPU;
    uint64_t roll100 = dice_below(&world->dice, 100);
    return roll100 < 55 ? ON_DEMAND : (roll100 < 92 ? SPOT : GPU);
}

static void make_pool(struct world *world, uint32_t region, uint32_t place)
{
    struct dice *dice = &world->dice;
    uint32_t p = world->pools++;
    enum kind kind = pick_kind(world, world->region_provider[region], place);
    const struct family *family = kind == GPU ? &families[5] : &families[place == 0 ? 2 : dice_below(dice, 5)];
    int64_t cores = INT64_C(4) << dice_below(dice, 5);
    if (place == 0)
        cores = 32;
    if (kind == GPU)
        cores = INT64_C(8) << dice_below(dice, 3);
    if (cores > world->shape->size_cap)
        cores = world->shape->size_cap;
    int64_t gpus = family->gpus * cores / 8;
    int64_t list = (family->core_price * cores + family->gpu_price * gpus) * world->region_level[region] / 1000;
    list = list * dice_between(dice, 960, 1040) / 1000;
    int64_t price = kind == SPOT ? list * dice_between(dice, 28, 60) / 100 : list;
    world->kind[p] = kind;
    world->capacity[p][0] = cores * 2500 * 97 / 100;
    world->capacity[p][1] = cores * family->memory * 1024 * 94 / 100;
    world->capacity[p][2] = gpus;
    world->price[p] = price;
    /* How many machines of this size the region's share of the load would fill. */
    int64_t load = (int64_t)world->shape->groups * world->shape->mean_count / world->shape->regions;
    int64_t fair = load * 1200 / world->capacity[p][0] + 1;
    int64_t min = 0;
    int64_t max = -1;
    if (kind == OWNED) {
        min = max = dice_between(dice, fair / 6, fair / 2 + 1);
        if (dice_chance(dice, 40))
            max += dice_between(dice, 0, fair / 2 + 1);
    } else if (kind == SPOT) {
        max = dice_between(dice, fair / 8 + 1, fair / 2 + 2);
    } else if (dice_chance(dice, 50)) {
        min = dice_chance(dice, 40) ? dice_between(dice, 0, fair / 8 + 1) : 0;
        max = dice_chance(dice, 50) ? min + dice_between(dice, fair / 4 + 1, fair + 2) : -1;
    }
    buffer_printf(world->out, "pool %u region=%u price=%" PRId64 " capacity=%" PRId64 ",%" PRId64 ",%" PRId64, p,
                  region, price, world->capacity[p][0], world->capacity[p][1], world->capacity[p][2]);
    buffer_printf(world->out, " min=%" PRId64, min);
    if (max < 0)
        buffer_append_text(world->out, " max=-");
    else
        buffer_printf(world->out, " max=%" PRId64, max);
    if (min > 0 && dice_chance(dice, 35))
        buffer_printf(world->out, " held=%" PRId64 ",%" PRId64 ",0",
                      world->capacity[p][0] * min * dice_between(dice, 5, 40) / 100,
                      world->capacity[p][1] * min * dice_between(dice, 5, 40) / 100);
    if (kind == OWNED || dice_chance(dice, 10))
        buffer_printf(world->out, " rate=%" PRId64, list);
    buffer_append_byte(world->out, '\n');
    if (max >= 0 && kind != SPOT && dice_chance(dice, 40)) {
        int64_t upto = max + dice_between(dice, 1, fair + 1);
        int64_t dearer = price * dice_between(dice, 105, 140) / 100;
        buffer_printf(world->out, "tier %u upto=%" PRId64 " price=%" PRId64 "\n", p, upto, dearer);
        if (dice_chance(dice, 30))
            buffer_printf(world->out, "tier %u upto=%" PRId64 " price=%" PRId64 "\n", p,
                          upto + dice_between(dice, 1, fair + 1), dearer * dice_between(dice, 105, 150) / 100);
    }
}

/* Sets: region r holds 2r (all but spot) and 2r + 1 (spot); then one of all spot pools. Empty ones hold pool 0 of the
 * region, so that none is empty. */
static void make_sets(struct world *world)
{
    uint32_t set = 0;
    uint32_t each = world->shape->pools_a_region;
    for (uint32_t r = 0; r < world->shape->regions; r++) {
        for (int spot = 0; spot < 3; spot++) {
            buffer_printf(world->out, "set %u pools=", set++);
            bool any = false;
            for (uint32_t p = r * each; p < (r + 1) * each; p++) {
                if (spot < 2 && (world->kind[p] == SPOT) != (spot == 1))
                    continue;
                buffer_printf(world->out, "%s%u", any ? "," : "", p);
                any = true;
            }
            if (!any)
                buffer_printf(world->out, "%u", r * each);
            buffer_append_byte(world->out, '\n');
        }
    }
    buffer_printf(world->out, "set %u pools=", set);
    bool any = false;
    for (uint32_t p = 0; p < world->pools; p++) {
        if (world->kind[p] == SPOT) {
            buffer_printf(world->out, "%s%u", any ? "," : "", p);
            any = true;
        }
    }
    buffer_append_text(world->out, any ? "\n" : "0\n");
}

/* --- groups --- */

struct group {
    uint32_t id;
    int64_t count;
    int64_t demand[3];
    bool spot;
    uint32_t home;
    uint32_t regions;
    uint32_t region[128];
};

static int64_t distance(const struct world *world, uint32_t a, uint32_t b)
{
    return llabs(world->region_x[a] - world->region_x[b]) + llabs(world->region_y[a] - world->region_y[b]);
}

/* The home region and the nearest few: residency and latency both look like this. */
static void pick_regions(struct world *world, struct group *group)
{
    struct dice *dice = &world->dice;
    uint32_t all = world->shape->regions;
    uint32_t wanted = (uint32_t)dice_between(dice, 1, 2 * (int64_t)world->shape->home_regions - 1);
    group->home = (uint32_t)dice_below(dice, all);
    group->regions = 0;
    if (wanted > all)
        wanted = all;
    int64_t least = -1;
    uint32_t last = group->home;
    while (group->regions < wanted) { /* next nearest by (distance, id) */
        uint32_t best = UINT32_MAX;
        int64_t best_distance = 0;
        for (uint32_t r = 0; r < all; r++) {
            int64_t far = r == group->home ? 0 : distance(world, group->home, r) + 1;
            if (far < least || (far == least && r <= last && group->regions > 0))
                continue;
            if (best == UINT32_MAX || far < best_distance) {
                best = r;
                best_distance = far;
            }
        }
        if (best == UINT32_MAX)
            break;
        group->region[group->regions++] = best;
        least = best_distance;
        last = best;
    }
}

static void pick_demand(struct world *world, struct group *group)
{
    struct dice *dice = &world->dice;
    group->demand[0] = dice_spread(dice, 900, 110);
    if (group->demand[0] > 9000)
        group->demand[0] = 9000;
    group->demand[1] = group->demand[0] * dice_spread(dice, 1500, 90) / 1000;
    if (group->demand[1] > 24000)
        group->demand[1] = 24000;
    if (group->demand[1] < 16)
        group->demand[1] = 16;
    group->demand[2] = 0;
    group->spot = dice_chance(dice, 45);
}

static bool fits(const struct world *world, const struct group *group, uint32_t pool)
{
    for (int k = 0; k < 3; k++) {
        if (group->demand[k] > world->capacity[pool][k])
            return false;
    }
    return true;
}

/* A GPU group needs GPU machines near it; without any it is an ordinary one. */
static void maybe_gpu(struct world *world, struct group *group)
{
    if (!dice_chance(&world->dice, 4))
        return;
    group->demand[2] = 1;
    uint32_t each = world->shape->pools_a_region;
    for (uint32_t i = 0; i < group->regions; i++) {
        for (uint32_t p = group->region[i] * each; p < (group->region[i] + 1) * each; p++) {
            if (fits(world, group, p))
                return;
        }
    }
    group->demand[2] = 0;
}

static void write_caps(struct world *world, const struct group *group)
{
    struct dice *dice = &world->dice;
    bool spread_out = group->regions > 1 && !group->demand[2] && dice_chance(dice, 30);
    if (spread_out) {
        int64_t least = dice_between(dice, 2, group->regions < 4 ? group->regions : 4);
        for (uint32_t i = 0; i < group->regions; i++)
            buffer_printf(world->out, "cap %u pools=@%u max=%" PRId64 "\n", group->id, 3 * group->region[i] + 2,
                          (group->count + least - 1) / least);
    }
    if (group->spot && !group->demand[2] && dice_chance(dice, spread_out ? 15 : 30))
        buffer_printf(world->out, "cap %u pools=@%u max=%" PRId64 "\n", group->id, 3 * world->shape->regions,
                      group->count * dice_between(dice, 25, 75) / 100);
}

static void write_may(struct world *world, const struct group *group, bool placed)
{
    struct dice *dice = &world->dice;
    uint32_t each = world->shape->pools_a_region;
    int64_t egress = dice_spread(dice, 900, 150);
    int64_t extra_home = dice_between(dice, 0, 200);
    buffer_printf(world->out, "may %u", group->id);
    int64_t extra[128];
    for (uint32_t i = 0; i < group->regions; i++) {
        int64_t far = distance(world, group->home, group->region[i]);
        extra[i] = extra_home + (i ? egress / 4 : 0) + egress * far / 1000;
        buffer_printf(world->out, " @%u:%" PRId64, 3 * group->region[i], extra[i]);
        if (group->spot)
            buffer_printf(world->out, " @%u:%" PRId64, 3 * group->region[i] + 1,
                          extra[i] + dice_between(dice, 50, 2500));
    }
    if (placed) { /* today's placement: a few pools that fit */
        int64_t left = group->count * dice_between(dice, 70, 105) / 100;
        uint32_t last = UINT32_MAX;
        for (int tries = 0; tries < 6 && left > 0; tries++) {
            uint32_t i = (uint32_t)dice_below(dice, group->regions);
            uint32_t p = group->region[i] * each + (uint32_t)dice_below(dice, each);
            if (p == last || !fits(world, group, p) || (world->kind[p] == SPOT && !group->spot))
                continue;
            last = p;
            int64_t here = dice_between(dice, 1, left);
            left -= here;
            buffer_printf(world->out, " %u:%" PRId64 ":%" PRId64, p, extra[i] + dice_between(dice, 0, 300), here);
        }
    }
    buffer_append_byte(world->out, '\n');
}

static void make_group(struct world *world, uint32_t id)
{
    struct dice *dice = &world->dice;
    struct group group = {.id = id};
    pick_regions(world, &group);
    pick_demand(world, &group);
    maybe_gpu(world, &group);
    group.count = dice_spread(dice, (int64_t)world->shape->mean_count * 3 / 5, 130);
    bool placed = dice_chance(dice, 60);
    world->group_rate[id] = group.count * (group.demand[0] * 19 + group.demand[2] * 900000);
    if (world->group_rate[id] < group.count * group.demand[1] * 6)
        world->group_rate[id] = group.count * group.demand[1] * 6;
    int64_t value = group.demand[0] * 20 + group.demand[1] * 5 + group.demand[2] * 900000;
    buffer_printf(world->out, "group %u count=%" PRId64 " demand=%" PRId64 ",%" PRId64 ",%" PRId64 " unplaced=%" PRId64,
                  id, group.count, group.demand[0], group.demand[1], group.demand[2],
                  value * dice_between(dice, 3, 20) + 10000);
    if (dice_chance(dice, 70))
        buffer_printf(world->out, " move=%" PRId64, dice_spread(dice, 700, 120));
    buffer_append_byte(world->out, '\n');
    write_caps(world, &group);
    write_may(world, &group, placed);
    if (dice_chance(dice, 12))
        buffer_printf(world->out, "permachine %u max=%" PRId64 "\n", id,
                      dice_between(dice, 1, 1 + group.count / 200 + 2));
}

/* Limits that bind here and there without making anything impossible: quotas in cores a region, budgets a provider's
 * region, group budgets well above what their groups need. */
static void make_limits(struct world *world)
{
    struct dice *dice = &world->dice;
    uint32_t each = world->shape->pools_a_region;
    uint32_t quota = 0;
    uint32_t budget = 0;
    int64_t load = (int64_t)world->shape->groups * world->shape->mean_count * 1200 / world->shape->regions;
    for (uint32_t r = 0; r < world->shape->regions; r++) {
        if (world->region_provider[r] == 2)
            continue;
        if (dice_chance(dice, 30))
            buffer_printf(world->out, "quota %u pools=@%u weight=1 max=%" PRId64 "\n", quota++, 3 * r + 1,
                          load / (2500 * 16) * dice_between(dice, 40, 120) / 100 + 1);
        if (dice_chance(dice, 15)) {
            int64_t paid = 0;
            for (uint32_t p = r * each; p < (r + 1) * each; p++)
                paid += world->price[p] * (load / world->capacity[p][0] / 8 + 2);
            buffer_printf(world->out, "budget %u pools=@%u max=%" PRId64 "\n", budget++, 3 * r + 2,
                          paid + load / 2500 * dice_between(dice, 20000, 90000));
        }
    }
    uint32_t gbudgets = world->shape->groups >= 50 ? world->shape->groups / 50 : 1;
    for (uint32_t b = 0; b < gbudgets && b < 200; b++) {
        uint32_t first = (uint32_t)dice_below(dice, world->shape->groups);
        uint32_t count = (uint32_t)dice_between(dice, 1, 5);
        int64_t rate = 0;
        buffer_printf(world->out, "gbudget %u groups=", b);
        for (uint32_t i = 0; i < count && first + i < world->shape->groups; i++) {
            buffer_printf(world->out, "%s%u", i ? "," : "", first + i);
            rate += world->group_rate[first + i];
        }
        buffer_printf(world->out, " max=%" PRId64 "\n",
                      rate * (dice_chance(dice, 10) ? dice_between(dice, 85, 110) : dice_between(dice, 115, 300)) /
                          100);
    }
}

void generate_problem(const struct generate_shape *shape, uint64_t seed, struct buffer *out)
{
    uint32_t pools = shape->regions * shape->pools_a_region;
    struct world world = {.shape = shape, .dice = {seed * 1000003 + shape->groups}, .out = out};
    world.kind = memory_new(pools, sizeof *world.kind);
    world.capacity = memory_new(pools, sizeof *world.capacity);
    world.price = memory_new(pools, sizeof *world.price);
    world.group_rate = memory_new(shape->groups, sizeof *world.group_rate);
    world.region_provider = memory_new(shape->regions, sizeof *world.region_provider);
    world.region_level = memory_new(shape->regions, sizeof *world.region_level);
    world.region_x = memory_new(shape->regions, sizeof *world.region_x);
    world.region_y = memory_new(shape->regions, sizeof *world.region_y);
    buffer_append_text(out, "drover-problem 1\ndims cpu memory gpu\n");
    make_regions(&world);
    for (uint32_t r = 0; r < shape->regions; r++) {
        for (uint32_t i = 0; i < shape->pools_a_region; i++)
            make_pool(&world, r, i);
    }
    make_sets(&world);
    for (uint32_t j = 0; j < shape->groups; j++)
        make_group(&world, j);
    make_limits(&world);
    free(world.kind);
    free(world.capacity);
    free(world.price);
    free(world.group_rate);
    free(world.region_provider);
    free(world.region_level);
    free(world.region_x);
    free(world.region_y);
}
