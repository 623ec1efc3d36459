/* A job's progress, region by region, on a terminal or as lines: see watch.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/time.h"
#include "controller/cli/fields.h"
#include "controller/cli/output.h"
#include "controller/cli/watch.h"
#include "net/clock.h"

struct watch_draw {
    bool terminal;
    json_t *regions; /* as looked at last; NULL before */
    unsigned lines;  /* drawn last, to be drawn over */
    char **told;     /* a line a copy, as told last; in a pipe */
    size_t told_count, told_capacity;
};

struct watch_draw *watch_draw_new(void)
{
    struct watch_draw *draw = memory_new(1, sizeof *draw);
    draw->terminal = output_style() == TABLE_BOLD;
    return draw;
}

void watch_draw_free(struct watch_draw *draw)
{
    for (size_t i = 0; i < draw->told_count; i++) {
        free(draw->told[i]);
    }
    free(draw->told);
    json_decref(draw->regions);
    free(draw);
}

struct watch_counts watch_counts_of(const json_t *copy)
{
    struct watch_counts counts = {0};
    const json_t *group;
    size_t i;
    json_array_foreach(field_list(copy, "Groups"), i, group)
    {
        counts.wanted += field_i64(group, "Count");
        counts.placed += field_i64(group, "Placed");
        counts.serving += field_i64(group, "Serving");
        counts.proven += field_i64(group, "Proven");
    }
    return counts;
}

bool watch_is_past(const json_t *copy)
{
    return strcmp(field_text(copy, "State"), "stopped") == 0 && watch_counts_of(copy).wanted == 0;
}

void watch_draw_regions(struct watch_draw *draw, json_t *regions)
{
    json_decref(draw->regions);
    draw->regions = json_incref(regions);
}

/* "stopping, region dark": the copy's state, and its region's where that is not alive. */
static void state_append(const struct watch_draw *draw, const json_t *row, struct buffer *text)
{
    const json_t *region;
    size_t i;
    buffer_append_text(text, field_text(row, "State"));
    json_array_foreach(field_list(draw->regions, "Regions"), i, region)
    {
        const char *state = field_text(region, "State");
        if (strcmp(field_text(region, "Name"), field_text(row, "Region")) == 0 && strcmp(state, "alive") != 0) {
            buffer_printf(text, ", region %s", state);
        }
    }
}

static void cell_state(struct table *table, const struct watch_draw *draw, const json_t *row)
{
    struct buffer text = BUFFER_INIT;
    state_append(draw, row, &text);
    table_text(table, text.data);
    buffer_release(&text);
}

static void cell_pools(struct table *table, const json_t *copy)
{
    struct buffer names = BUFFER_INIT;
    const json_t *group;
    size_t i;
    json_array_foreach(field_list(copy, "Groups"), i, group)
    {
        const char *pool = field_text(group, "Pool");
        if (pool[0] != '\0' && strstr(names.data, pool) == NULL) {
            buffer_printf(&names, "%s%s", names.length > 0 ? ", " : "", pool);
        }
    }
    table_text(table, names.data);
    buffer_release(&names);
}

static void draw_columns(struct table *table, bool stopping)
{
    static const char *const running[] = {"Wanted", "Placed", "Healthy", "Proven"};
    table_column(table, "    Region", TABLE_LEFT);
    if (stopping) {
        table_column(table, "State", TABLE_LEFT);
        table_column(table, "Allocations left", TABLE_RIGHT);
        return;
    }
    table_column(table, "Pool", TABLE_LEFT);
    table_column(table, "State", TABLE_LEFT);
    for (size_t i = 0; i < sizeof running / sizeof running[0]; i++) {
        table_column(table, running[i], TABLE_RIGHT);
    }
}

static void draw_row(struct table *table, const struct watch_draw *draw, const json_t *row, bool stopping)
{
    table_printf(table, "    %s", field_text(row, "Region"));
    if (stopping) {
        cell_state(table, draw, row);
        cell_i64(table, row, "Allocations");
        return;
    }
    struct watch_counts counts = watch_counts_of(row);
    cell_pools(table, row);
    cell_state(table, draw, row);
    table_i64(table, counts.wanted);
    table_i64(table, counts.placed);
    table_i64(table, counts.serving);
    table_i64(table, counts.proven);
}

/* At most `most` rows; how many are left over stands in the last. */
static struct table *draw_table(const struct watch_draw *draw, const json_t *rows, size_t most, bool stopping)
{
    struct table *table = table_new();
    const json_t *row;
    size_t i;
    draw_columns(table, stopping);
    json_array_foreach(rows, i, row)
    {
        if (i == most) {
            table_printf(table, "    and %zu more", json_array_size(rows) - i);
            break;
        }
        draw_row(table, draw, row, stopping);
    }
    return table;
}

static unsigned count_lines(const struct buffer *text)
{
    unsigned lines = 0;
    for (size_t i = 0; i < text->length; i++) {
        lines += text->data[i] == '\n';
    }
    return lines;
}

/* A line wider than the terminal would take two, and the next drawing would miss the place: such lines are cut. */
static void append_cut(struct buffer *out, const struct buffer *text, unsigned columns)
{
    unsigned column = 0;
    bool escape = false;
    for (size_t i = 0; i < text->length; i++) {
        char c = text->data[i];
        bool begins = ((unsigned char)c & 0xC0) != 0x80; /* of a UTF-8 sequence */
        if (c == '\n') {
            column = 0;
        } else if (escape || c == '\033') {
            escape = c != 'm';
        } else if (begins && ++column > columns) {
            continue;
        } else if (column > columns) {
            continue;
        }
        buffer_append_byte(out, c);
    }
}

static void draw_again(struct watch_draw *draw, const json_t *rows, bool stopping, const char *waits)
{
    unsigned columns, lines;
    struct buffer text = BUFFER_INIT, out = BUFFER_INIT;
    output_size(&columns, &lines);
    struct table *table = draw_table(draw, rows, lines > 8 ? lines - 6 : 2, stopping);
    table_render(table, output_style(), &text);
    if (waits[0] != '\0') {
        buffer_append_text(&text, "    ");
        text_append_visible(&text, waits, strlen(waits), false);
        buffer_append_byte(&text, '\n');
    }
    if (draw->lines > 0) {
        buffer_printf(&out, "\033[%uA\r", draw->lines);
    }
    buffer_append_text(&out, "\033[J");
    append_cut(&out, &text, columns);
    fwrite(out.data, 1, out.length, stdout);
    fflush(stdout);
    draw->lines = count_lines(&text);
    table_free(table);
    buffer_release(&text);
    buffer_release(&out);
}

static bool is_told(struct watch_draw *draw, size_t at, const char *line)
{
    if (at < draw->told_count && strcmp(draw->told[at], line) == 0) {
        return true;
    }
    while (draw->told_count <= at) {
        draw->told = memory_grow(draw->told, draw->told_count, &draw->told_capacity, sizeof *draw->told);
        draw->told[draw->told_count++] = memory_copy_text("", 0);
    }
    free(draw->told[at]);
    draw->told[at] = memory_copy_text(line, strlen(line));
    return false;
}

static void tell_append(const struct watch_draw *draw, const json_t *row, bool stopping, struct buffer *line)
{
    struct watch_counts counts = watch_counts_of(row);
    struct buffer words = BUFFER_INIT;
    buffer_printf(&words, "%s ", field_text(row, "Region"));
    state_append(draw, row, &words);
    text_append_visible(line, words.data, words.length, false);
    buffer_append_text(line, ": ");
    buffer_release(&words);
    if (stopping) {
        int64_t left = field_i64(row, "Allocations");
        buffer_printf(line, "%" PRId64 " %s left", left, plural(left, "allocation", "allocations"));
    } else {
        buffer_printf(line, "wanted %" PRId64 ", placed %" PRId64 ", healthy %" PRId64 ", proven %" PRId64,
                      counts.wanted, counts.placed, counts.serving, counts.proven);
    }
}

static void tell_changes(struct watch_draw *draw, const json_t *rows, bool stopping, const char *waits)
{
    char time[TIME_TEXT_MAX];
    const json_t *row;
    size_t i;
    struct buffer visible = BUFFER_INIT;
    text_append_visible(&visible, waits, strlen(waits), false);
    if (!is_told(draw, 0, visible.data) && visible.length > 0) {
        output_line("%s %s", time_format(clock_wall_ms(), time), visible.data);
    }
    buffer_release(&visible);
    json_array_foreach(rows, i, row)
    {
        struct buffer line = BUFFER_INIT;
        tell_append(draw, row, stopping, &line);
        if (!is_told(draw, i + 1, line.data)) {
            output_line("%s %s", time_format(clock_wall_ms(), time), line.data);
        }
        buffer_release(&line);
    }
    fflush(stdout);
}

void watch_draw_job(struct watch_draw *draw, const json_t *job, bool stopping)
{
    json_t *rows = json_array(), *row;
    size_t i;
    json_array_foreach(field_list(job, stopping ? "Regions" : "Copies"), i, row)
    {
        if (stopping || !watch_is_past(row)) {
            json_array_append(rows, row);
        }
    }
    /* What the job as a whole waits for, machines say. */
    const char *waits = stopping ? "" : field_text(job, "Trouble");
    if (json_array_size(rows) == 0 && waits[0] == '\0') {
        json_decref(rows);
        return;
    }
    if (draw->terminal) {
        draw_again(draw, rows, stopping, waits);
    } else {
        tell_changes(draw, rows, stopping, waits);
    }
    json_decref(rows);
}
