/* Who may ask: the token, and that the request was meant for this server (Host, Origin). See docs/api.md, Access. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "controller/api/private.h"

/* Takes the same time wherever the two differ; only the length of the guess shows. */
static bool access_same_secret(const char *given, const char *wanted)
{
    size_t given_length = strlen(given);
    size_t wanted_length = strlen(wanted);
    char padded[API_TOKEN_MAX + 1] = {0};
    if (given_length > API_TOKEN_MAX || wanted_length > API_TOKEN_MAX || wanted_length == 0) {
        return false;
    }
    memcpy(padded, given, given_length);
    bool same = CRYPTO_memcmp(padded, wanted, wanted_length) == 0;
    return same && given_length == wanted_length;
}

const char *access_bearer(const char *header)
{
    static const char scheme[] = "Bearer ";
    if (strncasecmp(header, scheme, sizeof scheme - 1) != 0) {
        return "";
    }
    header += sizeof scheme - 1;
    while (*header == ' ') {
        header++;
    }
    return header;
}

/* `authority` is host[:port] as in Host (RFC 9110 7.2). A page elsewhere that a browser was tricked into resolving to
 * this machine shows itself here by its own name. */
static bool access_is_us(const struct api *api, const char *authority)
{
    const char *names[] = {api->host, "localhost", "127.0.0.1", "::1"};
    unsigned default_port = api->tls ? 443 : 80;
    if (strcmp(api->host, "0.0.0.0") == 0 || strcmp(api->host, "::") == 0) {
        return authority[0] != '\0'; /* every address of the machine: its names are not known; TLS proves the server */
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char expected[API_HOST_MAX];
        bool v6 = strchr(names[i], ':') != NULL;
        snprintf(expected, sizeof expected, v6 ? "[%s]:%u" : "%s:%u", names[i], (unsigned)api->port);
        if (strcasecmp(expected, authority) == 0) {
            return true;
        }
        snprintf(expected, sizeof expected, v6 ? "[%s]" : "%s", names[i]);
        if (api->port == default_port && strcasecmp(expected, authority) == 0) {
            return true;
        }
    }
    return false;
}

static bool access_same_origin(const struct api *api, const char *origin)
{
    const char *scheme = api->tls ? "https://" : "http://";
    return strncasecmp(origin, scheme, strlen(scheme)) == 0 && access_is_us(api, origin + strlen(scheme));
}

bool access_check(const struct api *api, const struct access_request *request, struct error *ret_error)
{
    if (!access_is_us(api, request->host)) {
        return error_set(ret_error, ERROR_DENIED,
                         "this request was not meant for this server: ask for it as %s, localhost or 127.0.0.1",
                         api->address);
    }
    if (request->origin[0] != '\0' && !access_same_origin(api, request->origin)) {
        return error_set(ret_error, ERROR_DENIED, "requests from other web pages are refused (Origin)");
    }
    if (request->token[0] == '\0') {
        return error_set(ret_error, ERROR_DENIED,
                         "no token: send X-Nomad-Token with the content of the agent's token file");
    }
    if (!access_same_secret(request->token, api->token)) {
        return error_set(ret_error, ERROR_DENIED, "the token is not this agent's: see its token file");
    }
    return true;
}
