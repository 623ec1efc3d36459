/* See families.h. A family is one row of the table: what its pools, groups and limits are like. */
#include "tests/bench/placement/families.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/placement/problem.h"
#include "tests/bench/placement/dice.h"

enum price_mode { PRICE_LIST, PRICE_EQUAL, PRICE_FREE, PRICE_EDGE };
enum cap_mode { CAPS_NONE, CAPS_TREE, CAPS_CROSS };

struct family {
    const char *name;
    unsigned dimensions;
    unsigned pools_percent;  /* of the size's pools; 0: one pool */
    unsigned groups_percent; /* of the size's groups; 0: one group */
    unsigned owned;          /* per cent of pools with min = max */
    unsigned limited;        /* per cent of pools with a max; the rest has none */
    unsigned load;           /* per cent of what the owned and limited pools hold together */
    unsigned tiers;          /* deep, on limited pools */
    unsigned permachine;     /* per cent of groups */
    unsigned moving;         /* per cent of groups placed today */
    unsigned rare;           /* per cent of groups that need the last dimension, which few pools have; 0: all have it */
    unsigned tight;          /* per cent of a fair share that budgets and quotas leave; 0: there are none */
    enum price_mode prices;
    enum cap_mode caps;
    bool steady;
};

static const struct family families[] = {
    {"plain", 3, 100, 100, 20, 50, 90, 1, 5, 50, 0, 0, PRICE_LIST, CAPS_NONE, false},
    {"few-pools", 2, 8, 400, 0, 0, 0, 0, 0, 0, 0, 0, PRICE_LIST, CAPS_NONE, false},
    {"owned", 2, 100, 100, 100, 0, 130, 0, 0, 0, 0, 0, PRICE_LIST, CAPS_NONE, false},
    {"rare", 3, 100, 100, 20, 40, 80, 0, 0, 0, 15, 0, PRICE_LIST, CAPS_NONE, false},
    {"cap-trees", 2, 100, 100, 0, 60, 60, 0, 0, 0, 0, 0, PRICE_LIST, CAPS_TREE, false},
    {"cap-crosses", 2, 100, 100, 0, 60, 60, 0, 0, 0, 0, 0, PRICE_LIST, CAPS_CROSS, false},
    {"tight", 2, 100, 100, 10, 40, 70, 1, 0, 0, 0, 85, PRICE_LIST, CAPS_NONE, false},
    {"permachine", 2, 100, 100, 10, 50, 70, 0, 80, 0, 0, 0, PRICE_LIST, CAPS_NONE, false},
    {"steady", 2, 100, 100, 10, 60, 80, 0, 0, 0, 0, 0, PRICE_LIST, CAPS_NONE, true},
    {"one-dimension", 1, 100, 100, 20, 50, 90, 1, 5, 20, 0, 0, PRICE_LIST, CAPS_NONE, false},
    {"eight-dimensions", 8, 100, 100, 20, 50, 80, 1, 5, 20, 0, 0, PRICE_LIST, CAPS_NONE, false},
    {"one-pool", 3, 0, 100, 0, 0, 0, 0, 10, 50, 0, 0, PRICE_LIST, CAPS_NONE, false},
    {"one-group", 2, 100, 0, 20, 60, 90, 1, 0, 100, 0, 0, PRICE_LIST, CAPS_TREE, false},
    {"tiers", 2, 100, 100, 0, 90, 130, 3, 0, 20, 0, 0, PRICE_LIST, CAPS_NONE, false},
    {"equal", 2, 100, 100, 0, 50, 60, 0, 0, 0, 0, 0, PRICE_EQUAL, CAPS_NONE, false},
    {"free", 2, 100, 100, 30, 70, 105, 1, 10, 30, 0, 0, PRICE_FREE, CAPS_TREE, false},
    {"edge", 2, 100, 100, 20, 60, 80, 1, 5, 30, 0, 60, PRICE_EDGE, CAPS_TREE, false},
};

struct family_size {
    const char *name;
    uint32_t regions, pools, groups;
    int64_t mean_count;
};

static const struct family_size sizes[] = {
    {"tiny", 2, 5, 8, 4},          {"small", 5, 40, 200, 8},        {"middle", 12, 240, 2000, 30},
    {"big", 40, 1200, 20000, 100}, {"vast", 100, 6000, 60000, 150},
};

const struct family *family_at(size_t place)
{
    return place < sizeof families / sizeof *families ? &families[place] : NULL;
}

const struct family *family_find(const char *name)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (strcmp(families[i].name, name) == 0)
            return &families[i];
    }
    return NULL;
}

const char *family_name(const struct family *family)
{
    return family->name;
}

bool family_is_steady(const struct family *family)
{
    return family->steady;
}

enum { TYPES = 4, UNIT = 4000, GROUP_REGIONS_MAX = 6 };

struct world {
    const struct family *family;
    struct dice dice;
    struct buffer *out;
    uint32_t regions, pools, groups;
    int64_t mean_count;
    int64_t scale;                                /* of demand and capacity */
    int64_t money;                                /* of prices */
    int64_t ratio[TYPES][PROBLEM_DIMENSIONS_MAX]; /* per cent */
    int64_t *capacity;                            /* [pool * dimensions + k] */
    int64_t *price;                               /* [pool] */
};

static uint32_t region_of(const struct world *world, uint32_t pool)
{
    return pool % world->regions;
}

static uint32_t type_of(const struct world *world, uint32_t pool)
{
    return pool / world->regions % TYPES;
}

/* The first pool of each region takes whatever a group may ask. */
static bool is_roomy(const struct world *world, uint32_t pool)
{
    return pool < world->regions;
}

static int64_t size_pool(struct world *world, uint32_t pool)
{
    const struct family *family = world->family;
    struct dice *dice = &world->dice;
    bool roomy = is_roomy(world, pool);
    int64_t size = roomy ? 16 : INT64_C(1) << dice_below(dice, 5);
    if (family->prices == PRICE_EQUAL)
        size = 16;
    for (uint32_t k = 0; k < family->dimensions; k++) {
        int64_t ratio = roomy || family->prices == PRICE_EQUAL ? 200 : world->ratio[type_of(world, pool)][k];
        bool lacks = family->rare && k + 1 == family->dimensions && !roomy && !dice_chance(dice, 4);
        world->capacity[(size_t)pool * family->dimensions + k] = lacks ? 0 : UNIT * world->scale * size * ratio / 100;
    }
    return size;
}

static int64_t price_pool(struct world *world, uint32_t pool, int64_t size)
{
    struct dice *dice = &world->dice;
    int64_t worth = 0;
    for (uint32_t k = 0; k < world->family->dimensions; k++)
        worth += world->capacity[(size_t)pool * world->family->dimensions + k] / world->scale;
    switch (world->family->prices) {
    case PRICE_EQUAL:
        return 100000;
    case PRICE_FREE:
        return 0;
    default:
        return (worth * 12 / world->family->dimensions + size * 20000) * dice_between(dice, 60, 140) / 100 *
               world->money;
    }
}

static void write_vector(struct buffer *out, const char *key, const int64_t *vector, unsigned count, int64_t percent)
{
    buffer_printf(out, " %s=", key);
    for (unsigned k = 0; k < count; k++)
        buffer_printf(out, "%s%" PRId64, k ? "," : "", vector[k] / 100 * percent + vector[k] % 100 * percent / 100);
}

/* Machines of this pool that would carry an even share of all groups' first dimension. */
static int64_t fair_machines(const struct world *world, uint32_t pool)
{
    int64_t load = (int64_t)world->groups * world->mean_count * 900 * world->scale;
    return load / world->pools / world->capacity[(size_t)pool * world->family->dimensions] + 1;
}

/* Machines for so many per cent of an even share of the load, whole ones by lot. */
static int64_t machines_for(struct world *world, uint32_t pool, int64_t percent)
{
    int64_t load = (int64_t)world->groups * world->mean_count * 900 * world->scale / world->pools;
    int64_t capacity = world->capacity[(size_t)pool * world->family->dimensions];
    int64_t whole = load / 100 * percent / capacity;
    int64_t rest = (load / 100 * percent - whole * capacity) / (capacity / 1000 + 1);
    return whole + (dice_between(&world->dice, 0, 999) < rest ? 1 : 0);
}

static void write_tiers(struct world *world, uint32_t pool, int64_t upto, int64_t fair)
{
    int64_t price = world->price[pool];
    for (unsigned t = 0; t < world->family->tiers; t++) {
        upto += dice_between(&world->dice, 1, fair + 1);
        price += price * dice_between(&world->dice, 0, 60) / 100;
        if (price > PROBLEM_MONEY_MAX)
            price = PROBLEM_MONEY_MAX;
        buffer_printf(world->out, "tier %u upto=%" PRId64 " price=%" PRId64 "\n", pool, upto, price);
    }
}

static void write_pool(struct world *world, uint32_t pool)
{
    const struct family *family = world->family;
    struct dice *dice = &world->dice;
    int64_t *capacity = world->capacity + (size_t)pool * family->dimensions;
    world->price[pool] = price_pool(world, pool, size_pool(world, pool));
    int64_t fair = fair_machines(world, pool);
    int64_t room = family->load ? machines_for(world, pool, dice_between(dice, 4000, 16000) / family->load) : fair;
    uint64_t kind = dice_below(dice, 100);
    bool owned = kind < family->owned;
    bool limited = owned || kind < family->owned + family->limited;
    int64_t min = owned ? room : (dice_chance(dice, 20) ? dice_between(dice, 0, fair / 4) : 0);
    int64_t max = owned ? room : min + room;
    buffer_printf(world->out, "pool %u region=%u price=%" PRId64, pool, region_of(world, pool), world->price[pool]);
    write_vector(world->out, "capacity", capacity, family->dimensions, 100);
    buffer_printf(world->out, " min=%" PRId64, min);
    if (limited)
        buffer_printf(world->out, " max=%" PRId64, max);
    else
        buffer_append_text(world->out, " max=-");
    if (min > 0 && dice_chance(dice, 20))
        write_vector(world->out, "held", capacity, family->dimensions, dice_between(dice, 0, 20));
    if (min > 0 && dice_chance(dice, 30))
        buffer_printf(world->out, " rate=%" PRId64, world->price[pool] / 2);
    buffer_append_byte(world->out, '\n');
    if (limited && !owned)
        write_tiers(world, pool, max, fair);
}

/* Sets: one a region, then one a type, then one for each third of the regions; an empty one holds pool 0. */
static void write_set(struct world *world, uint32_t set, uint32_t what, int kind)
{
    bool any = false;
    buffer_printf(world->out, "set %u pools=", set);
    for (uint32_t p = 0; p < world->pools; p++) {
        uint32_t mine = kind == 0 ? region_of(world, p) : (kind == 1 ? type_of(world, p) : region_of(world, p) % 3);
        if (mine != what)
            continue;
        buffer_printf(world->out, "%s%u", any ? "," : "", p);
        any = true;
    }
    buffer_append_text(world->out, any ? "\n" : "0\n");
}

static void write_sets(struct world *world)
{
    for (uint32_t r = 0; r < world->regions; r++)
        write_set(world, r, r, 0);
    for (uint32_t t = 0; t < TYPES; t++)
        write_set(world, world->regions + t, t, 1);
    for (uint32_t third = 0; third < 3; third++)
        write_set(world, world->regions + TYPES + third, third, 2);
}

/* Caps nested three deep (a third of all regions, a region, a pool), or those of the types across them. */
static void write_caps(struct world *world, uint32_t group, int64_t count, uint32_t region)
{
    struct dice *dice = &world->dice;
    struct buffer *out = world->out;
    if (world->family->caps == CAPS_NONE)
        return;
    for (uint32_t third = 0; third < 3 && world->family->caps == CAPS_TREE; third++)
        buffer_printf(out, "cap %u pools=@%u max=%" PRId64 "\n", group, world->regions + TYPES + third,
                      count * dice_between(dice, 40, 90) / 100 + 1);
    buffer_printf(out, "cap %u pools=@%u max=%" PRId64 "\n", group, region,
                  count * dice_between(dice, 25, 75) / 100 + 1);
    buffer_printf(out, "cap %u pools=%u max=%" PRId64 "\n", group, region % world->pools,
                  count * dice_between(dice, 10, 50) / 100);
    for (uint32_t t = 0; t < TYPES && world->family->caps == CAPS_CROSS; t++)
        buffer_printf(out, "cap %u pools=@%u max=%" PRId64 "\n", group, world->regions + t,
                      count * dice_between(dice, 20, 60) / 100 + 1);
}

static void write_may(struct world *world, uint32_t group, int64_t count, uint32_t first, uint32_t regions)
{
    struct dice *dice = &world->dice;
    int64_t extra = world->family->prices == PRICE_FREE ? 0 : dice_between(dice, 0, 2000) * world->money;
    buffer_printf(world->out, "may %u", group);
    for (uint32_t r = 0; r < regions; r++)
        buffer_printf(world->out, " @%u:%" PRId64, (first + r) % world->regions,
                      extra + r * dice_between(dice, 0, 600) * world->money);
    buffer_append_byte(world->out, '\n');
    if (!dice_chance(dice, world->family->moving))
        return;
    buffer_printf(world->out, "may %u", group);
    for (int i = 0; i < 3; i++) {
        uint32_t region = (first + (uint32_t)dice_below(dice, regions)) % world->regions;
        uint32_t each = (world->pools - region - 1) / world->regions + 1;
        uint32_t pool = region + world->regions * (uint32_t)dice_below(dice, each);
        buffer_printf(world->out, " %u:%" PRId64 ":%" PRId64, pool, extra + dice_between(dice, 0, 300) * world->money,
                      dice_between(dice, 0, count / 2));
    }
    buffer_append_byte(world->out, '\n');
}

/* Within the roomy pool of every region, UNIT x 32 a dimension. */
static void pick_demand(struct world *world, int64_t *demand)
{
    const struct family *family = world->family;
    struct dice *dice = &world->dice;
    bool nothing = family->prices == PRICE_FREE && dice_chance(dice, 15);
    int64_t base = dice_spread(dice, 900, 110);
    for (uint32_t k = 0; k < family->dimensions; k++) {
        demand[k] = k ? base * dice_spread(dice, 1000, 90) / 1000 : base;
        if (demand[k] > UNIT * 4)
            demand[k] = UNIT * 4;
        if (nothing || (k > 2 && dice_chance(dice, 60)))
            demand[k] = 0;
        if (family->rare && k + 1 == family->dimensions && !dice_chance(dice, family->rare))
            demand[k] = 0;
        demand[k] *= world->scale;
    }
}

static void write_group(struct world *world, uint32_t group)
{
    const struct family *family = world->family;
    struct dice *dice = &world->dice;
    int64_t demand[PROBLEM_DIMENSIONS_MAX];
    int64_t worth = 1;
    int64_t count = dice_spread(dice, world->mean_count * 3 / 5 + 1, 130);
    if (!family->groups_percent)
        count = world->mean_count;
    pick_demand(world, demand);
    for (uint32_t k = 0; k < family->dimensions; k++)
        worth += demand[k] / world->scale * 30;
    int64_t unplaced = worth * dice_between(dice, 3, 20) * world->money;
    buffer_printf(world->out, "group %u count=%" PRId64, group, count);
    write_vector(world->out, "demand", demand, family->dimensions, 100);
    buffer_printf(world->out, " unplaced=%" PRId64, unplaced < PROBLEM_MONEY_MAX ? unplaced : PROBLEM_MONEY_MAX);
    if (family->moving || family->steady)
        buffer_printf(world->out, " move=%" PRId64, dice_spread(dice, 700, 120) * world->money);
    buffer_append_byte(world->out, '\n');
    uint32_t first = (uint32_t)dice_below(dice, world->regions);
    uint32_t most = world->regions < GROUP_REGIONS_MAX ? world->regions : GROUP_REGIONS_MAX;
    uint32_t regions = family->groups_percent ? (uint32_t)dice_between(dice, 1, most) : world->regions;
    write_caps(world, group, count, first);
    write_may(world, group, count, first, regions);
    if (dice_chance(dice, family->permachine))
        buffer_printf(world->out, "permachine %u max=%" PRId64 "\n", group, dice_between(dice, 1, 3));
}

/* A budget a region and a quota a type, below what an even share would use; a group budget for every tenth group. */
static void write_limits(struct world *world)
{
    int64_t tight = world->family->tight;
    struct dice *dice = &world->dice;
    for (uint32_t r = 0; r < world->regions && tight; r++) {
        __int128 sum = 0;
        for (uint32_t p = r; p < world->pools; p += world->regions)
            sum += (__int128)world->price[p] * (fair_machines(world, p) * 2 + 2);
        sum = sum * tight / 100 * dice_between(dice, 50, 120) / 100;
        buffer_printf(world->out, "budget %u pools=@%u max=%" PRId64 "\n", r, r,
                      sum < PROBLEM_TOTAL_MAX ? (int64_t)sum : PROBLEM_TOTAL_MAX);
    }
    for (uint32_t t = 0; t < TYPES && tight; t++) {
        int64_t machines = 4;
        for (uint32_t p = 0; p < world->pools; p++)
            machines += type_of(world, p) == t ? fair_machines(world, p) * 2 + 1 : 0;
        buffer_printf(world->out, "quota %u pools=@%u weight=8 max=%" PRId64 "\n", t, world->regions + t,
                      machines * 8 * tight / 100 * dice_between(dice, 60, 120) / 100);
    }
    for (uint32_t j = 0; j + 10 <= world->groups && tight; j += 10)
        buffer_printf(world->out, "gbudget %u groups=%u,%u max=%" PRId64 "\n", j / 10, j, j + 5,
                      world->mean_count * 30000 * world->money * dice_between(dice, 30, 150) / 100);
}

static void size_world(struct world *world, const struct family *family, const struct family_size *size)
{
    world->regions = size->regions;
    world->pools = family->pools_percent ? size->pools * family->pools_percent / 100 : 1;
    world->groups = family->groups_percent ? size->groups * family->groups_percent / 100 : 1;
    world->mean_count = size->mean_count;
    world->scale = 1;
    world->money = 1;
    if (world->pools < world->regions)
        world->regions = world->pools ? world->pools : 1;
    if (world->pools < world->regions)
        world->pools = world->regions;
    if (!family->groups_percent) { /* small and above: as many allocations as a group may have */
        world->mean_count = strcmp(size->name, "tiny") == 0 ? 1000 : PROBLEM_COUNT_MAX;
    }
    if (family->prices == PRICE_EDGE) { /* the largest machine and the dearest one come near 2^36 and 2^44 */
        world->scale = PROBLEM_AMOUNT_MAX / (UNIT * 32) - 1;
        world->money = PROBLEM_MONEY_MAX / 4000000;
    }
}

static void make_ratios(struct world *world)
{
    for (uint32_t t = 0; t < TYPES; t++) {
        for (uint32_t k = 0; k < world->family->dimensions; k++)
            world->ratio[t][k] = k ? dice_between(&world->dice, 40, 200) : 100;
    }
}

bool family_generate(const struct family *family, const char *size, uint64_t seed, struct buffer *out)
{
    const struct family_size *found = NULL;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        found = strcmp(sizes[i].name, size) == 0 ? &sizes[i] : found;
    if (!found)
        return false;
    struct world world = {.family = family, .out = out, .dice = {seed * 7919 + (uint64_t)(family - families) * 104729}};
    size_world(&world, family, found);
    world.capacity = memory_new((size_t)world.pools * family->dimensions, sizeof *world.capacity);
    world.price = memory_new(world.pools, sizeof *world.price);
    make_ratios(&world);
    buffer_append_text(out, "drover-problem 1\ndims");
    for (uint32_t k = 0; k < family->dimensions; k++)
        buffer_printf(out, " d%u", k);
    buffer_append_byte(out, '\n');
    for (uint32_t r = 0; r < world.regions; r++)
        buffer_printf(out, "region %u place-%u\n", r, r);
    for (uint32_t p = 0; p < world.pools; p++)
        write_pool(&world, p);
    write_sets(&world);
    for (uint32_t j = 0; j < world.groups; j++)
        write_group(&world, j);
    write_limits(&world);
    free(world.capacity);
    free(world.price);
    return true;
}
