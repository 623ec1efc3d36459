/* The federation as a whole: regions made from their access, started and closed together; what its files share. */
#include "controller/federation/federation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "controller/federation/private.h"

static char *copy_text(const char *text)
{
    return memory_copy_text(text, strlen(text));
}

static char **copy_texts(const char *const *list, size_t count)
{
    char **copy = memory_new(count, sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = copy_text(list[i]);
    return copy;
}

static void free_texts(char **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

struct region *federation_region(struct federation *federation, const char *name)
{
    for (size_t i = 0; i < federation->region_count; i++) {
        if (strcmp(federation->regions[i].name, name) == 0)
            return &federation->regions[i];
    }
    return NULL;
}

void federation_select(struct federation *federation, const char *name, const char *key)
{
    struct region *region = federation_region(federation, name);
    if (region == NULL || region->selected_count == FACT_ATTRIBUTES_MAX)
        return;
    for (size_t i = 0; i < region->selected_count; i++)
        if (strcmp(region->selected[i], key) == 0)
            return;
    region->selected[region->selected_count++] = copy_text(key);
    region->reselected = true;
    if (region->state == WATCH_LIVE)
        watch_resync(region, SELECTED_SOON_MS);
}

/* xorshift64*: spreading retries needs no better one. */
uint64_t federation_random(struct federation *federation, uint64_t most)
{
    uint64_t state = federation->random;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    federation->random = state;
    return (state * UINT64_C(2685821657736338717) >> 16) % (most + 1);
}

uint64_t federation_now(const struct federation *federation)
{
    return uv_now(federation->options.loop);
}

const char *region_nomad_name(const struct region *region)
{
    return region->nomad_name == NULL ? region->name : region->nomad_name;
}

void region_emit(struct region *region, struct event *event)
{
    event->region = region->name;
    region->federation->options.emit(region->federation->options.context, event);
}

void region_emit_text(struct region *region, enum event_type type, const char *text)
{
    region_emit(region, &(struct event){.type = type, .text = text});
}

const char *text_line(char into[static TEXT_MAX], const char *text, size_t length)
{
    struct buffer visible = BUFFER_INIT;
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == ' '))
        length--;
    text_append_visible(&visible, text, length < TEXT_MAX ? length : TEXT_MAX, false);
    size_t end = visible.length < TEXT_MAX ? visible.length : TEXT_MAX - 1;
    while (end < visible.length && end > 0 && ((unsigned char)visible.data[end] & 0xC0) == 0x80)
        end--;
    memcpy(into, visible.data, end);
    into[end] = '\0';
    buffer_release(&visible);
    return into;
}

void region_log(struct region *region, int level, const char *format, ...)
{
    struct buffer text = BUFFER_INIT;
    char line[TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    text_line(line, text.data, text.length);
    buffer_release(&text);
    const struct federation_options *options = &region->federation->options;
    options->log(options->context, level, region->name, line);
}

static bool open_endpoints(struct region *region, struct http_client *client, const struct region_access *access,
                           struct error *ret_error)
{
    struct http_endpoint_config nomad = access->nomad, consul = access->consul;
    nomad.token_header = "X-Nomad-Token";
    consul.token_header = "X-Consul-Token";
    region->nomad = http_endpoint_new(client, &nomad, ret_error);
    if (region->nomad == NULL)
        return error_prefix(ret_error, "region \"%s\", nomad", access->name);
    if (!access->has_consul)
        return true;
    region->consul = http_endpoint_new(client, &consul, ret_error);
    return region->consul != NULL || error_prefix(ret_error, "region \"%s\", consul", access->name);
}

static bool region_init(struct region *region, struct federation *federation, const struct region_access *access,
                        struct error *ret_error)
{
    region->federation = federation;
    region->name = copy_text(access->name);
    if (access->namespace_count > NAMESPACES_MAX)
        return error_set(ret_error, ERROR_INVALID,
                         "region \"%s\": at most %d namespaces can be named; leave them out to "
                         "watch all",
                         access->name, NAMESPACES_MAX);
    region->namespaces = copy_texts(access->namespaces, access->namespace_count);
    region->namespace_count = access->namespace_count;
    /* Room for all that may be added: decoders hold on to the array. */
    region->selected = memory_new(FACT_ATTRIBUTES_MAX, sizeof *region->selected);
    for (size_t i = 0; i < access->selected_count && i < FACT_ATTRIBUTES_MAX; i++)
        region->selected[region->selected_count++] = copy_text(access->selected[i]);
    if (region->namespace_count == 0) {
        const char *all = "*";
        free(region->namespaces);
        region->namespaces = copy_texts(&all, 1);
        region->namespace_count = 1;
    }
    return open_endpoints(region, federation->options.client, access, ret_error);
}

static void region_release(struct region *region)
{
    http_endpoint_free(region->nomad);
    http_endpoint_free(region->consul);
    free_texts(region->namespaces, region->namespace_count);
    free_texts(region->selected, region->selected_count);
    free(region->name);
    free(region->nomad_name);
    versions_release(&region->versions);
}

static void federation_free(struct federation *federation)
{
    for (size_t i = 0; i < federation->region_count; i++)
        region_release(&federation->regions[i]);
    free(federation->regions);
    free(federation);
}

static void init_timer(struct federation *federation, uv_timer_t *timer, struct region *region)
{
    uv_timer_init(federation->options.loop, timer);
    timer->data = region;
    federation->handles++;
}

struct federation *federation_new(const struct federation_options *options, struct error *ret_error)
{
    struct federation *federation = memory_new(1, sizeof *federation);
    federation->options = *options;
    /* A state of zero would stay zero. */
    federation->random = options->jitter_seed == 0 ? UINT64_C(0x9E3779B97F4A7C15) : options->jitter_seed;
    federation->regions = memory_new(options->region_count, sizeof *federation->regions);
    for (size_t i = 0; i < options->region_count; i++) {
        federation->region_count = i + 1;
        if (!region_init(&federation->regions[i], federation, &options->regions[i], ret_error)) {
            federation_free(federation);
            return NULL;
        }
    }
    federation->options.regions = NULL;
    /* There may be no region, and on_closed comes from the loop all the same. */
    federation->closer = memory_new(1, sizeof *federation->closer);
    uv_timer_init(options->loop, federation->closer);
    federation->closer->data = federation;
    federation->handles++;
    for (size_t i = 0; i < federation->region_count; i++) {
        struct region *region = &federation->regions[i];
        init_timer(federation, &region->probe.timer, region);
        init_timer(federation, &region->watch_timer, region);
        init_timer(federation, &region->resync_timer, region);
        init_timer(federation, &region->consul_watch.timer, region);
    }
    return federation;
}

void federation_start(struct federation *federation)
{
    federation->started = true;
    for (size_t i = 0; i < federation->region_count; i++) {
        probe_start(&federation->regions[i]);
        watch_start(&federation->regions[i]);
        consul_start(&federation->regions[i]);
    }
}

void federation_handle_closed(struct federation *federation)
{
    if (--federation->handles > 0)
        return;
    void (*on_closed)(void *context) = federation->on_closed;
    void *context = federation->closed_context;
    uv_timer_t *self = federation->closer;
    federation_free(federation);
    free(self);
    if (on_closed != NULL)
        on_closed(context);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct region *region = handle->data;
    federation_handle_closed(region->federation);
}

static void on_closer_closed(uv_handle_t *handle)
{
    federation_handle_closed(handle->data);
}

void federation_close(struct federation *federation, void (*on_closed)(void *context), void *context)
{
    federation->closing = true;
    federation->on_closed = on_closed;
    federation->closed_context = context;
    calls_cancel(federation);
    parses_cancel(federation);
    checks_cancel(federation);
    uv_close((uv_handle_t *)federation->closer, on_closer_closed);
    for (size_t i = 0; i < federation->region_count; i++) {
        struct region *region = &federation->regions[i];
        probe_stop(region);
        watch_stop(region);
        consul_stop(region);
        uv_close((uv_handle_t *)&region->probe.timer, on_handle_closed);
        uv_close((uv_handle_t *)&region->watch_timer, on_handle_closed);
        uv_close((uv_handle_t *)&region->resync_timer, on_handle_closed);
        uv_close((uv_handle_t *)&region->consul_watch.timer, on_handle_closed);
    }
}
