/* Inside the worker process: libvirt, loaded by name, so that a module without it loads as well as one with it. The
 * declarations are those of libvirt's stable interface (since 0.9.2), as far as they are used. */
#include "providers/onprem/libvirt_worker.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct vir_connect;
struct vir_domain;

struct vir_domain_info {
    unsigned char state;
    unsigned long max_memory_kib, memory_kib;
    unsigned short vcpus;
    unsigned long long cpu_time;
};

/* X(member, symbol, result, parameters) */
#define LIBVIRT_FUNCTIONS(X)                                                                                           \
    X(open, virConnectOpen, struct vir_connect *, (const char *))                                                      \
    X(close, virConnectClose, int, (struct vir_connect *))                                                             \
    X(is_alive, virConnectIsAlive, int, (struct vir_connect *))                                                        \
    X(find, virDomainLookupByName, struct vir_domain *, (struct vir_connect *, const char *))                          \
    X(release, virDomainFree, int, (struct vir_domain *))                                                              \
    X(info, virDomainGetInfo, int, (struct vir_domain *, struct vir_domain_info *))                                    \
    X(uuid, virDomainGetUUIDString, int, (struct vir_domain *, char *))                                                \
    X(start, virDomainCreate, int, (struct vir_domain *))                                                              \
    X(shutdown, virDomainShutdown, int, (struct vir_domain *))                                                         \
    X(destroy, virDomainDestroy, int, (struct vir_domain *))                                                           \
    X(error_code, virGetLastErrorCode, int, (void))                                                                    \
    X(error_text, virGetLastErrorMessage, const char *, (void))                                                        \
    X(set_error_function, virSetErrorFunc, void, (void *, void (*)(void *, void *)))

/* NOLINTBEGIN(bugprone-macro-parentheses): a parameter list, and a declarator */
struct library {
#define LIBVIRT_MEMBER(member, symbol, result, parameters) result(*member) parameters;
    LIBVIRT_FUNCTIONS(LIBVIRT_MEMBER)
#undef LIBVIRT_MEMBER
};
/* NOLINTEND(bugprone-macro-parentheses) */

struct worker {
    struct library library;
    bool loaded;
    const char *uri;
    struct vir_connect *connection;
};

/* Keeps libvirt from writing to standard error. */
static void ignore_error(void *context, void *error)
{
    (void)context;
    (void)error;
}

static bool load_library(struct worker *worker, struct libvirt_reply *reply)
{
    if (worker->loaded)
        return true;
    void *handle = dlopen("libvirt.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        reply->outcome = LIBVIRT_NO_LIBRARY;
        snprintf(reply->text, sizeof reply->text, "libvirt.so.0 is not there: install libvirt0");
        return false;
    }
#define LIBVIRT_LOAD(member, symbol, result, parameters)                                                               \
    *(void **)(&worker->library.member) = dlsym(handle, #symbol);                                                      \
    if (!worker->library.member) {                                                                                     \
        reply->outcome = LIBVIRT_NO_LIBRARY;                                                                           \
        snprintf(reply->text, sizeof reply->text, "libvirt.so.0 has no " #symbol);                                     \
        return false;                                                                                                  \
    }
    LIBVIRT_FUNCTIONS(LIBVIRT_LOAD)
#undef LIBVIRT_LOAD
    worker->library.set_error_function(NULL, ignore_error);
    worker->loaded = true;
    return true;
}

static void tell_error(const struct worker *worker, enum libvirt_outcome outcome, struct libvirt_reply *reply)
{
    const char *text = worker->library.error_text();
    reply->outcome = outcome;
    reply->code = worker->library.error_code();
    snprintf(reply->text, sizeof reply->text, "%s", text ? text : "");
}

/* A call on the connection failed. Its code does not tell a refusal from a host that went away: both are inner errors.
 */
static void tell_failure(const struct worker *worker, struct libvirt_reply *reply)
{
    tell_error(worker, LIBVIRT_REFUSED, reply);
    if (worker->library.is_alive(worker->connection) != 1)
        reply->outcome = LIBVIRT_LOST;
}

static bool connect_host(struct worker *worker, struct libvirt_reply *reply)
{
    if (worker->connection && worker->library.is_alive(worker->connection) == 1)
        return true;
    if (worker->connection)
        worker->library.close(worker->connection);
    worker->connection = worker->library.open(worker->uri);
    if (worker->connection)
        return true;
    tell_error(worker, LIBVIRT_NO_CONNECTION, reply);
    return false;
}

static bool read_domain(const struct worker *worker, struct vir_domain *domain, struct libvirt_reply *reply)
{
    struct vir_domain_info info;
    memset(&info, 0, sizeof info);
    if (worker->library.info(domain, &info) != 0 || worker->library.uuid(domain, reply->uuid) != 0) {
        tell_failure(worker, reply);
        return false;
    }
    reply->state = info.state;
    reply->vcpus = info.vcpus;
    reply->memory_kib = (int64_t)info.max_memory_kib;
    return true;
}

static bool is_off(int state)
{
    return state == LIBVIRT_STATE_SHUTOFF || state == LIBVIRT_STATE_CRASHED;
}

/* State first: libvirt's codes for "already so" are those of inner errors. Not afterwards: a transient domain is gone
 * with its shutdown. */
static void serve_domain(const struct worker *worker, const struct libvirt_request *request, struct vir_domain *domain,
                         struct libvirt_reply *reply)
{
    if (!read_domain(worker, domain, reply)) {
        if (reply->outcome == LIBVIRT_LOST)
            reply->outcome = LIBVIRT_NO_CONNECTION; /* before any command */
        return;
    }
    if (request->kind == LIBVIRT_READ || is_off(reply->state) == (request->kind != LIBVIRT_START))
        return;
    int result = request->kind == LIBVIRT_START      ? worker->library.start(domain)
                 : request->kind == LIBVIRT_SHUTDOWN ? worker->library.shutdown(domain)
                                                     : worker->library.destroy(domain);
    if (result != 0)
        tell_failure(worker, reply);
}

static void serve(struct worker *worker, const struct libvirt_request *request, struct libvirt_reply *reply)
{
    enum { NO_SUCH_DOMAIN = 42 }; /* VIR_ERR_NO_DOMAIN */
    if (!load_library(worker, reply) || !connect_host(worker, reply))
        return;
    struct vir_domain *domain = worker->library.find(worker->connection, request->domain);
    if (!domain) {
        tell_failure(worker, reply);
        if (reply->code == NO_SUCH_DOMAIN)
            reply->outcome = LIBVIRT_NO_DOMAIN;
        else if (reply->outcome == LIBVIRT_LOST)
            reply->outcome = LIBVIRT_NO_CONNECTION; /* before any command */
        return;
    }
    serve_domain(worker, request, domain, reply);
    worker->library.release(domain);
}

void libvirt_worker_run(int socket, const char *uri)
{
    struct worker worker = {.uri = uri};
    struct libvirt_request request;
    while (recv(socket, &request, sizeof request, 0) == (ssize_t)sizeof request) {
        struct libvirt_reply reply;
        memset(&reply, 0, sizeof reply);
        request.domain[sizeof request.domain - 1] = '\0';
        serve(&worker, &request, &reply);
        if (send(socket, &reply, sizeof reply, MSG_NOSIGNAL) != (ssize_t)sizeof reply)
            break;
    }
    if (worker.connection)
        worker.library.close(worker.connection);
}
