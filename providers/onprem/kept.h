/* What outlives the process, a record a machine: the command under way, and what is believed of it. Single thread. */
#ifndef DROVER_PROVIDERS_ONPREM_KEPT_H
#define DROVER_PROVIDERS_ONPREM_KEPT_H

#include "providers/onprem/account.h"

/* A wanted power state. Kept before the first request leaves, so that a crash in between leaves something to look at;
 * forgotten once the state is seen. At most one a machine. */
struct command {
    bool on;            /* wanted */
    bool forced;        /* the power was cut: no shutdown any more */
    bool failed;        /* repeated once and still without effect, as of sent_us */
    unsigned sends;     /* of the present kind */
    int64_t started_us; /* of the whole command */
    int64_t sent_us;    /* of the last request */
};

/* False when none is kept. */
bool kept_command(const struct provider_account *account, const struct machine *machine, struct command *ret_command);
/* False when it could not be stored: then nothing is sent. */
bool keep_command(struct provider_account *account, const struct machine *machine, const struct command *command);
void forget_command(struct provider_account *account, const struct machine *machine);

/* A command that may still take effect: neither failed nor older than its time. What is older is never sent again. */
bool command_is_live(const struct provider_account *account, const struct machine *machine,
                     const struct command *command);
/* One that failed, until half an hour later. */
bool command_has_failed(const struct provider_account *account, const struct command *command);

struct belief {
    bool on;               /* as last confirmed */
    bool ours;             /* Drover powered it on */
    int64_t since_us;      /* of `on` */
    int64_t last_reset_us; /* the BMC's own clock: compared, never taken as a time */
    char uuid[REDFISH_WORD_MAX], serial[REDFISH_WORD_MAX];
};

bool kept_belief(const struct provider_account *account, const struct machine *machine, struct belief *ret_belief);
/* A belief that could not be stored is logged; the next survey comes to it again. */
void keep_belief(struct provider_account *account, const struct machine *machine, const struct belief *belief);

#endif
