/* The peer of `drover job run`: one job registered in many regions at once by libcurl alone.
 *
 *     peer-register URL BODY_FILE [URL BODY_FILE]...
 *
 * Every connection is opened and used once before (GET URL/v1/status/leader), as those of a running agent are. Then all
 * PUT URL/v1/jobs go out from one curl multi handle. Prints the microseconds of these, and fails unless all answered
 * 200. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BODY_MAX = 1 << 20, PATH_MAX_BYTES = 512 };

static size_t discard(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    (void)context;
    return size * count;
}

static long long monotonic_us(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (long long)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

static void run_all(CURLM *multi)
{
    int running = 1;
    while (running > 0) {
        curl_multi_perform(multi, &running);
        if (running > 0)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
}

/* libcurl copies it. */
static void set_body(CURL *easy, const char *path)
{
    static char body[BODY_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    size_t length = fread(body, 1, sizeof body, file);
    fclose(file);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)length);
    curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body);
}

static void set_path(CURL *easy, const char *base, const char *path)
{
    char url[PATH_MAX_BYTES];
    snprintf(url, sizeof url, "%s%s", base, path);
    curl_easy_setopt(easy, CURLOPT_URL, url);
}

static int count_refused(CURL **list, int count)
{
    int refused = 0;
    for (int i = 0; i < count; i++) {
        long status = 0;
        curl_easy_getinfo(list[i], CURLINFO_RESPONSE_CODE, &status);
        refused += status != 200;
    }
    return refused;
}

/* Takes the handles out and in again, which is how libcurl sends anew on the same connections. */
static void again(CURLM *multi, CURL **list, int count)
{
    for (int i = 0; i < count; i++) {
        curl_multi_remove_handle(multi, list[i]);
        curl_multi_add_handle(multi, list[i]);
    }
}

int main(int argument_count, char **arguments)
{
    int count = (argument_count - 1) / 2;
    CURL **list = calloc((size_t)count + 1, sizeof *list);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (count == 0 || argument_count % 2 == 0 || list == NULL) {
        fputs("usage: peer-register URL BODY_FILE [URL BODY_FILE]...\n", stderr);
        return 2;
    }
    headers = curl_slist_append(headers, "Expect:");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)count + 1);
    for (int i = 0; i < count; i++) {
        list[i] = curl_easy_init();
        curl_easy_setopt(list[i], CURLOPT_WRITEFUNCTION, discard);
        set_path(list[i], arguments[2 * i + 1], "/v1/status/leader");
        curl_multi_add_handle(multi, list[i]);
    }
    run_all(multi);
    int refused = count_refused(list, count);
    for (int i = 0; i < count; i++) {
        set_path(list[i], arguments[2 * i + 1], "/v1/jobs?namespace=default");
        set_body(list[i], arguments[2 * i + 2]);
        curl_easy_setopt(list[i], CURLOPT_CUSTOMREQUEST, "PUT");
        curl_easy_setopt(list[i], CURLOPT_HTTPHEADER, headers);
    }
    long long begun = monotonic_us();
    again(multi, list, count);
    run_all(multi);
    printf("%lld\n", monotonic_us() - begun);
    refused += count_refused(list, count);
    for (int i = 0; i < count; i++) {
        curl_multi_remove_handle(multi, list[i]);
        curl_easy_cleanup(list[i]);
    }
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    free(list);
    if (refused > 0)
        fprintf(stderr, "peer-register: %d requests were not answered 200\n", refused);
    return refused > 0;
}
