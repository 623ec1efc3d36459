/* Commits: the queue, the store thread that empties it into group transactions, and the way back to the loop. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "store/state.h"

/* One transaction takes no more: it bounds the dirty pages LMDB keeps in memory, and the time a batch waits. */
enum { GROUP_BATCHES_MAX = 4096, GROUP_BYTES_MAX = 32 * 1024 * 1024 };

static void list_push(struct store_work_list *list, struct store_work *work)
{
    work->next = NULL;
    if (list->end == NULL)
        list->end = &list->first;
    *list->end = work;
    list->end = &work->next;
}

static struct store_work *list_pop(struct store_work_list *list)
{
    struct store_work *work = list->first;
    if (work == NULL)
        return NULL;
    list->first = work->next;
    if (list->first == NULL)
        list->end = NULL;
    return work;
}

static struct store_work *work_new(struct store_batch *batch, store_committed_function *on_done, void *context)
{
    struct store_work *work = memory_new(1, sizeof *work);
    work->batch = batch;
    work->on_done = on_done;
    work->context = context;
    return work;
}

static void work_free(struct store_work *work)
{
    store_batch_free(work->batch);
    free(work->snapshot_path);
    free(work);
}

static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* -- the writer: the store thread, or the caller of store_commit_now -- */

struct group {
    const struct store_batch *batches[GROUP_BATCHES_MAX];
    size_t count;
    bool touches[STORE_ENVIRONMENT_COUNT];
};

static void generation_lose(struct store *store, const struct store_work *work)
{
    if (work->generation <= store->lost_generation)
        return;
    store->lost_generation = work->generation;
    store->lost_code = work->error.code;
}

/* True when the batch may be tried; else its error is set, and so are those of all behind it of its generation. */
static bool work_admit(struct store *store, struct store_work *work)
{
    if (store->read_only) {
        error_set(&work->error, ERROR_INTERNAL, "store: it was opened for reading only");
    } else if (work->generation <= store->lost_generation) {
        error_set(&work->error, store->lost_code, "store: not written, because a batch before it could not be");
    } else if (work->batch->error.code != ERROR_NONE) {
        work->error = work->batch->error;
    }
    if (work->error.code == ERROR_NONE)
        return true;
    generation_lose(store, work);
    return false;
}

static void stats_count(struct store *store, const struct group *group, const struct error *intent,
                        const struct error *inventory, uint64_t took_ns)
{
    pthread_mutex_lock(&store->mutex);
    struct store_stats *stats = &store->stats;
    if (intent->code != ERROR_NONE) {
        stats->last_error = *intent;
    } else if (group->touches[STORE_INTENT]) {
        stats->commits++;
        stats->batches += group->count;
        stats->commit_ns_total += took_ns;
        if (took_ns > stats->commit_ns_max)
            stats->commit_ns_max = took_ns;
    }
    if (inventory->code != ERROR_NONE) {
        stats->last_error = *inventory;
        stats->inventory_failures++;
    } else if (group->touches[STORE_INVENTORY] && intent->code == ERROR_NONE) {
        stats->inventory_commits++;
    }
    stats->growths = store->environments[STORE_INTENT].growths + store->environments[STORE_INVENTORY].growths;
    pthread_mutex_unlock(&store->mutex);
}

static void group_write(struct store *store, const struct group *group, struct error *ret_intent)
{
    struct error inventory = {0};
    uint64_t begun = clock_ns();
    bool good = !group->touches[STORE_INTENT] ||
                store_environment_write(&store->environments[STORE_INTENT], group->batches, group->count, ret_intent);
    uint64_t took = clock_ns() - begun;
    if (good && group->touches[STORE_INVENTORY]) {
        struct store_environment_state *state = &store->environments[STORE_INVENTORY];
        if (state->env == NULL)
            error_set(&inventory, ERROR_SYSTEM, "store inventory: it could not be opened");
        else
            store_environment_write(state, group->batches, group->count, &inventory);
    }
    stats_count(store, group, ret_intent, &inventory, took);
}

/* Writes a run of batches as one group; sets the error of each that failed. */
static void works_commit(struct store *store, struct store_work *first, struct group *group)
{
    struct error failure = {0};
    *group = (struct group){0};
    for (struct store_work *work = first; work != NULL; work = work->next) {
        if (!work_admit(store, work))
            continue;
        group->batches[group->count++] = work->batch;
        group->touches[STORE_INTENT] |= work->batch->touches[STORE_INTENT];
        group->touches[STORE_INVENTORY] |= work->batch->touches[STORE_INVENTORY];
    }
    if (group->count == 0)
        return;
    group_write(store, group, &failure);
    if (failure.code == ERROR_NONE)
        return;
    for (struct store_work *work = first; work != NULL; work = work->next) {
        if (work->error.code != ERROR_NONE)
            continue;
        work->error = failure;
        generation_lose(store, work);
    }
}

/* Moves the next group out of the queue: one snapshot, or batches up to the next snapshot or the limits. */
static struct store_work *group_take(struct store_work_list *queue)
{
    struct store_work_list taken = {0};
    size_t count = 0, bytes = 0;
    while (queue->first != NULL && count < GROUP_BATCHES_MAX) {
        const struct store_batch *batch = queue->first->batch;
        if (count > 0 && (batch == NULL || bytes + batch->bytes.length > GROUP_BYTES_MAX))
            break;
        list_push(&taken, list_pop(queue));
        count++;
        if (batch == NULL)
            break;
        bytes += batch->bytes.length;
    }
    return taken.first;
}

static void works_run(struct store *store, struct store_work *first, struct group *group)
{
    if (first->batch != NULL)
        works_commit(store, first, group);
    else
        store_snapshot_write(store, first->snapshot_path, &first->error);
}

static void *writer_run(void *context)
{
    struct store *store = context;
    struct group *group = memory_new(1, sizeof *group);
    pthread_mutex_lock(&store->mutex);
    for (;;) {
        while (store->queue.first == NULL && !store->stopping)
            pthread_cond_wait(&store->wake, &store->mutex);
        struct store_work *first = group_take(&store->queue);
        if (first == NULL)
            break;
        pthread_mutex_unlock(&store->mutex);
        works_run(store, first, group);
        pthread_mutex_lock(&store->mutex);
        while (first != NULL) {
            struct store_work *next = first->next;
            list_push(&store->done, first);
            first = next;
        }
        uv_async_send(store->async);
    }
    pthread_mutex_unlock(&store->mutex);
    store_inventory_settle(store);
    free(group);
    pthread_mutex_lock(&store->mutex);
    store->thread_ended = true;
    uv_async_send(store->async);
    pthread_mutex_unlock(&store->mutex);
    return NULL;
}

/* -- the loop thread -- */

/* Tells one result. The generation moves on before on_done runs, so that what it commits is tried afresh. */
static void work_tell(struct store *store, struct store_work *work)
{
    bool failed = work->error.code != ERROR_NONE;
    store->untold--;
    if (failed && work->batch != NULL) {
        if (work->generation == store->generation)
            store->generation++;
        pthread_mutex_lock(&store->mutex);
        store->stats.batches_failed++;
        pthread_mutex_unlock(&store->mutex);
    }
    if (work->on_done != NULL)
        work->on_done(work->context, failed ? &work->error : NULL);
    work_free(work);
}

static void async_closed(uv_handle_t *handle)
{
    struct store *store = handle->data;
    free(handle);
    if (store != NULL)
        store_finish(store);
}

/* Tells what was done before this call and no more, so that commits made meanwhile cannot hold the loop. */
static void writer_done(uv_async_t *async)
{
    struct store *store = async->data;
    pthread_mutex_lock(&store->mutex);
    struct store_work_list done = store->done;
    store->done = (struct store_work_list){0};
    pthread_mutex_unlock(&store->mutex);
    for (struct store_work *work = done.first; work != NULL;) {
        struct store_work *next = work->next;
        work_tell(store, work);
        work = next;
    }
    pthread_mutex_lock(&store->mutex);
    bool ended = store->thread_ended, more = store->done.first != NULL;
    pthread_mutex_unlock(&store->mutex);
    if (!ended)
        return;
    if (more) {
        uv_async_send(store->async);
        return;
    }
    pthread_join(store->thread, NULL);
    uv_close((uv_handle_t *)store->async, async_closed);
}

static void work_queue(struct store *store, struct store_work *work)
{
    work->generation = store->generation;
    store->untold++;
    pthread_mutex_lock(&store->mutex);
    if (store->stopping) {
        error_set(&work->error, ERROR_INTERNAL, "store: it is being closed");
        list_push(&store->done, work);
        uv_async_send(store->async);
    } else {
        list_push(&store->queue, work);
        pthread_cond_signal(&store->wake);
    }
    pthread_mutex_unlock(&store->mutex);
}

/* Without a loop: at once, in the caller's thread. */
static void work_now(struct store *store, struct store_work *work)
{
    work->generation = store->generation;
    store->untold++;
    if (store->reading > 0) {
        error_set(&work->error, ERROR_INTERNAL, "store: a visitor cannot commit at once");
    } else {
        struct group *group = memory_new(1, sizeof *group);
        works_run(store, work, group);
        free(group);
    }
    work_tell(store, work);
}

static void work_submit(struct store *store, struct store_work *work)
{
    if (store->loop != NULL)
        work_queue(store, work);
    else
        work_now(store, work);
}

void store_commit(struct store *store, struct store_batch *taken, store_committed_function *on_done, void *context)
{
    work_submit(store, work_new(taken, on_done, context));
}

struct now_result {
    struct error *error;
    bool good;
};

static void now_done(void *context, const struct error *error)
{
    struct now_result *result = context;
    result->good = error == NULL;
    if (error != NULL)
        *result->error = *error;
}

bool store_commit_now(struct store *store, struct store_batch *taken, struct error *ret_error)
{
    if (store->loop != NULL) {
        store_batch_free(taken);
        return error_set(ret_error, ERROR_INTERNAL, "store: a store with a loop commits on its thread");
    }
    struct now_result result = {ret_error, false};
    work_now(store, work_new(taken, now_done, &result));
    return result.good;
}

void store_snapshot_save(struct store *store, const char *path, store_committed_function *on_done, void *context)
{
    struct store_work *work = work_new(NULL, on_done, context);
    work->snapshot_path = memory_copy_text(path, strlen(path));
    work_submit(store, work);
}

bool store_writer_start(struct store *store, uv_loop_t *loop, struct error *ret_error)
{
    sigset_t all, before;
    store->async = memory_new(1, sizeof *store->async);
    int code = uv_async_init(loop, store->async, writer_done);
    if (code != 0) {
        free(store->async);
        return error_set(ret_error, ERROR_SYSTEM, "store: cannot prepare the loop: %s", uv_strerror(code));
    }
    store->async->data = store;
    store->loop = loop;
    sigfillset(&all); /* signals are the loop's; SIGXFSZ, blocked, becomes EFBIG */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    code = pthread_create(&store->thread, NULL, writer_run, store);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code == 0)
        return true;
    store->async->data = NULL;
    uv_close((uv_handle_t *)store->async, async_closed);
    return error_set(ret_error, ERROR_SYSTEM, "store: cannot start its thread: %s", strerror(code));
}

void store_writer_stop(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    store->stopping = true;
    pthread_cond_signal(&store->wake);
    pthread_mutex_unlock(&store->mutex);
}
