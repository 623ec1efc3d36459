/* provider "NAME" { module module_path memory_mib ...the module's own settings }, and where modules are found. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "controller/agent/config_private.h"

#define FILE_START "drover-provider-"
#define FILE_END ".so"
enum { EVERY_LEAST_MS = 1000, EVERY_MOST_MS = 24 * 3600 * 1000 };
enum { ACCOUNTS_MAX = 256, MODULES_SHOWN_MAX = 32, MEMORY_LEAST_MIB = 64, MEMORY_MOST_MIB = 1024 * 1024 };

void config_account_release(struct config_account *account)
{
    free(account->name);
    free(account->module);
    free(account->module_path);
    provider_settings_release(&account->settings);
}

/* Where modules lie, nearest first: beside this program, where `cmake --install` puts them, and the system's. */
static size_t module_directories(struct buffer directories[static 4])
{
    char self[CONFIG_PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    size_t count = 0;
    if (length > 0) {
        self[length] = '\0';
        *strrchr(self, '/') = '\0';
        buffer_append_text(&directories[count++], self);
        buffer_printf(&directories[count++], "%s/../lib/drover/providers", self);
    }
    buffer_append_text(&directories[count++], "/usr/local/lib/drover/providers");
    buffer_append_text(&directories[count++], "/usr/lib/drover/providers");
    return count;
}

static bool is_file(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

static int is_module(const struct dirent *entry)
{
    return text_starts_with(entry->d_name, FILE_START) && text_ends_with(entry->d_name, FILE_END);
}

/* "aws, azure": the modules of a directory, in order, for an error. */
static void append_modules(struct buffer *out, const char *directory)
{
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, is_module, alphasort);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name + strlen(FILE_START);
        if (i < MODULES_SHOWN_MAX)
            buffer_printf(out, "%s%.*s", out->length > 0 ? ", " : "", (int)(strlen(name) - strlen(FILE_END)), name);
        free(entries[i]);
    }
    free((void *)entries);
}

char *config_module_path(const char *module)
{
    struct buffer directories[4] = {BUFFER_INIT, BUFFER_INIT, BUFFER_INIT, BUFFER_INIT};
    struct buffer path = BUFFER_INIT;
    size_t count = module_directories(directories);
    bool found = false;
    for (size_t i = 0; i < count && !found; i++) {
        buffer_clear(&path);
        buffer_printf(&path, "%s/" FILE_START "%s" FILE_END, directories[i].data, module);
        found = is_file(path.data);
    }
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
        buffer_release(&directories[i]);
    if (found)
        return buffer_take(&path);
    buffer_release(&path);
    return NULL;
}

static void fail_unknown_module(struct hcl_reader *outer, struct hcl_position position, const char *module)
{
    struct buffer directories[4] = {BUFFER_INIT, BUFFER_INIT, BUFFER_INIT, BUFFER_INIT};
    struct buffer known = BUFFER_INIT;
    size_t count = module_directories(directories);
    for (size_t i = 0; i < count; i++)
        append_modules(&known, directories[i].data);
    hcl_reader_fail(outer, position, "there is no provider module \"%s\"; %s%s%s", module,
                    known.length > 0 ? "there are: " : "none is installed in ",
                    known.length > 0 ? known.data : directories[count - 1].data,
                    known.length > 0 ? "; module_path names a file of its own" : "");
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
        buffer_release(&directories[i]);
    buffer_release(&known);
}

static void find_module(struct hcl_reader *outer, struct hcl_position position, struct config_account *account)
{
    char *path = config_module_path(account->module);
    if (path) {
        free(account->module_path);
        account->module_path = path;
    } else {
        fail_unknown_module(outer, position, account->module);
    }
}

/* A text argument of the block, NULL when absent or, with an error, when it is none. */
static const char *text_of(struct hcl_reader *outer, const struct hcl_block *block, const char *name,
                           struct hcl_position *ret_position)
{
    const struct hcl_argument *argument = hcl_find_argument(&block->body, name);
    if (!argument)
        return NULL;
    *ret_position = argument->value->position;
    if (argument->value->kind == HCL_TEXT && argument->value->text.length > 0)
        return argument->value->text.bytes;
    hcl_reader_fail(outer, *ret_position, "%s: text is wanted, %s stands there", name,
                    argument->value->kind == HCL_TEXT ? "an empty one" : hcl_kind_words(argument->value->kind));
    return NULL;
}

static void read_module(struct config_reading *reading, struct hcl_reader *outer, const struct hcl_block *block,
                        struct config_account *account)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    struct hcl_position position = block->position;
    const char *module = text_of(outer, block, "module", &position);
    if (!module) {
        hcl_reader_fail(outer, block->position, "provider \"%s\" needs a module: module = \"aws\"", account->name);
        return;
    }
    if (strlen(module) > REGION_NAME_MAX || module[strspn(module, allowed)] != '\0') {
        hcl_reader_fail(outer, position, "a module's name is made of small letters, digits, \"-\" and \"_\"");
        return;
    }
    account->module = memory_copy_text(module, strlen(module));
    const char *path = text_of(outer, block, "module_path", &position);
    account->module_path = memory_copy_text(path ? path : "", path ? strlen(path) : 0);
    if (outer->failed || !reading->look_at_files)
        return;
    if (!path)
        find_module(outer, position, account);
    else if (path[0] != '/' || !is_file(path))
        hcl_reader_fail(outer, position, "module_path: \"%.200s\" is no file; give its whole path from /", path);
}

static void read_memory(struct hcl_reader *outer, const struct hcl_block *block, struct config_account *account)
{
    const struct hcl_argument *argument = hcl_find_argument(&block->body, "memory_mib");
    if (!argument)
        return;
    const struct hcl_value *value = argument->value;
    if (value->kind != HCL_NUMBER || !value->number.is_whole || value->number.whole < MEMORY_LEAST_MIB ||
        value->number.whole > MEMORY_MOST_MIB)
        hcl_reader_fail(outer, value->position, "memory_mib is a whole number from %d to %d", MEMORY_LEAST_MIB,
                        MEMORY_MOST_MIB);
    else
        account->memory_mib = value->number.whole;
}

/* How often something is asked for; stays 0 where it is not said. */
static void read_every(struct hcl_reader *outer, const struct hcl_block *block, const char *name, int64_t *ret_ms)
{
    struct hcl_position position = block->position;
    const char *text = text_of(outer, block, name, &position);
    struct error why;
    if (text &&
        (!text_parse_duration(text, strlen(text), ret_ms, &why) || *ret_ms < EVERY_LEAST_MS || *ret_ms > EVERY_MOST_MS))
        hcl_reader_fail(outer, position, "%s wants a duration from \"1s\" to \"24h\"", name);
}

static void read_account(struct config_reading *reading, struct hcl_reader *outer, const struct hcl_block *block)
{
    static const char *const reserved[] = {"module", "module_path", "memory_mib", "look_every", "price_every", NULL};
    struct config *config = reading->config;
    if (!config_check_name(outer, block, REGION_NAME_MAX))
        return;
    if (config->account_count == ACCOUNTS_MAX) {
        hcl_reader_fail(outer, block->position, "there are more than %d providers", ACCOUNTS_MAX);
        return;
    }
    config->accounts =
        memory_grow(config->accounts, config->account_count, &config->account_capacity, sizeof *config->accounts);
    struct config_account *account = &config->accounts[config->account_count++];
    *account = (struct config_account){.name = memory_copy_text(block->labels[0], strlen(block->labels[0]))};
    read_module(reading, outer, block, account);
    read_memory(outer, block, account);
    read_every(outer, block, "look_every", &account->look_every_ms);
    read_every(outer, block, "price_every", &account->price_every_ms);
    if (!outer->failed &&
        !provider_settings_from_hcl(&account->settings, reading->document, &block->body, reserved, outer->error))
        outer->failed = true; /* the error begins with its own position */
}

bool config_read_providers(struct config_reading *reading, struct hcl_reader *outer)
{
    hcl_read_unique_blocks(outer, "provider");
    for (const struct hcl_block *at = NULL; (at = hcl_read_next_block(outer, "provider", 1, at)) != NULL;)
        read_account(reading, outer, at);
    return !outer->failed;
}

static const struct config_account *account_named(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->account_count; i++)
        if (strcmp(config->accounts[i].name, name) == 0)
            return &config->accounts[i];
    return NULL;
}

/* One pool of a provider belongs to one pool here: two would grow it against each other. */
static bool is_linked_once(const struct config_reading *reading, size_t place, struct error *ret_error)
{
    const struct config_link *link = &reading->links[place];
    const struct region_config *region = &reading->config->regions[link->region].model;
    const struct pool_config *pool = &region->pools[link->pool];
    for (size_t i = 0; i < place; i++) {
        const struct region_config *other = &reading->config->regions[reading->links[i].region].model;
        const struct pool_config *at = &other->pools[reading->links[i].pool];
        if (strcmp(other->provider, region->provider) == 0 && strcmp(at->provider_pool, pool->provider_pool) == 0)
            return hcl_fail(reading->document, link->position, ERROR_INVALID, ret_error,
                            "pools %s/%s and %s/%s name the same provider_pool \"%s\"; its machines can be in one only",
                            other->name, at->name, region->name, pool->name, pool->provider_pool);
    }
    return true;
}

bool config_check_links(const struct config_reading *reading, struct error *ret_error)
{
    for (size_t i = 0; i < reading->link_count; i++) {
        const struct config_link *link = &reading->links[i];
        const struct region_config *region = &reading->config->regions[link->region].model;
        const struct pool_config *pool = &region->pools[link->pool];
        if (!account_named(reading->config, region->provider))
            return hcl_fail(reading->document, link->position, ERROR_INVALID, ret_error,
                            "pool %s/%s names provider_pool \"%s\", but its region's provider \"%s\" is no configured "
                            "account; add provider \"%s\" { module = \"...\" }",
                            region->name, pool->name, pool->provider_pool, region->provider,
                            region->provider[0] ? region->provider : "NAME");
        if (!is_linked_once(reading, i, ret_error))
            return false;
    }
    return true;
}
