/* What the loop's client (http_client.c, http_transfer.c) and the blocking one (http_easy.c) share: where a request
 * goes and how it is set up (target), and what becomes of what comes back (answer). Private to net/. */
#ifndef DROVER_NET_HTTP_PRIVATE_H
#define DROVER_NET_HTTP_PRIVATE_H

#include <curl/curl.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "net/http.h"

enum {
    HTTP_TOKEN_FILE_MAX = 64 * 1024,
    HTTP_HEADERS_MAX = 64 * 1024, /* header lines of one exchange with interim answers and trailers, bytes; libcurl
                                   * itself bounds one line at 100 KiB */
    HTTP_BODY_MAX_DEFAULT = 1024 * 1024,
    HTTP_CONNECT_TIMEOUT_MS = 2000,
};

/* One server as configured. All text is owned. */
struct http_target {
    char *address;      /* as configured */
    char *base;         /* scheme://host:port that URLs begin with; the host is server_name when that is given */
    char *connect_to;   /* CURLOPT_CONNECT_TO entry that leads from server_name to the address; or NULL */
    char *token_header; /* or NULL */
    char *token_file;   /* or NULL */
    char *ca_file;
    char *cert_file;
    char *key_file;
    char *token; /* value last read from token_file or given; NULL: none. Wiped when freed. */
    struct stat token_stat;
    bool token_settled; /* token_stat can be trusted to show the next change */
};

bool http_target_init(struct http_target *target, const struct http_endpoint_config *config, struct error *ret_error);
void http_target_release(struct http_target *target);
/* Fixes the token (copied); token_file is no longer looked at. */
bool http_target_set_token(struct http_target *target, const char *token, struct error *ret_error);

/* What libcurl does not copy and has to outlive the exchange. */
struct http_lists {
    struct curl_slist *headers;
    struct curl_slist *connect_to;
};
void http_lists_release(struct http_lists *lists);

/* Sets up an easy handle for the request; re-reads the token file when it has changed. */
bool http_target_apply(struct http_target *target, const struct http_request *request, const char *user_agent,
                       CURL *easy, struct http_lists *ret_lists, struct error *ret_error);

/* One exchange as seen from the answer's side. It is the context of the easy handle's callbacks, which never run again
 * into the request's owner once `ended` is set. */
struct http_answer {
    struct http_request request; /* path and body not to be used: they are the caller's */
    struct http_result result;
    struct buffer body;
    struct error failure; /* why a callback stopped the exchange; ERROR_NONE: none did */
    char *where;          /* "GET http://host:port/path" without the query, for errors */
    /* Asked before bytes of a body that goes to on_data; false: they are to come again later. NULL: always. */
    bool (*has_turn)(void *context, size_t length);
    void *turn_context;
    char *token; /* to keep it out of errors when a server echoes it; or NULL. Wiped. */
    size_t header_bytes;
    int64_t sent_us;        /* monotonic; when the request was last begun to be written */
    int64_t last_active_us; /* monotonic; when something last moved */
    unsigned sends;         /* times a connection was up and the request was about to be written */
    bool headers_done;
    bool stopped; /* on_data returned false */
    bool ended;
    bool index_seen;
    char curl_text[CURL_ERROR_SIZE];
};

void http_answer_init(struct http_answer *answer, const struct http_target *target, const struct http_request *request);
void http_answer_release(struct http_answer *answer);
/* Points the easy handle's callbacks at the answer. */
void http_answer_attach(struct http_answer *answer, CURL *easy);
/* Fills answer->result from how libcurl says it ended. */
void http_answer_conclude(struct http_answer *answer, CURLcode code);
/* The same for what never got as far as libcurl, or was timed out here. */
void http_answer_conclude_error(struct http_answer *answer, const struct error *error);
/* When the request must be given up, monotonic microseconds, INT64_MAX: never; and why, if that moment has come. */
int64_t http_answer_deadline_us(const struct http_answer *answer, int64_t started_us);
void http_answer_timed_out(const struct http_answer *answer, int64_t started_us, int64_t now_us,
                           struct error *ret_error);

/* "GET" and so on. */
const char *http_method_word(enum http_method method);

#endif
