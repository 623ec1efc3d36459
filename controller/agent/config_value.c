/* Values of the configuration that base/hcl_read.h has no word for: files, money as a number, shares, patterns, names.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "controller/agent/config_private.h"

enum { CONFIG_PERCENT_MAX = 100 };

char *config_take_text(struct hcl_reader *reader, const char *name, size_t most)
{
    const char *text = hcl_read_text(reader, name, NULL);
    if (text == NULL) {
        return NULL;
    }
    size_t length = strlen(text);
    if (length == 0) {
        hcl_reader_fail(reader, hcl_reader_position(reader, name), "\"%s\" is empty; give it a value or leave it out",
                        name);
        return NULL;
    }
    if (length > most) {
        hcl_reader_fail(reader, hcl_reader_position(reader, name), "\"%s\" is longer than %zu bytes", name, most);
        return NULL;
    }
    return memory_copy_text(text, length);
}

char *config_take_file(const struct config_reading *reading, struct hcl_reader *reader, const char *name)
{
    char *path = config_take_text(reader, name, CONFIG_PATH_MAX);
    if (path != NULL && reading->look_at_files && access(path, R_OK) != 0) {
        hcl_reader_fail(reader, hcl_reader_position(reader, name), "\"%s\": the file %s cannot be read: %s", name, path,
                        strerror(errno));
        free(path);
        return NULL;
    }
    return path;
}

int64_t config_take_money(struct hcl_reader *reader, const char *name, int64_t fallback, int64_t least, int64_t most)
{
    const struct hcl_value *value = hcl_read_value(reader, name);
    struct error why;
    int64_t uusd = fallback;
    if (value == NULL || value->kind != HCL_NUMBER) {
        return hcl_read_money(reader, name, fallback, least, most);
    }
    const char *digits = value->number.digits;
    if (!money_parse(digits, strlen(digits), &uusd, &why)) {
        hcl_reader_fail(reader, value->position, "\"%s\": %s", name, why.text);
        return fallback;
    }
    if (uusd < least || uusd > most) {
        char low[MONEY_TEXT_MAX], high[MONEY_TEXT_MAX];
        hcl_reader_fail(reader, value->position, "\"%s\" is %s; give an amount from %s to %s", name, digits,
                        money_format(least, low), money_format(most, high));
        return fallback;
    }
    return uusd;
}

uint32_t config_take_share(struct hcl_reader *reader, const char *name)
{
    const char *text = hcl_read_text(reader, name, NULL);
    uint64_t percent = 0;
    struct error ignored;
    if (text == NULL) {
        return 0;
    }
    if (!text_ends_with(text, "%") ||
        !text_parse_u64(text, strlen(text) - 1, name, 1, CONFIG_PERCENT_MAX, &percent, &ignored)) {
        hcl_reader_fail(reader, hcl_reader_position(reader, name), "\"%s\" wants a share from \"1%%\" to \"100%%\"",
                        name);
    }
    return (uint32_t)percent;
}

void config_take_patterns(struct hcl_reader *reader, const char *name, struct patterns *patterns)
{
    for (const struct hcl_value *item = hcl_read_text_list(reader, name, POLICY_PATTERNS_MAX); item != NULL;
         item = item->next) {
        if (item->text.length == 0 || item->text.length > POLICY_PATTERN_MAX) {
            hcl_reader_fail(reader, item->position, "\"%s\" holds a text that is empty or longer than %d bytes", name,
                            POLICY_PATTERN_MAX);
            return;
        }
        patterns_add(patterns, item->text.bytes);
    }
}

bool config_check_name(struct hcl_reader *reader, const struct hcl_block *block, size_t most)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const char *name = block->labels[0];
    size_t length = strlen(name);
    if (length <= most && strspn(name, allowed) == length && strcmp(name, "..") != 0 && strcmp(name, ".") != 0) {
        return true;
    }
    return hcl_reader_fail(reader, block->position,
                           "the name of a %s is 1 to %zu letters, digits, \"-\", \"_\" and \".\"", block->type, most);
}
