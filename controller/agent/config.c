/* The configuration as a whole: which files, the top level, and what can only be judged when all is read. */
#include "controller/agent/config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "controller/agent/config_private.h"
#include "net/files.h"

struct config *config_new(void)
{
    struct config *config = memory_new(1, sizeof *config);
    config->mode = MODE_OBSERVE;
    config->listen_host = memory_copy_text(CONFIG_LISTEN_HOST, strlen(CONFIG_LISTEN_HOST));
    config->listen_port = CONFIG_LISTEN_PORT;
    return config;
}

static void endpoint_release(struct config_endpoint *endpoint)
{
    free(endpoint->address);
    free(endpoint->token_file);
    free(endpoint->ca_file);
    free(endpoint->cert_file);
    free(endpoint->key_file);
    free(endpoint->server_name);
    for (size_t i = 0; i < endpoint->namespace_count; i++) {
        free(endpoint->namespaces[i]);
    }
    free(endpoint->namespaces);
}

static void region_release(struct config_region *region)
{
    region_config_release(&region->model);
    endpoint_release(&region->nomad);
    endpoint_release(&region->consul);
    for (size_t i = 0; i < region->selected_count; i++) {
        free(region->selected[i]);
    }
    free(region->selected);
}

void config_free(struct config *config)
{
    if (config == NULL) {
        return;
    }
    for (size_t i = 0; i < config->region_count; i++) {
        region_release(&config->regions[i]);
    }
    for (size_t i = 0; i < config->policy_count; i++) {
        policy_release(&config->policies[i]);
    }
    for (size_t i = 0; i < config->account_count; i++) {
        config_account_release(&config->accounts[i]);
    }
    for (size_t i = 0; i < config->commitment_count; i++) {
        commitment_release(&config->commitments[i]);
    }
    free(config->commitments);
    free(config->currencies);
    free(config->accounts);
    free(config->regions);
    free(config->policies);
    free(config->data_dir);
    free(config->log_level);
    free(config->token_file);
    free(config->listen_host);
    free(config->cert_file);
    free(config->key_file);
    free(config->catalogue_file);
    free(config);
}

bool config_parse_listen(const char *address, char **ret_host, uint16_t *ret_port, struct error *ret_error)
{
    const char *colon = strrchr(address, ':');
    uint64_t port = 0;
    struct error ignored;
    bool bracketed = address[0] == '[' && colon != NULL && colon[-1] == ']';
    if (colon == NULL || !text_parse_u64(colon + 1, strlen(colon + 1), "port", 0, UINT16_MAX, &port, &ignored) ||
        (!bracketed && memchr(address, ':', (size_t)(colon - address)) != NULL)) {
        return error_set(ret_error, ERROR_INVALID,
                         "\"%.64s\" is no address to listen on: write it as \"127.0.0.1:4650\"", address);
    }
    const char *host = bracketed ? address + 1 : address;
    size_t length = (size_t)(colon - host) - (bracketed ? 1 : 0);
    *ret_host = length > 0 ? memory_copy_text(host, length) : memory_copy_text("0.0.0.0", 7);
    *ret_port = (uint16_t)port;
    return true;
}

static void listen_read_address(struct hcl_reader *reader, struct config *config)
{
    const char *address = hcl_read_text(reader, "address", NULL);
    struct error why;
    char *host;
    if (address == NULL) {
        return;
    }
    if (!config_parse_listen(address, &host, &config->listen_port, &why)) {
        hcl_reader_fail(reader, hcl_reader_position(reader, "address"), "%s", why.text);
        return;
    }
    free(config->listen_host);
    config->listen_host = host;
}

static bool listen_is_loopback(const char *host)
{
    return text_starts_with(host, "127.") || strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0;
}

static void listen_read(const struct config_reading *reading, struct hcl_reader *outer)
{
    struct config *config = reading->config;
    const struct hcl_block *block = hcl_read_block(outer, "listen");
    if (block == NULL) {
        return;
    }
    struct hcl_reader reader = hcl_reader_enter(outer, block);
    listen_read_address(&reader, config);
    config->cert_file = config_take_file(reading, &reader, "cert_file");
    config->key_file = config_take_file(reading, &reader, "key_file");
    if ((config->cert_file == NULL) != (config->key_file == NULL)) {
        hcl_reader_fail(&reader, block->position, "block listen needs cert_file and key_file together");
    }
    if (!listen_is_loopback(config->listen_host) && config->cert_file == NULL) {
        hcl_reader_fail(&reader, hcl_reader_position(&reader, "address"),
                        "listening on %s needs TLS; add cert_file and key_file, or listen on 127.0.0.1",
                        config->listen_host);
    }
    hcl_reader_end(&reader);
}

static void top_read_words(struct hcl_reader *reader, struct config *config)
{
    static const char *const modes[] = {"observe", "approve", "enforce"};
    static const char *const levels[] = {"trace", "debug", "info", "warn", "error"};
    enum { INFO = 2 };
    config->mode_given = hcl_reader_has(reader, "mode");
    mode_parse(modes[hcl_read_choice(reader, "mode", modes, sizeof modes / sizeof modes[0], 0)], &config->mode);
    bool level_given = hcl_reader_has(reader, "log_level");
    const char *level = levels[hcl_read_choice(reader, "log_level", levels, sizeof levels / sizeof levels[0], INFO)];
    config->log_level = level_given ? memory_copy_text(level, strlen(level)) : NULL;
}

static void top_read_catalogue(const struct config_reading *reading, struct hcl_reader *outer)
{
    const struct hcl_block *block = hcl_read_block(outer, "catalogue");
    if (block != NULL) {
        struct hcl_reader reader = hcl_reader_enter(outer, block);
        hcl_require_text(&reader, "file");
        reading->config->catalogue_file = config_take_file(reading, &reader, "file");
        hcl_reader_end(&reader);
    }
}

static void top_read_policies(struct config_reading *reading, struct hcl_reader *reader)
{
    struct config *config = reading->config;
    hcl_read_unique_blocks(reader, "policy");
    for (const struct hcl_block *at = NULL; (at = hcl_read_next_block(reader, "policy", 1, at)) != NULL;) {
        struct policy policy;
        if (!config_read_policy_block(reader, at, &policy)) {
            return;
        }
        policy.from_file = true;
        reading->policy_positions = memory_grow(reading->policy_positions, config->policy_count,
                                                &reading->policy_position_capacity, sizeof(struct hcl_position));
        reading->policy_positions[config->policy_count] = at->position;
        config->policies =
            memory_grow(config->policies, config->policy_count, &config->policy_capacity, sizeof *config->policies);
        config->policies[config->policy_count++] = policy;
    }
}

static bool top_read(struct config_reading *reading, struct error *ret_error)
{
    struct hcl_reader reader = hcl_reader_begin(reading->document, ret_error);
    struct config *config = reading->config;
    config->data_dir = config_take_text(&reader, "data_dir", CONFIG_PATH_MAX);
    config->token_file = config_take_text(&reader, "token_file", CONFIG_PATH_MAX);
    top_read_words(&reader, config);
    listen_read(reading, &reader);
    top_read_catalogue(reading, &reader);
    config_read_providers(reading, &reader);
    config_read_currencies(reading, &reader);
    config_read_commitments(reading, &reader);
    hcl_read_unique_blocks(&reader, "region");
    for (const struct hcl_block *at = NULL; (at = hcl_read_next_block(&reader, "region", 1, at)) != NULL;) {
        config_read_region(reading, &reader, at);
    }
    top_read_policies(reading, &reader);
    return hcl_reader_end(&reader) && config_check_links(reading, ret_error) &&
           config_check_commitments(reading, ret_error) && config_check_policies(reading, ret_error);
}

static struct config *config_finish(struct config_reading *reading, bool ok)
{
    struct config *config = reading->config;
    hcl_document_free(reading->document);
    free(reading->policy_positions);
    free(reading->commitment_positions);
    free(reading->links);
    if (!ok) {
        config_free(config);
        return NULL;
    }
    return config;
}

struct config *config_read_sources(const struct config_source *sources, size_t count, struct error *ret_error)
{
    struct config_reading reading = {.document = hcl_document_new(), .config = config_new()};
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        ok = hcl_document_add(reading.document, sources[i].name, sources[i].bytes, sources[i].length, ret_error);
    }
    return config_finish(&reading, ok && top_read(&reading, ret_error));
}

static bool files_add(struct config_reading *reading, const char *path, struct error *ret_error)
{
    struct buffer bytes = BUFFER_INIT;
    bool ok = file_read(path, HCL_FILE_MAX, &bytes, ret_error) &&
              hcl_document_add(reading->document, path, bytes.data, bytes.length, ret_error);
    buffer_release(&bytes);
    return ok;
}

static int files_wanted(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && text_ends_with(entry->d_name, ".hcl");
}

/* By bytes, whatever the locale. */
static int files_compare(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool files_add_directory(struct config_reading *reading, const char *directory, struct error *ret_error)
{
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, files_wanted, files_compare);
    bool ok = count > 0 || error_set(ret_error, count == 0 ? ERROR_NOT_FOUND : ERROR_SYSTEM,
                                     "%s holds no file named *.hcl that can be read", directory);
    for (int i = 0; i < count; i++) {
        struct buffer path = BUFFER_INIT;
        buffer_printf(&path, "%s%s%s", directory, text_ends_with(directory, "/") ? "" : "/", entries[i]->d_name);
        ok = ok && files_add(reading, path.data, ret_error);
        buffer_release(&path);
        free(entries[i]);
    }
    free(entries);
    return ok;
}

static bool files_read(struct config_reading *reading, const char *path, struct error *ret_error)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        return files_add_directory(reading, path, ret_error);
    }
    return files_add(reading, path, ret_error);
}

static bool catalogue_read(struct config *config, int64_t now_ms, struct error *ret_error)
{
    struct buffer bytes = BUFFER_INIT;
    bool ok = config->catalogue_file == NULL ||
              (file_read(config->catalogue_file, CONFIG_CATALOGUE_MAX, &bytes, ret_error) &&
               config_apply_catalogue(config, config->catalogue_file, bytes.data, bytes.length, now_ms, ret_error));
    buffer_release(&bytes);
    return ok;
}

struct config *config_read(const char *const *paths, size_t path_count, int64_t now_ms, struct error *ret_error)
{
    struct config_reading reading = {.document = hcl_document_new(), .config = config_new(), .look_at_files = true};
    bool ok = true;
    for (size_t i = 0; i < path_count && ok; i++) {
        ok = files_read(&reading, paths[i], ret_error);
    }
    ok = ok && top_read(&reading, ret_error) && catalogue_read(reading.config, now_ms, ret_error);
    return config_finish(&reading, ok);
}

/* The only block there is; NULL, with the reader failed, otherwise. */
static const struct hcl_block *policy_only_block(struct hcl_reader *reader)
{
    const struct hcl_block *first = hcl_read_next_block(reader, "policy", 1, NULL);
    const struct hcl_block *second = first != NULL ? hcl_read_next_block(reader, "policy", 1, first) : NULL;
    if (!hcl_reader_end(reader) || (first != NULL && second == NULL)) {
        return first;
    }
    hcl_reader_fail(reader, second != NULL ? second->position : reader->body->position,
                    "exactly one policy \"NAME\" { ... } is wanted");
    return NULL;
}

bool config_read_policy(const char *name, const char *bytes, size_t length, struct policy *ret_policy,
                        struct error *ret_error)
{
    struct hcl_document *document = hcl_document_new();
    bool ok = hcl_document_add(document, name, bytes, length, ret_error);
    if (ok) {
        struct hcl_reader reader = hcl_reader_begin(document, ret_error);
        const struct hcl_block *block = policy_only_block(&reader);
        ok = block != NULL && !reader.failed && config_read_policy_block(&reader, block, ret_policy);
    }
    hcl_document_free(document);
    return ok;
}
