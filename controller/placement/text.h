/* Lines of words and numbers, read strictly, with line and column in every error.
 *
 * Internal to placement: both file readers use it. The text must have passed text_check. Blanks are space and tab; `#`
 * ends a line. The first failure is kept; every function after it fails too. Pure. */
#ifndef DROVER_CONTROLLER_PLACEMENT_TEXT_H
#define DROVER_CONTROLLER_PLACEMENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct text {
    const char *at;
    const char *end;
    const char *line; /* where the current line begins */
    size_t line_number;
    struct error *error;
};

/* Starts before the first line. Fails on bytes that are not UTF-8 and on control characters other than tab and newline.
 */
bool text_open(struct text *text, const char *bytes, size_t length, struct error *error);

/* Goes to the first word of the next line that has one. False at the end of the text. */
bool text_next_line(struct text *text);

/* Skips blanks; true at the end of the line. */
bool text_at_line_end(struct text *text);

/* Skips blanks and takes the next word (up to a blank, `=`, `#` or the line's end). False when there is none. */
bool text_take_word(struct text *text, const char **ret_word, size_t *ret_length);

/* Takes the character if it comes next. */
bool text_take_char(struct text *text, char character);

/* A whole decimal number, 0 to most, right here. `what` names it in the error. */
bool text_take_number(struct text *text, int64_t most, const char *what, int64_t *ret_number);

/* As above after blanks. */
bool text_take_number_word(struct text *text, int64_t most, const char *what, int64_t *ret_number);

/* A number, 0 to count - 1, that names one of the count things already there. */
bool text_take_id(struct text *text, uint32_t count, const char *what, uint32_t *ret_id);

/* As above after blanks, and a blank or the line's end must follow. */
bool text_take_id_word(struct text *text, uint32_t count, const char *what, uint32_t *ret_id);

/* `count` numbers from 0 to most, separated by commas. */
bool text_take_vector(struct text *text, uint32_t count, int64_t most, const char *what, int64_t *ret_vector);

/* Goes to the first line, which must be `word 1`. ERROR_NEWER for a version above 1. */
bool text_take_header(struct text *text, const char *word);

/* Fails unless only blanks or a comment are left on the line. */
bool text_expect_line_end(struct text *text);

/* Fails unless the number just read has ended: a blank, a comment or the line's end follows. */
bool text_expect_blank(struct text *text);

/* Sets "line:column: ..." for where the text stands. Always false. */
bool text_fail(struct text *text, enum error_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* True when word is the whole of literal. */
bool text_same(const char *word, size_t length, const char *literal);

#endif
