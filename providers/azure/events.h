/* Scheduled events: what Azure is about to do to machines, as the metadata service of any one machine of a placement
 * group tells it for all of them. Only this says of a spot machine that it goes in half a minute. The service answers
 * on the machine itself (169.254.169.254) and nowhere else, so that its address, or that of something that passes it
 * on, is a setting of the pool. */
#ifndef DROVER_PROVIDERS_AZURE_EVENTS_H
#define DROVER_PROVIDERS_AZURE_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "providers/azure/account.h"

/* One event for one machine. */
struct azure_event {
    char *id;
    char *machine; /* its name, compute.name of the metadata service */
    char *text;    /* "Preempt by Platform, scheduled: description" */
    enum provider_interruption_kind kind;
    int64_t at_us; /* not before; PROVIDER_UNSET once it has started */
};

struct azure_events {
    struct azure_event *list;
    size_t count, capacity;
};

/* Adds those of a document (API 2020-07-01); the same event for the same machine once, whoever told it. ERROR_INVALID,
 * ERROR_TOO_LARGE; what was added before stays. */
bool azure_events_read(const char *body, size_t length, struct azure_events *events, struct error *ret_error);

/* Asks one address and adds what it tells. */
enum provider_status azure_events_ask(struct provider_account *account, const char *address,
                                      struct azure_events *events, struct provider_error *error);
void azure_events_release(struct azure_events *events);

#endif
