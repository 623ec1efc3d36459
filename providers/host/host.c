/* The host's loop over requests; see host.h. */
#include "providers/host/host.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/json.h"
#include "providers/host/call.h"
#include "providers/host/emit.h"
#include "providers/host/wire.h"
#include "providers/sdk/fail.h"

enum { REQUEST_DEPTH_MAX = 16, READ_BYTES = 64 * 1024 };

struct host {
    struct wire_reader reader;
    struct buffer out;
    char bytes[READ_BYTES];
    struct host_services services;
    struct host_account account;
};

static bool write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(HOST_SOCKET, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

/* The next frame as JSON; false at the end of the stream or when it is none. */
static bool read_frame(struct host *host, json_t **ret_value)
{
    const char *json = NULL;
    size_t length = 0;
    struct error ignored = {0};
    for (;;) {
        enum wire_next next = wire_reader_next(&host->reader, &json, &length);
        if (next == WIRE_FRAME)
            return json_read(json, length, WIRE_REQUEST_MAX, REQUEST_DEPTH_MAX, ret_value, &ignored);
        if (next == WIRE_BAD)
            return false;
        ssize_t got = read(HOST_SOCKET, host->bytes, sizeof host->bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        wire_reader_feed(&host->reader, host->bytes, (size_t)got);
    }
}

static bool tell(void *context, const char *json, size_t length)
{
    struct host *host = context;
    buffer_clear(&host->out);
    wire_append(&host->out, json, length);
    return write_all(host->out.data, host->out.length);
}

/* Nothing but the answer comes while a call runs. */
static bool ask(void *context, const char *json, size_t length, json_t **ret_answer)
{
    return tell(context, json, length) && read_frame(context, ret_answer);
}

static enum provider_status open_refused(struct provider_error *failure, const struct error *why)
{
    return sdk_fail_with(failure, PROVIDER_INVALID, "open", why);
}

static void tell_module(struct host *host)
{
    struct buffer text = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&text, false);
    char name[128];
    char version[128];
    sdk_copy_text(name, sizeof name, host->account.module.name);
    sdk_copy_text(version, sizeof version, host->account.module.version);
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "module", name);
    json_writer_field_text(&writer, "version", version);
    json_writer_end_object(&writer);
    json_writer_done(&writer);
    tell(host, text.data, text.length);
    buffer_release(&text);
}

static void open_account(struct host *host, json_t *request)
{
    struct provider_error failure = {.retry_at_us = PROVIDER_UNSET};
    struct error why = {0};
    const char *path = NULL;
    const char *name = NULL;
    enum provider_status status;
    if (host->account.account) {
        status = sdk_fail(&failure, PROVIDER_INVALID, "open", "the account is open already");
    } else if (!json_require_text(request, "module", &path, &why) || !json_require_text(request, "name", &name, &why) ||
               !provider_settings_read(&host->services.settings, json_object_get(request, "settings"), &why) ||
               !host_module_load(path, &host->account.module, &why)) {
        status = open_refused(&failure, &why);
    } else {
        tell_module(host);
        status = host_account_open(&host->account, name, &failure);
    }
    host_tell_done(&host->services, status, &failure, NULL);
    host_services_end(&host->services);
}

/* False when the host is to end. */
static bool serve(struct host *host, json_t *request)
{
    const char *function = json_string_value(json_object_get(request, "function"));
    int64_t time_us = json_integer_value(json_object_get(request, "time_us"));
    if (!function || strcmp(function, "close") == 0)
        return false;
    host_services_begin(&host->services, time_us);
    if (strcmp(function, "open") == 0)
        open_account(host, request);
    else
        host_account_call(&host->account, function, json_object_get(request, "arguments"));
    return !host->services.gone;
}

static int run(void)
{
    struct host host = {0};
    struct host_channel channel = {tell, ask, &host};
    struct error error = {0};
    json_t *request = NULL;
    wire_reader_init(&host.reader, WIRE_REQUEST_MAX);
    buffer_init(&host.out);
    if (!host_services_init(&host.services, &channel, &error))
        return EXIT_FAILURE;
    host.account.services = &host.services;
    bool more = true;
    while (more && read_frame(&host, &request)) {
        more = serve(&host, request);
        json_decref(request);
    }
    host_services_begin(&host.services, 2000000); /* close() may log out */
    host_account_close(&host.account);
    bool gone = host.services.gone;
    host_services_release(&host.services);
    wire_reader_release(&host.reader);
    buffer_release(&host.out);
    return gone ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Sanitizers reserve terabytes of addresses and look at their own process by ptrace. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

static void bound_process(int64_t memory_mib)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    if (IS_SANITIZED)
        return;
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (memory_mib > 0) {
        rlim_t bytes = (rlim_t)memory_mib * 1024 * 1024;
        struct rlimit most = {bytes, bytes};
        setrlimit(RLIMIT_AS, &most);
    }
}

int provider_host_main(pid_t parent, int64_t memory_mib)
{
    /* In this order: a parent that died before prctl is seen by the check after it. */
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent)
        return EXIT_FAILURE;
    close_range(HOST_SOCKET + 1, ~0U, 0);
    signal(SIGPIPE, SIG_IGN);
    bound_process(memory_mib);
    return run();
}
