"""Real Nomad and Consul regions on loopback addresses, small enough for two cores.

Region number R has its Nomad server and its Consul server on 127.0.R.1 and each Nomad client, with a Consul agent of its own, on
127.0.R.11, .12 and so on, all on the default ports; a second cluster at the same time gets 127.1.R.x, and so on. Everything lives in
one folder and dies with the cluster, the tasks included.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from live import nomad_config, processes
from live.http_api import Api, wait_for

START_SECONDS = 90
# Dynamic ports of all clients lie on one address, so each has its own hundred, below the kernel's ephemeral range.
FIRST_DYNAMIC_PORT = 20000
DYNAMIC_PORTS = 100
CLUSTERS_MAX = 4
REGIONS_MAX = 5
CLIENTS_MAX = 6


@dataclass
class Client:
    """A machine to be: what Nomad says of it is fixed here, so that a test knows what fits."""

    node_class: str = "std"
    node_pool: str = "default"
    meta: dict = field(default_factory=dict)
    cpu_mhz: int = 4000
    memory_mb: int = 4096


@dataclass
class RegionSpec:
    name: str
    clients: list = field(default_factory=lambda: [Client(), Client()])


class Region:
    """One running region: its processes and the way to talk to them."""

    def __init__(self, slot, number, spec, folder):
        self.slot = slot
        self.number = number
        self.spec = spec
        self.name = spec.name
        self.folder = folder
        self.processes = {}
        self.management_token = None

    @property
    def server_host(self):
        return f"127.{self.slot}.{self.number}.1"

    def client_host(self, index):
        return f"127.{self.slot}.{self.number}.{11 + index}"

    def dynamic_ports(self, index):
        """The first and the last of a client's hundred; index below CLIENTS_MAX."""
        place = (self.slot * REGIONS_MAX + self.number - 1) * CLIENTS_MAX + index
        first = FIRST_DYNAMIC_PORT + place * DYNAMIC_PORTS
        return first, first + DYNAMIC_PORTS - 1

    @property
    def nomad_address(self):
        return f"http://{self.server_host}:4646"

    @property
    def consul_address(self):
        return f"http://{self.server_host}:8500"

    @property
    def nomad(self):
        return Api(self.nomad_address, self.management_token)

    @property
    def consul(self):
        return Api(self.consul_address)

    def freeze(self, everything=False):
        """SIGSTOP for the servers, or for the clients too. What the tasks do goes on."""
        for process in self._chosen(everything).values():
            processes.freeze(process)

    def thaw(self):
        for process in self.processes.values():
            process.send_signal(signal.SIGCONT)

    def kill9(self, everything=False):
        """SIGKILL for the servers, or for the clients too; `Cluster.start_region` brings them back on the same folders."""
        for name, process in self._chosen(everything).items():
            process.kill()
            process.wait()
            del self.processes[name]

    def freeze_client(self, index):
        processes.freeze(self.processes[f"nomad-client-{index}"])

    def kill9_client(self, index):
        process = self.processes.pop(f"nomad-client-{index}")
        process.kill()
        process.wait()

    def _chosen(self, everything):
        return {name: process for name, process in self.processes.items() if everything or "server" in name}

    def allocations(self, job=None):
        path = f"/v1/job/{job}/allocations" if job else "/v1/allocations?namespace=*"
        return self.nomad.get(path).json()

    def running(self, job):
        return [a for a in self.allocations(job) if a["ClientStatus"] == "running" and a["DesiredStatus"] == "run"]

    def create_policy(self, name, rules):
        self.nomad.put(f"/v1/acl/policy/{name}", {"Name": name, "Rules": rules}).expect(200)

    def create_token_file(self, name, policies):
        """A client token of these policies in a 0600 file, as an operator would hand it to Drover."""
        answer = self.nomad.put("/v1/acl/token", {"Name": name, "Type": "client", "Policies": policies}).expect(200)
        return self._write_secret(name, answer.json()["SecretID"])

    def management_token_file(self):
        return self._write_secret("management", self.management_token)

    def _write_secret(self, name, secret):
        path = self.folder / f"{name}.token"
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secret + "\n")
        return path


class Cluster:
    """Regions started together. Use as a context manager, or call start() and stop().

    federated joins the Nomad servers of all regions; acl turns Nomad's access control on and bootstraps every region by itself.
    """

    def __init__(self, folder, specs, nomad="nomad", consul="consul", federated=False, acl=False, heartbeat_seconds=5):
        self.folder = Path(folder)
        self.nomad_binary = nomad
        self.consul_binary = consul
        self.federated = federated
        self.acl = acl
        self.heartbeat_seconds = heartbeat_seconds
        assert len(specs) <= REGIONS_MAX and all(len(spec.clients) <= CLIENTS_MAX for spec in specs)
        self.slot, self.slot_lock = take_slot()
        self.regions = {
            spec.name: Region(self.slot, number, spec, self.folder / spec.name) for number, spec in enumerate(specs, start=1)
        }
        self.mark = processes.new_mark()

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def __getitem__(self, name):
        return self.regions[name]

    def __iter__(self):
        return iter(self.regions.values())

    def start(self):
        processes.kill_abandoned()
        deadline = time.monotonic() + START_SECONDS
        for region in self:
            region.folder.mkdir(parents=True, exist_ok=True)
            self._launch_servers(region)
        # A Nomad client that finds no leader at its first attempt waits up to half a minute before the second.
        for region in self:
            self._wait_leaders(region, deadline)
            self._launch_clients(region)
        for region in self:
            self._wait_nodes(region, deadline)
        self._wait_joined(deadline)

    def start_region(self, name):
        """Starts what is not running of a region, servers or clients, and waits for it."""
        region, deadline = self.regions[name], time.monotonic() + START_SECONDS
        self._launch_servers(region)
        self._wait_leaders(region, deadline)
        self._launch_clients(region)
        self._wait_nodes(region, deadline)

    def stop(self):
        """Ends every process that came from this cluster, tasks included, and removes its folder."""
        for region in self:
            region.thaw()
        processes.kill_marked(self.mark)
        for region in self:
            for process in region.processes.values():
                process.wait()
            region.processes.clear()
        self.slot_lock.close()
        unmount_below(self.folder)
        if not os.environ.get("DROVER_KEEP_LOGS"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def memory_mib(self):
        return processes.memory_of_marked(self.mark) // (1024 * 1024)

    def stop_all_jobs(self):
        """Purges every job of every region and waits until nothing runs, so that the next test begins with an empty cluster."""
        for region in self:
            for job in region.nomad.get("/v1/jobs?namespace=*").json():
                region.nomad.delete(f"/v1/job/{job['ID']}?purge=false&namespace={job['Namespace']}").expect(200)
        for region in self:
            wait_for(lambda r=region: not [a for a in r.allocations() if a["ClientStatus"] in ("running", "pending")], 30,
                     f"{region.name}: allocations to end")
            for job in region.nomad.get("/v1/jobs?namespace=*").json():
                region.nomad.delete(f"/v1/job/{job['ID']}?purge=true&namespace={job['Namespace']}").expect(200)

    def _launch_servers(self, region):
        self._launch_consul(region, "consul-server", region.server_host, self._consul_server(region))
        self._launch_nomad(region, "nomad-server", self._nomad_server(region))

    def _launch_clients(self, region):
        for index in range(len(region.spec.clients)):
            host = region.client_host(index)
            agent = {"retry_join": [region.server_host], "retry_interval": "1s"}
            self._launch_consul(region, f"consul-client-{index}", host, agent)
            self._launch_nomad(region, f"nomad-client-{index}", self._nomad_client(region, index, host))

    def _launch_consul(self, region, name, host, more):
        folder = region.folder / name
        config = {
            "node_name": f"{region.name}-{name}",
            "datacenter": region.name,
            "data_dir": str(folder / "data"),
            "bind_addr": host,
            "client_addr": host,
            "disable_update_check": True,
            "log_level": "warn",
            "performance": {"raft_multiplier": 1},
            "connect": {"enabled": True},
            **more,
        }
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config, indent=2))
        self._spawn(region, name, [self.consul_binary, "agent", "-config-file", str(folder / "config.json")])

    def _consul_server(self, region):
        others = [other.server_host for other in self if other is not region]
        return {"server": True, "bootstrap_expect": 1, "retry_join_wan": others, "retry_interval_wan": "2s"}

    def _launch_nomad(self, region, name, text):
        folder = region.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.hcl").write_text(text)
        self._spawn(region, name, [self.nomad_binary, "agent", "-config", str(folder / "config.hcl")])

    def _nomad_common(self, region, name, host, consul_host):
        return nomad_config.common(region.name, f"{region.name}-{name}", region.folder / name / "data", host, consul_host, self.acl)

    def _nomad_server(self, region):
        others = [other.server_host for other in self if other is not region] if self.federated else []
        text = self._nomad_common(region, "nomad-server", region.server_host, region.server_host)
        return text + nomad_config.server(others, self.heartbeat_seconds)

    def _nomad_client(self, region, index, host):
        text = self._nomad_common(region, f"nomad-client-{index}", host, host)
        return text + nomad_config.client(region.spec.clients[index], region.server_host, region.dynamic_ports(index))

    def _spawn(self, region, name, command):
        running = region.processes.get(name)
        if running is not None and running.poll() is None:
            return
        with open(region.folder / f"{name}.log", "ab") as log:
            region.processes[name] = processes.spawn(command, self.mark, log)

    def _wait_leaders(self, region, deadline):
        self._wait(region, deadline, "a Nomad leader", lambda: region.nomad.get("/v1/status/leader").json())
        if self.acl and region.management_token is None:
            self._wait(region, deadline, "access control", lambda: self._bootstrap(region))
        self._wait(region, deadline, "a Consul leader", lambda: region.consul.get("/v1/status/leader").json())

    def _wait_nodes(self, region, deadline):
        """Until the nodes that are still to come back, too, are ready: after a restart Nomad believes the old state at first."""
        count = len(region.spec.clients)
        self._wait(region, deadline, "its nodes", lambda: count_ready(region) == count)
        self._wait(region, deadline, "its clients", lambda: all(self._is_client_up(region, index) for index in range(count)))
        self._wait(region, deadline, "its Consul agents", lambda: len(region.consul.get("/v1/catalog/nodes").json()) == count + 1)

    def _is_client_up(self, region, index):
        return Api(f"http://{region.client_host(index)}:4646").get("/v1/agent/health?type=client").status == 200

    def _wait(self, region, deadline, what, test):
        try:
            wait_for(lambda: self._check_alive(region) and test(), max(deadline - time.monotonic(), 1), f"{region.name}: {what}")
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self._last_words(region)}") from None

    def _wait_joined(self, deadline):
        count = len(self.regions)
        for region in self:
            self._wait(region, deadline, "Consul's other datacenters",
                       lambda r=region: len(r.consul.get("/v1/catalog/datacenters").json()) == count)
            if self.federated:
                self._wait(region, deadline, "Nomad's other regions", lambda r=region: len(r.nomad.get("/v1/regions").json()) == count)

    def _bootstrap(self, region):
        answer = region.nomad.put("/v1/acl/bootstrap", {})
        if answer.status != 200:
            return False
        region.management_token = answer.json()["SecretID"]
        return True

    def _check_alive(self, region):
        for name, process in region.processes.items():
            if process.poll() is not None:
                raise RuntimeError(f"{region.name}: {name} ended with {process.returncode}\n{self._last_words(region)}")
        return True

    def _last_words(self, region):
        parts = []
        for log in sorted(region.folder.glob("*.log")):
            lines = log.read_text(errors="replace").splitlines()[-6:]
            parts.append("\n".join([f"-- {log.name}", *lines]))
        return "\n".join(parts)


def take_slot():
    """The second number of the cluster's addresses, and what keeps it: a name in the abstract socket space, which is bound to the same
    network namespace as the addresses, belongs to nobody and goes with the process. So clusters of two test runs do not meet."""
    for slot in range(CLUSTERS_MAX):
        lock = socket.socket(socket.AF_UNIX)
        try:
            lock.bind(f"\0drover-test-cluster-{slot}")
        except OSError:
            lock.close()
            continue
        if all(is_port_free(f"127.{slot}.{number}.1", port) for number in range(1, REGIONS_MAX + 1) for port in (4646, 8500)):
            return slot, lock
        lock.close()
    raise RuntimeError(f"127.0.1.1 to 127.{CLUSTERS_MAX - 1}.{REGIONS_MAX}.1: others listen on Nomad's or Consul's port on each of them")


def is_port_free(host, port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def count_ready(region):
    nodes = region.nomad.get("/v1/nodes").json()
    return sum(node["Status"] == "ready" and node["Drivers"].get("raw_exec", {}).get("Healthy", False) for node in nodes)


def sleep_job(job_id, count=1, cpu=100, memory=32, datacenters=("*",), node_pool="default", **more):
    """The JSON of a service job whose one group `app` sleeps; `more` goes over the job's own keys."""
    return {
        "ID": job_id,
        "Name": job_id,
        "Type": "service",
        "Datacenters": list(datacenters),
        "NodePool": node_pool,
        "TaskGroups": [
            {
                "Name": "app",
                "Count": count,
                "Update": {"MinHealthyTime": 500_000_000, "HealthyDeadline": 30_000_000_000, "ProgressDeadline": 60_000_000_000},
                "Tasks": [
                    {
                        "Name": "sleep",
                        "Driver": "raw_exec",
                        "Config": {"command": "/bin/sleep", "args": ["3600"]},
                        "Resources": {"CPU": cpu, "MemoryMB": memory},
                        "KillTimeout": 1_000_000_000,
                    }
                ],
            }
        ],
        **more,
    }


def unmount_below(folder):
    """Nomad mounts a small memory file system for the secrets of each allocation; a killed client leaves it behind."""
    prefix = f"{folder.resolve()}/"
    for text in Path("/proc/self/mounts").read_text().splitlines():
        place = text.split(" ")[1]
        if place.startswith(prefix):
            subprocess.run(["umount", "-l", place], check=False, capture_output=True)
