/* The list of commands, in the order and under the headings in which `drover -h` shows them. */
#include "controller/cli/commands.h"

static const struct command *const agent_commands[] = {
    &command_agent, &command_status,  &command_mode, &command_freeze, &command_unfreeze, &command_monitor,
    &command_audit, &command_version, NULL,
};
static const struct command *const job_commands[] = {
    &command_job_run, &command_job_plan, &command_job_status, &command_job_stop, &command_explain, NULL,
};
static const struct command *const look_commands[] = {
    &command_region_list,
    &command_region_status,
    &command_pool_list,
    &command_pool_confirm_price,
    &command_node_list,
    &command_instance_list,
    &command_cost,
    &command_recommend,
    NULL,
};
static const struct command *const policy_commands[] = {
    &command_policy_list, &command_policy_show, &command_policy_apply, &command_policy_delete, NULL,
};
static const struct command *const provider_commands[] = {
    &command_provider_status,
    &command_provider_list,
    &command_provider_check,
    NULL,
};
static const struct command *const approval_commands[] = {
    &command_approval_list,
    &command_approval_approve,
    &command_approval_deny,
    NULL,
};
static const struct command *const sim_commands[] = {
    &command_sim_list,    &command_sim_price, &command_sim_node_down,
    &command_sim_node_up, &command_sim_slow,  &command_sim_fail,
    &command_sim_dark,    &command_sim_heal,  NULL,
};
static const struct command *const placement_commands[] = {
    &command_placement_status, &command_placement_export, &command_placement_solve, &command_placement_check, NULL,
};

static const struct command_group groups[] = {
    {"Jobs", job_commands},
    {"What is there, and what it costs", look_commands},
    {"Policies", policy_commands},
    {"The agent", agent_commands},
    {"Provider accounts", provider_commands},
    {"What waits for a person (mode approve)", approval_commands},
    {"Simulated regions (drover agent -dev)", sim_commands},
    {"The placement engine: the federation's plan, and files", placement_commands},
    {NULL, NULL},
};

const struct command_group *commands_all(void)
{
    return groups;
}

const struct option_spec *commands_common_options(void)
{
    static const struct option_spec common[] = {
        {"address", "URL", "Where the agent is; else DROVER_ADDR, else http://127.0.0.1:4650"},
        {"token-file", "FILE", "Its token; else DROVER_TOKEN, DROVER_TOKEN_FILE, ~/.drover/token"},
        {NULL, NULL, NULL},
    };
    return common;
}
