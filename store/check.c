/* The check before use: head pages here, everything else in a child process; see store/check.h. */
#include "store/check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <lmdb.h>

#include "base/codec.h"
#include "store/directory.h"
#include "store/pages.h"
#include "store/record.h"

enum { TIMEOUT_DEFAULT_MS = 120000 };

/* Shared with the child. What a dying child left in it is read with bounds. */
struct report {
    bool finished;
    bool good;
    struct error error;
    struct store_check_facts facts;
    /* where it is: a death is told with the last of these */
    int table;
    uint32_t key_length;
    uint8_t key[STORE_KEY_MAX];
};

void store_identity_encode(const char *cluster_id, struct buffer *out)
{
    codec_put_u32(out, STORE_FORMAT);
    codec_put_text(out, cluster_id);
}

static bool identity_decode(struct store_bytes value, char ret_id[STORE_CLUSTER_ID_LENGTH + 1], struct error *ret_error)
{
    struct codec_reader reader = codec_reader_init(value.data, value.length);
    uint32_t format = codec_get_u32(&reader);
    if (!reader.failed && format > STORE_FORMAT)
        return error_set(ret_error, ERROR_NEWER,
                         "its format is %" PRIu32 ", this version knows %d: start the newer "
                         "Drover that wrote it",
                         format, STORE_FORMAT);
    char *id = codec_get_text(&reader);
    bool good = codec_reader_done(&reader) && store_cluster_id_valid(id, strlen(id));
    if (good)
        memcpy(ret_id, id, STORE_CLUSTER_ID_LENGTH + 1);
    free(id);
    return good ? true : error_set(ret_error, ERROR_CORRUPT, "the store's own record is damaged");
}

/* -- in the child -- */

static bool pages_read(const char *path, enum store_environment environment, struct report *report)
{
    struct stat facts;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &facts) != 0)
        return error_set(&report->error, ERROR_SYSTEM, "cannot open it: %s", strerror(errno));
    size_t length = (size_t)facts.st_size;
    const uint8_t *bytes = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED)
        return error_set(&report->error, ERROR_SYSTEM, "cannot map it: %s", strerror(errno));
    report->facts.bytes = length;
    bool good = store_pages_check(bytes, length, environment, &report->error);
    munmap((void *)bytes, length);
    return good;
}

static bool lmdb_error(struct report *report, int code, const char *what)
{
    enum error_code kind = code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND || code == MDB_INVALID ||
                                   code == MDB_INCOMPATIBLE || code == MDB_VERSION_MISMATCH || code == MDB_PANIC
                               ? ERROR_CORRUPT
                               : ERROR_SYSTEM;
    return error_set(&report->error, kind, "%s: %s", what, mdb_strerror(code));
}

static bool record_check(const struct store_check_request *request, enum store_table table, const MDB_val *key,
                         const MDB_val *data, struct buffer *scratch, struct report *report)
{
    struct store_bytes value, name = {key->mv_data, key->mv_size}, record = {data->mv_data, data->mv_size};
    report->key_length = (uint32_t)(name.length < STORE_KEY_MAX ? name.length : STORE_KEY_MAX);
    memcpy(report->key, name.data, report->key_length);
    if (!store_record_read(table, name, record, request->upgrades, request->upgrade_count, scratch, &value,
                           &report->error))
        return false;
    if (table != STORE_META || name.length != strlen(STORE_IDENTITY_KEY) ||
        memcmp(name.data, STORE_IDENTITY_KEY, name.length) != 0)
        return true;
    report->facts.has_identity = true;
    return identity_decode(value, report->facts.cluster_id, &report->error);
}

/* The keys were found in order by the walk over the pages; here LMDB must find as many as the table says. */
static bool table_check(const struct store_check_request *request, MDB_txn *txn, enum store_table table,
                        struct report *report)
{
    MDB_dbi handle;
    MDB_cursor *cursor;
    MDB_stat facts;
    report->table = (int)table;
    report->key_length = 0;
    int code = mdb_dbi_open(txn, store_table_name(table), 0, &handle);
    if (code == MDB_NOTFOUND)
        return true;
    if (code != 0 || (code = mdb_stat(txn, handle, &facts)) != 0 || (code = mdb_cursor_open(txn, handle, &cursor)) != 0)
        return lmdb_error(report, code, "cannot read a table");
    struct buffer scratch = BUFFER_INIT;
    MDB_val key, data;
    uint64_t count = 0;
    bool good = true;
    while (good && count <= facts.ms_entries && (code = mdb_cursor_get(cursor, &key, &data, MDB_NEXT)) == 0) {
        count++;
        good = record_check(request, table, &key, &data, &scratch, report);
    }
    mdb_cursor_close(cursor);
    buffer_release(&scratch);
    report->facts.records[table] = count;
    if (good && (code != MDB_NOTFOUND || count != facts.ms_entries))
        return code != 0 && code != MDB_NOTFOUND
                   ? lmdb_error(report, code, "cannot read a table to its end")
                   : error_set(&report->error, ERROR_CORRUPT, "store table %s: it does not hold the records it says",
                               store_table_name(table));
    return good;
}

static bool records_read(const struct store_check_request *request, struct report *report)
{
    MDB_env *env;
    MDB_txn *txn;
    int code = mdb_env_create(&env);
    if (code != 0)
        return lmdb_error(report, code, "cannot start LMDB");
    mdb_env_set_maxdbs(env, STORE_TABLE_COUNT);
    mdb_env_set_mapsize(env, (size_t)report->facts.bytes);
    code = mdb_env_open(env, request->path, MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK | MDB_NOTLS, 0600);
    if (code != 0 || (code = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn)) != 0)
        return lmdb_error(report, code, "cannot open it");
    bool good = true;
    for (int i = 0; good && i < STORE_TABLE_COUNT; i++) {
        if (store_table_environment((enum store_table)i) == request->environment)
            good = table_check(request, txn, (enum store_table)i, report);
    }
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return good;
}

/* Dies by the plain signal: no handler of the agent or of a sanitizer, no core file, no noise, not outliving its
 * parent.
 */
static void child_prepare(pid_t parent)
{
    static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGTERM, SIGINT, SIGHUP, SIGPIPE};
    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
        signal(deadly[i], SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0)
        dup2(null, STDERR_FILENO);
}

static void child_run(const struct store_check_request *request, pid_t parent, struct report *report)
{
    child_prepare(parent);
    report->good = pages_read(request->path, request->environment, report) && records_read(request, report);
    report->finished = true;
    _exit(0);
}

/* -- in the parent -- */

/* False: it had to be killed. Looks every millisecond: the check delays a start, so it should not wait for a tick. */
static bool child_wait(pid_t child, uint32_t timeout_ms, int *ret_status)
{
    struct timespec now, pause = {0, 1000000};
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t deadline = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + timeout_ms;
    for (;;) {
        pid_t got = waitpid(child, ret_status, WNOHANG);
        if (got == child)
            return true;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if ((got < 0 && errno != EINTR) || (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 >= deadline)
            break;
        nanosleep(&pause, NULL);
    }
    kill(child, SIGKILL);
    while (waitpid(child, ret_status, 0) < 0 && errno == EINTR)
        ;
    return false;
}

static bool death_describe(const struct report *report, int status, struct error *ret_error)
{
    char where[STORE_KEY_TEXT_MAX] = "";
    int table = report->table;
    uint32_t length = report->key_length;
    bool known = table >= 0 && table < STORE_TABLE_COUNT;
    if (length <= STORE_KEY_MAX)
        store_key_text((struct store_bytes){report->key, length}, where);
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    bool killed = number == SIGKILL || number == SIGTERM || number == SIGINT;
    return error_set(ret_error, killed ? ERROR_SYSTEM : ERROR_CORRUPT,
                     "the process that checks it died (%s %d) in table %s at key %s", number ? "signal" : "exit code",
                     number ? number : WEXITSTATUS(status),
                     known ? store_table_name((enum store_table)table) : "(none)", where[0] ? where : "(none)");
}

static bool report_judge(struct report *report, bool in_time, int status, uint32_t timeout_ms, struct error *ret_error)
{
    if (!in_time)
        return error_set(ret_error, ERROR_TIMEOUT, "checking it took longer than %" PRIu32 " ms", timeout_ms);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || !report->finished)
        return death_describe(report, status, ret_error);
    if (report->good)
        return true;
    report->error.text[ERROR_TEXT_MAX - 1] = '\0';
    return error_set(ret_error, report->error.code, "%s", report->error.text);
}

/* Its size against what its head pages say: a mapped file that is too short kills with SIGBUS. */
static bool size_check(const char *path, struct error *ret_error)
{
    uint8_t first[STORE_META_READ], second[STORE_META_READ];
    uint32_t page_size;
    struct store_pages_head head;
    struct stat facts;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set(ret_error, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_SYSTEM, "cannot open it: %s",
                         strerror(errno));
    bool good = false;
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))
        error_set(ret_error, ERROR_CORRUPT, "it is not a plain file");
    else if (facts.st_size == 0)
        error_set(ret_error, ERROR_CORRUPT, "it is empty (0 bytes)");
    else if (pread(fd, first, sizeof first, 0) != (ssize_t)sizeof first)
        error_set(ret_error, ERROR_CORRUPT, "it is truncated (%lld bytes)", (long long)facts.st_size);
    else if (store_pages_read_size(first, &page_size, ret_error)) {
        if (pread(fd, second, sizeof second, page_size) != (ssize_t)sizeof second)
            error_set(ret_error, ERROR_CORRUPT, "it is truncated (%lld bytes)", (long long)facts.st_size);
        else if (store_pages_read_head(first, second, &head, ret_error))
            good = (uint64_t)facts.st_size / head.page_size >= head.page_count ||
                   error_set(ret_error, ERROR_CORRUPT,
                             "it is truncated: %lld bytes, its head says %" PRIu64 " pages of %" PRIu32,
                             (long long)facts.st_size, head.page_count, head.page_size);
    }
    close(fd);
    return good;
}

static bool child_check(const struct store_check_request *request, struct store_check_facts *ret_facts,
                        struct error *ret_error)
{
    uint32_t timeout_ms = request->timeout_ms ? request->timeout_ms : TIMEOUT_DEFAULT_MS;
    struct report *report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (report == MAP_FAILED)
        return error_set(ret_error, ERROR_SYSTEM, "no memory for the check: %s", strerror(errno));
    report->table = -1;
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0)
        child_run(request, parent, report);
    bool good;
    if (child < 0) {
        good = error_set(ret_error, ERROR_SYSTEM, "cannot start the process that checks it: %s", strerror(errno));
    } else {
        int status = 0;
        bool in_time = child_wait(child, timeout_ms, &status);
        good = report_judge(report, in_time, status, timeout_ms, ret_error);
    }
    if (good)
        *ret_facts = report->facts;
    munmap(report, sizeof *report);
    return good;
}

bool store_check_file(const struct store_check_request *request, struct store_check_facts *ret_facts,
                      struct error *ret_error)
{
    if (size_check(request->path, ret_error) && child_check(request, ret_facts, ret_error))
        return true;
    return error_prefix(ret_error, "store file %s", request->path);
}
