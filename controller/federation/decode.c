/* Drives the record decoders: which shapes a source has, when a record begins and ends. See decode.h. */
#include "controller/federation/decode.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_stream.h"
#include "base/memory.h"
#include "controller/federation/decode_record.h"

struct decoder {
    enum decode_source source;
    const char *const *selected;
    size_t selected_count;
    decode_handler *handler;
    void *context;
    struct json_stream *stream;
    struct shape_reader reader;
    int payload; /* which payload the event at hand has, FIELD_NOTHING: none */
    struct record record;
};

#define LIST_OF(name, members)                                                                                         \
    static const struct shape name##_ELEMENT[] = {{"[]", members, OPEN_ITEM}, {0}};                                    \
    static const struct shape name = {"", name##_ELEMENT, 0}

LIST_OF(NODE_LIST, NODE_MEMBERS);
LIST_OF(ALLOCATION_LIST, ALLOCATION_MEMBERS);
LIST_OF(JOB_LIST, JOB_MEMBERS);
LIST_OF(DEPLOYMENT_LIST, DEPLOYMENT_MEMBERS);
static const struct shape ONE_NODE = {"", NODE_MEMBERS, OPEN_ITEM};

static const struct shape PAYLOAD[] = {
    {"Node", NODE_MEMBERS, OPEN_PAYLOAD_NODE}, {"Allocation", ALLOCATION_MEMBERS, OPEN_PAYLOAD_ALLOCATION},
    {"Job", JOB_MEMBERS, OPEN_PAYLOAD_JOB},    {"Deployment", DEPLOYMENT_MEMBERS, OPEN_PAYLOAD_DEPLOYMENT},
    {"Deleted", NULL, FLAG_DELETED},           {0}};
static const struct shape EVENT[] = {
    {"Type", NULL, TEXT_EVENT_TYPE}, {"Index", NULL, NUMBER_EVENT_INDEX}, {"Payload", PAYLOAD, 0}, {0}};
static const struct shape EVENTS[] = {{"[]", EVENT, OPEN_EVENT}, {0}};
static const struct shape LINE[] = {{"Events", EVENTS, 0}, {0}};
static const struct shape EVENT_STREAM = {"", LINE, OPEN_LINE};

static const struct shape *root_of(enum decode_source source)
{
    switch (source) {
    case DECODE_NODES:
        return &NODE_LIST;
    case DECODE_NODE:
        return &ONE_NODE;
    case DECODE_ALLOCATIONS:
        return &ALLOCATION_LIST;
    case DECODE_JOBS:
        return &JOB_LIST;
    case DECODE_DEPLOYMENTS:
        return &DEPLOYMENT_LIST;
    case DECODE_EVENTS:
        break;
    }
    return &EVENT_STREAM;
}

static void on_open(void *context, int field, const char *key)
{
    struct decoder *decoder = context;
    switch (field) {
    case OPEN_ITEM:
    case OPEN_EVENT:
        record_clear(&decoder->record);
        decoder->payload = FIELD_NOTHING;
        break;
    case OPEN_PAYLOAD_NODE:
    case OPEN_PAYLOAD_ALLOCATION:
    case OPEN_PAYLOAD_JOB:
    case OPEN_PAYLOAD_DEPLOYMENT:
        decoder->payload = field;
        break;
    case OPEN_ATTRIBUTES:
        decoder->record.attributes_seen = true;
        break;
    case OPEN_TASK:
        record_open_task(&decoder->record, key);
        break;
    case OPEN_TASK_LIFECYCLE:
        record_open_lifecycle(&decoder->record, key);
        break;
    default:
        break;
    }
}

static void on_value(void *context, int field, const char *key, const struct shape_value *value)
{
    struct decoder *decoder = context;
    if (field < FLAG_END)
        record_put(&decoder->record, field, value);
    else if (field == VALUE_ATTRIBUTE)
        record_put_attribute(&decoder->record, "attr.", key, value, decoder->selected, decoder->selected_count);
    else if (field == VALUE_META)
        record_put_attribute(&decoder->record, "meta.", key, value, decoder->selected, decoder->selected_count);
    else
        record_put_task(&decoder->record, field, value);
}

static int payload_of_list(enum decode_source source)
{
    switch (source) {
    case DECODE_NODES:
    case DECODE_NODE:
        return OPEN_PAYLOAD_NODE;
    case DECODE_ALLOCATIONS:
        return OPEN_PAYLOAD_ALLOCATION;
    case DECODE_JOBS:
        return OPEN_PAYLOAD_JOB;
    case DECODE_DEPLOYMENTS:
        return OPEN_PAYLOAD_DEPLOYMENT;
    case DECODE_EVENTS:
        break;
    }
    return FIELD_NOTHING;
}

static bool give_record(struct decoder *decoder, int payload)
{
    struct decoded decoded = {0};
    struct error error;
    struct record *record = &decoder->record;
    bool good = true;
    if (record->skip != NULL) {
        decoded.kind = DECODED_SKIPPED;
        decoded.problem = record->skip;
    } else if (payload == OPEN_PAYLOAD_NODE) {
        good = record_node(record, &decoded, &error);
    } else if (payload == OPEN_PAYLOAD_ALLOCATION) {
        good = record_allocation(record, &decoded, &error);
    } else if (payload == OPEN_PAYLOAD_JOB) {
        good = record_job(record, &decoded, &error);
    } else {
        good = record_deployment(record, &decoded, &error);
    }
    if (!good) {
        json_stream_refuse(decoder->stream, &error);
        return false;
    }
    decoded.event_index = (uint64_t)record_number(record, NUMBER_EVENT_INDEX);
    decoder->handler(decoder->context, &decoded);
    return true;
}

/* The whole node comes along with every change of its allocations, unchanged (measured on 2.0.5). */
static bool is_echo(const struct decoder *decoder)
{
    return decoder->payload == OPEN_PAYLOAD_NODE &&
           strncmp(decoder->record.text[TEXT_EVENT_TYPE], "Allocation", sizeof "Allocation" - 1) == 0;
}

static bool on_close(void *context, int field)
{
    struct decoder *decoder = context;
    if (field == OPEN_ITEM)
        return give_record(decoder, payload_of_list(decoder->source));
    if (field == OPEN_EVENT)
        return decoder->payload == FIELD_NOTHING || is_echo(decoder) || give_record(decoder, decoder->payload);
    if (field == OPEN_LINE)
        decoder->handler(decoder->context, &(struct decoded){.kind = DECODED_LINE});
    else if (field == OPEN_TASK || field == OPEN_TASK_LIFECYCLE)
        decoder->record.task = NULL;
    return true;
}

static const struct shape_sink SINK = {.open = on_open, .close = on_close, .value = on_value};

struct decoder *decoder_new(enum decode_source source, const char *const *selected, size_t selected_count,
                            decode_handler *handler, void *context)
{
    struct decoder *decoder = memory_new(1, sizeof *decoder);
    decoder->source = source;
    decoder->selected = selected;
    decoder->selected_count = selected_count;
    decoder->handler = handler;
    decoder->context = context;
    decoder->record.selected_room = selected_count < FACT_ATTRIBUTES_MAX ? selected_count : FACT_ATTRIBUTES_MAX;
    decoder->record.selected_values =
        memory_new(decoder->record.selected_room, sizeof *decoder->record.selected_values);
    shape_reader_init(&decoder->reader, root_of(source), &SINK, decoder);
    decoder->stream = json_stream_new(&SHAPE_HANDLER, &decoder->reader, source == DECODE_EVENTS);
    return decoder;
}

void decoder_free(struct decoder *decoder)
{
    if (decoder == NULL)
        return;
    json_stream_free(decoder->stream);
    free(decoder->record.selected_values);
    free(decoder);
}

static bool check_kind(const struct decoder *decoder, struct error *ret_error)
{
    if (decoder->reader.unmatched == 0)
        return true;
    return error_set(ret_error, ERROR_INVALID, "JSON, but not the %s that Nomad gives",
                     decoder->source == DECODE_EVENTS || decoder->source == DECODE_NODE ? "object" : "list");
}

bool decoder_feed(struct decoder *decoder, const char *bytes, size_t length, struct error *ret_error)
{
    return json_stream_feed(decoder->stream, bytes, length, ret_error) && check_kind(decoder, ret_error);
}

bool decoder_finish(struct decoder *decoder, struct error *ret_error)
{
    return json_stream_finish(decoder->stream, ret_error) && check_kind(decoder, ret_error);
}
