/* The program: finds the command that the words name, reads its flags, runs it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "controller/cli/commands.h"
#include "controller/cli/help.h"

enum { NAMES_MAX = 64 };

/* How many of argv's words the command's name takes: 0 when it is another. */
static int command_matches(const struct command *command, int argc, char *const *argv)
{
    const char *blank = strchr(command->name, ' ');
    if (blank == NULL) {
        return strcmp(command->name, argv[0]) == 0;
    }
    size_t length = (size_t)(blank - command->name);
    bool first = strlen(argv[0]) == length && strncmp(command->name, argv[0], length) == 0;
    return first && argc > 1 && strcmp(blank + 1, argv[1]) == 0 ? 2 : 0;
}

static const struct command *command_find(int argc, char *const *argv, int *ret_words)
{
    for (const struct command_group *group = commands_all(); group->title != NULL; group++) {
        for (const struct command *const *at = group->commands; *at != NULL; at++) {
            int words = command_matches(*at, argc, argv);
            if (words > 0) {
                *ret_words = words;
                return *at;
            }
        }
    }
    return NULL;
}

/* The first words there are; with `group`, the second words after it. Each in memory of its own. */
static size_t command_words(const char *group, const char **names)
{
    size_t count = 0;
    for (const struct command_group *at = commands_all(); at->title != NULL; at++) {
        for (const struct command *const *command = at->commands; *command != NULL && count < NAMES_MAX; command++) {
            const char *name = (*command)->name;
            size_t length = strcspn(name, " ");
            if (group == NULL) {
                names[count++] = memory_copy_text(name, length);
            } else if (name[length] == ' ' && strlen(group) == length && strncmp(name, group, length) == 0) {
                names[count++] = memory_copy_text(name + length + 1, strlen(name + length + 1));
            }
        }
    }
    return count;
}

static int command_unknown(const char *group, const char *word)
{
    const char *names[NAMES_MAX];
    struct buffer shown = BUFFER_INIT;
    size_t count = command_words(group, names);
    const char *nearest = text_nearest(word, names, count);
    text_append_visible(&shown, word, strlen(word) < 64 ? strlen(word) : 64, false);
    fprintf(stderr, "drover: no command \"%s%s%s\"", group != NULL ? group : "", group != NULL ? " " : "", shown.data);
    if (nearest != NULL) {
        fprintf(stderr, "; did you mean drover %s%s%s?\n", group != NULL ? group : "", group != NULL ? " " : "",
                nearest);
    } else {
        fprintf(stderr, "; drover -h lists them\n");
    }
    for (size_t i = 0; i < count; i++) {
        free((char *)names[i]);
    }
    buffer_release(&shown);
    return EXIT_USAGE;
}

static bool is_help(const char *word)
{
    static const char *const words[] = {"-h", "-help", "--help", "help"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_group(const char *word)
{
    const char *names[NAMES_MAX];
    size_t count = command_words(word, names);
    for (size_t i = 0; i < count; i++) {
        free((char *)names[i]);
    }
    return count > 0;
}

/* The words name no command: a group, a question for help, or a mistake. */
static int run_without_command(int argc, char *const *argv)
{
    if (is_help(argv[0])) {
        help_all(stdout);
        return EXIT_DONE;
    }
    if (!is_group(argv[0])) {
        return command_unknown(NULL, argv[0]);
    }
    if (argc > 1 && !is_help(argv[1])) {
        return command_unknown(argv[0], argv[1]);
    }
    help_group(stdout, argv[0]);
    return argc > 1 ? EXIT_DONE : EXIT_USAGE;
}

static int usage_fail(const struct command *command, const char *text)
{
    struct error error;
    error_set(&error, ERROR_INVALID, "%s", text);
    command_fail(command, &error);
    fprintf(stderr, "Usage: drover %s%s%s%s; -h says more\n", command->name,
            command->options != NULL || !command->local ? " [options]" : "", command->arguments[0] != '\0' ? " " : "",
            command->arguments);
    return EXIT_USAGE;
}

static int command_run(const struct command *command, int argc, char *const *argv)
{
    struct options *options = memory_new(1, sizeof *options);
    struct error error;
    int status;
    if (!options_parse(options, command->options, command->local ? NULL : commands_common_options(), argc, argv,
                       &error)) {
        status = usage_fail(command, error.text);
    } else if (options->help) {
        help_command(stdout, command);
        status = EXIT_DONE;
    } else if (options->word_count < command->words_least) {
        status = usage_fail(command, "something is missing");
    } else if (options->word_count > command->words_most) {
        error_set(&error, ERROR_INVALID, "\"%.64s\" is too much", options->words[command->words_most]);
        status = usage_fail(command, error.text);
    } else {
        status = command->run(command, options);
    }
    free(options);
    return status;
}

int main(int argc, char **argv)
{
    static char *version[] = {"version"};
    int words = 0, status;
    signal(SIGPIPE, SIG_IGN);
    argc--;
    argv++;
    if (argc > 0 && (strcmp(argv[0], "-version") == 0 || strcmp(argv[0], "--version") == 0)) {
        argv = version;
        argc = 1;
    }
    if (argc > 0 && strcmp(argv[0], "provider-host") == 0)
        return command_provider_host(argc - 1, argv + 1);
    const struct command *command = argc > 0 ? command_find(argc, argv, &words) : NULL;
    if (argc == 0) {
        help_all(stdout);
        status = EXIT_USAGE;
    } else if (command == NULL) {
        status = run_without_command(argc, argv);
    } else {
        status = command_run(command, argc - words, argv + words);
    }
    /* A reader that has seen enough (head) is no error worth words. */
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == EXIT_DONE) {
        if (errno != EPIPE) {
            fprintf(stderr, "drover: standard output cannot be written: %s\n", strerror(errno));
        }
        status = EXIT_ERROR;
    }
    return status;
}
