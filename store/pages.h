/* Is this a whole LMDB data file? Walks every page of the newest state and believes nothing.
 *
 * LMDB trusts its pages: a damaged page head can crash a reader at once, or make a later write corrupt the file in
 * silence (a wrong page number, a free list that names a page in use). So all that LMDB relies on is checked here:
 * page numbers, kinds, bounds of every node, order of keys within and between pages, depth, entry counts, overflow
 * runs, and that no page is used twice or both used and free. Layout: LMDB 0.9, 64-bit, little-endian (mdb.c, MDB_page,
 * MDB_node, MDB_meta, MDB_db). Pure; any bytes may come. */
#ifndef DROVER_STORE_PAGES_H
#define DROVER_STORE_PAGES_H

#include "store/store.h"

enum { STORE_META_READ = 16 + 136 }; /* bytes of a meta page that matter: page head, MDB_meta */

struct store_pages_head {
    uint32_t page_size;
    uint64_t page_count; /* the newest state's last page + 1 */
    uint64_t transaction;
    int newest; /* which of the two meta pages */
};

/* Reads the two meta pages: `first` at offset 0; `second` at offset page_size, each STORE_META_READ bytes.
 * ERROR_CORRUPT when either is damaged. */
bool store_pages_read_head(const uint8_t *first, const uint8_t *second, struct store_pages_head *ret_head,
                           struct error *ret_error);
/* The page size the first meta page claims (to find the second); ERROR_CORRUPT when it is no LMDB file. */
bool store_pages_read_size(const uint8_t *first, uint32_t *ret_page_size, struct error *ret_error);

/* Walks a whole file in memory. ERROR_CORRUPT with table and page | ERROR_NEWER for a table that `which` does not have.
 * Memory: one bit a page; time: linear. */
bool store_pages_check(const uint8_t *bytes, size_t length, enum store_environment which, struct error *ret_error);

#endif
