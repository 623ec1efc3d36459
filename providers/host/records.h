/* The records of provider.h on their way from the host to the agent: one table of fields a record, from which both
 * sides check, write and read them. What crosses is hostile to its reader: texts are UTF-8 without control characters
 * and bounded, numbers lie within the field's range, words are known, lists are short.
 *
 * Also where they end up: struct provider_records, the results of one call as plain arrays of provider.h's structs.
 * Single thread. */
#ifndef DROVER_PROVIDERS_HOST_RECORDS_H
#define DROVER_PROVIDERS_HOST_RECORDS_H

#include <jansson.h>

#include "base/error.h"
#include "base/json_writer.h"
#include "providers/provider.h"

enum {
    RECORD_LIST_MAX = 64,           /* zones, identities of one record */
    RECORD_BYTES_MAX = 128 * 1024,  /* one record's message: some 3 ms of a loop's time to read */
    RECORD_INSTANCES_MAX = 100000,  /* of one call */
    RECORD_CALL_BYTES_MAX = 1 << 28 /* of messages of one call */
};

/* X(constant, word, struct, plural, most of one call) */
#define PROVIDER_RECORDS(X)                                                                                            \
    X(RECORD_REGION, "region", provider_region, regions, 1000)                                                         \
    X(RECORD_INSTANCE_TYPE, "instance_type", provider_instance_type, instance_types, 100000)                           \
    X(RECORD_OFFER, "offer", provider_offer, offers, 200000)                                                           \
    X(RECORD_POOL, "pool", provider_pool, pools, 10000)                                                                \
    X(RECORD_INSTANCE, "instance", provider_instance, instances, RECORD_INSTANCES_MAX)                                 \
    X(RECORD_QUOTA, "quota", provider_quota, quotas, 10000)                                                            \
    X(RECORD_INTERRUPTION, "interruption", provider_interruption, interruptions, RECORD_INSTANCES_MAX)                 \
    X(RECORD_PERMISSION, "permission", provider_permission, permissions, 1000)

enum provider_record {
#define RECORD_ENUM(constant, word, type, plural, most) constant,
    PROVIDER_RECORDS(RECORD_ENUM)
#undef RECORD_ENUM
        PROVIDER_RECORD_COUNT
};

/* "region", ...; static. */
const char *record_word(enum provider_record kind);
/* False for an unknown word. */
bool record_kind_of(const char *word, enum provider_record *ret_kind);

/* The words of provider.h's enums; static; "" outside them. */
const char *record_market_word(enum provider_market market);
const char *record_instance_state_word(enum provider_instance_state state);
const char *record_interruption_word(enum provider_interruption_kind kind);

/* Whether a record (of the kind's struct) may cross. ERROR_INVALID: "offer eu-central-1 m5.large: price_micro_h ...". A
 * pool's instances are records of their own and not looked at. */
bool record_check(enum provider_record kind, const void *record, struct error *ret_error);
/* Writes a checked record as an object; a pool's instances are left out. */
void record_write(struct json_writer *writer, enum provider_record kind, const void *record);

/* An error and an operation, in the same way. */
void record_write_error(struct json_writer *writer, const struct provider_error *error);
bool record_read_error(json_t *object, struct provider_error *ret_provider_error, struct error *ret_error);
void record_write_operation(struct json_writer *writer, const struct provider_operation *operation);
bool record_read_operation(json_t *object, struct provider_operation *ret_operation, struct error *ret_error);

/* The results of one call. The arrays and all they point to are owned; pools[i].instances points into `instances`. */
struct provider_records {
#define RECORD_ARRAY(constant, word, type, plural, most)                                                               \
    struct type *plural;                                                                                               \
    size_t plural##_count, plural##_capacity;
    PROVIDER_RECORDS(RECORD_ARRAY)
#undef RECORD_ARRAY
    size_t *pool_first; /* of each pool its first instance's place; private */
    size_t pool_first_capacity;
    struct record_block *blocks; /* texts and lists; private */
    bool pool_open;              /* instances belong to the last pool; private */
};

void provider_records_init(struct provider_records *records);
void provider_records_release(struct provider_records *records);
/* Reads an object and adds it; instances belong to the pool before them. ERROR_INVALID; ERROR_TOO_LARGE past the most
 * of one call. */
bool provider_records_add(struct provider_records *records, enum provider_record kind, json_t *object,
                          struct error *ret_error);
/* Once all are there: sets the pools' instances. */
void provider_records_finish(struct provider_records *records);

#endif
