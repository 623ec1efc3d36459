/* The account's keys: where they come from, how long they hold, when they are renewed.
 *
 * Order, the first that is set wins: access_key_id in the settings; profile in the settings; AWS_ACCESS_KEY_ID; the
 * profile of AWS_PROFILE or "default" when it assumes a role; AWS_WEB_IDENTITY_TOKEN_FILE; keys in the credentials,
 * then in the config file; the container's endpoint; the instance's metadata service (version 2 only). role_arn in the
 * settings is assumed on top of whatever was found. Half of a pair is an error and never passed over.
 *
 * Keys that end are renewed from 15 minutes before; while renewing fails the old ones serve until their end. No key,
 * secret or token gets into an error or a log. */
#ifndef DROVER_PROVIDERS_AWS_CREDENTIALS_H
#define DROVER_PROVIDERS_AWS_CREDENTIALS_H

#include "providers/aws/account.h"
#include "providers/aws/profile.h"

/* The keys to sign with, borrowed until the next call here. PROVIDER_AUTH: none can be had. PROVIDER_INVALID: what is
 * configured cannot work. PROVIDER_RETRY, PROVIDER_UNREACHABLE: a service that gives keys did not. */
enum provider_status aws_credentials_get(struct provider_account *account, const struct aws_keys **ret_keys,
                                         struct provider_error *error);
/* The same after a request was refused because its keys had expired: what is held is not used again. */
enum provider_status aws_credentials_refresh(struct provider_account *account, struct provider_error *error);

void aws_keys_release(struct aws_keys *keys);
void aws_keys_copy(struct aws_keys *ret_keys, const struct aws_keys *keys);
/* Fills empty keys; texts are copied, `token` may be NULL. */
void aws_keys_set(struct aws_keys *ret_keys, const char *id, const char *secret, const char *token, const char *source);

/* --- the sources, each in a file of its own ------------------------------------------------------------------------
 * PROVIDER_OK with ret_keys->id NULL: this source is not set up here. */

/* credentials_profile.c: keys, role, or web identity that a profile has. `static_only`: not what assumes a role. */
enum provider_status aws_keys_of_profile(struct provider_account *account, const struct aws_profile *profile,
                                         struct aws_keys *ret_keys, struct provider_error *error);
/* The profile assumes a role of its own. */
bool aws_profile_assumes(const struct aws_profile *profile);
enum provider_status aws_keys_of_environment(struct provider_account *account, struct aws_keys *ret_keys,
                                             struct provider_error *error);

/* credentials_metadata.c */
enum provider_status aws_keys_of_container(struct provider_account *account, struct aws_keys *ret_keys,
                                           struct provider_error *error);
enum provider_status aws_keys_of_instance(struct provider_account *account, struct aws_keys *ret_keys,
                                          struct provider_error *error);

/* credentials_role.c */
struct aws_role {
    const char *arn, *external_id, *session_name;
    int64_t duration_s;
    const char *token_file; /* web identity, "" without */
};
/* Assumes the role with the keys given (not used with a token_file). */
enum provider_status aws_keys_of_role(struct provider_account *account, const struct aws_role *role,
                                      const struct aws_keys *keys, struct aws_keys *ret_keys,
                                      struct provider_error *error);
enum provider_status aws_keys_of_web_identity(struct provider_account *account, struct aws_keys *ret_keys,
                                              struct provider_error *error);

#endif
