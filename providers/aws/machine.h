/* Instances as EC2 describes them. The texts point into the answers, which struct aws_machines keeps. */
#ifndef DROVER_PROVIDERS_AWS_MACHINE_H
#define DROVER_PROVIDERS_AWS_MACHINE_H

#include "providers/aws/account.h"
#include "providers/sdk/xml.h"

/* The lower byte of instanceState/code. */
enum aws_power {
    AWS_POWER_PENDING = 0,
    AWS_POWER_RUNNING = 16,
    AWS_POWER_SHUTTING_DOWN = 32,
    AWS_POWER_TERMINATED = 48,
    AWS_POWER_STOPPING = 64,
    AWS_POWER_STOPPED = 80
};

struct aws_machine {
    const char *id, *instance_type, *zone;
    int64_t power;          /* enum aws_power, or what EC2 may add */
    const char *power_text; /* "running" */
    bool spot;
    const char *reason; /* stateReason/code, "" without */
    const char *private_dns;
    int64_t launched_at_us; /* PROVIDER_UNSET unknown */
};

struct aws_machines {
    struct sdk_xml **pages;
    size_t page_count, page_capacity;
    struct aws_machine *list; /* sorted by id once read */
    size_t count, capacity;
};

/* Appends the instances of these ids; those that EC2 does not know are absent. */
enum provider_status aws_machines_read(struct provider_account *account, const char *region, const char *const *ids,
                                       size_t count, struct aws_machines *machines, struct provider_error *error);
/* Appends all that are pending or running in the region, whoever started them: they count towards its quotas. */
enum provider_status aws_machines_read_running(struct provider_account *account, const char *region,
                                               struct aws_machines *machines, struct provider_error *error);
void aws_machines_release(struct aws_machines *machines);
const struct aws_machine *aws_machine_find(const struct aws_machines *machines, const char *id);

/* Terminated, or on its way there. */
bool aws_machine_is_gone(const struct aws_machine *machine);

#endif
