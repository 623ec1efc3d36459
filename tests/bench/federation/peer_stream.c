/* The peer of the agent's start: the lists of many regions through libcurl and yajl alone, nothing kept.
 *
 *     peer-stream URL...
 *
 * The same requests as federation's watch makes (controller/federation/watch_list.c): four lists a region one after the
 * other, in pages of 1,000, all regions at once. Every value is handed to an empty callback. Prints bytes, values and
 * microseconds; fails when an answer is not 200 or not JSON. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <yajl/yajl_parse.h>

enum { TOKEN_MAX = 512, URL_MAX_BYTES = 2048 };

static const char *const LISTS[] = {"/v1/nodes?resources=true&per_page=1000",
                                    "/v1/allocations?resources=true&task_states=false&per_page=1000&namespace=%2A",
                                    "/v1/jobs?meta=false&per_page=1000&namespace=%2A",
                                    "/v1/deployments?&per_page=1000&namespace=%2A"};
enum { LIST_COUNT = sizeof LISTS / sizeof *LISTS };

static unsigned long long values, bytes_read;
static int failures, unfinished;

struct region {
    const char *base;
    size_t list;
    char next[TOKEN_MAX];
    yajl_handle parser;
    CURL *easy;
};

static int take_null(void *context)
{
    (void)context;
    values++;
    return 1;
}

static int take_flag(void *context, int flag)
{
    (void)flag;
    return take_null(context);
}

static int take_text(void *context, const unsigned char *text, size_t length)
{
    (void)text;
    (void)length;
    return take_null(context);
}

static int take_number(void *context, const char *text, size_t length)
{
    return take_text(context, (const unsigned char *)text, length);
}

static int take_edge(void *context)
{
    (void)context;
    return 1;
}

static const yajl_callbacks CALLBACKS = {.yajl_null = take_null,
                                         .yajl_boolean = take_flag,
                                         .yajl_number = take_number,
                                         .yajl_string = take_text,
                                         .yajl_start_map = take_edge,
                                         .yajl_map_key = take_text,
                                         .yajl_end_map = take_edge,
                                         .yajl_start_array = take_edge,
                                         .yajl_end_array = take_edge};

static size_t on_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct region *region = context;
    bytes_read += size * count;
    if (yajl_parse(region->parser, (const unsigned char *)bytes, size * count) != yajl_status_ok)
        failures++;
    return size * count;
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    static const char NAME[] = "x-nomad-nexttoken:";
    struct region *region = context;
    size_t length = size * count, at = sizeof NAME - 1;
    if (length < at || strncasecmp(line, NAME, at) != 0)
        return length;
    while (at < length && line[at] == ' ')
        at++;
    size_t end = length;
    while (end > at && (line[end - 1] == '\r' || line[end - 1] == '\n'))
        end--;
    if (end - at < sizeof region->next) {
        memcpy(region->next, line + at, end - at);
        region->next[end - at] = '\0';
    }
    return length;
}

static void ask(struct region *region, CURLM *multi)
{
    char url[URL_MAX_BYTES];
    snprintf(url, sizeof url, "%s%s%s%s", region->base, LISTS[region->list], region->next[0] ? "&next_token=" : "",
             region->next);
    region->next[0] = '\0';
    region->parser = yajl_alloc(&CALLBACKS, NULL, region);
    curl_easy_setopt(region->easy, CURLOPT_URL, url);
    curl_multi_add_handle(multi, region->easy);
}

/* What was asked is here: the next page, the next list, or nothing more. */
static void go_on(struct region *region, CURLM *multi, CURLcode code)
{
    long status = 0;
    curl_easy_getinfo(region->easy, CURLINFO_RESPONSE_CODE, &status);
    failures += code != CURLE_OK || status != 200 || yajl_complete_parse(region->parser) != yajl_status_ok;
    yajl_free(region->parser);
    curl_multi_remove_handle(multi, region->easy);
    if (region->next[0] == '\0')
        region->list++;
    if (region->list < LIST_COUNT)
        ask(region, multi);
    else
        unfinished--;
}

static void run_all(CURLM *multi)
{
    while (unfinished > 0) {
        int running, left;
        CURLMsg *message;
        curl_multi_perform(multi, &running);
        while ((message = curl_multi_info_read(multi, &left)) != NULL) {
            struct region *region;
            CURLcode code = message->data.result;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&region);
            go_on(region, multi, code);
        }
        if (unfinished > 0)
            curl_multi_poll(multi, NULL, 0, 100, NULL);
    }
}

int main(int count, char **arguments)
{
    struct timespec begun, ended;
    struct region *regions = calloc((size_t)count, sizeof *regions);
    if (count < 2 || regions == NULL) {
        fputs("usage: peer-stream URL...\n", stderr);
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)count);
    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (int i = 1; i < count; i++) {
        struct region *region = &regions[i];
        region->base = arguments[i];
        region->easy = curl_easy_init();
        curl_easy_setopt(region->easy, CURLOPT_PRIVATE, region);
        curl_easy_setopt(region->easy, CURLOPT_WRITEFUNCTION, on_bytes);
        curl_easy_setopt(region->easy, CURLOPT_WRITEDATA, region);
        curl_easy_setopt(region->easy, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(region->easy, CURLOPT_HEADERDATA, region);
        ask(region, multi);
        unfinished++;
    }
    run_all(multi);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    printf("%llu %llu %lld\n", bytes_read, values,
           (long long)(ended.tv_sec - begun.tv_sec) * 1000000 + (ended.tv_nsec - begun.tv_nsec) / 1000);
    for (int i = 1; i < count; i++)
        curl_easy_cleanup(regions[i].easy);
    curl_multi_cleanup(multi);
    free(regions);
    if (failures > 0)
        fprintf(stderr, "peer-stream: %d failures\n", failures);
    return failures > 0;
}
