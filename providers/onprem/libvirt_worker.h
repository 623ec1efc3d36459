/* What a module and its libvirt worker say to each other: one request, one reply, each one packet of a socketpair. */
#ifndef DROVER_PROVIDERS_ONPREM_LIBVIRT_WORKER_H
#define DROVER_PROVIDERS_ONPREM_LIBVIRT_WORKER_H

#include <stdbool.h>
#include <stdint.h>

enum { LIBVIRT_DOMAIN_MAX = 512, LIBVIRT_TEXT_MAX = 256 };

enum libvirt_request_kind { LIBVIRT_READ, LIBVIRT_START, LIBVIRT_SHUTDOWN, LIBVIRT_DESTROY };

struct libvirt_request {
    enum libvirt_request_kind kind;
    char domain[LIBVIRT_DOMAIN_MAX];
};

enum libvirt_outcome {
    LIBVIRT_DONE,       /* state and the rest are those before a command, which was taken */
    LIBVIRT_NO_LIBRARY, /* libvirt.so.0 is not there */
    LIBVIRT_NO_CONNECTION,
    LIBVIRT_LOST, /* the connection broke meanwhile: a command may have been done */
    LIBVIRT_NO_DOMAIN,
    LIBVIRT_REFUSED /* text says why */
};

struct libvirt_reply {
    enum libvirt_outcome outcome;
    int state; /* virDomainState */
    char uuid[37];
    int64_t vcpus, memory_kib;
    int code; /* virErrorNumber */
    char text[LIBVIRT_TEXT_MAX];
};

/* virDomainState of libvirt 9.0, include/libvirt/libvirt-domain.h */
enum libvirt_state {
    LIBVIRT_STATE_NONE,
    LIBVIRT_STATE_RUNNING,
    LIBVIRT_STATE_BLOCKED,
    LIBVIRT_STATE_PAUSED,
    LIBVIRT_STATE_SHUTDOWN, /* on its way */
    LIBVIRT_STATE_SHUTOFF,
    LIBVIRT_STATE_CRASHED,
    LIBVIRT_STATE_SUSPENDED
};

/* The worker's whole life: serves requests from `socket` on one connection until it is closed. */
void libvirt_worker_run(int socket, const char *uri);

#endif
