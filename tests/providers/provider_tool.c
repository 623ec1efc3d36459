/* Runs one provider module outside the agent, with real HTTP, and prints what it says as JSON lines.
 *
 *   provider-tool [-deadline SECONDS] [-kept FILE] MODULE SETTINGS.hcl FUNCTION [ARGUMENTS]
 *   provider-tool [-deadline SECONDS] [-kept FILE] MODULE SETTINGS.hcl -
 *
 * MODULE is a path, or a name: the drover-provider-NAME.so beside this program. SETTINGS.hcl holds the inside of an
 * account's provider block. ARGUMENTS is a JSON object (providers/host/call.h). With "-" calls are read from standard
 * input, a JSON object a line: {"function": "pools", "arguments": {...}}. -kept: where keep() stores, else memory only.
 *
 * Exit: 0 the last call ended ok, 1 not so, 2 it could not be made (wrong usage, module, settings; open refused: 1). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "net/files.h"
#include "providers/host/call.h"
#include "providers/host/emit.h"

struct tool {
    struct host_services services;
    struct host_account account;
    json_t *kept; /* key -> value */
    const char *kept_file;
    int64_t deadline_us;
    bool last_ok;
};

static bool tell(void *context, const char *json, size_t length)
{
    struct tool *tool = context;
    if (strncmp(json, "{\"done\":", 8) == 0)
        tool->last_ok = strncmp(json, "{\"done\":\"ok\"", 12) == 0;
    return fwrite(json, 1, length, stdout) == length && fputc('\n', stdout) != EOF && fflush(stdout) == 0;
}

static bool store(struct tool *tool, const char *key, json_t *value)
{
    struct error error;
    struct buffer text = BUFFER_INIT;
    if (json_is_string(value))
        json_object_set(tool->kept, key, value);
    else
        json_object_del(tool->kept, key);
    if (!tool->kept_file)
        return true;
    json_write(&text, tool->kept, false);
    bool stored = file_write_atomic(tool->kept_file, text.data, text.length, 0600, &error);
    buffer_release(&text);
    return stored;
}

static bool answer(void *context, const char *json, size_t length, json_t **ret_answer)
{
    struct tool *tool = context;
    struct error error;
    json_t *question = NULL;
    if (!json_read(json, length, length, 8, &question, &error))
        return false;
    const char *key = json_string_value(json_object_get(question, "kept"));
    *ret_answer = json_object();
    if (key)
        json_object_set(*ret_answer, "value", json_object_get(tool->kept, key));
    else
        json_object_set_new(*ret_answer, "stored",
                            json_boolean(store(tool, json_string_value(json_object_get(question, "keep")),
                                               json_object_get(question, "value"))));
    json_decref(question);
    return true;
}

static bool load_kept(struct tool *tool)
{
    struct buffer text = BUFFER_INIT;
    struct error error;
    bool good = tool->kept_file && file_read(tool->kept_file, 1 << 20, &text, &error) &&
                json_read(text.data, text.length, 1 << 20, 8, &tool->kept, &error);
    if (!good)
        tool->kept = json_object();
    buffer_release(&text);
    return true;
}

static bool load_settings(struct tool *tool, const char *path, struct error *ret_error)
{
    struct buffer text = BUFFER_INIT;
    struct hcl_document *document = hcl_document_new();
    bool good =
        file_read(path, HCL_FILE_MAX, &text, ret_error) &&
        hcl_document_add(document, path, text.data, text.length, ret_error) &&
        provider_settings_from_hcl(&tool->services.settings, document, hcl_document_body(document), NULL, ret_error);
    hcl_document_free(document);
    buffer_release(&text);
    return good;
}

static bool load_module(struct tool *tool, const char *program, const char *name, struct error *ret_error)
{
    struct buffer path = BUFFER_INIT;
    const char *slash = strrchr(program, '/');
    if (strchr(name, '/'))
        buffer_append_text(&path, name);
    else
        buffer_printf(&path, "%.*s/drover-provider-%s.so", slash ? (int)(slash - program) : 1, slash ? program : ".",
                      name);
    bool loaded = host_module_load(path.data, &tool->account.module, ret_error);
    buffer_release(&path);
    return loaded;
}

static void run(struct tool *tool, const char *function, json_t *arguments)
{
    host_services_begin(&tool->services, tool->deadline_us);
    host_account_call(&tool->account, function, arguments);
}

static bool run_line(struct tool *tool, const char *line, size_t length)
{
    struct error error;
    json_t *call = NULL;
    const char *function = NULL;
    bool good =
        json_read(line, length, 1 << 26, 32, &call, &error) && json_require_text(call, "function", &function, &error);
    if (good)
        run(tool, function, json_object_get(call, "arguments"));
    else
        fprintf(stderr, "provider-tool: %s\n", error.text);
    json_decref(call);
    return good;
}

static bool run_lines(struct tool *tool)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length = 0;
    bool good = true;
    while (good && (length = getline(&line, &size, stdin)) > 0)
        good = run_line(tool, line, (size_t)length);
    free(line);
    return good;
}

static int open_and_run(struct tool *tool, char **words)
{
    struct provider_error failure;
    struct error error;
    bool good = true;
    host_services_begin(&tool->services, tool->deadline_us);
    enum provider_status status = host_account_open(&tool->account, "test", &failure);
    if (status != PROVIDER_OK) {
        host_tell_done(&tool->services, status, &failure, NULL);
        return 1;
    }
    if (strcmp(words[0], "-") == 0) {
        good = run_lines(tool);
    } else {
        json_t *arguments = NULL;
        good = !words[1] || json_read(words[1], strlen(words[1]), 1 << 26, 32, &arguments, &error);
        if (good)
            run(tool, words[0], arguments);
        json_decref(arguments);
    }
    host_account_close(&tool->account);
    return good ? !tool->last_ok : 2;
}

int main(int argc, char **argv)
{
    struct tool tool = {.deadline_us = 60000000};
    struct error error = {0};
    int at = 1;
    for (; at + 1 < argc && argv[at][0] == '-' && argv[at][1] != '\0'; at += 2) {
        if (strcmp(argv[at], "-deadline") == 0)
            tool.deadline_us = (int64_t)(strtod(argv[at + 1], NULL) * 1e6);
        else if (strcmp(argv[at], "-kept") == 0)
            tool.kept_file = argv[at + 1];
    }
    if (argc - at < 3) {
        fprintf(stderr,
                "usage: provider-tool [-deadline SECONDS] [-kept FILE] MODULE SETTINGS.hcl FUNCTION|- [ARGUMENTS]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    struct host_channel channel = {tell, answer, &tool};
    load_kept(&tool);
    bool ready = host_services_init(&tool.services, &channel, &error);
    tool.account.services = &tool.services;
    if (!ready || !load_module(&tool, argv[0], argv[at], &error) || !load_settings(&tool, argv[at + 1], &error)) {
        fprintf(stderr, "provider-tool: %s\n", error.text);
        return 2;
    }
    int status = open_and_run(&tool, argv + at + 2);
    host_module_unload(&tool.account.module);
    host_services_release(&tool.services);
    json_decref(tool.kept);
    return status;
}
