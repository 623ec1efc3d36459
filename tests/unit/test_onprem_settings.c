/* links: provider_onprem provider_replay provider_host provider_sdk net base */
/* What an account's block may say, and what each mistake is answered with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/providers/replay.h"

extern const struct provider_module drover_provider_module;

static const char good[] = "site = \"fra1\"\n"
                           "tariff_rate = 0.14\n"
                           "credential \"bmc\" {\n  username = \"operator\"\n  password_file = \"/p\"\n}\n"
                           "pool \"a\" {\n  purchase = 12000\n  watts_loaded = 420\n}\n"
                           "machine \"r1\" {\n  pool = \"a\"\n  address = \"https://bmc1\"\n}\n";

static enum provider_status open_with(const char *text, char *ret_reason, size_t size)
{
    struct replay *replay = replay_new();
    replay_settings_hcl(replay, text);
    replay_secret(replay, "credential.bmc.password", "s3cret");
    enum provider_status status = replay_try_open(replay, &drover_provider_module);
    snprintf(ret_reason, size, "%s", status == PROVIDER_OK ? "" : replay_error(replay)->text);
    replay_free(replay);
    return status;
}

static void test_a_plain_account_opens_without_a_request(void **state)
{
    (void)state;
    char reason[PROVIDER_TEXT_MAX];
    if (open_with(good, reason, sizeof reason) != PROVIDER_OK)
        fail_msg("%s", reason);
}

static void test_every_mistake_is_named_with_its_path(void **state)
{
    (void)state;
    /* What stands instead of `find` in the good text, and how the error begins. */
    static const struct {
        const char *find, *instead, *begins;
    } cases[] = {
        {"\"fra1\"", "\"fra 1\"", "site: "},
        {"site =", "currency = \"eur\"\nsite =", "currency: "},
        {"site =", "architecture = \"vax\"\nsite =", "architecture: "},
        {"0.14", "-1", "tariff_rate: "},
        {"0.14", "1000.5", "tariff_rate: "},
        {"0.14", "\"cheap\"", "tariff_rate: "},
        {"\"operator\"", "\"a:b\"", "credential.bmc.username: "},
        {"  password_file = \"/p\"\n", "", "credential.bmc.password_file: "},
        {"credential \"bmc\"", "credential \"b c\"", "credential: "},
        {"12000", "12000\n  residual = 13000", "pool.a: residual"},
        {"12000", "12000\n  months = 0", "pool.a.months: "},
        {"12000", "12000\n  capital_percent = 101", "pool.a.capital_percent: "},
        {"12000", "12000\n  pue = 0.9", "pool.a.pue: "},
        {"12000", "12000\n  watts_idle = 500", "pool.a: watts"},
        {"12000", "12000\n  off_timeout = \"never\"", "pool.a.off_timeout: "},
        {"12000", "12000\n  force_off = \"yes\"", "pool.a.force_off: "},
        {"12000", "12000\n  rack_month = 1500\n  rack_units = 43", "pool.a: rack_month"},
        {"pool = \"a\"", "pool = \"b\"", "machine.r1.pool: "},
        {"  pool = \"a\"\n", "", "machine.r1.pool: is missing"},
        {"https://bmc1", "http://bmc1", "machine.r1.address: https"},
        {"https://bmc1", "https://bmc1/redfish", "machine.r1.address: only"},
        {"https://bmc1", "https://u:p@bmc1", "machine.r1.address: "},
        {"https://bmc1\"", "https://bmc1\"\n  credential = \"x\"", "machine.r1.credential: no"},
        {"https://bmc1\"", "https://bmc1\"\n  system = \"Systems/1\"", "machine.r1.system: "},
        {"https://bmc1\"", "https://bmc1\"\n  pinned_key = \"abc\"", "machine.r1.pinned_key: "},
        {"https://bmc1\"", "https://bmc1\"\n  transport = \"ipmi\"", "machine.r1.transport: "},
        {"https://bmc1\"", "https://bmc1\"\n  identity = \"mac\"", "machine.r1.identity: "},
        {"https://bmc1\"", "https://bmc1\"\n  watts_idle = 421", "machine.r1.watts_loaded: "},
        {"https://bmc1\"", "https://bmc1\"\n  cpus = 0", "machine.r1.cpus: "},
        {"machine \"r1\"", "machine \"r 1\"", "machine: "},
        {"address = \"https://bmc1\"", "transport = \"libvirt\"\n  uri = \"test\"", "machine.r1.uri: a libvirt"},
        {"address = \"https://bmc1\"", "transport = \"libvirt\"\n  uri = \"test:///default\"", "machine.r1.domain: "},
        {"address = \"https://bmc1\"", "transport = \"libvirt\"\n  uri = \"qemu+tcp://10.0.0.1/\"\n  domain = \"d\"",
         "machine.r1.uri: plain TCP"},
        {"address = \"https://bmc1\"",
         "transport = \"libvirt\"\n  uri = \"qemu+tcp://127.0.0.1.example.com/\"\n  domain = \"d\"",
         "machine.r1.uri: plain TCP"},
        {"address = \"https://bmc1\"",
         "transport = \"libvirt\"\n  uri = \"qemu+tcp://127.0.0.1:1@10.0.0.1/\"\n  domain = \"d\"",
         "machine.r1.uri: plain TCP"},
        {"address = \"https://bmc1\"", "transport = \"libvirt\"\n  uri = \"qemu+TCP://10.0.0.1/\"\n  domain = \"d\"",
         "machine.r1.uri: plain TCP"},
        {"\"operator\"", "\"operator\"\n  attempt = -1", "credential.bmc.attempt: "},
        {"site =", "tariff \"n\" {\n  rate = 1\n  zone = \"Mars/Base\"\n}\nsite =", "tariff.n.zone: "},
        {"site =", "tariff \"n\" {\n  rate = 1\n  zone = \"../../etc/passwd\"\n}\nsite =", "tariff.n.zone: a zone"},
        {"site =", "tariff \"n\" {\n  from = \"06:00\"\n}\nsite =", "tariff.n.rate: "},
        {"site =", "tariff \"n\" {\n  rate = 1\n  from = \"6\"\n}\nsite =", "tariff.n.from: "},
        {"site =", "tariff \"n\" {\n  rate = 1\n  from = \"06:00\"\n  to = \"06:00\"\n}\nsite =", "tariff.n.from: "},
        {"site =", "tariff \"n\" {\n  rate = 1\n  days = [\"someday\"]\n}\nsite =", "tariff.n.days: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[2048], reason[PROVIDER_TEXT_MAX];
        const char *at = strstr(good, cases[i].find);
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, cases[i].instead, at + strlen(cases[i].find));
        enum provider_status status = open_with(text, reason, sizeof reason);
        if (status != PROVIDER_INVALID || strncmp(reason, cases[i].begins, strlen(cases[i].begins)) != 0)
            fail_msg("\"%s\": status %d, \"%s\", should begin with \"%s\"", cases[i].instead, (int)status, reason,
                     cases[i].begins);
    }
}

static void test_two_machines_may_share_a_bmc_but_no_system(void **state)
{
    (void)state;
    char text[2048], reason[PROVIDER_TEXT_MAX];
    static const struct {
        const char *second;
        const char *reason;
    } cases[] = {
        {"  pool = \"a\"\n  address = \"https://bmc1\"\n  system = \"/redfish/v1/Systems/2\"\n", ""},
        {"  pool = \"a\"\n  address = \"https://bmc1/\"\n", "the same endpoint as machine \"r1\""},
        {"  pool = \"a\"\n  address = \"https://bmc1\"\n  system = \"/2\"\n  pinned_key = \"sha256//x\"\n",
         "another credential, key or CA"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, "%smachine \"r2\" {\n%s}\n", good, cases[i].second);
        enum provider_status status = open_with(text, reason, sizeof reason);
        assert_int_equal(status, cases[i].reason[0] ? PROVIDER_INVALID : PROVIDER_OK);
        if (!strstr(reason, cases[i].reason))
            fail_msg("\"%s\" is not in \"%s\"", cases[i].reason, reason);
    }
}

static void test_zones_of_the_database_come_through_the_services_file(void **state)
{
    (void)state;
    struct replay *replay = replay_new();
    replay_settings_hcl(replay, "site = \"fra1\"\ntariff \"n\" {\n  rate = 1\n  zone = \"Europe/Nowhere\"\n}\n");
    replay_file(replay, "/usr/share/zoneinfo/Europe/Nowhere", "TZif2 and then nothing", false);
    assert_int_equal(replay_try_open(replay, &drover_provider_module), PROVIDER_INVALID);
    assert_non_null(strstr(replay_error(replay)->text, "tariff.n.zone: Europe/Nowhere: not a compiled time zone"));
    replay_free(replay);
}

static void test_the_offer_is_that_of_the_hour_by_the_tariff(void **state)
{
    (void)state;
    struct replay *replay = replay_new();
    replay_settings_hcl(
        replay, "site = \"fra1\"\ntariff_rate = 0.14\npue = 1.45\n"
                "tariff \"day\" {\n  rate = 0.22\n  from = \"12:30\"\n  to = \"20:00\"\n  zone = \"UTC0\"\n}\n"
                "pool \"a\" {\n  purchase = 12000\n  watts_loaded = 420\n  watts_idle = 180\n  watts_off = 12\n}\n"
                "machine \"r1\" {\n  pool = \"a\"\n  transport = \"libvirt\"\n  uri = \"test:///default\"\n"
                "  domain = \"test\"\n}\n");
    replay_open(replay, &drover_provider_module);
    assert_int_equal(replay_call(replay, "offers"), PROVIDER_OK);
    /* Noon to one: half at 0.14, half at 0.22, so 0.18: (420 - 180) W x 1.45 x 0.18. */
    assert_int_equal(replay_results(replay)->offers_count, 1);
    assert_int_equal(replay_results(replay)->offers[0].marginal_use_micro_h, 62640);
    replay_advance(replay, INT64_C(3600000000));
    assert_int_equal(replay_call(replay, "offers"), PROVIDER_OK);
    assert_int_equal(replay_results(replay)->offers[0].marginal_use_micro_h, 76560);
    replay_free(replay);
}

/* The worked example as an operator writes it: what the account says for all pools, what one pool says, what a machine.
 */
static void test_the_worked_example_comes_out_of_the_settings_to_the_micro_unit(void **state)
{
    (void)state;
    struct replay *replay = replay_new();
    replay_settings_hcl(replay,
                        "site = \"fra1\"\ntariff_rate = 0.14\npue = 1.45\nmonths = 48\ncapital_percent = 8\n"
                        "maintenance_percent = 6\nrack_month = 1500\nrack_units_total = 42\nrack_fill_percent = 75\n"
                        "staff_year = 180000\nstaff_machines = 250\nbandwidth_month = 2000\nbandwidth_machines = 100\n"
                        "watts_boot = 300\nboot_time = \"5m\"\n"
                        "pool \"a\" {\n  purchase = 12000\n  residual = 1200\n  rack_units = 1\n  watts_loaded = 420\n"
                        "  watts_idle = 180\n  watts_off = 10\n}\n"
                        "machine \"r1\" {\n  pool = \"a\"\n  transport = \"libvirt\"\n  uri = \"test:///default\"\n"
                        "  domain = \"test\"\n  watts_off = 12\n}\n");
    replay_open(replay, &drover_provider_module);
    assert_int_equal(replay_call(replay, "offers"), PROVIDER_OK);
    const struct provider_offer *offer = &replay_results(replay)->offers[0];
    assert_int_equal(offer->price_micro_h, 710766);
    assert_int_equal(offer->marginal_use_micro_h, 48720);
    assert_int_equal(offer->marginal_wake_micro_h, 82824);
    assert_int_equal(offer->market, PROVIDER_OWNED);
    assert_string_equal(offer->currency, "USD");
    assert_non_null(strstr(offer->note, "a start costs as much as 8m56s of idling"));
    replay_free(replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plain_account_opens_without_a_request),
        cmocka_unit_test(test_every_mistake_is_named_with_its_path),
        cmocka_unit_test(test_two_machines_may_share_a_bmc_but_no_system),
        cmocka_unit_test(test_zones_of_the_database_come_through_the_services_file),
        cmocka_unit_test(test_the_offer_is_that_of_the_hour_by_the_tariff),
        cmocka_unit_test(test_the_worked_example_comes_out_of_the_settings_to_the_micro_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
