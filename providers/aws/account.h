/* An open AWS account: what its settings say and what is remembered between requests (keys, clocks, token buckets).
 * Everything here is memory only: the next process finds it all again. Neighbours: settings.c fills it, call.c uses it.
 */
#ifndef DROVER_PROVIDERS_AWS_ACCOUNT_H
#define DROVER_PROVIDERS_AWS_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "providers/aws/partition.h"
#include "providers/provider.h"
#include "providers/sdk/exchange.h"

/* X(constant, name in the credential scope, part of the host's name, version of the query protocol or "" for JSON 1.1,
 *   prefix of X-Amz-Target, suffix of AWS_ENDPOINT_URL_..., requests a minute, burst)
 * Sources: botocore's service models; EC2's published request limits, the rest cautious. */
#define AWS_SERVICES(X)                                                                                                \
    X(AWS_EC2, "ec2", "ec2", "2016-11-15", "", "EC2", 1200, 100)                                                       \
    X(AWS_AUTO_SCALING, "autoscaling", "autoscaling", "2011-01-01", "", "AUTO_SCALING", 600, 50)                       \
    X(AWS_STS, "sts", "sts", "2011-06-15", "", "STS", 600, 50)                                                         \
    X(AWS_PRICING, "pricing", "api.pricing", "", "AWSPriceListService.", "PRICING", 300, 10)                           \
    X(AWS_SERVICE_QUOTAS, "servicequotas", "servicequotas", "", "ServiceQuotasV20190624.", "SERVICE_QUOTAS", 300, 10)

enum aws_service {
#define AWS_SERVICE_ENUM(constant, sign, host, version, target, suffix, rate, burst) constant,
    AWS_SERVICES(AWS_SERVICE_ENUM)
#undef AWS_SERVICE_ENUM
        AWS_SERVICE_COUNT
};

enum { AWS_REGIONS_MAX = 64, AWS_NAMES_MAX = 512 };

struct aws_names {
    char **list;
    size_t count;
};

struct aws_settings {
    struct aws_names regions;          /* at least one */
    struct aws_names groups;           /* globs over the names of Auto Scaling groups; none: all that the tag selects */
    char *group_tag, *group_tag_value; /* "" without; value "": any */
    struct aws_names instance_types;   /* priced even while no pool has them */
    char *operating_system;            /* "Linux": as the price list calls it */
    char *profile;                     /* named in the settings; "" without */
    char *access_key_id;               /* its secret is asked for at each use */
    char *role_arn, *external_id, *role_session_name;
    int64_t role_duration_s;
    char *endpoints[AWS_SERVICE_COUNT]; /* an override, without '/' at its end; "" for AWS's own */
};

/* A key pair, perhaps for a while. Wiped by aws_keys_release. */
struct aws_keys {
    char *id, *secret, *token; /* token "" without; all NULL: none */
    int64_t expires_us;        /* PROVIDER_UNSET: never */
    char source[96];           /* where they came from, for people: "the environment" */
};

/* How far an endpoint's clock is ahead of ours. */
struct aws_clock {
    char endpoint[64]; /* "ec2.eu-central-1" */
    int64_t ahead_us;
};

enum { AWS_CLOCKS_MAX = AWS_SERVICE_COUNT * AWS_REGIONS_MAX };

/* What a launch template says, remembered for a while: group_make.c. */
struct aws_template;

struct provider_account {
    const struct provider_services *services;
    char *name;
    struct aws_settings settings;
    struct sdk_exchange *exchange;
    struct aws_keys keys;
    bool keys_refused;       /* AWS does not take them: they are read anew before the next request */
    int64_t next_refresh_us; /* ticks: no refresh of keys that still hold before */
    char *metadata_token;    /* of the instance's metadata service, NULL without */
    int last_http_status;    /* of the last signed request; 0: it was not answered */
    struct aws_template *templates;
    size_t template_count, template_capacity;
    struct aws_clock clocks[AWS_CLOCKS_MAX];
    size_t clock_count;
};

/* Reads and checks the settings, the variables of the environment and the profile that belong to them; no request
 * leaves. PROVIDER_INVALID names the setting. */
enum provider_status aws_settings_read(struct provider_account *account, struct provider_error *error);
void aws_settings_release(struct aws_settings *settings);

const char *aws_service_sign_name(enum aws_service service);
const char *aws_service_host(enum aws_service service);
/* "" for JSON 1.1. */
const char *aws_service_version(enum aws_service service);
const char *aws_service_target(enum aws_service service);

#endif
