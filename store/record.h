/* The envelope round every stored value: magic, codec version, length, checksum. Pure.
 *
 *   byte 0       magic 0xD7
 *   bytes 1-2    codec version of the table when it was written, little-endian
 *   bytes 3-6    length of the value
 *   bytes 7-10   CRC-32 (zlib's) over bytes 0-6, key, value: a record moved under another key is damage too
 *   bytes 11-    the value */
#ifndef DROVER_STORE_RECORD_H
#define DROVER_STORE_RECORD_H

#include "store/store.h"

enum { STORE_RECORD_HEAD = 11, STORE_KEY_TEXT_MAX = 256 };

/* A key or value as it lies in memory. */
struct store_bytes {
    const void *data;
    size_t length;
};

/* Writes the head for a value of at most STORE_VALUE_MAX bytes. */
void store_record_head(uint16_t version, struct store_bytes key, struct store_bytes value,
                       uint8_t ret_head[STORE_RECORD_HEAD]);

/* Checks an envelope and finds its value inside `record` (no copy). Any bytes may come. Errors, with table and key in
 * the text: ERROR_CORRUPT | ERROR_NEWER. */
bool store_record_decode(enum store_table table, struct store_bytes key, struct store_bytes record,
                         uint16_t *ret_version, struct store_bytes *ret_value, struct error *ret_error);

/* Decodes and, for an older version, applies the upgrades one after the other; then *ret_value lies in scratch.
 * Errors: as decode | ERROR_UNSUPPORTED no upgrade from that version | the upgrade's own, with table and key before it.
 */
bool store_record_read(enum store_table table, struct store_bytes key, struct store_bytes record,
                       const struct store_upgrade *upgrades, size_t upgrade_count, struct buffer *scratch,
                       struct store_bytes *ret_value, struct error *ret_error);

/* A key for people: what is not printable ASCII as \xNN ("default\x00web\x00"), cut with "..." when long. */
void store_key_text(struct store_bytes key, char ret_text[STORE_KEY_TEXT_MAX]);

#endif
