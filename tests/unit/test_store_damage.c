/* links: store base lmdb uv */
/* What the store says to a directory that is damaged, emptied, foreign, newer, in use or open to others. It must always
 * be one clear error or a store that works; the process that opens never dies of it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <lmdb.h>

#include "store/record.h"
#include "tests/unit/test_store_common.h"

enum { JOBS = 3000, LONG_ONES = 20 };

static char *file_read(const char *path, size_t *ret_length)
{
    struct stat facts;
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &facts) == 0);
    char *bytes = malloc((size_t)facts.st_size + 1);
    assert_int_equal(read(fd, bytes, (size_t)facts.st_size), facts.st_size);
    bytes[facts.st_size] = '\0';
    close(fd);
    *ret_length = (size_t)facts.st_size;
    return bytes;
}

static void file_write(const char *path, const char *bytes, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), length);
    close(fd);
}

/* Many short records, some long ones (overflow pages), some deleted again (free pages). */
static void fill(struct store *store)
{
    struct error error = {0};
    char key[32], *large = malloc(20000);
    memset(large, 'x', 20000);
    for (int round = 0; round < 3; round++) {
        struct store_batch *batch = store_batch_new();
        for (int i = 0; i < JOBS; i++) {
            snprintf(key, sizeof key, "namespace/job-%05d", i);
            store_batch_put(batch, STORE_JOB, key, strlen(key), large, 40 + (size_t)(i + round) % 60);
        }
        for (int i = 0; i < 2 * LONG_ONES; i++) {
            snprintf(key, sizeof key, "%05d", i);
            store_batch_put(batch, STORE_REVISION, key, strlen(key), large, 3000 + 400 * (size_t)i);
        }
        assert_good(store_commit_now(store, batch, &error), error);
    }
    struct store_batch *batch = store_batch_new();
    for (int i = LONG_ONES; i < 2 * LONG_ONES; i++) {
        snprintf(key, sizeof key, "%05d", i);
        store_batch_delete(batch, STORE_REVISION, key, strlen(key));
    }
    assert_good(store_commit_now(store, batch, &error), error);
    free(large);
}

static void make_filled(struct place *place)
{
    place_make(place);
    struct store *store = open_now(place);
    fill(store);
    store_close(store, NULL, NULL);
}

static void a_truncated_file_is_refused_wherever_it_is_cut(void **state)
{
    (void)state;
    struct place place;
    make_filled(&place);
    size_t length;
    char *path = place_file(&place, "intent/data.mdb"), *bytes = file_read(path, &length);
    const size_t cuts[] = {1, 100, 4095, 4096, 5000, 8191, 8192, length / 2, length - 4096, length - 1};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        file_write(place_file(&place, "intent/data.mdb"), bytes, cuts[i]);
        open_fails(&place, ERROR_CORRUPT, "truncated");
    }
    file_write(place_file(&place, "intent/data.mdb"), bytes, length);
    store_close(open_now(&place), NULL, NULL);
    free(bytes);
    place_remove(&place);
}

static void an_empty_or_missing_file_is_not_an_empty_store(void **state)
{
    (void)state;
    struct place place;
    make_filled(&place);
    file_write(place_file(&place, "intent/data.mdb"), "", 0);
    open_fails(&place, ERROR_CORRUPT, "is empty (0 bytes)");
    assert_int_equal(unlink(place_file(&place, "intent/data.mdb")), 0);
    open_fails(&place, ERROR_CORRUPT, "the store was here and its data (intent/data.mdb) is gone");
    assert_int_equal(unlink(place_file(&place, "STORE")), 0);
    struct store *store = open_now(&place);
    assert_int_equal(count_records(store, STORE_JOB), 0);
    assert_true(store_inventory_is_new(store));
    store_close(store, NULL, NULL);
    place_remove(&place);
}

static void a_file_of_something_else_is_refused(void **state)
{
    (void)state;
    struct place place;
    make_filled(&place);
    char *text = malloc(100000);
    memset(text, 'A', 100000);
    file_write(place_file(&place, "intent/data.mdb"), text, 100000);
    open_fails(&place, ERROR_CORRUPT, "no LMDB file");
    free(text);
    place_remove(&place);
}

static void data_without_a_store_in_it_is_refused(void **state)
{
    (void)state;
    struct place place;
    MDB_env *env;
    place_make(&place);
    store_close(open_now(&place), NULL, NULL);
    assert_int_equal(unlink(place_file(&place, "intent/data.mdb")), 0);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, place_file(&place, "intent"), 0, 0600), 0);
    mdb_env_close(env);
    open_fails(&place, ERROR_CORRUPT, "is empty");
    place_remove(&place);
}

static void random_damage_gives_an_error_or_a_store_that_works(void **state)
{
    (void)state;
    enum { TRIALS = 200, DAMAGED_BYTES = 8 };
    struct place place;
    int refused = 0;
    make_filled(&place);
    size_t length;
    char *whole = file_read(place_file(&place, "intent/data.mdb"), &length), *bytes = malloc(length);
    const char *seed_text = getenv("DROVER_TEST_SEED");
    unsigned seed = seed_text ? (unsigned)atoi(seed_text) : 1;
    for (int trial = 0; trial < TRIALS; trial++) {
        unsigned random = seed * 1000 + (unsigned)trial;
        memcpy(bytes, whole, length);
        for (int i = 0; i < DAMAGED_BYTES; i++) {
            size_t page = (size_t)rand_r(&random) % (length / 4096);
            bytes[page * 4096 + (size_t)rand_r(&random) % 64] = (char)rand_r(&random);
        }
        file_write(place_file(&place, "intent/data.mdb"), bytes, length);
        struct error error = {0};
        struct store_options options = {.directory = place.directory, .check_timeout_ms = 20000};
        struct store *store = store_open(&options, &error);
        if (store == NULL) {
            refused++;
            if (error.code != ERROR_CORRUPT && error.code != ERROR_NEWER)
                fail_msg("seed %u trial %d: %s: %s", seed, trial, error_code_word(error.code), error.text);
            continue;
        }
        assert_int_equal(count_records(store, STORE_JOB), JOBS);
        assert_int_equal(count_records(store, STORE_REVISION), LONG_ONES);
        fill(store);
        store_close(store, NULL, NULL);
        store = store_open(&options, &error);
        if (store == NULL)
            fail_msg("seed %u trial %d: taken, written to, then: %s", seed, trial, error.text);
        store_close(store, NULL, NULL);
    }
    print_message("%d of %d damaged files refused\n", refused, TRIALS);
    assert_true(refused > 0);
    free(whole);
    free(bytes);
    place_remove(&place);
}

static void a_changed_value_is_found_with_table_and_key(void **state)
{
    (void)state;
    struct place place;
    place_make(&place);
    struct store *store = open_now(&place);
    put_now(store, STORE_POLICY, "cheap web", "the value that will be damaged");
    store_close(store, NULL, NULL);
    size_t length;
    char *bytes = file_read(place_file(&place, "intent/data.mdb"), &length), *at = bytes;
    while ((at = memmem(at, length - (size_t)(at - bytes), "will be damaged", 15)) != NULL)
        *at = 'W';
    file_write(place_file(&place, "intent/data.mdb"), bytes, length);
    free(bytes);
    open_fails(&place, ERROR_CORRUPT, "table policy, key cheap\\x20web: the checksum does not match");
    place_remove(&place);
}

/* Puts bytes into a table behind the store's back. */
static void plant(const struct place *place, const char *table, const char *key, const void *bytes, size_t length)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi handle;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 32), 0);
    assert_int_equal(mdb_env_open(env, place_file(place, "intent"), 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, MDB_CREATE, &handle), 0);
    MDB_val name = {strlen(key), (void *)key}, data = {length, (void *)bytes};
    assert_int_equal(mdb_put(txn, handle, &name, &data, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void plant_version(const struct place *place, uint16_t version)
{
    uint8_t bytes[STORE_RECORD_HEAD + 3];
    store_record_head(version, (struct store_bytes){"k", 1}, (struct store_bytes){"old", 3}, bytes);
    memcpy(bytes + STORE_RECORD_HEAD, "old", 3);
    plant(place, "job", "k", bytes, sizeof bytes);
}

static void a_newer_record_table_or_format_is_refused(void **state)
{
    (void)state;
    struct place place;
    place_make(&place);
    store_close(open_now(&place), NULL, NULL);
    plant_version(&place, 2);
    open_fails(&place, ERROR_NEWER, "table job, key k: written by a newer Drover");
    plant_version(&place, 1);
    store_close(open_now(&place), NULL, NULL);
    plant(&place, "rollout", "k", "x", 1);
    open_fails(&place, ERROR_NEWER, "a table that this version does not know (rollout)");
    place_remove(&place);

    place_make(&place);
    store_close(open_now(&place), NULL, NULL);
    const char *marker = "format 2\ncluster of some other form\n";
    file_write(place_file(&place, "STORE"), marker, strlen(marker));
    open_fails(&place, ERROR_NEWER, "its format is 2");
    place_remove(&place);
}

static bool add_bang(const void *value, size_t length, struct buffer *value_out, struct error *ret_error)
{
    (void)ret_error;
    buffer_append(value_out, value, length);
    buffer_append_text(value_out, "!");
    return true;
}

static bool refuse(const void *value, size_t length, struct buffer *value_out, struct error *ret_error)
{
    (void)value, (void)length, (void)value_out;
    return error_set(ret_error, ERROR_CORRUPT, "no sense in it");
}

static void an_older_record_is_upgraded_on_the_way_or_refused(void **state)
{
    (void)state;
    struct place place;
    struct error error = {0};
    place_make(&place);
    store_close(open_now(&place), NULL, NULL);
    plant_version(&place, 0);
    open_fails(&place, ERROR_UNSUPPORTED, "table job, key k: written by an older Drover");
    struct store_upgrade upgrade = {STORE_JOB, 0, add_bang};
    struct store_options options = {.directory = place.directory, .upgrades = &upgrade, .upgrade_count = 1};
    struct store *store = store_open(&options, &error);
    assert_non_null(store);
    expect(store, STORE_JOB, "k", "old!");
    assert_int_equal(count_records(store, STORE_JOB), 1);
    store_close(store, NULL, NULL);
    upgrade.upgrade = refuse;
    assert_null(store_open(&options, &error));
    assert_int_equal(error.code, ERROR_CORRUPT);
    assert_non_null(strstr(error.text, "no sense in it"));
    place_remove(&place);
}

static bool die(const void *value, size_t length, struct buffer *value_out, struct error *ret_error)
{
    (void)value, (void)length, (void)value_out;
    raise(SIGSEGV);
    return error_set(ret_error, ERROR_INTERNAL, "it lives");
}

static bool hang(const void *value, size_t length, struct buffer *value_out, struct error *ret_error)
{
    (void)value, (void)length, (void)value_out;
    pause();
    return error_set(ret_error, ERROR_INTERNAL, "it goes on");
}

static void a_check_that_dies_or_hangs_becomes_an_error(void **state)
{
    (void)state;
    struct place place;
    struct error error = {0};
    place_make(&place);
    store_close(open_now(&place), NULL, NULL);
    plant_version(&place, 0);
    struct store_upgrade upgrade = {STORE_JOB, 0, die};
    struct store_options options = {
        .directory = place.directory, .upgrades = &upgrade, .upgrade_count = 1, .check_timeout_ms = 300};
    assert_null(store_open(&options, &error));
    assert_int_equal(error.code, ERROR_CORRUPT);
    assert_non_null(strstr(error.text, "died (signal 11) in table job at key k"));
    upgrade.upgrade = hang;
    assert_null(store_open(&options, &error));
    assert_int_equal(error.code, ERROR_TIMEOUT);
    upgrade.upgrade = add_bang;
    options.check_timeout_ms = 0;
    struct store *store = store_open(&options, &error);
    assert_non_null(store);
    store_close(store, NULL, NULL);
    place_remove(&place);
}

static void marker_and_data_of_different_clusters_are_refused(void **state)
{
    (void)state;
    struct place place;
    place_make(&place);
    store_close(open_now(&place), NULL, NULL);
    const char *marker = "format 1\ncluster 01234567-89ab-cdef-0123-456789abcdef\n";
    file_write(place_file(&place, "STORE"), marker, strlen(marker));
    open_fails(&place, ERROR_CONFLICT, "is of cluster 01234567");
    file_write(place_file(&place, "STORE"), "what", 4);
    open_fails(&place, ERROR_CORRUPT, "the marker file is damaged");
    assert_int_equal(unlink(place_file(&place, "STORE")), 0);
    store_close(open_now(&place), NULL, NULL);
    assert_int_equal(access(place_file(&place, "STORE"), F_OK), 0);
    place_remove(&place);
}

static void a_directory_others_can_reach_is_refused(void **state)
{
    (void)state;
    struct place place;
    struct error error = {0};
    place_make(&place);
    store_close(open_now(&place), NULL, NULL);
    assert_int_equal(chmod(place.directory, 0750), 0);
    open_fails(&place, ERROR_DENIED, "mode 0750, it must be 0700");
    assert_int_equal(chmod(place.directory, 0700), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(place.directory, 12345, (gid_t)-1), 0);
        open_fails(&place, ERROR_DENIED, "belongs to user 12345");
    }
    place_remove(&place);
    place_make(&place);
    struct store_options options = {.directory = place.directory};
    assert_null(store_open(&options, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    place_remove(&place);
}

static void a_second_process_is_refused_and_told_who_has_it(void **state)
{
    (void)state;
    struct place place;
    int ready[2];
    char byte, text[64];
    place_make(&place);
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct error error = {0};
        struct store_options options = {.directory = place.directory, .allow_new = true};
        if (store_open(&options, &error) == NULL || write(ready[1], "x", 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    snprintf(text, sizeof text, "process %ld is using it", (long)child);
    open_fails(&place, ERROR_BUSY, text);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    store_close(open_now(&place), NULL, NULL);
    close(ready[0]);
    close(ready[1]);
    place_remove(&place);
}

static void inventory_note(const struct place *place, const char *cluster, const char *boot, const char *how)
{
    char text[256];
    snprintf(text, sizeof text, "cluster %s\nboot %s\nstate %s\n", cluster, boot, how);
    file_write(place_file(place, "INVENTORY"), text, strlen(text));
}

static void inventory_is_after(const struct place *place, bool kept)
{
    struct store *store = open_now(place);
    assert_int_equal(store_inventory_is_new(store), !kept);
    expect(store, STORE_NODE, "n", kept ? "1" : NULL);
    expect(store, STORE_JOB, "j", "1");
    put_now(store, STORE_NODE, "n", "1");
    store_close(store, NULL, NULL);
}

static void the_inventory_is_begun_anew_when_in_doubt(void **state)
{
    (void)state;
    struct place place;
    place_make(&place);
    struct store *store = open_now(&place);
    char id[STORE_CLUSTER_ID_LENGTH + 1];
    strcpy(id, store_cluster_id(store));
    put_now(store, STORE_NODE, "n", "1");
    put_now(store, STORE_JOB, "j", "1");
    store_close(store, NULL, NULL);
    inventory_is_after(&place, true);
    inventory_note(&place, id, "another-boot", "clean");
    inventory_is_after(&place, true);
    inventory_note(&place, id, "another-boot", "open");
    inventory_is_after(&place, false);
    inventory_note(&place, "01234567-89ab-cdef-0123-456789abcdef", "another-boot", "clean");
    inventory_is_after(&place, false);
    assert_int_equal(unlink(place_file(&place, "INVENTORY")), 0);
    inventory_is_after(&place, false);
    assert_int_equal(truncate(place_file(&place, "inventory/data.mdb"), 20000), 0);
    inventory_is_after(&place, false);
    assert_int_equal(truncate(place_file(&place, "inventory/data.mdb"), 0), 0);
    inventory_is_after(&place, false);
    size_t length;
    char *bytes = file_read(place_file(&place, "inventory/data.mdb"), &length);
    memset(bytes + 2 * 4096, 0xff, 16);
    memset(bytes + 3 * 4096, 0xff, 16);
    file_write(place_file(&place, "inventory/data.mdb"), bytes, length);
    free(bytes);
    inventory_is_after(&place, false);
    inventory_is_after(&place, true);
    assert_int_equal(access(place_file(&place, "inventory.old"), F_OK), -1);
    place_remove(&place);
}

static void a_damaged_snapshot_is_refused_and_restores_nothing(void **state)
{
    (void)state;
    struct place place;
    struct error error = {0};
    struct store_snapshot_facts facts;
    make_filled(&place);
    char target[400];
    snprintf(target, sizeof target, "%s/target", place.root);
    char *data = place_file(&place, "intent/data.mdb");
    assert_good(store_snapshot_inspect(data, NULL, 0, &facts, &error), error);
    assert_int_equal(facts.records[STORE_JOB], JOBS);
    assert_int_equal(truncate(data, 100000), 0);
    assert_false(store_snapshot_inspect(data, NULL, 0, &facts, &error));
    assert_int_equal(error.code, ERROR_CORRUPT);
    assert_false(store_snapshot_restore(data, target, NULL, 0, &error));
    assert_int_equal(error.code, ERROR_CORRUPT);
    assert_false(store_snapshot_restore("/nowhere/at-all", target, NULL, 0, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    struct store_options options = {.directory = target};
    assert_null(store_open(&options, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_truncated_file_is_refused_wherever_it_is_cut),
        cmocka_unit_test(an_empty_or_missing_file_is_not_an_empty_store),
        cmocka_unit_test(a_file_of_something_else_is_refused),
        cmocka_unit_test(data_without_a_store_in_it_is_refused),
        cmocka_unit_test(random_damage_gives_an_error_or_a_store_that_works),
        cmocka_unit_test(a_changed_value_is_found_with_table_and_key),
        cmocka_unit_test(a_newer_record_table_or_format_is_refused),
        cmocka_unit_test(an_older_record_is_upgraded_on_the_way_or_refused),
        cmocka_unit_test(a_check_that_dies_or_hangs_becomes_an_error),
        cmocka_unit_test(marker_and_data_of_different_clusters_are_refused),
        cmocka_unit_test(a_directory_others_can_reach_is_refused),
        cmocka_unit_test(a_second_process_is_refused_and_told_who_has_it),
        cmocka_unit_test(the_inventory_is_begun_anew_when_in_doubt),
        cmocka_unit_test(a_damaged_snapshot_is_refused_and_restores_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
