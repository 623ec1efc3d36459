/* currency "EUR" { usd = "1.08" } and commitment "NAME" { ... }: what prices mean beside the prices themselves. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/money.h"
#include "base/time.h"
#include "controller/agent/config_private.h"

enum { CURRENCIES_MAX = 200, PERCENT_MILLIONTHS = 10000 };
/* A unit of a currency is worth between a millionth of a dollar and a million dollars. */
#define RATE_MAX (INT64_C(1000000) * MONEY_UUSD_PER_USD)

static bool is_currency(const char *name)
{
    return strlen(name) == 3 && isupper((unsigned char)name[0]) && isupper((unsigned char)name[1]) &&
           isupper((unsigned char)name[2]);
}

static void read_currency(struct config *config, struct hcl_reader *outer, const struct hcl_block *block)
{
    struct hcl_reader reader = hcl_reader_enter(outer, block);
    int64_t rate = config_take_money(&reader, "usd", 0, 1, RATE_MAX);
    if (!hcl_reader_end(&reader)) {
        return;
    }
    if (!is_currency(block->labels[0]) || strcmp(block->labels[0], "USD") == 0) {
        hcl_reader_fail(outer, block->position,
                        "a currency is named by its three letters, \"EUR\"; dollars need no rate");
    } else if (rate == 0) {
        hcl_reader_fail(outer, block->position, "currency \"%s\" needs usd, the dollars for one of it: usd = \"1.08\"",
                        block->labels[0]);
    } else if (config->currency_count == CURRENCIES_MAX) {
        hcl_reader_fail(outer, block->position, "there are more than %d currencies", CURRENCIES_MAX);
    } else {
        config->currencies = memory_resize(config->currencies, config->currency_count + 1, sizeof *config->currencies);
        struct config_currency *currency = &config->currencies[config->currency_count++];
        *currency = (struct config_currency){.usd_per_unit_micro = rate};
        snprintf(currency->currency, sizeof currency->currency, "%.3s", block->labels[0]);
    }
}

bool config_read_currencies(struct config_reading *reading, struct hcl_reader *outer)
{
    hcl_read_unique_blocks(outer, "currency");
    for (const struct hcl_block *at = NULL; (at = hcl_read_next_block(outer, "currency", 1, at)) != NULL;) {
        read_currency(reading->config, outer, at);
    }
    return !outer->failed;
}

/* --- commitments -------------------------------------------------------------------------------------------------- */

/* A day alone means its first moment in UTC. */
static void read_end(struct hcl_reader *reader, struct commitment *commitment)
{
    const char *text = hcl_read_text(reader, "ends", NULL);
    char moment[64];
    struct error why;
    if (text == NULL) {
        return;
    }
    int length = snprintf(moment, sizeof moment, strchr(text, 'T') != NULL ? "%.50s" : "%.50sT00:00:00Z", text);
    if (!time_parse(moment, (size_t)length, &commitment->ends_ms, &why)) {
        hcl_reader_fail(reader, hcl_reader_position(reader, "ends"),
                        "\"ends\" wants a day as 2027-01-31 or a moment as 2027-01-31T12:00:00Z");
    }
}

static void judge(struct hcl_reader *reader, const struct hcl_block *block, const struct commitment *commitment)
{
    bool reservation = commitment->kind == COMMITMENT_RESERVATION;
    bool priced = hcl_reader_has(reader, "usd_per_hour");
    if (commitment->pools.count == 0) {
        hcl_reader_fail(reader, block->position,
                        "a commitment needs pools: pools = [\"frankfurt/std\"], globs allowed");
    } else if (reservation && (commitment->nodes == 0 || !priced || commitment->discount_millionths != 0)) {
        hcl_reader_fail(
            reader, block->position,
            "a reservation needs nodes, the machines it covers, and usd_per_hour, what one of them costs; a "
            "discount is a savings-plan's");
    } else if (!reservation &&
               (commitment->nodes != 0 || commitment->uusd_h == 0 || commitment->discount_millionths == 0)) {
        hcl_reader_fail(
            reader, block->position,
            "a savings-plan needs usd_per_hour, what is committed to an hour in all, and discount; nodes are a "
            "reservation's");
    }
}

static void read_commitment(struct config_reading *reading, struct hcl_reader *outer, const struct hcl_block *block)
{
    static const char *const kinds[] = {"reservation", "savings-plan"};
    struct config *config = reading->config;
    struct hcl_reader reader = hcl_reader_enter(outer, block);
    if (!config_check_name(&reader, block, REGION_NAME_MAX)) {
        return;
    }
    if (config->commitment_count == COMMITMENTS_MAX) {
        hcl_reader_fail(&reader, block->position, "there are more than %d commitments", COMMITMENTS_MAX);
        return;
    }
    reading->commitment_positions =
        memory_grow(reading->commitment_positions, config->commitment_count, &reading->commitment_position_capacity,
                    sizeof *reading->commitment_positions);
    reading->commitment_positions[config->commitment_count] = hcl_reader_position(&reader, "pools");
    config->commitments = memory_resize(config->commitments, config->commitment_count + 1, sizeof *config->commitments);
    struct commitment *commitment = &config->commitments[config->commitment_count++];
    *commitment = (struct commitment){.name = memory_copy_text(block->labels[0], strlen(block->labels[0]))};
    if (!hcl_reader_has(&reader, "kind")) {
        hcl_reader_fail(&reader, block->position, "a commitment needs kind: \"reservation\" or \"savings-plan\"");
    }
    commitment->kind = (enum commitment_kind)hcl_read_choice(&reader, "kind", kinds, 2, 0);
    config_take_patterns(&reader, "pools", &commitment->pools);
    commitment->nodes = hcl_read_i64(&reader, "nodes", 0, 1, COMMITMENT_NODES_MAX);
    commitment->uusd_h = config_take_money(&reader, "usd_per_hour", 0, 0, MONEY_RATE_MAX_UUSD_H);
    commitment->discount_millionths = (int64_t)config_take_share(&reader, "discount") * PERCENT_MILLIONTHS;
    read_end(&reader, commitment);
    if (hcl_reader_end(&reader)) {
        judge(&reader, block, commitment);
    }
}

bool config_read_commitments(struct config_reading *reading, struct hcl_reader *outer)
{
    hcl_read_unique_blocks(outer, "commitment");
    for (const struct hcl_block *at = NULL; (at = hcl_read_next_block(outer, "commitment", 1, at)) != NULL;) {
        read_commitment(reading, outer, at);
    }
    return !outer->failed;
}

/* What each pattern names must be there: a commitment that covers nothing is a slip of the pen. */
bool config_check_commitments(const struct config_reading *reading, struct error *ret_error)
{
    const struct config *config = reading->config;
    for (size_t i = 0; i < config->commitment_count; i++) {
        bool any = config->region_count == 0;
        for (size_t r = 0; r < config->region_count; r++)
            for (size_t p = 0; p < config->regions[r].model.pool_count; p++)
                any = any || commitment_covers(&config->commitments[i], config->regions[r].model.name,
                                               config->regions[r].model.pools[p].name);
        if (!any)
            return hcl_fail(reading->document, reading->commitment_positions[i], ERROR_INVALID, ret_error,
                            "commitment \"%s\" covers no configured pool; write REGION/POOL, globs allowed",
                            config->commitments[i].name);
    }
    return true;
}
