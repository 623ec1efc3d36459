/* A job file and its variables, made into the body of POST jobs. */
#ifndef DROVER_CONTROLLER_CLI_JOB_FILE_H
#define DROVER_CONTROLLER_CLI_JOB_FILE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "controller/cli/options.h"

enum { JOB_FILE_MAX = 8 * 1024 * 1024 };

/* Reads a file, "-" for standard input, a pipe as well; never more than JOB_FILE_MAX + 1 bytes of it. UTF-8 without
 * NUL. ERROR_NOT_FOUND, ERROR_DENIED, ERROR_INVALID (a directory, empty, not UTF-8), ERROR_TOO_LARGE, ERROR_SYSTEM. */
bool job_file_read(const char *path, struct buffer *bytes, struct error *ret_error);

/* Appends the JSON body for the job in the file: JSON when its first character is '{' (with or without {"Job": ...}
 * around), else HCL with -var and -var-file from the options. */
bool job_file_body(const char *path, const struct options *options, bool dry_run, struct buffer *body,
                   struct error *ret_error);

/* Puts the file's name in place of the one that Nomad gives to a text without a file. */
void job_file_name_error(const char *path, struct error *error);

/* variables.c: what -var and -var-file say, as `name = literal` lines, each name once, the last one given. "" for
 * none. */
bool variables_text(const struct options *options, struct buffer *text, struct error *ret_error);

#endif
