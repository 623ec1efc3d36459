/* A walk over every page of an LMDB data file; see store/pages.h. */
#include "store/pages.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/record.h"

enum {
    PAGE_HEAD = 16,
    PAGE_BRANCH = 0x01,
    PAGE_LEAF = 0x02,
    PAGE_OVERFLOW = 0x04,
    PAGE_META = 0x08,
    NODE_HEAD = 8,
    NODE_BIG = 0x01,
    NODE_TREE = 0x02,
    TREE_BYTES = 48,
    TREE_DEPTH_MAX = 32, /* LMDB's cursor stack */
    INTEGER_KEY = 0x08,
    META_MAGIC_AT = PAGE_HEAD,
    META_TREES_AT = PAGE_HEAD + 24,
    META_LAST_PAGE_AT = PAGE_HEAD + 120,
    META_TRANSACTION_AT = PAGE_HEAD + 128,
    KEY_MAX = 511,
};
static const uint32_t meta_magic = 0xBEEFC0DE;
static const uint64_t no_page = UINT64_MAX;

enum tree_kind { TREE_FREE, TREE_MAIN, TREE_TABLE };

struct tree {
    enum tree_kind kind;
    const char *name;
    uint16_t depth;
    uint64_t entries; /* as it claims */
    uint64_t root;
    uint64_t found; /* entries seen */
};

struct walk {
    const uint8_t *bytes;
    size_t page_size;
    uint64_t page_count;
    uint64_t transaction;
    enum store_environment which;
    uint8_t *used; /* one bit a page */
    struct error *error;
};

static uint16_t load_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t load_u32(const uint8_t *at)
{
    return (uint32_t)load_u16(at) | (uint32_t)load_u16(at + 2) << 16;
}

static uint64_t load_u64(const uint8_t *at)
{
    return (uint64_t)load_u32(at) | (uint64_t)load_u32(at + 4) << 32;
}

bool store_pages_read_size(const uint8_t *first, uint32_t *ret_page_size, struct error *ret_error)
{
    uint32_t size = load_u32(first + META_TREES_AT);
    if (load_u32(first + META_MAGIC_AT) != meta_magic)
        return error_set(ret_error, ERROR_CORRUPT, "this is no LMDB file");
    if (load_u32(first + META_MAGIC_AT + 4) != 1)
        return error_set(ret_error, ERROR_CORRUPT, "this is an LMDB file of another format");
    if (size < 512 || size > 65536 || (size & (size - 1)) != 0)
        return error_set(ret_error, ERROR_CORRUPT, "its first page is damaged (page size %" PRIu32 ")", size);
    *ret_page_size = size;
    return true;
}

static bool meta_check(const uint8_t *meta, uint64_t page, struct error *ret_error)
{
    const uint8_t *free_tree = meta + META_TREES_AT;
    bool good = load_u64(meta) == page && load_u16(meta + 10) == PAGE_META &&
                load_u32(meta + META_MAGIC_AT) == meta_magic && load_u32(meta + META_MAGIC_AT + 4) == 1 &&
                load_u64(meta + META_MAGIC_AT + 8) == 0 && load_u16(free_tree + 4) == INTEGER_KEY &&
                load_u16(free_tree + TREE_BYTES + 4) == 0 && load_u64(meta + META_LAST_PAGE_AT) >= 1 &&
                load_u64(meta + META_LAST_PAGE_AT) < UINT64_C(1) << 48;
    if (!good)
        return error_set(ret_error, ERROR_CORRUPT, "head page %" PRIu64 " is damaged", page);
    return true;
}

bool store_pages_read_head(const uint8_t *first, const uint8_t *second, struct store_pages_head *ret_head,
                           struct error *ret_error)
{
    uint32_t size;
    if (!store_pages_read_size(first, &size, ret_error) || !meta_check(first, 0, ret_error) ||
        !meta_check(second, 1, ret_error))
        return false;
    uint64_t t[2] = {load_u64(first + META_TRANSACTION_AT), load_u64(second + META_TRANSACTION_AT)};
    /* Transaction n writes head page n & 1, so the two are neighbours; a new file has 0 in both. */
    bool fresh = t[0] == 0 && t[1] == 0;
    bool neighbours = (t[0] & 1) == 0 && (t[1] & 1) == 1 && (t[0] + 1 == t[1] || t[1] + 1 == t[0]);
    if (!fresh && !neighbours)
        return error_set(ret_error, ERROR_CORRUPT, "its two head pages do not belong together");
    if (load_u32(second + META_TREES_AT) != size)
        return error_set(ret_error, ERROR_CORRUPT, "head page 1 is damaged (page size)");
    int newest = t[1] > t[0];
    const uint8_t *meta = newest ? second : first;
    *ret_head = (struct store_pages_head){.page_size = size,
                                          .page_count = load_u64(meta + META_LAST_PAGE_AT) + 1,
                                          .transaction = t[newest],
                                          .newest = newest};
    return true;
}

static bool damaged(struct walk *walk, const struct tree *tree, uint64_t page, const char *what)
{
    return error_set(walk->error, ERROR_CORRUPT, "store table %s, page %" PRIu64 ": %s", tree->name, page, what);
}

/* Takes `count` pages from `page` on into use. */
static bool pages_claim(struct walk *walk, const struct tree *tree, uint64_t page, uint64_t count)
{
    if (page < 2 || page >= walk->page_count || count > walk->page_count - page)
        return damaged(walk, tree, page, "the page lies outside the file");
    for (uint64_t p = page; p < page + count; p++) {
        uint8_t bit = (uint8_t)(1U << (p & 7));
        if (walk->used[p >> 3] & bit)
            return damaged(walk, tree, p, "the page is used twice, or used and free");
        walk->used[p >> 3] |= bit;
    }
    return true;
}

static const uint8_t *page_at(const struct walk *walk, uint64_t page)
{
    return walk->bytes + page * walk->page_size;
}

/* The value of a leaf's node; follows it into its overflow pages. */
static bool node_value(struct walk *walk, const struct tree *tree, uint64_t page, const uint8_t *node,
                       struct store_bytes *ret_value)
{
    size_t size = load_u32(node);
    const uint8_t *data = node + NODE_HEAD + load_u16(node + 6);
    if (!(load_u16(node + 4) & NODE_BIG)) {
        *ret_value = (struct store_bytes){data, size};
        return true;
    }
    uint64_t first = load_u64(data);
    if (first < 2 || first >= walk->page_count)
        return damaged(walk, tree, page, "a long record points outside the file");
    const uint8_t *head = page_at(walk, first);
    uint64_t count = load_u32(head + 12);
    if (load_u64(head) != first || load_u16(head + 10) != PAGE_OVERFLOW ||
        count < (PAGE_HEAD - 1 + (uint64_t)size) / walk->page_size + 1)
        return damaged(walk, tree, first, "a long record's page is damaged");
    if (!pages_claim(walk, tree, first, count))
        return false;
    *ret_value = (struct store_bytes){head + PAGE_HEAD, size};
    return true;
}

/* A record of the free list: how many, then page numbers, falling. */
static bool free_record_check(struct walk *walk, const struct tree *tree, uint64_t page, struct store_bytes key,
                              struct store_bytes value)
{
    const uint8_t *list = value.data;
    if (load_u64(key.data) >= walk->transaction + 1 || value.length < 8 || value.length % 8 != 0 ||
        load_u64(list) > value.length / 8 - 1)
        return damaged(walk, tree, page, "the list of free pages is damaged");
    uint64_t above = no_page;
    for (uint64_t i = 1; i <= load_u64(list); i++) {
        uint64_t freed = load_u64(list + 8 * i);
        if (freed >= above)
            return damaged(walk, tree, page, "the list of free pages is out of order");
        if (!pages_claim(walk, tree, freed, 1))
            return false;
        above = freed;
    }
    return true;
}

static bool tree_walk(struct walk *walk, struct tree *tree);

static void tree_read(const uint8_t *bytes, enum tree_kind kind, const char *name, struct tree *ret_tree)
{
    *ret_tree = (struct tree){.kind = kind,
                              .name = name,
                              .depth = load_u16(bytes + 6),
                              .entries = load_u64(bytes + 32),
                              .root = load_u64(bytes + 40)};
}

/* A record of the main tree: the root of a table's tree. */
static bool table_record_check(struct walk *walk, const struct tree *tree, uint64_t page, struct store_bytes key,
                               struct store_bytes value)
{
    if (value.length != TREE_BYTES || load_u16((const uint8_t *)value.data + 4) != 0)
        return damaged(walk, tree, page, "the entry of a table is damaged");
    for (int i = 0; i < STORE_TABLE_COUNT; i++) {
        const char *name = store_table_name((enum store_table)i);
        if (store_table_environment((enum store_table)i) != walk->which || strlen(name) != key.length ||
            memcmp(name, key.data, key.length) != 0)
            continue;
        struct tree table;
        tree_read(value.data, TREE_TABLE, name, &table);
        return tree_walk(walk, &table);
    }
    char text[STORE_KEY_TEXT_MAX];
    store_key_text(key, text);
    return error_set(walk->error, ERROR_NEWER,
                     "it holds a table that this version does not know (%s): start the newer Drover that wrote it",
                     text);
}

static int key_compare(const struct tree *tree, struct store_bytes a, struct store_bytes b)
{
    if (tree->kind == TREE_FREE) {
        uint64_t x = load_u64(a.data), y = load_u64(b.data);
        return x < y ? -1 : x > y;
    }
    int order = memcmp(a.data, b.data, a.length < b.length ? a.length : b.length);
    if (order != 0)
        return order;
    return a.length < b.length ? -1 : a.length > b.length;
}

/* Keys of a subtree lie in [from, to); a NULL data means no bound. */
struct key_range {
    struct store_bytes from, to;
};

/* Bounds of one node: its key and its bytes in the page, which must lie between `upper` and the page's end. */
static bool node_check(struct walk *walk, const struct tree *tree, uint64_t page, bool leaf, unsigned index,
                       size_t *used, struct store_bytes *ret_key)
{
    const uint8_t *head = page_at(walk, page);
    size_t at = load_u16(head + PAGE_HEAD + 2 * (size_t)index);
    if (at < load_u16(head + 14) || at + NODE_HEAD > walk->page_size)
        return damaged(walk, tree, page, "an entry lies outside the page");
    const uint8_t *node = head + at;
    uint16_t flags = load_u16(node + 4);
    size_t key_length = load_u16(node + 6);
    size_t size = NODE_HEAD + key_length;
    if (leaf) {
        uint16_t expected = tree->kind == TREE_MAIN ? NODE_TREE : 0;
        if (flags != expected && flags != (expected ? expected : NODE_BIG))
            return damaged(walk, tree, page, "an entry is of an unknown kind");
        size += flags & NODE_BIG ? 8 : load_u32(node);
    }
    bool key_good = tree->kind == TREE_FREE ? key_length == 8 : key_length >= 1 && key_length <= KEY_MAX;
    if (!leaf && index == 0) /* the first key of a branch page is never looked at */
        key_good = key_length <= KEY_MAX;
    if (!key_good || at + size > walk->page_size)
        return damaged(walk, tree, page, "an entry is longer than its page");
    *used += (size + 1) & ~(size_t)1;
    *ret_key = (struct store_bytes){node + NODE_HEAD, key_length};
    return true;
}

static bool page_walk(struct walk *walk, struct tree *tree, uint64_t page, unsigned level, struct key_range range);

static bool leaf_entry_check(struct walk *walk, struct tree *tree, uint64_t page, const uint8_t *node,
                             struct store_bytes key)
{
    struct store_bytes value = {0};
    tree->found++;
    if (!node_value(walk, tree, page, node, &value))
        return false;
    if (tree->kind == TREE_FREE)
        return free_record_check(walk, tree, page, key, value);
    if (tree->kind == TREE_MAIN)
        return table_record_check(walk, tree, page, key, value);
    return true;
}

/* All entries: bounds and order first, then what they point to. */
static bool entries_walk(struct walk *walk, struct tree *tree, uint64_t page, unsigned level, struct key_range range,
                         unsigned count)
{
    const uint8_t *head = page_at(walk, page);
    bool leaf = level == tree->depth;
    size_t used = 0;
    struct store_bytes key, before = range.from;
    for (unsigned i = 0; i < count; i++) {
        if (!node_check(walk, tree, page, leaf, i, &used, &key))
            return false;
        if (!leaf && i == 0)
            continue;
        int order = before.data == NULL ? 1 : key_compare(tree, key, before);
        bool may_equal = leaf && i == 0; /* a leaf's first key may be the branch's own */
        if (order < 0 || (order == 0 && !may_equal) || (range.to.data && key_compare(tree, key, range.to) >= 0))
            return damaged(walk, tree, page, "keys are out of order");
        before = key;
    }
    if (used != walk->page_size - load_u16(head + 14))
        return damaged(walk, tree, page, "entries do not fill the page as its head says");
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *node = head + load_u16(head + PAGE_HEAD + 2 * (size_t)i);
        key = (struct store_bytes){node + NODE_HEAD, load_u16(node + 6)};
        if (leaf) {
            if (!leaf_entry_check(walk, tree, page, node, key))
                return false;
            continue;
        }
        struct key_range inner = {i == 0 ? range.from : key, range.to};
        if (i + 1 < count) {
            const uint8_t *next = head + load_u16(head + PAGE_HEAD + 2 * (size_t)(i + 1));
            inner.to = (struct store_bytes){next + NODE_HEAD, load_u16(next + 6)};
        }
        uint64_t child = (uint64_t)load_u32(node) | (uint64_t)load_u16(node + 4) << 32;
        if (!page_walk(walk, tree, child, level + 1, inner))
            return false;
    }
    return true;
}

static bool page_walk(struct walk *walk, struct tree *tree, uint64_t page, unsigned level, struct key_range range)
{
    if (!pages_claim(walk, tree, page, 1))
        return false;
    const uint8_t *head = page_at(walk, page);
    unsigned lower = load_u16(head + 12), upper = load_u16(head + 14);
    bool leaf = level == tree->depth;
    if (load_u64(head) != page)
        return damaged(walk, tree, page, "the page carries another page's number");
    if (load_u16(head + 10) != (leaf ? PAGE_LEAF : PAGE_BRANCH))
        return damaged(walk, tree, page, "the page is of another kind than its place in the tree");
    if (lower < PAGE_HEAD || lower % 2 != 0 || upper < lower || upper > walk->page_size)
        return damaged(walk, tree, page, "the page's head is damaged");
    unsigned count = (lower - PAGE_HEAD) / 2;
    if (count < (leaf || tree->kind == TREE_FREE ? 1U : 2U))
        return damaged(walk, tree, page, "the page has too few entries");
    return entries_walk(walk, tree, page, level, range, count);
}

static bool tree_walk(struct walk *walk, struct tree *tree)
{
    if (tree->root == no_page) {
        if (tree->entries != 0 || tree->depth != 0)
            return damaged(walk, tree, 0, "the table has entries but no pages");
        return true;
    }
    if (tree->depth < 1 || tree->depth > TREE_DEPTH_MAX)
        return damaged(walk, tree, tree->root, "the table's depth is impossible");
    if (!page_walk(walk, tree, tree->root, 1, (struct key_range){0}))
        return false;
    if (tree->found != tree->entries)
        return damaged(walk, tree, tree->root, "the table holds another number of records than it says");
    return true;
}

static bool file_head(const uint8_t *bytes, size_t length, struct store_pages_head *ret_head, struct error *ret_error)
{
    uint32_t size;
    if (length < STORE_META_READ)
        return error_set(ret_error, ERROR_CORRUPT, "it is too short (%zu bytes)", length);
    if (!store_pages_read_size(bytes, &size, ret_error))
        return false;
    if (length < 2 * (size_t)size)
        return error_set(ret_error, ERROR_CORRUPT, "it is truncated (%zu bytes)", length);
    if (!store_pages_read_head(bytes, bytes + size, ret_head, ret_error))
        return false;
    if (length / size < ret_head->page_count)
        return error_set(ret_error, ERROR_CORRUPT, "it is truncated (%zu bytes, its head says %" PRIu64 " pages of %u)",
                         length, ret_head->page_count, size);
    return true;
}

bool store_pages_check(const uint8_t *bytes, size_t length, enum store_environment which, struct error *ret_error)
{
    struct store_pages_head head;
    if (!file_head(bytes, length, &head, ret_error))
        return false;
    struct walk walk = {.bytes = bytes,
                        .page_size = head.page_size,
                        .page_count = head.page_count,
                        .transaction = head.transaction,
                        .which = which,
                        .error = ret_error};
    walk.used = memory_new((size_t)(head.page_count / 8 + 1), 1);
    const uint8_t *trees = bytes + (head.newest ? head.page_size : 0) + META_TREES_AT;
    struct tree free_tree, main_tree;
    tree_read(trees, TREE_FREE, "(free pages)", &free_tree);
    tree_read(trees + TREE_BYTES, TREE_MAIN, "(list of tables)", &main_tree);
    bool good = tree_walk(&walk, &main_tree) && tree_walk(&walk, &free_tree);
    free(walk.used);
    return good;
}
