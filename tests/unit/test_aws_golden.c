/* links: provider_aws provider_sdk provider_replay provider_host net base */
/* Recorded exchanges, request bytes and answer bytes, and what the module makes of them: tests/providers/aws/golden.
 * The first lines of a file: "# expect: FUNCTION STATUS [CODE]" and "# says: part of the error's text". The form of the
 * exchanges is in tests/providers/replay.h. */
#include <dirent.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "net/files.h"
#include "providers/sdk/fail.h"
#include "tests/providers/replay.h"

#define FOLDER "tests/providers/aws/golden"

extern const struct provider_module drover_provider_module;

static struct replay *open_account(void)
{
    struct replay *replay = replay_new();
    replay_settings_hcl(replay, "regions = [\"eu-central-1\"]\ngroups = [\"*\"]\n");
    replay_environment(replay, "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    replay_environment(replay, "AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    replay_open(replay, &drover_provider_module);
    return replay;
}

static enum provider_status run(struct replay *replay, const char *function)
{
    static const struct provider_pool observed = {.id = "eu-central-1/web",
                                                  .name = "web",
                                                  .region = "eu-central-1",
                                                  .instance_type = "m5.large",
                                                  .desired = 1,
                                                  .max = 5,
                                                  .generation = "1d6e:autoScalingGroupName/web",
                                                  .writable = true,
                                                  .why_read_only = ""};
    static const char *const victims[] = {"i-0aaa"};
    if (strcmp(function, "grow") == 0)
        return replay_grow(replay, &observed, 2);
    if (strcmp(function, "shrink") == 0)
        return replay_shrink(replay, observed.id, victims, 1);
    return replay_call(replay, function);
}

/* The words after `label` in the file's first two lines. */
static char *read_line(const char *text, const char *label)
{
    const char *found = strstr(text, label);
    if (!found)
        fail_msg("the line \"%s\" is missing", label);
    found += strlen(label);
    return memory_copy_text(found, strcspn(found, "\n"));
}

static void is_as_recorded(void **state)
{
    const char *path = *state;
    struct buffer text = BUFFER_INIT, full = BUFFER_INIT;
    struct error error;
    buffer_printf(&full, "%s/%s", DROVER_SOURCE_DIR, path);
    if (!file_read(full.data, 1 << 20, &text, &error))
        fail_msg("%s", error.text);
    char *expect = read_line(text.data, "# expect: "), *says = read_line(text.data, "# says: ");
    char function[32] = "", status[32] = "", code[128] = "";
    assert_true(sscanf(expect, "%31s %31s %127s", function, status, code) >= 2);
    struct replay *replay = open_account();
    replay_load(replay, path);
    enum provider_status got = run(replay, function);
    const struct provider_error *failure = replay_error(replay);
    if (strcmp(sdk_status_word(got), status) != 0)
        fail_msg("%s: wanted %s, got %s: %s", path, status, sdk_status_word(got), failure->text);
    if (got != PROVIDER_OK && strcmp(failure->code, code) != 0)
        fail_msg("%s: wanted the code \"%s\", got \"%s\"", path, code, failure->code);
    if (got != PROVIDER_OK && !strstr(failure->text, says))
        fail_msg("%s: \"%s\" does not stand in: %s", path, says, failure->text);
    replay_assert_nowhere(replay, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    replay_free(replay);
    free(expect);
    free(says);
    buffer_release(&text);
    buffer_release(&full);
}

static int is_exchange(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 5 && strcmp(entry->d_name + length - 5, ".http") == 0;
}

int main(void)
{
    struct dirent **entries = NULL;
    int count = scandir(DROVER_SOURCE_DIR "/" FOLDER, &entries, is_exchange, alphasort);
    if (count <= 0) {
        fprintf(stderr, "no golden exchanges in " FOLDER "\n");
        return 1;
    }
    struct CMUnitTest *tests = memory_new((size_t)count, sizeof *tests);
    for (size_t i = 0; i < (size_t)count; i++) {
        struct buffer path = BUFFER_INIT;
        buffer_printf(&path, FOLDER "/%s", entries[i]->d_name);
        char *text = buffer_take(&path);
        tests[i] =
            (struct CMUnitTest){.name = text + strlen(FOLDER) + 1, .test_func = is_as_recorded, .initial_state = text};
        free(entries[i]);
    }
    free(entries);
    int failures = _cmocka_run_group_tests("golden exchanges", tests, (size_t)count, NULL, NULL);
    for (size_t i = 0; i < (size_t)count; i++)
        free(tests[i].initial_state);
    free(tests);
    return failures;
}
