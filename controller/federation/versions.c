#include "controller/federation/versions.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "controller/federation/decode.h"

/* A job is kept under two 64-bit hashes of its name, a deployment under its id. */
struct version_entry {
    struct uuid key;
    bool job;
    uint64_t version;
};

struct query {
    const struct version_table *table;
    struct uuid key;
    bool job;
};

static uint64_t hash_key(const struct uuid *key, bool job)
{
    return hash_bytes(key->bytes, sizeof key->bytes) ^ (job ? 1 : 0);
}

static bool same_key(const void *context, uint32_t value)
{
    const struct query *query = context;
    const struct version_entry *entry = &query->table->entries[value];
    return entry->job == query->job && uuid_equal(&entry->key, &query->key);
}

static uint64_t hash_of_entry(const void *context, uint32_t value)
{
    const struct version_table *table = context;
    return hash_key(&table->entries[value].key, table->entries[value].job);
}

static struct uuid job_key(const char *job_namespace, const char *id)
{
    uint64_t parts[2] = {hash_bytes(job_namespace, strlen(job_namespace)), hash_bytes(id, strlen(id))};
    struct uuid key;
    memcpy(key.bytes, parts, sizeof key.bytes);
    return key;
}

void versions_release(struct version_table *table)
{
    hash_release(&table->index);
    free(table->entries);
    table->entries = NULL;
    table->count = table->capacity = 0;
}

static const struct version_entry *find(const struct version_table *table, const struct uuid *key, bool job)
{
    struct query query = {.table = table, .key = *key, .job = job};
    const uint32_t *at = hash_find(&table->index, hash_key(key, job), same_key, &query);
    return at == NULL ? NULL : &table->entries[*at];
}

static void put(struct version_table *table, const struct uuid *key, bool job, uint64_t version)
{
    const struct version_entry *found = find(table, key, job);
    if (found != NULL) {
        table->entries[found - table->entries].version = version;
        return;
    }
    if (table->count == VERSIONS_MAX)
        versions_release(table);
    table->entries = memory_grow(table->entries, table->count, &table->capacity, sizeof *table->entries);
    table->entries[table->count] = (struct version_entry){.key = *key, .job = job, .version = version};
    hash_insert(&table->index, hash_key(key, job), (uint32_t)table->count, hash_of_entry, table);
    table->count++;
}

static bool get(const struct version_table *table, const struct uuid *key, bool job, uint64_t *ret_version)
{
    const struct version_entry *entry = find(table, key, job);
    if (entry != NULL)
        *ret_version = entry->version;
    return entry != NULL;
}

void versions_put_deployment(struct version_table *table, const struct uuid *deployment, uint64_t version)
{
    put(table, deployment, false, version);
}

void versions_put_job(struct version_table *table, const char *job_namespace, const char *id, uint64_t version)
{
    struct uuid key = job_key(job_namespace, id);
    put(table, &key, true, version);
}

bool versions_of_deployment(const struct version_table *table, const struct uuid *deployment, uint64_t *ret_version)
{
    return get(table, deployment, false, ret_version);
}

bool versions_of_job(const struct version_table *table, const char *job_namespace, const char *id,
                     uint64_t *ret_version)
{
    struct uuid key = job_key(job_namespace, id);
    return get(table, &key, true, ret_version);
}

static const char *copy_text(const char *text)
{
    return memory_copy_text(text, strlen(text));
}

bool waiting_put(struct waiting *waiting, const struct decoded *decoded)
{
    if (waiting->count == WAITING_MAX)
        return false;
    waiting->entries = memory_grow(waiting->entries, waiting->count, &waiting->capacity, sizeof *waiting->entries);
    struct waiting_allocation *entry = &waiting->entries[waiting->count++];
    *entry = (struct waiting_allocation){.fact = decoded->allocation, .deployment_id = decoded->deployment_id};
    entry->fact.job_namespace = copy_text(decoded->allocation.job_namespace);
    entry->fact.job_id = copy_text(decoded->allocation.job_id);
    entry->fact.group = copy_text(decoded->allocation.group);
    return true;
}

void waiting_clear(struct waiting *waiting)
{
    for (size_t i = 0; i < waiting->count; i++) {
        free((char *)(uintptr_t)waiting->entries[i].fact.job_namespace);
        free((char *)(uintptr_t)waiting->entries[i].fact.job_id);
        free((char *)(uintptr_t)waiting->entries[i].fact.group);
    }
    waiting->count = 0;
}

void waiting_release(struct waiting *waiting)
{
    waiting_clear(waiting);
    free(waiting->entries);
    *waiting = (struct waiting){0};
}
