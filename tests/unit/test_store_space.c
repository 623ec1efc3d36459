/* links: store base lmdb uv */ /* tsan */
/* Room: maps that grow while others read, a map that may not grow, and full disks that become empty again. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/unit/test_store_common.h"

enum { PIECE = 64 * 1024 };

static struct store_batch *piece(int number)
{
    static char value[PIECE];
    char key[16];
    memset(value, 'a' + number % 26, sizeof value);
    snprintf(key, sizeof key, "%06d", number);
    struct store_batch *batch = store_batch_new();
    store_batch_put(batch, STORE_REVISION, key, 6, value, sizeof value);
    store_batch_put(batch, STORE_NODE, key, 6, value, sizeof value);
    store_batch_put(batch, STORE_META, "last", 4, key, 6);
    return batch;
}

static void count_told(void *context, const struct error *error)
{
    if (error != NULL)
        fail_msg("%s", error->text);
    ++*(int *)context;
}

static bool read_all(void *context, const void *key, size_t key_length, const void *value, size_t length)
{
    const char *bytes = value;
    (void)key, (void)key_length;
    assert_int_equal(length, PIECE);
    assert_int_equal(bytes[0], bytes[PIECE - 1]);
    ++*(size_t *)context;
    return true;
}

static void the_map_grows_while_the_loop_reads(void **state)
{
    (void)state;
    enum { PIECES = 400 };
    struct place place;
    struct error error = {0};
    uv_loop_t loop;
    place_make(&place);
    uv_loop_init(&loop);
    struct store_options options = {
        .directory = place.directory, .allow_new = true, .map_start = 1024 * 1024, .loop = &loop};
    struct store *store = store_open(&options, &error);
    assert_non_null(store);
    int told = 0;
    size_t before = 0;
    for (int i = 0; i < PIECES; i++) {
        store_commit(store, piece(i), count_told, &told);
        size_t seen = 0;
        assert_good(store_scan(store, STORE_REVISION, NULL, 0, read_all, &seen, &error), error);
        assert_true(seen >= before);
        before = seen;
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    while (told < PIECES)
        uv_run(&loop, UV_RUN_ONCE);
    struct store_stats stats;
    store_stats(store, &stats);
    assert_true(stats.growths >= 5);
    assert_true(stats.map_size[STORE_INTENT] > (size_t)PIECES * PIECE);
    assert_true(stats.bytes_used[STORE_INTENT] > (size_t)PIECES * PIECE);
    assert_int_equal(stats.inventory_failures, 0);
    assert_int_equal(count_records(store, STORE_REVISION), PIECES);
    assert_int_equal(count_records(store, STORE_NODE), PIECES);
    store_close(store, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    place_remove(&place);
}

static void a_map_at_its_largest_refuses_and_can_be_made_larger(void **state)
{
    (void)state;
    struct place place;
    struct error error = {0};
    place_make(&place);
    struct store_options options = {
        .directory = place.directory, .allow_new = true, .map_start = 1024 * 1024, .map_max = 4 * 1024 * 1024};
    struct store *store = store_open(&options, &error);
    assert_non_null(store);
    int count = 0;
    while (store_commit_now(store, piece(count), &error))
        count++;
    assert_int_equal(error.code, ERROR_NO_SPACE);
    assert_true(count > 30 && count < 64);
    assert_int_equal(count_records(store, STORE_REVISION), count);
    assert_false(store_commit_now(store, piece(count), &error));
    store_close(store, NULL, NULL);
    options.map_max = 0;
    store = store_open(&options, &error);
    assert_non_null(store);
    assert_int_equal(count_records(store, STORE_REVISION), count);
    assert_good(store_commit_now(store, piece(count), &error), error);
    store_close(store, NULL, NULL);
    place_remove(&place);
}

/* In a child: fills until refused, checks that nothing of the refused batch is there, makes room, goes on, reopens.
 * Exit code 0: good; 77: cannot be tried here; else the line that failed. */
#define need(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            return __LINE__ % 200 + 1;                                                                                 \
    } while (0)

static int count_is(struct store *store, int wanted)
{
    struct error error;
    size_t count = 0;
    need(store_scan(store, STORE_REVISION, NULL, 0, read_all, &count, &error));
    return count == (size_t)wanted ? 0 : 1;
}

static int fill_and_recover(const struct place *place, bool (*room)(const struct place *place, bool make))
{
    struct error error = {0};
    struct store_options options = {.directory = place->directory, .allow_new = true, .map_start = 1024 * 1024};
    struct store *store = store_open(&options, &error);
    need(store != NULL);
    need(room(place, false));
    int count = 0;
    while (count < 1000 && store_commit_now(store, piece(count), &error))
        count++;
    need(error.code == ERROR_NO_SPACE && count < 1000);
    need(count_is(store, count) == 0);
    need(!store_commit_now(store, piece(count), &error) && error.code == ERROR_NO_SPACE);
    need(count_is(store, count) == 0);
    need(room(place, true));
    for (int more = 0; more < 10; more++)
        need(store_commit_now(store, piece(count++), &error));
    store_close(store, NULL, NULL);
    store = store_open(&options, &error);
    need(store != NULL);
    need(count_is(store, count) == 0);
    store_close(store, NULL, NULL);
    return 0;
}

static bool ballast(const struct place *place, bool make_room)
{
    char path[400];
    snprintf(path, sizeof path, "%s/ballast", place->root);
    if (make_room)
        return unlink(path) == 0;
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    bool good = fd >= 0 && posix_fallocate(fd, 0, 6 * 1024 * 1024) == 0;
    close(fd);
    return good;
}

static int on_a_small_disk(const struct place *place)
{
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", place->root, "tmpfs", 0, "size=12m") != 0)
        return 77;
    return fill_and_recover(place, ballast);
}

static bool file_limit(const struct place *place, bool make_room)
{
    (void)place;
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = make_room ? limit.rlim_max : 3 * 1024 * 1024 + 1000;
    return setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

static int under_a_file_limit(const struct place *place)
{
    signal(SIGXFSZ, SIG_IGN);
    return fill_and_recover(place, file_limit);
}

static void run_in_child(int (*story)(const struct place *place))
{
    struct place place;
    int status;
    place_make(&place);
    pid_t child = fork();
    if (child == 0)
        _exit(story(&place));
    assert_int_equal(waitpid(child, &status, 0), child);
    place_remove(&place);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    if (status != 0)
        fail_msg("the child's status is %#x (exit code: line %% 200 + 1)", (unsigned)status);
}

static void a_full_disk_refuses_batches_whole_until_there_is_room(void **state)
{
    (void)state;
    run_in_child(on_a_small_disk);
}

static void a_file_size_limit_refuses_batches_whole_until_it_is_lifted(void **state)
{
    (void)state;
    run_in_child(under_a_file_limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_map_grows_while_the_loop_reads),
        cmocka_unit_test(a_map_at_its_largest_refuses_and_can_be_made_larger),
        cmocka_unit_test(a_full_disk_refuses_batches_whole_until_there_is_room),
        cmocka_unit_test(a_file_size_limit_refuses_batches_whole_until_it_is_lifted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
