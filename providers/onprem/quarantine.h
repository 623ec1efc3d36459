/* Machines that cannot be told apart get no power action. A machine is its endpoint; UUID and serial number are what
 * that is checked against, since boards ship with none or with each other's. Single thread. */
#ifndef DROVER_PROVIDERS_ONPREM_QUARANTINE_H
#define DROVER_PROVIDERS_ONPREM_QUARANTINE_H

#include "providers/onprem/kept.h"

/* Both UUID and serial number are others than they were: another machine stands behind the endpoint. The setting
 * `serial`, when it names the new one, says that this is right. */
bool quarantine_is_other(const struct machine *machine, const struct belief *belief);

/* Fills machine->quarantine of every machine from what was read now, or else was kept. */
void quarantine_sort_out(struct provider_account *account);

#endif
