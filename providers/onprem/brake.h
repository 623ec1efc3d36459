/* The brake of a credential: BMCs lock an account, some an address, after a few wrong passwords, and each further try
 * prolongs it. So a refused password is never sent to that BMC again, and after three BMCs refused it to none of the
 * site's, until the password file holds another one. What is kept for that: the BMC's and the user's name as
 * a fingerprint, and 16 bits of a fingerprint of the password that was refused. Single thread. */
#ifndef DROVER_PROVIDERS_ONPREM_BRAKE_H
#define DROVER_PROVIDERS_ONPREM_BRAKE_H

#include "providers/onprem/account.h"

enum { BRAKE_SITE_BMCS = 3, BRAKE_UNFINISHED_MAX = 3 };

/* Before a password leaves for a BMC: counts the try where a crash cannot lose it. PROVIDER_AUTH: stopped, nothing may
 * be sent. PROVIDER_RETRY: could not be kept, or too many tries in a row ended without an answer or in a crash. */
enum provider_status brake_begin(struct provider_account *account, const struct bmc *bmc, const char *password,
                                 struct provider_error *error);

enum brake_outcome {
    BRAKE_ACCEPTED,
    BRAKE_REFUSED,
    BRAKE_NO_WORD,   /* it did not arrive, or what came back says nothing of the password */
    BRAKE_UNANSWERED /* perhaps it arrived and was counted as wrong: the try stays counted, as after a crash */
};
/* What came of it. */
void brake_end(struct provider_account *account, const struct bmc *bmc, const char *password,
               enum brake_outcome outcome);

#endif
