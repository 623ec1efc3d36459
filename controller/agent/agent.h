/* The agent: the shell around the core. It owns the loop, the store, federation and the HTTP interface, feeds events to
 * the core, commits what it decided, and only then acts (the contract is in controller/core/core.h).
 *
 * One call runs it from start to end; nothing of it is global. */
#ifndef DROVER_CONTROLLER_AGENT_AGENT_H
#define DROVER_CONTROLLER_AGENT_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGENT_VERSION "1.0.0"

struct agent_options {
    const char *const *config_paths; /* files or directories; none only with dev or print_acl */
    size_t config_count;
    bool dev;       /* three simulated regions on loopback ports, besides what is configured: mode enforce */
    bool check;     /* try every call that is made of each region, print a table, end */
    bool print_acl; /* print least-privilege Nomad and Consul policies, end */
    bool log_json;
    const char *log_level; /* NULL: as configured, else info */
    const char *data_dir;  /* overrides the configuration; NULL: as configured */
    const char *address;   /* "host:port", overrides listen's address; NULL: as configured */
};

/* Runs until SIGTERM or SIGINT, or to the end of what -check and -print-acl do. Writes what it is to standard output
 * and its log to standard error. Returns the process's exit code: 0 ended as asked, 1 could not start, or -check found
 * a refused call. Blocks. */
int agent_run(const struct agent_options *options);

#endif
