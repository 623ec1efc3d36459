/* Outgoing HTTP for programs without a loop, the command line above all: one request at a time, the call returns when
 * it has ended. Same configuration, same rules and same results as net/http.h.
 *
 * Thread: any one at a time. The process must ignore SIGPIPE. */
#ifndef DROVER_NET_HTTP_EASY_H
#define DROVER_NET_HTTP_EASY_H

#include "net/http.h"

struct http_easy;

/* `token`: sent in config->token_header instead of what token_file holds (which must be readable all the same, if
 * named); NULL: the file's, if any. NULL on failure, as http_endpoint_new. */
struct http_easy *http_easy_open(const struct http_endpoint_config *config, const char *token, const char *user_agent,
                                 struct error *ret_error);
void http_easy_close(struct http_easy *easy);

/* Runs the request (on_headers and on_data as they come; on_done is not used and may be NULL) and says how it ended.
 * The result and its body are the session's, until its next request or its close. Connections are kept for the next
 * request. Timeouts hold to within a second. */
const struct http_result *http_easy_perform(struct http_easy *easy, const struct http_request *request);

#endif
