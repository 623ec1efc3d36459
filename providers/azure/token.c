/* Tokens; see token.h. Sources: Microsoft's identity platform (client credentials flow), the metadata service's
 * documentation, and what azure-identity does. */
#include "providers/azure/token.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "providers/azure/account.h"
#include "providers/azure/assertion.h"
#include "providers/sdk/fail.h"
#include "providers/sdk/json.h"
#include "providers/sdk/url.h"

#define SECOND_US INT64_C(1000000)
#define MARGIN_US (300 * SECOND_US)     /* asked anew from here before the end */
#define LONG_LIFE_US (7200 * SECOND_US) /* longer lives are renewed at half */
#define LIFE_MOST_S INT64_C(2592000)    /* thirty days: more is not believed */
#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define METADATA_CONNECT_US (2 * SECOND_US)
enum { ANSWER_MAX = 256 * 1024 };

struct asking {
    struct provider_account *account;
    struct buffer url, body;
    bool metadata;
    struct provider_header header;
};

void azure_token_drop(struct azure_token *token)
{
    if (token->text)
        OPENSSL_cleanse(token->text, strlen(token->text));
    free(token->text);
    *token = (struct azure_token){0};
}

static bool is_token_text(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || length > 64 * 1024)
        return false;
    for (const char *at = text; *at; at++)
        if (*at <= ' ' || *at > '~')
            return false;
    return true;
}

bool azure_token_read(const char *body, size_t length, int64_t now_us, struct azure_token *ret_token,
                      struct error *ret_error)
{
    struct sdk_json_at root;
    const char *text = NULL;
    int64_t life = 0, refresh = 0;
    struct error ignored = {0};
    if (!sdk_json_open(body, length, ANSWER_MAX, &root, ret_error))
        return false;
    bool good = sdk_json_text(&root, "access_token", &text, ret_error) &&
                sdk_json_i64_lenient(&root, "expires_in", &life, ret_error);
    if (good && (!is_token_text(text) || life <= 0 || life > LIFE_MOST_S))
        good = error_set(ret_error, ERROR_INVALID, "the token or its life is not what a token may be");
    if (good) {
        bool told = sdk_json_i64_lenient(&root, "refresh_in", &refresh, &ignored) && refresh > 0 && refresh < life;
        int64_t life_us = life * SECOND_US;
        int64_t use_us = told                      ? refresh * SECOND_US
                         : life_us >= LONG_LIFE_US ? life_us / 2
                         : life_us > MARGIN_US     ? life_us - MARGIN_US
                                                   : 0;
        *ret_token = (struct azure_token){memory_copy_text(text, strlen(text)), now_us + life_us, now_us + use_us};
    }
    sdk_json_close(&root);
    return good;
}

/* --- the request ---------------------------------------------------------------------------------------------------
 */

static enum provider_status fail_secret(struct provider_error *error, const char *what)
{
    return sdk_fail(error, PROVIDER_AUTH, "token", "%s is not set or cannot be read", what);
}

static enum provider_status add_secret(struct asking *asking, struct provider_error *error)
{
    const struct provider_services *services = asking->account->services;
    const char *secret = services->secret(services->context, "client_secret");
    if (!secret)
        secret = services->environment(services->context, "AZURE_CLIENT_SECRET");
    if (!secret || !*secret)
        return fail_secret(error, "client_secret_file (or AZURE_CLIENT_SECRET)");
    sdk_url_append_form(&asking->body, "client_secret", secret);
    return PROVIDER_OK;
}

/* The contents of a file that a setting or, by its path, the environment names. */
static const char *file_text(const struct provider_account *account, const char *setting, const char *path)
{
    const struct provider_services *services = account->services;
    const char *text = services->secret(services->context, setting), *trouble = NULL;
    size_t length = 0;
    bool open = false;
    if (!text && *path)
        text = services->file(services->context, path, &length, &open, &trouble);
    /* Federated tokens lie in files that an orchestrator made, with its own idea of modes. */
    if (open && strcmp(setting, "certificate") == 0)
        sdk_log(services, PROVIDER_WARN, "%s may be read by others on this machine", path);
    return text && *text ? text : NULL;
}

static enum provider_status add_certificate(struct asking *asking, struct provider_error *error)
{
    const struct provider_account *account = asking->account;
    const struct provider_services *services = account->services;
    const char *pem = file_text(account, "certificate", account->settings.certificate_path);
    struct error reason = {0};
    char id[40];
    if (!pem)
        return fail_secret(error, "certificate_file (or AZURE_CLIENT_CERTIFICATE_PATH)");
    unsigned long long high = services->random(services->context), low = services->random(services->context);
    snprintf(id, sizeof id, "%08llx-%04llx-4%03llx-%04llx-%012llx", high >> 32, high >> 16 & 0xffff, high & 0xfff,
             0x8000 | (low >> 48 & 0x3fff), low & 0xffffffffffff);
    char *signed_text = azure_assertion_sign(
        &(struct azure_assertion){.pem = pem,
                                  .audience = asking->url.data,
                                  .client_id = account->settings.client_id,
                                  .id = id,
                                  .now_s = (services->now(services->context) + account->clock_offset_us) / SECOND_US,
                                  .send_chain = account->settings.send_chain},
        &reason);
    if (!signed_text)
        return sdk_fail_with(error, PROVIDER_AUTH, "token", &reason);
    sdk_url_append_form(&asking->body, "client_assertion_type", ASSERTION_TYPE);
    sdk_url_append_form(&asking->body, "client_assertion", signed_text);
    OPENSSL_cleanse(signed_text, strlen(signed_text));
    free(signed_text);
    return PROVIDER_OK;
}

/* The file's line end must not go out with it. */
static enum provider_status add_federated(struct asking *asking, struct provider_error *error)
{
    const struct provider_account *account = asking->account;
    const char *text = file_text(account, "federated_token", account->settings.federated_path);
    size_t length = text ? strlen(text) : 0;
    while (length > 0 && (unsigned char)text[length - 1] <= ' ')
        length--;
    if (length == 0)
        return fail_secret(error, "federated_token_file (or AZURE_FEDERATED_TOKEN_FILE)");
    char *trimmed = memory_copy_text(text, length);
    sdk_url_append_form(&asking->body, "client_assertion_type", ASSERTION_TYPE);
    sdk_url_append_form(&asking->body, "client_assertion", trimmed);
    OPENSSL_cleanse(trimmed, length);
    free(trimmed);
    return PROVIDER_OK;
}

static enum provider_status prepare_authority(struct asking *asking, struct provider_error *error)
{
    const struct azure_settings *settings = &asking->account->settings;
    buffer_clear(&asking->url);
    buffer_clear(&asking->body);
    buffer_printf(&asking->url, "%s/%s/oauth2/v2.0/token", settings->authority, settings->tenant);
    sdk_url_append_form(&asking->body, "grant_type", "client_credentials");
    sdk_url_append_form(&asking->body, "client_id", settings->client_id);
    sdk_url_append_form(&asking->body, "scope", settings->scope);
    if (settings->credential == AZURE_CREDENTIAL_SECRET)
        return add_secret(asking, error);
    if (settings->credential == AZURE_CREDENTIAL_CERTIFICATE)
        return add_certificate(asking, error);
    return add_federated(asking, error);
}

static void prepare_metadata(struct asking *asking)
{
    const struct azure_settings *settings = &asking->account->settings;
    buffer_clear(&asking->url);
    /* The service wants the resource as it stands, slashes unescaped. */
    buffer_printf(&asking->url, "%s/metadata/identity/oauth2/token?api-version=2018-02-01&resource=%s",
                  settings->identity, settings->resource);
    if (settings->identity_name[0])
        sdk_url_append_query(&asking->url, settings->identity_name, settings->identity_value);
}

static enum provider_status prepare(void *context, struct provider_request *ret_request, struct provider_error *error)
{
    struct asking *asking = context;
    enum provider_status status = PROVIDER_OK;
    if (asking->metadata)
        prepare_metadata(asking);
    else
        status = prepare_authority(asking, error);
    if (status != PROVIDER_OK)
        return status;
    asking->header = asking->metadata ? (struct provider_header){"Metadata", "true"}
                                      : (struct provider_header){"Content-Type", "application/x-www-form-urlencoded"};
    *ret_request = (struct provider_request){.method = asking->metadata ? "GET" : "POST",
                                             .url = asking->url.data,
                                             .headers = &asking->header,
                                             .header_count = 1,
                                             .body = asking->body.data,
                                             .body_length = asking->body.length,
                                             .connect_timeout_us = asking->metadata ? METADATA_CONNECT_US : 0,
                                             .answer_max = ANSWER_MAX,
                                             .ca_file = asking->account->settings.ca_file,
                                             .cert_file = "",
                                             .key_file = "",
                                             .pinned_key = "",
                                             .no_proxy = asking->metadata};
    return PROVIDER_OK;
}

/* --- the answer ----------------------------------------------------------------------------------------------------
 */

static const char *advice_of(const char *description)
{
    static const char *const table[][2] = {
        {"AADSTS7000215", "the client secret is wrong (the secret's value is wanted, not its id)"},
        {"AADSTS7000222", "the client secret has expired"},
        {"AADSTS700016", "the application is not known in this tenant: check client_id and tenant"},
        {"AADSTS700027", "the certificate is not registered with the application"},
        {"AADSTS700024", "this machine's clock is wrong: check NTP"},
        {"AADSTS70021", "no federated credential of the application fits issuer, subject and audience"},
        {"AADSTS90002", "the tenant is not known"},
        {"Identity not found", "this machine has no such managed identity"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strstr(description, table[i][0]))
            return table[i][1];
    return "see the description";
}

/* The first line of error_description; trace ids and times follow it. */
static void tell_refusal(const struct provider_answer *answer, struct provider_error *error)
{
    struct sdk_json_at root;
    struct error ignored = {0};
    const char *word = "", *description = "";
    if (!sdk_json_open(answer->body, answer->body_length, ANSWER_MAX, &root, &ignored)) {
        sdk_fail(error, PROVIDER_AUTH, "token", "HTTP %d without a JSON body: is a proxy in between?", answer->status);
        return;
    }
    if (!sdk_json_text(&root, "error", &word, &ignored) ||
        !sdk_json_text(&root, "error_description", &description, &ignored))
        description = "";
    int length = (int)strcspn(description, "\r\n");
    sdk_fail(error, PROVIDER_AUTH, "token", "%s: %.*s; %s", word, length > 400 ? 400 : length, description,
             advice_of(description));
    sdk_error_code(error, word);
    sdk_json_close(&root);
}

static enum sdk_verdict classify(void *context, const struct provider_answer *answer, enum provider_status *ret_status,
                                 struct provider_error *error)
{
    const struct asking *asking = context;
    int status = answer->status;
    if (status == 200)
        return SDK_OK;
    tell_refusal(answer, error);
    *ret_status = PROVIDER_AUTH;
    if (status == 429)
        return *ret_status = PROVIDER_THROTTLED, SDK_THROTTLED;
    /* The metadata service says 404 and 410 while it is updated. */
    if (status >= 500 || status == 408 || strcmp(error->code, "temporarily_unavailable") == 0 ||
        (asking->metadata && (status == 404 || status == 410)))
        return *ret_status = PROVIDER_RETRY, SDK_RETRY;
    /* Only what is signed here can be signed anew by the other clock. */
    if (asking->account->settings.credential == AZURE_CREDENTIAL_CERTIFICATE && strstr(error->text, "AADSTS700024"))
        return SDK_FIX_SKEW;
    return SDK_FAIL;
}

static void fix_skew(void *context, int64_t offset_us)
{
    const struct asking *asking = context;
    asking->account->clock_offset_us = offset_us;
}

static enum provider_status ask(struct provider_account *account, struct azure_token *ret_token,
                                struct provider_error *error)
{
    struct asking asking = {.account = account,
                            .url = BUFFER_INIT,
                            .body = BUFFER_INIT,
                            .metadata = account->settings.credential == AZURE_CREDENTIAL_MANAGED};
    struct provider_answer answer;
    struct sdk_call call = {.name = "token",
                            .bucket = "token",
                            .prepare = prepare,
                            .classify = classify,
                            .fix_skew = fix_skew,
                            .context = &asking};
    enum provider_status status = sdk_exchange_run(account->exchange, &call, &answer, error);
    if (status == PROVIDER_OK) {
        const struct provider_services *services = account->services;
        struct error reason = {0};
        if (!azure_token_read(answer.body, answer.body_length, services->now(services->context), ret_token, &reason))
            status = sdk_fail(error, PROVIDER_AUTH, "token", "answered without a token (is a proxy in between?): %s",
                              reason.text);
        services->http_release(services->context, &answer);
    }
    OPENSSL_cleanse(asking.body.data, asking.body.length);
    buffer_release(&asking.url);
    buffer_release(&asking.body);
    return status;
}

enum provider_status azure_token_need(struct provider_account *account, struct provider_error *error)
{
    const struct provider_services *services = account->services;
    struct azure_token fresh = {0};
    if (account->token.text && services->now(services->context) < account->token.refresh_us)
        return PROVIDER_OK;
    enum provider_status status = ask(account, &fresh, error);
    if (status == PROVIDER_OK) {
        azure_token_drop(&account->token);
        account->token = fresh;
        return PROVIDER_OK;
    }
    if (!account->token.text || services->now(services->context) >= account->token.expires_us)
        return status;
    sdk_log(services, PROVIDER_WARN, "token: not renewed, the old one is used while it holds: %s", error->text);
    account->token.refresh_us = services->now(services->context) + 30 * SECOND_US;
    return PROVIDER_OK;
}
