/* links: store base lmdb uv */
/* kill -9 of a writer at random moments: every batch it was told done is there, every batch is whole, and what is there
 * is a prefix of what was given. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/unit/test_store_common.h"

enum { KILLS = 30, IN_FLIGHT = 20 };

struct writer {
    struct store *store;
    int next;
    int acknowledge; /* pipe */
};

struct given {
    struct writer *writer;
    int number;
};

static void give(struct writer *writer);

static void told(void *context, const struct error *error)
{
    struct given given = *(struct given *)context;
    free(context);
    if (error != NULL || write(given.writer->acknowledge, &given.number, sizeof given.number) != sizeof given.number)
        _exit(2);
    give(given.writer);
}

static void give(struct writer *writer)
{
    struct given *given = malloc(sizeof *given);
    *given = (struct given){writer, writer->next++};
    char key[16], value[300];
    snprintf(key, sizeof key, "%08d", given->number);
    memset(value, 'v', sizeof value);
    struct store_batch *batch = store_batch_new();
    store_batch_put(batch, STORE_JOURNAL, key, 8, value, (size_t)given->number % sizeof value);
    store_batch_put(batch, STORE_OUTBOX, key, 8, value, sizeof value);
    store_batch_put(batch, STORE_META, "last", 4, key, 8);
    store_batch_put(batch, STORE_NODE, key, 8, value, sizeof value);
    store_commit(writer->store, batch, told, given);
}

static void writer_run(const struct place *place, int first, int acknowledge)
{
    struct error error = {0};
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct store_options options = {
        .directory = place->directory, .allow_new = true, .map_start = 1024 * 1024, .loop = &loop};
    struct writer writer = {.store = store_open(&options, &error), .next = first, .acknowledge = acknowledge};
    if (writer.store == NULL)
        _exit(3);
    for (int i = 0; i < IN_FLIGHT; i++)
        give(&writer);
    uv_run(&loop, UV_RUN_DEFAULT);
    _exit(4);
}

/* Lets a writer run until it has told something and a little longer; returns one past the last number it told. */
static int write_and_kill(const struct place *place, int first, unsigned pause_us)
{
    int ends[2], number, after = first;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        writer_run(place, first, ends[1]);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &number, sizeof number), sizeof number);
    after = number + 1;
    struct timespec pause = {0, (long)pause_us * 1000};
    nanosleep(&pause, NULL);
    kill(child, SIGKILL);
    while (read(ends[0], &number, sizeof number) == sizeof number) {
        assert_int_equal(number, after);
        after = number + 1;
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    close(ends[0]);
    return after;
}

static void acknowledged_batches_survive_kill_nine_and_are_whole(void **state)
{
    (void)state;
    struct place place;
    int first = 0;
    unsigned random = 7;
    size_t nodes = 0;
    place_make(&place);
    for (int kill_number = 0; kill_number < KILLS; kill_number++) {
        int told_below = write_and_kill(&place, first, (unsigned)rand_r(&random) % 30000);
        struct store *store = open_now(&place);
        size_t journal = count_records(store, STORE_JOURNAL);
        assert_int_equal(journal, count_records(store, STORE_OUTBOX));
        assert_true(journal >= (size_t)told_below);
        char last[16];
        snprintf(last, sizeof last, "%08zu", journal - 1);
        expect(store, STORE_META, "last", last);
        assert_false(store_inventory_is_new(store));
        /* What was told is in the inventory too; of what was not, the intent part may be there alone. */
        size_t nodes_now = count_records(store, STORE_NODE);
        assert_true(nodes_now - nodes >= (size_t)(told_below - first));
        nodes = nodes_now;
        store_close(store, NULL, NULL);
        first = (int)journal;
    }
    print_message("%d batches over %d kills\n", first, KILLS);
    place_remove(&place);
}

static void a_kill_while_a_store_is_made_or_opened_leaves_one_that_opens(void **state)
{
    (void)state;
    unsigned random = 11;
    struct place place;
    for (int kill_number = 0; kill_number < 2 * KILLS; kill_number++) {
        if (kill_number % 3 == 0)
            place_make(&place);
        int null = open("/dev/null", O_WRONLY);
        pid_t child = fork();
        if (child == 0)
            writer_run(&place, 0, null);
        close(null);
        struct timespec pause = {0, rand_r(&random) % 12000000};
        nanosleep(&pause, NULL);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        store_close(open_now(&place), NULL, NULL);
        if (kill_number % 3 == 2)
            place_remove(&place);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acknowledged_batches_survive_kill_nine_and_are_whole),
        cmocka_unit_test(a_kill_while_a_store_is_made_or_opened_leaves_one_that_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
