/* links: base net openssl */
/* Outgoing HTTPS: who is trusted, under which name, with which client certificate, and that a refused handshake counts
 * as not sent. The certificates are made here, anew each run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "tests/unit/net_script_server.h"
#include "tests/unit/net_exchange.h"

struct identity {
    X509 *certificate;
    EVP_PKEY *key;
};

struct papers {
    char folder[32];
    char ca_path[64], other_ca_path[64], client_cert_path[64], client_key_path[64], locked_key_path[64];
    struct identity ca, other_ca, server, client;
};

static void add_extension(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    assert_non_null(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

/* `issuer` NULL: an authority that signs itself. */
static struct identity issue(const char *name, const char *alternative, const struct identity *issuer)
{
    static long serial = 1;
    struct identity identity = {.certificate = X509_new(), .key = EVP_EC_gen("P-256")};
    X509 *certificate = identity.certificate;
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, identity.key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, (const unsigned char *)name, -1,
                               -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer ? issuer->certificate : certificate));
    add_extension(certificate, issuer ? issuer->certificate : certificate, NID_basic_constraints,
                  issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
    if (alternative)
        add_extension(certificate, issuer->certificate, NID_subject_alt_name, alternative);
    assert_true(X509_sign(certificate, issuer ? issuer->key : identity.key, EVP_sha256()) > 0);
    return identity;
}

static void write_pem(const char *path, X509 *certificate, EVP_PKEY *key, const char *pass)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    if (certificate)
        PEM_write_X509(file, certificate);
    if (key)
        PEM_write_PrivateKey(file, key, pass ? EVP_aes_128_cbc() : NULL, (const unsigned char *)pass,
                             pass ? (int)strlen(pass) : 0, NULL, NULL);
    fclose(file);
}

static int make_papers(void **state)
{
    struct papers *papers = calloc(1, sizeof *papers);
    strcpy(papers->folder, "/tmp/drover-test-XXXXXX");
    assert_non_null(mkdtemp(papers->folder));
    papers->ca = issue("Test CA", NULL, NULL);
    papers->other_ca = issue("Other CA", NULL, NULL);
    papers->server = issue("server", "DNS:server.fra1.nomad", &papers->ca);
    papers->client = issue("client", "DNS:drover", &papers->ca);
    snprintf(papers->ca_path, sizeof papers->ca_path, "%s/ca.pem", papers->folder);
    snprintf(papers->other_ca_path, sizeof papers->other_ca_path, "%s/other.pem", papers->folder);
    snprintf(papers->client_cert_path, sizeof papers->client_cert_path, "%s/cert.pem", papers->folder);
    snprintf(papers->client_key_path, sizeof papers->client_key_path, "%s/key.pem", papers->folder);
    snprintf(papers->locked_key_path, sizeof papers->locked_key_path, "%s/locked.pem", papers->folder);
    write_pem(papers->ca_path, papers->ca.certificate, NULL, NULL);
    write_pem(papers->other_ca_path, papers->other_ca.certificate, NULL, NULL);
    write_pem(papers->client_cert_path, papers->client.certificate, NULL, NULL);
    write_pem(papers->client_key_path, NULL, papers->client.key, NULL);
    write_pem(papers->locked_key_path, NULL, papers->client.key, "pass phrase");
    *state = papers;
    return 0;
}

static void free_identity(struct identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
}

static int drop_papers(void **state)
{
    struct papers *papers = *state;
    unlink(papers->ca_path);
    unlink(papers->other_ca_path);
    unlink(papers->client_cert_path);
    unlink(papers->client_key_path);
    unlink(papers->locked_key_path);
    rmdir(papers->folder);
    free_identity(&papers->ca);
    free_identity(&papers->other_ca);
    free_identity(&papers->server);
    free_identity(&papers->client);
    free(papers);
    return 0;
}

static void *tls_begin(struct server *server, int socket)
{
    SSL *tls = SSL_new(server->context);
    SSL_set_fd(tls, socket);
    if (SSL_accept(tls) == 1)
        return tls;
    SSL_free(tls);
    return NULL;
}

static long tls_read(void *tls, void *bytes, size_t length)
{
    return SSL_read(tls, bytes, (int)length);
}

static long tls_write(void *tls, const void *bytes, size_t length)
{
    return SSL_write(tls, bytes, (int)length);
}

static void tls_end(void *tls)
{
    SSL_shutdown(tls);
    SSL_free(tls);
}

static void script_whole(struct wire *wire)
{
    while (wire_read_request(wire))
        wire_answer(wire, 200, "", "body");
}

static void *no_tls_begin(struct server *server, int socket)
{
    static const char plain[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    (void)server;
    char byte;
    if (recv(socket, &byte, 1, 0) == 1)
        send(socket, plain, sizeof plain - 1, MSG_NOSIGNAL);
    return NULL;
}

struct visit {
    struct http_endpoint_config config;
    bool ask_client_certificate;
    bool plain;
    const char *host_header; /* expected, with the port as %d; NULL: not looked at */
    int times;
};

static void visit(struct papers *papers, struct visit visit, struct exchange *ret_exchange)
{
    struct bench bench;
    struct error error = {0};
    struct server *server = calloc(1, sizeof *server);
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context, papers->server.certificate);
    SSL_CTX_use_PrivateKey(context, papers->server.key);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), papers->ca.certificate);
    if (visit.ask_client_certificate)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    *server = (struct server){.script = script_whole,
                              .tls_begin = visit.plain ? no_tls_begin : tls_begin,
                              .tls_read = tls_read,
                              .tls_write = tls_write,
                              .tls_end = tls_end,
                              .context = context};
    server_start(server);
    bench_open(&bench, 0);
    visit.config.address = server->address;
    struct http_endpoint *endpoint = http_endpoint_new(bench.client, &visit.config, &error);
    if (!endpoint)
        fail_msg("%s", error.text);
    for (int i = 0; i < 1 + visit.times; i++) {
        *ret_exchange = (struct exchange){0};
        exchange_run(&bench, ret_exchange, endpoint, (struct http_request){.method = HTTP_PUT, .timeout_ms = 5000});
    }
    if (visit.host_header) {
        char line[100];
        snprintf(line, sizeof line, "\r\nHost: %s:%d\r\n", visit.host_header, server->port);
        assert_true(server_last_request_has(server, line));
        assert_int_equal(server->wire_count, 1);
    }
    http_endpoint_free(endpoint);
    bench_close(&bench);
    server_stop(server);
    SSL_CTX_free(context);
    free(server);
}

static void own_authority_and_server_name_are_accepted(void **state)
{
    struct papers *papers = *state;
    struct exchange exchange;
    visit(papers,
          (struct visit){.config = {.ca_file = papers->ca_path, .server_name = "server.fra1.nomad"},
                         .host_header = "server.fra1.nomad",
                         .times = 3},
          &exchange);
    if (exchange.result.outcome != HTTP_ANSWERED)
        fail_msg("%s", exchange.result.error.text);
    assert_string_equal(exchange.body, "body");
}

static void expect_refused(struct papers *papers, struct visit wanted, enum error_code code)
{
    struct exchange exchange;
    visit(papers, wanted, &exchange);
    if (exchange.result.outcome != HTTP_NOT_SENT || exchange.result.error.code != code)
        fail_msg("outcome %d, %s: %s", exchange.result.outcome, error_code_word(exchange.result.error.code),
                 exchange.result.error.text);
}

static void wrong_name_is_refused_before_anything_is_sent(void **state)
{
    struct papers *papers = *state;
    expect_refused(papers, (struct visit){.config = {.ca_file = papers->ca_path}}, ERROR_DENIED);
    expect_refused(papers, (struct visit){.config = {.ca_file = papers->ca_path, .server_name = "server.aws.nomad"}},
                   ERROR_DENIED);
}

static void unknown_authority_is_refused(void **state)
{
    struct papers *papers = *state;
    expect_refused(papers,
                   (struct visit){.config = {.ca_file = papers->other_ca_path, .server_name = "server.fra1.nomad"}},
                   ERROR_DENIED);
    expect_refused(papers, (struct visit){.config = {.server_name = "server.fra1.nomad"}}, ERROR_DENIED);
}

static void tls_to_a_plain_port_is_not_sent(void **state)
{
    struct papers *papers = *state;
    expect_refused(
        papers,
        (struct visit){.config = {.ca_file = papers->ca_path, .server_name = "server.fra1.nomad"}, .plain = true},
        ERROR_UNREACHABLE);
}

static void client_certificate_is_presented(void **state)
{
    struct papers *papers = *state;
    struct http_endpoint_config config = {.ca_file = papers->ca_path,
                                          .server_name = "server.fra1.nomad",
                                          .cert_file = papers->client_cert_path,
                                          .key_file = papers->client_key_path};
    struct exchange exchange;
    visit(papers, (struct visit){.config = config, .ask_client_certificate = true}, &exchange);
    if (exchange.result.outcome != HTTP_ANSWERED)
        fail_msg("%s", exchange.result.error.text);
}

/* TLS 1.3 tells the client only after it has sent its request. */
static void missing_client_certificate_is_no_answer(void **state)
{
    struct papers *papers = *state;
    struct http_endpoint_config config = {.ca_file = papers->ca_path, .server_name = "server.fra1.nomad"};
    struct exchange exchange;
    visit(papers, (struct visit){.config = config, .ask_client_certificate = true}, &exchange);
    assert_int_not_equal(exchange.result.outcome, HTTP_ANSWERED);
}

static void locked_key_is_refused_without_asking_the_terminal(void **state)
{
    struct papers *papers = *state;
    expect_refused(papers,
                   (struct visit){.config = {.ca_file = papers->ca_path,
                                             .server_name = "server.fra1.nomad",
                                             .cert_file = papers->client_cert_path,
                                             .key_file = papers->locked_key_path}},
                   ERROR_INVALID);
}

/* SSL_CERT_FILE is set to the right authority: it must not open an endpoint whose own ca_file is another. */
static void environment_trust_is_not_used(void **state)
{
    struct papers *papers = *state;
    setenv("SSL_CERT_FILE", papers->ca_path, 1);
    expect_refused(papers,
                   (struct visit){.config = {.ca_file = papers->other_ca_path, .server_name = "server.fra1.nomad"}},
                   ERROR_DENIED);
    unsetenv("SSL_CERT_FILE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_authority_and_server_name_are_accepted),
        cmocka_unit_test(wrong_name_is_refused_before_anything_is_sent),
        cmocka_unit_test(unknown_authority_is_refused),
        cmocka_unit_test(tls_to_a_plain_port_is_not_sent),
        cmocka_unit_test(client_certificate_is_presented),
        cmocka_unit_test(missing_client_certificate_is_no_answer),
        cmocka_unit_test(locked_key_is_refused_without_asking_the_terminal),
        cmocka_unit_test(environment_trust_is_not_used),
    };
    return cmocka_run_group_tests(tests, make_papers, drop_papers);
}
