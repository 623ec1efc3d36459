/* Characters of an HCL file: positions, blanks, comments, identifiers, quoted text, heredocs, numbers. */
#include "base/hcl_private.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

char hcl_peek(const struct hcl_scan *scan, size_t ahead)
{
    return (size_t)(scan->end - scan->at) > ahead ? scan->at[ahead] : '\0';
}

bool hcl_at_end(const struct hcl_scan *scan)
{
    return scan->at == scan->end;
}

void hcl_step(struct hcl_scan *scan, size_t bytes)
{
    for (; bytes > 0 && scan->at < scan->end; bytes--, scan->at++) {
        if (*scan->at == '\n') {
            scan->position.line++;
            scan->position.column = 1;
        } else if (((unsigned char)*scan->at & 0xC0u) != 0x80u) {
            scan->position.column++;
        }
    }
}

bool hcl_accept(struct hcl_scan *scan, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0)
        return false;
    hcl_step(scan, length);
    return true;
}

const char *hcl_here(const struct hcl_scan *scan, char words[static 32])
{
    uint32_t ignored = 0;
    size_t length = utf8_decode(scan->at, (size_t)(scan->end - scan->at), &ignored);
    if (hcl_at_end(scan))
        snprintf(words, 32, "the end of the file");
    else if (*scan->at == '\n' || *scan->at == '\r')
        snprintf(words, 32, "the end of the line");
    else if ((unsigned char)*scan->at < 0x20 || *scan->at == 0x7F)
        snprintf(words, 32, "a control character");
    else
        snprintf(words, 32, "'%.*s'", (int)length, scan->at);
    return words;
}

static bool skip_long_comment(struct hcl_scan *scan)
{
    struct hcl_position start = scan->position;
    hcl_step(scan, 2);
    while (!hcl_at_end(scan)) {
        if (hcl_accept(scan, "*/"))
            return true;
        hcl_step(scan, 1);
    }
    return hcl_scan_fail(scan, start, ERROR_INVALID, "the comment that begins here has no end; close it by */");
}

bool hcl_skip_blank(struct hcl_scan *scan)
{
    while (true) {
        char c = hcl_peek(scan, 0);
        if (c == ' ' || c == '\t') {
            hcl_step(scan, 1);
        } else if (c == '#' || (c == '/' && hcl_peek(scan, 1) == '/')) {
            while (!hcl_at_end(scan) && *scan->at != '\n')
                hcl_step(scan, 1);
        } else if (c == '/' && hcl_peek(scan, 1) == '*') {
            if (!skip_long_comment(scan))
                return false;
        } else {
            return true;
        }
    }
}

static bool accept_newline(struct hcl_scan *scan)
{
    return hcl_accept(scan, "\n") || hcl_accept(scan, "\r\n");
}

bool hcl_accept_line_end(struct hcl_scan *scan)
{
    return hcl_at_end(scan) || accept_newline(scan);
}

bool hcl_skip_lines(struct hcl_scan *scan)
{
    do {
        if (!hcl_skip_blank(scan))
            return false;
    } while (accept_newline(scan));
    return true;
}

/* Letters beyond ASCII are taken as they come: no name known to Drover has any. */
bool hcl_is_identifier_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

bool hcl_scan_identifier(struct hcl_scan *scan, const char **ret_text)
{
    const char *start = scan->at;
    const char *at = start;
    while (at < scan->end && (hcl_is_identifier_start(*at) || (*at >= '0' && *at <= '9') || *at == '-'))
        at++;
    if (at - start > HCL_TEXT_MAX)
        return hcl_scan_fail(scan, scan->position, ERROR_TOO_LARGE, "the name here is longer than %d bytes",
                             HCL_TEXT_MAX);
    *ret_text = hcl_keep_text(scan->document, start, (size_t)(at - start));
    hcl_step(scan, (size_t)(at - start));
    return true;
}

bool hcl_scan_literal(struct hcl_scan *scan)
{
    char c = hcl_peek(scan, 0);
    if ((c == '$' || c == '%') && hcl_peek(scan, 1) == '{')
        return hcl_scan_fail(
            scan, scan->position, ERROR_UNSUPPORTED,
            "templates (%c{...}) are evaluated by Nomad in job files, not here; write the text itself, "
            "or %c%c{ for a literal %c{",
            c, c, c, c);
    if (scan->text.length >= HCL_TEXT_MAX)
        return hcl_scan_fail(scan, scan->position, ERROR_TOO_LARGE, "the text is longer than %d bytes; shorten it",
                             HCL_TEXT_MAX);
    if ((c == '$' || c == '%') && hcl_peek(scan, 1) == c && hcl_peek(scan, 2) == '{') {
        char two[2] = {c, '{'};
        buffer_append(&scan->text, two, sizeof two);
        hcl_step(scan, 3);
        return true;
    }
    buffer_append_byte(&scan->text, c);
    hcl_step(scan, 1);
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* At the backslash of \uNNNN or \UNNNNNNNN. */
static bool scan_code_point(struct hcl_scan *scan)
{
    size_t digits = hcl_peek(scan, 1) == 'u' ? 4 : 8;
    uint32_t c = 0;
    for (size_t i = 0; i < digits; i++) {
        int value = hex_value(hcl_peek(scan, 2 + i));
        if (value < 0)
            return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                                 "\\%c is not followed by %zu hexadecimal digits; write \\%s", digits == 4 ? 'u' : 'U',
                                 digits, digits == 4 ? "u00e9" : "U0001f40e");
        c = c << 4 | (uint32_t)value;
    }
    if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                             "the escape names no character that text may hold; give a code point from 1 to 10ffff "
                             "outside d800 to dfff");
    char bytes[UTF8_SEQUENCE_MAX];
    buffer_append(&scan->text, bytes, utf8_encode(c, bytes));
    hcl_step(scan, 2 + digits);
    return true;
}

static bool scan_escape(struct hcl_scan *scan)
{
    static const char from[] = "nrt\"\\";
    static const char to[] = "\n\r\t\"\\";
    char c = hcl_peek(scan, 1);
    if (c == 'u' || c == 'U')
        return scan_code_point(scan);
    const char *found = c ? strchr(from, c) : NULL;
    if (!found)
        return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                             "the backslash begins no escape that HCL knows; write \\\\ for a backslash itself");
    buffer_append_byte(&scan->text, to[found - from]);
    hcl_step(scan, 2);
    return true;
}

static void keep_scanned(struct hcl_scan *scan, struct hcl_text *ret_text)
{
    ret_text->length = scan->text.length;
    ret_text->bytes = hcl_keep_text(scan->document, scan->text.data, scan->text.length);
}

bool hcl_scan_quoted(struct hcl_scan *scan, struct hcl_text *ret_text)
{
    struct hcl_position start = scan->position;
    hcl_step(scan, 1);
    buffer_clear(&scan->text);
    while (hcl_peek(scan, 0) != '"') {
        char c = hcl_peek(scan, 0);
        if (c == '\0' || c == '\n' || c == '\r')
            return hcl_scan_fail(
                scan, start, ERROR_INVALID,
                "the text that begins here has no closing quote on its line; close it, or use <<EOT for "
                "several lines");
        if (c == '\\' ? !scan_escape(scan) : !hcl_scan_literal(scan))
            return false;
    }
    hcl_step(scan, 1);
    keep_scanned(scan, ret_text);
    return true;
}

static size_t run_of_digits(const struct hcl_scan *scan, size_t from)
{
    size_t count = 0;
    while (hcl_peek(scan, from + count) >= '0' && hcl_peek(scan, from + count) <= '9')
        count++;
    return count;
}

/* Bytes of the number here: -?digits(.digits)?([eE][+-]?digits)? */
static size_t number_length(const struct hcl_scan *scan, bool *ret_plain)
{
    size_t at = hcl_peek(scan, 0) == '-';
    at += run_of_digits(scan, at);
    *ret_plain = true;
    size_t fraction = hcl_peek(scan, at) == '.' ? run_of_digits(scan, at + 1) : 0;
    at += fraction ? fraction + 1 : 0;
    size_t sign = 0;
    size_t exponent = 0;
    if (hcl_peek(scan, at) == 'e' || hcl_peek(scan, at) == 'E') {
        sign = hcl_peek(scan, at + 1) == '+' || hcl_peek(scan, at + 1) == '-';
        exponent = run_of_digits(scan, at + 1 + sign);
        at += exponent ? 1 + sign + exponent : 0;
    }
    *ret_plain = !fraction && !exponent;
    return at;
}

static bool parse_whole(const char *digits, size_t length, int64_t *ret_whole)
{
    bool negative = digits[0] == '-';
    int64_t value = 0;
    for (size_t i = negative; i < length; i++) {
        int64_t digit = digits[i] - '0';
        if (__builtin_mul_overflow(value, INT64_C(10), &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    *ret_whole = value;
    return true;
}

bool hcl_scan_number(struct hcl_scan *scan, struct hcl_number *ret_number)
{
    bool plain = false;
    size_t length = number_length(scan, &plain);
    if (length > HCL_NUMBER_MAX)
        return hcl_scan_fail(scan, scan->position, ERROR_TOO_LARGE,
                             "the number has more than %d characters; shorten it", HCL_NUMBER_MAX);
    char next = hcl_peek(scan, length);
    if (hcl_is_identifier_start(next) || next == '.')
        return hcl_scan_fail(scan, scan->position, ERROR_INVALID,
                             "a number cannot be followed by %s; put durations, addresses and the like into quotes",
                             next == '.' ? "a dot" : "letters");
    ret_number->digits = hcl_keep_text(scan->document, scan->at, length);
    ret_number->is_whole = plain && parse_whole(scan->at, length, &ret_number->whole);
    hcl_step(scan, length);
    return true;
}
