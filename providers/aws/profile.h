/* A profile: one named section of the shared files, those of the environment (AWS_SHARED_CREDENTIALS_FILE,
 * AWS_CONFIG_FILE, AWS_PROFILE, HOME). What the credentials file says goes before what the config file says. */
#ifndef DROVER_PROVIDERS_AWS_PROFILE_H
#define DROVER_PROVIDERS_AWS_PROFILE_H

#include "providers/aws/account.h"
#include "providers/aws/ini.h"

enum { AWS_PROFILE_NAME_MAX = 128 };

struct aws_profile {
    char name[AWS_PROFILE_NAME_MAX];
    char section[AWS_PROFILE_NAME_MAX + 8]; /* in the config file: "default", "profile name" */
    struct aws_ini *credentials, *config;   /* NULL when there is no such file */
    bool exists;
};

/* Opens profile `name`, or without a name ("") the one of AWS_PROFILE, or else "default". PROVIDER_INVALID: a file that
 * is named and cannot be read, is malformed, or holds a secret and is readable by others; a profile that is named and
 * does not exist. Only "default" may be absent. On failure nothing is held. */
enum provider_status aws_profile_open(const struct provider_account *account, const char *name,
                                      struct aws_profile *ret_profile, struct provider_error *error);
void aws_profile_close(struct aws_profile *profile);

/* A key's value from either file, borrowed; NULL without. */
const char *aws_profile_get(const struct aws_profile *profile, const char *key);
/* The endpoint override for a service by its suffix ("EC2"), borrowed; NULL without. */
const char *aws_profile_endpoint(const struct aws_profile *profile, const char *suffix);

#endif
