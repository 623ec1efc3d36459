/* `drover agent -dev`: simulated regions on loopback ports of this very process, configured as real ones would be, so
 * that everything above them is what runs in earnest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "controller/agent/dev_regions.h"
#include "controller/agent/private.h"
#include "net/clock.h"
#include "sim/engine/region.h"
#include "sim/serve/server.h"

enum { DEV_JOIN_WITHIN_MS = 60000, DEV_IDLE_AFTER_MS = 10000, DEV_NODES_AN_HOUR = 60, DEV_LOOK_EVERY_MS = 5000 };
enum { DEV_SEED = 1, DEV_EXTERNAL_JOBS = 2, DEV_EXTERNAL_ALLOCATIONS = 3 };

struct dev {
    struct sim_region *regions[DEV_REGIONS];
    struct sim_server *server;
    struct api_simulated_region shown[DEV_REGIONS];
};

static struct sim_region *dev_make_region(const struct dev_region *region, uint64_t seed, struct error *ret_error)
{
    struct sim_pool_spec pools[8] = {0};
    for (size_t i = 0; i < region->pool_count; i++) {
        pools[i] = (struct sim_pool_spec){.name = region->pools[i].name,
                                          .count = region->pools[i].nodes,
                                          .cpu_mhz = region->pools[i].cpu_mhz,
                                          .memory_mb = region->pools[i].memory_mb,
                                          .max = region->pools[i].grow_to,
                                          .market = region->pools[i].market,
                                          .instance_type = region->pools[i].instance_type};
    }
    struct sim_region_spec spec = {
        .name = region->name, .seed = seed, .pools = pools, .pool_count = region->pool_count};
    return sim_region_new(&spec, clock_wall_ms(), ret_error);
}

static char *dev_text(const char *text)
{
    return memory_copy_text(text, strlen(text));
}

/* The prices of the list are this file's neighbour's own: they parse. */
static int64_t dev_money(const char *text)
{
    struct error ignored;
    int64_t uusd = 0;
    money_parse(text, strlen(text), &uusd, &ignored);
    return uusd;
}

/* What a growing pool gets: its machines come from the simulated provider, and those beyond the first go again. */
static void dev_configure_growth(const char *region, const struct dev_pool *pool, struct pool_config *config)
{
    struct buffer id = BUFFER_INIT;
    buffer_printf(&id, "%s/%s", region, pool->name);
    config->provider_pool = buffer_take(&id);
    config->join_within_ms = DEV_JOIN_WITHIN_MS;
    config->shrinks = true;
    config->min_nodes = pool->nodes;
    config->idle_after_ms = DEV_IDLE_AFTER_MS;
    config->drain_deadline_ms = DRAIN_DEADLINE_MS;
    config->nodes_an_hour = DEV_NODES_AN_HOUR;
}

static void dev_configure_pool(const char *region, const struct dev_pool *pool, bool linked, struct pool_config *config)
{
    config->name = dev_text(pool->name);
    config->selectors = memory_new(1, sizeof *config->selectors);
    config->selectors[0] = (struct selector){.key = dev_text("node_class"), .value = dev_text(pool->name)};
    config->selector_count = 1;
    config->instance_type = dev_text(pool->instance_type);
    config->priced = true;
    config->price.source = dev_text("sim");
    config->price.list_uusd_h = config->price.effective_uusd_h = dev_money(pool->usd_per_hour);
    config->price.marginal_uusd_h = dev_money(pool->marginal_usd_per_hour);
    market_parse(pool->market, &config->price.market);
    config->grow_to = pool->grow_to;
    if (linked && pool->grow_to > 0) {
        dev_configure_growth(region, pool, config);
    } else {
        config->provider_pool = dev_text("");
    }
}

/* The region's provider as an account of its own. False where the module is not installed: then nothing grows. */
static bool dev_configure_account(struct config *config, const struct dev_region *region, const char *control)
{
    char *module = config_module_path("sim");
    struct error ignored;
    if (module == NULL) {
        return false;
    }
    config->accounts =
        memory_grow(config->accounts, config->account_count, &config->account_capacity, sizeof *config->accounts);
    struct config_account *account = &config->accounts[config->account_count++];
    *account = (struct config_account){.name = dev_text(region->provider),
                                       .module = dev_text("sim"),
                                       .module_path = module,
                                       .look_every_ms = DEV_LOOK_EVERY_MS};
    return provider_settings_add(&account->settings, "endpoint", 0, false, control, &ignored) &&
           provider_settings_add(&account->settings, "regions", 0, false, region->name, &ignored);
}

static void dev_configure_region(struct config *config, const struct dev_region *region, const char *nomad,
                                 const char *consul, const char *control)
{
    bool linked = dev_configure_account(config, region, control);
    config->regions =
        memory_grow(config->regions, config->region_count, &config->region_capacity, sizeof *config->regions);
    struct config_region *into = &config->regions[config->region_count++];
    memset(into, 0, sizeof *into);
    into->model.name = dev_text(region->name);
    into->model.provider = dev_text(region->provider);
    into->model.labels = memory_new(1, sizeof *into->model.labels);
    into->model.labels[0] = (struct label){.key = dev_text(region->label_key), .value = dev_text(region->label_value)};
    into->model.label_count = 1;
    into->model.pools = memory_new(region->pool_count, sizeof *into->model.pools);
    into->model.pool_count = region->pool_count;
    for (size_t i = 0; i < region->pool_count; i++) {
        dev_configure_pool(region->name, &region->pools[i], linked, &into->model.pools[i]);
    }
    into->nomad.address = dev_text(nomad);
    into->consul.address = dev_text(consul);
    into->has_consul = true;
}

static size_t dev_count_nodes(const struct dev_region *region)
{
    size_t nodes = 0;
    for (size_t i = 0; i < region->pool_count; i++) {
        nodes += (size_t)region->pools[i].nodes;
    }
    return nodes;
}

bool dev_start(struct agent *agent, struct error *ret_error)
{
    struct dev *dev = agent->dev = memory_new(1, sizeof *dev);
    for (size_t i = 0; i < DEV_REGIONS; i++) {
        dev->regions[i] = dev_make_region(&dev_region_list[i], DEV_SEED + i, ret_error);
        if (dev->regions[i] == NULL) {
            return false;
        }
        sim_region_populate(dev->regions[i], DEV_EXTERNAL_JOBS, DEV_EXTERNAL_ALLOCATIONS, clock_wall_ms());
    }
    sim_regions_link(dev->regions, DEV_REGIONS, dev_rtt_ms);
    struct sim_server_options options = {.control = true};
    dev->server = sim_server_new(&agent->loop, dev->regions, DEV_REGIONS, &options, ret_error);
    if (dev->server == NULL) {
        return false;
    }
    for (size_t i = 0; i < DEV_REGIONS; i++) {
        dev->shown[i] = (struct api_simulated_region){.name = dev_region_list[i].name,
                                                      .address = sim_server_nomad_url(dev->server, i),
                                                      .nodes = dev_count_nodes(&dev_region_list[i])};
        dev_configure_region(agent->config, &dev_region_list[i], dev->shown[i].address,
                             sim_server_consul_url(dev->server, i), sim_server_control_url(dev->server));
    }
    return true;
}

const struct api_simulated_region *dev_regions(const struct agent *agent, size_t *ret_count)
{
    *ret_count = DEV_REGIONS;
    return agent->dev->shown;
}

/* Taken as any new price would be: the region's configuration again, with a price of a later date. */
static bool dev_set_price(struct agent *agent, const struct api_simulation *simulation, struct buffer *ret_done,
                          struct error *ret_error)
{
    const struct world_region *region = world_find_region(core_world(agent->core), simulation->region);
    struct region_config changed;
    int64_t rate;
    if (!money_parse(simulation->usd_per_hour, strlen(simulation->usd_per_hour), &rate, ret_error)) {
        return error_prefix(ret_error, "USDPerHour");
    }
    if (rate < 0 || rate > MONEY_RATE_MAX_UUSD_H) {
        return error_set(ret_error, ERROR_INVALID, "USDPerHour is negative or absurd");
    }
    region_config_copy(&changed, &region->config);
    struct pool_config *pool = NULL;
    for (size_t i = 0; i < changed.pool_count; i++) {
        pool = strcmp(changed.pools[i].name, simulation->pool) == 0 ? &changed.pools[i] : pool;
    }
    if (pool == NULL) {
        error_set(ret_error, ERROR_NOT_FOUND, "region \"%s\" has no pool \"%.128s\"", simulation->region,
                  simulation->pool);
        region_config_release(&changed);
        return false;
    }
    bool sunk = pool->price.market == MARKET_OWNED || pool->price.market == MARKET_RESERVED;
    pool->priced = true;
    pool->price.list_uusd_h = pool->price.effective_uusd_h = rate;
    pool->price.marginal_uusd_h = sunk ? pool->price.marginal_uusd_h : rate;
    pool->price.observed_at_ms = pool->price.valid_from_ms = agent->clock.now_ms;
    struct event event = {.type = EVENT_REGION_CONFIGURED, .region = changed.name, .region_config = &changed};
    shell_feed(agent, &event);
    buffer_printf(ret_done, "%s/%s costs %s USD an hour now", simulation->region, simulation->pool,
                  simulation->usd_per_hour);
    region_config_release(&changed);
    return true;
}

static bool dev_fault(struct agent *agent, size_t region, const struct api_simulation *simulation,
                      struct buffer *ret_done, struct error *ret_error)
{
    struct sim_server *server = agent->dev->server;
    const char *word = simulation->word;
    char number[32];
    if (strcmp(word, "node-down") == 0 || strcmp(word, "node-up") == 0) {
        buffer_printf(ret_done, "%s/%s is going %s", simulation->region, simulation->node, word + 5);
        return sim_server_fault(server, region, word[5] == 'd' ? SIM_FAULT_NODE_DOWN : SIM_FAULT_NODE_UP,
                                simulation->node, ret_error);
    }
    if (strcmp(word, "slow") == 0) {
        if (simulation->milliseconds < 0) {
            return error_set(ret_error, ERROR_INVALID, "slow needs Milliseconds");
        }
        snprintf(number, sizeof number, "%lld", (long long)simulation->milliseconds);
        buffer_printf(ret_done, "%s answers %s ms later", simulation->region, number);
        return sim_server_fault(server, region, SIM_FAULT_SLOW, number, ret_error);
    }
    if (strcmp(word, "fail") == 0) {
        buffer_printf(ret_done, "allocations of %s fail in %s", simulation->job, simulation->region);
        return sim_server_fault(server, region, SIM_FAULT_TASK_FAIL, simulation->job, ret_error);
    }
    if (strcmp(word, "dark") == 0) {
        buffer_printf(ret_done, "%s says nothing any more", simulation->region);
        return sim_server_fault(server, region, SIM_FAULT_DARK, "silent", ret_error);
    }
    return error_set(ret_error, ERROR_NOT_FOUND,
                     "\"%.32s\" cannot be simulated; known are price, node-down, node-up, slow, fail, dark, heal",
                     word);
}

static bool dev_heal(struct agent *agent, size_t region, struct buffer *ret_done, struct error *ret_error)
{
    struct sim_server *server = agent->dev->server;
    const struct dev_region *made = &dev_region_list[region];
    char name[64];
    for (size_t i = 0; i < made->pool_count; i++) {
        for (int k = 1; k <= made->pools[i].nodes; k++) {
            snprintf(name, sizeof name, "%s-%d", made->pools[i].name, k);
            if (!sim_server_fault(server, region, SIM_FAULT_NODE_UP, name, ret_error)) {
                return false;
            }
        }
    }
    buffer_printf(ret_done, "%s is well again", made->name);
    return sim_server_fault(server, region, SIM_FAULT_HEAL, "", ret_error);
}

bool dev_simulate(void *context, const struct api_simulation *simulation, struct buffer *ret_done,
                  struct error *ret_error)
{
    struct agent *agent = context;
    int region = sim_server_find(agent->dev->server, simulation->region);
    if (region < 0) {
        return error_set(ret_error, ERROR_NOT_FOUND, "no simulated region \"%.128s\"", simulation->region);
    }
    report_info(agent, simulation->region, "simulation: %.32s", simulation->word);
    if (strcmp(simulation->word, "price") == 0) {
        return dev_set_price(agent, simulation, ret_done, ret_error);
    }
    if (strcmp(simulation->word, "heal") == 0) {
        return dev_heal(agent, (size_t)region, ret_done, ret_error);
    }
    return dev_fault(agent, (size_t)region, simulation, ret_done, ret_error);
}

void dev_close(struct agent *agent, void (*on_closed)(void *context))
{
    if (agent->dev != NULL && agent->dev->server != NULL) {
        agent->closing++;
        sim_server_close(agent->dev->server, on_closed, agent);
        agent->dev->server = NULL;
    }
}

void dev_free(struct agent *agent)
{
    for (size_t i = 0; agent->dev != NULL && i < DEV_REGIONS; i++) {
        sim_region_free(agent->dev->regions[i]);
    }
    free(agent->dev);
    agent->dev = NULL;
}
