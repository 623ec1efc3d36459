/* The health of a region's services as its Consul sees it: one blocking query that comes back when a check changes. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "controller/federation/private.h"

static void ask(uv_timer_t *timer);

static void emit_service(void *context, const struct service_fact *fact)
{
    struct region *region = context;
    region_emit(region, &(struct event){.type = EVENT_SERVICE, .service = fact});
}

static void trouble(struct region *region, const char *text)
{
    struct consul_watch *watch = &region->consul_watch;
    if (!watch->complained)
        region_log(region, LOG_LEVEL_WARN, "consul: %s", text);
    watch->complained = true;
    watch->index = 0;
    watch->backoff_ms = watch->backoff_ms == 0 ? BACKOFF_LEAST_MS : watch->backoff_ms * 2;
    if (watch->backoff_ms > BACKOFF_MOST_MS)
        watch->backoff_ms = BACKOFF_MOST_MS;
    uv_timer_start(&watch->timer, ask, watch->backoff_ms + federation_random(region->federation, BACKOFF_LEAST_MS), 0);
}

static bool on_data(void *context, const char *bytes, size_t length)
{
    struct region *region = context;
    return service_decoder_feed(region->consul_watch.decoder, bytes, length, &region->consul_watch.error);
}

/* An index that went back is another server's, or a restored one's: begin anew (Consul's own advice on blocking). */
static void take_index(struct consul_watch *watch, const struct http_result *result)
{
    watch->index = result->index < watch->index || result->index_malformed ? 0 : result->index;
}

static void on_checks(void *context, const struct http_result *result)
{
    struct region *region = context;
    struct consul_watch *watch = &region->consul_watch;
    struct error *error = &watch->error;
    watch->transfer = NULL;
    if (error->code == ERROR_NONE && result->error.code != ERROR_NONE)
        *error = result->error;
    bool good = error->code == ERROR_NONE &&
                service_decoder_finish(watch->decoder, watch->services, emit_service, region, error);
    service_decoder_free(watch->decoder);
    watch->decoder = NULL;
    if (!good) {
        trouble(region, error->text);
        return;
    }
    take_index(watch, result);
    watch->backoff_ms = 0;
    watch->complained = false;
    /* Without an index the query does not block: not more often than every 10 s then. */
    uint64_t pause = watch->index == 0 ? CONSUL_EVERY_MS : 200;
    uv_timer_start(&watch->timer, ask, pause, 0);
}

static void ask_checks(struct region *region)
{
    struct consul_watch *watch = &region->consul_watch;
    char path[128];
    snprintf(path, sizeof path, "/v1/health/state/any?wait=60s&index=%llu", (unsigned long long)watch->index);
    watch->error = (struct error){0};
    watch->decoder = service_decoder_new();
    watch->transfer = http_send(region->consul, &(struct http_request){.path = path,
                                                                       .timeout_ms = CONSUL_WAIT_MS + LIST_PAGE_MS,
                                                                       .on_data = on_data,
                                                                       .on_done = on_checks,
                                                                       .context = region});
}

static void on_self(void *context, const struct http_result *result)
{
    struct region *region = context;
    struct consul_watch *watch = &region->consul_watch;
    json_t *document, *config = NULL;
    struct error error;
    const char *version = "";
    watch->transfer = NULL;
    if (result->outcome != HTTP_ANSWERED || result->status != 200) {
        /* Without agent:read the version stays unknown; the checks may be readable all the same. */
        if (result->status != 403) {
            trouble(region, result->error.text);
            return;
        }
    } else if (json_read(result->body, result->body_length, 512 * 1024, 64, &document, &error)) {
        json_get_object(document, "Config", &config);
        json_get_text(config, "Version", &version);
        snprintf(region->probe.consul_version, sizeof region->probe.consul_version, "%s", version);
        probe_inform(region);
        json_decref(document);
    }
    watch->version_known = true;
    ask_checks(region);
}

static void ask(uv_timer_t *timer)
{
    struct region *region = timer->data;
    struct consul_watch *watch = &region->consul_watch;
    if (watch->version_known) {
        ask_checks(region);
        return;
    }
    watch->transfer = http_send(
        region->consul,
        &(struct http_request){.path = "/v1/agent/self", .timeout_ms = CALL_MS, .on_done = on_self, .context = region});
}

void consul_start(struct region *region)
{
    if (region->consul == NULL)
        return;
    region->consul_watch.services = service_map_new();
    uv_timer_start(&region->consul_watch.timer, ask, federation_random(region->federation, 500), 0);
}

void consul_stop(struct region *region)
{
    struct consul_watch *watch = &region->consul_watch;
    if (watch->transfer != NULL)
        http_cancel(watch->transfer);
    watch->transfer = NULL;
    service_decoder_free(watch->decoder);
    watch->decoder = NULL;
    service_map_free(watch->services);
    watch->services = NULL;
    uv_timer_stop(&watch->timer);
}
