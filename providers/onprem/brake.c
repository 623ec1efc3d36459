/* Credentials that were refused are not sent again. */
#include "providers/onprem/brake.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "providers/sdk/fail.h"

#define UNFINISHED_WAIT_US (INT64_C(30) * 60 * 1000000) /* longer than the lockouts that are known */

enum { KEY_MAX = 64, LIST_MAX = 512 };

/* What is kept of one credential at one BMC. */
struct brake {
    char state;        /* 'r' refused, 't' tries under way */
    unsigned password; /* its fingerprint */
    unsigned tries;
    int64_t at_us;
};

static const struct credential_settings *credential_of(const struct provider_account *account, const struct bmc *bmc)
{
    return &account->settings.credentials[bmc->settings->credential];
}

/* With `attempt` in it: a BMC that somebody else locked refuses the right password too, and nobody wants to change that
 * one to go on. */
static unsigned password_print(const struct provider_account *account, const struct bmc *bmc, const char *password)
{
    uint64_t attempt = (uint64_t)credential_of(account, bmc)->attempt;
    return (unsigned)((hash_bytes(password, strlen(password)) + attempt) & 0xffff);
}

static void write_key(const struct provider_account *account, const struct bmc *bmc, char key[static KEY_MAX])
{
    uint64_t user = hash_bytes(credential_of(account, bmc)->username, strlen(credential_of(account, bmc)->username));
    uint64_t address = hash_bytes(bmc->settings->address, strlen(bmc->settings->address));
    snprintf(key, KEY_MAX, "brake.%016" PRIx64, hash_number(user ^ hash_number(address)));
}

static void write_site_key(const struct provider_account *account, const struct bmc *bmc, char key[static KEY_MAX])
{
    const char *user = credential_of(account, bmc)->username;
    snprintf(key, KEY_MAX, "refused.%016" PRIx64, hash_bytes(user, strlen(user)));
}

static bool read_brake(const struct provider_account *account, const char *key, struct brake *ret_brake)
{
    const char *kept = account->services->kept(account->services->context, key);
    return kept && sscanf(kept, "%c %x %u %" SCNd64, &ret_brake->state, &ret_brake->password, &ret_brake->tries,
                          &ret_brake->at_us) == 4;
}

static bool keep_brake(const struct provider_account *account, const char *key, const struct brake *brake)
{
    char text[LIST_MAX];
    snprintf(text, sizeof text, "%c %x %u %" PRId64, brake->state, brake->password, brake->tries, brake->at_us);
    return account->services->keep(account->services->context, key, text);
}

/* How many BMCs refused this password: "<password's fingerprint> <key> <key> ..." */
static size_t count_site(const struct provider_account *account, const struct bmc *bmc, unsigned password)
{
    char key[KEY_MAX];
    unsigned kept_password = 0;
    write_site_key(account, bmc, key);
    const char *kept = account->services->kept(account->services->context, key);
    if (!kept || sscanf(kept, "%x", &kept_password) != 1 || kept_password != password)
        return 0;
    size_t count = 0;
    for (const char *at = strchr(kept, ' '); at; at = strchr(at + 1, ' '))
        count++;
    return count;
}

static void note_site(const struct provider_account *account, const struct bmc *bmc, const char *brake_key,
                      unsigned password)
{
    char key[KEY_MAX], text[LIST_MAX];
    size_t count = count_site(account, bmc, password);
    write_site_key(account, bmc, key);
    const char *kept = account->services->kept(account->services->context, key);
    if (count >= BRAKE_SITE_BMCS || (count > 0 && kept && strstr(kept, brake_key)))
        return;
    if (count > 0 && kept)
        snprintf(text, sizeof text, "%.300s %s", kept, brake_key);
    else
        snprintf(text, sizeof text, "%x %s", password, brake_key);
    account->services->keep(account->services->context, key, text);
}

static enum provider_status refuse(const struct provider_account *account, const struct bmc *bmc, bool site,
                                   struct provider_error *error)
{
    const struct credential_settings *credential = credential_of(account, bmc);
    if (site)
        return sdk_fail(error, PROVIDER_AUTH, "",
                        "credential \"%s\" is stopped for the whole site: %d BMCs refused its password; put the right "
                        "one into its password_file, or, if it is right, raise the credential's attempt",
                        credential->name, BRAKE_SITE_BMCS);
    return sdk_fail(
        error, PROVIDER_AUTH, "",
        "credential \"%s\" is stopped for %s, which refused its password: trying on would lock the account; "
        "put the right one into its password_file, or, if it is right and the lock has ended, raise its attempt",
        credential->name, bmc->settings->address);
}

enum provider_status brake_begin(struct provider_account *account, const struct bmc *bmc, const char *password,
                                 struct provider_error *error)
{
    char key[KEY_MAX];
    struct brake brake = {0}, next = {.state = 't', .password = password_print(account, bmc, password), .tries = 1};
    next.at_us = account_now(account);
    if (count_site(account, bmc, next.password) >= BRAKE_SITE_BMCS)
        return refuse(account, bmc, true, error);
    write_key(account, bmc, key);
    if (read_brake(account, key, &brake) && brake.password == next.password) {
        if (brake.state == 'r')
            return refuse(account, bmc, false, error);
        if (brake.tries >= BRAKE_UNFINISHED_MAX && next.at_us - brake.at_us < UNFINISHED_WAIT_US) {
            sdk_fail(error, PROVIDER_RETRY, "", "%u logins at %s ended without a word: waiting before the next",
                     brake.tries, bmc->settings->address);
            error->retry_at_us = brake.at_us + UNFINISHED_WAIT_US;
            return PROVIDER_RETRY;
        }
        if (brake.tries < BRAKE_UNFINISHED_MAX)
            next.tries = brake.tries + 1;
    }
    if (!keep_brake(account, key, &next))
        return sdk_fail(error, PROVIDER_RETRY, "", "the login at %s could not be noted, so it is not tried",
                        bmc->settings->address);
    return PROVIDER_OK;
}

void brake_end(struct provider_account *account, const struct bmc *bmc, const char *password,
               enum brake_outcome outcome)
{
    char key[KEY_MAX];
    struct brake brake = {
        .state = 'r', .password = password_print(account, bmc, password), .at_us = account_now(account)};
    if (outcome == BRAKE_UNANSWERED)
        return;
    write_key(account, bmc, key);
    if (outcome != BRAKE_REFUSED) {
        account->services->keep(account->services->context, key, NULL);
        if (outcome == BRAKE_ACCEPTED && count_site(account, bmc, brake.password) > 0) {
            write_site_key(account, bmc, key);
            account->services->keep(account->services->context, key, NULL);
        }
        return;
    }
    /* If this is not stored, what brake_begin kept still counts the try. */
    keep_brake(account, key, &brake);
    note_site(account, bmc, key, brake.password);
    sdk_log(account->services, PROVIDER_ERROR, "%s refused the password of credential \"%s\": not sent there again",
            bmc->settings->address, credential_of(account, bmc)->name);
}
