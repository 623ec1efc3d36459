/* A libvirt.so.0 for the tests: one domain, whose state is the content of the file FAKE_LIBVIRT_STATE ("running",
 * "shutoff", "gone"), and calls that fail as FAKE_LIBVIRT says:
 *   "lost"       a command is done, then the connection is dead and the call fails
 *   "refused"    a command fails, the connection lives
 *   "transient"  a domain that is shut down is gone
 *   "hang"       a command is done and never returns
 * Each command is a line of the file FAKE_LIBVIRT_STATE.log. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

struct info {
    unsigned char state;
    unsigned long max_memory, memory;
    unsigned short processors;
    unsigned long long time;
};

static int error_code, is_alive = 1;
static char handle;

static const char *state_file(void)
{
    return getenv("FAKE_LIBVIRT_STATE");
}

static int plays(const char *fault)
{
    const char *wanted = getenv("FAKE_LIBVIRT");
    return wanted && strcmp(wanted, fault) == 0;
}

static void read_state(char state[32])
{
    FILE *file = fopen(state_file(), "r");
    if (!file || !fgets(state, 32, file))
        strcpy(state, "gone");
    if (file)
        fclose(file);
}

static int fail(int code)
{
    error_code = code;
    return -1;
}

static int command(const char *name, const char *state)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.log", state_file());
    FILE *log = fopen(path, "a");
    fprintf(log, "%s\n", name);
    fclose(log);
    if (plays("refused"))
        return fail(1);
    FILE *file = fopen(state_file(), "w");
    fputs(plays("transient") && strcmp(state, "shutoff") == 0 ? "gone" : state, file);
    fclose(file);
    if (plays("hang"))
        pause();
    if (!plays("lost"))
        return 0;
    is_alive = 0;
    return fail(1);
}

EXPORT void *virConnectOpen(const char *uri)
{
    (void)uri;
    is_alive = 1;
    return &handle;
}

EXPORT int virConnectClose(void *connection)
{
    (void)connection;
    return 0;
}

EXPORT int virConnectIsAlive(void *connection)
{
    (void)connection;
    return is_alive;
}

EXPORT void *virDomainLookupByName(void *connection, const char *name)
{
    char state[32];
    (void)name;
    read_state(state);
    if (strcmp(state, "gone") != 0)
        return connection;
    error_code = 42;
    return NULL;
}

EXPORT int virDomainFree(void *domain)
{
    (void)domain;
    return 0;
}

EXPORT int virDomainGetInfo(void *domain, struct info *info)
{
    char state[32];
    (void)domain;
    read_state(state);
    if (strcmp(state, "gone") == 0)
        return fail(42);
    *info = (struct info){.state = strcmp(state, "running") == 0 ? 1 : 5, .max_memory = 2097152, .processors = 2};
    return 0;
}

EXPORT int virDomainGetUUIDString(void *domain, char *text)
{
    (void)domain;
    strcpy(text, "6695eb01-f6a4-8304-79aa-97f2502e193f");
    return 0;
}

EXPORT int virDomainCreate(void *domain)
{
    (void)domain;
    return command("start", "running");
}

EXPORT int virDomainShutdown(void *domain)
{
    (void)domain;
    return command("shutdown", "shutoff");
}

EXPORT int virDomainDestroy(void *domain)
{
    (void)domain;
    return command("destroy", "shutoff");
}

EXPORT int virGetLastErrorCode(void)
{
    return error_code;
}

EXPORT const char *virGetLastErrorMessage(void)
{
    return error_code == 42 ? "no such domain" : "internal error: client socket is closed";
}

EXPORT void virSetErrorFunc(void *context, void (*function)(void *, void *))
{
    (void)context;
    (void)function;
}
