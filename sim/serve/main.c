/* drover-sim: simulated regions as a program, for scenario tests and benches.
 *
 *     drover-sim [-regions N] [-first-port P] [-spec FILE.json] [-bind ADDRESS] [-keep-pages]
 *                [-provider-token-file FILE]
 *
 * With a provider token, white space trimmed at its end, the machines of the control port want it (provider.h).
 * With -keep-pages the pages of lists are rendered once for as long as their region does not change and whatever faults
 * it has, for benches. Prints one JSON line with the addresses, then serves until SIGTERM or SIGINT. See world.h and
 * control.h. */
#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/serve/control.h"
#include "sim/serve/world.h"

struct program {
    uv_loop_t loop;
    uv_signal_t signals[2];
    struct sim_server *server;
};

/* What the command line asks for. */
struct wanted {
    struct sim_server_options options;
    size_t regions;
    const char *spec_file, *token_file;
};

static void on_signal(uv_signal_t *handle, int number)
{
    struct program *program = handle->data;

    (void)number;
    if (program->server == NULL)
        return;
    sim_server_close(program->server, NULL, NULL);
    program->server = NULL;
    for (size_t i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&program->signals[i], NULL);
}

static int usage(void)
{
    fputs("usage: drover-sim [-regions N] [-first-port P] [-spec FILE.json] [-bind ADDRESS] [-keep-pages]\n"
          "                  [-provider-token-file FILE]\n",
          stderr);
    return 2;
}

static bool read_arguments(int count, char **arguments, struct wanted *wanted)
{
    struct sim_server_options *options = &wanted->options;

    for (int i = 1; i < count; i++) {
        const char *name = arguments[i], *value;

        if (strcmp(name, "-keep-pages") == 0) {
            options->keep_pages = true;
            continue;
        }
        value = i + 1 < count ? arguments[++i] : NULL;
        if (value == NULL)
            return false;
        if (strcmp(name, "-regions") == 0)
            wanted->regions = strtoul(value, NULL, 10);
        else if (strcmp(name, "-first-port") == 0)
            options->first_port = atoi(value);
        else if (strcmp(name, "-spec") == 0)
            wanted->spec_file = value;
        else if (strcmp(name, "-bind") == 0)
            options->bind = value;
        else if (strcmp(name, "-provider-token-file") == 0)
            wanted->token_file = value;
        else
            return false;
    }
    return wanted->regions > 0 && wanted->regions <= SIM_REGIONS_MAX && options->first_port >= 0 &&
           options->first_port < 65536;
}

/* The first line of the file, at most SIM_TOKEN_MAX bytes of it: sim_server_new refuses one that is too long. */
static bool read_token(const char *file, char ret_token[SIM_TOKEN_MAX + 1], struct error *ret_error)
{
    FILE *in = fopen(file, "r");
    bool read;

    if (in == NULL)
        return error_set(ret_error, ERROR_SYSTEM, "%s cannot be opened", file);
    read = fgets(ret_token, SIM_TOKEN_MAX + 1, in) != NULL;
    fclose(in);
    if (!read)
        return error_set(ret_error, ERROR_INVALID, "%s holds no token", file);
    ret_token[strcspn(ret_token, " \t\r\n")] = '\0';
    return true;
}

static int64_t wall_ms(void)
{
    struct timespec at;

    clock_gettime(CLOCK_REALTIME, &at);
    return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static bool build_world(const char *file, size_t regions, struct sim_world *ret_world, struct error *ret_error)
{
    json_error_t problem = {0};
    json_t *spec = file != NULL ? json_load_file(file, JSON_REJECT_DUPLICATES, &problem) : sim_world_example(regions);
    bool good;

    if (spec == NULL)
        return error_set(ret_error, ERROR_INVALID, "%s:%d:%d: %s", file != NULL ? file : "the example", problem.line,
                         problem.column, problem.text);
    good = sim_world_build(spec, wall_ms(), ret_world, ret_error);
    json_decref(spec);
    return good;
}

/* NULL with the error told; the world and the loop are then still to be ended. */
static struct sim_server *start(uv_loop_t *loop, struct wanted *wanted, struct sim_world *ret_world)
{
    char token[SIM_TOKEN_MAX + 1];
    struct sim_server *server = NULL;
    struct error error = {0};

    if (wanted->token_file != NULL)
        wanted->options.provider_token = token;
    if ((wanted->token_file == NULL || read_token(wanted->token_file, token, &error)) &&
        build_world(wanted->spec_file, wanted->regions, ret_world, &error))
        server = sim_server_new(loop, ret_world->regions, ret_world->count, &wanted->options, &error);
    wanted->options.provider_token = NULL;
    if (server == NULL)
        fprintf(stderr, "drover-sim: %s\n", error.text);
    return server;
}

/* Tells the addresses, and ends on a signal from here on. */
static void announce(struct program *program)
{
    json_t *urls = sim_control_urls(program->server);

    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(&program->loop, &program->signals[i]);
        program->signals[i].data = program;
        uv_signal_start(&program->signals[i], on_signal, i == 0 ? SIGTERM : SIGINT);
    }
    json_dumpf(urls, stdout, JSON_COMPACT);
    putchar('\n');
    fflush(stdout);
    json_decref(urls);
}

int main(int count, char **arguments)
{
    struct wanted wanted = {.options = {.control = true}, .regions = 3};
    struct program program = {0};
    struct sim_world world = {0};
    int status = 0;

    if (!read_arguments(count, arguments, &wanted))
        return usage();
    lws_set_log_level(LLL_ERR, NULL);
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&program.loop);
    program.server = start(&program.loop, &wanted, &world);
    if (program.server != NULL)
        announce(&program);
    else
        status = 1;
    uv_run(&program.loop, UV_RUN_DEFAULT);
    uv_loop_close(&program.loop);
    sim_world_release(&world);
    return status;
}
