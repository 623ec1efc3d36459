/* region "name" { provider nomad {} consul {} labels {} pool "name" {} } */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "controller/agent/config_private.h"

#define KEY_COUNT(keys) (sizeof(keys) / sizeof(keys)[0])

static const struct config_key region_keys[] = {
    {"provider", CONFIG_ARGUMENT, false}, {"nomad", CONFIG_BLOCK, false}, {"consul", CONFIG_BLOCK, false},
    {"labels", CONFIG_BLOCK, false},      {"pool", CONFIG_BLOCKS, true},
};

static const struct config_key nomad_keys[] = {
    {"address", CONFIG_ARGUMENT, false},    {"token_file", CONFIG_ARGUMENT, false},
    {"ca_file", CONFIG_ARGUMENT, false},    {"cert_file", CONFIG_ARGUMENT, false},
    {"key_file", CONFIG_ARGUMENT, false},   {"server_name", CONFIG_ARGUMENT, false},
    {"namespaces", CONFIG_ARGUMENT, false},
};
/* Consul has no namespaces here: the same without the last. */
enum { CONSUL_KEY_COUNT = KEY_COUNT(nomad_keys) - 1 };

/* http[s]://host[:port] and nothing more; above all no user and password. */
static bool endpoint_check_address(const struct config_reading *reading, const struct hcl_body *body,
                                   const char *address, struct error *ret_error)
{
    const char *host = text_starts_with(address, "http://")    ? address + 7
                       : text_starts_with(address, "https://") ? address + 8
                                                               : NULL;
    if (host == NULL || host[0] == '\0' || host[0] == ':') {
        return hcl_fail(reading->document, config_position(body, "address"), ERROR_INVALID, ret_error,
                        "address must be http://HOST:PORT or https://HOST:PORT");
    }
    if (strpbrk(host, "/?#@ \t\\") != NULL) {
        return hcl_fail(reading->document, config_position(body, "address"), ERROR_INVALID, ret_error,
                        "address has nothing behind host and port, and no user name (tokens belong into token_file)");
    }
    return true;
}

static bool endpoint_read_namespaces(const struct config_reading *reading, const struct hcl_body *body,
                                     struct config_endpoint *endpoint, struct error *ret_error)
{
    struct patterns names = {0};
    bool ok = config_get_patterns(reading, body, "namespaces", &names, ret_error);
    endpoint->namespaces = names.list; /* handed over, whatever was read of it */
    endpoint->namespace_count = names.count;
    return ok;
}

static bool endpoint_read(const struct config_reading *reading, const struct hcl_block *block, size_t key_count,
                          const char *region, struct config_endpoint *endpoint, struct error *ret_error)
{
    char where[REGION_NAME_MAX + 64];
    const struct hcl_body *body = &block->body;
    snprintf(where, sizeof where, " in %s of region \"%s\"", block->type, region);
    if (!config_check_keys(reading, body, where, nomad_keys, key_count, ret_error) ||
        !config_get_text(reading, body, "address", CONFIG_PATH_MAX, &endpoint->address, ret_error) ||
        !config_get_file(reading, body, "token_file", &endpoint->token_file, ret_error) ||
        !config_get_file(reading, body, "ca_file", &endpoint->ca_file, ret_error) ||
        !config_get_file(reading, body, "cert_file", &endpoint->cert_file, ret_error) ||
        !config_get_file(reading, body, "key_file", &endpoint->key_file, ret_error) ||
        !config_get_text(reading, body, "server_name", 255, &endpoint->server_name, ret_error) ||
        !endpoint_read_namespaces(reading, body, endpoint, ret_error)) {
        return false;
    }
    if (endpoint->address == NULL) {
        return hcl_fail(reading->document, block->position, ERROR_INVALID, ret_error,
                        "%s of region \"%s\" needs address = \"http://HOST:PORT\"", block->type, region);
    }
    if ((endpoint->cert_file == NULL) != (endpoint->key_file == NULL)) {
        return hcl_fail(reading->document, block->position, ERROR_INVALID, ret_error,
                        "%s of region \"%s\" needs cert_file and key_file together", block->type, region);
    }
    return endpoint_check_address(reading, body, endpoint->address, ret_error);
}

static bool labels_read(const struct config_reading *reading, const struct hcl_block *block,
                        struct region_config *region, struct error *ret_error)
{
    size_t capacity = 0;
    if (block->body.blocks != NULL) {
        return hcl_fail(reading->document, block->body.blocks->position, ERROR_INVALID, ret_error,
                        "labels hold only lines of key = \"value\"");
    }
    for (const struct hcl_argument *at = block->body.arguments; at != NULL; at = at->next) {
        if (at->value->kind != HCL_TEXT || at->value->text.length > POLICY_PATTERN_MAX ||
            strlen(at->name) > POLICY_PATTERN_MAX) {
            return hcl_fail(reading->document, at->value->position, ERROR_INVALID, ret_error,
                            "label %.64s must be text in quotes of at most %d bytes", at->name, POLICY_PATTERN_MAX);
        }
        if (region->label_count == LABELS_MAX) {
            return hcl_fail(reading->document, at->position, ERROR_TOO_LARGE, ret_error,
                            "a region has at most %d labels", LABELS_MAX);
        }
        region->labels = memory_grow(region->labels, region->label_count, &capacity, sizeof *region->labels);
        region->labels[region->label_count++] =
            (struct label){.key = memory_copy_text(at->name, strlen(at->name)),
                           .value = memory_copy_text(at->value->text.bytes, at->value->text.length)};
    }
    return true;
}

static bool region_read_blocks(struct config_reading *reading, const struct hcl_body *body,
                               struct config_region *region, struct error *ret_error)
{
    const char *name = region->model.name;
    const struct hcl_block *nomad = hcl_find_block(body, "nomad");
    const struct hcl_block *consul = hcl_find_block(body, "consul");
    const struct hcl_block *labels = hcl_find_block(body, "labels");
    if (nomad == NULL) {
        return hcl_fail(reading->document, body->position, ERROR_INVALID, ret_error,
                        "region \"%s\" needs nomad { address = \"http://HOST:PORT\" }", name);
    }
    if (!endpoint_read(reading, nomad, KEY_COUNT(nomad_keys), name, &region->nomad, ret_error)) {
        return false;
    }
    region->has_consul = consul != NULL;
    if (consul != NULL && !endpoint_read(reading, consul, CONSUL_KEY_COUNT, name, &region->consul, ret_error)) {
        return false;
    }
    if (labels != NULL && !labels_read(reading, labels, &region->model, ret_error)) {
        return false;
    }
    for (const struct hcl_block *pool = hcl_next_block(body->blocks, "pool"); pool != NULL;
         pool = hcl_next_block(pool->next, "pool")) {
        if (!config_read_pool(reading, pool, region, ret_error)) {
            return false;
        }
    }
    return true;
}

bool config_read_region(struct config_reading *reading, const struct hcl_block *block, struct error *ret_error)
{
    struct config *config = reading->config;
    const char *name = block->labels[0];
    char where[REGION_NAME_MAX + 32];
    if (!config_check_name(reading, block->position, "region", name, REGION_NAME_MAX, ret_error)) {
        return false;
    }
    if (config->region_count == REGIONS_MAX) {
        return hcl_fail(reading->document, block->position, ERROR_TOO_LARGE, ret_error, "more than %d regions",
                        REGIONS_MAX);
    }
    snprintf(where, sizeof where, " in region \"%s\"", name);
    if (!config_check_keys(reading, &block->body, where, region_keys, KEY_COUNT(region_keys), ret_error)) {
        return false;
    }
    config->regions =
        memory_grow(config->regions, config->region_count, &config->region_capacity, sizeof *config->regions);
    struct config_region *region = &config->regions[config->region_count++];
    memset(region, 0, sizeof *region);
    region->model.name = memory_copy_text(name, strlen(name));
    if (!config_get_text(reading, &block->body, "provider", REGION_NAME_MAX, &region->model.provider, ret_error)) {
        return false;
    }
    if (region->model.provider == NULL) {
        region->model.provider = memory_copy_text("", 0);
    }
    return region_read_blocks(reading, &block->body, region, ret_error);
}
