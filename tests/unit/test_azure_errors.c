/* links: provider_azure provider_replay provider_host provider_sdk net base openssl cmocka */
/* Every shape in which Azure refuses, as recorded exchanges: tests/providers/azure/golden. A file's first line says
 * what is called and how it must end: "# grow: no_capacity AllocationFailed". */
#include "tests/unit/azure_common.h"

#include <dirent.h>

#include "base/buffer.h"
#include "providers/sdk/fail.h"

#define GOLDEN DROVER_SOURCE_DIR "/tests/providers/azure/golden"

static enum provider_status run(struct replay *replay, const char *call, const char *path)
{
    static const char *const ids[] = {"1@00000001"};
    char token[PROVIDER_OPERATION_MAX];
    if (strcmp(call, "poll") == 0) {
        begin_growth(replay, token);
    } else if (strcmp(call, "token") != 0) {
        expect_token(replay);
        if (strcmp(call, "pools") != 0)
            expect_set(replay, 2, "Succeeded", "e1");
        if (strcmp(call, "shrink") == 0)
            expect_machines(replay, "0 1");
    }
    replay_load(replay, path);
    if (strcmp(call, "poll") == 0)
        return replay_poll(replay, token);
    if (strcmp(call, "grow") == 0)
        return grow_to(replay, 2, 5);
    if (strcmp(call, "shrink") == 0)
        return replay_shrink(replay, "rg1/pool-a", ids, 1);
    return replay_call(replay, "pools");
}

/* What came, as the file's first line says it. */
static void tell(struct buffer *out, const struct replay *replay, const char *call, enum provider_status status)
{
    const char *code = replay_error(replay)->code;
    buffer_printf(out, "# %s: %s", call, sdk_status_word(status));
    if (status == PROVIDER_OK && strcmp(call, "poll") == 0)
        buffer_append_text(out, replay_operation(replay)->progress == PROVIDER_PROGRESS_DONE ? " done" : " running");
    if (status != PROVIDER_OK && *code)
        buffer_printf(out, " %s", code);
}

static void check_file(const char *name)
{
    char path[512], wanted[256] = "", call[32] = "";
    snprintf(path, sizeof path, GOLDEN "/%s", name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(wanted, sizeof wanted, file));
    fclose(file);
    wanted[strcspn(wanted, "\n")] = '\0';
    assert_int_equal(sscanf(wanted, "# %31[a-z]:", call), 1);
    struct replay *replay = azure_start(NULL);
    struct buffer got = BUFFER_INIT;
    snprintf(path, sizeof path, "tests/providers/azure/golden/%s", name);
    tell(&got, replay, call, run(replay, call, path));
    if (strcmp(got.data, wanted) != 0)
        fail_msg("%s: expected \"%s\", came \"%s\" (%s)", name, wanted, got.data, replay_error(replay)->text);
    if (strstr(wanted, ": ok") == NULL)
        assert_true(replay_error(replay)->text[0] && replay_error(replay)->call[0]);
    /* What to do stands behind a semicolon, after what happened. */
    if (strstr(wanted, ": ok") == NULL && replay_error(replay)->code[0])
        assert_non_null(strstr(replay_error(replay)->text, "; "));
    buffer_release(&got);
    azure_end(replay);
}

static int is_golden(const struct dirent *entry)
{
    return strstr(entry->d_name, ".http") != NULL;
}

static void test_every_recorded_refusal_ends_as_its_first_line_says(void **state)
{
    struct dirent **names;
    (void)state;
    int count = scandir(GOLDEN, &names, is_golden, alphasort);
    assert_true(count >= 100);
    for (int i = 0; i < count; i++) {
        check_file(names[i]->d_name);
        free(names[i]);
    }
    free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_recorded_refusal_ends_as_its_first_line_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
