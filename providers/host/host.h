/* `drover provider-host`: the process that loads one module, opens one account and serves one request after the other
 * on a socket that it inherited. Nothing of the agent is in it but this code.
 *
 * Requests: {"function": "open", "time_us": n, "name": account, "module": path, "settings": [...]} first, then
 * {"function": "pools", "time_us": n, "arguments": {...}}, at last {"function": "close"} or the end of the stream.
 * Answers: the messages of emit.h, {"module": name, "version": text} before open's own "done". */
#ifndef DROVER_PROVIDERS_HOST_HOST_H
#define DROVER_PROVIDERS_HOST_HOST_H

#include <stdint.h>
#include <sys/types.h>

enum { HOST_SOCKET = 3 };

/* Makes the process one that dies with `parent`, leaves no core file, keeps no other descriptor than 0 to 3 and may not
 * use more than memory_mib of address space (0: no bound); then serves until the stream ends. Returns the process's
 * exit status: 0 closed, 1 not started by `parent` any more or the stream broke. */
int provider_host_main(pid_t parent, int64_t memory_mib);

#endif
