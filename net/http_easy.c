/* libcurl's blocking interface under the rules of http_target.c and http_answer.c: see http_easy.h. */
#include "net/http_easy.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "net/clock.h"
#include "net/http_private.h"

struct http_easy {
    struct http_target target;
    struct http_answer answer;
    bool answered; /* `answer` holds the last result */
    CURL *curl;
    char *user_agent;
    int64_t started_us;
};

struct http_easy *http_easy_open(const struct http_endpoint_config *config, const char *token, const char *user_agent,
                                 struct error *ret_error)
{
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) {
        error_set(ret_error, ERROR_SYSTEM, "libcurl does not start: %s", curl_easy_strerror(code));
        return NULL;
    }
    struct http_easy *easy = memory_new(1, sizeof *easy);
    const char *agent = user_agent ? user_agent : "drover";
    easy->user_agent = memory_copy_text(agent, strlen(agent));
    easy->curl = curl_easy_init();
    bool good = http_target_init(&easy->target, config, ret_error) &&
                (!token || http_target_set_token(&easy->target, token, ret_error));
    if (good && !easy->curl)
        good = error_set(ret_error, ERROR_SYSTEM, "libcurl does not start: no memory");
    if (good)
        return easy;
    http_easy_close(easy);
    return NULL;
}

void http_easy_close(struct http_easy *easy)
{
    if (!easy)
        return;
    curl_easy_cleanup(easy->curl);
    http_target_release(&easy->target);
    if (easy->answered)
        http_answer_release(&easy->answer);
    free(easy->user_agent);
    free(easy);
    curl_global_cleanup();
}

/* libcurl calls this about once a second when nothing moves, oftener when something does. */
static int on_progress(void *context, curl_off_t down_whole, curl_off_t down, curl_off_t up_whole, curl_off_t up)
{
    (void)down_whole, (void)down, (void)up_whole, (void)up;
    struct http_easy *easy = context;
    struct http_answer *answer = &easy->answer;
    int64_t now_us = clock_monotonic_us();
    if (http_answer_deadline_us(answer, easy->started_us) > now_us)
        return 0;
    http_answer_timed_out(answer, easy->started_us, now_us, &answer->failure);
    return 1;
}

static CURLcode run(struct http_easy *easy, const struct http_request *request)
{
    CURL *curl = easy->curl;
    http_answer_attach(&easy->answer, curl);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, easy);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    return curl_easy_perform(curl);
}

const struct http_result *http_easy_perform(struct http_easy *easy, const struct http_request *request)
{
    struct http_lists lists = {0};
    struct error error = {0};
    if (easy->answered)
        http_answer_release(&easy->answer);
    easy->answered = true;
    easy->started_us = clock_monotonic_us();
    http_answer_init(&easy->answer, &easy->target, request);
    curl_easy_reset(easy->curl); /* keeps the connections */
    if (http_target_apply(&easy->target, request, easy->user_agent, easy->curl, &lists, &error)) {
        if (easy->target.token)
            easy->answer.token = memory_copy_text(easy->target.token, strlen(easy->target.token));
        http_answer_conclude(&easy->answer, run(easy, request));
    } else {
        http_answer_conclude_error(&easy->answer, &error);
    }
    /* The handle must not point at what is about to go. */
    curl_easy_setopt(easy->curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(easy->curl, CURLOPT_CONNECT_TO, NULL);
    http_lists_release(&lists);
    return &easy->answer.result;
}
