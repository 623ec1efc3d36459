/* Telling how a call failed, in one line:
 *
 *     return sdk_fail(error, PROVIDER_INVALID, "autoscaling:SetDesiredCapacity", "to is %lld", (long long)to);
 *
 * Texts that come from outside are made visible (no control characters, no broken UTF-8) and cut to their fields.
 * Pure. */
#ifndef DROVER_PROVIDERS_SDK_FAIL_H
#define DROVER_PROVIDERS_SDK_FAIL_H

#include "base/error.h"
#include "providers/provider.h"

/* Clears *error, fills call and text, returns status. `call` is the provider's name of the request, "" without. */
enum provider_status sdk_fail(struct provider_error *error, enum provider_status status, const char *call,
                              const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same with the text of a base error ("where: what"): PROVIDER_INVALID does not fit an answer that cannot be read,
 * so the status is the caller's to choose. */
enum provider_status sdk_fail_with(struct provider_error *error, enum provider_status status, const char *call,
                                   const struct error *reason);

/* error->code = code, made visible and cut; NULL reads as "". */
void sdk_error_code(struct provider_error *error, const char *code);

/* Copies outside text into a field of `size` bytes, visible, cut between characters. */
void sdk_copy_text(char *ret_text, size_t size, const char *text);

/* Logs one line, made visible and cut to PROVIDER_TEXT_MAX. */
void sdk_log(const struct provider_services *services, enum provider_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "retry", "throttled", ... as provider.h has them; "invalid" for a value outside the list. Static. */
const char *sdk_status_word(enum provider_status status);

#endif
