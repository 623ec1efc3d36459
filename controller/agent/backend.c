/* What the HTTP interface asks of the agent: its facts, the way of a person's event, a policy in the words of HCL. */
#include "controller/agent/private.h"

static void backend_facts(void *context, struct api_agent_facts *ret_facts)
{
    const struct agent *agent = context;
    size_t sent = 0;
    for (const struct flight *at = agent->flights; at != NULL; at = at->next) {
        sent += at->sent;
    }
    *ret_facts = (struct api_agent_facts){
        .version = AGENT_VERSION,
        .cluster = store_cluster_id(agent->store),
        .address = agent->api != NULL ? api_address(agent->api) : "",
        .data_dir = agent->data_dir,
        .epoch = agent->epoch,
        .started_at_ms = agent->started_at_ms,
        .simulated = agent->dev != NULL,
        .longest_callback_us = agent->longest_callback_us,
        .longest_turn_us = agent->longest_turn_us,
        .longest_turn_cpu_us = agent->longest_turn_cpu_us,
        .effects_waiting = agent->flight_count - sent,
        .effects_in_flight = sent,
        .store_trouble = agent->store_trouble != NULL ? agent->store_trouble : "",
        .store_broken = agent->store_broken,
    };
}

static void backend_submit(void *context, const struct event *event)
{
    shell_feed(context, event);
}

static bool backend_read_policy(void *context, const char *hcl, size_t length, struct policy *ret_policy,
                                struct error *ret_error)
{
    (void)context;
    return config_read_policy("policy", hcl, length, ret_policy, ret_error);
}

struct api_backend backend_make(struct agent *agent)
{
    struct api_backend backend = {
        .context = agent,
        .core = agent->core,
        .world = core_world(agent->core),
        .store = agent->store,
        .federation = agent->federation,
        .facts = backend_facts,
        .submit = backend_submit,
        .read_policy = backend_read_policy,
        .assess_ask = assess_ask,
        .assess_ended = assess_ended,
    };
    if (agent->dev != NULL) {
        backend.simulate = dev_simulate;
        backend.simulated = dev_regions(agent, &backend.simulated_count);
    }
    return backend;
}
