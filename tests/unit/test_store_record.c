/* links: store base lmdb uv */
/* The envelope round a value: what was written comes back, and any other bytes are told apart. */
#include "store/record.h"
#include "tests/unit/test_store_common.h"

static const struct store_bytes key = {"default\0web", 12};

static size_t record_make(uint8_t *bytes, const char *value, size_t length)
{
    store_record_head(1, key, (struct store_bytes){value, length}, bytes);
    if (length > 0)
        memcpy(bytes + STORE_RECORD_HEAD, value, length);
    return STORE_RECORD_HEAD + length;
}

static void a_value_comes_back(void **state)
{
    (void)state;
    uint8_t bytes[64];
    uint16_t version = 0;
    struct store_bytes value = {0};
    struct error error = {0};
    for (size_t length = 0; length <= 8; length++) {
        size_t size = record_make(bytes, "contents", length);
        assert_good(store_record_decode(STORE_JOB, key, (struct store_bytes){bytes, size}, &version, &value, &error),
                    error);
        assert_int_equal(version, 1);
        assert_int_equal(value.length, length);
        assert_memory_equal(value.data, "contents", length);
    }
}

static void every_changed_bit_and_every_cut_is_found(void **state)
{
    (void)state;
    uint8_t bytes[64];
    uint16_t version;
    struct store_bytes value;
    struct error error = {0};
    size_t size = record_make(bytes, "contents", 8);
    for (size_t bit = 0; bit < size * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(store_record_decode(STORE_JOB, key, (struct store_bytes){bytes, size}, &version, &value, &error));
        assert_int_equal(error.code, ERROR_CORRUPT);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t cut = 0; cut < size; cut++)
        assert_false(store_record_decode(STORE_JOB, key, (struct store_bytes){bytes, cut}, &version, &value, &error));
}

static void a_record_under_another_key_is_found(void **state)
{
    (void)state;
    uint8_t bytes[64];
    uint16_t version;
    struct store_bytes value;
    struct error error = {0};
    size_t size = record_make(bytes, "contents", 8);
    assert_false(store_record_decode(STORE_JOB, (struct store_bytes){"default\0wex", 12},
                                     (struct store_bytes){bytes, size}, &version, &value, &error));
    assert_non_null(strstr(error.text, "table job, key default\\x00wex\\x00: the checksum"));
}

static void a_long_key_is_cut_for_people(void **state)
{
    (void)state;
    char text[STORE_KEY_TEXT_MAX], bytes[STORE_KEY_MAX];
    memset(bytes, '\n', sizeof bytes);
    store_key_text((struct store_bytes){bytes, sizeof bytes}, text);
    assert_true(strlen(text) < sizeof text);
    assert_string_equal(text + strlen(text) - 7, "\\x0a...");
    store_key_text((struct store_bytes){"a", 1}, text);
    assert_string_equal(text, "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_comes_back),
        cmocka_unit_test(every_changed_bit_and_every_cut_is_found),
        cmocka_unit_test(a_record_under_another_key_is_found),
        cmocka_unit_test(a_long_key_is_cut_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
