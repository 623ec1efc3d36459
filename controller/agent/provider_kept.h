/* What modules keep between processes (services->keep): a JSON file an account, read anew each time and replaced whole,
 * so that the agent and `drover provider check` see the same brakes.
 *
 * At most PROVIDER_KEPT_KEYS_MAX keys an account. Calls block for one small file; any one thread. */
#ifndef DROVER_CONTROLLER_AGENT_PROVIDER_KEPT_H
#define DROVER_CONTROLLER_AGENT_PROVIDER_KEPT_H

#include <stdbool.h>

#include "base/error.h"

enum { PROVIDER_KEPT_KEYS_MAX = 1000 };

struct provider_kept;

/* Files lie in <data_dir>/providers, made where it is missing. data_dir NULL: in memory only. NULL with the reason when
 * the directory cannot be made or is open to others. */
struct provider_kept *provider_kept_open(const char *data_dir, const char *account, struct error *ret_error);
void provider_kept_close(struct provider_kept *kept);

/* NULL when nothing is kept (ret_error is as it was) or the file cannot be read (ret_error says why); valid until the
 * next call. */
const char *provider_kept_get(struct provider_kept *kept, const char *key, struct error *ret_error);
/* value NULL forgets. On disk when it returns true. */
bool provider_kept_set(struct provider_kept *kept, const char *key, const char *value, struct error *ret_error);

#endif
