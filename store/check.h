/* Reads a whole data file in a child process before this one maps it: LMDB crashes on damaged files, and then it is the
 * child that dies. */
#ifndef DROVER_STORE_CHECK_H
#define DROVER_STORE_CHECK_H

#include "store/store.h"

struct store_check_request {
    const char *path; /* of a data.mdb or a snapshot */
    enum store_environment environment;
    const struct store_upgrade *upgrades;
    size_t upgrade_count;
    uint32_t timeout_ms; /* 0: 120 000 */
};

struct store_check_facts {
    bool has_identity; /* the store's own record was there; intent must have it */
    char cluster_id[STORE_CLUSTER_ID_LENGTH + 1];
    uint64_t bytes;
    uint64_t records[STORE_TABLE_COUNT];
};

/* Size against the head pages (here, bounded reads), then every page and every record (in the child).
 * ERROR_NOT_FOUND no file | ERROR_CORRUPT, ERROR_NEWER, ERROR_UNSUPPORTED with table and key where known |
 * ERROR_TIMEOUT | ERROR_SYSTEM. */
bool store_check_file(const struct store_check_request *request, struct store_check_facts *ret_facts,
                      struct error *ret_error);

/* The store's own record, under this key of table META: format and cluster id. */
#define STORE_IDENTITY_KEY "store"
void store_identity_encode(const char *cluster_id, struct buffer *out);

#endif
