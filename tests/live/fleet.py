"""Machines that a provider's double brings up, as real Nomad clients of a running region: each joins when it runs, and dies with what
runs on it when the provider has it no more.

    with Cluster(folder, [RegionSpec("fra1", [])]) as cluster:
        with Fleet(cluster["fra1"], [FleetPool("std", site.machines, Client(node_class="std"))], cluster.nomad_binary) as fleet:
            fleet.wait_ready("i-0123")

A thread looks a few times a second. The clients take the places, addresses and ports, that the region's own clients leave free, and have
no Consul agent. An instance that comes back finds its client's folder as it was left, so it is the same node to Nomad, as a machine that
was switched off and on is.
"""
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from live import nomad_config, processes
from live.cluster import CLIENTS_MAX, Client, unmount_below
from live.http_api import wait_for

LOOK_SECONDS = 0.25
JOIN_SECONDS = 60
# Two heartbeats: the time to live and the grace of cluster.py's servers, and what a busy machine adds.
DOWN_SECONDS = 40


@dataclass
class FleetPool:
    """Machines of one kind. `look()` gives those that run now, instance id -> identity.Identity."""

    name: str
    look: Callable
    client: Client = field(default_factory=Client)
    boot_seconds: float = 0  # from the first sight of an instance to the start of its Nomad client


class Machine:
    """One instance's Nomad client and all that came from it."""

    def __init__(self, region, pool, instance, identity, index, folder):
        self.region, self.pool, self.instance, self.identity, self.index = region, pool, instance, identity, index
        self.node_name = node_name(region, pool, instance)
        self.folder = folder / self.node_name
        self.mark = processes.new_mark()
        self.process = None

    def start(self, nomad):
        environment = self.identity.start()
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "config.hcl").write_text(self._config())
        with open(self.folder / "nomad.log", "ab") as log:
            command = [nomad, "agent", "-config", str(self.folder / "config.hcl")]
            self.process = processes.spawn(command, self.mark, log, **environment)

    def _config(self):
        host = self.region.client_host(self.index)
        client = replace(self.pool.client, meta={**self.pool.client.meta, **self.identity.meta})
        acl = self.region.management_token is not None
        return nomad_config.common(self.region.name, self.node_name, self.folder / "data", host, host, acl) + nomad_config.client(
            client, self.region.server_host, self.region.dynamic_ports(self.index), self.identity.fingerprints)

    def check(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.node_name}: its Nomad client ended with {self.process.returncode}\n{self.last_words()}")

    def last_words(self, lines=12):
        log = self.folder / "nomad.log"
        return "\n".join([f"-- {self.node_name}", *(log.read_text(errors="replace").splitlines()[-lines:] if log.exists() else [])])

    def kill(self):
        """The machine is gone, and everything on it; nobody on it was told."""
        try:
            processes.kill_marked(self.mark)
            if self.process is not None:
                self.process.wait(timeout=10)
        finally:
            self.identity.stop()
            unmount_below(self.folder)


class Fleet:
    """Use as a context manager, inside its cluster's. What went wrong in the thread is raised by the next wait, and at the end."""

    def __init__(self, region, pools, nomad="nomad"):
        self.region, self.pools, self.nomad_binary = region, pools, nomad
        self.history = []  # (time.monotonic(), "up" or "down", pool's name, instance), as it happened
        self.trouble = None
        self._folder = region.folder / f"fleet-{time.monotonic_ns()}"
        self._machines = {}  # (pool's name, instance) -> Machine
        self._seen = {}  # the same -> when it was first seen, of those that still boot
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"fleet of {region.name}")

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, *_):
        self._ended.set()
        self._thread.join()
        try:
            self._purge_nodes()
        except OSError:
            pass  # the region's server is gone as well, or never was
        if kind is None:
            self.check()

    def check(self):
        if self.trouble is not None:
            raise RuntimeError(f"the fleet of {self.region.name} broke: {self.trouble}") from self.trouble

    def machines(self, pool=None):
        """The instances whose clients run, booting ones not among them."""
        with self._lock:
            return sorted(instance for name, instance in self._machines if pool in (None, name))

    def most(self, pool=None):
        """How many there were at once, at most."""
        most = now = 0
        for _, what, name, _ in list(self.history):
            if pool in (None, name):
                now += 1 if what == "up" else -1
                most = max(most, now)
        return most

    def node(self, instance):
        """The Nomad node of an instance, whole, also of one that is gone; None before it joined."""
        names = [node_name(self.region, pool, instance) for pool in self.pools]
        for stub in self.region.nomad.get("/v1/nodes").json():
            if stub["Name"] in names:
                return self.region.nomad.get(f"/v1/node/{stub['ID']}").expect(200).json()
        return None

    def wait(self, test, seconds, what):
        """wait_for, but for a fleet that broke."""
        try:
            return wait_for(lambda: self.check() or test(), seconds, f"{self.region.name}: {what}")
        except TimeoutError as error:
            with self._lock:
                words = [machine.last_words() for machine in self._machines.values()]
            raise TimeoutError("\n".join([str(error), *words])) from None

    def wait_ready(self, instance, seconds=JOIN_SECONDS):
        """Until the instance's node may be given work; gives the node."""
        return self.wait(lambda: is_ready(node := self.node(instance)) and node, seconds, f"the node of {instance} to be ready")

    def wait_down(self, instance, seconds=DOWN_SECONDS):
        def down():
            node = self.node(instance)
            return node if node is not None and node["Status"] == "down" else None

        return self.wait(down, seconds, f"the node of {instance} to be down")

    def wait_machines(self, count, seconds=JOIN_SECONDS):
        """Until exactly so many clients run; gives their instances."""
        self.wait(lambda: len(self.machines()) == count, seconds, f"{count} machines")
        return self.machines()

    def marks(self):
        """Instance -> the mark of the processes that came from it (processes.py)."""
        with self._lock:
            return {machine.instance: machine.mark for machine in self._machines.values()}

    def _purge_nodes(self):
        """Makes Nomad forget what is dead, so that the next fleet begins with nothing."""
        known = {node_name(self.region, pool, instance) for pool in self.pools for _, _, name, instance in self.history if name == pool.name}
        for stub in self.region.nomad.get("/v1/nodes").json():
            if stub["Name"] in known:
                self.region.nomad.put(f"/v1/node/{stub['ID']}/purge").expect(200)

    def _run(self):
        # processes.spawn() binds a child to the life of the thread that starts it: this one.
        try:
            while not self._ended.is_set():
                for pool in self.pools:
                    self._follow(pool, pool.look())
                for machine in self._machines.values():
                    machine.check()
                self._ended.wait(LOOK_SECONDS)
        except Exception as error:
            self.trouble = error
        finally:
            self._end()

    def _end(self):
        for key in list(self._machines):
            try:
                self._kill(key)
            except Exception as error:
                self.trouble = self.trouble or error

    def _follow(self, pool, running):
        for key in [key for key in self._machines if key[0] == pool.name and key[1] not in running]:
            self._kill(key)
        for key in [key for key in self._seen if key[0] == pool.name and key[1] not in running]:
            del self._seen[key]
        for instance, identity in running.items():
            key = (pool.name, instance)
            if key in self._machines:
                continue
            if time.monotonic() - self._seen.setdefault(key, time.monotonic()) >= pool.boot_seconds:
                del self._seen[key]
                self._launch(key, pool, identity)

    def _launch(self, key, pool, identity):
        taken = {machine.index for machine in self._machines.values()}
        free = [index for index in range(len(self.region.spec.clients), CLIENTS_MAX) if index not in taken]
        if not free:
            raise RuntimeError(f"no place for {key[1]} beside {', '.join(self.machines())}: a region has {CLIENTS_MAX} clients at most")
        machine = Machine(self.region, pool, key[1], identity, free[0], self._folder)
        with self._lock:
            self._machines[key] = machine
        machine.start(self.nomad_binary)
        self.history.append((time.monotonic(), "up", *key))

    def _kill(self, key):
        with self._lock:
            machine = self._machines.pop(key)
        self.history.append((time.monotonic(), "down", *key))
        machine.kill()


def node_name(region, pool, instance):
    return f"{region.name}-{pool.name}-{re.sub(r'[^A-Za-z0-9._-]', '-', instance)}"


def is_ready(node):
    return (node is not None and node["Status"] == "ready" and node["SchedulingEligibility"] == "eligible"
            and node["Drivers"].get("raw_exec", {}).get("Healthy", False))
