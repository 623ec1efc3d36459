/* What people say of accounts and of what Drover wants to do there: approvals, prices. */
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "controller/api/private.h"
#include "controller/api/view.h"

void answer_accounts(struct api_exchange *exchange, const char *rest)
{
    (void)rest;
    view_accounts(exchange->api->backend.world, &exchange->answer);
    exchange_answer(exchange, 200);
}

void answer_instances(struct api_exchange *exchange, const char *rest)
{
    const char *account = exchange_query(exchange, "account");
    (void)rest;
    if (account[0] != '\0' && world_find_account(exchange->api->backend.world, account) == NULL) {
        exchange_fail_status(exchange, 404, ERROR_NOT_FOUND, "no provider \"%.128s\" is configured", account);
        return;
    }
    view_instances(exchange->api->backend.world, account, &exchange->answer);
    exchange_answer(exchange, 200);
}

void answer_approvals(struct api_exchange *exchange, const char *rest)
{
    (void)rest;
    view_approvals(exchange->api->backend.world, &exchange->answer);
    exchange_answer(exchange, 200);
}

static void render_done(struct api_exchange *exchange, const struct reply *reply)
{
    struct json_writer writer = json_writer_init(&exchange->answer, false);
    (void)reply;
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "ID", exchange->subject);
    json_writer_end_object(&writer);
}

void answer_approval(struct api_exchange *exchange, const char *rest)
{
    static const char *const keys[] = {"Decision", NULL};
    struct event event = {.type = EVENT_APPROVE};
    const char *word;
    json_t *body;
    struct error error;
    if (!text_parse_u64(rest, strlen(rest), "the approval's ID", 1, UINT64_MAX, &event.operation, &error)) {
        exchange_fail(exchange, &error);
        return;
    }
    if (!exchange_may_write(exchange) || !exchange_body(exchange, keys, &body)) {
        return;
    }
    if (!json_require_text(body, "Decision", &word, &error)) {
        exchange_fail(exchange, &error);
    } else if (strcmp(word, "approve") != 0 && strcmp(word, "deny") != 0) {
        exchange_fail_status(exchange, 400, ERROR_INVALID, "Decision is \"%.32s\": give approve or deny", word);
    } else {
        event.type = word[0] == 'a' ? EVENT_APPROVE : EVENT_DENY;
        exchange_submit(exchange, &event, render_done, rest);
    }
    json_decref(body);
}

void answer_price_confirm(struct api_exchange *exchange, const char *rest)
{
    static const char *const keys[] = {"Region", "Pool", NULL};
    const char *region, *pool;
    json_t *body;
    struct error error;
    (void)rest;
    if (!exchange_may_write(exchange) || !exchange_body(exchange, keys, &body)) {
        return;
    }
    if (!json_require_text(body, "Region", &region, &error) || !json_require_text(body, "Pool", &pool, &error)) {
        exchange_fail(exchange, &error);
    } else {
        struct event event = {.type = EVENT_PRICE_CONFIRMED, .region = region, .text = pool};
        exchange_submit(exchange, &event, render_done, pool);
    }
    json_decref(body);
}
