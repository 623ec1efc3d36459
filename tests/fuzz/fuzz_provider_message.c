/* links: provider_host provider_sdk net base */
/* What the agent believes of a child: frames, then each as a record of any kind, an error or an operation. What was
 * accepted must write as it was read. */
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"
#include "providers/host/records.h"
#include "providers/host/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const struct provider_records *records)
{
    struct buffer text = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&text, false);
    struct error error;
    json_writer_begin_array(&writer);
    for (size_t i = 0; i < records->pools_count; i++)
        record_write(&writer, RECORD_POOL, &records->pools[i]);
    for (size_t i = 0; i < records->instances_count; i++)
        record_write(&writer, RECORD_INSTANCE, &records->instances[i]);
    for (size_t i = 0; i < records->offers_count; i++)
        if (!record_check(RECORD_OFFER, &records->offers[i], &error))
            abort();
    json_writer_end_array(&writer);
    json_writer_done(&writer);
    json_t *value = NULL;
    if (!json_read(text.data, text.length, text.length, 8, &value, &error))
        abort();
    json_decref(value);
    buffer_release(&text);
}

static void take(struct provider_records *records, const char *json, size_t length)
{
    struct error error;
    struct provider_error failure;
    struct provider_operation operation;
    enum provider_record kind = RECORD_REGION;
    json_t *message = NULL;
    if (!json_read(json, length, WIRE_MESSAGE_MAX, 8, &message, &error))
        return;
    const char *word = json_string_value(json_object_get(message, "record"));
    if (word && record_kind_of(word, &kind))
        provider_records_add(records, kind, json_object_get(message, "value"), &error);
    if (record_read_error(json_object_get(message, "error"), &failure, &error) && failure.text[sizeof failure.text - 1])
        abort();
    record_read_operation(json_object_get(message, "operation"), &operation, &error);
    json_decref(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_reader reader;
    struct provider_records records;
    const char *json = NULL;
    size_t length = 0;
    wire_reader_init(&reader, WIRE_MESSAGE_MAX);
    provider_records_init(&records);
    wire_reader_feed(&reader, (const char *)data, size);
    while (wire_reader_next(&reader, &json, &length) == WIRE_FRAME)
        take(&records, json, length);
    provider_records_finish(&records);
    write_again(&records);
    provider_records_release(&records);
    wire_reader_release(&reader);
    return 0;
}
