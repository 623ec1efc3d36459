/* region "name" { provider nomad {} consul {} labels {} pool "name" {} } */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "controller/agent/config_private.h"

enum { ENDPOINT_SERVER_NAME_MAX = 255 };

/* http[s]://host[:port] and nothing more; above all no user and password. */
static void endpoint_check_address(struct hcl_reader *reader, const char *address)
{
    const char *host = text_starts_with(address, "http://")    ? address + 7
                       : text_starts_with(address, "https://") ? address + 8
                                                               : NULL;
    struct hcl_position position = hcl_reader_position(reader, "address");
    if (host == NULL || host[0] == '\0' || host[0] == ':') {
        hcl_reader_fail(reader, position, "\"address\" wants http://HOST:PORT or https://HOST:PORT");
    } else if (strpbrk(host, "/?#@ \t\\") != NULL) {
        hcl_reader_fail(reader, position,
                        "\"address\" ends behind host and port, and has no user name; a token belongs into token_file");
    }
}

static void endpoint_read(const struct config_reading *reading, struct hcl_reader *outer, const struct hcl_block *block,
                          bool namespaces, struct config_endpoint *endpoint)
{
    struct hcl_reader reader = hcl_reader_enter(outer, block);
    struct patterns names = {0};
    const char *address = hcl_require_text(&reader, "address");
    endpoint->address = memory_copy_text(address, strlen(address));
    endpoint->token_file = config_take_file(reading, &reader, "token_file");
    endpoint->ca_file = config_take_file(reading, &reader, "ca_file");
    endpoint->cert_file = config_take_file(reading, &reader, "cert_file");
    endpoint->key_file = config_take_file(reading, &reader, "key_file");
    endpoint->server_name = config_take_text(&reader, "server_name", ENDPOINT_SERVER_NAME_MAX);
    if (namespaces) {
        config_take_patterns(&reader, "namespaces", &names);
        endpoint->namespaces = names.list;
        endpoint->namespace_count = names.count;
    }
    endpoint_check_address(&reader, endpoint->address);
    if ((endpoint->cert_file == NULL) != (endpoint->key_file == NULL)) {
        hcl_reader_fail(&reader, block->position, "block %s needs cert_file and key_file together", block->type);
    }
    hcl_reader_end(&reader);
}

static void labels_read(struct hcl_reader *outer, const struct hcl_block *block, struct region_config *region)
{
    struct hcl_reader reader = hcl_reader_enter(outer, block);
    size_t capacity = 0;
    for (const struct hcl_argument *at = NULL; (at = hcl_read_next_argument(&reader, at)) != NULL;) {
        const char *value = hcl_reader_text_of(&reader, at);
        if (strlen(value) > POLICY_PATTERN_MAX || strlen(at->name) > POLICY_PATTERN_MAX) {
            hcl_reader_fail(&reader, at->position, "a label has at most %d bytes", POLICY_PATTERN_MAX);
        } else if (region->label_count == LABELS_MAX) {
            hcl_reader_fail(&reader, at->position, "a region has at most %d labels", LABELS_MAX);
        } else {
            region->labels = memory_grow(region->labels, region->label_count, &capacity, sizeof *region->labels);
            region->labels[region->label_count++] = (struct label){.key = memory_copy_text(at->name, strlen(at->name)),
                                                                   .value = memory_copy_text(value, strlen(value))};
        }
    }
    hcl_reader_end(&reader);
}

static void region_read_blocks(struct config_reading *reading, struct hcl_reader *reader, struct config_region *region)
{
    const struct hcl_block *nomad = hcl_read_block(reader, "nomad");
    const struct hcl_block *consul = hcl_read_block(reader, "consul");
    const struct hcl_block *labels = hcl_read_block(reader, "labels");
    region->has_consul = consul != NULL;
    if (nomad != NULL) {
        endpoint_read(reading, reader, nomad, true, &region->nomad);
    } else {
        hcl_reader_fail(reader, reader->block->position,
                        "region \"%s\" needs the block nomad { address = \"http://HOST:PORT\" }", region->model.name);
    }
    if (consul != NULL) {
        endpoint_read(reading, reader, consul, false, &region->consul);
    }
    if (labels != NULL) {
        labels_read(reader, labels, &region->model);
    }
    hcl_read_unique_blocks(reader, "pool");
    for (const struct hcl_block *pool = NULL; (pool = hcl_read_next_block(reader, "pool", 1, pool)) != NULL;) {
        config_read_pool(reading, reader, pool, region);
    }
}

bool config_read_region(struct config_reading *reading, struct hcl_reader *outer, const struct hcl_block *block)
{
    struct config *config = reading->config;
    struct hcl_reader reader = hcl_reader_enter(outer, block);
    if (!config_check_name(&reader, block, REGION_NAME_MAX)) {
        return false;
    }
    if (config->region_count == REGIONS_MAX) {
        return hcl_reader_fail(&reader, block->position, "there are more than %d regions", REGIONS_MAX);
    }
    config->regions =
        memory_grow(config->regions, config->region_count, &config->region_capacity, sizeof *config->regions);
    struct config_region *region = &config->regions[config->region_count++];
    memset(region, 0, sizeof *region);
    region->model.name = memory_copy_text(block->labels[0], strlen(block->labels[0]));
    region->model.provider = config_take_text(&reader, "provider", REGION_NAME_MAX);
    if (region->model.provider == NULL) {
        region->model.provider = memory_copy_text("", 0);
    }
    region_read_blocks(reading, &reader, region);
    return hcl_reader_end(&reader);
}
