/* The agent from start to end. What each part does is in its own file; here is their order. */
#include "controller/agent/agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libwebsockets.h>

#include "base/memory.h"
#include "controller/agent/start.h"
#include "net/clock.h"

static void agent_on_stop_signal(uv_signal_t *signal, int number)
{
    struct agent *agent = signal->data;
    if (agent->stop_asked) {
        _exit(agent->exit_code); /* asked twice: nothing durable is lost */
    }
    agent->stop_asked = true;
    report_info(agent, NULL, "%s: ending", number == SIGINT ? "SIGINT" : "SIGTERM");
    if (agent->started) {
        stop_begin(agent);
    }
}

static void agent_on_tick(uv_timer_t *timer)
{
    freeze_look(timer->data);
    assess_look(timer->data);
    accounts_look(timer->data);
}

static uint64_t agent_thread_cpu_ns(void)
{
    struct timespec spent;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return (uint64_t)spent.tv_sec * 1000000000U + (uint64_t)spent.tv_nsec;
}

/* How long the loop was busy since the last turn began, without its waiting: the most that any callback can have held
 * it. */
static void agent_on_turn(uv_prepare_t *prepare)
{
    struct agent *agent = prepare->data;
    uint64_t now_ns = uv_hrtime(), idle_ns = uv_metrics_idle_time(&agent->loop);
    uint64_t busy_ns = now_ns - agent->turn_ns - (idle_ns - agent->turn_idle_ns);
    if (agent->turn_ns != 0 && busy_ns < now_ns && busy_ns / 1000 > agent->longest_turn_us) {
        agent->longest_turn_us = busy_ns / 1000;
    }
    uint64_t cpu_ns = agent_thread_cpu_ns(), cpu_us = (cpu_ns - agent->turn_cpu_ns) / 1000;
    if (agent->turn_ns != 0 && cpu_us > agent->longest_turn_cpu_us) {
        agent->longest_turn_cpu_us = cpu_us;
    }
    agent->turn_cpu_ns = cpu_ns;
    agent->turn_ns = now_ns;
    agent->turn_idle_ns = idle_ns;
}

static void agent_init(struct agent *agent, const struct agent_options *options)
{
    memset(agent, 0, sizeof *agent);
    agent->options = options;
    for (size_t i = 0; i < AGENT_SPECIFICATIONS_MAX; i++) {
        buffer_init(&agent->specifications[i].body);
    }
    uv_loop_init(&agent->loop);
    uv_loop_configure(&agent->loop, UV_METRICS_IDLE_TIME);
    uv_timer_init(&agent->loop, &agent->deadline_timer);
    uv_timer_init(&agent->loop, &agent->retry_timer);
    uv_timer_init(&agent->loop, &agent->tick_timer);
    uv_timer_init(&agent->loop, &agent->stop_timer);
    uv_signal_init(&agent->loop, &agent->signal_term);
    uv_signal_init(&agent->loop, &agent->signal_int);
    uv_signal_init(&agent->loop, &agent->signal_freeze);
    uv_fs_event_init(&agent->loop, &agent->freeze_watch);
    uv_prepare_init(&agent->loop, &agent->turn_begin);
    agent->deadline_timer.data = agent->retry_timer.data = agent->tick_timer.data = agent->stop_timer.data = agent;
    agent->signal_term.data = agent->signal_int.data = agent->signal_freeze.data = agent;
    agent->freeze_watch.data = agent->turn_begin.data = agent;
    signal(SIGPIPE, SIG_IGN);
    lws_set_log_level(0, NULL); /* of the whole process: it would write past the log */
    report_open(agent);
}

static bool agent_start(struct agent *agent, struct error *ret_error)
{
    char *token_file = token_path(agent->config->token_file);
    bool ok = token_obtain(token_file, &agent->token, ret_error) && restore_open(agent, ret_error) &&
              start_federation(agent, ret_error) && accounts_start(agent, ret_error);
    if (ok) {
        uv_prepare_start(&agent->turn_begin, agent_on_turn);
        agent->started_at_ms = agent->clock.now_ms;
        start_core(agent);
        inventory_recall(agent);
        freeze_start(agent);
        assess_start(agent);
        ok = start_api(agent, ret_error);
    }
    if (ok) {
        start_print(agent, token_file);
        federation_start(agent->federation);
        uv_timer_start(&agent->tick_timer, agent_on_tick, AGENT_TICK_MS, AGENT_TICK_MS);
    }
    free(token_file);
    return ok;
}

static void agent_free(struct agent *agent)
{
    changes_free(agent);
    commit_forget(agent);
    executor_forget(agent);
    step_release(&agent->step);
    core_free(agent->core);
    assess_free(agent);
    accounts_free(agent);
    dev_free(agent);
    config_free(agent->config);
    report_close(agent);
    if (agent->token != NULL) {
        explicit_bzero(agent->token, strlen(agent->token));
    }
    free(agent->token);
    free(agent->store_trouble);
    free(agent->freeze_path);
    free(agent->data_dir);
}

static void agent_fail(struct agent *agent, const struct error *error)
{
    fprintf(stderr, "drover agent: %s\n", error->text);
    agent->exit_code = 1;
}

static void agent_run_parts(struct agent *agent)
{
    struct error error;
    if (!start_configure(agent, &error)) {
        agent_fail(agent, &error);
    } else if (agent->options->check) {
        if (!start_federation(agent, &error)) {
            agent_fail(agent, &error);
        } else if (!check_run(agent)) {
            agent->exit_code = 1;
        }
    } else if (!agent_start(agent, &error)) {
        agent_fail(agent, &error);
    } else if (!agent->stop_asked) {
        agent->started = true;
        return;
    }
    stop_begin(agent);
}

static int agent_print_acl(void)
{
    struct buffer text = BUFFER_INIT;
    buffer_append_text(&text, "# To look (mode observe)\n\n");
    federation_print_acl(false, &text);
    buffer_append_text(&text, "\n# To run jobs (mode approve or enforce)\n\n");
    federation_print_acl(true, &text);
    fputs(text.data, stdout);
    buffer_release(&text);
    return 0;
}

int agent_run(const struct agent_options *options)
{
    if (options->print_acl) {
        return agent_print_acl();
    }
    struct agent *agent = memory_new(1, sizeof *agent);
    agent_init(agent, options);
    uv_signal_start(&agent->signal_term, agent_on_stop_signal, SIGTERM);
    uv_signal_start(&agent->signal_int, agent_on_stop_signal, SIGINT);
    agent_run_parts(agent);
    int left = uv_run(&agent->loop, UV_RUN_DEFAULT);
    int exit_code = agent->exit_code;
    if (left != 0 || uv_loop_close(&agent->loop) != 0) {
        return exit_code; /* what did not end in time still points into the agent */
    }
    agent_free(agent);
    free(agent);
    return exit_code;
}
