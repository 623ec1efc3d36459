/* links: provider_azure provider_replay provider_host provider_sdk net base openssl cmocka */
/* Where bearer tokens come from, how long they are used, and what is said when one is refused. */
#include "tests/unit/azure_common.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "providers/azure/assertion.h"
#include "providers/azure/token.h"

/* A key and a certificate over it, in PEM. */
static char *make_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    X509 *certificate = X509_new();
    char *text, *copy;
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    PEM_write_bio_X509(bio, certificate);
    long length = BIO_get_mem_data(bio, &text);
    copy = memory_copy_text(text, (size_t)length); /* what the BIO gives has no NUL behind it */
    X509_free(certificate);
    BIO_free(bio);
    return copy;
}

static size_t decode(const char *text, size_t length, unsigned char *into)
{
    char padded[8192] = "";
    memcpy(padded, text, length);
    for (size_t i = 0; i < length; i++)
        padded[i] = padded[i] == '-' ? '+' : padded[i] == '_' ? '/' : padded[i];
    size_t padding = (4 - length % 4) % 4;
    memset(padded + length, '=', padding);
    int size = EVP_DecodeBlock(into, (unsigned char *)padded, (int)(length + padding));
    assert_true(size > 0);
    return (size_t)size - padding;
}

static void verify(const char *assertion, EVP_PKEY *key)
{
    unsigned char bytes[8192];
    EVP_PKEY_CTX *context = NULL;
    const char *signature = strrchr(assertion, '.') + 1;
    size_t length = decode(signature, strlen(signature), bytes);
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestVerifyInit(digest, &context, EVP_sha256(), NULL, key), 1);
    EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(context, 32);
    assert_int_equal(
        EVP_DigestVerify(digest, bytes, length, (const unsigned char *)assertion, (size_t)(signature - 1 - assertion)),
        1);
    EVP_MD_CTX_free(digest);
}

static void test_assertion_is_signed_by_pss_with_the_sha256_thumbprint_unpadded(void **state)
{
    unsigned char bytes[8192] = {0};
    struct error error = {0};
    (void)state;
    EVP_PKEY *key = EVP_RSA_gen(2048);
    char *pem = make_pem(key);
    char *assertion = azure_assertion_sign(
        &(struct azure_assertion){pem, "https://login/t/oauth2/v2.0/token", "client-1", "id-1", 1000, false}, &error);
    assert_non_null(assertion);
    assert_null(strchr(assertion, '='));
    verify(assertion, key);
    size_t head = strcspn(assertion, ".");
    decode(assertion, head, bytes);
    assert_non_null(strstr((char *)bytes, "{\"alg\":\"PS256\",\"typ\":\"JWT\",\"x5t#S256\":\""));
    assert_null(strstr((char *)bytes, "x5c"));
    memset(bytes, 0, sizeof bytes);
    decode(assertion + head + 1, strcspn(assertion + head + 1, "."), bytes);
    assert_string_equal((char *)bytes, "{\"aud\":\"https://login/t/oauth2/v2.0/token\",\"iss\":\"client-1\",\"sub\":"
                                       "\"client-1\",\"jti\":\"id-1\",\"iat\":1000,\"exp\":1600}");
    free(assertion);
    free(pem);
    EVP_PKEY_free(key);
}

static void test_chain_goes_out_only_when_asked_for(void **state)
{
    unsigned char bytes[8192] = {0};
    struct error error = {0};
    (void)state;
    EVP_PKEY *key = EVP_RSA_gen(2048);
    char *pem = make_pem(key);
    char *assertion = azure_assertion_sign(&(struct azure_assertion){pem, "a", "c", "i", 1, true}, &error);
    assert_non_null(assertion);
    decode(assertion, strcspn(assertion, "."), bytes);
    assert_non_null(strstr((char *)bytes, "\"x5c\":[\"MII"));
    free(assertion);
    free(pem);
    EVP_PKEY_free(key);
}

static void test_key_that_azure_does_not_take_is_refused_when_settings_are_read(void **state)
{
    struct error error = {0};
    (void)state;
    EVP_PKEY *curve = EVP_EC_gen("P-256"), *weak = EVP_RSA_gen(1024), *key = EVP_RSA_gen(2048),
             *other = EVP_RSA_gen(2048);
    char *texts[] = {make_pem(curve), make_pem(weak), make_pem(key), make_pem(other)};
    assert_false(azure_assertion_check(texts[0], &error));
    assert_non_null(strstr(error.text, "RSA"));
    assert_false(azure_assertion_check(texts[1], &error));
    assert_false(azure_assertion_check("nothing", &error));
    assert_false(azure_assertion_check(strstr(texts[2], "-----BEGIN CERT"), &error));
    char mixed[16384];
    snprintf(mixed, sizeof mixed, "%.*s%s", (int)(strstr(texts[2], "-----BEGIN CERT") - texts[2]), texts[2],
             strstr(texts[3], "-----BEGIN CERT"));
    assert_false(azure_assertion_check(mixed, &error));
    struct replay *replay = azure_start_with("certificate_file = \"x\"\n");
    replay_secret(replay, "certificate", texts[0]);
    assert_int_equal(replay_try_open(replay, &drover_provider_module), PROVIDER_INVALID);
    replay_free(replay);
    for (size_t i = 0; i < 4; i++)
        free(texts[i]);
    EVP_PKEY_free(curve), EVP_PKEY_free(weak), EVP_PKEY_free(key), EVP_PKEY_free(other);
}

static void expect_empty_list(struct replay *replay)
{
    replay_exchange(replay, "GET", BASE "*", NULL, 200, NULL, "{\"value\":[]}");
}

static void test_secret_goes_out_form_encoded(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_empty_list(replay);
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    assert_non_null(strstr(replay_request(replay, 0),
                           "grant_type=client_credentials&client_id=client-1&scope=https%3A%2F%2Fmanagement.azure.com"
                           "%2F.default&client_secret=sesame%2Bopen%2Fplease%3D"));
    azure_end(replay);
}

static void test_certificate_goes_out_as_an_assertion_with_an_id_of_its_own(void **state)
{
    (void)state;
    EVP_PKEY *key = EVP_RSA_gen(2048);
    char *pem = make_pem(key);
    struct replay *replay = azure_start_with("certificate_file = \"x\"\n");
    replay_secret(replay, "certificate", pem);
    replay_open(replay, &drover_provider_module);
    replay_exchange(replay, "POST", TOKEN_URL, "*client_assertion_type=urn%3Aietf*&client_assertion=ey*.ey*.*", 200,
                    NULL, "{\"access_token\":\"" BEARER "\",\"expires_in\":3599}");
    expect_empty_list(replay);
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    replay_assert_nowhere(replay, "PRIVATE KEY");
    azure_end(replay);
    free(pem);
    EVP_PKEY_free(key);
}

/* The claims of the assertion in the at-th request. */
static const char *claims_of(struct replay *replay, size_t at, unsigned char *into)
{
    const char *assertion = strstr(replay_request(replay, at), "client_assertion=");
    assert_non_null(assertion);
    const char *claims = strchr(assertion, '.') + 1;
    size_t length = decode(claims, strcspn(claims, "."), into);
    into[length] = '\0';
    return (const char *)into;
}

static void test_assertion_outside_its_time_is_signed_once_more_by_the_authoritys_clock(void **state)
{
    static const char refused[] = "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS700024: time\"}";
    (void)state;
    EVP_PKEY *key = EVP_RSA_gen(2048);
    char *pem = make_pem(key);
    for (int turn = 0; turn < 2; turn++) {
        unsigned char claims[8192];
        struct replay *replay = azure_start_with("certificate_file = \"x\"\n");
        replay_secret(replay, "certificate", pem);
        replay_open(replay, &drover_provider_module);
        replay_exchange(replay, "POST", TOKEN_URL, NULL, 401, "Date: Sun, 22 Nov 2026 13:00:00 GMT\n", refused);
        if (turn == 0) {
            expect_token(replay);
            expect_empty_list(replay);
        } else {
            replay_exchange(replay, "POST", TOKEN_URL, NULL, 401, "Date: Sun, 22 Nov 2026 13:00:00 GMT\n", refused);
        }
        assert_int_equal(replay_call(replay, "pools"), turn == 0 ? PROVIDER_OK : PROVIDER_AUTH);
        assert_non_null(strstr(claims_of(replay, 0, claims), "\"iat\":1795348800,"));
        assert_non_null(strstr(claims_of(replay, 1, claims), "\"iat\":1795352400,\"exp\":1795353000"));
        assert_non_null(strstr(replay_log(replay), "NTP"));
        if (turn == 1)
            assert_non_null(strstr(replay_error(replay)->text, "clock is wrong"));
        azure_end(replay);
    }
    free(pem);
    EVP_PKEY_free(key);
}

static void test_certificate_of_the_environment_is_checked_when_settings_are_read(void **state)
{
    (void)state;
    struct replay *replay = azure_start_with(NULL);
    replay_environment(replay, "AZURE_CLIENT_CERTIFICATE_PATH", "/run/cert.pem");
    replay_file(replay, "/run/cert.pem", "no key", false);
    assert_int_equal(replay_try_open(replay, &drover_provider_module), PROVIDER_INVALID);
    assert_non_null(strstr(replay_error(replay)->text, "no private key"));
    replay_free(replay);
}

static void expect_metadata(struct replay *replay, const char *rest, int status, const char *answer)
{
    char url[512];
    snprintf(url, sizeof url,
             "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource="
             "https://management.azure.com%s",
             rest);
    replay_exchange(replay, "GET", url, NULL, status, NULL, answer);
    replay_expect_header(replay, "Metadata", "true");
}

static void test_managed_identity_is_asked_by_each_of_its_names_and_numbers_may_be_text(void **state)
{
    static const char *const names[][2] = {{"", ""},
                                           {"identity_client_id = \"c-1\"\n", "&client_id=c-1"},
                                           {"identity_object_id = \"o-1\"\n", "&object_id=o-1"},
                                           {"identity_resource_id = \"/s/r\"\n", "&msi_res_id=%2Fs%2Fr"}};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct replay *replay = azure_start_with(names[i][0]);
        replay_open(replay, &drover_provider_module);
        expect_metadata(replay, names[i][1], 200,
                        "{\"access_token\":\"" BEARER "\",\"expires_in\":\"3599\",\"expires_on\":\"1\"}");
        expect_empty_list(replay);
        assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
        azure_end(replay);
    }
}

static void test_identity_that_is_not_there_is_final_and_a_service_that_updates_is_waited_for(void **state)
{
    (void)state;
    struct replay *replay = azure_start_with(NULL);
    replay_open(replay, &drover_provider_module);
    expect_metadata(replay, "", 410, "");
    expect_metadata(replay, "", 404, "");
    expect_metadata(replay, "", 400, "{\"error\":\"invalid_request\",\"error_description\":\"Identity not found\"}");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_AUTH);
    assert_non_null(strstr(replay_error(replay)->text, "managed identity"));
    azure_end(replay);
}

static void test_metadata_service_in_trouble_is_asked_again_and_a_page_is_no_token(void **state)
{
    static const int statuses[] = {200, 403};
    (void)state;
    struct replay *replay = azure_start_with(NULL);
    replay_open(replay, &drover_provider_module);
    expect_metadata(replay, "", 500, "<html>");
    expect_metadata(replay, "", 429, "");
    replay_silence(replay, "GET", NULL, NULL, PROVIDER_HTTP_NO_ANSWER);
    expect_metadata(replay, "", 200, "{\"access_token\":\"" BEARER "\",\"expires_in\":\"3599\"}");
    expect_empty_list(replay);
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    azure_end(replay);
    for (size_t i = 0; i < 2; i++) {
        replay = azure_start_with(NULL);
        replay_open(replay, &drover_provider_module);
        expect_metadata(replay, "", statuses[i], "<html>sign in</html>");
        assert_int_equal(replay_call(replay, "pools"), PROVIDER_AUTH);
        assert_non_null(strstr(replay_error(replay)->text, "proxy"));
        azure_end(replay);
    }
}

static void test_page_of_a_proxy_instead_of_a_token_is_told(void **state)
{
    static const int statuses[] = {200, 403};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct replay *replay = azure_start(NULL);
        replay_exchange(replay, "POST", TOKEN_URL, NULL, statuses[i], NULL, "<html>sign in</html>");
        assert_int_equal(replay_call(replay, "pools"), PROVIDER_AUTH);
        assert_non_null(strstr(replay_error(replay)->text, "proxy"));
        azure_end(replay);
    }
}

static void test_refused_secret_is_told_by_its_number_and_not_tried_again(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    replay_exchange(
        replay, "POST", TOKEN_URL, NULL, 401, NULL,
        "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: The provided client secret keys "
        "are expired.\\r\\nTrace ID: 1\",\"error_codes\":[7000222]}");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_AUTH);
    assert_non_null(strstr(replay_error(replay)->text, "AADSTS7000222"));
    assert_null(strstr(replay_error(replay)->text, "Trace"));
    azure_end(replay);
}

static void test_unset_secret_sends_nothing(void **state)
{
    (void)state;
    struct replay *replay = azure_start_with("credential = \"client_secret\"\n");
    replay_open(replay, &drover_provider_module);
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_AUTH);
    assert_int_equal(replay_requests(replay), 0);
    azure_end(replay);
}

static void pools_after(struct replay *replay, int64_t seconds)
{
    replay_advance(replay, seconds * SECOND);
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
}

static void test_token_is_kept_until_five_minutes_before_its_end(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_empty_list(replay);
    pools_after(replay, 0);
    expect_empty_list(replay);
    pools_after(replay, 3298);
    expect_token(replay);
    expect_empty_list(replay);
    pools_after(replay, 2);
    azure_end(replay);
}

static void test_old_token_serves_while_a_new_one_is_refused_and_not_longer(void **state)
{
    (void)state;
    struct replay *replay = azure_start(NULL);
    expect_token(replay);
    expect_empty_list(replay);
    pools_after(replay, 0);
    replay_exchange(replay, "POST", TOKEN_URL, NULL, 400, NULL, "{\"error\":\"invalid_grant\"}");
    expect_empty_list(replay);
    pools_after(replay, 3500);
    assert_non_null(strstr(replay_log(replay), "old one is used"));
    replay_advance(replay, 100 * SECOND);
    replay_set_time_left(replay, 60 * SECOND);
    replay_exchange(replay, "POST", TOKEN_URL, NULL, 400, NULL, "{\"error\":\"invalid_grant\"}");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_AUTH);
    azure_end(replay);
}

static void test_life_of_a_token_is_read_in_every_form(void **state)
{
    struct azure_token token = {0};
    struct error error = {0};
    const struct {
        const char *body;
        int64_t expires_s, refresh_s;
    } good[] = {{"{\"access_token\":\"x\",\"expires_in\":3600}", 3600, 3300},
                {"{\"access_token\":\"x\",\"expires_in\":\"86400\"}", 86400, 43200},
                {"{\"access_token\":\"x\",\"expires_in\":86400,\"refresh_in\":\"1000\"}", 86400, 1000},
                {"{\"access_token\":\"x\",\"expires_in\":200}", 200, 0}};
    const char *bad[] = {"{\"access_token\":\"x\"}",
                         "{\"access_token\":\"a b\",\"expires_in\":1}",
                         "{\"access_token\":\"\",\"expires_in\":1}",
                         "{\"access_token\":\"x\",\"expires_in\":-1}",
                         "[]",
                         ""};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(azure_token_read(good[i].body, strlen(good[i].body), 0, &token, &error));
        assert_int_equal(token.expires_us, good[i].expires_s * SECOND);
        assert_int_equal(token.refresh_us, good[i].refresh_s * SECOND);
        azure_token_drop(&token);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(azure_token_read(bad[i], strlen(bad[i]), 0, &token, &error));
}

static void test_government_cloud_is_asked_for_the_scope_of_its_own(void **state)
{
    (void)state;
    struct replay *replay = azure_start("cloud = \"usgov\"\n");
    replay_exchange(replay, "POST", "https://login.microsoftonline.us/tenant-1/oauth2/v2.0/token",
                    "*scope=https%3A%2F%2Fmanagement.core.usgovcloudapi.net%2F.default*", 200, NULL,
                    "{\"access_token\":\"" BEARER "\",\"expires_in\":3599}");
    replay_exchange(replay, "GET", "https://management.usgovcloudapi.net/subscriptions/sub-1/*", NULL, 200, NULL,
                    "{\"value\":[]}");
    assert_int_equal(replay_call(replay, "pools"), PROVIDER_OK);
    azure_end(replay);
}

static void test_settings_that_cannot_be_are_refused_by_name(void **state)
{
    static const char *const bad[][2] = {
        {"cloud = \"mars\"\n", "cloud"},
        {"arm_endpoint = \"http://management.azure.com\"\n", "arm_endpoint"},
        {"arm_endpoint = \"http://127.0.0.1:1\"\n", "arm_endpoint"},
        {"authority = \"ftp://x\"\n", "authority"},
        {"credential = \"password\"\n", "credential"},
        {"currency = \"DOLLAR\"\n", "currency"},
        {"currency = \"us&\"\n", "currency"},
        {"operation_deadline = \"soon\"\n", "operation_deadline"},
        {"identity_client_id = \"a\"\nidentity_object_id = \"b\"\n", "identity_object_id"},
        {"operation_deadline = \"0s\"\n", "operation_deadline"},
        {"send_certificate_chain = \"yes\"\n", "send_certificate_chain"},
        {"pool \"p\" {\n scheduled_events = \"http://10.0.0.1\"\n}\n", "scheduled_events"},
        {"pool \"p\" {\n min = 5\n max = 2\n}\n", "pool"}};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct replay *replay = azure_start_with(bad[i][0]);
        assert_int_equal(replay_try_open(replay, &drover_provider_module), PROVIDER_INVALID);
        assert_non_null(strstr(replay_error(replay)->text, bad[i][1]));
        replay_free(replay);
    }
    struct replay *replay = replay_new();
    assert_int_equal(replay_try_open(replay, &drover_provider_module), PROVIDER_INVALID);
    assert_non_null(strstr(replay_error(replay)->text, "subscription"));
    replay_free(replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_assertion_is_signed_by_pss_with_the_sha256_thumbprint_unpadded),
        cmocka_unit_test(test_chain_goes_out_only_when_asked_for),
        cmocka_unit_test(test_key_that_azure_does_not_take_is_refused_when_settings_are_read),
        cmocka_unit_test(test_secret_goes_out_form_encoded),
        cmocka_unit_test(test_certificate_goes_out_as_an_assertion_with_an_id_of_its_own),
        cmocka_unit_test(test_managed_identity_is_asked_by_each_of_its_names_and_numbers_may_be_text),
        cmocka_unit_test(test_identity_that_is_not_there_is_final_and_a_service_that_updates_is_waited_for),
        cmocka_unit_test(test_assertion_outside_its_time_is_signed_once_more_by_the_authoritys_clock),
        cmocka_unit_test(test_certificate_of_the_environment_is_checked_when_settings_are_read),
        cmocka_unit_test(test_metadata_service_in_trouble_is_asked_again_and_a_page_is_no_token),
        cmocka_unit_test(test_page_of_a_proxy_instead_of_a_token_is_told),
        cmocka_unit_test(test_refused_secret_is_told_by_its_number_and_not_tried_again),
        cmocka_unit_test(test_unset_secret_sends_nothing),
        cmocka_unit_test(test_token_is_kept_until_five_minutes_before_its_end),
        cmocka_unit_test(test_old_token_serves_while_a_new_one_is_refused_and_not_longer),
        cmocka_unit_test(test_life_of_a_token_is_read_in_every_form),
        cmocka_unit_test(test_government_cloud_is_asked_for_the_scope_of_its_own),
        cmocka_unit_test(test_settings_that_cannot_be_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
