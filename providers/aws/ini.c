/* AWS's shared files: see ini.h. */
#include "providers/aws/ini.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/utf8.h"

struct entry {
    char *section;
    char *key; /* NULL: the section itself */
    char *value;
};

struct aws_ini {
    struct entry *entries;
    size_t count, capacity;
};

/* Where the reader stands. */
struct reader {
    struct aws_ini *ini;
    char *section;
    char *outer;   /* the key that indented lines belong to; "" without */
    size_t indent; /* blanks before the section's first key, which its others share; SIZE_MAX before it */
    size_t line;
};

static void wipe(char *text)
{
    if (text)
        OPENSSL_cleanse(text, strlen(text));
    free(text);
}

void aws_ini_free(struct aws_ini *ini)
{
    if (!ini)
        return;
    for (size_t i = 0; i < ini->count; i++) {
        free(ini->entries[i].section);
        free(ini->entries[i].key);
        wipe(ini->entries[i].value);
    }
    free(ini->entries);
    free(ini);
}

static const struct entry *find(const struct aws_ini *ini, const char *section, const char *key)
{
    for (size_t i = 0; ini && i < ini->count; i++) {
        const struct entry *entry = &ini->entries[i];
        if (strcmp(entry->section, section) == 0 && (key ? entry->key && strcmp(entry->key, key) == 0 : !entry->key))
            return entry;
    }
    return NULL;
}

bool aws_ini_has_section(const struct aws_ini *ini, const char *section)
{
    return find(ini, section, NULL) != NULL;
}

const char *aws_ini_get(const struct aws_ini *ini, const char *section, const char *key)
{
    const struct entry *entry = find(ini, section, key);
    return entry ? entry->value : NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* A copy without blanks at the ends; inside, runs of them become one when `squeeze`. */
static char *copy_trimmed(const char *text, size_t length, bool squeeze)
{
    while (length > 0 && is_blank(text[0]))
        text++, length--;
    while (length > 0 && is_blank(text[length - 1]))
        length--;
    char *copy = memory_copy_text(text, length);
    if (!squeeze)
        return copy;
    size_t kept = 0;
    for (size_t i = 0; i < length; i++)
        if (!is_blank(copy[i]))
            copy[kept++] = copy[i];
        else if (!is_blank(copy[i - 1]))
            copy[kept++] = ' ';
    copy[kept] = '\0';
    return copy;
}

/* Takes key (may be NULL) and value. */
static bool add(struct reader *reader, char *key, char *value, struct error *ret_error)
{
    struct aws_ini *ini = reader->ini;
    bool good = true;
    if (ini->count >= AWS_INI_ENTRIES_MAX)
        good = error_set(ret_error, ERROR_TOO_LARGE, "line %zu: more than %d keys and sections", reader->line,
                         AWS_INI_ENTRIES_MAX);
    else if (find(ini, reader->section, key))
        good = error_set(ret_error, ERROR_INVALID, "line %zu: the %s is told twice", reader->line,
                         key ? "key" : "section");
    if (!good) {
        free(key);
        wipe(value);
        return false;
    }
    ini->entries = memory_grow(ini->entries, ini->count, &ini->capacity, sizeof *ini->entries);
    ini->entries[ini->count++] = (struct entry){memory_copy_text(reader->section, strlen(reader->section)), key, value};
    return true;
}

static bool read_section(struct reader *reader, const char *line, size_t length, struct error *ret_error)
{
    const char *end = memchr(line, ']', length);
    if (!end)
        return error_set(ret_error, ERROR_INVALID, "line %zu: the section's ']' is missing", reader->line);
    free(reader->section);
    reader->section = copy_trimmed(line + 1, (size_t)(end - line) - 1, true);
    free(reader->outer);
    reader->outer = memory_copy_text("", 0);
    reader->indent = SIZE_MAX;
    if (!reader->section[0])
        return error_set(ret_error, ERROR_INVALID, "line %zu: the section has no name", reader->line);
    return add(reader, NULL, memory_copy_text("", 0), ret_error);
}

static char *make_key(const char *outer, const char *line, size_t length)
{
    char *plain = copy_trimmed(line, length, false);
    struct buffer key = BUFFER_INIT;
    if (outer[0])
        buffer_printf(&key, "%s.", outer);
    for (const char *c = plain; *c; c++)
        buffer_append_byte(&key, (char)tolower((unsigned char)*c));
    free(plain);
    buffer_reserve(&key, 1);
    return buffer_take(&key);
}

static bool read_key(struct reader *reader, const char *line, size_t length, struct error *ret_error)
{
    size_t blanks = 0;
    while (blanks < length && is_blank(line[blanks]))
        blanks++;
    if (reader->indent == SIZE_MAX)
        reader->indent = blanks;
    bool indented = blanks > reader->indent;
    if (!reader->section)
        return error_set(ret_error, ERROR_INVALID, "line %zu: a key stands before the first section", reader->line);
    const char *equals = memchr(line, '=', length);
    if (!equals)
        return error_set(ret_error, ERROR_INVALID, "line %zu: '=' is missing", reader->line);
    if (indented && !reader->outer[0])
        return error_set(ret_error, ERROR_INVALID,
                         "line %zu: it is indented deeper and no key without a value stands before", reader->line);
    size_t key_length = (size_t)(equals - line);
    char *key = make_key(indented ? reader->outer : "", line, key_length);
    char *value = copy_trimmed(equals + 1, length - key_length - 1, false);
    if (!key[0] || key[strlen(key) - 1] == '.') {
        free(key);
        wipe(value);
        return error_set(ret_error, ERROR_INVALID, "line %zu: there is no key before '='", reader->line);
    }
    if (!indented) {
        free(reader->outer);
        reader->outer = memory_copy_text(key, value[0] ? 0 : strlen(key));
    }
    return add(reader, key, value, ret_error);
}

static bool read_line(struct reader *reader, const char *line, size_t length, struct error *ret_error)
{
    size_t blanks = 0;
    while (blanks < length && is_blank(line[blanks]))
        blanks++;
    if (blanks == length || line[blanks] == '#' || line[blanks] == ';')
        return true;
    if (line[0] == '[')
        return read_section(reader, line, length, ret_error);
    return read_key(reader, line, length, ret_error);
}

struct aws_ini *aws_ini_read(const char *text, size_t length, struct error *ret_error)
{
    struct reader reader = {.ini = memory_new(1, sizeof(struct aws_ini)), .outer = memory_copy_text("", 0)};
    bool good = true;
    if (memchr(text, '\0', length) || !utf8_valid(text, length))
        good = error_set(ret_error, ERROR_INVALID, "it is no UTF-8 text");
    if (good && length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3, length -= 3; /* a byte order mark */
    while (good && length > 0) {
        const char *end = memchr(text, '\n', length);
        size_t line_length = end ? (size_t)(end - text) : length;
        reader.line++;
        good = read_line(&reader, text, line_length, ret_error);
        size_t used = line_length + (end ? 1 : 0);
        text += used;
        length -= used;
    }
    free(reader.section);
    free(reader.outer);
    if (good)
        return reader.ini;
    aws_ini_free(reader.ini);
    return NULL;
}
