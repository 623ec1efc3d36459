/* One request's life: set up, handed to libcurl, watched for its deadline, ended exactly once. See http_loop.h for the
 * states and for what may happen where. */
#include "net/http_loop.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "net/clock.h"

struct http_endpoint *http_endpoint_new(struct http_client *client, const struct http_endpoint_config *config,
                                        struct error *ret_error)
{
    struct http_endpoint *endpoint = memory_new(1, sizeof *endpoint);
    endpoint->client = client;
    LIST_INIT(&endpoint->transfers);
    if (!http_target_init(&endpoint->target, config, ret_error)) {
        http_target_release(&endpoint->target);
        free(endpoint);
        return NULL;
    }
    return endpoint;
}

void http_endpoint_free(struct http_endpoint *endpoint)
{
    if (!endpoint)
        return;
    while (!LIST_EMPTY(&endpoint->transfers))
        http_cancel(LIST_FIRST(&endpoint->transfers));
    http_target_release(&endpoint->target);
    free(endpoint);
}

const char *http_endpoint_address(const struct http_endpoint *endpoint)
{
    return endpoint->target.address;
}

/* ---- turns ---- */

static bool has_turn(void *context, size_t length)
{
    struct http_transfer *transfer = context;
    struct http_client *client = transfer->client;
    if (transfer->answer.result.received + length <= HTTP_TURN_FREE)
        return true;
    if (transfer->turn_number != client->turn_number) {
        transfer->turn_number = client->turn_number;
        transfer->slice_left = HTTP_TURN_SLICE;
    }
    if (transfer->slice_left == 0 || client->turn_left == 0) {
        transfer->paused = true;
        TAILQ_INSERT_TAIL(&client->paused, transfer, in_paused);
        http_client_wake(client);
        return false;
    }
    transfer->slice_left -= length < transfer->slice_left ? length : transfer->slice_left;
    client->turn_left -= length < client->turn_left ? length : client->turn_left;
    return true;
}

static void leave_paused(struct http_transfer *transfer)
{
    if (transfer->paused)
        TAILQ_REMOVE(&transfer->client->paused, transfer, in_paused);
    transfer->paused = false;
}

/* What was kept back is given to on_data within curl_easy_pause; an error of that libcurl only returns. */
void http_transfer_resume_paused(struct http_client *client)
{
    if (client->closing || TAILQ_EMPTY(&client->paused))
        return;
    http_client_enter(client);
    for (int room = HTTP_TURN_BYTES / HTTP_TURN_SLICE; room > 0 && !TAILQ_EMPTY(&client->paused); room--) {
        struct http_transfer *transfer = TAILQ_FIRST(&client->paused);
        leave_paused(transfer);
        CURLcode code = curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
        if (code != CURLE_OK)
            http_transfer_finish(transfer, code);
    }
    http_client_leave(client);
}

/* From here on nobody's callback runs for it and nobody but this file knows of it. */
static void forget(struct http_transfer *transfer)
{
    transfer->answer.ended = true;
    leave_paused(transfer);
    LIST_REMOVE(transfer, in_client);
    LIST_REMOVE(transfer, in_endpoint);
    transfer->endpoint = NULL;
}

static void on_deadline_closed(uv_handle_t *handle)
{
    struct http_transfer *transfer = handle->data;
    struct http_client *client = transfer->client;
    free(transfer);
    http_client_handle_closed(client);
}

/* libcurl gives the connection back to the pool or closes it. Not inside libcurl. */
static void take_from_curl(struct http_transfer *transfer)
{
    if (!transfer->easy)
        return;
    struct http_client *client = transfer->client;
    client->inside++;
    curl_multi_remove_handle(client->multi, transfer->easy);
    client->inside--;
    curl_easy_cleanup(transfer->easy);
    transfer->easy = NULL;
    http_lists_release(&transfer->lists);
}

static void throw_away(struct http_transfer *transfer)
{
    take_from_curl(transfer);
    http_answer_release(&transfer->answer);
    uv_close((uv_handle_t *)&transfer->deadline, on_deadline_closed);
}

/* Not inside libcurl and in no queue. */
static void report(struct http_transfer *transfer)
{
    transfer->answer.ended = true;
    take_from_curl(transfer);
    if (transfer->error.code != ERROR_NONE)
        http_answer_conclude_error(&transfer->answer, &transfer->error);
    else
        http_answer_conclude(&transfer->answer, transfer->code);
    forget(transfer);
    struct http_answer *answer = &transfer->answer;
    if (answer->request.on_done)
        answer->request.on_done(answer->request.context, &answer->result);
    throw_away(transfer);
}

static void on_deadline(uv_timer_t *timer);

static void arm_deadline(struct http_transfer *transfer, int64_t now_us)
{
    int64_t deadline_us = http_answer_deadline_us(&transfer->answer, transfer->started_us);
    if (deadline_us == INT64_MAX)
        return;
    int64_t wait_us = deadline_us > now_us ? deadline_us - now_us : 0;
    /* The deadline comes nearer when the request has been written, but never to less than this from now. */
    int64_t idle_us = (int64_t)transfer->answer.request.idle_timeout_ms * 1000;
    if (idle_us && wait_us > idle_us)
        wait_us = idle_us;
    uv_timer_start(&transfer->deadline, on_deadline, (uint64_t)(wait_us / 1000 + 1), 0);
}

/* Activity only moves the deadline's moment, not the timer: it is looked at when it fires. */
static void on_deadline(uv_timer_t *timer)
{
    struct http_transfer *transfer = timer->data;
    int64_t now_us = clock_monotonic_us();
    if (transfer->state != HTTP_TRANSFER_ACTIVE)
        return;
    if (http_answer_deadline_us(&transfer->answer, transfer->started_us) > now_us) {
        arm_deadline(transfer, now_us);
        return;
    }
    http_answer_timed_out(&transfer->answer, transfer->started_us, now_us, &transfer->error);
    report(transfer);
}

static void put_in_failed(struct http_transfer *transfer)
{
    transfer->state = HTTP_TRANSFER_FAILED;
    transfer->failed_round = transfer->client->round;
    TAILQ_INSERT_TAIL(&transfer->client->failed, transfer, in_queue);
    http_client_wake(transfer->client);
}

/* Not inside libcurl. Adding a handle runs no callbacks but the timer's. */
static void start(struct http_transfer *transfer)
{
    struct http_client *client = transfer->client;
    CURLMcode code = curl_multi_add_handle(client->multi, transfer->easy);
    if (code == CURLM_OK) {
        transfer->state = HTTP_TRANSFER_ACTIVE;
        arm_deadline(transfer, clock_monotonic_us());
        return;
    }
    error_set(&transfer->error, ERROR_INTERNAL, "libcurl does not take the request: %s", curl_multi_strerror(code));
    put_in_failed(transfer);
}

static bool prepare(struct http_transfer *transfer, const struct http_request *request)
{
    struct http_client *client = transfer->client;
    struct http_target *target = &transfer->endpoint->target;
    transfer->easy = curl_easy_init();
    if (!transfer->easy)
        return error_set(&transfer->error, ERROR_SYSTEM, "libcurl has no memory for a request");
    if (!http_target_apply(target, request, client->user_agent, transfer->easy, &transfer->lists, &transfer->error))
        return false;
    if (target->token)
        transfer->answer.token = memory_copy_text(target->token, strlen(target->token));
    transfer->answer.has_turn = has_turn;
    transfer->answer.turn_context = transfer;
    http_answer_attach(&transfer->answer, transfer->easy);
    curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
    return true;
}

static struct http_transfer *new_transfer(struct http_endpoint *endpoint, const struct http_request *request)
{
    struct http_client *client = endpoint->client;
    struct http_transfer *transfer = memory_new(1, sizeof *transfer);
    transfer->client = client;
    transfer->endpoint = endpoint;
    transfer->started_us = clock_monotonic_us();
    LIST_INSERT_HEAD(&client->transfers, transfer, in_client);
    LIST_INSERT_HEAD(&endpoint->transfers, transfer, in_endpoint);
    uv_timer_init(client->loop, &transfer->deadline);
    transfer->deadline.data = transfer;
    client->handles++;
    http_answer_init(&transfer->answer, &endpoint->target, request);
    return transfer;
}

struct http_transfer *http_send(struct http_endpoint *endpoint, const struct http_request *request)
{
    struct http_transfer *transfer = new_transfer(endpoint, request);
    struct http_client *client = transfer->client;
    if (!prepare(transfer, request)) {
        put_in_failed(transfer);
    } else if (client->inside) {
        transfer->state = HTTP_TRANSFER_WAITING;
        TAILQ_INSERT_TAIL(&client->queue, transfer, in_queue);
    } else {
        start(transfer);
    }
    return transfer;
}

void http_cancel(struct http_transfer *transfer)
{
    struct http_client *client = transfer->client;
    forget(transfer);
    if (transfer->state == HTTP_TRANSFER_FAILED)
        TAILQ_REMOVE(&client->failed, transfer, in_queue);
    else if (transfer->state != HTTP_TRANSFER_ACTIVE)
        TAILQ_REMOVE(&client->queue, transfer, in_queue);
    if (client->inside) {
        /* Its own callback may be on the stack, with libcurl below it: thrown away once that has returned. */
        transfer->state = HTTP_TRANSFER_ENDED;
        TAILQ_INSERT_TAIL(&client->queue, transfer, in_queue);
    } else {
        throw_away(transfer);
    }
}

void http_transfer_finish(struct http_transfer *transfer, CURLcode code)
{
    transfer->code = code;
    if (transfer->state != HTTP_TRANSFER_ACTIVE) /* cancelled: already in the queue */
        return;
    transfer->state = HTTP_TRANSFER_DONE;
    TAILQ_INSERT_TAIL(&transfer->client->queue, transfer, in_queue);
}

void http_transfer_settle_queue(struct http_client *client)
{
    struct http_transfer *transfer;
    while ((transfer = TAILQ_FIRST(&client->queue))) {
        TAILQ_REMOVE(&client->queue, transfer, in_queue);
        if (transfer->state == HTTP_TRANSFER_ENDED)
            throw_away(transfer);
        else if (transfer->state == HTTP_TRANSFER_WAITING)
            start(transfer);
        else
            report(transfer);
    }
}

void http_transfer_settle_failed(struct http_client *client)
{
    /* What on_done sends anew may fail at once too: that waits for the next round, or the loop would starve. */
    uint64_t round = client->round++;
    struct http_transfer *transfer;
    while ((transfer = TAILQ_FIRST(&client->failed)) && transfer->failed_round <= round) {
        TAILQ_REMOVE(&client->failed, transfer, in_queue);
        report(transfer);
    }
}
