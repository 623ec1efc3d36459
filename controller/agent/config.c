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

#define KEY_COUNT(keys) (sizeof(keys) / sizeof(keys)[0])

static const struct config_key top_keys[] = {
    {"data_dir", CONFIG_ARGUMENT, false},   {"mode", CONFIG_ARGUMENT, false}, {"log_level", CONFIG_ARGUMENT, false},
    {"token_file", CONFIG_ARGUMENT, false}, {"listen", CONFIG_BLOCK, false},  {"catalogue", CONFIG_BLOCK, false},
    {"region", CONFIG_BLOCKS, true},        {"policy", CONFIG_BLOCKS, true},
};
static const struct config_key listen_keys[] = {
    {"address", CONFIG_ARGUMENT, false},
    {"cert_file", CONFIG_ARGUMENT, false},
    {"key_file", CONFIG_ARGUMENT, false},
};
static const struct config_key catalogue_keys[] = {
    {"file", CONFIG_ARGUMENT, false},
};
static const struct config_key policy_file_keys[] = {
    {"policy", CONFIG_BLOCKS, true},
};

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

static bool listen_read_address(const struct config_reading *reading, const struct hcl_body *body,
                                struct error *ret_error)
{
    struct config *config = reading->config;
    char *address = NULL, *host = NULL;
    struct error why;
    if (!config_get_text(reading, body, "address", 255, &address, ret_error)) {
        return false;
    }
    if (address == NULL) {
        return true;
    }
    bool parsed = config_parse_listen(address, &host, &config->listen_port, &why);
    free(address);
    if (!parsed) {
        return hcl_fail(reading->document, config_position(body, "address"), ERROR_INVALID, ret_error, "%s", why.text);
    }
    free(config->listen_host);
    config->listen_host = host;
    return true;
}

static bool listen_read(const struct config_reading *reading, const struct hcl_body *top, struct error *ret_error)
{
    struct config *config = reading->config;
    const struct hcl_block *block = hcl_find_block(top, "listen");
    if (block == NULL) {
        return true;
    }
    if (!config_check_keys(reading, &block->body, " in listen", listen_keys, KEY_COUNT(listen_keys), ret_error) ||
        !listen_read_address(reading, &block->body, ret_error) ||
        !config_get_file(reading, &block->body, "cert_file", &config->cert_file, ret_error) ||
        !config_get_file(reading, &block->body, "key_file", &config->key_file, ret_error)) {
        return false;
    }
    bool loopback = text_starts_with(config->listen_host, "127.") || strcmp(config->listen_host, "localhost") == 0 ||
                    strcmp(config->listen_host, "::1") == 0;
    if ((config->cert_file == NULL) != (config->key_file == NULL)) {
        return hcl_fail(reading->document, block->position, ERROR_INVALID, ret_error,
                        "listen needs cert_file and key_file together");
    }
    if (!loopback && config->cert_file == NULL) {
        return hcl_fail(reading->document, config_position(&block->body, "address"), ERROR_INVALID, ret_error,
                        "listening on \"%s\" needs TLS: give cert_file and key_file, or listen on 127.0.0.1",
                        config->listen_host);
    }
    return true;
}

static bool top_read_mode(const struct config_reading *reading, const struct hcl_body *body, struct error *ret_error)
{
    char *word = NULL;
    if (!config_get_text(reading, body, "mode", 64, &word, ret_error)) {
        return false;
    }
    bool known = word == NULL || mode_parse(word, &reading->config->mode) ||
                 hcl_fail(reading->document, config_position(body, "mode"), ERROR_INVALID, ret_error,
                          "mode is \"%s\"; known are observe, approve, enforce", word);
    reading->config->mode_given = word != NULL;
    free(word);
    return known;
}

static bool top_read_log_level(const struct config_reading *reading, const struct hcl_body *body,
                               struct error *ret_error)
{
    static const char *const words[] = {"trace", "debug", "info", "warn", "error"};
    char **word = &reading->config->log_level;
    if (!config_get_text(reading, body, "log_level", 64, word, ret_error)) {
        return false;
    }
    for (size_t i = 0; *word != NULL && i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], *word) == 0) {
            return true;
        }
    }
    return *word == NULL || hcl_fail(reading->document, config_position(body, "log_level"), ERROR_INVALID, ret_error,
                                     "log_level is \"%s\"; known are trace, debug, info, warn, error", *word);
}

static bool top_read_catalogue(const struct config_reading *reading, const struct hcl_body *body,
                               struct error *ret_error)
{
    const struct hcl_block *block = hcl_find_block(body, "catalogue");
    if (block == NULL) {
        return true;
    }
    if (!config_check_keys(reading, &block->body, " in catalogue", catalogue_keys, KEY_COUNT(catalogue_keys),
                           ret_error) ||
        !config_get_file(reading, &block->body, "file", &reading->config->catalogue_file, ret_error)) {
        return false;
    }
    return reading->config->catalogue_file != NULL || hcl_fail(reading->document, block->position, ERROR_INVALID,
                                                               ret_error, "catalogue needs file = \"prices.csv\"");
}

static bool top_read_policies(struct config_reading *reading, const struct hcl_body *body, struct error *ret_error)
{
    struct config *config = reading->config;
    for (const struct hcl_block *at = hcl_next_block(body->blocks, "policy"); at != NULL;
         at = hcl_next_block(at->next, "policy")) {
        struct policy policy;
        if (!config_read_policy_block(reading, at, &policy, ret_error)) {
            return false;
        }
        policy.from_file = true;
        reading->policy_positions = memory_grow(reading->policy_positions, config->policy_count,
                                                &reading->policy_position_capacity, sizeof(struct hcl_position));
        reading->policy_positions[config->policy_count] = at->position;
        config->policies =
            memory_grow(config->policies, config->policy_count, &config->policy_capacity, sizeof *config->policies);
        config->policies[config->policy_count++] = policy;
    }
    return true;
}

static bool top_read(struct config_reading *reading, struct error *ret_error)
{
    const struct hcl_body *body = hcl_document_body(reading->document);
    struct config *config = reading->config;
    if (!config_check_keys(reading, body, "", top_keys, KEY_COUNT(top_keys), ret_error) ||
        !config_get_text(reading, body, "data_dir", CONFIG_PATH_MAX, &config->data_dir, ret_error) ||
        !config_get_text(reading, body, "token_file", CONFIG_PATH_MAX, &config->token_file, ret_error) ||
        !top_read_mode(reading, body, ret_error) || !top_read_log_level(reading, body, ret_error) ||
        !listen_read(reading, body, ret_error) || !top_read_catalogue(reading, body, ret_error)) {
        return false;
    }
    for (const struct hcl_block *at = hcl_next_block(body->blocks, "region"); at != NULL;
         at = hcl_next_block(at->next, "region")) {
        if (!config_read_region(reading, at, ret_error)) {
            return false;
        }
    }
    return top_read_policies(reading, body, ret_error) && config_check_policies(reading, ret_error);
}

static struct config *config_finish(struct config_reading *reading, bool ok)
{
    struct config *config = reading->config;
    hcl_document_free(reading->document);
    free(reading->policy_positions);
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

bool config_read_policy(const char *name, const char *bytes, size_t length, struct policy *ret_policy,
                        struct error *ret_error)
{
    struct config_reading reading = {.document = hcl_document_new(), .config = config_new()};
    bool ok = hcl_document_add(reading.document, name, bytes, length, ret_error);
    const struct hcl_body *body = hcl_document_body(reading.document);
    ok = ok && config_check_keys(&reading, body, "", policy_file_keys, KEY_COUNT(policy_file_keys), ret_error);
    if (ok && (body->blocks == NULL || body->blocks->next != NULL)) {
        ok = hcl_fail(reading.document, body->blocks != NULL ? body->blocks->next->position : body->position,
                      ERROR_INVALID, ret_error, "exactly one policy \"name\" { ... } is wanted");
    }
    ok = ok && config_read_policy_block(&reading, body->blocks, ret_policy, ret_error);
    config_free(config_finish(&reading, true));
    return ok;
}
