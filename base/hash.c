#include "base/hash.h"

#include <stdlib.h>

#include "base/memory.h"

enum { SLOT_EMPTY = 0, SLOT_REMOVED = 1 };

static uint64_t mixed(uint64_t hash)
{
    hash ^= hash >> 33;
    hash *= UINT64_C(0xff51afd7ed558ccd);
    hash ^= hash >> 33;
    hash *= UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ (hash >> 33);
}

uint64_t hash_bytes(const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * UINT64_C(1099511628211);
    return mixed(hash);
}

uint64_t hash_number(uint64_t number)
{
    return mixed(number + UINT64_C(0x9e3779b97f4a7c15));
}

static uint32_t fingerprint_of(uint64_t hash)
{
    uint32_t fingerprint = (uint32_t)(hash >> 32);
    return fingerprint > SLOT_REMOVED ? fingerprint : fingerprint + 2;
}

void hash_release(struct hash_index *index)
{
    free(index->slots);
    *index = (struct hash_index){0};
}

static struct hash_slot *slot_of(const struct hash_index *index, uint64_t hash, hash_same *same, const void *query)
{
    if (!index->capacity)
        return NULL;
    uint32_t fingerprint = fingerprint_of(hash);
    size_t mask = index->capacity - 1;
    for (size_t at = (size_t)hash & mask;; at = (at + 1) & mask) {
        struct hash_slot *slot = &index->slots[at];
        if (slot->fingerprint == SLOT_EMPTY)
            return NULL;
        if (slot->fingerprint == fingerprint && same(query, slot->value))
            return slot;
    }
}

uint32_t *hash_find(const struct hash_index *index, uint64_t hash, hash_same *same, const void *query)
{
    struct hash_slot *slot = slot_of(index, hash, same, query);
    return slot ? &slot->value : NULL;
}

static void place(struct hash_index *index, uint64_t hash, uint32_t value)
{
    size_t mask = index->capacity - 1;
    size_t at = (size_t)hash & mask;
    while (index->slots[at].fingerprint != SLOT_EMPTY)
        at = (at + 1) & mask;
    index->slots[at] = (struct hash_slot){.fingerprint = fingerprint_of(hash), .value = value};
    index->used++;
    index->count++;
}

static void rebuild(struct hash_index *index, hash_of *rehash, const void *context)
{
    struct hash_index old = *index;
    size_t capacity = 16;
    while (capacity < (old.count + 1) * 2)
        capacity *= 2;
    *index = (struct hash_index){.slots = memory_new(capacity, sizeof *index->slots), .capacity = capacity};
    for (size_t at = 0; at < old.capacity; at++)
        if (old.slots[at].fingerprint > SLOT_REMOVED)
            place(index, rehash(context, old.slots[at].value), old.slots[at].value);
    free(old.slots);
}

void hash_insert(struct hash_index *index, uint64_t hash, uint32_t value, hash_of *rehash, const void *context)
{
    if ((index->used + 1) * 4 > index->capacity * 3)
        rebuild(index, rehash, context);
    place(index, hash, value);
}

void hash_remove(struct hash_index *index, uint64_t hash, hash_same *same, const void *query)
{
    struct hash_slot *slot = slot_of(index, hash, same, query);
    if (!slot)
        return;
    slot->fingerprint = SLOT_REMOVED;
    index->count--;
}
