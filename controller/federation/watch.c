/* The watch of one region as a state machine; its streams are in watch_stream.c, its lists in watch_list.c.
 *
 *   RESTING --timer--> HELLO --all streams' first line--> LISTING --all lists--> DRAINING --nothing held--> LIVE
 *   HELLO --2 s of silence--> ASKING --> RESTING (denied, or dark)
 *   any --error, lost stream--> RESTING with backoff;  LIVE --hourly, or on demand--> HELLO
 *
 * The streams are opened before the lists are read, so that nothing falls between: what they say meanwhile is held and
 * given out after the list. What a list already tells is not given out again: each list's X-Nomad-Index is the floor
 * for events of its kind, without which the news of an old purge would take away a job that has come back since. */
#include <string.h>

#include "controller/federation/private.h"

static void connect_now(uv_timer_t *timer);
static void on_silence(uv_timer_t *timer);

static void rest(struct region *region, uint64_t for_ms)
{
    for (size_t i = 0; i < region->stream_count; i++)
        stream_stop(&region->streams[i]);
    region->stream_count = 0;
    list_stop(region);
    waiting_clear(&region->waiting);
    if (region->asking != NULL)
        http_cancel(region->asking);
    region->asking = NULL;
    region->state = WATCH_RESTING;
    uv_timer_start(&region->watch_timer, connect_now, for_ms, 0);
}

/* 1 s, 2 s, .. 30 s, each a quarter more or less; from the start again once a connection has lasted. */
static uint64_t next_backoff(struct region *region)
{
    uint64_t now = federation_now(region->federation);
    if (region->state == WATCH_LIVE && now - region->live_from_ms > BACKOFF_MOST_MS)
        region->backoff_ms = 0;
    region->backoff_ms = region->backoff_ms == 0 ? BACKOFF_LEAST_MS : region->backoff_ms * 2;
    if (region->backoff_ms > BACKOFF_MOST_MS)
        region->backoff_ms = BACKOFF_MOST_MS;
    uint64_t quarter = region->backoff_ms / 4;
    return region->backoff_ms - quarter + federation_random(region->federation, 2 * quarter);
}

void watch_abandon(struct region *region, const char *text)
{
    char line[TEXT_MAX];
    text_line(line, text, strlen(text));
    bool live = region->state == WATCH_LIVE;
    uint64_t wait = next_backoff(region);
    region_log(region, LOG_LEVEL_WARN, "%s; connecting again in %llu ms", line, (unsigned long long)wait);
    rest(region, wait);
    if (!live)
        region_emit_text(region, EVENT_SYNC_ABANDONED, line);
}

void watch_deny(struct region *region, const char *call, const char *needs)
{
    char line[TEXT_MAX];
    struct buffer text = BUFFER_INIT;
    buffer_printf(&text, "%s: the token is refused; it needs %s (drover agent -print-acl shows all; -check tries it)",
                  call, needs);
    text_line(line, text.data, text.length);
    buffer_release(&text);
    region_log(region, LOG_LEVEL_ERROR, "%s", line);
    rest(region, DENIED_AGAIN_MS);
    region_emit_text(region, EVENT_REGION_DENIED, line);
}

static void connect_now(uv_timer_t *timer)
{
    struct region *region = timer->data;
    region->state = WATCH_HELLO;
    region->reselected = false; /* what is read from here on carries every key */
    region->stream_count = region->namespace_count;
    versions_release(&region->versions);
    for (size_t i = 0; i < region->stream_count; i++) {
        struct stream *stream = &region->streams[i];
        memset(stream, 0, sizeof *stream);
        stream->region = region;
        stream->job_namespace = region->namespaces[i];
        stream->with_nodes = i == 0;
        buffer_init(&stream->held);
        stream_open(stream);
    }
    uv_timer_start(&region->watch_timer, on_silence, HELLO_MS, 0);
}

static void on_token(void *context, const struct http_result *result)
{
    struct region *region = context;
    region->asking = NULL;
    if (result->outcome != HTTP_ANSWERED) {
        watch_abandon(region, result->error.text);
        return;
    }
    /* Without ACLs nothing can be denied; Nomad then shows a token of this name (measured on 2.0.5). */
    bool open = result->status == 400 || (result->body != NULL && strstr(result->body, "acls-disabled") != NULL);
    if (result->status == 403 || result->status == 404)
        watch_deny(region, "GET /v1/acl/token/self", "to be a valid one: is the token file right?");
    else if (!open && result->status / 100 == 2)
        watch_deny(region, "GET /v1/event/stream",
                   "read-job in the namespaces that are watched, and node { policy = \"read\" }");
    else
        watch_abandon(region, "the event stream stays silent: no answer came within 2 s");
}

/* A denied stream and one whose servers are dark look alike: 200 and nothing. */
static void on_silence(uv_timer_t *timer)
{
    struct region *region = timer->data;
    region->state = WATCH_ASKING;
    region->asking = http_send(region->nomad, &(struct http_request){.path = "/v1/acl/token/self",
                                                                     .timeout_ms = PROBE_TIMEOUT_MS,
                                                                     .body_max = 256 * 1024,
                                                                     .on_done = on_token,
                                                                     .context = region});
}

static void on_resync(uv_timer_t *timer)
{
    struct region *region = timer->data;
    watch_resync(region, 0);
}

void watch_resync(struct region *region, uint64_t within_ms)
{
    if (within_ms == 0) {
        if (region->state != WATCH_HELLO && region->state != WATCH_LISTING)
            rest(region, 0);
        return;
    }
    uint64_t due =
        uv_is_active((uv_handle_t *)&region->resync_timer) ? uv_timer_get_due_in(&region->resync_timer) : UINT64_MAX;
    if (within_ms < due)
        uv_timer_start(&region->resync_timer, on_resync, within_ms, 0);
}

static void drain(uv_timer_t *timer)
{
    struct region *region = timer->data;
    for (size_t i = 0; i < region->stream_count; i++) {
        bool failed = false;
        if (!stream_drain(&region->streams[i], &failed)) {
            if (!failed)
                uv_timer_start(&region->watch_timer, drain, 0, 0);
            return;
        }
    }
    region->state = WATCH_LIVE;
    region->live_from_ms = federation_now(region->federation);
    uint64_t hour = RESYNC_EVERY_MS - RESYNC_EVERY_MS / 10;
    hour += federation_random(region->federation, RESYNC_EVERY_MS / 5);
    watch_resync(region, region->reselected ? SELECTED_SOON_MS : hour); /* it began without the new keys */
}

void watch_listed(struct region *region)
{
    list_stop(region);
    uv_timer_stop(&region->resync_timer);
    region_emit(region, &(struct event){.type = EVENT_SYNC_END});
    region->state = WATCH_DRAINING;
    uv_timer_start(&region->watch_timer, drain, 0, 0);
}

static enum list_kind list_of(enum decoded_kind kind)
{
    switch (kind) {
    case DECODED_NODE:
        return LIST_NODES;
    case DECODED_ALLOCATION:
        return LIST_ALLOCATIONS;
    case DECODED_JOB:
        return LIST_JOBS;
    default:
        return LIST_DEPLOYMENTS;
    }
}

/* An event names the allocation's deployment and not its job version. A deployment that is not known yet may come later
 * in the same line; then the allocation waits for the line's end. */
static void emit_allocation(struct region *region, const struct decoded *decoded)
{
    struct allocation_fact fact = decoded->allocation;
    if (!fact.job_version_known && decoded->has_deployment &&
        versions_of_deployment(&region->versions, &decoded->deployment_id, &fact.job_version))
        fact.job_version_known = true;
    if (!fact.job_version_known && decoded->has_deployment && waiting_put(&region->waiting, decoded))
        return;
    if (!fact.job_version_known)
        versions_of_job(&region->versions, fact.job_namespace, fact.job_id, &fact.job_version);
    region_emit(region, &(struct event){.type = EVENT_ALLOCATION, .allocation = &fact});
}

/* Without its deployment the newest version that the stream told of the job is likely the allocation's, but only
 * likely. */
static void emit_waiting(struct region *region)
{
    for (size_t i = 0; i < region->waiting.count; i++) {
        struct allocation_fact fact = region->waiting.entries[i].fact;
        fact.job_version_known =
            versions_of_deployment(&region->versions, &region->waiting.entries[i].deployment_id, &fact.job_version);
        if (!fact.job_version_known)
            versions_of_job(&region->versions, fact.job_namespace, fact.job_id, &fact.job_version);
        region_emit(region, &(struct event){.type = EVENT_ALLOCATION, .allocation = &fact});
    }
    waiting_clear(&region->waiting);
}

static void emit_job(struct region *region, const struct decoded *decoded)
{
    if (decoded->job.version_known)
        versions_put_job(&region->versions, decoded->job.job_namespace, decoded->job.id, decoded->job.version);
    region_emit(region, &(struct event){.type = decoded->removed ? EVENT_JOB_GONE : EVENT_JOB, .job = &decoded->job});
    /* Its allocations are gone with it, and no event says so. */
    if (decoded->removed)
        watch_resync(region, RESYNC_SOON_MS + federation_random(region->federation, RESYNC_SOON_MS / 2));
}

static void emit_node(struct region *region, const struct decoded *decoded)
{
    if (decoded->removed)
        region_emit(region, &(struct event){.type = EVENT_NODE_GONE, .id = decoded->node.id});
    else
        region_emit(region, &(struct event){.type = EVENT_NODE, .node = &decoded->node});
}

static void say_skipped(struct region *region, const char *problem)
{
    uint64_t now = federation_now(region->federation);
    if (region->skipped_said_ms != 0 && now - region->skipped_said_ms < 60000)
        return;
    region->skipped_said_ms = now;
    region_log(region, LOG_LEVEL_WARN, "a record is left out: %s", problem);
}

static void emit_fact(struct region *region, const struct decoded *decoded)
{
    switch (decoded->kind) {
    case DECODED_NODE:
        emit_node(region, decoded);
        break;
    case DECODED_ALLOCATION:
        emit_allocation(region, decoded);
        break;
    case DECODED_JOB:
        emit_job(region, decoded);
        break;
    case DECODED_DEPLOYMENT:
        versions_put_deployment(&region->versions, &decoded->deployment.id, decoded->deployment.job_version);
        region_emit(region, &(struct event){.type = EVENT_DEPLOYMENT, .deployment = &decoded->deployment});
        break;
    case DECODED_SKIPPED:
        say_skipped(region, decoded->problem);
        break;
    case DECODED_LINE:
        break;
    }
}

/* An event that is no newer than the list of its kind tells nothing new. */
static bool is_in_list(const struct region *region, const struct decoded *decoded)
{
    return decoded->event_index != 0 && decoded->kind != DECODED_SKIPPED &&
           decoded->event_index <= region->floors[list_of(decoded->kind)];
}

void watch_emit(struct region *region, const struct decoded *decoded)
{
    if (decoded->kind == DECODED_LINE)
        emit_waiting(region);
    else if (!is_in_list(region, decoded))
        emit_fact(region, decoded);
}

void watch_start(struct region *region)
{
    region->state = WATCH_RESTING;
    uint64_t spread = region->federation->region_count > 8 ? 500 : 0;
    uv_timer_start(&region->watch_timer, connect_now, federation_random(region->federation, spread), 0);
}

void watch_stop(struct region *region)
{
    rest(region, 0);
    uv_timer_stop(&region->watch_timer);
    uv_timer_stop(&region->resync_timer);
    waiting_release(&region->waiting);
}
