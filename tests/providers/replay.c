/* Scripted services and the calls of a module under test; see replay.h. The records go through the very codec that
 * they take between host and agent. */
#include "tests/providers/replay.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants these before it
#include <setjmp.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/memory.h"
#include "tests/providers/replay_private.h"

#define START_US INT64_C(1795348800000000) /* 2026-11-22T12:00:00Z */

static int64_t replayed_now(void *context)
{
    return ((struct replay *)context)->now_us;
}

static int64_t replayed_ticks(void *context)
{
    return ((struct replay *)context)->ticks_us;
}

static int64_t replayed_time_left(void *context)
{
    return ((struct replay *)context)->time_left_us;
}

static bool replayed_sleep(void *context, int64_t us)
{
    struct replay *replay = context;
    if (us >= replay->time_left_us)
        return false;
    replay_advance(replay, us);
    replay->slept_us += us;
    return true;
}

static uint64_t replayed_random(void *context)
{
    struct replay *replay = context;
    return hash_number(replay->seed * UINT64_C(0x9E3779B97F4A7C15) + ++replay->drawn);
}

static const char *replayed_secret(void *context, const char *path)
{
    return json_string_value(json_object_get(((struct replay *)context)->secrets, path));
}

static const char *replayed_environment(void *context, const char *name)
{
    return json_string_value(json_object_get(((struct replay *)context)->environment, name));
}

static const char *replayed_file(void *context, const char *path, size_t *ret_length, bool *ret_open,
                                 const char **ret_trouble)
{
    json_t *file = json_object_get(((struct replay *)context)->files, path);
    if (!file) {
        if (ret_trouble)
            *ret_trouble = "there is no such file";
        return NULL;
    }
    *ret_open = json_is_true(json_array_get(file, 1));
    *ret_length = json_string_length(json_array_get(file, 0));
    return json_string_value(json_array_get(file, 0));
}

static void replayed_http_release(void *context, struct provider_answer *answer)
{
    (void)context;
    *answer = (struct provider_answer){0};
}

static json_t *read_json(const char *json, size_t length)
{
    struct error error = {0};
    json_t *value = NULL;
    if (!json_read(json, length, HOST_MESSAGE_MAX, 16, &value, &error))
        fail_msg("a message is no JSON: %s", error.text);
    return value;
}

static void take_record(struct replay *replay, const char *word, json_t *value)
{
    struct error error = {0};
    struct buffer text = BUFFER_INIT;
    enum provider_record kind = RECORD_REGION;
    assert_true(record_kind_of(word, &kind));
    if (!provider_records_add(&replay->records, kind, value, &error))
        fail_msg("a record does not cross: %s", error.text);
    json_write(&text, value, false);
    json_t *list = json_object_get(replay->lines, word);
    if (!list) {
        list = json_array();
        json_object_set_new(replay->lines, word, list);
    }
    json_array_append_new(list, json_string(text.data));
    buffer_release(&text);
}

static bool take_message(void *context, const char *json, size_t length)
{
    struct replay *replay = context;
    json_t *message = read_json(json, length);
    const char *record = json_string_value(json_object_get(message, "record"));
    const char *level = json_string_value(json_object_get(message, "log"));
    const char *progress = json_string_value(json_object_get(message, "progress"));
    buffer_append(&replay->everything, json, length);
    if (record)
        take_record(replay, record, json_object_get(message, "value"));
    else if (level)
        buffer_printf(&replay->log, "%s: %s\n", level, json_string_value(json_object_get(message, "text")));
    else if (progress)
        buffer_printf(&replay->log, "progress: %s\n", progress);
    json_decref(message);
    return true;
}

static bool answer_question(void *context, const char *json, size_t length, json_t **ret_answer)
{
    struct replay *replay = context;
    json_t *question = read_json(json, length);
    const char *key = json_string_value(json_object_get(question, "kept"));
    buffer_append(&replay->everything, json, length);
    *ret_answer = json_object();
    if (key) {
        json_object_set(*ret_answer, "value", json_object_get(replay->kept, key));
    } else {
        key = json_string_value(json_object_get(question, "keep"));
        json_t *value = json_object_get(question, "value");
        if (!replay->keep_fails && json_is_null(value))
            json_object_del(replay->kept, key);
        else if (!replay->keep_fails)
            json_object_set(replay->kept, key, value);
        json_object_set_new(*ret_answer, "stored", json_boolean(!replay->keep_fails));
    }
    json_decref(question);
    return true;
}

struct replay *replay_new(void)
{
    struct replay *replay = memory_new(1, sizeof *replay);
    struct host_channel channel = {take_message, answer_question, replay};
    struct error error = {0};
    if (!host_services_init(&replay->services, &channel, &error))
        fail_msg("%s", error.text);
    struct provider_services *table = &replay->services.table;
    table->http = replay_http;
    table->http_release = replayed_http_release;
    table->now = replayed_now;
    table->ticks = replayed_ticks;
    table->sleep = replayed_sleep;
    table->time_left = replayed_time_left;
    table->random = replayed_random;
    table->secret = replayed_secret;
    table->environment = replayed_environment;
    table->file = replayed_file;
    replay->now_us = START_US;
    replay->seed = 1;
    replay->time_left_us = INT64_C(3600000000);
    replay->secrets = json_object();
    replay->environment = json_object();
    replay->files = json_object();
    replay->kept = json_object();
    replay->lines = json_object();
    buffer_init(&replay->log);
    buffer_init(&replay->everything);
    provider_records_init(&replay->records);
    replay->operation.next_poll_us = PROVIDER_UNSET;
    return replay;
}

static void close_account(struct replay *replay)
{
    if (replay->account)
        replay->functions.close(replay->account);
    replay->account = NULL;
}

void replay_free(struct replay *replay)
{
    close_account(replay);
    size_t left = replay_left(replay);
    replay_free_exchanges(replay);
    provider_records_release(&replay->records);
    json_decref(replay->secrets);
    json_decref(replay->environment);
    json_decref(replay->files);
    json_decref(replay->kept);
    json_decref(replay->lines);
    buffer_release(&replay->log);
    buffer_release(&replay->everything);
    host_services_release(&replay->services);
    free(replay);
    if (left > 0)
        fail_msg("%zu exchanges were not asked for", left);
}

const struct provider_services *replay_services(struct replay *replay)
{
    return &replay->services.table;
}

void replay_set_now(struct replay *replay, int64_t now_us)
{
    replay->now_us = now_us;
}

int64_t replay_now(const struct replay *replay)
{
    return replay->now_us;
}

void replay_advance(struct replay *replay, int64_t us)
{
    replay->now_us += us;
    replay->ticks_us += us;
    replay->time_left_us = us < replay->time_left_us ? replay->time_left_us - us : 0;
}

void replay_set_time_left(struct replay *replay, int64_t us)
{
    replay->time_left_us = us;
}

void replay_set_seed(struct replay *replay, uint64_t seed)
{
    replay->seed = seed;
}

int64_t replay_slept(const struct replay *replay)
{
    return replay->slept_us;
}

void replay_setting_at(struct replay *replay, const char *path, size_t at, const char *value)
{
    struct error error = {0};
    if (!provider_settings_add(&replay->services.settings, path, at, false, value, &error))
        fail_msg("%s", error.text);
}

void replay_setting(struct replay *replay, const char *path, const char *value)
{
    replay_setting_at(replay, path, 0, value);
}

void replay_settings_hcl(struct replay *replay, const char *text)
{
    struct error error = {0};
    struct hcl_document *document = hcl_document_new();
    if (!hcl_document_add(document, "settings", text, strlen(text), &error) ||
        !provider_settings_from_hcl(&replay->services.settings, document, hcl_document_body(document), NULL, &error))
        fail_msg("%s", error.text);
    hcl_document_free(document);
}

static void set_or_delete(json_t *object, const char *key, const char *value)
{
    if (value)
        json_object_set_new(object, key, json_string(value));
    else
        json_object_del(object, key);
}

void replay_secret(struct replay *replay, const char *path, const char *value)
{
    set_or_delete(replay->secrets, path, value);
}

void replay_environment(struct replay *replay, const char *name, const char *value)
{
    set_or_delete(replay->environment, name, value);
}

void replay_file(struct replay *replay, const char *path, const char *content, bool open_to_others)
{
    json_object_set_new(replay->files, path, json_pack("[s, b]", content, open_to_others));
}

const char *replay_kept(struct replay *replay, const char *key)
{
    return json_string_value(json_object_get(replay->kept, key));
}

void replay_keep_fails(struct replay *replay, bool fails)
{
    replay->keep_fails = fails;
}

enum provider_status replay_try_open(struct replay *replay, const struct provider_module *module)
{
    struct host_module checked;
    struct error error = {0};
    if (!host_module_check("the module", module, &checked, &error))
        fail_msg("%s", error.text);
    replay->module = module;
    replay->functions = checked.functions;
    replay->error = (struct provider_error){.retry_at_us = PROVIDER_UNSET};
    enum provider_status status =
        replay->functions.open(replay_services(replay), "test", &replay->account, &replay->error);
    if (status == PROVIDER_OK)
        assert_non_null(replay->account);
    else
        assert_null(replay->account);
    return status;
}

struct provider_account *replay_open(struct replay *replay, const struct provider_module *module)
{
    if (replay_try_open(replay, module) != PROVIDER_OK)
        fail_msg("open refused: %s", replay->error.text);
    return replay->account;
}

void replay_reopen(struct replay *replay)
{
    close_account(replay);
    replay_open(replay, replay->module);
}

static void begin_call(struct replay *replay)
{
    replay->before = replay->records;
    provider_records_init(&replay->records);
    json_object_clear(replay->lines);
    replay->error = (struct provider_error){.retry_at_us = PROVIDER_UNSET};
    replay->operation = (struct provider_operation){.next_poll_us = PROVIDER_UNSET};
}

static enum provider_status end_call(struct replay *replay, enum provider_status status)
{
    provider_records_release(&replay->before);
    provider_records_finish(&replay->records);
    buffer_append(&replay->everything, &replay->error, sizeof replay->error);
    buffer_append(&replay->everything, &replay->operation, sizeof replay->operation);
    host_services_end(&replay->services);
    return status;
}

enum provider_status replay_call(struct replay *replay, const char *function)
{
    const struct provider_functions *functions = &replay->functions;
    const struct {
        const char *name;
        enum provider_status (*call)(struct provider_account *, struct provider_error *);
    } looks[] = {{"check", functions->check},   {"describe", functions->describe},
                 {"offers", functions->offers}, {"pools", functions->pools},
                 {"quotas", functions->quotas}, {"interruptions", functions->interruptions}};
    begin_call(replay);
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
        if (strcmp(looks[i].name, function) == 0) {
            if (!looks[i].call)
                fail_msg("the module does not offer %s", function);
            return end_call(replay, looks[i].call(replay->account, &replay->error));
        }
    fail_msg("there is no function %s", function);
    return PROVIDER_INVALID;
}

enum provider_status replay_grow(struct replay *replay, const struct provider_pool *observed, int64_t to)
{
    begin_call(replay);
    return end_call(replay, replay->functions.grow(replay->account, observed, to, &replay->operation, &replay->error));
}

enum provider_status replay_shrink(struct replay *replay, const char *pool, const char *const *ids, size_t count)
{
    begin_call(replay);
    return end_call(replay,
                    replay->functions.shrink(replay->account, pool, ids, count, &replay->operation, &replay->error));
}

enum provider_status replay_withdraw(struct replay *replay, const char *pool)
{
    begin_call(replay);
    return end_call(replay, replay->functions.withdraw(replay->account, pool, &replay->operation, &replay->error));
}

enum provider_status replay_poll(struct replay *replay, const char *token)
{
    begin_call(replay);
    return end_call(replay, replay->functions.poll(replay->account, token, &replay->operation, &replay->error));
}

const struct provider_operation *replay_operation(const struct replay *replay)
{
    return &replay->operation;
}

const struct provider_error *replay_error(const struct replay *replay)
{
    return &replay->error;
}

const struct provider_records *replay_results(const struct replay *replay)
{
    return &replay->records;
}

const char *replay_record(const struct replay *replay, const char *kind, size_t at)
{
    return json_string_value(json_array_get(json_object_get(replay->lines, kind), at));
}

const char *replay_log(const struct replay *replay)
{
    return replay->log.data;
}

void replay_assert_nowhere(struct replay *replay, const char *secret)
{
    if (memmem(replay->everything.data, replay->everything.length, secret, strlen(secret)))
        fail_msg("the secret \"%s\" went out of the module", secret);
}
