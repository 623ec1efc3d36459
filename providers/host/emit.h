/* The messages of a module's call: records, log lines, progress, what is kept, and the end. Private to providers/host/.
 *
 *     {"record": "offer", "value": {...}}        {"log": "warn", "text": "..."}        {"progress": "..."}
 *     {"kept": "key"}  answered {"value": "..."|null}      {"keep": "key", "value": "..."|null}  answered {"stored":
 * true}
 *     {"done": "ok"}  {"done": "quota", "error": {...}}  {"done": "ok", "operation": {...}} */
#ifndef DROVER_PROVIDERS_HOST_EMIT_H
#define DROVER_PROVIDERS_HOST_EMIT_H

#include "providers/host/services.h"

/* Sets the emit_ functions of the table. */
void host_emit_fill(struct provider_services *table);

void host_tell_log(struct host_services *services, enum provider_level level, const char *text);
void host_tell_progress(struct host_services *services, const char *text);
/* The text lives until the call ends. */
const char *host_ask_kept(struct host_services *services, const char *key);
void host_forget_kept(struct host_services *services);
bool host_ask_keep(struct host_services *services, const char *key, const char *value);
/* How the call ended; operation NULL without one. What the module filled in wrongly is made fit and logged. */
void host_tell_done(struct host_services *services, enum provider_status status, const struct provider_error *error,
                    const struct provider_operation *operation);

#endif
