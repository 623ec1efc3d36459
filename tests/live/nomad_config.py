"""The texts of Nomad's configuration that the live tests' agents run with."""
import json

# What would ask a cloud's metadata service, or look for what the tests do not have.
CLOUD_FINGERPRINTS = ("env_aws", "env_azure", "env_gce", "env_digitalocean")
OTHER_FINGERPRINTS = ("vault", "plugins_cni", "bridge")


def common(region, name, data_dir, host, consul_host, acl=False):
    """What servers and clients have alike. `region` is the name of Nomad's region and datacenter, `name` the agent's own."""
    return f"""
region               = "{region}"
datacenter           = "{region}"
name                 = "{name}"
data_dir             = "{data_dir}"
bind_addr            = "{host}"
log_level            = "INFO"
disable_update_check = true
advertise {{
  http = "{host}"
  rpc  = "{host}"
  serf = "{host}"
}}
consul {{
  address          = "{consul_host}:8500"
  auto_advertise   = false
  server_auto_join = false
  client_auto_join = false
}}
acl {{
  enabled = {json.dumps(acl)}
}}
"""


def server(others, heartbeat_seconds):
    """A server that leads alone in its region; `others` are the servers of other regions that it joins."""
    return f"""
server {{
  enabled           = true
  bootstrap_expect  = 1
  raft_multiplier   = 1
  num_schedulers    = 1
  min_heartbeat_ttl = "{heartbeat_seconds}s"
  heartbeat_grace   = "{heartbeat_seconds}s"
  server_join {{
    retry_join     = {json.dumps(others)}
    retry_interval = "2s"
  }}
}}
"""


def client(machine, server_host, dynamic_ports, fingerprints=()):
    """A client that says of itself what `machine`, a cluster.Client, says. `dynamic_ports` is (first, last); `fingerprints` are those of
    CLOUD_FINGERPRINTS that it does take."""
    meta = "\n".join(f"    {json.dumps(key)} = {json.dumps(value)}" for key, value in machine.meta.items())
    left_out = [name for name in (*CLOUD_FINGERPRINTS, *OTHER_FINGERPRINTS) if name not in fingerprints]
    return f"""
client {{
  enabled           = true
  servers           = ["{server_host}:4647"]
  node_class        = "{machine.node_class}"
  node_pool         = "{machine.node_pool}"
  network_interface = "lo"
  cpu_total_compute = {machine.cpu_mhz}
  memory_total_mb   = {machine.memory_mb}
  min_dynamic_port  = {dynamic_ports[0]}
  max_dynamic_port  = {dynamic_ports[1]}
  gc_interval       = "1h"
  options = {{
    "driver.allowlist"     = "raw_exec"
    "fingerprint.denylist" = "{','.join(left_out)}"
  }}
  meta {{
{meta}
  }}
}}
plugin "raw_exec" {{
  config {{
    enabled = true
  }}
}}
"""
