/* Every command there is, by the file that holds it. */
#ifndef DROVER_CONTROLLER_CLI_COMMANDS_H
#define DROVER_CONTROLLER_CLI_COMMANDS_H

#include "controller/cli/command.h"

extern const struct command command_agent;
extern const struct command command_audit;
extern const struct command command_cost;
extern const struct command command_explain;
extern const struct command command_freeze;
extern const struct command command_job_plan;
extern const struct command command_job_run;
extern const struct command command_job_status;
extern const struct command command_job_stop;
extern const struct command command_mode;
extern const struct command command_monitor;
extern const struct command command_node_list;
extern const struct command command_provider_status;
extern const struct command command_instance_list;
extern const struct command command_pool_confirm_price;
extern const struct command command_approval_list;
extern const struct command command_approval_approve;
extern const struct command command_approval_deny;
extern const struct command command_placement_check;
extern const struct command command_placement_solve;
extern const struct command command_placement_status;
extern const struct command command_placement_export;
extern const struct command command_policy_apply;
extern const struct command command_policy_delete;
extern const struct command command_policy_list;
extern const struct command command_policy_show;
extern const struct command command_pool_list;
extern const struct command command_provider_check;
extern const struct command command_provider_list;
extern const struct command command_recommend;
extern const struct command command_region_list;
extern const struct command command_region_status;
extern const struct command command_sim_dark;
extern const struct command command_sim_fail;
extern const struct command command_sim_heal;
extern const struct command command_sim_list;
extern const struct command command_sim_node_down;
extern const struct command command_sim_node_up;
extern const struct command command_sim_price;
extern const struct command command_sim_slow;
extern const struct command command_status;
extern const struct command command_unfreeze;
extern const struct command command_version;

/* `drover provider-host`, which no help lists: an account's child process. Returns its exit status. */
int command_provider_host(int argc, char *const *argv);

#endif
