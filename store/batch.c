/* A batch: puts and deletes in order, copied, checked against the limits as they come. */
#include "store/batch.h"

#include <stdlib.h>

#include "base/memory.h"

struct store_batch *store_batch_new(void)
{
    struct store_batch *batch = memory_new(1, sizeof *batch);
    buffer_init(&batch->bytes);
    return batch;
}

void store_batch_free(struct store_batch *batch)
{
    if (batch == NULL)
        return;
    buffer_release(&batch->bytes);
    free(batch->changes);
    free(batch);
}

/* Room for one change and its key; NULL once the batch is spoiled. */
static struct store_change *change_add(struct store_batch *batch, enum store_table table, struct store_bytes key,
                                       size_t length)
{
    if (batch->error.code != ERROR_NONE)
        return NULL;
    if ((unsigned)table >= STORE_TABLE_COUNT) {
        error_set(&batch->error, ERROR_INVALID, "store: there is no table %u", (unsigned)table);
        return NULL;
    }
    const char *name = store_table_name(table);
    if (key.length == 0 || key.length > STORE_KEY_MAX) {
        error_set(&batch->error, ERROR_INVALID, "store table %s: a key has 1 to %d bytes, this one %zu", name,
                  STORE_KEY_MAX, key.length);
        return NULL;
    }
    if (length > STORE_VALUE_MAX || batch->bytes.length + key.length + length > STORE_BATCH_MAX) {
        char text[STORE_KEY_TEXT_MAX];
        store_key_text(key, text);
        error_set(&batch->error, ERROR_TOO_LARGE,
                  "store table %s, key %s: %zu bytes are too many (a record %d, a batch %d)", name, text, length,
                  STORE_VALUE_MAX, STORE_BATCH_MAX);
        return NULL;
    }
    batch->changes = memory_grow(batch->changes, batch->count, &batch->capacity, sizeof *batch->changes);
    struct store_change *change = &batch->changes[batch->count++];
    *change = (struct store_change){.table = table, .key_at = batch->bytes.length, .key_length = key.length};
    buffer_append(&batch->bytes, key.data, key.length);
    batch->touches[store_table_environment(table)] = true;
    return change;
}

void store_batch_put(struct store_batch *batch, enum store_table table, const void *key, size_t key_length,
                     const void *value, size_t length)
{
    struct store_change *change = change_add(batch, table, (struct store_bytes){key, key_length}, length);
    if (change == NULL)
        return;
    change->value_at = batch->bytes.length;
    change->value_length = length;
    if (length > 0)
        buffer_append(&batch->bytes, value, length);
}

void store_batch_delete(struct store_batch *batch, enum store_table table, const void *key, size_t key_length)
{
    struct store_change *change = change_add(batch, table, (struct store_bytes){key, key_length}, 0);
    if (change != NULL)
        change->is_delete = true;
}

size_t store_batch_count(const struct store_batch *batch)
{
    return batch->count;
}

size_t store_batch_bytes(const struct store_batch *batch)
{
    return batch->bytes.length;
}

struct store_bytes store_change_key(const struct store_batch *batch, const struct store_change *change)
{
    return (struct store_bytes){batch->bytes.data + change->key_at, change->key_length};
}

struct store_bytes store_change_value(const struct store_batch *batch, const struct store_change *change)
{
    return (struct store_bytes){batch->bytes.data + change->value_at, change->value_length};
}
