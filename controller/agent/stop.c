/* Ending, in order: no more events, then the sockets, then the store (which commits what it still has), then the loop's
 * own handles; the loop runs until nothing is left. */
#include "controller/agent/start.h"

static void stop_handles(struct agent *agent)
{
    uv_handle_t *handles[] = {
        (uv_handle_t *)&agent->deadline_timer, (uv_handle_t *)&agent->retry_timer,  (uv_handle_t *)&agent->tick_timer,
        (uv_handle_t *)&agent->stop_timer,     (uv_handle_t *)&agent->signal_term,  (uv_handle_t *)&agent->signal_int,
        (uv_handle_t *)&agent->signal_freeze,  (uv_handle_t *)&agent->freeze_watch, (uv_handle_t *)&agent->turn_begin,
    };
    for (size_t i = 0; i < sizeof handles / sizeof handles[0]; i++) {
        if (!uv_is_closing(handles[i])) {
            uv_close(handles[i], NULL);
        }
    }
}

static void stop_on_store_closed(void *context)
{
    struct agent *agent = context;
    agent->store = NULL;
    stop_handles(agent);
}

static void stop_store(struct agent *agent)
{
    if (agent->closing > 0) {
        return;
    }
    if (agent->store != NULL) {
        store_close(agent->store, stop_on_store_closed, agent);
    } else {
        stop_handles(agent);
    }
}

static void stop_on_part_closed(void *context)
{
    struct agent *agent = context;
    agent->closing--;
    stop_store(agent);
}

static void stop_on_api_closed(void *context)
{
    struct agent *agent = context;
    agent->api = NULL;
    stop_on_part_closed(agent);
}

static void stop_on_client_closed(void *context)
{
    struct agent *agent = context;
    agent->client = NULL;
    stop_on_part_closed(agent);
}

/* The client's endpoints are federation's, so it goes after it. */
static void stop_on_federation_closed(void *context)
{
    struct agent *agent = context;
    agent->federation = NULL;
    http_client_close(agent->client, stop_on_client_closed, agent);
}

static void stop_on_timeout(uv_timer_t *timer)
{
    struct agent *agent = timer->data;
    report_warn(agent, NULL, "some connections do not end; left as they are. Nothing durable is lost");
    uv_stop(&agent->loop);
}

void stop_begin(struct agent *agent)
{
    if (agent->stopping) {
        return;
    }
    agent->stopping = true;
    uv_timer_stop(&agent->deadline_timer);
    uv_timer_stop(&agent->retry_timer);
    uv_timer_stop(&agent->tick_timer);
    uv_timer_start(&agent->stop_timer, stop_on_timeout, AGENT_STOP_MS, 0);
    agent->closing = 1;
    if (agent->api != NULL) {
        agent->closing++;
        api_close(agent->api, stop_on_api_closed, agent);
    }
    if (agent->federation != NULL) {
        agent->closing++;
        federation_close(agent->federation, stop_on_federation_closed, agent);
    } else if (agent->client != NULL) {
        agent->closing++;
        http_client_close(agent->client, stop_on_client_closed, agent);
    }
    dev_close(agent, stop_on_part_closed);
    assess_close(agent, stop_on_part_closed);
    accounts_close(agent, stop_on_part_closed);
    stop_on_part_closed(agent);
}
