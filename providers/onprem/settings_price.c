/* Pools with their price, and the tariff. What a pool does not say of its price is taken from the account's block. */
#include "providers/onprem/settings_private.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "providers/onprem/setting_value.h"

#define SECOND_US INT64_C(1000000)

/* A POSIX rule where it reads as one, else a name of the zone database. */
static bool read_zone(const struct setting_block *block, const char *text, struct zone *ret_zone,
                      struct error *ret_error)
{
    const struct provider_services *services = block->services;
    struct error reason;
    if (zone_read_posix(text, strlen(text), ret_zone, &reason))
        return true;
    char path[256];
    size_t length = 0;
    const char *trouble = "";
    bool open_to_others = false;
    if (strstr(text, "..") || text[0] == '/' || strlen(text) > 100)
        return setting_refuse(block, "zone", ret_error, "a zone such as Europe/Berlin is wanted");
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", text);
    const char *bytes = services->file(services->context, path, &length, &open_to_others, &trouble);
    if (!bytes)
        return setting_refuse(block, "zone", ret_error,
                              "%.100s: %.200s; a rule such as CET-1CEST,M3.5.0,M10.5.0/3 does "
                              "without the zone database",
                              text, trouble ? trouble : "not there");
    if (!zone_read_file(bytes, length, ret_zone, &reason))
        return setting_refuse(block, "zone", ret_error, "%.100s: %s", text, reason.text);
    return true;
}

static bool read_days(const struct setting_block *block, unsigned *ret_days, struct error *ret_error)
{
    unsigned days = 0;
    for (size_t i = 0; i <= 7; i++) {
        const char *word = setting_raw(block, "days", i);
        if (!word)
            break;
        unsigned day = tariff_day(word);
        if (day == 0 || i == 7)
            return setting_refuse(block, "days", ret_error, "a list of \"mon\", \"tue\", ... \"sun\" is wanted");
        days |= day;
    }
    *ret_days = days ? days : TARIFF_ALL_DAYS;
    return true;
}

static bool read_minute(const struct setting_block *block, const char *name, int *value, struct error *ret_error)
{
    const char *text = setting_raw(block, name, 0);
    struct error reason;
    if (text && !tariff_read_time(text, value, &reason))
        return setting_refuse(block, name, ret_error, "%s", reason.text);
    return true;
}

static bool read_rate(const struct setting_block *block, const char *name, int64_t *value, struct error *ret_error)
{
    if (!setting_micro(block, name, value, ret_error))
        return false;
    if (*value > TARIFF_RATE_MAX_MICRO)
        return setting_refuse(block, name, ret_error, "at most 1000 a kWh are believed");
    return true;
}

static bool read_rule(const struct setting_block *block, struct tariff *tariff, struct tariff_rule *rule,
                      struct error *ret_error)
{
    const char *zone = setting_raw(block, "zone", 0);
    rule->rate_micro_kwh = -1;
    rule->to = 24 * 60;
    if (!read_days(block, &rule->days, ret_error) || !read_minute(block, "from", &rule->from, ret_error) ||
        !read_minute(block, "to", &rule->to, ret_error) || !read_rate(block, "rate", &rule->rate_micro_kwh, ret_error))
        return false;
    if (rule->rate_micro_kwh < 0)
        return setting_refuse(block, "rate", ret_error, "is missing: the price of a kWh");
    if (rule->from == 24 * 60 || rule->from == rule->to)
        return setting_refuse(block, "from", ret_error, "the span has no length; leave both out for the whole day");
    rule->zone = tariff->zone_count;
    if (!read_zone(block, zone ? zone : "UTC0", &tariff->zones[tariff->zone_count], ret_error))
        return false;
    tariff->zone_count++;
    return true;
}

bool settings_read_tariff(const struct provider_services *services, struct site_settings *settings,
                          struct error *ret_error)
{
    struct setting_block root = {.services = services};
    struct tariff *tariff = &settings->tariff;
    size_t count = 0;
    if (!read_rate(&root, "tariff_rate", &tariff->rate_micro_kwh, ret_error) ||
        !settings_count_labels(services, "tariff", ONPREM_RULES_MAX, &count, ret_error))
        return false;
    tariff->zones = memory_new(count, sizeof *tariff->zones);
    tariff->rules = memory_new(count, sizeof *tariff->rules);
    for (size_t i = 0; i < count; i++) {
        struct setting_block block;
        const char *label = services->setting_label(services->context, "tariff", i);
        if (!setting_block(services, "tariff", label, &block, ret_error) ||
            !read_rule(&block, tariff, &tariff->rules[i], ret_error))
            return false;
        tariff->rule_count++;
    }
    return true;
}

static bool read_money(const struct setting_block *block, struct price_inputs *price, struct error *ret_error)
{
    return setting_micro(block, "purchase", &price->purchase_micro, ret_error) &&
           setting_micro(block, "residual", &price->residual_micro, ret_error) &&
           setting_count(block, "months", 1, 1200, &price->months, ret_error) &&
           setting_percent(block, "capital_percent", &price->capital_ppm, ret_error) &&
           setting_percent(block, "maintenance_percent", &price->maintenance_ppm, ret_error) &&
           setting_micro(block, "rack_month", &price->rack_month_micro, ret_error) &&
           setting_count(block, "rack_units", 1, 1000, &price->rack_units, ret_error) &&
           setting_count(block, "rack_units_total", 1, 1000, &price->rack_units_total, ret_error) &&
           setting_percent(block, "rack_fill_percent", &price->rack_fill_ppm, ret_error) &&
           setting_micro(block, "staff_year", &price->staff_year_micro, ret_error) &&
           setting_count(block, "staff_machines", 1, 10000000, &price->staff_machines, ret_error) &&
           setting_micro(block, "bandwidth_month", &price->bandwidth_month_micro, ret_error) &&
           setting_count(block, "bandwidth_machines", 1, 10000000, &price->bandwidth_machines, ret_error) &&
           setting_micro(block, "other_month", &price->other_month_micro, ret_error);
}

static bool read_power(const struct setting_block *block, struct price_inputs *price, struct error *ret_error)
{
    int64_t boot_us = price->boot_seconds * SECOND_US;
    if (!setting_micro(block, "pue", &price->pue_micro, ret_error) ||
        !setting_watts(block, "watts_loaded", &price->loaded_mw, ret_error) ||
        !setting_watts(block, "watts_idle", &price->idle_mw, ret_error) ||
        !setting_watts(block, "watts_off", &price->off_mw, ret_error) ||
        !setting_watts(block, "watts_boot", &price->boot_mw, ret_error) ||
        !setting_duration(block, "boot_time", 86400, &boot_us, ret_error))
        return false;
    price->boot_seconds = boot_us / SECOND_US;
    if (price->pue_micro < 1000000 || price->pue_micro > 10000000)
        return setting_refuse(block, "pue", ret_error, "1 to 10 is wanted");
    return true;
}

static bool read_pool(const struct setting_block *block, struct pool_settings *pool, struct error *ret_error)
{
    struct error reason;
    struct price_machine price;
    if (!setting_count(block, "min", 0, ONPREM_MACHINES_MAX, &pool->min, ret_error) ||
        !setting_flag(block, "adopt_running", &pool->adopt_running, ret_error) ||
        !setting_flag(block, "force_off", &pool->force_off, ret_error) ||
        !setting_duration(block, "off_timeout", 86400, &pool->off_timeout_us, ret_error) ||
        !read_money(block, &pool->price, ret_error) || !read_power(block, &pool->price, ret_error))
        return false;
    if (!price_machine(&pool->price, 0, 1, &price, &reason))
        return error_set(ret_error, ERROR_INVALID, "%s: %s", block->path, reason.text);
    return true;
}

bool settings_read_pools(const struct provider_services *services, struct site_settings *settings,
                         struct error *ret_error)
{
    struct setting_block root = {.services = services};
    struct pool_settings preset = {.off_timeout_us = 600 * SECOND_US,
                                   .price = {.months = 48,
                                             .rack_units = 1,
                                             .rack_units_total = 42,
                                             .rack_fill_ppm = 1000000,
                                             .pue_micro = 1500000,
                                             .boot_seconds = 300}};
    size_t count = 0;
    if (!read_money(&root, &preset.price, ret_error) || !read_power(&root, &preset.price, ret_error) ||
        !settings_count_labels(services, "pool", ONPREM_POOLS_MAX, &count, ret_error))
        return false;
    settings->pools = memory_new(count, sizeof *settings->pools);
    settings->pool_count = count;
    for (size_t i = 0; i < count; i++) {
        struct setting_block block;
        const char *label = services->setting_label(services->context, "pool", i);
        if (!setting_block(services, "pool", label, &block, ret_error))
            return false;
        settings->pools[i] = preset;
        snprintf(settings->pools[i].name, sizeof settings->pools[i].name, "%s", label);
        if (!read_pool(&block, &settings->pools[i], ret_error))
            return false;
    }
    return true;
}
