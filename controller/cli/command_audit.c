/* drover audit: what was done outside, by whom, with what result. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "controller/cli/client.h"
#include "controller/cli/commands.h"
#include "controller/cli/fields.h"
#include "controller/cli/output.h"

enum { AUDIT_LIMIT_DEFAULT = 100, AUDIT_LIMIT_MAX = 1000000, AUDIT_PAGE = 1000 };

static void audit_columns(struct table *table)
{
    static const char *const titles[] = {"At", "Actor", "Action", "Region", "Job", "Change", "Result"};
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        table_column(table, titles[i], TABLE_LEFT);
    }
}

static void audit_cell(struct table *table, const char *text)
{
    table_text(table, text[0] != '\0' || !output_is_terminal() ? text : "-");
}

/* Before and after, or the one that there is. */
static void audit_change(struct table *table, const json_t *row)
{
    const char *before = field_text(row, "Before"), *after = field_text(row, "After");
    struct buffer text = BUFFER_INIT;
    buffer_printf(&text, "%s%s%s", before, before[0] != '\0' && after[0] != '\0' ? " -> " : "", after);
    audit_cell(table, text.data);
    buffer_release(&text);
}

static void audit_row(struct table *table, const json_t *row)
{
    audit_cell(table, field_text(row, "At"));
    audit_cell(table, field_text(row, "Actor"));
    audit_cell(table, field_text(row, "Action"));
    audit_cell(table, field_text(row, "Region"));
    audit_cell(table, field_text(row, "Job"));
    audit_change(table, row);
    audit_cell(table, field_text(row, "Result"));
}

static void audit_print_json(const json_t *row)
{
    struct buffer line = BUFFER_INIT;
    json_write(&line, row, false);
    puts(line.data);
    buffer_release(&line);
}

/* One page; *ret_next is where the next begins, "" when there is none. */
static bool audit_page(struct client *client, const struct options *options, uint64_t limit, const struct buffer *after,
                       json_t **ret_answer, struct error *ret_error)
{
    struct buffer path = BUFFER_INIT;
    char number[32];
    snprintf(number, sizeof number, "%" PRIu64, limit);
    buffer_append_text(&path, "audit");
    client_path_query(&path, "limit", number);
    client_path_query(&path, "after", after->length > 0 ? after->data : NULL);
    client_path_query(&path, "job", options_text(options, "job"));
    client_path_query(&path, "namespace", options_text(options, "namespace"));
    client_path_query(&path, "region", options_text(options, "region"));
    bool ok = client_get(client, path.data, ret_answer, ret_error);
    buffer_release(&path);
    return ok;
}

/* Rows go into the table, or out as JSON lines when there is none. */
static bool audit_collect(struct client *client, const struct options *options, uint64_t limit, struct table *table,
                          struct error *ret_error)
{
    struct buffer after = BUFFER_INIT;
    bool ok = true, more = true;
    for (uint64_t left = limit; ok && more && left > 0;) {
        json_t *answer = NULL;
        const json_t *row;
        size_t i;
        ok = audit_page(client, options, left < AUDIT_PAGE ? left : AUDIT_PAGE, &after, &answer, ret_error);
        json_array_foreach(field_list(answer, "Rows"), i, row)
        {
            if (table != NULL) {
                audit_row(table, row);
            } else {
                audit_print_json(row);
            }
            left -= left > 0;
        }
        buffer_clear(&after);
        buffer_append_text(&after, field_text(answer, "Next"));
        more = after.length > 0;
        json_decref(answer);
    }
    buffer_release(&after);
    return ok;
}

static int audit_command(const struct command *command, const struct options *options)
{
    const char *text = options_text(options, "limit");
    uint64_t limit = AUDIT_LIMIT_DEFAULT;
    struct table *table = options_flag(options, "json") ? NULL : table_new();
    struct client *client = NULL;
    struct error error;
    int status = EXIT_DONE;
    if (table != NULL) {
        audit_columns(table);
    }
    if (text != NULL && !text_parse_u64(text, strlen(text), "-limit", 1, AUDIT_LIMIT_MAX, &limit, &error)) {
        command_fail(command, &error);
        status = EXIT_USAGE;
    } else if ((client = client_open(options, &error)) == NULL ||
               !audit_collect(client, options, limit, table, &error)) {
        status = command_fail(command, &error);
    }
    if (table != NULL && status == EXIT_DONE && table_rows(table) > 0) {
        output_table(table);
    } else {
        if (table != NULL && status == EXIT_DONE) {
            output_line("Nothing has been written.");
        }
        table_free(table);
    }
    client_close(client);
    return status;
}

static const struct option_spec audit_options[] = {
    {"limit", "N", "At most this many rows, newest first; default 100"},
    {"job", "ID", "Only this job"},
    {"namespace", "NAME", "Only this namespace"},
    {"region", "NAME", "Only this region"},
    {"json", NULL, "Print one JSON object a line"},
    {NULL, NULL, NULL},
};

const struct command command_audit = {
    .name = "audit",
    .arguments = "",
    .summary = "List what was written to regions, by whom, and with what result",
    .example = "drover audit -job web -limit 20",
    .options = audit_options,
    .run = audit_command,
};
