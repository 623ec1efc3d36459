/* The worker of a hypervisor: started when first needed, asked with a deadline, killed when it overstays. */
#include "providers/onprem/libvirt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "providers/sdk/fail.h"

#define QUIET_FIRST_US INT64_C(5000000)
#define QUIET_MAX_US INT64_C(300000000)

/* The child's side. Everything it inherited is closed, the host's channel to the agent first of all. */
static _Noreturn void become_worker(int socket, pid_t parent, const char *uri)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    int channel = dup2(socket, 3);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (channel < 0 || nothing < 0)
        _exit(1);
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    dup2(nothing, STDERR_FILENO);
    close_range(4, UINT_MAX, 0);
    signal(SIGPIPE, SIG_IGN);
    libvirt_worker_run(channel, uri);
    _exit(0);
}

static bool start_worker(struct hypervisor *hypervisor, struct provider_error *error)
{
    int pair[2];
    pid_t parent = getpid();
    if (hypervisor->worker > 0)
        return true;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        sdk_fail(error, PROVIDER_UNREACHABLE, "libvirt", "no socket for the worker: %s", strerror(errno));
        return false;
    }
    pid_t worker = fork();
    if (worker == 0)
        become_worker(pair[1], parent, hypervisor->uri);
    close(pair[1]);
    if (worker < 0) {
        close(pair[0]);
        sdk_fail(error, PROVIDER_UNREACHABLE, "libvirt", "no process for the worker: %s", strerror(errno));
        return false;
    }
    hypervisor->worker = worker;
    hypervisor->socket = pair[0];
    return true;
}

static void end_worker(struct hypervisor *hypervisor)
{
    if (hypervisor->worker <= 0)
        return;
    close(hypervisor->socket);
    kill(hypervisor->worker, SIGKILL);
    while (waitpid(hypervisor->worker, NULL, 0) < 0 && errno == EINTR) {
    }
    hypervisor->worker = 0;
}

void libvirt_close(struct hypervisor *hypervisor)
{
    end_worker(hypervisor);
}

/* False when no whole reply came in time. */
static bool exchange(const struct hypervisor *hypervisor, const struct libvirt_request *request, int64_t timeout_us,
                     bool *ret_sent, struct libvirt_reply *ret_reply)
{
    struct pollfd waiting = {.fd = hypervisor->socket, .events = POLLIN};
    *ret_sent = send(hypervisor->socket, request, sizeof *request, MSG_NOSIGNAL) == (ssize_t)sizeof *request;
    if (!*ret_sent)
        return false;
    int ready = 0, milliseconds = (int)(timeout_us / 1000);
    do
        ready = poll(&waiting, 1, milliseconds);
    while (ready < 0 && errno == EINTR);
    if (ready != 1 || recv(hypervisor->socket, ret_reply, sizeof *ret_reply, 0) != (ssize_t)sizeof *ret_reply)
        return false;
    ret_reply->uuid[sizeof ret_reply->uuid - 1] = '\0';
    ret_reply->text[sizeof ret_reply->text - 1] = '\0';
    return true;
}

static void be_quiet(struct provider_account *account, struct hypervisor *hypervisor)
{
    int64_t most = QUIET_FIRST_US << (hypervisor->failures < 6 ? hypervisor->failures : 6);
    if (most > QUIET_MAX_US)
        most = QUIET_MAX_US;
    hypervisor->failures++;
    hypervisor->quiet_until_us =
        account_now(account) + most / 2 +
        (int64_t)(account->services->random(account->services->context) % (uint64_t)(most / 2 + 1));
}

static enum provider_status judge(const struct hypervisor *hypervisor, const struct libvirt_request *request,
                                  const struct libvirt_reply *reply, struct provider_error *error)
{
    char code[32];
    enum provider_status status = PROVIDER_INVALID;
    if (reply->outcome == LIBVIRT_DONE)
        return PROVIDER_OK;
    if (reply->outcome == LIBVIRT_NO_DOMAIN)
        status = PROVIDER_NOT_FOUND;
    else if (reply->outcome == LIBVIRT_NO_CONNECTION || reply->outcome == LIBVIRT_NO_LIBRARY)
        status = PROVIDER_UNREACHABLE;
    else if (reply->outcome == LIBVIRT_LOST)
        status = PROVIDER_UNKNOWN;
    sdk_fail(error, status, "libvirt", "%s, domain %s: %s", hypervisor->uri, request->domain, reply->text);
    snprintf(code, sizeof code, "%d", reply->code);
    sdk_error_code(error, code);
    return status;
}

enum provider_status libvirt_ask(struct provider_account *account, struct hypervisor *hypervisor,
                                 enum libvirt_request_kind kind, const char *domain, struct libvirt_reply *ret_reply,
                                 struct provider_error *error)
{
    struct libvirt_request request = {.kind = kind};
    struct libvirt_reply reply;
    int64_t left = account->services->time_left(account->services->context);
    int64_t timeout = account->settings.libvirt_timeout_us;
    bool sent = false;
    if (account_now(account) < hypervisor->quiet_until_us) {
        sdk_fail(error, PROVIDER_UNREACHABLE, "libvirt", "%s: not asked again so soon", hypervisor->uri);
        error->retry_at_us = hypervisor->quiet_until_us;
        return PROVIDER_UNREACHABLE;
    }
    if (left <= 0)
        return sdk_fail(error, PROVIDER_UNREACHABLE, "libvirt", "%s: no time was left to ask", hypervisor->uri);
    snprintf(request.domain, sizeof request.domain, "%s", domain);
    if (!start_worker(hypervisor, error))
        return PROVIDER_UNREACHABLE;
    if (!exchange(hypervisor, &request, left < timeout ? left : timeout, &sent, &reply)) {
        end_worker(hypervisor);
        be_quiet(account, hypervisor);
        return sdk_fail(error, kind == LIBVIRT_READ || !sent ? PROVIDER_UNREACHABLE : PROVIDER_UNKNOWN, "libvirt",
                        "%s gave no answer within libvirt_timeout; see whether its daemon answers virsh",
                        hypervisor->uri);
    }
    enum provider_status status = judge(hypervisor, &request, &reply, error);
    if (status == PROVIDER_UNREACHABLE || status == PROVIDER_UNKNOWN) {
        be_quiet(account, hypervisor);
        return status;
    }
    hypervisor->failures = 0;
    if (status == PROVIDER_OK)
        *ret_reply = reply;
    return status;
}
