/* links: agent api core federation placement store sim_serve sim_engine model provider_host provider_sdk net base */
/* What crosses between agent and host: frames, records, settings; provider blocks of the configuration; what is kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "controller/agent/config.h"
#include "controller/agent/provider_kept.h"
#include "providers/host/records.h"
#include "providers/host/services.h"
#include "providers/host/settings.h"
#include "providers/host/wire.h"

/* --- frames ------------------------------------------------------------------------------------------------------- */

static void test_frames_come_out_as_they_went_in_however_cut(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_INIT;
    wire_append(&bytes, "one", 3);
    wire_append(&bytes, "{}", 2);
    for (size_t piece = 1; piece <= bytes.length; piece++) {
        struct wire_reader reader;
        struct buffer seen = BUFFER_INIT;
        const char *json = NULL;
        size_t length = 0;
        wire_reader_init(&reader, 10);
        for (size_t at = 0; at < bytes.length; at += piece) {
            wire_reader_feed(&reader, bytes.data + at, piece < bytes.length - at ? piece : bytes.length - at);
            while (wire_reader_next(&reader, &json, &length) == WIRE_FRAME) {
                buffer_append(&seen, json, length);
                buffer_append_byte(&seen, '|');
            }
        }
        assert_string_equal(seen.data, "one|{}|");
        assert_int_equal(wire_reader_left(&reader), 0);
        buffer_release(&seen);
        wire_reader_release(&reader);
    }
    buffer_release(&bytes);
}

static void test_empty_and_long_frames_are_bad(void **state)
{
    (void)state;
    const char heads[][5] = {{0, 0, 0, 0, 'x'}, {0, 0, 0, 11, 'x'}, {(char)0x80, 0, 0, 1, 'x'}};
    for (size_t i = 0; i < 3; i++) {
        struct wire_reader reader;
        const char *json = NULL;
        size_t length = 0;
        wire_reader_init(&reader, 10);
        wire_reader_feed(&reader, heads[i], 5);
        assert_int_equal(wire_reader_next(&reader, &json, &length), WIRE_BAD);
        wire_reader_release(&reader);
    }
}

/* --- records ------------------------------------------------------------------------------------------------------ */

static json_t *written(enum provider_record kind, const void *record)
{
    struct buffer text = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&text, false);
    struct error error = {0};
    json_t *value = NULL;
    record_write(&writer, kind, record);
    json_writer_done(&writer);
    assert_true(json_read(text.data, text.length, RECORD_BYTES_MAX, 8, &value, &error));
    buffer_release(&text);
    return value;
}

static struct provider_offer offer(void)
{
    return (struct provider_offer){.region = "eu",
                                   .zone = "",
                                   .instance_type = "m5.large",
                                   .market = PROVIDER_SPOT,
                                   .currency = "USD",
                                   .price_micro_h = 96000,
                                   .upfront_micro = PROVIDER_UNSET,
                                   .marginal_use_micro_h = PROVIDER_UNSET,
                                   .marginal_wake_micro_h = PROVIDER_UNSET,
                                   .observed_at_us = 1,
                                   .valid_from_us = PROVIDER_UNSET,
                                   .source = "test",
                                   .note = "two\nlines"};
}

static void test_an_offer_crosses_whole(void **state)
{
    (void)state;
    struct error error = {0};
    struct provider_offer there = offer();
    struct provider_records records;
    provider_records_init(&records);
    json_t *value = written(RECORD_OFFER, &there);
    assert_true(provider_records_add(&records, RECORD_OFFER, value, &error));
    const struct provider_offer *here = &records.offers[0];
    assert_string_equal(here->instance_type, "m5.large");
    assert_int_equal(here->market, PROVIDER_SPOT);
    assert_int_equal(here->price_micro_h, 96000);
    assert_true(here->upfront_micro == PROVIDER_UNSET && here->valid_from_us == PROVIDER_UNSET);
    assert_string_equal(here->note, "two\nlines");
    json_decref(value);
    provider_records_release(&records);
}

static void refused_offer(const struct provider_offer *bad, const char *why)
{
    struct error error = {0};
    assert_false(record_check(RECORD_OFFER, bad, &error));
    if (!strstr(error.text, why))
        fail_msg("expected \"%s\", found \"%s\"", why, error.text);
}

static void test_unfit_offers_are_refused(void **state)
{
    (void)state;
    struct error error = {0};
    struct provider_offer bad = offer();
    assert_true(record_check(RECORD_OFFER, &bad, &error));
    bad.price_micro_h = 0;
    refused_offer(&bad, "price_micro_h is 0");
    bad = offer();
    bad.price_micro_h = PROVIDER_UNSET;
    refused_offer(&bad, "price_micro_h");
    bad = offer();
    bad.currency = "DOLLAR";
    refused_offer(&bad, "currency is too long");
    bad = offer();
    bad.source = "";
    refused_offer(&bad, "source is empty");
    bad = offer();
    bad.region = "a\nb";
    refused_offer(&bad, "control characters");
    bad = offer();
    bad.note = "\xff";
    refused_offer(&bad, "UTF-8");
    bad = offer();
    bad.zone = NULL;
    refused_offer(&bad, "zone is NULL");
    bad = offer();
    bad.market = (enum provider_market)9;
    refused_offer(&bad, "market is no known word");
}

static void test_pools_get_the_instances_that_follow_them(void **state)
{
    (void)state;
    struct error error = {0};
    const char *zones[] = {"a", "b"};
    struct provider_identity identity = {"attr.x", "y"};
    struct provider_pool pool = {.id = "p",
                                 .name = "",
                                 .region = "eu",
                                 .zones = zones,
                                 .zone_count = 2,
                                 .instance_type = "",
                                 .max = PROVIDER_UNSET,
                                 .generation = "",
                                 .why_read_only = ""};
    struct provider_instance instance = {.id = "i-1",
                                         .state_text = "",
                                         .zone = "",
                                         .instance_type = "",
                                         .identities = &identity,
                                         .identity_count = 1,
                                         .launched_at_us = 5,
                                         .milliwatts = PROVIDER_UNSET,
                                         .trouble = ""};
    struct provider_records records;
    provider_records_init(&records);
    json_t *pool_value = written(RECORD_POOL, &pool);
    json_t *instance_value = written(RECORD_INSTANCE, &instance);
    assert_false(provider_records_add(&records, RECORD_INSTANCE, instance_value, &error));
    for (int i = 0; i < 3; i++) {
        assert_true(provider_records_add(&records, RECORD_POOL, pool_value, &error));
        for (int j = 0; j < i; j++)
            assert_true(provider_records_add(&records, RECORD_INSTANCE, instance_value, &error));
    }
    provider_records_finish(&records);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(records.pools[i].instance_count, i);
    assert_string_equal(records.pools[2].instances[1].identities[0].value, "y");
    assert_string_equal(records.pools[2].zones[1], "b");
    json_decref(pool_value);
    json_decref(instance_value);
    provider_records_release(&records);
}

static void test_records_of_the_wrong_shape_are_refused(void **state)
{
    (void)state;
    const char *bad[] = {"{}",
                         "[]",
                         "3",
                         "{\"pool\":\"\",\"instance\":\"\",\"kind\":\"terminate\",\"at_us\":null,\"text\":\"\"}",
                         "{\"pool\":\"\",\"instance\":\"i\",\"kind\":\"explode\",\"at_us\":null,\"text\":\"\"}",
                         "{\"pool\":\"\",\"instance\":\"i\",\"kind\":\"terminate\",\"at_us\":-1,\"text\":\"\"}",
                         "{\"pool\":\"\",\"instance\":\"i\",\"kind\":\"terminate\",\"at_us\":\"1\",\"text\":\"\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct provider_records records;
        struct error error = {0};
        json_t *value = NULL;
        provider_records_init(&records);
        assert_true(json_read(bad[i], strlen(bad[i]), 1000, 8, &value, &error));
        if (provider_records_add(&records, RECORD_INTERRUPTION, value, &error))
            fail_msg("%s was taken", bad[i]);
        json_decref(value);
        provider_records_release(&records);
    }
}

/* --- settings and configuration ----------------------------------------------------------------------------------- */

static struct config *read_text(const char *text, struct error *error)
{
    struct config_source source = {.name = "a.hcl", .bytes = text, .length = strlen(text)};
    return config_read_sources(&source, 1, error);
}

static void test_a_provider_block_becomes_an_account_with_flat_settings(void **state)
{
    (void)state;
    struct error error = {0};
    struct config *config =
        read_text("provider \"dc\" {\n  module = \"onprem\"\n  memory_mib = 512\n  regions = [\"a\", \"b\"]\n"
                  "  pue = 1.4\n  verify = true\n  tags = { team = \"x\" }\n"
                  "  machine \"r1\" {\n    address = \"https://r1\"\n    power { watts = 200 }\n  }\n"
                  "  machine \"r2\" { address = \"https://r2\" }\n}\n",
                  &error);
    if (!config)
        fail_msg("refused: %s", error.text);
    assert_int_equal(config->account_count, 1);
    const struct config_account *account = &config->accounts[0];
    const struct provider_settings *settings = &account->settings;
    assert_string_equal(account->name, "dc");
    assert_string_equal(account->module, "onprem");
    assert_int_equal(account->memory_mib, 512);
    assert_null(provider_settings_get(settings, "module", 0));
    assert_string_equal(provider_settings_get(settings, "regions", 1), "b");
    assert_null(provider_settings_get(settings, "regions", 2));
    assert_string_equal(provider_settings_get(settings, "pue", 0), "1.4");
    assert_string_equal(provider_settings_get(settings, "verify", 0), "true");
    assert_string_equal(provider_settings_get(settings, "tags.team", 0), "x");
    assert_string_equal(provider_settings_label(settings, "tags", 0), "team");
    assert_string_equal(provider_settings_label(settings, "machine", 1), "r2");
    assert_null(provider_settings_label(settings, "machine", 2));
    assert_string_equal(provider_settings_get(settings, "machine.r1.power.watts", 0), "200");
    config_free(config);
}

static void test_faults_of_provider_blocks_have_their_place(void **state)
{
    (void)state;
    const struct {
        const char *text, *error;
    } cases[] = {
        {"provider \"a\" {\n}\n", "a.hcl:1:1: provider \"a\" needs a module"},
        {"provider \"a\" {\n  module = 3\n}\n", "a.hcl:2:12: module: text is wanted"},
        {"provider \"a\" {\n  module = \"../x\"\n}\n", "a.hcl:2:12: a module's name is made of"},
        {"provider \"a\" {\n  module = \"x\"\n  memory_mib = 1\n}\n", "a.hcl:3:16: memory_mib is a whole number"},
        {"provider \"a\" {\n  module = \"x\"\n  y = null\n}\n", "a.hcl:3:7: text, a number, true or false is wanted"},
        {"provider \"a\" {\n  module = \"x\"\n  m \"1\" {\n  }\n  m \"1\" {\n  }\n}\n",
         "a.hcl:5:3: block m \"1\" is there already"},
        {"provider \"a\" {\n  module = \"x\"\n  m \"1\" \"2\" {\n  }\n}\n",
         "a.hcl:3:3: a block inside a provider has one label"},
        {"provider \"a\" {\n  module = \"x\"\n}\nprovider \"a\" {\n  module = \"x\"\n}\n", "a.hcl:4:1: "},
        {"provider \"a b\" {\n  module = \"x\"\n}\n", "a.hcl:1:1: the name of a provider"},
        {"provider {\n  module = \"x\"\n}\n", "a.hcl:1:1: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {0};
        struct config *config = read_text(cases[i].text, &error);
        if (config)
            fail_msg("accepted: %s", cases[i].text);
        if (strncmp(error.text, cases[i].error, strlen(cases[i].error)) != 0)
            fail_msg("expected \"%s\", found \"%s\"", cases[i].error, error.text);
    }
}

static void test_settings_cross_to_the_host(void **state)
{
    (void)state;
    struct provider_settings there = {0};
    struct provider_settings here = {0};
    struct error error = {0};
    struct buffer text = BUFFER_INIT;
    json_t *value = NULL;
    char path[20];
    for (int i = 0; i < 500; i++) {
        snprintf(path, sizeof path, "p%d", i);
        assert_true(provider_settings_add(&there, path, (size_t)i, i % 2 == 0, path, &error));
    }
    assert_false(provider_settings_add(&there, "p3", 3, false, "again", &error));
    struct json_writer writer = json_writer_init(&text, false);
    provider_settings_write(&there, &writer);
    json_writer_done(&writer);
    assert_true(json_read(text.data, text.length, text.length, 4, &value, &error));
    assert_true(provider_settings_read(&here, value, &error));
    assert_string_equal(provider_settings_get(&here, "p499", 499), "p499");
    assert_string_equal(provider_settings_label(&here, "p498", 498), "p498");
    json_decref(value);
    assert_true(json_read("[[\"a\",-1,false,\"b\"]]", 20, 100, 4, &value, &error));
    assert_false(provider_settings_read(&here, value, &error));
    json_decref(value);
    buffer_release(&text);
    provider_settings_release(&there);
    provider_settings_release(&here);
}

/* --- what is kept ------------------------------------------------------------------------------------------------- */

static void test_what_is_kept_is_there_for_the_next_process(void **state)
{
    (void)state;
    char folder[] = "/tmp/drover-kept-XXXXXX";
    char path[200];
    struct error error = {0};
    struct stat about;
    assert_non_null(mkdtemp(folder));
    struct provider_kept *one = provider_kept_open(folder, "a", &error);
    struct provider_kept *two = provider_kept_open(folder, "a", &error);
    struct provider_kept *other = provider_kept_open(folder, "b", &error);
    assert_null(provider_kept_get(one, "k", &error));
    assert_true(provider_kept_set(one, "k", "v", &error));
    assert_string_equal(provider_kept_get(two, "k", &error), "v");
    assert_null(provider_kept_get(other, "k", &error));
    snprintf(path, sizeof path, "%s/providers/a.json", folder);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_true(provider_kept_set(two, "k", NULL, &error));
    assert_null(provider_kept_get(one, "k", &error));
    assert_int_equal(error.code, ERROR_NONE);
    assert_int_equal(truncate(path, 1), 0);
    assert_null(provider_kept_get(one, "k", &error));
    assert_non_null(strstr(error.text, "a.json"));
    assert_false(provider_kept_set(one, "k", "v", &error));
    provider_kept_close(one);
    provider_kept_close(two);
    provider_kept_close(other);
    unlink(path);
    snprintf(path, sizeof path, "%s/providers", folder);
    rmdir(path);
    rmdir(folder);
}

/* --- services ----------------------------------------------------------------------------------------------------- */

static bool count_message(void *context, const char *json, size_t length)
{
    (void)json, (void)length;
    ++*(unsigned *)context;
    return true;
}

static bool answer_kept(void *context, const char *json, size_t length, json_t **ret_answer)
{
    (void)context;
    struct error error;
    json_t *question = NULL;
    assert_true(json_read(json, length, 1000, 4, &question, &error));
    *ret_answer = json_object();
    json_object_set(*ret_answer, "value", json_object_get(question, "kept"));
    json_decref(question);
    return true;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
}

static void test_a_module_may_hold_two_secrets_and_they_are_read_anew(void **state)
{
    (void)state;
    char folder[] = "/tmp/drover-secret-XXXXXX";
    char paths[2][100];
    unsigned messages = 0;
    struct host_channel channel = {count_message, answer_kept, &messages};
    struct host_services services;
    struct error error = {0};
    assert_non_null(mkdtemp(folder));
    assert_true(host_services_init(&services, &channel, &error));
    for (int i = 0; i < 2; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%d", folder, i);
        write_file(paths[i], i == 0 ? "first \n\n" : "second", 0600);
        provider_settings_add(&services.settings, i == 0 ? "a_file" : "m.b_file", 0, false, paths[i], &error);
    }
    const struct provider_services *table = &services.table;
    host_services_begin(&services, 1000000);
    const char *first = table->secret(table->context, "a");
    const char *second = table->secret(table->context, "m.b");
    assert_string_equal(first, "first");
    assert_string_equal(second, "second");
    assert_int_equal(messages, 0);
    write_file(paths[0], "changed", 0644);
    assert_string_equal(table->secret(table->context, "a"), "changed");
    assert_string_equal(second, "second");
    assert_int_equal(messages, 1); /* others may read it: said once a reading */
    assert_null(table->secret(table->context, "c"));
    unlink(paths[0]);
    assert_null(table->secret(table->context, "a"));
    const char *one = table->kept(table->context, "one");
    assert_string_equal(table->kept(table->context, "two"), "two");
    assert_string_equal(one, "one");
    host_services_end(&services);
    host_services_release(&services);
    unlink(paths[1]);
    rmdir(folder);
}

static void test_sleep_keeps_to_the_deadline(void **state)
{
    (void)state;
    unsigned messages = 0;
    struct host_channel channel = {count_message, answer_kept, &messages};
    struct host_services services;
    struct error error = {0};
    assert_true(host_services_init(&services, &channel, &error));
    const struct provider_services *table = &services.table;
    host_services_begin(&services, 200000);
    assert_false(table->sleep(table->context, 300000));
    int64_t before = table->ticks(table->context);
    assert_true(table->sleep(table->context, 20000));
    assert_true(table->ticks(table->context) - before >= 20000);
    assert_true(table->time_left(table->context) < 200000);
    host_services_release(&services);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_come_out_as_they_went_in_however_cut),
        cmocka_unit_test(test_empty_and_long_frames_are_bad),
        cmocka_unit_test(test_an_offer_crosses_whole),
        cmocka_unit_test(test_unfit_offers_are_refused),
        cmocka_unit_test(test_pools_get_the_instances_that_follow_them),
        cmocka_unit_test(test_records_of_the_wrong_shape_are_refused),
        cmocka_unit_test(test_a_provider_block_becomes_an_account_with_flat_settings),
        cmocka_unit_test(test_faults_of_provider_blocks_have_their_place),
        cmocka_unit_test(test_settings_cross_to_the_host),
        cmocka_unit_test(test_a_module_may_hold_two_secrets_and_they_are_read_anew),
        cmocka_unit_test(test_sleep_keeps_to_the_deadline),
        cmocka_unit_test(test_what_is_kept_is_there_for_the_next_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
