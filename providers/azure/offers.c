/* offers(): the price list asked for each size in use, a region at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "providers/azure/account.h"
#include "providers/azure/prices.h"
#include "providers/azure/regions.h"
#include "providers/azure/scale_set.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/json.h"
#include "providers/sdk/pages.h"
#include "providers/sdk/url.h"

#define PRICES_VERSION "2023-01-01-preview"
#define PRICES_NAME "prices:retail"
enum { PAGES_MAX = 50, ANSWER_MAX = 16 * 1024 * 1024 };

struct asking {
    struct provider_account *account;
    const char *url;
};

static enum provider_status prepare(void *context, struct provider_request *ret_request, struct provider_error *error)
{
    static const struct provider_header accept = {"Accept", "application/json"};
    const struct asking *asking = context;
    (void)error;
    *ret_request = (struct provider_request){.method = "GET",
                                             .url = asking->url,
                                             .headers = &accept,
                                             .header_count = 1,
                                             .body = "",
                                             .answer_max = ANSWER_MAX,
                                             .ca_file = asking->account->settings.ca_file,
                                             .cert_file = "",
                                             .key_file = "",
                                             .pinned_key = ""};
    return PROVIDER_OK;
}

static enum sdk_verdict classify(void *context, const struct provider_answer *answer, enum provider_status *ret_status,
                                 struct provider_error *error)
{
    (void)context;
    if (answer->status == 200)
        return SDK_OK;
    *ret_status = answer->status == 429   ? PROVIDER_THROTTLED
                  : answer->status >= 500 ? PROVIDER_RETRY
                                          : PROVIDER_INVALID;
    sdk_fail(error, *ret_status, PRICES_NAME, "HTTP %d", answer->status);
    return answer->status == 429 ? SDK_THROTTLED : answer->status >= 500 ? SDK_RETRY : SDK_FAIL;
}

static void build_url(struct buffer *url, const struct provider_account *account, const char *region, const char *size,
                      const char *type)
{
    struct buffer filter = BUFFER_INIT;
    buffer_printf(&filter,
                  "serviceName eq 'Virtual Machines' and armRegionName eq '%s' and armSkuName eq '%s' and "
                  "priceType eq '%s'",
                  region, size, type);
    buffer_printf(url, "%s/api/retail/prices?api-version=" PRICES_VERSION "&currencyCode=%%27%s%%27&$filter=",
                  account->settings.prices, account->settings.currency);
    sdk_url_append_encoded(url, filter.data);
    buffer_release(&filter);
}

/* NextPageLink spells the default port out; it must still be the same host. */
static bool is_of_list(const struct provider_account *account, const char *link)
{
    struct sdk_url theirs, ours;
    struct error ignored = {0};
    return sdk_url_read(link, &theirs, &ignored) && sdk_url_read(account->settings.prices, &ours, &ignored) &&
           sdk_url_same_origin(&theirs, &ours);
}

static enum provider_status take_page(const struct provider_account *account, const struct provider_answer *answer,
                                      struct azure_prices *prices, struct sdk_pages *pages, bool *ret_more,
                                      struct provider_error *error)
{
    struct sdk_json_at root, items;
    struct error reason = {0};
    const char *next = "", *currency = "";
    if (!sdk_json_open(answer->body, answer->body_length, ANSWER_MAX, &root, &reason))
        return sdk_fail_with(error, PROVIDER_RETRY, PRICES_NAME, &reason);
    bool good = sdk_json_list(&root, "Items", &items, &reason) &&
                sdk_json_text_or(&root, "NextPageLink", "", &next, &reason) &&
                sdk_json_text(&root, "BillingCurrency", &currency, &reason);
    if (good && strcmp(currency, prices->currency) != 0)
        good = sdk_json_refuse(&root, "BillingCurrency", &reason, "\"%s\" was not asked for", currency);
    for (size_t i = 0; good && i < sdk_json_count(&items); i++) {
        struct sdk_json_at row = sdk_json_item(&items, i);
        good = azure_prices_take(prices, &row, &reason);
    }
    if (good && *next && !is_of_list(account, next))
        good = sdk_json_refuse(&root, "NextPageLink", &reason, "the list goes on at another host; it is not followed");
    good = good && sdk_pages_next(pages, next, ret_more, &reason);
    sdk_json_close(&root);
    return good ? PROVIDER_OK : sdk_fail_with(error, PROVIDER_RETRY, PRICES_NAME, &reason);
}

static enum provider_status walk(struct provider_account *account, const char *first, struct azure_prices *prices,
                                 struct provider_error *error)
{
    const struct provider_services *services = account->services;
    struct sdk_pages pages;
    struct asking asking = {account, first};
    struct sdk_call call = {
        .name = PRICES_NAME, .bucket = "prices", .prepare = prepare, .classify = classify, .context = &asking};
    enum provider_status status = PROVIDER_OK;
    bool more = true;
    sdk_pages_init(&pages, PAGES_MAX);
    while (more && status == PROVIDER_OK) {
        struct provider_answer answer;
        more = false;
        status = sdk_exchange_run(account->exchange, &call, &answer, error);
        if (status != PROVIDER_OK)
            break;
        status = take_page(account, &answer, prices, &pages, &more, error);
        services->http_release(services->context, &answer);
        asking.url = pages.token;
    }
    sdk_pages_release(&pages);
    return status;
}

static bool emit(struct provider_account *account, const struct azure_prices *prices, enum azure_price_kind kind)
{
    static const char *const notes[AZURE_PRICE_KINDS] = {"Linux", "Linux", "the term's cost over its hours",
                                                         "the term's cost over its hours"};
    static const enum provider_market markets[AZURE_PRICE_KINDS] = {PROVIDER_ON_DEMAND, PROVIDER_SPOT,
                                                                    PROVIDER_RESERVED, PROVIDER_RESERVED};
    const struct provider_services *services = account->services;
    const struct azure_price *price = &prices->kinds[kind];
    int64_t micro = 0;
    if (price->ambiguous)
        sdk_log(services, PROVIDER_WARN, "%s: %s in %s has two prices at once (%s): none is taken", PRICES_NAME,
                prices->size, prices->region, notes[kind]);
    if (!azure_price_hourly(prices, kind, &micro))
        return true;
    return services->emit_offer(services->context, &(struct provider_offer){.region = prices->region,
                                                                            .zone = "",
                                                                            .instance_type = prices->size,
                                                                            .market = markets[kind],
                                                                            .currency = prices->currency,
                                                                            .price_micro_h = micro,
                                                                            .upfront_micro = PROVIDER_UNSET,
                                                                            .term_hours = azure_price_hours(kind),
                                                                            .marginal_use_micro_h = PROVIDER_UNSET,
                                                                            .marginal_wake_micro_h = PROVIDER_UNSET,
                                                                            .observed_at_us = prices->now_us,
                                                                            .valid_from_us = price->from_us,
                                                                            .source = "azure:retail",
                                                                            .note = notes[kind]});
}

/* One size in one region. A list that cannot be read leaves the price unknown and the other sizes their chance;
 * throttling and silence end the call. */
static enum provider_status offer_size(struct provider_account *account, const char *region, const char *size,
                                       struct provider_error *error)
{
    static const char *const types[] = {"Consumption", "Reservation"};
    const struct provider_services *services = account->services;
    struct azure_prices prices = {.region = region,
                                  .size = size,
                                  .currency = account->settings.currency,
                                  .now_us = services->now(services->context)};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct buffer url = BUFFER_INIT;
        build_url(&url, account, region, size, types[i]);
        enum provider_status status = walk(account, url.data, &prices, error);
        buffer_release(&url);
        if (status == PROVIDER_THROTTLED || status == PROVIDER_UNREACHABLE)
            return status;
        if (status != PROVIDER_OK) {
            sdk_log(services, PROVIDER_WARN, "%s: the price of %s in %s stays unknown: %s", PRICES_NAME, size, region,
                    error->text);
            return PROVIDER_OK;
        }
    }
    if (!prices.kinds[AZURE_PRICE_ON_DEMAND].found)
        sdk_log(services, PROVIDER_WARN, "%s: no price of %s in %s fits (%zu rows were zero or less)", PRICES_NAME,
                size, region, prices.zeroes);
    for (int kind = 0; kind < AZURE_PRICE_KINDS; kind++)
        if (!emit(account, &prices, (enum azure_price_kind)kind))
            return sdk_fail(error, PROVIDER_INVALID, PRICES_NAME, "the agent took no more offers");
    return PROVIDER_OK;
}

struct wanted {
    char **words; /* "region size" */
    size_t count, capacity;
};

static void want(struct wanted *wanted, const char *region, const char *size)
{
    struct buffer word = BUFFER_INIT;
    buffer_printf(&word, "%s %s", region, size);
    azure_words_add(&wanted->words, &wanted->count, &wanted->capacity, word.data);
    buffer_release(&word);
}

/* Sizes and regions go between quotes of a filter, and blanks part the two words above; globs are no names. */
static bool is_plain(const char *text)
{
    return *text && !strpbrk(text, "' \t\r\n*?");
}

static enum provider_status gather(struct provider_account *account, struct wanted *wanted,
                                   struct provider_error *error)
{
    struct azure_scale_sets sets;
    const struct azure_settings *settings = &account->settings;
    enum provider_status status = azure_scale_sets_list(account, &sets, error);
    if (status != PROVIDER_OK)
        return status;
    for (size_t i = 0; i < sets.count; i++) {
        if (is_plain(sets.list[i].size) && is_plain(sets.list[i].location))
            want(wanted, sets.list[i].location, sets.list[i].size);
        for (size_t k = 0; k < settings->instance_types.count; k++)
            if (is_plain(settings->instance_types.list[k]) && is_plain(sets.list[i].location))
                want(wanted, sets.list[i].location, settings->instance_types.list[k]);
    }
    for (size_t i = 0; i < settings->regions.count; i++)
        for (size_t k = 0; k < settings->instance_types.count; k++)
            if (is_plain(settings->instance_types.list[k]) && is_plain(settings->regions.list[i]))
                want(wanted, settings->regions.list[i], settings->instance_types.list[k]);
    azure_scale_sets_release(&sets);
    return PROVIDER_OK;
}

enum provider_status azure_offers(struct provider_account *account, struct provider_error *error)
{
    struct wanted wanted = {0};
    if (account->settings.prices[0] == '\0') {
        sdk_log(account->services, PROVIDER_WARN,
                "%s: no prices are published for the cloud \"%s\"; give them in the configuration", PRICES_NAME,
                account->settings.cloud->name);
        return PROVIDER_OK;
    }
    enum provider_status status = gather(account, &wanted, error);
    for (size_t i = 0; i < wanted.count && status == PROVIDER_OK; i++) {
        size_t length = strcspn(wanted.words[i], " ");
        char *region = memory_copy_text(wanted.words[i], length);
        status = offer_size(account, region, wanted.words[i] + length + 1, error);
        free(region);
    }
    azure_regions_release(wanted.words, wanted.count);
    return status;
}
