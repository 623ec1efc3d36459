/* links: base net */
/* Files, random bytes and clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/clock.h"
#include "net/files.h"
#include "net/random.h"

struct folder {
    char path[32];
    char file[64];
    char other[64];
};

static int make_folder(void **state)
{
    struct folder *folder = calloc(1, sizeof *folder);
    strcpy(folder->path, "/tmp/drover-test-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    snprintf(folder->file, sizeof folder->file, "%s/file", folder->path);
    snprintf(folder->other, sizeof folder->other, "%s/other", folder->path);
    *state = folder;
    return 0;
}

static int drop_folder(void **state)
{
    struct folder *folder = *state;
    remove(folder->file);
    remove(folder->other);
    assert_int_equal(rmdir(folder->path), 0);
    free(folder);
    return 0;
}

static void what_is_written_is_read_back_with_its_mode(void **state)
{
    struct folder *folder = *state;
    struct error error = {0};
    struct buffer content = BUFFER_INIT;
    struct stat status;
    assert_true(file_write_atomic(folder->file, "old", 3, 0644, &error));
    assert_true(file_write_atomic(folder->file, "a\0b", 3, 0600, &error));
    assert_int_equal(stat(folder->file, &status), 0);
    assert_int_equal(status.st_mode & 07777u, 0600);
    buffer_append_text(&content, "before");
    assert_true(file_read(folder->file, 3, &content, &error));
    assert_int_equal(content.length, 9);
    assert_memory_equal(content.data, "beforea\0b", 10);
    buffer_release(&content);
}

static void expect_read(const char *path, size_t maximum, enum error_code code)
{
    struct error error = {0};
    struct buffer content = BUFFER_INIT;
    assert_false(file_read(path, maximum, &content, &error));
    assert_int_equal(error.code, code);
    assert_non_null(strstr(error.text, path));
    assert_int_equal(content.length, 0);
    buffer_release(&content);
}

static void what_cannot_be_read_says_path_and_reason(void **state)
{
    struct folder *folder = *state;
    struct error error = {0};
    expect_read(folder->file, 10, ERROR_NOT_FOUND);
    expect_read(folder->path, 10, ERROR_INVALID);
    expect_read("/dev/zero", 10, ERROR_INVALID);
    assert_int_equal(mkfifo(folder->other, 0600), 0);
    expect_read(folder->other, 10, ERROR_INVALID);
    assert_true(file_write_atomic(folder->file, "eleven byte", 11, 0600, &error));
    expect_read(folder->file, 10, ERROR_TOO_LARGE);
    /* Says size 0 and holds more. */
    expect_read("/proc/self/status", 10, ERROR_TOO_LARGE);
}

static void failed_write_leaves_the_old_file_and_nothing_beside_it(void **state)
{
    struct folder *folder = *state;
    struct error error = {0};
    char missing[100];
    snprintf(missing, sizeof missing, "%s/none/file", folder->path);
    assert_false(file_write_atomic(missing, "x", 1, 0600, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_int_equal(mkdir(folder->other, 0700), 0);
    assert_false(file_write_atomic(folder->other, "x", 1, 0600, &error));
    DIR *listing = opendir(folder->path);
    int entries = 0;
    while (readdir(listing))
        entries++;
    closedir(listing);
    assert_int_equal(entries, 3);
}

static void private_directory_is_made_or_checked(void **state)
{
    struct folder *folder = *state;
    struct error error = {0};
    struct stat status;
    assert_true(file_make_private_directory(folder->other, &error));
    assert_int_equal(stat(folder->other, &status), 0);
    assert_int_equal(status.st_mode & 07777u, 0700);
    assert_true(file_make_private_directory(folder->other, &error));
    assert_int_equal(chmod(folder->other, 0750), 0);
    assert_false(file_make_private_directory(folder->other, &error));
    assert_int_equal(error.code, ERROR_DENIED);
    assert_non_null(strstr(error.text, "chmod 700"));
    assert_true(file_write_atomic(folder->file, "", 0, 0600, &error));
    assert_false(file_make_private_directory(folder->file, &error));
}

static void random_texts_have_their_form_and_differ(void **state)
{
    (void)state;
    char one[RANDOM_UUID_TEXT], two[RANDOM_UUID_TEXT], hex[201] = "";
    random_uuid(one);
    random_uuid(two);
    assert_string_not_equal(one, two);
    assert_int_equal(strlen(one), 36);
    for (int i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        assert_true(dash ? one[i] == '-' : strchr("0123456789abcdef", one[i]) != NULL);
    }
    assert_int_equal(one[14], '4');
    assert_non_null(strchr("89ab", one[19]));
    random_hex(hex, 100);
    assert_int_equal(strspn(hex, "0123456789abcdef"), 200);
    assert_int_equal(hex[200], '\0');
    random_hex(hex, 0);
    assert_string_equal(hex, "");
}

static void clocks_agree_with_themselves(void **state)
{
    (void)state;
    int64_t us = clock_monotonic_us(), ms = clock_monotonic_ms();
    assert_true(ms >= us / 1000 && ms - us / 1000 < 10000);
    assert_true(clock_monotonic_us() >= us);
    assert_true(clock_wall_ms() > 1700000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_read_back_with_its_mode, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_says_path_and_reason, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(failed_write_leaves_the_old_file_and_nothing_beside_it, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(private_directory_is_made_or_checked, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(random_texts_have_their_form_and_differ, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(clocks_agree_with_themselves, make_folder, drop_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
