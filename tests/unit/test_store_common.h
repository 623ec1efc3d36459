/* What the tests of the store share: a fresh directory each, short puts and gets, a loop that waits for commits. */
#ifndef DROVER_TESTS_UNIT_TEST_STORE_COMMON_H
#define DROVER_TESTS_UNIT_TEST_STORE_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/store.h"

/* A scratch directory that does not exist yet: <temporary>/store, so that the store makes it itself. */
struct place {
    char root[256];
    char directory[300];
};

static inline void place_make(struct place *place)
{
    const char *base = getenv("TMPDIR");
    snprintf(place->root, sizeof place->root, "%s/drover-store-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(place->root));
    snprintf(place->directory, sizeof place->directory, "%s/store", place->root);
}

static inline void place_remove(const struct place *place)
{
    char command[400];
    snprintf(command, sizeof command, "rm -rf '%s'", place->root);
    assert_int_equal(system(command), 0);
}

static inline char *place_file(const struct place *place, const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", place->directory, name);
    return path;
}

#define assert_good(call, error)                                                                                       \
    do {                                                                                                               \
        if (!(call))                                                                                                   \
            fail_msg("%s: %s: %s", #call, error_code_word((error).code), (error).text);                                \
    } while (0)

static inline struct store *open_now(const struct place *place)
{
    struct error error = {0};
    struct store_options options = {.directory = place->directory, .allow_new = true, .map_start = 1024 * 1024};
    struct store *store = store_open(&options, &error);
    if (store == NULL)
        fail_msg("store_open: %s: %s", error_code_word(error.code), error.text);
    return store;
}

static inline void open_fails(const struct place *place, enum error_code code, const char *part)
{
    struct error error = {0};
    struct store_options options = {.directory = place->directory, .allow_new = true, .check_timeout_ms = 5000};
    struct store *store = store_open(&options, &error);
    assert_null(store);
    if (error.code != code || strstr(error.text, part) == NULL)
        fail_msg("expected %s with \"%s\", got %s: %s", error_code_word(code), part, error_code_word(error.code),
                 error.text);
}

static inline void put_now(struct store *store, enum store_table table, const char *key, const char *value)
{
    struct error error = {0};
    struct store_batch *batch = store_batch_new();
    store_batch_put(batch, table, key, strlen(key), value, strlen(value));
    assert_good(store_commit_now(store, batch, &error), error);
}

/* value NULL: must not be there. */
static inline void expect(struct store *store, enum store_table table, const char *key, const char *value)
{
    struct error error = {0};
    struct buffer got = BUFFER_INIT;
    bool found = false;
    assert_good(store_get(store, table, key, strlen(key), &got, &found, &error), error);
    if (value == NULL)
        assert_false(found);
    else {
        assert_true(found);
        assert_string_equal(got.data, value);
    }
    buffer_release(&got);
}

static inline bool count_visitor(void *context, const void *key, size_t key_length, const void *value, size_t length)
{
    (void)key, (void)key_length, (void)value, (void)length;
    ++*(size_t *)context;
    return true;
}

static inline size_t count_records(struct store *store, enum store_table table)
{
    struct error error = {0};
    size_t count = 0;
    assert_good(store_scan(store, table, NULL, 0, count_visitor, &count, &error), error);
    return count;
}

#endif
