/* Client assertions by OpenSSL; see assertion.h. */
#include "providers/azure/assertion.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_writer.h"
#include "base/memory.h"

enum { LIFE_S = 600, KEY_BITS_MIN = 2048, CHAIN_MAX = 8 };

struct material {
    EVP_PKEY *key;
    X509 *chain[CHAIN_MAX];
    size_t count;
};

static void release(struct material *material)
{
    EVP_PKEY_free(material->key);
    for (size_t i = 0; i < material->count; i++)
        X509_free(material->chain[i]);
    ERR_clear_error();
}

static BIO *open_text(const char *pem)
{
    size_t length = strlen(pem);
    return length > 1024 * 1024 ? NULL : BIO_new_mem_buf(pem, (int)length);
}

/* Refuses to ask anybody for a pass phrase. */
static int no_phrase(char *phrase, int size, int writing, void *context)
{
    (void)phrase, (void)size, (void)writing, (void)context;
    return -1;
}

static bool read_material(const char *pem, struct material *ret_material, struct error *ret_error)
{
    struct material material = {0};
    BIO *bio = open_text(pem);
    if (!bio)
        return error_set(ret_error, ERROR_INVALID, "certificate: longer than 1 MiB");
    material.key = PEM_read_bio_PrivateKey(bio, NULL, no_phrase, NULL);
    BIO_free(bio);
    bio = open_text(pem);
    while (bio && material.count < CHAIN_MAX &&
           (material.chain[material.count] = PEM_read_bio_X509(bio, NULL, no_phrase, NULL)))
        material.count++;
    BIO_free(bio);
    *ret_material = material;
    if (!material.key)
        return error_set(ret_error, ERROR_INVALID,
                         "certificate: holds no private key in PEM that opens without a pass phrase");
    if (material.count == 0)
        return error_set(ret_error, ERROR_INVALID, "certificate: holds no certificate in PEM besides the key");
    if (!EVP_PKEY_is_a(material.key, "RSA"))
        return error_set(ret_error, ERROR_UNSUPPORTED, "certificate: Azure takes RSA keys only");
    if (EVP_PKEY_get_bits(material.key) < KEY_BITS_MIN)
        return error_set(ret_error, ERROR_UNSUPPORTED, "certificate: an RSA key of at least %d bits is wanted",
                         KEY_BITS_MIN);
    if (X509_check_private_key(material.chain[0], material.key) != 1)
        return error_set(ret_error, ERROR_INVALID, "certificate: the first certificate belongs to another key");
    return true;
}

bool azure_assertion_check(const char *pem, struct error *ret_error)
{
    struct material material = {0};
    bool good = read_material(pem, &material, ret_error);
    release(&material);
    return good;
}

static void append_base64(struct buffer *out, const unsigned char *bytes, size_t length, bool url)
{
    size_t size = (length + 2) / 3 * 4;
    char *text = memory_new(size + 1, 1);
    EVP_EncodeBlock((unsigned char *)text, bytes, (int)length);
    for (size_t i = 0; url && i < size; i++)
        text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    while (url && size > 0 && text[size - 1] == '=')
        size--;
    buffer_append(out, text, size);
    free(text);
}

static void write_chain(struct json_writer *writer, const struct material *material)
{
    json_writer_key(writer, "x5c");
    json_writer_begin_array(writer);
    for (size_t i = 0; i < material->count; i++) {
        unsigned char *der = NULL;
        int length = i2d_X509(material->chain[i], &der);
        struct buffer text = BUFFER_INIT;
        if (length > 0)
            append_base64(&text, der, (size_t)length, false);
        json_writer_text(writer, text.data);
        buffer_release(&text);
        OPENSSL_free(der);
    }
    json_writer_end_array(writer);
}

static bool append_header(struct buffer *out, const struct azure_assertion *assertion, const struct material *material)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    if (X509_digest(material->chain[0], EVP_sha256(), digest, &length) != 1)
        return false;
    struct buffer json = BUFFER_INIT, thumbprint = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&json, false);
    append_base64(&thumbprint, digest, length, true);
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "alg", "PS256");
    json_writer_field_text(&writer, "typ", "JWT");
    json_writer_field_text(&writer, "x5t#S256", thumbprint.data);
    if (assertion->send_chain)
        write_chain(&writer, material);
    json_writer_end_object(&writer);
    append_base64(out, (const unsigned char *)json.data, json.length, true);
    buffer_release(&thumbprint);
    buffer_release(&json);
    return true;
}

static void append_claims(struct buffer *out, const struct azure_assertion *assertion)
{
    struct buffer json = BUFFER_INIT;
    struct json_writer writer = json_writer_init(&json, false);
    json_writer_begin_object(&writer);
    json_writer_field_text(&writer, "aud", assertion->audience);
    json_writer_field_text(&writer, "iss", assertion->client_id);
    json_writer_field_text(&writer, "sub", assertion->client_id);
    json_writer_field_text(&writer, "jti", assertion->id);
    json_writer_field_i64(&writer, "iat", assertion->now_s);
    json_writer_field_i64(&writer, "exp", assertion->now_s + LIFE_S);
    json_writer_end_object(&writer);
    append_base64(out, (const unsigned char *)json.data, json.length, true);
    buffer_release(&json);
}

/* RSASSA-PSS, SHA-256 for hash and mask, salt as long as the hash (RFC 7518 3.5). */
static bool append_signature(struct buffer *out, const struct material *material)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key = NULL;
    unsigned char *signature = NULL;
    size_t length = 0;
    bool good = digest && EVP_DigestSignInit(digest, &key, EVP_sha256(), NULL, material->key) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING) == 1 &&
                EVP_PKEY_CTX_set_rsa_pss_saltlen(key, RSA_PSS_SALTLEN_DIGEST) == 1 &&
                EVP_PKEY_CTX_set_rsa_mgf1_md(key, EVP_sha256()) == 1 &&
                EVP_DigestSign(digest, NULL, &length, (const unsigned char *)out->data, out->length) == 1;
    if (good) {
        signature = memory_new(length, 1);
        good = EVP_DigestSign(digest, signature, &length, (const unsigned char *)out->data, out->length) == 1;
    }
    if (good) {
        buffer_append_byte(out, '.');
        append_base64(out, signature, length, true);
    }
    free(signature);
    EVP_MD_CTX_free(digest);
    return good;
}

char *azure_assertion_sign(const struct azure_assertion *assertion, struct error *ret_error)
{
    struct material material = {0};
    struct buffer out = BUFFER_INIT;
    char *text = NULL;
    if (!read_material(assertion->pem, &material, ret_error))
        goto out;
    bool good = append_header(&out, assertion, &material);
    buffer_append_byte(&out, '.');
    append_claims(&out, assertion);
    if (good && append_signature(&out, &material))
        text = buffer_take(&out);
    else
        error_set(ret_error, ERROR_INTERNAL, "certificate: OpenSSL could not sign with this key");
out:
    buffer_release(&out);
    release(&material);
    return text;
}
