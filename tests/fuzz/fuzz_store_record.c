/* links: store base lmdb uv */
/* Any bytes as a stored record and as a whole data file: decoding and the walk over the pages stay inside them.
 * The first byte chooses: even a record (table, key length, key, record), odd a data file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/pages.h"
#include "store/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool twice(const void *value, size_t length, struct buffer *value_out, struct error *ret_error)
{
    (void)ret_error;
    buffer_append(value_out, value, length);
    buffer_append(value_out, value, length);
    return true;
}

static void record_try(const uint8_t *data, size_t size)
{
    static const struct store_upgrade upgrades[] = {{STORE_JOB, 0, twice}};
    if (size < 2 || size - 2 < data[1])
        return;
    struct error error;
    struct buffer scratch = BUFFER_INIT;
    struct store_bytes value, key = {data + 2, data[1]}, record = {data + 2 + data[1], size - 2 - data[1]};
    enum store_table table = (enum store_table)(data[0] % STORE_TABLE_COUNT);
    if (store_record_read(table, key, record, upgrades, 1, &scratch, &value, &error) && value.length > 0) {
        uint8_t *copy = malloc(value.length);
        memcpy(copy, value.data, value.length);
        free(copy);
    }
    /* The same with a head that fits: the checksum hides what lies behind it from chance. */
    if (record.length > STORE_RECORD_HEAD && key.length > 0) {
        uint8_t *whole = malloc(record.length);
        memcpy(whole, record.data, record.length);
        store_record_head((uint16_t)(data[0] & 1), key,
                          (struct store_bytes){whole + STORE_RECORD_HEAD, record.length - STORE_RECORD_HEAD}, whole);
        record.data = whole;
        if (!store_record_read(table, key, record, upgrades, 1, &scratch, &value, &error) &&
            error.code == ERROR_CORRUPT)
            abort();
        free(whole);
    }
    buffer_release(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error;
    if (size == 0)
        return 0;
    if (data[0] % 2 == 0)
        record_try(data + 1, size - 1);
    else
        store_pages_check(data + 1, size - 1, data[0] & 2 ? STORE_INVENTORY : STORE_INTENT, &error);
    return 0;
}
