/* What a batch holds, for the code that applies it. */
#ifndef DROVER_STORE_BATCH_H
#define DROVER_STORE_BATCH_H

#include "store/record.h"
#include "store/store.h"

struct store_change {
    enum store_table table;
    bool is_delete;
    size_t key_at, key_length; /* in store_batch.bytes */
    size_t value_at, value_length;
};

struct store_batch {
    struct store_change *changes;
    size_t count, capacity;
    struct buffer bytes;
    bool touches[STORE_ENVIRONMENT_COUNT];
    struct error error; /* code other than ERROR_NONE: spoiled by a put or delete that broke a limit */
};

struct store_bytes store_change_key(const struct store_batch *batch, const struct store_change *change);
struct store_bytes store_change_value(const struct store_batch *batch, const struct store_change *change);

#endif
