/* Job files: see job_file.h. */
#include "controller/cli/job_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "base/utf8.h"

enum { JOB_FILE_CHUNK = 64 * 1024, JOB_FILE_DEPTH = 128 };

static bool job_file_too_large(const char *path, struct error *ret_error)
{
    return error_set(ret_error, ERROR_TOO_LARGE, "%s has more than %d MiB: that is no job file Drover takes", path,
                     JOB_FILE_MAX / (1024 * 1024));
}

static bool job_file_system(const char *path, struct error *ret_error)
{
    enum error_code code = errno == ENOENT ? ERROR_NOT_FOUND : errno == EACCES ? ERROR_DENIED : ERROR_SYSTEM;
    return error_set(ret_error, code, "%s cannot be read: %s", path, strerror(errno));
}

static bool job_file_read_all(int file, const char *path, struct buffer *bytes, struct error *ret_error)
{
    while (bytes->length <= JOB_FILE_MAX) {
        char chunk[JOB_FILE_CHUNK];
        ssize_t got = read(file, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return job_file_system(path, ret_error);
        }
        if (got == 0) {
            return true;
        }
        buffer_append(bytes, chunk, (size_t)got);
    }
    return job_file_too_large(path, ret_error);
}

static bool job_file_check(const char *path, const struct buffer *bytes, struct error *ret_error)
{
    if (strspn(bytes->data, " \t\r\n") == bytes->length) {
        return error_set(ret_error, ERROR_INVALID, "%s is empty", path);
    }
    if (!utf8_valid(bytes->data, bytes->length) || memchr(bytes->data, '\0', bytes->length) != NULL) {
        return error_set(ret_error, ERROR_INVALID, "%s is not UTF-8 text", path);
    }
    return true;
}

bool job_file_read(const char *path, struct buffer *bytes, struct error *ret_error)
{
    bool standard = strcmp(path, "-") == 0;
    int file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    const char *name = standard ? "standard input" : path;
    struct stat status;
    bool ok;
    if (file < 0 || fstat(file, &status) != 0) {
        ok = job_file_system(name, ret_error);
    } else if (S_ISDIR(status.st_mode)) {
        ok = error_set(ret_error, ERROR_INVALID, "%s is a directory: name a job file", name);
    } else if (S_ISREG(status.st_mode) && status.st_size > JOB_FILE_MAX) {
        ok = job_file_too_large(name, ret_error);
    } else {
        ok = job_file_read_all(file, name, bytes, ret_error) && job_file_check(name, bytes, ret_error);
    }
    if (file >= 0 && !standard) {
        close(file);
    }
    return ok;
}

static bool job_file_append_json(const struct buffer *bytes, struct json_writer *writer, struct error *ret_error)
{
    json_t *document, *job;
    struct buffer text = BUFFER_INIT;
    if (!json_read(bytes->data, bytes->length, JOB_FILE_MAX, JOB_FILE_DEPTH, &document, ret_error)) {
        return false;
    }
    if (json_get_object(document, "Job", &job) != JSON_FOUND) {
        job = document;
    }
    json_write(&text, job, false);
    json_writer_key(writer, "Job");
    json_writer_raw(writer, text.data, text.length);
    buffer_release(&text);
    json_decref(document);
    return true;
}

static bool job_file_append_hcl(const struct buffer *bytes, const struct options *options, struct json_writer *writer,
                                struct error *ret_error)
{
    struct buffer variables = BUFFER_INIT;
    bool ok = variables_text(options, &variables, ret_error);
    if (ok) {
        json_writer_key(writer, "JobHCL");
        json_writer_bytes(writer, bytes->data, bytes->length);
        if (variables.length > 0) {
            json_writer_key(writer, "Variables");
            json_writer_bytes(writer, variables.data, variables.length);
        }
    }
    buffer_release(&variables);
    return ok;
}

bool job_file_body(const char *path, const struct options *options, bool dry_run, struct buffer *body,
                   struct error *ret_error)
{
    struct buffer bytes = BUFFER_INIT;
    struct json_writer writer = json_writer_init(body, false);
    bool ok = job_file_read(path, &bytes, ret_error);
    bool json = ok && bytes.data[strspn(bytes.data, " \t\r\n")] == '{';
    if (ok && json && (options_flag(options, "var") || options_flag(options, "var-file"))) {
        ok = error_set(ret_error, ERROR_INVALID, "%s is JSON: -var and -var-file are for HCL", path);
    }
    if (ok) {
        json_writer_begin_object(&writer);
        if (json) {
            ok = job_file_append_json(&bytes, &writer, ret_error) ||
                 error_prefix(ret_error, "%s", strcmp(path, "-") == 0 ? "standard input" : path);
        } else {
            ok = job_file_append_hcl(&bytes, options, &writer, ret_error);
        }
        json_writer_field_flag(&writer, "DryRun", dry_run);
        json_writer_end_object(&writer);
    }
    buffer_release(&bytes);
    return ok;
}

void job_file_name_error(const char *path, struct error *error)
{
    static const char given[] = "input.hcl:";
    const char *at = strstr(error->text, given);
    if (at != NULL) {
        struct error old = *error;
        error_set(error, old.code, "%.*s%s:%s", (int)(at - error->text), old.text,
                  strcmp(path, "-") == 0 ? "standard input" : path, old.text + (at - error->text) + sizeof given - 1);
    }
}
