/* Signature Version 4: see sign.h. */
#include "providers/aws/sign.h"

#include <assert.h>
#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/time.h"

enum { HASH_BYTES = 32 };

static void to_hex(const unsigned char bytes[static HASH_BYTES], char ret_hex[static AWS_SIGN_HEX_MAX])
{
    for (size_t i = 0; i < HASH_BYTES; i++)
        snprintf(ret_hex + 2 * i, 3, "%02x", bytes[i]);
}

void aws_sign_hash(const void *bytes, size_t length, char ret_hex[static AWS_SIGN_HEX_MAX])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    /* Fails only where OpenSSL has no SHA-256 or no memory; a wrong signature would only hide that. */
    if (EVP_Digest(bytes, length, digest, &size, EVP_sha256(), NULL) != 1 || size != HASH_BYTES)
        abort();
    to_hex(digest, ret_hex);
}

void aws_sign_date(int64_t now_us, char ret_date[static AWS_SIGN_DATE_MAX])
{
    char text[TIME_TEXT_MAX];
    time_format(now_us / 1000 - (now_us % 1000 < 0), text);
    /* "2015-08-30T12:36:00.000Z" without '-', ':' and the fraction */
    size_t length = 0;
    for (size_t i = 0; i < 19; i++)
        if (text[i] != '-' && text[i] != ':')
            ret_date[length++] = text[i];
    ret_date[length++] = 'Z';
    ret_date[length] = '\0';
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Encoded pairs sort as their "name\1value": 1 is below every byte that an encoded name can hold. */
void aws_sign_append_query(struct buffer *out, const struct aws_sign_pair *query, size_t count)
{
    char **encoded = memory_new(count, sizeof *encoded);
    for (size_t i = 0; i < count; i++) {
        struct buffer pair = BUFFER_INIT;
        text_append_percent(&pair, query[i].name, strlen(query[i].name));
        buffer_append_byte(&pair, '\1');
        text_append_percent(&pair, query[i].value, strlen(query[i].value));
        encoded[i] = buffer_take(&pair);
    }
    qsort(encoded, count, sizeof *encoded, compare_texts);
    for (size_t i = 0; i < count; i++) {
        char *separator = strchr(encoded[i], '\1');
        *separator = '=';
        if (i > 0)
            buffer_append_byte(out, '&');
        buffer_append_text(out, encoded[i]);
        free(encoded[i]);
    }
    free(encoded);
}

/* Every segment of the path as sent is encoded once more. */
static void append_path(struct buffer *out, const char *path)
{
    if (path[0] != '/')
        buffer_append_byte(out, '/');
    while (*path) {
        size_t length = strcspn(path, "/");
        text_append_percent(out, path, length);
        path += length;
        if (*path == '/') {
            buffer_append_byte(out, '/');
            path++;
        }
    }
}

/* The value without blanks at its ends, runs of blanks as one. */
static void append_trimmed(struct buffer *out, const char *value)
{
    bool blank = false, any = false;
    for (const char *c = value; *c; c++) {
        if (*c == ' ' || *c == '\t') {
            blank = true;
            continue;
        }
        if (blank && any)
            buffer_append_byte(out, ' ');
        blank = false;
        any = true;
        buffer_append_byte(out, *c);
    }
}

static int compare_names(const void *a, const void *b)
{
    const struct aws_sign_pair *left = a, *right = b;
    return strcasecmp(left->name, right->name);
}

static size_t sort_headers(const struct aws_sign_request *request, struct aws_sign_pair sorted[AWS_SIGN_HEADERS_MAX])
{
    size_t count = request->header_count;
    assert(count <= AWS_SIGN_HEADERS_MAX);
    if (count > 0)
        memcpy(sorted, request->headers, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_names);
    return count;
}

static void append_lower(struct buffer *out, const char *name)
{
    for (; *name; name++)
        buffer_append_byte(out, (char)tolower((unsigned char)*name));
}

static void append_signed_names(struct buffer *out, const struct aws_sign_request *request)
{
    struct aws_sign_pair sorted[AWS_SIGN_HEADERS_MAX];
    size_t count = sort_headers(request, sorted);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_append_byte(out, ';');
        append_lower(out, sorted[i].name);
    }
}

void aws_sign_append_canonical(struct buffer *out, const struct aws_sign_request *request)
{
    struct aws_sign_pair sorted[AWS_SIGN_HEADERS_MAX];
    size_t count = sort_headers(request, sorted);
    buffer_printf(out, "%s\n", request->method);
    append_path(out, request->path);
    buffer_append_byte(out, '\n');
    aws_sign_append_query(out, request->query, request->query_count);
    buffer_append_byte(out, '\n');
    for (size_t i = 0; i < count; i++) {
        append_lower(out, sorted[i].name);
        buffer_append_byte(out, ':');
        append_trimmed(out, sorted[i].value);
        buffer_append_byte(out, '\n');
    }
    buffer_append_byte(out, '\n');
    append_signed_names(out, request);
    buffer_printf(out, "\n%s", request->body_sha256);
}

static void keyed_hash(const void *key, size_t key_length, const char *text, unsigned char ret_digest[HASH_BYTES])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (!HMAC(EVP_sha256(), key, (int)key_length, (const unsigned char *)text, strlen(text), digest, &size) ||
        size != HASH_BYTES)
        abort();
    memcpy(ret_digest, digest, HASH_BYTES);
    OPENSSL_cleanse(digest, sizeof digest);
}

static void sign(const struct aws_sign_request *request, const char *secret, const char *text,
                 char ret_hex[static AWS_SIGN_HEX_MAX])
{
    size_t secret_length = strlen(secret);
    size_t first_length = secret_length + 4;
    char *first = memory_new(first_length + 1, 1);
    memcpy(first, "AWS4", 4);
    memcpy(first + 4, secret, secret_length);
    char day[9];
    snprintf(day, sizeof day, "%.8s", request->date);
    unsigned char key[HASH_BYTES], next[HASH_BYTES];
    keyed_hash(first, first_length, day, key);
    OPENSSL_cleanse(first, first_length);
    free(first);
    keyed_hash(key, HASH_BYTES, request->region, next);
    keyed_hash(next, HASH_BYTES, request->service, key);
    keyed_hash(key, HASH_BYTES, "aws4_request", next);
    keyed_hash(next, HASH_BYTES, text, key);
    to_hex(key, ret_hex);
    OPENSSL_cleanse(key, sizeof key);
    OPENSSL_cleanse(next, sizeof next);
}

void aws_sign_append_authorization(struct buffer *out, const struct aws_sign_request *request, const char *key_id,
                                   const char *secret)
{
    struct buffer canonical = BUFFER_INIT, scope = BUFFER_INIT, text = BUFFER_INIT;
    aws_sign_append_canonical(&canonical, request);
    char hash[AWS_SIGN_HEX_MAX], signature[AWS_SIGN_HEX_MAX];
    aws_sign_hash(canonical.data, canonical.length, hash);
    buffer_printf(&scope, "%.8s/%s/%s/aws4_request", request->date, request->region, request->service);
    buffer_printf(&text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", request->date, scope.data, hash);
    sign(request, secret, text.data, signature);
    buffer_printf(out, "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=", key_id, scope.data);
    append_signed_names(out, request);
    buffer_printf(out, ", Signature=%s", signature);
    /* The session token is among the signed headers. */
    OPENSSL_cleanse(canonical.data, canonical.length);
    buffer_release(&canonical);
    buffer_release(&scope);
    buffer_release(&text);
}
