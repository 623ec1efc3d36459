/* The kinds of intent records and their keys: what one transaction of the store carries.
 *
 * The store keeps bytes; what they mean is here and in the codecs of this layer. RECORD_x is kept in table STORE_x. */
#ifndef DROVER_MODEL_RECORD_H
#define DROVER_MODEL_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* X(constant, key) -- texts in keys end with a NUL byte, numbers are 8 bytes big-endian so that they sort */
#define RECORD_KINDS(X)                                                                                                \
    X(META, "name")                                                                                                    \
    X(JOB, "namespace, id")                                                                                            \
    X(REVISION, "revision number; value: demand length, demand, specification body")                                   \
    X(REGION_COPY, "namespace, id, region")                                                                            \
    X(POLICY, "name")                                                                                                  \
    X(PRICE, "region, pool, version number")                                                                           \
    X(TOMBSTONE, "namespace, id, region")                                                                              \
    X(HOLD, "name")                                                                                                    \
    X(OUTBOX, "effect id")                                                                                             \
    X(AUDIT, "time in ms, effect id or step number")                                                                   \
    X(JOURNAL, "step number")                                                                                          \
    X(EXPLANATION, "namespace, id")                                                                                    \
    X(OPERATION, "region, pool")

enum record_kind {
#define RECORD_ENUM(name, key) RECORD_##name,
    RECORD_KINDS(RECORD_ENUM)
#undef RECORD_ENUM
        RECORD_KIND_COUNT
};

const char *record_kind_word(enum record_kind kind);

/* Appends a key part. */
void record_key_text(struct buffer *key, const char *text);
void record_key_number(struct buffer *key, uint64_t number);

#endif
