/* The store's directory: owner and mode, the lock, and the two small text files beside the data. */
#ifndef DROVER_STORE_DIRECTORY_H
#define DROVER_STORE_DIRECTORY_H

#include "store/store.h"

struct store_directory {
    char *path;
    int fd;   /* of the directory; -1 when closed */
    int lock; /* fd of LOCK; -1 when not held */
};

/* Opens (and with `make` makes, last component only) the directory: ours, 0700, else ERROR_DENIED. */
bool store_directory_open(const char *path, bool make, struct store_directory *ret_directory, struct error *ret_error);

/* Takes the lock for life: alone and with our pid written into it, or `shared` with other readers.
 * ERROR_BUSY names the holder. */
bool store_directory_lock(struct store_directory *directory, bool shared, struct error *ret_error);

/* Gives lock and directory back; may be called at any stage. */
void store_directory_close(struct store_directory *directory);

/* STORE: which cluster's store this is. */
struct store_marker {
    unsigned format;
    char cluster_id[STORE_CLUSTER_ID_LENGTH + 1];
};
/* *ret_found false: no such file. ERROR_CORRUPT | ERROR_NEWER | ERROR_SYSTEM. */
bool store_marker_read(const struct store_directory *directory, struct store_marker *ret_marker, bool *ret_found,
                       struct error *ret_error);
bool store_marker_write(const struct store_directory *directory, const char *cluster_id, struct error *ret_error);
/* True for the text of a UUID: lower-case hex and hyphens in their places. */
bool store_cluster_id_valid(const char *text, size_t length);
/* A random (version 4) UUID. */
bool store_cluster_id_make(char ret_id[STORE_CLUSTER_ID_LENGTH + 1], struct error *ret_error);

/* INVENTORY: may the inventory on disk be trusted? Yes when it is this cluster's and was either stopped cleanly or
 * written since this boot (kill -9 leaves the page cache whole, a power loss does not). */
bool store_inventory_trusted(const struct store_directory *directory, const char *cluster_id);
bool store_inventory_mark(const struct store_directory *directory, const char *cluster_id, bool clean,
                          struct error *ret_error);

/* Syncs directory entries. */
bool store_directory_sync(int fd, const char *path, struct error *ret_error);

/* Removes data.mdb, lock.mdb and then the sub-directory itself; what is not there is no error. */
bool store_environment_remove(const struct store_directory *directory, const char *name, struct error *ret_error);

#endif
