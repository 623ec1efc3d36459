/* Domains of a hypervisor as machines. libvirt's calls block for as long as a dead host lets them and cannot be taken
 * back, so each connection lives in a worker process of its own, which is killed when it overstays; the library is
 * loaded there and nowhere else. Single thread. */
#ifndef DROVER_PROVIDERS_ONPREM_LIBVIRT_H
#define DROVER_PROVIDERS_ONPREM_LIBVIRT_H

#include <sys/types.h>

#include "providers/onprem/account.h"
#include "providers/onprem/libvirt_worker.h"

struct hypervisor {
    const char *uri; /* of the first machine that names it */
    pid_t worker;    /* 0: none */
    int socket;
    unsigned failures;
    int64_t quiet_until_us;
};

/* Asks for one domain. PROVIDER_OK: *ret_reply says what libvirt said. PROVIDER_UNREACHABLE: the host did not answer
 * in time, or there is no libvirt here; PROVIDER_UNKNOWN: the same for a command that may have arrived. */
enum provider_status libvirt_ask(struct provider_account *account, struct hypervisor *hypervisor,
                                 enum libvirt_request_kind kind, const char *domain, struct libvirt_reply *ret_reply,
                                 struct provider_error *error);
void libvirt_close(struct hypervisor *hypervisor);

#endif
