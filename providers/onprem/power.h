/* Power commands: one at a time a machine, noted before they leave, followed until the state is seen. Single thread. */
#ifndef DROVER_PROVIDERS_ONPREM_POWER_H
#define DROVER_PROVIDERS_ONPREM_POWER_H

#include "providers/onprem/kept.h"
#include "providers/onprem/transport.h"

/* Sends a first command to a machine that was just read and is not in that state. PROVIDER_OK: accepted, or already
 * there after all. PROVIDER_UNKNOWN: perhaps; the command stays noted. Any other: nothing happened, nothing is noted.
 */
enum provider_status power_begin(struct provider_account *account, struct machine *machine, bool on,
                                 struct provider_error *error);

enum power_progress { POWER_REACHED, POWER_WAITS, POWER_FAILED };

/* Does what the command of a machine that was just read needs now: repeats it once after start_timeout, cuts the power
 * after the pool's off_timeout where force_off allows that. POWER_FAILED: *ret_status and *error say how. */
enum power_progress power_follow(struct provider_account *account, struct machine *machine, bool on,
                                 enum provider_status *ret_status, struct provider_error *error);

#endif
