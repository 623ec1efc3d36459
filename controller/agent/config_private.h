/* What the files of the configuration reader share; nobody else includes this. */
#ifndef DROVER_CONTROLLER_AGENT_CONFIG_PRIVATE_H
#define DROVER_CONTROLLER_AGENT_CONFIG_PRIVATE_H

#include "base/hcl_read.h"
#include "controller/agent/config.h"

/* A reading under way. */
struct config_reading {
    struct hcl_document *document;
    struct config *config;
    bool look_at_files;
    /* Where each policy, and the pools of each commitment, stand, for what shows only when all is read. */
    struct hcl_position *policy_positions, *commitment_positions;
    size_t policy_position_capacity, commitment_position_capacity;
    struct config_link *links; /* in file order */
    size_t link_count, link_capacity;
};

/* A pool that names a provider_pool, and where it does. */
struct config_link {
    size_t region, pool; /* places in config.regions and its pools */
    struct hcl_position position;
};

/* --- config_value.c: what base/hcl_read.h has no word for. After a failure of the reader they change nothing.
 * ---------- */
/* A copy of 1 to `most` bytes, owned by the caller; NULL when absent. */
char *config_take_text(struct hcl_reader *reader, const char *name, size_t most);
/* The name of a file that must be readable. */
char *config_take_file(const struct config_reading *reading, struct hcl_reader *reader, const char *name);
/* Dollars as text or as a number; `fallback` when absent. */
int64_t config_take_money(struct hcl_reader *reader, const char *name, int64_t fallback, int64_t least, int64_t most);
/* "60%", 1 to 100; 0 when absent. */
uint32_t config_take_share(struct hcl_reader *reader, const char *name);
/* Adds a list of texts. */
void config_take_patterns(struct hcl_reader *reader, const char *name, struct patterns *patterns);
/* A name that becomes part of keys and paths: 1 to `most` letters, digits, '-', '_', '.'. */
bool config_check_name(struct hcl_reader *reader, const struct hcl_block *block, size_t most);

/* --- config_region.c, config_pool.c, config_policy.c: false when the reader has failed
 * ---------------------------------- */
bool config_read_region(struct config_reading *reading, struct hcl_reader *outer, const struct hcl_block *block);
bool config_read_pool(struct config_reading *reading, struct hcl_reader *outer, const struct hcl_block *block,
                      struct config_region *region);
/* --- config_provider.c ---------------------------------------------------------------------------------------- */
bool config_read_providers(struct config_reading *reading, struct hcl_reader *outer);
void config_account_release(struct config_account *account);
/* --- config_money.c --- */
bool config_read_currencies(struct config_reading *reading, struct hcl_reader *outer);
bool config_read_commitments(struct config_reading *reading, struct hcl_reader *outer);
bool config_check_commitments(const struct config_reading *reading, struct error *ret_error);
/* Pools that name a provider_pool need an account in their region, and a provider_pool has one pool. */
bool config_check_links(const struct config_reading *reading, struct error *ret_error);

/* On false nothing is left to release. */
bool config_read_policy_block(struct hcl_reader *outer, const struct hcl_block *block, struct policy *ret_policy);
/* Each policy must leave at least one region. */
bool config_check_policies(const struct config_reading *reading, struct error *ret_error);

#endif
