/* What the account has: its region, its pools as instance types, their prices, their machines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "providers/onprem/functions.h"
#include "providers/onprem/survey.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/time.h"

#define HOUR_US INT64_C(3600000000)
static const char end_of_call[] = "the host takes no more records";

/* Zones of a pool's machines (SURVEY_ALL: of all), each once, sorted. The texts are borrowed. */
static const char **list_zones(const struct provider_account *account, int64_t pool, size_t *ret_count)
{
    const char **zones = memory_new(account->settings.machine_count, sizeof(const char *));
    size_t count = 0;
    for (size_t i = 0; i < account->settings.machine_count; i++) {
        const struct machine_settings *machine = &account->settings.machines[i];
        size_t at = 0;
        if (!machine->zone[0] || (pool != SURVEY_ALL && machine->pool != (size_t)pool))
            continue;
        while (at < count && strcmp(zones[at], machine->zone) < 0)
            at++;
        if (at < count && strcmp(zones[at], machine->zone) == 0)
            continue;
        memmove(zones + at + 1, zones + at, (count - at) * sizeof(const char *));
        zones[at] = machine->zone;
        count++;
    }
    *ret_count = count;
    return zones;
}

/* The smaller of two sizes, where PROVIDER_UNSET says nothing. */
static void keep_least(int64_t *least, int64_t value)
{
    if (value != PROVIDER_UNSET && (*least == PROVIDER_UNSET || value < *least))
        *least = value;
}

static int64_t first_known(int64_t configured, int64_t read)
{
    return configured != PROVIDER_UNSET ? configured : read;
}

/* A pool as instance type: what its smallest machine has. */
static bool emit_type(const struct provider_account *account, size_t pool)
{
    const struct site_settings *settings = &account->settings;
    struct provider_instance_type type = {.region = settings->site,
                                          .name = settings->pools[pool].name,
                                          .architecture = settings->architecture,
                                          .processor_mhz = PROVIDER_UNSET,
                                          .vcpus = PROVIDER_UNSET,
                                          .memory_mib = PROVIDER_UNSET,
                                          .disk_mib = PROVIDER_UNSET,
                                          .gpu = "",
                                          .on_demand = true,
                                          .current = true,
                                          .restriction = "",
                                          .quota = settings->pools[pool].name};
    for (size_t i = 0; i < settings->machine_count; i++) {
        const struct machine *machine = &account->machines[i];
        if (machine->settings->pool != pool)
            continue;
        keep_least(&type.vcpus, first_known(machine->settings->cpus, machine->reading.vcpus));
        keep_least(&type.memory_mib, first_known(machine->settings->memory_mib, machine->reading.memory_mib));
        keep_least(&type.disk_mib, machine->settings->disk_mib);
    }
    return account->services->emit_instance_type(account->services->context, &type);
}

static bool must_ask_sizes(const struct provider_account *account)
{
    for (size_t i = 0; i < account->settings.machine_count; i++) {
        const struct machine *machine = &account->machines[i];
        if (first_known(machine->settings->cpus, machine->reading.vcpus) == PROVIDER_UNSET ||
            first_known(machine->settings->memory_mib, machine->reading.memory_mib) == PROVIDER_UNSET)
            return true;
    }
    return false;
}

enum provider_status onprem_describe(struct provider_account *account, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    size_t count = 0;
    if (must_ask_sizes(account))
        survey_pool(account, SURVEY_ALL, SURVEY_TO_LOOK);
    const char **zones = list_zones(account, SURVEY_ALL, &count);
    const char **ids = memory_new(count, sizeof(const char *));
    for (size_t i = 0; i < count; i++)
        ids[i] = "";
    struct provider_region region = {
        .id = account->settings.site, .name = "", .zones = zones, .zone_ids = ids, .zone_count = count};
    bool good = services->emit_region(services->context, &region);
    for (size_t i = 0; good && i < account->settings.pool_count; i++)
        good = emit_type(account, i);
    free(zones);
    free(ids);
    return good ? PROVIDER_OK : sdk_fail(error, PROVIDER_INVALID, "", "%s", end_of_call);
}

/* The mean watts of a pool's machines; where the price is that of what is measured, also the mean of what they draw. */
struct mean_watts {
    int64_t loaded_mw, idle_mw, off_mw, drawn_mw, count, estimated;
};

static struct mean_watts average_watts(const struct provider_account *account, size_t pool)
{
    struct mean_watts mean = {0};
    for (size_t i = 0; i < account->settings.machine_count; i++) {
        const struct machine *machine = &account->machines[i];
        bool estimated = true;
        if (machine->settings->pool != pool)
            continue;
        int64_t watts = machine->reading.power == POWER_ON ? survey_watts(machine, &estimated) : PROVIDER_UNSET;
        mean.loaded_mw += machine->settings->loaded_mw;
        mean.idle_mw += machine->settings->idle_mw;
        mean.off_mw += machine->settings->off_mw;
        mean.drawn_mw += estimated ? machine->settings->loaded_mw : watts;
        mean.estimated += estimated;
        mean.count++;
    }
    if (mean.count > 0) {
        mean.loaded_mw /= mean.count;
        mean.idle_mw /= mean.count;
        mean.off_mw /= mean.count;
        mean.drawn_mw /= mean.count;
    }
    return mean;
}

static bool price_pool(const struct provider_account *account, size_t pool, int64_t hour_us,
                       struct price_machine *ret_price, struct mean_watts *ret_mean, struct error *ret_error)
{
    struct price_inputs inputs = account->settings.pools[pool].price;
    int64_t rate_minutes = 0, minutes = 0, drawn = 0;
    struct mean_watts mean = average_watts(account, pool);
    inputs.loaded_mw = mean.loaded_mw;
    inputs.idle_mw = mean.idle_mw;
    inputs.off_mw = mean.off_mw;
    if (!tariff_sum(&account->settings.tariff, hour_us, hour_us + HOUR_US, &rate_minutes, &minutes, ret_error) ||
        !price_machine(&inputs, rate_minutes, minutes, ret_price, ret_error))
        return false;
    if (account->settings.price_measured) {
        if (!price_power(mean.drawn_mw, inputs.pue_micro, rate_minutes, minutes, &drawn, ret_error))
            return false;
        ret_price->full_loaded = ret_price->fixed.total + drawn;
    }
    *ret_mean = mean;
    return true;
}

static void write_note(const struct provider_account *account, const struct price_machine *price,
                       const struct mean_watts *mean, char *note, size_t size)
{
    char pause[TEXT_DURATION_MAX];
    if (!account->settings.price_measured)
        snprintf(note, size, "watts as configured");
    else
        snprintf(note, size, "%s: %lld of %lld machines not measured, as configured there",
                 mean->estimated ? "estimated watts" : "measured watts", (long long)mean->estimated,
                 (long long)mean->count);
    if (price->break_even_s > 0)
        snprintf(note + strlen(note), size - strlen(note), "; a start costs as much as %s of idling",
                 text_format_duration_short(price->break_even_s * 1000, pause));
}

static bool emit_price(const struct provider_account *account, size_t pool)
{
    const struct provider_services *services = account->services;
    const char *name = account->settings.pools[pool].name;
    char note[256];
    struct price_machine price;
    struct mean_watts mean;
    struct error reason;
    int64_t now = account_now(account), hour = now - now % HOUR_US;
    if (average_watts(account, pool).count == 0)
        return true;
    bool priced = price_pool(account, pool, hour, &price, &mean, &reason);
    if (!priced || price.full_loaded <= 0) {
        sdk_log(services, PROVIDER_WARN, "pool %s has no price: %s", name,
                priced ? "it comes to nothing" : reason.text);
        return true;
    }
    write_note(account, &price, &mean, note, sizeof note);
    struct provider_offer offer = {.region = account->settings.site,
                                   .zone = "",
                                   .instance_type = name,
                                   .market = PROVIDER_OWNED,
                                   .currency = account->settings.currency,
                                   .price_micro_h = price.full_loaded,
                                   .upfront_micro = PROVIDER_UNSET,
                                   .marginal_use_micro_h = price.marginal_use,
                                   .marginal_wake_micro_h = price.marginal_wake,
                                   .observed_at_us = now,
                                   .valid_from_us = hour,
                                   .source = "onprem:model",
                                   .note = note};
    return services->emit_offer(services->context, &offer);
}

enum provider_status onprem_offers(struct provider_account *account, struct provider_error *error)
{
    if (account->settings.price_measured)
        survey_pool(account, SURVEY_ALL, account->settings.read_watts ? SURVEY_TO_LOOK_AT_WATTS : SURVEY_TO_LOOK);
    for (size_t i = 0; i < account->settings.pool_count; i++)
        if (!emit_price(account, i))
            return sdk_fail(error, PROVIDER_INVALID, "", "%s", end_of_call);
    return PROVIDER_OK;
}

enum provider_status onprem_quotas(struct provider_account *account, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    for (size_t i = 0; i < account->settings.pool_count; i++) {
        struct provider_quota quota = {.region = account->settings.site,
                                       .name = account->settings.pools[i].name,
                                       .unit = "instances",
                                       .limit = average_watts(account, i).count,
                                       .used = PROVIDER_UNSET};
        if (!services->emit_quota(services->context, &quota))
            return sdk_fail(error, PROVIDER_INVALID, "", "%s", end_of_call);
    }
    return PROVIDER_OK;
}
