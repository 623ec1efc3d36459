/* drover monitor: the agent's log as it is written. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "controller/cli/client.h"
#include "controller/cli/commands.h"
#include "controller/cli/fields.h"

enum { MONITOR_LINE_MAX = 64 * 1024 };

struct monitor {
    struct buffer line; /* begun, not yet ended */
    bool json;
};

static void monitor_append_text(struct buffer *out, const json_t *object, const char *key)
{
    const char *text = field_text(object, key);
    text_append_visible(out, text, strlen(text), false);
}

static void monitor_print(const char *bytes, size_t length)
{
    struct buffer out = BUFFER_INIT;
    struct error ignored;
    json_t *record;
    if (!json_read(bytes, length, MONITOR_LINE_MAX, 8, &record, &ignored)) {
        text_append_visible(&out, bytes, length, false);
    } else if (field_i64(record, "Dropped") > 0) {
        buffer_printf(&out, "... %lld lines were left out: they came faster than they could be taken",
                      (long long)field_i64(record, "Dropped"));
    } else {
        monitor_append_text(&out, record, "Time");
        buffer_printf(&out, " [%s] ", field_text(record, "Level"));
        if (field_text(record, "Region")[0] != '\0') {
            monitor_append_text(&out, record, "Region");
            buffer_append_text(&out, ": ");
        }
        monitor_append_text(&out, record, "Message");
    }
    puts(out.data);
    buffer_release(&out);
}

static bool monitor_take(void *context, const char *bytes, size_t length)
{
    struct monitor *monitor = context;
    while (length > 0) {
        const char *end = memchr(bytes, '\n', length);
        size_t part = end != NULL ? (size_t)(end - bytes) : length;
        if (monitor->line.length + part <= MONITOR_LINE_MAX) {
            buffer_append(&monitor->line, bytes, part);
        }
        if (end != NULL && monitor->line.length > 0) {
            if (monitor->json) {
                fwrite(monitor->line.data, 1, monitor->line.length, stdout);
                putchar('\n');
            } else {
                monitor_print(monitor->line.data, monitor->line.length);
            }
            buffer_clear(&monitor->line);
        }
        part += end != NULL;
        bytes += part;
        length -= part;
    }
    return fflush(stdout) == 0;
}

static int monitor_command(const struct command *command, const struct options *options)
{
    struct monitor monitor = {.line = BUFFER_INIT, .json = options_flag(options, "json")};
    struct buffer path = BUFFER_INIT;
    struct error error;
    struct client *client = client_open(options, &error);
    buffer_append_text(&path, "monitor");
    client_path_query(&path, "log_level", options_text(options, "log-level"));
    bool ok = client != NULL && client_stream(client, path.data, monitor_take, &monitor, &error);
    client_close(client);
    buffer_release(&path);
    buffer_release(&monitor.line);
    return ok ? EXIT_DONE : command_fail(command, &error);
}

static const struct option_spec monitor_options[] = {
    {"log-level", "LEVEL", "trace, debug, info (default), warn or error"},
    {"json", NULL, "Print one JSON object a line"},
    {NULL, NULL, NULL},
};

const struct command command_monitor = {
    .name = "monitor",
    .arguments = "",
    .summary = "Follow the agent's log, from now on, until Ctrl-C",
    .example = "drover monitor -log-level debug",
    .options = monitor_options,
    .run = monitor_command,
};
