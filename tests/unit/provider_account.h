/* Accounts whose modules run in child processes, for tests of their links: what each told, how its calls ended. The
 * test is its own provider-host: its main begins with provider_host_if_asked. */
#ifndef DROVER_TESTS_UNIT_PROVIDER_ACCOUNT_H
#define DROVER_TESTS_UNIT_PROVIDER_ACCOUNT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "controller/agent/provider_link.h"
#include "providers/host/host.h"

#define SECOND INT64_C(1000000)

enum { EVENTS_MAX = 32, BEAT_MS = 20 };

struct account {
    struct provider_link *link;
    struct provider_settings settings;
    enum provider_link_event events[EVENTS_MAX];
    char texts[EVENTS_MAX][PROVIDER_TEXT_MAX];
    unsigned event_count;
    unsigned lines, done;
    char kept[100];
    bool kept_later;
    struct provider_result result; /* of the last call */
    char order[100];               /* names of calls as they ended */
    bool gate_closed;              /* to writes */
    unsigned gate_asked;
    const void *gate_about; /* the last call that the gate was asked of */
};

struct world {
    uv_loop_t loop;
    uv_timer_t beat; /* no turn of the loop waits for ever: what ended from a timer, or never ends, is seen */
    struct account bad, good;
};

static void on_event(void *context, enum provider_link_event event, const char *text)
{
    struct account *account = context;
    assert_true(account->event_count < EVENTS_MAX);
    snprintf(account->texts[account->event_count], PROVIDER_TEXT_MAX, "%s", text);
    account->events[account->event_count++] = event;
}

static void on_log(void *context, const char *level, const char *text)
{
    (void)level, (void)text;
    ((struct account *)context)->lines++;
}

static void on_kept(void *context, struct provider_link *link, const char *key)
{
    struct account *account = context;
    assert_string_equal(key, "brake");
    provider_link_answer_kept(link, account->kept[0] != '\0' ? account->kept : NULL);
}

static void on_keep(void *context, struct provider_link *link, const char *key, const char *value)
{
    struct account *account = context;
    assert_string_equal(key, "brake");
    snprintf(account->kept, sizeof account->kept, "%s", value ? value : "");
    provider_link_answer_keep(link, true);
}

static bool may_write(void *context, void *call_context, struct error *why)
{
    struct account *account = context;
    account->gate_asked++;
    account->gate_about = call_context;
    return !account->gate_closed || error_set(why, ERROR_GATED, "frozen");
}

static void module_file(char *path, size_t size, const char *module)
{
    char self[2000];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(length > 0);
    self[length] = '\0';
    *strrchr(self, '/') = '\0';
    assert_true((size_t)snprintf(path, size, "%s/bad-modules/%s", self, module) < size);
}

static void open_account(struct world *world, struct account *account, const char *module, int64_t open_us)
{
    char path[4096];
    struct error error;
    module_file(path, sizeof path, module);
    provider_settings_add(&account->settings, "colour", 0, false, "red", &error);
    struct provider_link_config config = {.name = "account",
                                          .module_path = path,
                                          .settings = &account->settings,
                                          .memory_mib = 1024,
                                          .open_us = open_us,
                                          .seed = 1};
    struct provider_link_callbacks callbacks = {.on_event = on_event,
                                                .on_log = on_log,
                                                .on_kept = on_kept,
                                                .on_keep = on_keep,
                                                .may_write = may_write,
                                                .context = account};
    account->link = provider_link_start(&world->loop, &config, &callbacks);
}

static void on_beat(uv_timer_t *timer)
{
    (void)timer;
}

static void open_world(struct world *world, const char *bad, int64_t open_us)
{
    memset(world, 0, sizeof *world);
    uv_loop_init(&world->loop);
    uv_timer_init(&world->loop, &world->beat);
    uv_timer_start(&world->beat, on_beat, BEAT_MS, BEAT_MS);
    open_account(world, &world->bad, bad, open_us);
    open_account(world, &world->good, "good.so", 0);
}

static void close_account(struct account *account)
{
    if (account->link)
        provider_link_stop(account->link, NULL, NULL);
    provider_records_release(&account->result.records);
    provider_settings_release(&account->settings);
}

static void close_world(struct world *world)
{
    close_account(&world->bad);
    close_account(&world->good);
    uv_close((uv_handle_t *)&world->beat, NULL);
    uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&world->loop), 0);
}

static void on_done(void *context, struct provider_result *result)
{
    struct account *account = context;
    provider_records_release(&account->result.records);
    account->result = *result;
    provider_records_init(&result->records);
    account->done++;
}

static void run_until(struct world *world, const struct account *account, unsigned done)
{
    uint64_t end = uv_hrtime() + UINT64_C(60000000000);
    while (account->done < done) {
        uv_run(&world->loop, UV_RUN_ONCE);
        if (uv_hrtime() > end)
            fail_msg("nothing for a minute; last event: %s",
                     account->event_count > 0 ? account->texts[account->event_count - 1] : "none");
    }
}

static enum provider_status ask(struct world *world, struct account *account, const char *function,
                                const char *arguments, int64_t time_us)
{
    unsigned before = account->done;
    provider_link_call(account->link, PROVIDER_NORMAL, function, arguments, time_us, on_done, account);
    run_until(world, account, before + 1);
    return account->result.status;
}

static void assert_good_works(struct world *world)
{
    assert_int_equal(ask(world, &world->good, "pools", NULL, 20 * SECOND), PROVIDER_OK);
    assert_int_equal(world->good.result.records.pools_count, 2);
    assert_int_equal(world->good.result.records.pools[0].instance_count, 2);
    assert_int_equal(world->good.event_count, 1);
    assert_int_equal(world->good.events[0], PROVIDER_LINK_UP);
}

static void assert_last_event(const struct account *account, enum provider_link_event event, const char *text)
{
    assert_true(account->event_count > 0);
    const char *found = account->texts[account->event_count - 1];
    if (account->events[account->event_count - 1] != event || !strstr(found, text))
        fail_msg("expected %s with \"%s\", found %s: %s", provider_link_event_word(event), text,
                 provider_link_event_word(account->events[account->event_count - 1]), found);
}

/* The status to end with when the program was started as a provider-host; else -1. */
static int provider_host_if_asked(int argc, char **argv)
{
    if (argc > 5 && strcmp(argv[1], "provider-host") == 0)
        return provider_host_main((pid_t)strtol(argv[3], NULL, 10), strtoll(argv[5], NULL, 10));
    return -1;
}

#endif
