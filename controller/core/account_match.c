/* Which Nomad node an instance is: by what both know. An instance names node attributes or meta keys and the values
 * they have on its machine; a node that has one of them is that machine. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/core/fleet_private.h"

/* --- identities: key, and value without case ------------------------------------------------------------------------
 */

static uint64_t identity_hash(const char *key, const char *value)
{
    uint64_t hash = hash_bytes(key, strlen(key));
    for (const unsigned char *c = (const unsigned char *)value; *c; c++)
        hash = (hash ^ (uint64_t)tolower(*c)) * UINT64_C(1099511628211);
    return hash_number(hash);
}

static const struct fact_pair *identity_at(const struct world_account *account, uint32_t place)
{
    const struct identity_place *at = &account->identity_places[place];
    return &account->facts[LOOK_POOLS]->instances[at->instance].identities[at->identity];
}

struct identity_query {
    const struct world_account *account;
    const char *key, *value;
};

static bool identity_same(const void *query, uint32_t place)
{
    const struct identity_query *at = query;
    const struct fact_pair *pair = identity_at(at->account, place);
    return strcmp(pair->key, at->key) == 0 && strcasecmp(pair->value, at->value) == 0;
}

static uint64_t identity_rehash(const void *context, uint32_t place)
{
    const struct fact_pair *pair = identity_at(context, place);
    return identity_hash(pair->key, pair->value);
}

/* Two instances with one identity (a clone's UUID, say): no node is taken for either. */
static void index_identities(struct world_account *account)
{
    const struct account_facts *facts = account->facts[LOOK_POOLS];
    size_t count = 0;
    for (size_t i = 0; i < facts->instance_count; i++)
        count += facts->instances[i].identity_count;
    hash_release(&account->identities);
    account->identities = (struct hash_index){0};
    free(account->identity_places);
    account->identity_places = memory_new(count, sizeof *account->identity_places);
    account->identity_count = 0;
    for (uint32_t i = 0; i < facts->instance_count; i++)
        for (uint32_t k = 0; k < facts->instances[i].identity_count; k++) {
            const struct fact_pair *pair = &facts->instances[i].identities[k];
            uint64_t hash = identity_hash(pair->key, pair->value);
            struct identity_query query = {account, pair->key, pair->value};
            uint32_t *there = hash_find(&account->identities, hash, identity_same, &query);
            if (there && account->identity_places[*there].instance != i) {
                account->matches[account->identity_places[*there].instance].doubtful = true;
                account->matches[i].doubtful = true;
                continue;
            }
            if (there)
                continue;
            account->identity_places[account->identity_count] = (struct identity_place){i, k};
            hash_insert(&account->identities, hash, (uint32_t)account->identity_count++, identity_rehash, account);
        }
}

/* --- matching -------------------------------------------------------------------------------------------------------
 */

/* The match of the instance that a node says it is; NULL when it says none. */
static struct instance_match *match_of_node(const struct world_account *account, const struct world_node *node)
{
    for (uint32_t i = 0; account->facts[LOOK_POOLS] && i < node->selected_count; i++) {
        const struct fact_pair *pair = &node->selected[i];
        struct identity_query query = {account, pair->key, pair->value};
        const uint32_t *place =
            hash_find(&account->identities, identity_hash(pair->key, pair->value), identity_same, &query);
        if (place)
            return &account->matches[account->identity_places[*place].instance];
    }
    return NULL;
}

static void match_one(const struct world *world, const struct world_account *account, const struct world_region *region,
                      const struct world_node *node)
{
    struct instance_match *match = match_of_node(account, node);
    if (!match || match->doubtful)
        return;
    /* A machine that was set up anew is a new node; the old one lingers, down. Of two that are not down, nobody can say
     * which one is removed with the machine. */
    const struct world_node *before = match_node(world, match);
    if (before && before != node && before->status != NODE_DOWN && match_of_node(account, before) == match) {
        if (node->status == NODE_DOWN)
            return;
        match->doubtful = true;
        match->matched = false;
        return;
    }
    match->region = (uint32_t)(region - world->regions);
    match->node = node->id;
    match->matched = true;
}

void account_match_all(struct world *world, uint32_t place)
{
    struct world_account *account = &world->accounts[place];
    size_t count = account->facts[LOOK_POOLS]->instance_count;
    free(account->matches);
    account->matches = memory_new(count, sizeof *account->matches);
    index_identities(account);
    for (size_t i = 0; i < world->region_count; i++) {
        const struct world_region *region = &world->regions[i];
        if (strcmp(region->config.provider, account->config.name) != 0)
            continue;
        for (size_t n = 0; n < region->node_count; n++)
            if (region->nodes[n].present)
                match_one(world, account, region, &region->nodes[n]);
    }
}

void accounts_match_node(struct world *world, const struct world_region *region, const struct world_node *node)
{
    for (size_t i = 0; i < world->account_count; i++)
        if (strcmp(region->config.provider, world->accounts[i].config.name) == 0)
            match_one(world, &world->accounts[i], region, node);
}

const struct world_node *match_node(const struct world *world, const struct instance_match *match)
{
    if (!match->matched || match->region >= world->region_count)
        return NULL;
    return world_find_node(&world->regions[match->region], &match->node);
}

const struct instance_match *world_match_of(const struct world_account *account,
                                            const struct account_instance *instance)
{
    return &account->matches[instance - account->facts[LOOK_POOLS]->instances];
}

const struct account_instance *world_instance_of(const struct world *world, const struct world_region *region,
                                                 const struct world_node *node)
{
    const struct world_account *account = world_find_account(world, region->config.provider);
    const struct instance_match *match = account ? match_of_node(account, node) : NULL;
    if (!match || !match->matched || !uuid_equal(&match->node, &node->id))
        return NULL;
    return &account->facts[LOOK_POOLS]->instances[match - account->matches];
}
