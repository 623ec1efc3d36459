/* links: base net */
/* A name server that does not answer must hold neither the loop nor a cancel nor the close. getaddrinfo of this
 * executable takes the C library's place, in libcurl too, and sleeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netdb.h>
#include <stdatomic.h>
#include <unistd.h>

#include "tests/unit/net_exchange.h"
#include "net/clock.h"

enum { NAME_SERVER_SLEEP_US = 1500000 };

static atomic_int lookups;

int getaddrinfo(const char *restrict name, const char *restrict service, const struct addrinfo *restrict hints,
                struct addrinfo **restrict ret_list)
{
    (void)name, (void)service, (void)hints, (void)ret_list;
    atomic_fetch_add(&lookups, 1);
    usleep(NAME_SERVER_SLEEP_US);
    return EAI_AGAIN;
}

static void linger(struct bench *bench)
{
    int never = 0;
    bench_run(bench, &never, 50);
}

static void silent_name_server_is_given_up_in_time(void **state)
{
    (void)state;
    struct bench bench;
    struct exchange connecting = {0}, whole = {0}, cancelled = {0}, closed = {0};
    bench_open(&bench, 0);
    struct http_endpoint *endpoint = bench_endpoint(&bench, "http://slow.example:80");
    int64_t begun_ms = clock_monotonic_ms();
    exchange_run(&bench, &connecting, endpoint, (struct http_request){.connect_timeout_ms = 100});
    exchange_run(&bench, &whole, endpoint, (struct http_request){.timeout_ms = 100});
    exchange_send(&cancelled, endpoint, (struct http_request){0});
    linger(&bench);
    http_cancel(cancelled.transfer);
    exchange_send(&closed, endpoint, (struct http_request){0});
    linger(&bench);
    http_endpoint_free(endpoint);
    bench_close(&bench);
    assert_true(clock_monotonic_ms() - begun_ms < 1400);
    assert_int_equal(connecting.result.outcome, HTTP_NOT_SENT);
    assert_int_equal(connecting.result.error.code, ERROR_TIMEOUT);
    assert_int_equal(whole.result.outcome, HTTP_NOT_SENT);
    assert_int_equal(whole.result.error.code, ERROR_TIMEOUT);
    assert_int_equal(atomic_load(&lookups), 4);
    usleep(2 * NAME_SERVER_SLEEP_US); /* libcurl's threads end before the leak check looks */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silent_name_server_is_given_up_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
