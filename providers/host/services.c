/* Time, settings, secrets, files, log and what is kept; what is emitted is in emit.c. */
#include "providers/host/services.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/json.h"
#include "base/memory.h"
#include "net/clock.h"
#include "net/files.h"
#include "net/random.h"
#include "providers/host/emit.h"
#include "providers/sdk/fail.h"

static void wipe(struct buffer *buffer)
{
    if (buffer->capacity > 0)
        explicit_bzero(buffer->data, buffer->capacity);
    buffer_release(buffer);
}

/* A module may hold two secrets at once: each lives until it is asked for again, or the call ends. */
struct host_secret {
    struct host_secret *next;
    char *path;
    struct buffer text;
};

static struct buffer *secret_room(struct host_services *services, const char *path)
{
    struct host_secret *secret = services->secrets;
    while (secret && strcmp(secret->path, path) != 0)
        secret = secret->next;
    if (!secret) {
        secret = memory_new(1, sizeof *secret);
        secret->path = memory_copy_text(path, strlen(path));
        secret->next = services->secrets;
        services->secrets = secret;
        buffer_init(&secret->text);
    }
    wipe(&secret->text);
    return &secret->text;
}

static void forget_secrets(struct host_services *services)
{
    while (services->secrets) {
        struct host_secret *secret = services->secrets;
        services->secrets = secret->next;
        wipe(&secret->text);
        free(secret->path);
        free(secret);
    }
}

static int64_t service_now(void *context)
{
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t service_ticks(void *context)
{
    (void)context;
    return clock_monotonic_us();
}

static int64_t service_time_left(void *context)
{
    const struct host_services *services = context;
    int64_t left = services->deadline_us - clock_monotonic_us();
    return left > 0 ? left : 0;
}

static bool service_sleep(void *context, int64_t us)
{
    if (us >= service_time_left(context))
        return false;
    struct timespec rest = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    while (us > 0 && nanosleep(&rest, &rest) != 0 && errno == EINTR) {
    }
    return true;
}

static uint64_t service_random(void *context)
{
    (void)context;
    uint64_t bits = 0;
    random_bytes(&bits, sizeof bits);
    return bits;
}

static void service_http(void *context, const struct provider_request *request, struct provider_answer *ret_answer)
{
    struct host_services *services = context;
    host_http_run(services->http, request, service_time_left(context), ret_answer);
}

static void service_http_release(void *context, struct provider_answer *answer)
{
    (void)context;
    host_http_release(answer);
}

const char *host_level_word(enum provider_level level)
{
    static const char *const words[] = {"debug", "info", "warn", "error"};
    return (unsigned)level < sizeof words / sizeof *words ? words[level] : "error";
}

static void service_log(void *context, enum provider_level level, const char *text)
{
    char line[PROVIDER_TEXT_MAX];
    sdk_copy_text(line, sizeof line, text);
    host_tell_log(context, level, line);
}

void host_services_log(struct host_services *services, enum provider_level level, const char *format, ...)
{
    char text[PROVIDER_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    service_log(services, level, text);
}

static void service_progress(void *context, const char *text)
{
    char line[PROVIDER_TEXT_MAX];
    sdk_copy_text(line, sizeof line, text);
    host_tell_progress(context, line);
}

static const char *service_setting(void *context, const char *path, size_t at)
{
    const struct host_services *services = context;
    return provider_settings_get(&services->settings, path, at);
}

static const char *service_setting_label(void *context, const char *block, size_t at)
{
    const struct host_services *services = context;
    return provider_settings_label(&services->settings, block, at);
}

static bool others_may_read(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && (about.st_mode & (S_IRGRP | S_IROTH)) != 0;
}

static const char *service_secret(void *context, const char *path)
{
    struct host_services *services = context;
    char key[SETTING_PATH_MAX + 8];
    struct error why = {0};
    snprintf(key, sizeof key, "%.*s_file", SETTING_PATH_MAX, path);
    const char *file = provider_settings_get(&services->settings, key, 0);
    if (!file)
        return NULL;
    struct buffer *secret = secret_room(services, key);
    buffer_reserve(secret, HOST_FILE_MAX); /* growing would leave copies behind */
    if (!file_read(file, HOST_FILE_MAX - 1, secret, &why)) {
        host_services_log(services, PROVIDER_ERROR, "%s: %s", key, why.text);
        return NULL;
    }
    while (secret->length > 0 && strchr(" \t\r\n", secret->data[secret->length - 1]))
        secret->data[--secret->length] = '\0';
    if (memchr(secret->data, '\0', secret->length)) {
        host_services_log(services, PROVIDER_ERROR, "%s: the file holds a NUL byte", key);
        wipe(secret);
        return NULL;
    }
    if (others_may_read(file))
        host_services_log(services, PROVIDER_WARN, "%s: others may read %s; give it mode 0600", key, file);
    return secret->data;
}

static const char *service_environment(void *context, const char *name)
{
    (void)context;
    return getenv(name);
}

static const char *service_file(void *context, const char *path, size_t *ret_length, bool *ret_open,
                                const char **ret_trouble)
{
    struct host_services *services = context;
    struct error why = {0};
    wipe(&services->file);
    buffer_reserve(&services->file, HOST_FILE_MAX);
    if (!file_read(path, HOST_FILE_MAX - 1, &services->file, &why)) {
        sdk_copy_text(services->trouble, sizeof services->trouble, why.text);
        if (ret_trouble)
            *ret_trouble = services->trouble;
        return NULL;
    }
    *ret_open = others_may_read(path);
    *ret_length = services->file.length;
    return services->file.data;
}

static const char *service_kept(void *context, const char *key)
{
    struct host_services *services = context;
    return strnlen(key, HOST_KEY_MAX + 1) <= HOST_KEY_MAX ? host_ask_kept(services, key) : NULL;
}

static bool service_keep(void *context, const char *key, const char *value)
{
    struct host_services *services = context;
    if (strnlen(key, HOST_KEY_MAX + 1) > HOST_KEY_MAX || (value && strnlen(value, HOST_KEPT_MAX + 1) > HOST_KEPT_MAX)) {
        host_services_log(services, PROVIDER_ERROR, "what is to be kept is longer than allowed");
        return false;
    }
    return host_ask_keep(services, key, value);
}

static void fill_table(struct host_services *services)
{
    services->table = (struct provider_services){
        .struct_size = sizeof services->table,
        .context = services,
        .http = service_http,
        .http_release = service_http_release,
        .now = service_now,
        .ticks = service_ticks,
        .sleep = service_sleep,
        .time_left = service_time_left,
        .random = service_random,
        .log = service_log,
        .progress = service_progress,
        .setting = service_setting,
        .setting_label = service_setting_label,
        .secret = service_secret,
        .environment = service_environment,
        .file = service_file,
        .kept = service_kept,
        .keep = service_keep,
    };
    host_emit_fill(&services->table);
}

bool host_services_init(struct host_services *services, const struct host_channel *channel, struct error *ret_error)
{
    *services = (struct host_services){.channel = *channel};
    buffer_init(&services->file);
    buffer_init(&services->message);
    fill_table(services);
    services->http = host_http_new(ret_error);
    return services->http != NULL;
}

void host_services_release(struct host_services *services)
{
    host_services_end(services);
    host_http_free(services->http);
    provider_settings_release(&services->settings);
    buffer_release(&services->message);
}

void host_services_begin(struct host_services *services, int64_t time_us)
{
    services->deadline_us = clock_monotonic_us() + time_us;
}

void host_services_end(struct host_services *services)
{
    forget_secrets(services);
    host_forget_kept(services);
    wipe(&services->file);
}
