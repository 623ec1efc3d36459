/* Requests to a BMC: the service root, the session or Basic, redirects within it, and leaving it in peace while it does
 * not answer. DSP0266 (Redfish Specification) 7 and 13. Single thread. */
#ifndef DROVER_PROVIDERS_ONPREM_BMC_H
#define DROVER_PROVIDERS_ONPREM_BMC_H

#include "providers/onprem/account.h"

/* PROVIDER_OK: a 2xx answer, the caller's to give back by services->http_release. `call` names the request in errors.
 * A refusal's code is in error->code: "InvalidOperationForSystemState". */
enum provider_status bmc_get(struct provider_account *account, struct bmc *bmc, const char *path, const char *call,
                             struct provider_answer *ret_answer, struct provider_error *error);
/* A write: PROVIDER_UNKNOWN when it may have arrived and no answer came. `body` is JSON. `etag` is that of the resource
 * it changes, "" unknown; it is sent only to a BMC that asks for it (428), without quotes to one that wants it so
 * (412).
 */
enum provider_status bmc_post(struct provider_account *account, struct bmc *bmc, const char *path, const char *call,
                              const char *etag, const char *body, struct provider_answer *ret_answer,
                              struct provider_error *error);
/* The path on this BMC that a Location header leads to, NULL when it leads elsewhere or nowhere. */
const char *bmc_path_of_location(const struct bmc *bmc, const char *location);

/* Knows the root and is logged in, or says why not. The first step of the two above; for itself in checks. */
enum provider_status bmc_log_in(struct provider_account *account, struct bmc *bmc, struct provider_error *error);
/* Ends the session, if there is one. Where no answer comes its path stays kept, and the next process ends it. */
void bmc_log_out(struct provider_account *account, struct bmc *bmc);

#endif
