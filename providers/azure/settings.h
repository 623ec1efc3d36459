/* An account's settings: its block in the configuration, then Azure's own environment variables, then the cloud's
 * defaults. Secrets are not kept here: they are read when a token is asked for. */
#ifndef DROVER_PROVIDERS_AZURE_SETTINGS_H
#define DROVER_PROVIDERS_AZURE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "providers/azure/clouds.h"
#include "providers/provider.h"

enum azure_credential {
    AZURE_CREDENTIAL_SECRET,
    AZURE_CREDENTIAL_CERTIFICATE,
    AZURE_CREDENTIAL_FEDERATED,
    AZURE_CREDENTIAL_MANAGED
};

enum {
    AZURE_LIST_MAX = 256, /* entries of one list setting */
    AZURE_EVENTS_MAX = 8  /* addresses of scheduled events of one pool: one a placement group */
};

struct azure_names {
    char *list[AZURE_LIST_MAX];
    size_t count;
};

/* What the configuration says of one scale set. */
struct azure_bounds {
    char *name; /* of the scale set, any case */
    int64_t min, max;
    char *events[AZURE_EVENTS_MAX]; /* where its scheduled events are told, without a slash at the end */
    size_t event_count;
};

struct azure_settings {
    const struct azure_cloud *cloud;
    char *arm, *authority, *scope, *resource, *prices, *identity; /* without a slash at the end */
    char *ca_file;                                                /* "" for the system's */
    char *subscription, *tenant, *client_id;
    enum azure_credential credential;
    char *certificate_path, *federated_path; /* from the environment; "" when the settings name the file */
    char *identity_name, *identity_value;    /* which managed identity: the query's name and value; "" the only one */
    bool send_chain;                         /* x5c: subject name and issuer authentication */
    char *currency;
    int64_t operation_deadline_us;
    struct azure_names regions, resource_groups, scale_sets, instance_types;
    struct azure_bounds bounds[AZURE_LIST_MAX];
    size_t bounds_count;
};

/* Reads and checks them all. PROVIDER_INVALID names the setting; *ret_settings is released by the caller then too. */
enum provider_status azure_settings_read(const struct provider_services *services, struct azure_settings *ret_settings,
                                         struct provider_error *error);
void azure_settings_release(struct azure_settings *settings);

/* True when the list is empty or one of its globs matches without case. */
bool azure_names_match(const struct azure_names *names, const char *name);

/* "West Europe" -> "westeurope": how Azure's locations compare. Appends nothing else; the caller frees. */
char *azure_location_normalise(const char *location);
/* A copy in lower case; the caller frees. */
char *azure_lower(const char *text);

#endif
