/* The event broker: groups of events by index, the newest hundred kept for those who come late, and the streams that
 * read them. As in Nomad, deletions make no events and a late reader is given no sign of what it missed. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/engine/query.h"
#include "sim/engine/world.h"

enum { STREAM_FILTERS_MAX = 32, STREAM_HEARTBEAT_MS = 30000 };

struct stream_filter {
    char topic[64];
    char key[256];
};

struct sim_stream {
    struct sim_region *region;
    uint64_t next; /* number of the next group */
    int64_t beat_at;
    bool denied;
    bool greeted;
    char space[128];
    struct stream_filter filters[STREAM_FILTERS_MAX];
    size_t filter_count;
};

uint64_t sim_next_index(struct sim_region *region)
{
    region->batch_node = NULL;
    return ++region->index;
}

void sim_touch(struct sim_region *region, enum sim_table table, uint64_t index)
{
    if (region->tables[table] < index)
        region->tables[table] = index;
}

static void event_group_free(struct sim_event_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        for (size_t k = 0; k < 4; k++)
            free(group->events[i].keys[k]);
        free(group->events[i].namespace_);
        free(group->events[i].text);
    }
    free(group->events);
}

static uint64_t events_needed_from(const struct sim_region *region)
{
    uint64_t least = UINT64_MAX;

    for (size_t i = 0; i < region->stream_count; i++)
        if (region->streams[i]->next < least)
            least = region->streams[i]->next;
    return least;
}

static void events_trim(struct sim_region *region)
{
    uint64_t needed = events_needed_from(region);
    size_t drop = 0;

    while (region->group_count - drop > SIM_EVENT_GROUPS && region->group_base + drop < needed)
        event_group_free(&region->groups[drop++]);
    if (drop == 0)
        return;
    memmove(region->groups, region->groups + drop, (region->group_count - drop) * sizeof *region->groups);
    region->group_count -= drop;
    region->group_base += drop;
}

static struct sim_event_group *event_group(struct sim_region *region, uint64_t index, bool fresh)
{
    if (!fresh && region->group_count > 0 && region->groups[region->group_count - 1].index == index)
        return &region->groups[region->group_count - 1];
    events_trim(region);
    region->groups = memory_grow(region->groups, region->group_count, &region->group_capacity, sizeof *region->groups);
    region->groups[region->group_count] = (struct sim_event_group){.index = index};
    return &region->groups[region->group_count++];
}

static char *copy_or_null(const char *text)
{
    return text != NULL ? sim_copy(text) : NULL;
}

void sim_event_add(struct sim_region *region, uint64_t index, const char *topic, const char *type, const char *space,
                   const char *key, const char *filter1, const char *filter2, const char *payload_name,
                   const char *payload)
{
    /* Measured: a registration's job and its evaluation come as two records of one index. */
    bool fresh =
        sim_same(topic, "Evaluation") && (sim_same(type, "JobRegistered") || sim_same(type, "JobDeregistered"));
    struct sim_event_group *group = event_group(region, index, fresh);
    struct buffer text = BUFFER_INIT;
    struct sim_event *event;

    buffer_append_text(&text, "{\"FilterKeys\":");
    if (filter1 == NULL) {
        buffer_append_text(&text, "null");
    } else {
        buffer_append_byte(&text, '[');
        sim_put_string(&text, filter1);
        if (filter2 != NULL) {
            buffer_append_byte(&text, ',');
            sim_put_string(&text, filter2);
        }
        buffer_append_byte(&text, ']');
    }
    buffer_printf(&text, ",\"Index\":%" PRIu64 ",", index);
    sim_put_field(&text, "Key", key);
    buffer_append_byte(&text, ',');
    sim_put_field(&text, "Namespace", space);
    buffer_printf(&text, ",\"Payload\":{\"%s\":", payload_name);
    buffer_append_text(&text, payload);
    buffer_printf(&text, "},\"Topic\":\"%s\",\"Type\":\"%s\"}", topic, type);
    group->events = memory_grow(group->events, group->count, &group->capacity, sizeof *group->events);
    event = &group->events[group->count++];
    *event = (struct sim_event){.topic = topic, .namespace_ = sim_copy(space), .text = buffer_take(&text)};
    event->keys[0] = sim_copy(key);
    event->keys[1] = copy_or_null(filter1);
    event->keys[2] = copy_or_null(filter2);
}

void sim_event_job(struct sim_region *region, uint64_t index, const char *type, const struct sim_job *job)
{
    struct buffer payload = BUFFER_INIT;

    sim_job_render(&payload, job, job->spec);
    sim_event_add(region, index, "Job", type, job->space, job->id, NULL, NULL, "Job", payload.data);
    buffer_release(&payload);
}

void sim_event_job_gone(struct sim_region *region, uint64_t index, const struct sim_job *job)
{
    struct buffer payload = BUFFER_INIT;

    sim_job_render(&payload, job, job->spec);
    buffer_append_text(&payload, ",\"Deleted\":true");
    sim_event_add(region, index, "Job", "JobDeregistered", job->space, job->id, NULL, NULL, "Job", payload.data);
    buffer_release(&payload);
}

void sim_event_allocation(struct sim_region *region, uint64_t index, const char *type,
                          const struct sim_allocation *allocation, bool with_states)
{
    struct buffer payload = BUFFER_INIT;

    sim_allocation_render(&payload, allocation, false, with_states);
    sim_event_add(region, index, "Allocation", type, allocation->job->space, allocation->id, allocation->job->id,
                  allocation->deployment != NULL ? allocation->deployment->id : "", "Allocation", payload.data);
    buffer_release(&payload);
}

void sim_event_node(struct sim_region *region, uint64_t index, const char *type, const struct sim_node *node)
{
    struct buffer payload = BUFFER_INIT;

    sim_node_render(&payload, region, node);
    sim_event_add(region, index, "Node", type, "", node->id, NULL, NULL, "Node", payload.data);
    buffer_release(&payload);
}

void sim_event_evaluation(struct sim_region *region, uint64_t index, const char *type,
                          const struct sim_evaluation *evaluation)
{
    struct buffer payload = BUFFER_INIT;

    sim_evaluation_render(&payload, evaluation);
    sim_event_add(region, index, "Evaluation", type, evaluation->space, evaluation->id, evaluation->job_id,
                  evaluation->deployment_id, "Evaluation", payload.data);
    buffer_release(&payload);
}

void sim_event_deployment(struct sim_region *region, uint64_t index, const char *type,
                          const struct sim_deployment *deployment)
{
    struct buffer payload = BUFFER_INIT;

    sim_deployment_render(&payload, deployment);
    sim_event_add(region, index, "Deployment", type, deployment->space, deployment->id, deployment->job_id, NULL,
                  "Deployment", payload.data);
    buffer_release(&payload);
}

void sim_events_free(struct sim_region *region)
{
    for (size_t i = 0; i < region->group_count; i++)
        event_group_free(&region->groups[i]);
    free(region->groups);
    free(region->streams);
}

/* ---- streams ---- */

static void stream_parse(struct sim_stream *stream, const struct sim_query *query)
{
    for (size_t i = 0; i < query->count && stream->filter_count < STREAM_FILTERS_MAX; i++) {
        const char *value = query->pairs[i].value;
        const char *colon = strchr(value, ':');
        struct stream_filter *filter = &stream->filters[stream->filter_count];
        size_t length = colon != NULL ? (size_t)(colon - value) : strlen(value);

        if (!sim_same(query->pairs[i].key, "topic") || length >= sizeof filter->topic)
            continue;
        memcpy(filter->topic, value, length);
        filter->topic[length] = '\0';
        strncpy(filter->key, colon != NULL ? colon + 1 : "*", sizeof filter->key - 1);
        stream->filter_count++;
    }
    if (stream->filter_count == 0) {
        strcpy(stream->filters[0].topic, "*");
        strcpy(stream->filters[0].key, "*");
        stream->filter_count = 1;
    }
}

/* With a token that is not management, Nomad denies `topic=*` and says nothing. */
static bool stream_denied(const struct sim_stream *stream, const char *token)
{
    const struct sim_region *region = stream->region;

    if (region->read_token == NULL && region->write_token == NULL)
        return false;
    if (token == NULL || !((region->read_token != NULL && sim_same(token, region->read_token)) ||
                           (region->write_token != NULL && sim_same(token, region->write_token))))
        return true;
    for (size_t i = 0; i < stream->filter_count; i++)
        if (sim_same(stream->filters[i].topic, "*"))
            return true;
    return false;
}

/* index 0 or low: all that is kept; a future one: the newest group, then what comes. */
static uint64_t stream_start(const struct sim_region *region, uint64_t index)
{
    uint64_t end = region->group_base + region->group_count;
    size_t first = region->group_count > SIM_EVENT_GROUPS ? region->group_count - SIM_EVENT_GROUPS : 0;

    for (size_t i = first; i < region->group_count; i++)
        if (region->groups[i].index >= index)
            return region->group_base + i;
    return end > 0 && region->group_count > 0 ? end - 1 : end;
}

struct sim_stream *sim_stream_open(struct sim_region *region, const char *query, const char *token, int64_t now_ms)
{
    struct sim_stream *stream = memory_new(1, sizeof *stream);
    struct sim_query parsed;

    (void)now_ms;
    stream->region = region;
    sim_query_parse(&parsed, query);
    stream_parse(stream, &parsed);
    strncpy(stream->space, sim_query_get(&parsed, "namespace", "default"), sizeof stream->space - 1);
    stream->next = stream_start(region, sim_query_index(&parsed));
    sim_query_release(&parsed);
    stream->denied = stream_denied(stream, token);
    region->streams =
        memory_grow(region->streams, region->stream_count, &region->stream_capacity, sizeof *region->streams);
    region->streams[region->stream_count++] = stream;
    return stream;
}

static bool stream_wants(const struct sim_stream *stream, const struct sim_event *event)
{
    if (event->namespace_[0] != '\0' && !sim_same(stream->space, "*") && !sim_same(stream->space, event->namespace_))
        return false;
    for (size_t i = 0; i < stream->filter_count; i++) {
        const struct stream_filter *filter = &stream->filters[i];

        if (!sim_same(filter->topic, "*") && !sim_same(filter->topic, event->topic))
            continue;
        if (sim_same(filter->key, "*"))
            return true;
        for (size_t k = 0; k < 4; k++)
            if (event->keys[k] != NULL && sim_same(filter->key, event->keys[k]))
                return true;
    }
    return false;
}

static bool stream_put_group(const struct sim_stream *stream, const struct sim_event_group *group, struct buffer *out)
{
    bool any = false;

    for (size_t i = 0; i < group->count; i++) {
        if (!stream_wants(stream, &group->events[i]))
            continue;
        buffer_append_text(out, any ? "," : "{\"Events\":[");
        buffer_append_text(out, group->events[i].text);
        any = true;
    }
    if (any)
        buffer_printf(out, "],\"Index\":%" PRIu64 "}\n", group->index);
    return any;
}

int64_t sim_stream_read(struct sim_stream *stream, int64_t now_ms, struct buffer *out)
{
    struct sim_region *region = stream->region;

    if (stream->denied || region->dark_silent || region->dark_refuse)
        return SIM_NEVER;
    if (!stream->greeted || now_ms >= stream->beat_at) {
        stream->greeted = true;
        stream->beat_at = now_ms + STREAM_HEARTBEAT_MS;
        buffer_append_text(out, "{}\n");
    }
    for (; stream->next < region->group_base + region->group_count; stream->next++)
        stream_put_group(stream, &region->groups[stream->next - region->group_base], out);
    return stream->beat_at;
}

void sim_stream_free(struct sim_stream *stream)
{
    struct sim_region *region;

    if (stream == NULL)
        return;
    region = stream->region;
    for (size_t i = 0; i < region->stream_count; i++)
        if (region->streams[i] == stream)
            region->streams[i--] = region->streams[--region->stream_count];
    free(stream);
}
