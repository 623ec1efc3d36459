/* The two ways to a machine, behind one face. Single thread. */
#ifndef DROVER_PROVIDERS_ONPREM_TRANSPORT_H
#define DROVER_PROVIDERS_ONPREM_TRANSPORT_H

#include "providers/onprem/account.h"

/* Fills machine->reading once from the machine; what cannot be known is POWER_UNKNOWN with the reason in `trouble`.
 * `watts`: ask for them too. */
void transport_read(struct provider_account *account, struct machine *machine, bool watts);

enum transport_command { TRANSPORT_ON, TRANSPORT_SHUTDOWN, TRANSPORT_FORCE_OFF };

/* What the machine offers, as of its last reading. */
bool transport_offers(struct provider_account *account, struct machine *machine, enum transport_command command);
/* PROVIDER_OK: nothing forbids a command; PROVIDER_RETRY: firmware is being written. Other: it cannot be known. */
enum provider_status transport_may(struct provider_account *account, struct machine *machine,
                                   struct provider_error *error);
/* Sends it. PROVIDER_OK is "accepted", not done. PROVIDER_CONFLICT with the code InvalidOperationForSystemState: not in
 * this state, or too soon after the last one. */
enum provider_status transport_send(struct provider_account *account, struct machine *machine,
                                    enum transport_command command, struct provider_error *error);

/* redfish.c */
void redfish_read(struct provider_account *account, struct machine *machine, bool watts);
bool redfish_offers(struct provider_account *account, struct machine *machine, enum transport_command command);
enum provider_status redfish_may(struct provider_account *account, struct machine *machine,
                                 struct provider_error *error);
enum provider_status redfish_send(struct provider_account *account, struct machine *machine,
                                  enum transport_command command, struct provider_error *error);
/* redfish_watts.c: the chassis' metrics into machine->reading. */
void redfish_measure(struct provider_account *account, struct machine *machine);

#endif
