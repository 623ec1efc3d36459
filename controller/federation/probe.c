/* Is a region there? Its servers are asked who leads them once a second; when they do not answer, they are asked
 * through other regions' servers, since the way from here may be what is broken. Now and then it is told who they are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "controller/federation/private.h"

enum { ADDRESSES_MAX = 64 * 1024, SELF_MAX = 512 * 1024 };

static void begin(uv_timer_t *timer);

static void again(struct region *region)
{
    uv_timer_start(&region->probe.timer, begin, PROBE_EVERY_MS, 0);
}

/* The body of /v1/status/leader is a JSON text, empty while there is no leader. Anything else comes from something that
 * is no Nomad: a proxy's page. */
static bool read_leader(const struct http_result *result, char *ret_leader, size_t room, struct error *ret_error)
{
    json_t *value;
    if (result->outcome != HTTP_ANSWERED || result->status / 100 != 2) {
        *ret_error = result->error;
        return false;
    }
    if (!json_read(result->body, result->body_length, 4096, 1, &value, ret_error))
        return error_prefix(ret_error, "GET /v1/status/leader: not Nomad's answer");
    bool good = json_is_string(value);
    if (good)
        snprintf(ret_leader, room, "%s", json_string_value(value));
    else
        error_set(ret_error, ERROR_INVALID, "GET /v1/status/leader: not Nomad's answer");
    json_decref(value);
    return good;
}

void probe_inform(struct region *region)
{
    region->probe.informed = true;
}

static void heard(struct region *region, uint64_t round_trip_us)
{
    struct probe *probe = &region->probe;
    uint64_t now = federation_now(region->federation);
    struct region_fact fact = {.nomad_version = probe->version,
                               .consul_version = probe->consul_version,
                               .server_count = probe->servers,
                               .leader = probe->leader};
    struct event event = {.type = EVENT_REGION_HEARD, .round_trip_us = round_trip_us};
    if (probe->informed)
        event.region_fact = &fact;
    probe->informed = false;
    uint64_t outage = probe->failed_from_ms == 0 ? 0 : now - probe->failed_from_ms;
    probe->failed_from_ms = 0;
    region_emit(region, &event);
    if (outage > 0)
        region_log(region, LOG_LEVEL_INFO, "answers again after %llu ms", (unsigned long long)outage);
    if (outage >= OUTAGE_RESYNC_MS || (outage > 0 && region->state == WATCH_RESTING))
        watch_resync(region, 0);
}

static void unreached(struct region *region)
{
    struct probe *probe = &region->probe;
    if (probe->failed_from_ms == 0) {
        probe->failed_from_ms = federation_now(region->federation);
        region_log(region, LOG_LEVEL_WARN, "does not answer: %s", probe->trouble);
    }
    region_emit_text(region, EVENT_REGION_UNREACHED, probe->trouble);
}

static void cancel_detours(struct probe *probe)
{
    for (size_t i = 0; i < PROBE_DETOURS_MAX; i++) {
        if (probe->detours[i].transfer != NULL)
            http_cancel(probe->detours[i].transfer);
        probe->detours[i].transfer = NULL;
    }
    probe->detours_left = 0;
}

static void on_detour(void *context, const struct http_result *result)
{
    struct detour *detour = context;
    struct region *region = detour->region;
    struct probe *probe = &region->probe;
    struct error error;
    detour->transfer = NULL;
    probe->detours_left--;
    char leader[sizeof probe->leader];
    if (read_leader(result, leader, sizeof leader, &error)) {
        cancel_detours(probe);
        heard(region, 0);
        again(region);
    } else if (probe->detours_left == 0) {
        unreached(region);
        again(region);
    }
}

static void take_detours(struct region *region)
{
    struct federation *federation = region->federation;
    struct probe *probe = &region->probe;
    struct buffer path = BUFFER_INIT;
    buffer_append_text(&path, "/v1/status/leader?region=");
    text_append_percent(&path, region_nomad_name(region), strlen(region_nomad_name(region)));
    /* A start that differs each time spreads the asking over all that answer. */
    size_t start = (size_t)federation_random(federation, federation->region_count - 1);
    for (size_t i = 0; i < federation->region_count && probe->detours_left < PROBE_DETOURS_MAX; i++) {
        struct region *other = &federation->regions[(start + i) % federation->region_count];
        if (other == region || !other->probe.answers)
            continue;
        struct detour *detour = &probe->detours[probe->detours_left++];
        detour->region = region;
        detour->transfer = http_send(other->nomad, &(struct http_request){.path = path.data,
                                                                          .timeout_ms = PROBE_TIMEOUT_MS,
                                                                          .body_max = ANSWER_MAX,
                                                                          .on_done = on_detour,
                                                                          .context = detour});
    }
    buffer_release(&path);
    if (probe->detours_left == 0) {
        unreached(region);
        again(region);
    }
}

static void learn_name(struct region *region, const char *name)
{
    if (strcmp(region_nomad_name(region), name) == 0)
        return;
    free(region->nomad_name);
    region->nomad_name = memory_copy_text(name, strlen(name));
    region_log(region, LOG_LEVEL_WARN, "its servers call this region \"%s\"; jobs are registered there under that name",
               name);
}

static void read_self(struct region *region, const struct http_result *result)
{
    json_t *document, *config = NULL, *version = NULL;
    struct error error;
    const char *text = "", *name = "";
    if (result->outcome != HTTP_ANSWERED || result->status != 200 ||
        !json_read(result->body, result->body_length, SELF_MAX, 64, &document, &error))
        return;
    json_get_object(document, "config", &config);
    json_get_object(config, "Version", &version);
    json_get_text(version, "Version", &text);
    json_get_text(config, "Region", &name);
    if (text[0] != '\0' && strcmp(region->probe.version, text) != 0) {
        snprintf(region->probe.version, sizeof region->probe.version, "%s", text);
        region->probe.informed = true;
    }
    if (name[0] != '\0' && strlen(name) <= 128)
        learn_name(region, name);
    json_decref(document);
}

static void on_self(void *context, const struct http_result *result)
{
    struct region *region = context;
    region->probe.self = NULL;
    read_self(region, result);
}

static void on_peers(void *context, const struct http_result *result)
{
    struct region *region = context;
    json_t *list;
    struct error error;
    region->probe.peers = NULL;
    if (result->outcome != HTTP_ANSWERED || result->status != 200 ||
        !json_read(result->body, result->body_length, ADDRESSES_MAX, 2, &list, &error))
        return;
    uint32_t servers = (uint32_t)json_array_size(list);
    region->probe.informed = region->probe.informed || servers != region->probe.servers;
    region->probe.servers = servers;
    json_decref(list);
}

static void ask_who(struct region *region)
{
    struct probe *probe = &region->probe;
    uint64_t now = federation_now(region->federation);
    if (now < probe->inform_at_ms || probe->self != NULL || probe->peers != NULL)
        return;
    probe->inform_at_ms = now + INFORM_EVERY_MS + federation_random(region->federation, INFORM_EVERY_MS / 4);
    probe->self = http_send(region->nomad, &(struct http_request){.path = "/v1/agent/self",
                                                                  .timeout_ms = CALL_MS,
                                                                  .body_max = SELF_MAX,
                                                                  .on_done = on_self,
                                                                  .context = region});
    probe->peers = http_send(region->nomad, &(struct http_request){.path = "/v1/status/peers",
                                                                   .timeout_ms = CALL_MS,
                                                                   .body_max = ADDRESSES_MAX,
                                                                   .on_done = on_peers,
                                                                   .context = region});
}

static void on_direct(void *context, const struct http_result *result)
{
    struct region *region = context;
    struct probe *probe = &region->probe;
    struct error error;
    char leader[sizeof probe->leader];
    probe->direct = NULL;
    probe->answers = read_leader(result, leader, sizeof leader, &error);
    if (!probe->answers) {
        text_line(probe->trouble, error.text, strlen(error.text));
        take_detours(region);
        return;
    }
    probe->informed = probe->informed || strcmp(leader, probe->leader) != 0;
    memcpy(probe->leader, leader, sizeof leader);
    heard(region, result->round_trip_us);
    ask_who(region);
    again(region);
}

static void begin(uv_timer_t *timer)
{
    struct region *region = timer->data;
    region->probe.direct = http_send(region->nomad, &(struct http_request){.path = "/v1/status/leader",
                                                                           .timeout_ms = PROBE_TIMEOUT_MS,
                                                                           .connect_timeout_ms = PROBE_TIMEOUT_MS,
                                                                           .body_max = 4096,
                                                                           .on_done = on_direct,
                                                                           .context = region});
}

void probe_start(struct region *region)
{
    /* A hundred regions are not asked in the same millisecond. */
    uint64_t spread = region->federation->region_count > 8 ? PROBE_EVERY_MS / 2 : 0;
    uv_timer_start(&region->probe.timer, begin, federation_random(region->federation, spread), 0);
}

void probe_stop(struct region *region)
{
    struct probe *probe = &region->probe;
    struct http_transfer **transfers[] = {&probe->direct, &probe->self, &probe->peers};
    for (size_t i = 0; i < sizeof transfers / sizeof *transfers; i++) {
        if (*transfers[i] != NULL)
            http_cancel(*transfers[i]);
        *transfers[i] = NULL;
    }
    cancel_detours(probe);
    uv_timer_stop(&probe->timer);
}
