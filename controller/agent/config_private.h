/* What the files of the configuration reader share; nobody else includes this. */
#ifndef DROVER_CONTROLLER_AGENT_CONFIG_PRIVATE_H
#define DROVER_CONTROLLER_AGENT_CONFIG_PRIVATE_H

#include "base/hcl.h"
#include "controller/agent/config.h"

/* A reading under way. */
struct config_reading {
    struct hcl_document *document;
    struct config *config;
    bool look_at_files;
    /* Where each policy stands, for errors that show only when all is read. */
    struct hcl_position *policy_positions;
    size_t policy_position_capacity;
};

/* What may stand in a body. */
struct config_key {
    const char *name;
    enum { CONFIG_ARGUMENT, CONFIG_BLOCK, CONFIG_BLOCKS } kind; /* BLOCKS: several, each with one label */
    bool labelled;                                              /* BLOCK: with a label */
};

/* --- config_value.c ------------------------------------------------------------------------------------------------
 */
/* Refuses what `keys` does not name, with the nearest that it does. `where` is "in region \"a\"" or "". */
bool config_check_keys(const struct config_reading *reading, const struct hcl_body *body, const char *where,
                       const struct config_key *keys, size_t key_count, struct error *ret_error);
/* Each leaves *ret_... alone when there is no such argument. Texts are owned by the caller. */
bool config_get_text(const struct config_reading *reading, const struct hcl_body *body, const char *name,
                     size_t length_max, char **ret_text, struct error *ret_error);
/* The name of a file that must be readable. */
bool config_get_file(const struct config_reading *reading, const struct hcl_body *body, const char *name,
                     char **ret_path, struct error *ret_error);
bool config_get_flag(const struct config_reading *reading, const struct hcl_body *body, const char *name,
                     bool *ret_flag, struct error *ret_error);
bool config_get_whole(const struct config_reading *reading, const struct hcl_body *body, const char *name,
                      int64_t least, int64_t most, int64_t *ret_number, struct error *ret_error);
/* Text or a number, in dollars; `negative` says whether it may be below 0. */
bool config_get_money(const struct config_reading *reading, const struct hcl_body *body, const char *name,
                      bool negative, int64_t most, int64_t *ret_uusd, struct error *ret_error);
/* "60%" or 60, 1 to 100. */
bool config_get_share(const struct config_reading *reading, const struct hcl_body *body, const char *name,
                      uint32_t *ret_percent, struct error *ret_error);
bool config_get_patterns(const struct config_reading *reading, const struct hcl_body *body, const char *name,
                         struct patterns *ret_patterns, struct error *ret_error);
/* Where an argument's value stands, or the body when there is none. */
struct hcl_position config_position(const struct hcl_body *body, const char *name);
/* A name that becomes part of keys and paths: 1 to `most` bytes of letters, digits, '-', '_', '.'. */
bool config_check_name(const struct config_reading *reading, struct hcl_position position, const char *what,
                       const char *name, size_t most, struct error *ret_error);

/* --- config_region.c, config_pool.c, config_policy.c
 * -------------------------------------------------------------------- */
bool config_read_region(struct config_reading *reading, const struct hcl_block *block, struct error *ret_error);
bool config_read_pool(struct config_reading *reading, const struct hcl_block *block, struct config_region *region,
                      struct error *ret_error);
bool config_read_policy_block(struct config_reading *reading, const struct hcl_block *block, struct policy *ret_policy,
                              struct error *ret_error);
/* Each policy must leave at least one region. */
bool config_check_policies(const struct config_reading *reading, struct error *ret_error);

#endif
