/* drover agent: runs the agent in this process. And drover version. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "controller/agent/agent.h"
#include "controller/cli/commands.h"
#include "controller/cli/output.h"
#include "controller/federation/federation.h"

static const struct option_spec agent_options[] = {
    {"config", "FILE|DIR", "Configuration: a file, or a folder of *.hcl files; may be given more than once"},
    {"dev", NULL, "Three simulated regions on loopback ports; nothing has to be installed"},
    {"check", NULL, "Try every call on every region, say which is refused, end"},
    {"print-acl", NULL, "Print least-privilege Nomad and Consul policies, end; add read or write for one"},
    {"data-dir", "DIR", "Where the agent keeps its state, in place of data_dir"},
    {"log-level", "LEVEL", "trace, debug, info, warn or error"},
    {"log-json", NULL, "Log as JSON, one object a line"},
    {"address", "HOST:PORT", "Where to listen, in place of listen's address"},
    {NULL, NULL, NULL},
};

static int agent_print_acl_one(const struct command *command, const char *word)
{
    struct buffer text = BUFFER_INIT;
    struct error error;
    bool write = strcmp(word, "write") == 0;
    if (!write && strcmp(word, "read") != 0) {
        error_set(&error, ERROR_INVALID, "-print-acl knows read and write, not \"%.64s\"", word);
        command_fail(command, &error);
        return EXIT_USAGE;
    }
    federation_print_acl(write, &text);
    fputs(text.data, stdout);
    buffer_release(&text);
    return EXIT_DONE;
}

static int agent_command(const struct command *command, const struct options *options)
{
    const char *paths[OPTIONS_GIVEN_MAX];
    struct error error;
    struct agent_options agent = {.config_paths = paths,
                                  .dev = options_flag(options, "dev"),
                                  .check = options_flag(options, "check"),
                                  .print_acl = options_flag(options, "print-acl"),
                                  .log_json = options_flag(options, "log-json"),
                                  .log_level = options_text(options, "log-level"),
                                  .data_dir = options_text(options, "data-dir"),
                                  .address = options_text(options, "address")};
    for (size_t i = 0; i < options->given_count; i++) {
        if (strcmp(options->given[i].spec->name, "config") == 0) {
            paths[agent.config_count++] = options->given[i].value;
        }
    }
    if (agent.print_acl && options->word_count == 1) {
        return agent_print_acl_one(command, options->words[0]);
    }
    if (options->word_count > 0) {
        error_set(&error, ERROR_INVALID, "\"%.64s\" is too much: flags begin with a dash", options->words[0]);
        command_fail(command, &error);
        return EXIT_USAGE;
    }
    if (!agent.dev && !agent.print_acl && agent.config_count == 0) {
        error_set(&error, ERROR_INVALID, "nothing to run on: give -config FILE, or -dev for simulated regions");
        command_fail(command, &error);
        return EXIT_USAGE;
    }
    return agent_run(&agent);
}

const struct command command_agent = {
    .name = "agent",
    .arguments = "",
    .summary = "Run the agent: on your regions (-config), or on simulated ones (-dev)",
    .details = "Without a mode in its configuration the agent observes: it looks and writes nothing. It runs until\n"
               "SIGTERM or Ctrl-C.\n",
    .example = "drover agent -dev\ndrover agent -config /etc/drover -check\ndrover agent -print-acl read",
    .options = agent_options,
    .local = true,
    .words_most = 1,
    .run = agent_command,
};

static const struct option_spec version_options[] = {
    {"json", NULL, "Print JSON"},
    {NULL, NULL, NULL},
};

static int version_command(const struct command *command, const struct options *options)
{
    (void)command;
    if (options_flag(options, "json")) {
        output_line("{\n  \"Version\": \"%s\"\n}", AGENT_VERSION);
    } else {
        output_line("Drover %s", AGENT_VERSION);
    }
    return EXIT_DONE;
}

const struct command command_version = {
    .name = "version",
    .arguments = "",
    .summary = "Print this program's version (status shows the agent's)",
    .example = "drover version",
    .options = version_options,
    .local = true,
    .run = version_command,
};
