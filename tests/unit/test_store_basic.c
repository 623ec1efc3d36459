/* links: store base lmdb uv */ /* tsan */
/* What the store promises when nothing is wrong: round trips, order, grouping, paging, snapshots, reopening. */
#include "tests/unit/test_store_common.h"

static void values_come_back_after_reopening(void **state)
{
    (void)state;
    struct place place;
    place_make(&place);
    struct store *store = open_now(&place);
    char id[STORE_CLUSTER_ID_LENGTH + 1];
    strcpy(id, store_cluster_id(store));
    put_now(store, STORE_JOB, "default/web", "one");
    put_now(store, STORE_JOB, "default/web", "two");
    put_now(store, STORE_NODE, "region/n1", "seen");
    put_now(store, STORE_HOLD, "freeze", "");
    expect(store, STORE_JOB, "default/web", "two");
    store_close(store, NULL, NULL);

    store = open_now(&place);
    assert_string_equal(id, store_cluster_id(store));
    assert_false(store_inventory_is_new(store));
    expect(store, STORE_JOB, "default/web", "two");
    expect(store, STORE_JOB, "default/we", NULL);
    expect(store, STORE_HOLD, "freeze", "");
    expect(store, STORE_NODE, "region/n1", "seen");
    store_close(store, NULL, NULL);
    place_remove(&place);
}

static void the_later_change_of_a_batch_wins(void **state)
{
    (void)state;
    struct place place;
    struct error error = {0};
    place_make(&place);
    struct store *store = open_now(&place);
    struct store_batch *batch = store_batch_new();
    store_batch_put(batch, STORE_JOB, "a", 1, "1", 1);
    store_batch_delete(batch, STORE_JOB, "a", 1);
    store_batch_put(batch, STORE_JOB, "b", 1, "1", 1);
    store_batch_put(batch, STORE_JOB, "b", 1, "2", 1);
    store_batch_delete(batch, STORE_JOB, "never there", 11);
    assert_int_equal(store_batch_count(batch), 5);
    assert_good(store_commit_now(store, batch, &error), error);
    expect(store, STORE_JOB, "a", NULL);
    expect(store, STORE_JOB, "b", "2");
    store_close(store, NULL, NULL);
    place_remove(&place);
}

static void a_batch_that_breaks_a_limit_fails_whole(void **state)
{
    (void)state;
    struct place place;
    struct error error = {0};
    char key[STORE_KEY_MAX + 1];
    memset(key, 'k', sizeof key);
    place_make(&place);
    struct store *store = open_now(&place);
    struct store_batch *batch = store_batch_new();
    store_batch_put(batch, STORE_JOB, "good", 4, "1", 1);
    store_batch_put(batch, STORE_JOB, key, sizeof key, "1", 1);
    assert_false(store_commit_now(store, batch, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    expect(store, STORE_JOB, "good", NULL);

    char *large = calloc(1, STORE_VALUE_MAX + 1);
    batch = store_batch_new();
    store_batch_put(batch, STORE_JOB, key, STORE_KEY_MAX, large, STORE_VALUE_MAX + 1);
    assert_false(store_commit_now(store, batch, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    batch = store_batch_new();
    store_batch_put(batch, STORE_JOB, key, STORE_KEY_MAX, large, STORE_VALUE_MAX);
    assert_good(store_commit_now(store, batch, &error), error);
    free(large);
    assert_int_equal(count_records(store, STORE_JOB), 1);
    store_close(store, NULL, NULL);
    store_close(open_now(&place), NULL, NULL);
    place_remove(&place);
}

struct seen {
    char text[256];
    size_t stop_after, count;
};

static bool collect(void *context, const void *key, size_t key_length, const void *value, size_t length)
{
    struct seen *seen = context;
    size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof seen->text - used, "%.*s=%.*s ", (int)key_length, (const char *)key, (int)length,
             (const char *)value);
    return ++seen->count != seen->stop_after;
}

static void scans_go_in_key_order_within_a_prefix_and_stop_when_told(void **state)
{
    (void)state;
    struct place place;
    struct error error = {0};
    place_make(&place);
    struct store *store = open_now(&place);
    put_now(store, STORE_JOB, "b/2", "x");
    put_now(store, STORE_JOB, "a/1", "y");
    put_now(store, STORE_JOB, "b/1", "z");
    put_now(store, STORE_JOB, "c", "w");
    struct seen seen = {.text = ""};
    assert_good(store_scan(store, STORE_JOB, "b/", 2, collect, &seen, &error), error);
    assert_string_equal(seen.text, "b/1=z b/2=x ");
    seen = (struct seen){.stop_after = 2};
    assert_good(store_scan(store, STORE_JOB, NULL, 0, collect, &seen, &error), error);
    assert_string_equal(seen.text, "a/1=y b/1=z ");
    seen = (struct seen){.text = ""};
    assert_good(store_scan(store, STORE_JOB, "d", 1, collect, &seen, &error), error);
    assert_good(store_scan(store, STORE_PRICE, NULL, 0, collect, &seen, &error), error);
    assert_string_equal(seen.text, "");
    store_close(store, NULL, NULL);
    place_remove(&place);
}

static void page(struct store *store, const char *after, size_t limit, bool reverse, const char *wanted)
{
    struct error error = {0};
    struct seen seen = {.text = ""};
    assert_good(store_scan_from(store, STORE_AUDIT, after, strlen(after), limit, reverse, collect, &seen, &error),
                error);
    assert_string_equal(seen.text, wanted);
}

static void pages_go_forwards_and_backwards_from_a_key(void **state)
{
    (void)state;
    struct place place;
    place_make(&place);
    struct store *store = open_now(&place);
    page(store, "", 5, true, "");
    page(store, "x", 5, true, "");
    for (const char *key = "bdfh"; *key; key++) {
        char name[2] = {*key, 0};
        put_now(store, STORE_AUDIT, name, "v");
    }
    page(store, "", 2, false, "b=v d=v ");
    page(store, "d", 2, false, "f=v h=v ");
    page(store, "e", 9, false, "f=v h=v ");
    page(store, "h", 9, false, "");
    page(store, "", 2, true, "h=v f=v ");
    page(store, "f", 2, true, "d=v b=v ");
    page(store, "e", 1, true, "d=v ");
    page(store, "z", 1, true, "h=v ");
    page(store, "b", 9, true, "");
    page(store, "", 0, true, "");
    store_close(store, NULL, NULL);
    place_remove(&place);
}

static bool commit_inside(void *context, const void *key, size_t key_length, const void *value, size_t length)
{
    (void)key, (void)key_length, (void)value, (void)length;
    struct error error = {0};
    struct store_batch *batch = store_batch_new();
    store_batch_put(batch, STORE_JOB, "x", 1, "x", 1);
    assert_false(store_commit_now(context, batch, &error));
    assert_int_equal(error.code, ERROR_INTERNAL);
    return true;
}

static void a_visitor_may_read_but_not_commit_at_once(void **state)
{
    (void)state;
    struct place place;
    struct error error = {0};
    place_make(&place);
    struct store *store = open_now(&place);
    put_now(store, STORE_JOB, "a", "1");
    assert_good(store_scan(store, STORE_JOB, NULL, 0, commit_inside, store, &error), error);
    put_now(store, STORE_JOB, "b", "1");
    store_close(store, NULL, NULL);
    place_remove(&place);
}

/* -- with a loop -- */

struct told {
    struct store *store;
    int next; /* number expected next */
    int failed;
    bool closed;
};

struct numbered {
    struct told *told;
    int number;
};

static void in_order(void *context, const struct error *error)
{
    struct numbered *numbered = context;
    assert_int_equal(numbered->number, numbered->told->next);
    numbered->told->next++;
    numbered->told->failed += error != NULL;
    free(numbered);
}

static void on_closed(void *context)
{
    ((struct told *)context)->closed = true;
}

static void commit_numbered(struct told *told, int number)
{
    struct numbered *numbered = malloc(sizeof *numbered);
    *numbered = (struct numbered){told, number};
    char key[16], value[16];
    snprintf(key, sizeof key, "%06d", number);
    snprintf(value, sizeof value, "%d", number);
    struct store_batch *batch = store_batch_new();
    store_batch_put(batch, STORE_JOURNAL, key, strlen(key), value, strlen(value));
    store_batch_put(batch, STORE_META, "last", 4, value, strlen(value));
    store_batch_put(batch, STORE_NODE, key, strlen(key), value, strlen(value));
    store_commit(told->store, batch, in_order, numbered);
}

static struct store *open_on_loop(const struct place *place, uv_loop_t *loop)
{
    struct error error = {0};
    struct store_options options = {
        .directory = place->directory, .allow_new = true, .map_start = 1024 * 1024, .loop = loop};
    struct store *store = store_open(&options, &error);
    if (store == NULL)
        fail_msg("store_open: %s", error.text);
    return store;
}

static void waiting_batches_are_grouped_and_told_in_order(void **state)
{
    (void)state;
    enum { BATCHES = 2000 };
    struct place place;
    uv_loop_t loop;
    place_make(&place);
    uv_loop_init(&loop);
    struct told told = {.store = open_on_loop(&place, &loop)};
    for (int i = 0; i < BATCHES; i++)
        commit_numbered(&told, i);
    assert_int_equal(told.next, 0);
    while (told.next < BATCHES)
        uv_run(&loop, UV_RUN_ONCE);
    struct store_stats stats;
    store_stats(told.store, &stats);
    assert_int_equal(stats.batches, BATCHES);
    assert_int_equal(stats.queued, 0);
    assert_true(stats.commits < BATCHES / 10);
    assert_int_equal(stats.inventory_failures, 0);
    expect(told.store, STORE_META, "last", "1999");
    assert_int_equal(count_records(told.store, STORE_NODE), BATCHES);
    store_close(told.store, on_closed, &told);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(told.closed);
    assert_int_equal(told.failed, 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    place_remove(&place);
}

static void closing_writes_what_waits_and_refuses_what_comes_later(void **state)
{
    (void)state;
    struct place place;
    uv_loop_t loop;
    place_make(&place);
    uv_loop_init(&loop);
    struct told told = {.store = open_on_loop(&place, &loop)};
    struct told late = {.store = told.store};
    for (int i = 0; i < 100; i++)
        commit_numbered(&told, i);
    store_close(told.store, on_closed, &told);
    commit_numbered(&late, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(told.closed);
    assert_int_equal(told.next, 100);
    assert_int_equal(told.failed, 0);
    assert_int_equal(late.next, 1);
    assert_int_equal(late.failed, 1);
    assert_int_equal(uv_loop_close(&loop), 0);
    struct store *store = open_now(&place);
    assert_false(store_inventory_is_new(store));
    assert_int_equal(count_records(store, STORE_JOURNAL), 100);
    assert_int_equal(count_records(store, STORE_NODE), 100);
    store_close(store, NULL, NULL);
    place_remove(&place);
}

static void a_spoiled_batch_takes_with_it_what_was_given_before_it_was_told(void **state)
{
    (void)state;
    struct place place;
    uv_loop_t loop;
    place_make(&place);
    uv_loop_init(&loop);
    struct told told = {.store = open_on_loop(&place, &loop)};
    commit_numbered(&told, 0);
    struct store_batch *spoiled = store_batch_new();
    store_batch_put(spoiled, STORE_JOB, "", 0, "x", 1);
    store_commit(told.store, spoiled, NULL, NULL);
    for (int i = 1; i < 5; i++)
        commit_numbered(&told, i);
    while (told.next < 5)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(told.failed, 4);
    expect(told.store, STORE_META, "last", "0");
    commit_numbered(&told, 5);
    while (told.next < 6)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(told.failed, 4);
    expect(told.store, STORE_META, "last", "5");
    store_close(told.store, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    place_remove(&place);
}

/* -- snapshots -- */

static void saved(void *context, const struct error *error)
{
    if (error != NULL)
        fail_msg("snapshot: %s", error->text);
    *(bool *)context = true;
}

static void a_snapshot_can_be_looked_at_and_made_a_store_again(void **state)
{
    (void)state;
    struct place place;
    struct error error = {0};
    place_make(&place);
    struct store *store = open_now(&place);
    for (int i = 0; i < 500; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        put_now(store, STORE_JOB, key, "some value that takes a little room");
    }
    for (int i = 0; i < 500; i += 2) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        struct store_batch *batch = store_batch_new();
        store_batch_delete(batch, STORE_JOB, key, strlen(key));
        assert_good(store_commit_now(store, batch, &error), error);
    }
    char file[400], copy[400], id[STORE_CLUSTER_ID_LENGTH + 1];
    snprintf(file, sizeof file, "%s/snapshot", place.root);
    snprintf(copy, sizeof copy, "%s/copy", place.root);
    strcpy(id, store_cluster_id(store));
    bool done = false;
    store_snapshot_save(store, file, saved, &done);
    assert_true(done);
    store_close(store, NULL, NULL);

    struct store_snapshot_facts facts;
    assert_good(store_snapshot_inspect(file, NULL, 0, &facts, &error), error);
    assert_string_equal(facts.cluster_id, id);
    assert_int_equal(facts.records[STORE_JOB], 250);
    assert_int_equal(facts.records[STORE_META], 1);
    assert_false(store_snapshot_restore(file, place.directory, NULL, 0, &error));
    assert_int_equal(error.code, ERROR_CONFLICT);
    assert_good(store_snapshot_restore(file, copy, NULL, 0, &error), error);
    snprintf(place.directory, sizeof place.directory, "%.290s", copy);
    store = open_now(&place);
    assert_string_equal(id, store_cluster_id(store));
    assert_int_equal(count_records(store, STORE_JOB), 250);
    put_now(store, STORE_JOB, "new", "x");
    store_close(store, NULL, NULL);
    place_remove(&place);
}

static void readers_share_a_store_and_cannot_write(void **state)
{
    (void)state;
    struct place place;
    struct error error = {0};
    place_make(&place);
    struct store *store = open_now(&place);
    put_now(store, STORE_JOB, "a", "1");
    put_now(store, STORE_NODE, "n", "1");
    store_close(store, NULL, NULL);
    struct store_options options = {.directory = place.directory, .read_only = true};
    struct store *one = store_open(&options, &error);
    struct store *two = store_open(&options, &error);
    assert_non_null(one);
    assert_non_null(two);
    expect(one, STORE_JOB, "a", "1");
    expect(two, STORE_NODE, "n", "1");
    struct store_batch *batch = store_batch_new();
    store_batch_put(batch, STORE_JOB, "b", 1, "1", 1);
    assert_false(store_commit_now(one, batch, &error));
    open_fails(&place, ERROR_BUSY, "is using it");
    store_close(one, NULL, NULL);
    store_close(two, NULL, NULL);
    place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back_after_reopening),
        cmocka_unit_test(the_later_change_of_a_batch_wins),
        cmocka_unit_test(a_batch_that_breaks_a_limit_fails_whole),
        cmocka_unit_test(scans_go_in_key_order_within_a_prefix_and_stop_when_told),
        cmocka_unit_test(pages_go_forwards_and_backwards_from_a_key),
        cmocka_unit_test(a_visitor_may_read_but_not_commit_at_once),
        cmocka_unit_test(waiting_batches_are_grouped_and_told_in_order),
        cmocka_unit_test(closing_writes_what_waits_and_refuses_what_comes_later),
        cmocka_unit_test(a_spoiled_batch_takes_with_it_what_was_given_before_it_was_told),
        cmocka_unit_test(a_snapshot_can_be_looked_at_and_made_a_store_again),
        cmocka_unit_test(readers_share_a_store_and_cannot_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
