/* One error, told once: a code a program can act on and a sentence a person can act on.
 *
 * Every function that can fail takes `struct error *ret_error` last (never NULL) and returns false (or NULL) exactly
 * when it has set it. On success *ret_error is left as it was. The text says what, where and what to do; it never
 * holds a secret (token, spec body, header value).
 *
 * Threads: plain data, no shared state. */
#ifndef DROVER_BASE_ERROR_H
#define DROVER_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

/* X(constant, word shown in JSON and logs) */
#define ERROR_CODES(X)                                                                                                 \
    X(ERROR_NONE, "none")                                                                                              \
    X(ERROR_INVALID, "invalid")                                                                                        \
    X(ERROR_NOT_FOUND, "not_found")                                                                                    \
    X(ERROR_CONFLICT, "conflict")                                                                                      \
    X(ERROR_DENIED, "denied")                                                                                          \
    X(ERROR_UNREACHABLE, "unreachable")                                                                                \
    X(ERROR_TIMEOUT, "timeout")                                                                                        \
    X(ERROR_TOO_LARGE, "too_large")                                                                                    \
    X(ERROR_OVERFLOW, "overflow")                                                                                      \
    X(ERROR_CORRUPT, "corrupt")                                                                                        \
    X(ERROR_NEWER, "newer_version")                                                                                    \
    X(ERROR_BUSY, "busy")                                                                                              \
    X(ERROR_NO_SPACE, "no_space")                                                                                      \
    X(ERROR_UNSUPPORTED, "unsupported")                                                                                \
    X(ERROR_GATED, "gated")       /* mode or freeze forbids the write */                                               \
    X(ERROR_SYSTEM, "system")     /* the operating system refused; the text carries strerror */                        \
    X(ERROR_INTERNAL, "internal") /* a bug in Drover */

enum error_code {
#define ERROR_ENUM(constant, word) constant,
    ERROR_CODES(ERROR_ENUM)
#undef ERROR_ENUM
};

enum { ERROR_TEXT_MAX = 1024 };

struct error {
    enum error_code code;
    char text[ERROR_TEXT_MAX];
};

/* Sets code and formatted text (cut at ERROR_TEXT_MAX - 1 bytes, never inside a UTF-8 sequence). Always returns false,
 * so that callers write `return error_set(...)`. */
bool error_set(struct error *ret_error, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts formatted text and ": " before the text already there; keeps the code. Always returns false. */
bool error_prefix(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#ifdef __clang_analyzer__
/* The analyzer does not look into error.c: without this it takes every failure for a success with nothing set. */
#define error_set(...) (error_set(__VA_ARGS__), false)
#define error_prefix(...) (error_prefix(__VA_ARGS__), false)
#endif

/* The word of a code, static storage; "internal" for a value outside the list. */
const char *error_code_word(enum error_code code);

#endif
