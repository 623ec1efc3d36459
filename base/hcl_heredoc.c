/* Heredocs: <<EOT as it stands, <<-EOT without the indentation that all its lines share. */
#include "base/hcl_private.h"

#include <string.h>

/* True when the line at hand holds the marker and blanks only; sets how many bytes stand up to the marker's end. */
static bool line_is_marker(const struct hcl_scan *scan, const char *marker, size_t *ret_length)
{
    size_t at = 0;
    while (hcl_peek(scan, at) == ' ' || hcl_peek(scan, at) == '\t')
        at++;
    for (; *marker; marker++, at++)
        if (hcl_peek(scan, at) != *marker)
            return false;
    size_t length = at;
    while (hcl_peek(scan, at) == ' ' || hcl_peek(scan, at) == '\t' || hcl_peek(scan, at) == '\r')
        at++;
    *ret_length = length;
    return hcl_peek(scan, at) == '\n' || hcl_peek(scan, at) == '\0';
}

static size_t leading_blanks(const char *line, const char *end)
{
    size_t count = 0;
    while (line + count < end && (line[count] == ' ' || line[count] == '\t'))
        count++;
    return count;
}

static const char *line_after(const char *line, const char *end)
{
    const char *newline = memchr(line, '\n', (size_t)(end - line));
    return newline ? newline + 1 : end;
}

static bool is_empty_line(const char *line, const char *next)
{
    while (line < next && (*line == ' ' || *line == '\t' || *line == '\r' || *line == '\n'))
        line++;
    return line == next;
}

/* Lines of blanks only neither count nor change, as in hclsyntax. */
static void remove_indentation(struct buffer *text)
{
    const char *end = text->data + text->length;
    size_t shared = text->length;
    for (const char *line = text->data; line < end; line = line_after(line, end))
        if (!is_empty_line(line, line_after(line, end)) && leading_blanks(line, end) < shared)
            shared = leading_blanks(line, end);
    char *to = text->data;
    for (const char *line = text->data; line < end;) {
        const char *next = line_after(line, end);
        const char *from = is_empty_line(line, next) ? line : line + shared;
        memmove(to, from, (size_t)(next - from));
        to += next - from;
        line = next;
    }
    text->length = (size_t)(to - text->data);
}

static bool scan_line(struct hcl_scan *scan)
{
    char c = '\0';
    do {
        c = hcl_peek(scan, 0);
        if (!hcl_scan_literal(scan))
            return false;
    } while (c != '\n' && !hcl_at_end(scan));
    return true;
}

bool hcl_scan_heredoc(struct hcl_scan *scan, struct hcl_text *ret_text)
{
    struct hcl_position start = scan->position;
    hcl_step(scan, 2);
    bool indented = hcl_accept(scan, "-");
    const char *marker = NULL;
    if (!hcl_is_identifier_start(hcl_peek(scan, 0)))
        return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                             "a heredoc needs a marker word, nothing between; write <<EOT");
    if (!hcl_scan_identifier(scan, &marker))
        return false;
    if (!hcl_accept(scan, "\n") && !hcl_accept(scan, "\r\n"))
        return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                             "a heredoc's text begins on the line after its marker; end the line here");
    buffer_clear(&scan->text);
    size_t marker_length = 0;
    while (!line_is_marker(scan, marker, &marker_length)) {
        if (hcl_at_end(scan))
            return hcl_scan_fail(scan, start, ERROR_INVALID,
                                 "the heredoc that begins here has no end; put %.64s alone on a line after it", marker);
        if (!scan_line(scan))
            return false;
    }
    hcl_step(scan, marker_length);
    if (indented)
        remove_indentation(&scan->text);
    ret_text->length = scan->text.length;
    ret_text->bytes = hcl_keep_text(scan->document, scan->text.data, scan->text.length);
    return true;
}
