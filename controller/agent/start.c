/* Starting, part by part: configuration, federation, the core's first events, the HTTP interface. */
#include "controller/agent/start.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "net/clock.h"
#include "net/files.h"
#include "net/random.h"

#define START_USER_AGENT "drover/" AGENT_VERSION

static bool start_read_config(struct agent *agent, struct error *ret_error)
{
    const struct agent_options *options = agent->options;
    if (options->config_count == 0 && !options->dev) {
        return error_set(ret_error, ERROR_INVALID, "no configuration: give -config FILE or DIR, or -dev");
    }
    agent->config = options->config_count > 0
                        ? config_read(options->config_paths, options->config_count, clock_wall_ms(), ret_error)
                        : config_new();
    if (agent->config == NULL) {
        return false;
    }
    if (options->dev && !agent->config->mode_given) {
        agent->config->mode = MODE_ENFORCE;
    }
    if (options->address != NULL) {
        char *host;
        if (!config_parse_listen(options->address, &host, &agent->config->listen_port, ret_error)) {
            return false;
        }
        free(agent->config->listen_host);
        agent->config->listen_host = host;
    }
    return true;
}

static bool start_temporary_directory(struct agent *agent, struct error *ret_error)
{
    const char *base = getenv("TMPDIR");
    struct buffer path = BUFFER_INIT;
    buffer_printf(&path, "%s/drover-dev-XXXXXX", base != NULL && base[0] == '/' ? base : "/tmp");
    agent->data_dir = buffer_take(&path);
    return mkdtemp(agent->data_dir) != NULL ||
           error_set(ret_error, ERROR_SYSTEM, "a directory %s cannot be made: %s", agent->data_dir, strerror(errno));
}

static bool start_choose_directory(struct agent *agent, struct error *ret_error)
{
    const char *given = agent->options->data_dir != NULL ? agent->options->data_dir : agent->config->data_dir;
    const char *home = getenv("HOME");
    struct buffer path = BUFFER_INIT;
    if (given != NULL) {
        buffer_append_text(&path, given);
    } else if (agent->options->dev) {
        return start_temporary_directory(agent, ret_error);
    } else if (home != NULL && home[0] == '/') {
        buffer_printf(&path, "%s/.drover/data", home);
    } else {
        buffer_append_text(&path, "/var/lib/drover/data");
    }
    agent->data_dir = buffer_take(&path);
    return true;
}

bool start_configure(struct agent *agent, struct error *ret_error)
{
    struct buffer path = BUFFER_INIT;
    if (!start_read_config(agent, ret_error) || !start_choose_directory(agent, ret_error)) {
        return false;
    }
    buffer_printf(&path, "%s/FREEZE", agent->data_dir);
    agent->freeze_path = buffer_take(&path);
    report_set_level(agent, agent->options->log_level != NULL ? agent->options->log_level : agent->config->log_level);
    return !agent->options->dev || dev_start(agent, ret_error);
}

static struct http_endpoint_config start_endpoint(const struct config_endpoint *endpoint)
{
    return (struct http_endpoint_config){.address = endpoint->address,
                                         .token_file = endpoint->token_file,
                                         .ca_file = endpoint->ca_file,
                                         .cert_file = endpoint->cert_file,
                                         .key_file = endpoint->key_file,
                                         .server_name = endpoint->server_name};
}

static void start_emit(void *context, const struct event *event)
{
    struct agent *agent = context;
    if (!agent->stopping) {
        shell_feed(agent, event);
    }
}

static void start_log(void *context, int level, const char *region, const char *message)
{
    report_line(context, "federation", level, region, message);
}

bool start_federation(struct agent *agent, struct error *ret_error)
{
    const struct config *config = agent->config;
    struct http_client_options client = {.user_agent = START_USER_AGENT};
    agent->client = http_client_new(&agent->loop, &client, ret_error);
    if (agent->client == NULL) {
        return false;
    }
    struct region_access *regions = memory_new(config->region_count, sizeof *regions);
    for (size_t i = 0; i < config->region_count; i++) {
        const struct config_region *region = &config->regions[i];
        regions[i] = (struct region_access){.name = region->model.name,
                                            .nomad = start_endpoint(&region->nomad),
                                            .has_consul = region->has_consul,
                                            .consul = start_endpoint(&region->consul),
                                            .namespaces = (const char *const *)region->nomad.namespaces,
                                            .namespace_count = region->nomad.namespace_count,
                                            .selected = (const char *const *)region->selected,
                                            .selected_count = region->selected_count};
    }
    struct federation_options options = {.loop = &agent->loop,
                                         .client = agent->client,
                                         .regions = regions,
                                         .region_count = config->region_count,
                                         .now_ms = clock_wall_ms,
                                         .emit = start_emit,
                                         .log = start_log,
                                         .may_write = executor_may_write,
                                         .context = agent};
    random_bytes(&options.jitter_seed, sizeof options.jitter_seed);
    agent->federation = federation_new(&options, ret_error);
    free(regions);
    return agent->federation != NULL;
}

void start_core(struct agent *agent)
{
    const struct config *config = agent->config;
    for (size_t i = 0; i < config->currency_count; i++) {
        struct event event = {.type = EVENT_CURRENCY_CONFIGURED,
                              .text = config->currencies[i].currency,
                              .usd_per_unit_micro = config->currencies[i].usd_per_unit_micro};
        shell_feed(agent, &event);
    }
    for (size_t i = 0; i < config->account_count; i++) {
        const struct account_config account = {config->accounts[i].name, config->accounts[i].module};
        struct event event = {.type = EVENT_ACCOUNT_CONFIGURED, .account_config = &account};
        shell_feed(agent, &event);
    }
    for (size_t i = 0; i < config->commitment_count; i++) {
        struct event event = {.type = EVENT_COMMITMENT_CONFIGURED, .commitment = &config->commitments[i]};
        shell_feed(agent, &event);
    }
    for (size_t i = 0; i < config->region_count; i++) {
        struct event event = {.type = EVENT_REGION_CONFIGURED,
                              .region = config->regions[i].model.name,
                              .region_config = &config->regions[i].model};
        shell_feed(agent, &event);
    }
    for (size_t i = 0; i < config->policy_count; i++) {
        struct event event = {.type = EVENT_POLICY_CONFIGURED, .policy = &config->policies[i]};
        shell_feed(agent, &event);
    }
    struct event mode = {.type = EVENT_MODE_CONFIGURED, .mode = config->mode};
    shell_feed(agent, &mode);
    struct event started = {.type = EVENT_STARTED};
    shell_feed(agent, &started);
}

bool start_api(struct agent *agent, struct error *ret_error)
{
    const struct config *config = agent->config;
    struct api_options options = {.loop = &agent->loop,
                                  .host = config->listen_host,
                                  .port = config->listen_port,
                                  .cert_file = config->cert_file,
                                  .key_file = config->key_file,
                                  .token = agent->token,
                                  .backend = backend_make(agent)};
    agent->api = api_new(&options, ret_error);
    return agent->api != NULL;
}

void start_print(const struct agent *agent, const char *token_file)
{
    const struct world *world = core_world(agent->core);
    printf("drover %s\n\n", AGENT_VERSION);
    printf("  address         %s\n", api_address(agent->api));
    printf("  token file      %s\n", token_file);
    printf("  data directory  %s\n", agent->data_dir);
    printf("  mode            %s%s\n", mode_word(world->mode),
           world->frozen                 ? ", frozen (drover unfreeze lifts it)"
           : world->mode == MODE_OBSERVE ? ": nothing is written to any region"
                                         : "");
    printf("  regions         %zu%s\n", agent->config->region_count, agent->dev != NULL ? ", simulated" : "");
    for (size_t i = 0; i < agent->config->region_count; i++) {
        printf("    %-20s %s\n", agent->config->regions[i].model.name, agent->config->regions[i].nomad.address);
    }
    printf("\n");
    fflush(stdout);
}
