/* Tokens of operations, written and read. */
#include "providers/onprem/operation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "providers/onprem/setting_value.h"

void operation_add(struct operation *operation, const char *machine)
{
    operation->machines =
        memory_grow(operation->machines, operation->count, &operation->capacity, sizeof *operation->machines);
    snprintf(operation->machines[operation->count++], ONPREM_NAME_MAX, "%s", machine);
}

bool operation_write(const struct operation *operation, char token[static PROVIDER_OPERATION_MAX],
                     struct error *ret_error)
{
    size_t size = PROVIDER_OPERATION_MAX;
    size_t length = (size_t)snprintf(token, size, "onprem1 %s %s %lld", operation->on ? "on" : "off", operation->pool,
                                     (long long)operation->missing);
    for (size_t i = 0; i < operation->count && length < size; i++)
        length += (size_t)snprintf(token + length, size - length, " %s", operation->machines[i]);
    if (length >= size)
        return error_set(ret_error, ERROR_TOO_LARGE,
                         "so many machines at once do not fit into one operation; take fewer");
    return true;
}

/* The next word of a line of words with one blank between them. */
static bool take_word(const char **at, char *word, size_t size)
{
    size_t length = strcspn(*at, " ");
    if (length == 0 || length >= size)
        return false;
    memcpy(word, *at, length);
    word[length] = '\0';
    *at += length;
    if (**at == ' ' && (*at)[1] != '\0')
        (*at)++;
    return true;
}

static bool read_head(const char **at, struct operation *operation)
{
    char word[ONPREM_NAME_MAX];
    struct error ignored;
    uint64_t missing = 0;
    if (!take_word(at, word, sizeof word) || strcmp(word, "onprem1") != 0 || !take_word(at, word, sizeof word))
        return false;
    operation->on = strcmp(word, "on") == 0;
    if (!operation->on && strcmp(word, "off") != 0)
        return false;
    if (!take_word(at, operation->pool, sizeof operation->pool) || !setting_is_name(operation->pool) ||
        !take_word(at, word, sizeof word) ||
        !text_parse_u64(word, strlen(word), "it", 0, ONPREM_MACHINES_MAX, &missing, &ignored))
        return false;
    operation->missing = (int64_t)missing;
    return true;
}

bool operation_read(const char *token, struct operation *ret_operation, struct error *ret_error)
{
    struct operation operation = {0};
    const char *at = token;
    char word[ONPREM_NAME_MAX];
    bool good = strlen(token) < PROVIDER_OPERATION_MAX && read_head(&at, &operation);
    while (good && *at) {
        good = operation.count < OPERATION_MACHINES_MAX && take_word(&at, word, sizeof word) && setting_is_name(word);
        if (good)
            operation_add(&operation, word);
    }
    if (!good || operation.count == 0) {
        operation_release(&operation);
        return error_set(ret_error, ERROR_INVALID, "not a token of this module's operations");
    }
    *ret_operation = operation;
    return true;
}

void operation_release(struct operation *operation)
{
    free(operation->machines);
    memset(operation, 0, sizeof *operation);
}
