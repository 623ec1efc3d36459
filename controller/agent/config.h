/* The agent's configuration: HCL files as Nomad's users write them, read whole or refused with one clear error that
 * begins FILE:LINE:COLUMN (docs/configuration.md).
 *
 * config.c gathers the files and reads the top level; config_region.c, config_pool.c and config_policy.c their blocks;
 * config_catalogue.c the price list. */
#ifndef DROVER_CONTROLLER_AGENT_CONFIG_H
#define DROVER_CONTROLLER_AGENT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/commitment.h"
#include "model/event.h"
#include "model/policy.h"
#include "model/region_config.h"
#include "providers/host/settings.h"

#define CONFIG_LISTEN_HOST "127.0.0.1"
enum { CONFIG_LISTEN_PORT = 4650, CONFIG_CATALOGUE_MAX = 64 * 1024 * 1024, CONFIG_PATH_MAX = 4096 };

/* How Nomad or Consul of a region is reached. NULL where nothing was given. */
struct config_endpoint {
    char *address, *token_file, *ca_file, *cert_file, *key_file, *server_name;
    char **namespaces; /* nomad: only these are looked at; none: all that the token may see */
    size_t namespace_count;
};

struct config_region {
    struct region_config model;
    struct config_endpoint nomad, consul;
    bool has_consul;
    char **selected; /* "attr.x" and "meta.y" that pools select on, each once */
    size_t selected_count;
};

/* provider "NAME" { module = "aws" ... }: what the agent reads of it; the rest is the module's. */
struct config_account {
    char *name, *module;
    char *module_path;                     /* the shared object; "" when files are not looked at */
    int64_t memory_mib;                    /* of the child process; 0: the usual */
    int64_t look_every_ms, price_every_ms; /* how often pools, and prices and quotas, are asked for; 0: the usual */
    struct provider_settings settings;
};

/* currency "EUR" { usd = "1.08" } */
struct config_currency {
    char currency[4];
    int64_t usd_per_unit_micro;
};

struct config {
    char *data_dir; /* NULL: not given */
    enum mode mode; /* observe when not given */
    bool mode_given;
    char *log_level;               /* NULL: not given */
    char *token_file;              /* NULL: the default places */
    char *listen_host;             /* without brackets */
    uint16_t listen_port;          /* 0: any */
    char *cert_file, *key_file;    /* NULL: no TLS */
    char *catalogue_file;          /* NULL: none */
    struct config_region *regions; /* in file order */
    size_t region_count, region_capacity;
    struct config_account *accounts; /* in file order */
    size_t account_count, account_capacity;
    struct config_currency *currencies;
    size_t currency_count;
    struct commitment *commitments; /* in file order */
    size_t commitment_count;
    struct policy *policies; /* in file order, from_file set */
    size_t policy_count, policy_capacity;
};

struct config_source {
    const char *name; /* shown in errors */
    const char *bytes;
    size_t length;
};

/* Defaults only. */
struct config *config_new(void);
void config_free(struct config *config);

/* Files, or directories of which every *.hcl is read in the order of names; together one configuration. Files that it
 * names (tokens, certificates, the catalogue) must be readable. now_ms chooses the catalogue's rows. NULL on failure.
 */
struct config *config_read(const char *const *paths, size_t path_count, int64_t now_ms, struct error *ret_error);

/* The same from memory, without looking at any file it names; a catalogue is not read. */
struct config *config_read_sources(const struct config_source *sources, size_t count, struct error *ret_error);

/* Exactly one policy block, as `policy apply` takes it. `name` is shown in errors. The caller releases *ret_policy. */
bool config_read_policy(const char *name, const char *bytes, size_t length, struct policy *ret_policy,
                        struct error *ret_error);

/* Prices, from a catalogue, the pools that have none of their own: of the rows for a pool's region, instance type and
 * market the one with the latest valid_from that is not after now_ms. Rows that price no pool are fine; pools without a
 * row stay unpriced. `name` is shown in errors. */
bool config_apply_catalogue(struct config *config, const char *name, const char *bytes, size_t length, int64_t now_ms,
                            struct error *ret_error);

/* The shared object of a module by its name, where modules are looked for; NULL when there is none. The caller frees.
 */
char *config_module_path(const char *module);

/* "host:port", "[v6]:port" or ":port" apart. The caller frees *ret_host. ERROR_INVALID. */
bool config_parse_listen(const char *address, char **ret_host, uint16_t *ret_port, struct error *ret_error);

#endif
