/* links: provider_azure provider_sdk base openssl */
/* Whatever comes as an answer of Azure's, or as a token from the store, is read or refused. The first byte chooses the
 * reader. What is accepted must be fit to use: texts ended, numbers within bounds, a token that reads back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "providers/azure/account.h"
#include "providers/azure/assertion.h"
#include "providers/azure/events.h"
#include "providers/azure/fault.h"
#include "providers/azure/instance.h"
#include "providers/azure/operation.h"
#include "providers/azure/prices.h"
#include "providers/azure/scale_set.h"
#include "providers/azure/sizes.h"
#include "providers/azure/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void read_fault(const char *text, size_t length)
{
    static const int statuses[] = {200, 307, 400, 401, 403, 404, 409, 412, 429, 500, 503};
    struct azure_fault fault;
    azure_fault_read(text, length, &fault);
    check(memchr(fault.code, '\0', sizeof fault.code) && memchr(fault.message, '\0', sizeof fault.message));
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct provider_error error = {.retry_at_us = PROVIDER_UNSET};
        enum provider_status status = PROVIDER_STATUS_COUNT;
        azure_fault_judge(&fault, statuses[i], i % 2 == 0, &status, &error);
        check(status > PROVIDER_OK && status < PROVIDER_STATUS_COUNT && error.text[0]);
        status = azure_fault_of_operation(&fault, "Failed", "x", &error);
        check(status > PROVIDER_OK && status != PROVIDER_RETRY && status != PROVIDER_THROTTLED);
    }
}

static void read_token(const char *text, size_t length)
{
    struct azure_token token = {0};
    struct error error;
    if (!azure_token_read(text, length, 1000, &token, &error))
        return;
    check(token.text[0] && token.expires_us > 1000 && token.refresh_us <= token.expires_us);
    azure_token_drop(&token);
}

static void read_status(const char *text, size_t length)
{
    enum azure_word word;
    struct azure_fault fault;
    struct error error;
    if (azure_operation_read_status(text, length, &word, &fault, &error))
        check((unsigned)word <= AZURE_WORD_CANCELED);
}

static void read_operation(const char *text, size_t length)
{
    struct azure_operation operation, again;
    struct provider_operation written;
    struct error error;
    char *token = memory_copy_text(text, length);
    if (azure_operation_read(token, &operation, &error)) {
        check(operation.mark_count <= AZURE_SHRINK_MAX);
        azure_operation_write(&operation, &written);
        check(memchr(written.token, '\0', sizeof written.token) && azure_operation_read(written.token, &again, &error));
        check(strcmp(operation.pool, again.pool) == 0 && operation.mark_count == again.mark_count);
    }
    free(token);
}

static void read_machine(const struct sdk_json_at *root, bool flexible)
{
    struct azure_instance instance;
    struct error error;
    struct azure_scale_set set = {
        .name = (char *)"pool", .size = (char *)"size", .id = (char *)"/id", .flexible = flexible};
    if (!azure_instance_read(root, &set, &instance, &error))
        return;
    check(strchr(instance.id, '@') && !strchr(instance.key, '/') &&
          (unsigned)instance.state < PROVIDER_INSTANCE_STATE_COUNT);
    azure_instance_release(&instance);
}

static void read_set(const struct sdk_json_at *root)
{
    static struct provider_account account;
    struct azure_scale_set set;
    struct error error;
    if (!azure_scale_set_read(&account, root, &set, &error))
        return;
    check(strchr(set.pool, '/') && set.why_read_only && (set.capacity >= 0 || set.why_read_only[0]));
    azure_scale_set_release(&set);
}

static void read_size(const struct sdk_json_at *root)
{
    struct azure_size size;
    struct error error;
    if (!azure_size_read(root, "westeurope", &size, &error))
        return;
    check(!size.machine || (size.name && size.architecture && size.gpu));
    azure_size_release(&size);
}

static void read_price(const struct sdk_json_at *root)
{
    struct azure_prices prices = {
        .region = "westeurope", .size = "Standard_D2s_v3", .currency = "USD", .now_us = INT64_MAX / 2};
    struct error error;
    int64_t micro = 0;
    if (!azure_prices_take(&prices, root, &error))
        return;
    for (int kind = 0; kind < AZURE_PRICE_KINDS; kind++)
        check(!azure_price_hourly(&prices, (enum azure_price_kind)kind, &micro) || micro > 0);
}

static void read_events(const char *text, size_t length)
{
    struct azure_events events = {0};
    struct error error;
    bool good = azure_events_read(text, length, &events, &error);
    size_t count = events.count;
    for (size_t i = 0; i < count; i++)
        check(strlen(events.list[i].text) < PROVIDER_TEXT_MAX &&
              (unsigned)events.list[i].kind < PROVIDER_INTERRUPTION_KIND_COUNT);
    if (good)
        check(azure_events_read(text, length, &events, &error) && events.count == count);
    azure_events_release(&events);
}

static void read_document(unsigned what, const char *text, size_t length)
{
    struct sdk_json_at root;
    struct error error;
    if (!sdk_json_open(text, length, 1 << 20, &root, &error))
        return;
    switch (what) {
    case 5:
    case 6:
        read_machine(&root, what == 6);
        break;
    case 7:
        read_set(&root);
        break;
    case 8:
        read_size(&root);
        break;
    default:
        read_price(&root);
        break;
    }
    sdk_json_close(&root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error;
    if (size < 1)
        return 0;
    const char *text = (const char *)data + 1;
    unsigned what = (unsigned)(data[0] - '0') % 11;
    if (what == 0)
        read_fault(text, size - 1);
    else if (what == 1)
        read_token(text, size - 1);
    else if (what == 2)
        read_status(text, size - 1);
    else if (what == 3)
        read_operation(text, size - 1);
    else if (what == 4) {
        char *pem = memory_copy_text(text, size - 1);
        azure_assertion_check(pem, &error);
        free(pem);
    } else if (what == 10)
        read_events(text, size - 1);
    else
        read_document(what, text, size - 1);
    return 0;
}
