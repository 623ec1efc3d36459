/* links: provider_onprem provider_replay provider_host provider_sdk net base */
/* Request bytes and answer bytes -> outcome, for every shape of answer and refusal that BMCs are known for: the files
 * of tests/providers/onprem/golden. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/providers/replay.h"

extern const struct provider_module drover_provider_module;

/* What a look shows: the machine's state, words of its trouble, and whether the credential is braked. */
static const struct {
    const char *file;
    enum provider_instance_state state;
    const char *trouble;
    bool braked;
    bool refused; /* by the only machine there is: the whole account's trouble */
} looks[] = {
    {"login_201", PROVIDER_INSTANCE_RUNNING, "", false, false},
    {"login_204", PROVIDER_INSTANCE_RUNNING, "", false, false},
    {"login_location_with_host", PROVIDER_INSTANCE_RUNNING, "", false, false},
    {"login_without_token", PROVIDER_INSTANCE_UNKNOWN, "X-Auth-Token", false, false},
    {"login_401", PROVIDER_INSTANCE_UNKNOWN, "401 ResourceAtUriUnauthorized", true, true},
    {"login_400_unauthorized", PROVIDER_INSTANCE_UNKNOWN, "UnauthorizedLoginAttempt", true, true},
    {"login_503_sessions_full", PROVIDER_INSTANCE_RUNNING, "", false, false},
    {"login_400_session_limit", PROVIDER_INSTANCE_RUNNING, "", false, false},
    {"login_404", PROVIDER_INSTANCE_RUNNING, "", false, false},
    {"login_no_answer", PROVIDER_INSTANCE_UNKNOWN, "", false, false},
    {"login_400_echo", PROVIDER_INSTANCE_UNKNOWN, "400 PropertyValueFormatError", false, false},
    {"login_400_plain", PROVIDER_INSTANCE_UNKNOWN, "answered 400", false, false},
    {"login_503_html", PROVIDER_INSTANCE_UNKNOWN, "503", false, false},
    {"login_500_html", PROVIDER_INSTANCE_UNKNOWN, "500", false, false},
    {"login_302", PROVIDER_INSTANCE_UNKNOWN, "302", false, false},
    {"session_ended", PROVIDER_INSTANCE_RUNNING, "", false, false},
    {"pin_mismatch", PROVIDER_INSTANCE_UNKNOWN, "key", false, true},
    {"basic", PROVIDER_INSTANCE_STOPPED, "", false, false},
    {"basic_401", PROVIDER_INSTANCE_UNKNOWN, "401", true, true},
    {"read_html_200", PROVIDER_INSTANCE_UNKNOWN, "not JSON", false, false},
    {"read_collection", PROVIDER_INSTANCE_UNKNOWN, "a ComputerSystem is wanted", false, false},
    {"read_500_html", PROVIDER_INSTANCE_UNKNOWN, "500", false, false},
    {"read_500_echo", PROVIDER_INSTANCE_UNKNOWN, "500", false, false},
    {"read_400_object", PROVIDER_INSTANCE_UNKNOWN, "400 PSU501", false, false},
    {"read_plain_400", PROVIDER_INSTANCE_UNKNOWN, "400: The device is not known", false, false},
    {"read_cut", PROVIDER_INSTANCE_UNKNOWN, "ends in the middle", false, false},
    {"read_204", PROVIDER_INSTANCE_UNKNOWN, "ends in the middle", false, false},
    {"read_406", PROVIDER_INSTANCE_RUNNING, "", false, false},
    {"read_404", PROVIDER_INSTANCE_UNKNOWN, "404 ResourceMissingAtURI", false, false},
    {"read_403", PROVIDER_INSTANCE_UNKNOWN, "403 InsufficientPrivilege", false, true},
    {"read_too_large", PROVIDER_INSTANCE_UNKNOWN, "", false, false},
    {"read_no_answer", PROVIDER_INSTANCE_UNKNOWN, "", false, false},
    {"read_not_sent", PROVIDER_INSTANCE_UNKNOWN, "", false, false},
    {"read_307_html", PROVIDER_INSTANCE_STOPPED, "", false, false},
    {"read_307_elsewhere", PROVIDER_INSTANCE_UNKNOWN, "leads elsewhere", false, false},
    {"read_307_for_ever", PROVIDER_INSTANCE_UNKNOWN, "leads on and on", false, false},
    {"read_power_null", PROVIDER_INSTANCE_UNKNOWN, "PowerState", false, false},
    {"read_power_paused", PROVIDER_INSTANCE_UNKNOWN, "Paused", false, false},
    {"root_is_something_else", PROVIDER_INSTANCE_UNKNOWN, "no Redfish service", false, false},
};

/* How powering on ends, and whether the command stays noted. */
static const struct {
    const char *file;
    enum provider_status status;
    const char *code;
    bool noted;
} resets[] = {
    {"reset_204", PROVIDER_OK, "", true},
    {"reset_200", PROVIDER_OK, "", true},
    {"reset_202_task", PROVIDER_OK, "", true},
    {"reset_202_task_critical", PROVIDER_INVALID, "", false},
    {"reset_202_without_location", PROVIDER_UNKNOWN, "", true},
    {"reset_202_task_url", PROVIDER_INVALID, "", false},
    {"reset_202_task_elsewhere", PROVIDER_OK, "", true},
    {"reset_202_task_gone", PROVIDER_OK, "", true},
    {"reset_302_login_page", PROVIDER_UNKNOWN, "", true},
    {"reset_303", PROVIDER_UNKNOWN, "", true},
    {"reset_no_answer", PROVIDER_UNKNOWN, "", true},
    {"reset_500_html", PROVIDER_UNKNOWN, "", true},
    {"reset_501", PROVIDER_INVALID, "GeneralError", false},
    {"reset_409", PROVIDER_RETRY, "ResourceInUse", false},
    {"reset_412", PROVIDER_RETRY, "PreconditionFailed", false},
    {"reset_412_quotes", PROVIDER_OK, "", true},
    {"reset_412_stale", PROVIDER_RETRY, "PreconditionFailed", false},
    {"reset_428", PROVIDER_INVALID, "PreconditionRequired", false},
    {"reset_428_etag", PROVIDER_OK, "", true},
    {"reset_406", PROVIDER_OK, "", true},
    {"reset_415", PROVIDER_INVALID, "GeneralError", false},
    {"reset_manager_404", PROVIDER_OK, "", true},
    {"reset_manager_503", PROVIDER_UNREACHABLE, "", false},
    {"reset_manager_updating", PROVIDER_RETRY, "", false},
    {"reset_400_sys518", PROVIDER_RETRY, "SYS518", false},
    {"reset_400_object", PROVIDER_INVALID, "PSU501", false},
    {"reset_400_no_prefix", PROVIDER_INVALID, "PropertyNotWritable", false},
    {"reset_400_plain", PROVIDER_INVALID, "", false},
    {"reset_400_state", PROVIDER_RETRY, "InvalidOperationForSystemState", false},
    {"reset_400_state_reached", PROVIDER_OK, "", true},
    {"reset_503", PROVIDER_RETRY, "", false},
    {"reset_403", PROVIDER_AUTH, "InsufficientPrivilege", false},
    {"reset_307", PROVIDER_OK, "", true},
    {"reset_429", PROVIDER_OK, "", true},
};

enum { LOOKS = sizeof looks / sizeof looks[0], RESETS = sizeof resets / sizeof resets[0] };

static struct replay *begin(const char *file)
{
    char path[128];
    struct replay *replay = replay_new();
    snprintf(path, sizeof path, "tests/providers/onprem/golden/%s.http", file);
    replay_settings_hcl(replay, "site = \"fra1\"\n"
                                "read_watts = false\n"
                                "credential \"bmc\" {\n  username = \"operator\"\n  password_file = \"/p\"\n}\n"
                                "pool \"rack-a\" {\n  adopt_running = true\n}\n"
                                "machine \"r1\" {\n  pool = \"rack-a\"\n  address = \"https://bmc1\"\n"
                                "  system = \"/redfish/v1/Systems/1\"\n}\n");
    replay_secret(replay, "credential.bmc.password", "s3cret");
    replay_load(replay, path);
    replay_open(replay, &drover_provider_module);
    return replay;
}

static bool is_braked(struct replay *replay)
{
    return strstr(replay_log(replay), "refused the password") != NULL;
}

/* The password, also as Basic writes it, and the session's token. */
static void assert_secrets_nowhere(struct replay *replay)
{
    replay_assert_nowhere(replay, "s3cret");
    replay_assert_nowhere(replay, "b3BlcmF0b3I6czNjcmV0");
    replay_assert_nowhere(replay, "t0ken");
}

static void test_looks_come_out_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < LOOKS; i++) {
        print_message("  %s\n", looks[i].file);
        struct replay *replay = begin(looks[i].file);
        enum provider_status status = replay_call(replay, "pools");
        if (looks[i].refused) {
            assert_int_equal(status, PROVIDER_AUTH);
            assert_non_null(strstr(replay_error(replay)->text, looks[i].trouble));
            assert_int_equal(is_braked(replay), looks[i].braked);
            assert_secrets_nowhere(replay);
            replay_free(replay);
            continue;
        }
        assert_int_equal(status, PROVIDER_OK);
        const struct provider_records *results = replay_results(replay);
        assert_int_equal(results->pools_count, 1);
        const struct provider_instance *instance = &results->pools[0].instances[0];
        if (instance->state != looks[i].state || !strstr(instance->trouble, looks[i].trouble) ||
            is_braked(replay) != looks[i].braked)
            fail_msg("%s: state %d, trouble \"%s\", braked %d", looks[i].file, (int)instance->state, instance->trouble,
                     is_braked(replay));
        assert_int_equal(results->pools[0].desired, looks[i].state == PROVIDER_INSTANCE_STOPPED ? 0 : 1);
        assert_secrets_nowhere(replay);
        replay_free(replay);
    }
}

static void test_resets_come_out_as_told(void **state)
{
    (void)state;
    const struct provider_pool observed = {.id = "rack-a",
                                           .name = "rack-a",
                                           .region = "fra1",
                                           .instance_type = "rack-a",
                                           .market = PROVIDER_OWNED,
                                           .max = 1,
                                           .generation = "",
                                           .writable = true,
                                           .why_read_only = ""};
    for (size_t i = 0; i < RESETS; i++) {
        print_message("  %s\n", resets[i].file);
        struct replay *replay = begin(resets[i].file);
        enum provider_status status = replay_grow(replay, &observed, 1);
        bool noted = replay_kept(replay, "command.r1") != NULL;
        const char *code = status == PROVIDER_OK ? "" : replay_error(replay)->code;
        if (status != resets[i].status || strcmp(code, resets[i].code) != 0 || noted != resets[i].noted)
            fail_msg("%s: status %d, code \"%s\", noted %d: %s", resets[i].file, (int)status, code, noted,
                     replay_error(replay)->text);
        assert_secrets_nowhere(replay);
        replay_free(replay);
    }
}

static bool is_listed(const char *file)
{
    for (size_t i = 0; i < LOOKS; i++)
        if (strncmp(file, looks[i].file, strlen(looks[i].file)) == 0 && file[strlen(looks[i].file)] == '.')
            return true;
    for (size_t i = 0; i < RESETS; i++)
        if (strncmp(file, resets[i].file, strlen(resets[i].file)) == 0 && file[strlen(resets[i].file)] == '.')
            return true;
    return false;
}

static void test_every_file_of_the_folder_is_used(void **state)
{
    (void)state;
    DIR *folder = opendir("tests/providers/onprem/golden");
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.' && !is_listed(entry->d_name))
            fail_msg("%s is in no table of this test", entry->d_name);
    closedir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_looks_come_out_as_told),
        cmocka_unit_test(test_resets_come_out_as_told),
        cmocka_unit_test(test_every_file_of_the_folder_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
