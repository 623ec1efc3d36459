/* The table that a module is given (struct provider_services), over a channel to whoever runs the module: the agent at
 * the other end of the socket, or a test tool that prints.
 *
 * Results, log lines and progress leave as JSON messages (docs/providers/README.md); keep and kept ask and wait.
 * Single thread. */
#ifndef DROVER_PROVIDERS_HOST_SERVICES_H
#define DROVER_PROVIDERS_HOST_SERVICES_H

#include <jansson.h>

#include "base/buffer.h"
#include "base/error.h"
#include "providers/host/http.h"
#include "providers/host/settings.h"
#include "providers/provider.h"

enum {
    HOST_FILE_MAX = 1024 * 1024,
    HOST_KEY_MAX = 200,
    HOST_KEPT_MAX = 4096,
    HOST_MESSAGE_MAX = 128 * 1024 /* towards the agent */
};

/* Where messages go. Both return false when there is nobody any more. */
struct host_channel {
    bool (*tell)(void *context, const char *json, size_t length);
    /* Tells and waits for the answer; the caller drops *ret_answer. */
    bool (*ask)(void *context, const char *json, size_t length, json_t **ret_answer);
    void *context;
};

/* What a module was given in the running call. */
struct host_secret;
struct host_text;

struct host_services {
    struct provider_services table; /* what the module gets; table.context is this struct */
    struct host_channel channel;
    struct host_http *http;
    struct provider_settings settings;
    int64_t deadline_us;         /* of the running call, on the forward-only clock */
    struct host_secret *secrets; /* what secret() returned in this call */
    struct buffer file;          /* what file() returned last */
    struct host_text *kept;      /* what kept() returned in this call */
    struct buffer message;       /* being written */
    char trouble[ERROR_TEXT_MAX];
    bool gone; /* a message could not be delivered */
};

/* False with ERROR_SYSTEM when libcurl does not start. */
bool host_services_init(struct host_services *services, const struct host_channel *channel, struct error *ret_error);
/* Wipes what was secret. */
void host_services_release(struct host_services *services);

/* A call begins: so much time from now. */
void host_services_begin(struct host_services *services, int64_t time_us);
/* A call has ended: forgets what it was given (secrets, files, what was kept). */
void host_services_end(struct host_services *services);

/* A line of the host's own, and one about a record that is not passed on. */
void host_services_log(struct host_services *services, enum provider_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "debug", "info", "warn", "error"; static. */
const char *host_level_word(enum provider_level level);

#endif
