/* What one exchange gathers while libcurl runs, and how its outcome is told. Private to providers/host/. */
#ifndef DROVER_PROVIDERS_HOST_HTTP_ANSWER_H
#define DROVER_PROVIDERS_HOST_HTTP_ANSWER_H

#include <curl/curl.h>

#include "base/buffer.h"
#include "providers/provider.h"

enum { HOST_HEADERS_MAX = 256, HOST_HEADER_BYTES_MAX = 256 * 1024 };

struct host_answer {
    struct buffer body;
    size_t body_max;
    struct buffer header_text; /* names and values, each with its NUL */
    size_t header_count;
    struct provider_header *headers; /* made at the end */
    bool reads;                      /* GET or HEAD: libcurl may send it twice */
    unsigned sends;                  /* how often libcurl was about to write it */
    bool too_large;
    char trouble[CURL_ERROR_SIZE];
};

struct host_answer *host_answer_new(size_t body_max);
/* Wipes and frees. */
void host_answer_free(struct host_answer *answer);
/* Sets libcurl's callbacks. */
void host_answer_attach(struct host_answer *answer, CURL *curl);
/* Nothing was sent, for this reason. The answer belongs to *ret_answer after, as below. */
void host_answer_refuse(struct host_answer *answer, const char *why, struct provider_answer *ret_answer);
void host_answer_finish(struct host_answer *answer, CURL *curl, CURLcode code, struct provider_answer *ret_answer);

#endif
