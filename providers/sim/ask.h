/* Requests to the control port of simulated regions, and what its refusals mean. */
#ifndef DROVER_PROVIDERS_SIM_ASK_H
#define DROVER_PROVIDERS_SIM_ASK_H

#include "base/buffer.h"
#include "providers/sdk/json.h"
#include "providers/sim/account.h"

#define SIMULATOR_LIST "GET /sim/machines"
#define SIMULATOR_GROW "POST /sim/machines/grow"
#define SIMULATOR_SHRINK "POST /sim/machines/shrink"
#define SIMULATOR_WITHDRAW "POST /sim/machines/withdraw"

/* One request named as above, with a JSON body or NULL. PROVIDER_OK: the answer is a JSON document, *ret_root is the
 * caller's to close. What cannot be read is PROVIDER_RETRY, of a write PROVIDER_UNKNOWN. */
enum provider_status simulator_ask(struct provider_account *account, const char *name, const struct buffer *body,
                                   struct sdk_json_at *ret_root, struct provider_error *error);

#endif
