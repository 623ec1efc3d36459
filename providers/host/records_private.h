/* The field tables behind records.h. Private to providers/host/. */
#ifndef DROVER_PROVIDERS_HOST_RECORDS_PRIVATE_H
#define DROVER_PROVIDERS_HOST_RECORDS_PRIVATE_H

#include "providers/host/records.h"

enum record_field_kind {
    RECORD_FIELD_TEXT,  /* const char * */
    RECORD_FIELD_CHARS, /* char[most] */
    RECORD_FIELD_I64,   /* int64_t; null is PROVIDER_UNSET where may_unset */
    RECORD_FIELD_FLAG,  /* bool */
    RECORD_FIELD_WORD,  /* an enum, one of `words` */
    RECORD_FIELD_TEXTS, /* const char *const *, count at count_offset */
    RECORD_FIELD_PAIRS  /* const struct provider_identity *, count at count_offset */
};

struct record_field {
    const char *key;
    enum record_field_kind kind;
    size_t offset, count_offset;
    int64_t least, most; /* of a number; most bytes of a text; how many words */
    bool required;       /* a text that may not be "" */
    bool may_unset;      /* a number that may be PROVIDER_UNSET */
    bool beside;         /* a list as long as the one before it, whose count it shares; NULL is all "" */
    const char *const *words;
};

struct record_shape {
    const char *word;
    size_t size;
    const struct record_field *fields;
    size_t field_count;
};

const struct record_shape *record_shape_of(enum provider_record kind);
extern const struct record_shape record_shape_error, record_shape_operation;

bool record_shape_check(const struct record_shape *shape, const void *record, struct error *ret_error);
void record_shape_write(const struct record_shape *shape, struct json_writer *writer, const void *record);
/* Texts and lists of the read record live in *blocks. The record is checked. */
bool record_shape_read(const struct record_shape *shape, json_t *object, struct record_block **blocks, void *ret_record,
                       struct error *ret_error);

void *record_take_bytes(struct record_block **blocks, size_t size);
void record_free_blocks(struct record_block **blocks);

#endif
