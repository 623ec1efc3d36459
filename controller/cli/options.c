/* Flags: see options.h. */
#include "controller/cli/options.h"

#include <string.h>

#include "base/text.h"

static const struct option_spec *spec_find(const struct option_spec *specs, const char *name, size_t length)
{
    for (; specs != NULL && specs->name != NULL; specs++) {
        if (strlen(specs->name) == length && strncmp(specs->name, name, length) == 0) {
            return specs;
        }
    }
    return NULL;
}

static size_t spec_names(const struct option_spec *specs, const char **names, size_t count)
{
    for (; specs != NULL && specs->name != NULL && count < 2 * OPTIONS_SPECS_MAX; specs++) {
        names[count++] = specs->name;
    }
    return count;
}

static bool options_unknown(const struct option_spec *own, const struct option_spec *common, const char *name,
                            size_t length, struct error *ret_error)
{
    const char *names[2 * OPTIONS_SPECS_MAX];
    char word[65] = "";
    size_t count = spec_names(common, names, spec_names(own, names, 0));
    memcpy(word, name, length < sizeof word ? length : sizeof word - 1);
    const char *nearest = text_nearest(word, names, count);
    return nearest != NULL ? error_set(ret_error, ERROR_INVALID, "no flag -%s; did you mean -%s?", word, nearest)
                           : error_set(ret_error, ERROR_INVALID, "no flag -%s", word);
}

static bool options_add_word(struct options *options, const char *word, struct error *ret_error)
{
    if (options->word_count == OPTIONS_WORDS_MAX) {
        return error_set(ret_error, ERROR_INVALID, "more than %d arguments", OPTIONS_WORDS_MAX);
    }
    options->words[options->word_count++] = word;
    return true;
}

/* A switch: given, or given as =true; =false takes it back. */
static bool options_switch(struct options *options, const struct option_spec *spec, const char *value,
                           struct error *ret_error)
{
    bool on = value == NULL || strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
    if (!on && strcmp(value, "false") != 0 && strcmp(value, "0") != 0) {
        return error_set(ret_error, ERROR_INVALID, "-%s takes no value", spec->name);
    }
    for (size_t i = 0; !on && i < options->given_count; i++) {
        if (options->given[i].spec == spec) {
            options->given[i--] = options->given[--options->given_count];
        }
    }
    if (on) {
        options->given[options->given_count++] = (struct option_given){spec, ""};
    }
    return true;
}

/* One flag at argv[*at]; its value may be the next. */
static bool options_take(struct options *options, const struct option_spec *own, const struct option_spec *common,
                         int argc, char *const *argv, int *at, struct error *ret_error)
{
    const char *name = argv[*at] + (argv[*at][1] == '-' ? 2 : 1);
    const char *equals = strchr(name, '=');
    const char *value = equals != NULL ? equals + 1 : NULL;
    size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
    if (value == NULL && (strcmp(name, "h") == 0 || strcmp(name, "help") == 0)) {
        options->help = true;
        return true;
    }
    const struct option_spec *spec = spec_find(own, name, length);
    if (spec == NULL) {
        spec = spec_find(common, name, length);
    }
    if (spec == NULL) {
        return options_unknown(own, common, name, length, ret_error);
    }
    if (options->given_count == OPTIONS_GIVEN_MAX) {
        return error_set(ret_error, ERROR_INVALID, "more than %d flags", OPTIONS_GIVEN_MAX);
    }
    if (spec->value == NULL) {
        return options_switch(options, spec, value, ret_error);
    }
    if (value == NULL && *at + 1 >= argc) {
        return error_set(ret_error, ERROR_INVALID, "-%s needs a value: -%s %s", spec->name, spec->name, spec->value);
    }
    value = value != NULL ? value : argv[++*at];
    options->given[options->given_count++] = (struct option_given){spec, value};
    return true;
}

bool options_parse(struct options *options, const struct option_spec *own, const struct option_spec *common, int argc,
                   char *const *argv, struct error *ret_error)
{
    bool flags_over = false;
    *options = (struct options){0};
    for (int at = 0; at < argc; at++) {
        const char *word = argv[at];
        if (!flags_over && strcmp(word, "--") == 0) {
            flags_over = true;
        } else if (flags_over || word[0] != '-' || word[1] == '\0') {
            if (!options_add_word(options, word, ret_error)) {
                return false;
            }
        } else if (!options_take(options, own, common, argc, argv, &at, ret_error)) {
            return false;
        }
    }
    return true;
}

bool options_flag(const struct options *options, const char *name)
{
    return options_text(options, name) != NULL;
}

const char *options_text(const struct options *options, const char *name)
{
    for (size_t i = options->given_count; i > 0; i--) {
        if (strcmp(options->given[i - 1].spec->name, name) == 0) {
            return options->given[i - 1].value;
        }
    }
    return NULL;
}
