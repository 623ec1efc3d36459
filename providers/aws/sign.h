/* Signature Version 4 of AWS, for every service but S3.
 *
 * Written here and not taken from libcurl, whose signer signs differently from version to version and cannot correct a
 * wrong clock (docs/providers/aws.md, "Signing"). Pure: the time is an argument. Neighbours: call.h sends what is
 * signed here, credentials.h owns the keys.
 *
 * Source of the rules: AWS's description of Signature Version 4, checked against botocore's signer. */
#ifndef DROVER_PROVIDERS_AWS_SIGN_H
#define DROVER_PROVIDERS_AWS_SIGN_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

enum {
    AWS_SIGN_DATE_MAX = 17,   /* "20150830T123600Z" and its NUL */
    AWS_SIGN_HEX_MAX = 65,    /* SHA-256 in hexadecimal digits and its NUL */
    AWS_SIGN_HEADERS_MAX = 16 /* headers that one request signs */
};

struct aws_sign_pair {
    const char *name, *value;
};

struct aws_sign_request {
    const char *method;                /* "POST" */
    const char *path;                  /* as sent, percent-encoded; "" reads as "/" */
    const struct aws_sign_pair *query; /* names and values as meant, not encoded */
    size_t query_count;
    const struct aws_sign_pair *headers; /* all that are signed, host and x-amz-date among them; names in any case */
    size_t header_count;                 /* at most AWS_SIGN_HEADERS_MAX */
    const char *body_sha256;             /* hexadecimal, from aws_sign_hash */
    const char *date;                    /* from aws_sign_date */
    const char *region, *service;        /* of the credential scope */
};

/* SHA-256 of the bytes in lower-case hexadecimal digits. */
void aws_sign_hash(const void *bytes, size_t length, char ret_hex[static AWS_SIGN_HEX_MAX]);

/* Microseconds since 1970 as "20150830T123600Z"; a moment outside the years 0 to 9999 is written as the nearest one. */
void aws_sign_date(int64_t now_us, char ret_date[static AWS_SIGN_DATE_MAX]);

/* Appends `name=value&...`, encoded and sorted by encoded name and value: what is signed and what is sent. */
void aws_sign_append_query(struct buffer *out, const struct aws_sign_pair *query, size_t count);

/* Appends the canonical request, for tests and for telling an operator what was signed. No secret is in it but the
 * session token, when one is among the headers. */
void aws_sign_append_canonical(struct buffer *out, const struct aws_sign_request *request);

/* Appends the value of the Authorization header. The derived keys are wiped. */
void aws_sign_append_authorization(struct buffer *out, const struct aws_sign_request *request, const char *key_id,
                                   const char *secret);

#endif
