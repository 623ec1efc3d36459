/* services->http of provider.h on libcurl's easy interface: one session an account, connections kept.
 *
 * What provider.h promises is kept here: no redirect, https only but for local addresses, a pinned key instead of every
 * other check, bounds on headers and body, and above all the outcome: NOT_SENT is said only when libcurl was not yet
 * about to write the request. libcurl's own second try of a request on a connection that died is stopped, unless the
 * method is GET or HEAD. Single thread. */
#ifndef DROVER_PROVIDERS_HOST_HTTP_H
#define DROVER_PROVIDERS_HOST_HTTP_H

#include "base/error.h"
#include "providers/provider.h"

struct host_http;

struct host_http *host_http_new(struct error *ret_error);
void host_http_free(struct host_http *http);

/* `time_left_us`: what the call's deadline leaves; the request's own timeouts are cut to it. Fills *ret_answer always.
 */
void host_http_run(struct host_http *http, const struct provider_request *request, int64_t time_left_us,
                   struct provider_answer *ret_answer);
/* Wipes and frees what the answer holds; one that was released, or never filled, may be given again. */
void host_http_release(struct provider_answer *answer);

#endif
