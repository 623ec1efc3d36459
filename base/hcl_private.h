/* Between hcl.c (document), hcl_scan.c (characters, text, numbers) and hcl_parse.c (grammar); for no one else. */
#ifndef DROVER_BASE_HCL_PRIVATE_H
#define DROVER_BASE_HCL_PRIVATE_H

#include "base/buffer.h"
#include "base/hcl.h"

struct hcl_chunk;

struct hcl_document {
    struct hcl_chunk *chunks; /* all nodes and texts live here */
    const char **file_names;
    size_t file_count, file_capacity;
    struct hcl_body body;
    struct hcl_argument **arguments_end; /* where the next one is hung */
    struct hcl_block **blocks_end;
};

/* Zeroed memory, or a copy of text, that lives as long as the document. */
void *hcl_keep(struct hcl_document *document, size_t size);
const char *hcl_keep_text(struct hcl_document *document, const char *text, size_t length);

/* Where reading stands in one file. */
struct hcl_scan {
    struct hcl_document *document;
    const char *at, *end;
    struct hcl_position position;
    unsigned depth;
    struct buffer text; /* the text being read */
    struct error *error;
};

/* The character at hand, or the one `ahead` of it; '\0' at the end (a NUL byte never gets here). */
char hcl_peek(const struct hcl_scan *scan, size_t ahead);
bool hcl_at_end(const struct hcl_scan *scan);
void hcl_step(struct hcl_scan *scan, size_t bytes);
/* Steps over the word when it stands here. */
bool hcl_accept(struct hcl_scan *scan, const char *word);

/* Blanks and comments up to the end of the line; slash-star comments may cross lines. */
bool hcl_skip_blank(struct hcl_scan *scan);
/* Those and line ends. */
bool hcl_skip_lines(struct hcl_scan *scan);
/* True at a line's end or the file's; steps over it. */
bool hcl_accept_line_end(struct hcl_scan *scan);

bool hcl_is_identifier_start(char c);
bool hcl_scan_identifier(struct hcl_scan *scan, const char **ret_text);
/* At the opening '"'. */
bool hcl_scan_quoted(struct hcl_scan *scan, struct hcl_text *ret_text);
/* At the "<<". */
bool hcl_scan_heredoc(struct hcl_scan *scan, struct hcl_text *ret_text);
bool hcl_scan_number(struct hcl_scan *scan, struct hcl_number *ret_number);
/* Takes one character of a text, or the $${ or %%{ here, into scan->text; refuses ${ and %{. */
bool hcl_scan_literal(struct hcl_scan *scan);

/* What stands here, for an error: "'}'", "the end of the line", "the end of the file". */
const char *hcl_here(const struct hcl_scan *scan, char words[static 32]);

bool hcl_scan_fail(struct hcl_scan *scan, struct hcl_position position, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The grammar: a whole file into the document's body. */
bool hcl_parse_file(struct hcl_scan *scan);
/* The grammar: one value (hcl_value.c). */
bool hcl_parse_value(struct hcl_scan *scan, struct hcl_value **ret_value);

/* One name and where it stands, to look for duplicates. */
struct hcl_name {
    const char *name;
    struct hcl_position position;
};
/* Sorts names and refuses the earliest that stands twice; `what`: "argument", "key". */
bool hcl_refuse_duplicates(const struct hcl_document *document, struct hcl_name *names, size_t count, const char *what,
                           struct error *ret_error);
bool hcl_check_arguments(const struct hcl_document *document, const struct hcl_body *body, struct error *ret_error);

#endif
