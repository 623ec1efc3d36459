/* What can be wrong with where to listen, found out before libwebsockets does, which would not say which it was. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "controller/api/private.h"

static bool listen_is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

/* Certificate and key can be read and belong together. */
static bool listen_check_certificate(const struct api_options *options, struct error *ret_error)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    bool ok;
    if (context == NULL) {
        return error_set(ret_error, ERROR_SYSTEM, "TLS cannot start");
    }
    if (SSL_CTX_use_certificate_chain_file(context, options->cert_file) != 1) {
        ok = error_set(ret_error, ERROR_INVALID, "cert_file %s holds no PEM certificate", options->cert_file);
    } else if (SSL_CTX_use_PrivateKey_file(context, options->key_file, SSL_FILETYPE_PEM) != 1) {
        ok = error_set(ret_error, ERROR_INVALID, "key_file %s holds no PEM key, or not the certificate's",
                       options->key_file);
    } else {
        ok = SSL_CTX_check_private_key(context) == 1 ||
             error_set(ret_error, ERROR_INVALID, "key_file %s does not belong to cert_file %s", options->key_file,
                       options->cert_file);
    }
    SSL_CTX_free(context);
    ERR_clear_error();
    return ok;
}

static bool listen_address(const struct api_options *options, struct sockaddr_storage *ret_address, socklen_t *ret_size)
{
    const char *host = strcmp(options->host, "localhost") == 0 ? "127.0.0.1" : options->host;
    struct sockaddr_in *v4 = (struct sockaddr_in *)ret_address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_address;
    memset(ret_address, 0, sizeof *ret_address);
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(options->port);
        *ret_size = sizeof *v4;
        return true;
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(options->port);
        *ret_size = sizeof *v6;
        return true;
    }
    return false;
}

/* Binds for a moment, as the server will. */
static bool listen_check_free(const struct api_options *options, struct error *ret_error)
{
    struct sockaddr_storage address;
    socklen_t size;
    int yes = 1;
    if (!listen_address(options, &address, &size)) {
        return error_set(ret_error, ERROR_INVALID, "cannot listen on \"%.128s\": give an IP address or localhost",
                         options->host);
    }
    int descriptor = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    bool ok = bind(descriptor, (const struct sockaddr *)&address, size) == 0 && listen(descriptor, 1) == 0;
    int reason = errno;
    close(descriptor);
    return ok || error_set(ret_error, reason == EADDRINUSE ? ERROR_BUSY : ERROR_SYSTEM,
                           "cannot listen on %s port %u: %s%s", options->host, (unsigned)options->port,
                           strerror(reason), reason == EADDRINUSE ? "; is another drover agent running?" : "");
}

bool listen_check(const struct api_options *options, struct error *ret_error)
{
    bool tls = options->cert_file != NULL;
    if (tls != (options->key_file != NULL)) {
        return error_set(ret_error, ERROR_INVALID, "listen needs cert_file and key_file together");
    }
    if (!tls && !listen_is_loopback(options->host)) {
        return error_set(ret_error, ERROR_INVALID,
                         "listening on %s needs TLS: give cert_file and key_file in the listen block, or listen on "
                         "127.0.0.1",
                         options->host);
    }
    if (strlen(options->token) > API_TOKEN_MAX || options->token[0] == '\0') {
        return error_set(ret_error, ERROR_INVALID, "the token is empty or longer than %d bytes", API_TOKEN_MAX);
    }
    return (!tls || listen_check_certificate(options, ret_error)) && listen_check_free(options, ret_error);
}
