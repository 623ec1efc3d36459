/* A hash index: from a key to a number (mostly a place in an array that the caller owns).
 *
 * Open addressing over 64-bit fingerprints. The caller gives the full comparison, so that the index holds no keys:
 *     uint32_t *at = hash_find(&index, hash_bytes(key, n), same_key, &query);
 * Order of iteration is not offered: what people or the core see must be sorted. Not thread-safe. */
#ifndef DROVER_BASE_HASH_H
#define DROVER_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash_slot {
    uint32_t fingerprint; /* upper bits of the hash, or 0 for empty, 1 for removed */
    uint32_t value;
};

struct hash_index {
    struct hash_slot *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t used;     /* filled and removed slots */
    size_t count;    /* filled slots */
};

/* True when the thing numbered `value` has the key in `query`. */
typedef bool hash_same(const void *query, uint32_t value);
/* The hash of the thing numbered `value`; asked when the index grows. */
typedef uint64_t hash_of(const void *context, uint32_t value);

/* FNV-1a with a final mix; the same on every machine. Not for hostile floods: keys from outside are bounded in count.
 */
uint64_t hash_bytes(const void *bytes, size_t length);
uint64_t hash_number(uint64_t number);

void hash_release(struct hash_index *index);

/* The number stored under the key, or NULL. The pointer holds until the next insert. */
uint32_t *hash_find(const struct hash_index *index, uint64_t hash, hash_same *same, const void *query);

/* Adds a number under a key that is not there yet. `rehash` and its context give hashes back when the index grows. */
void hash_insert(struct hash_index *index, uint64_t hash, uint32_t value, hash_of *rehash, const void *context);

/* Removes the key if it is there. */
void hash_remove(struct hash_index *index, uint64_t hash, hash_same *same, const void *query);

#endif
