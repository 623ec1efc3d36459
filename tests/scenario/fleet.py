"""Regions whose machines are sold by a simulated provider, and what must hold of every write to it.

    fleet = make_fleet([Pool("east"), Pool("west", usd_per_hour="0.2")])
    agent = fleet.start()

Each region has one pool, `std`, of machines with 4000 MHz: four allocations of `world.job`. The account, `cloud`, asks through a
proxy that sees every write before the provider does, and judges each removal there; end() fails the test where one was wrong.
"""
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from doubles.fault_proxy import FaultProxy
from live.http_api import wait_for
from scenario.world import Place, Scene, SceneAgent, Simulation

WAIT_SECONDS = 40
WRITES = ("grow", "shrink", "withdraw")


@dataclass
class Pool:
    """The pool of one region, as it is sold and as it is configured. `price` is a block of the configuration: without one the
    account's offer prices the pool."""

    region: str
    nodes: int = 1
    most: int = 4
    usd_per_hour: str = "0.096"
    boot_ms: int = 200
    join_within: str = "60s"
    min_nodes: int = 1
    idle_after: str = "1s"
    nodes_an_hour: int = 100
    shrinks: bool = True
    price: str = ""
    proxied: bool = False
    fields: dict = field(default_factory=dict)

    def place(self):
        sold = {"Name": "std", "Count": self.nodes, "CPU": 4000, "MemoryMB": 4096, "Min": 0, "Max": self.most,
                "BootMS": self.boot_ms, "GoneMS": 200, "HourlyUSD": self.usd_per_hour, **self.fields}
        return Place(self.region, "cloud", nodes=self.nodes, pools=self.config(), proxied=self.proxied, fields={"Pools": [sold]})

    def config(self):
        shrink = f"""    shrink {{
      min_nodes         = {self.min_nodes}
      idle_after        = "{self.idle_after}"
      drain_deadline    = "10s"
      max_nodes_an_hour = {self.nodes_an_hour}
    }}
""" if self.shrinks else ""
        return f"""  pool "std" {{
    select {{ node_class = "std" }}
    provider_pool = "{self.region}/std"
    {self.price}
    grow {{
      max_nodes   = {self.most}
      join_within = "{self.join_within}"
      cpu_mhz     = 4000
      memory_mb   = 4096
      disk_mb     = 40000
    }}
{shrink}  }}
"""


class Provider(FaultProxy):
    """Between the account's module and the simulator. A write is judged before it is passed on."""

    def __init__(self, sim):
        super().__init__(sim.control.address)
        self.sim = sim
        self.wrongs = []
        self.actions = []

    def before(self, match, action):
        """Does `action` once, just before the first request whose text holds `match` is passed on."""
        self.actions.append((match, action))

    def hold(self, match):
        """The next request whose text holds `match` is done and not answered before release()."""
        self.arrived.clear()
        self.released.clear()
        self.fault("hold", match=match)

    def wait_held(self):
        wait_for(self.arrived.is_set, WAIT_SECONDS, "the provider to have the request that is held")

    def take(self, text):
        for match, action in [each for each in self.actions if each[0] in text]:
            self.actions.remove((match, action))
            action()
        if text.startswith("POST /sim/machines/shrink"):
            self.wrongs += [f"{text}: {wrong}" for wrong in self.judge(json.loads(text.rpartition("\n")[2]))]
        return super().take(text)

    def judge(self, body):
        """What is wrong with removing these machines now."""
        machines = self.sim.machines(body["Region"])["Instances"]
        nomad = self.sim.nomad(body["Region"])
        for node_id in [each["NodeID"] for each in machines if each["ID"] in body["Instances"] and each["NodeID"]]:
            node = nomad.get(f"/v1/node/{node_id}").expect(200).json()
            if node["SchedulingEligibility"] != "ineligible":
                yield f"node {node['Name']} still takes work"
            for each in nomad.get(f"/v1/node/{node_id}/allocations").expect(200).json():
                if each["ClientStatus"] in ("pending", "running"):
                    yield f"node {node['Name']} holds an allocation of {each['JobID']}"

    def writes(self):
        """(verb, body, when it came) of every write that left the module, in order."""
        with self.lock:
            seen = [(text, at) for text, at in zip(self.requests, self.times) if text.startswith("POST /sim/machines/")]
        return [(text.split()[1].rpartition("/")[2], json.loads(text.rpartition("\n")[2]), at) for text, at in seen]

    def verbs(self, *regions):
        return [(verb, body["Region"]) for verb, body, _ in self.writes() if not regions or body["Region"] in regions]

    def last_write(self):
        return max((at for _, _, at in self.writes()), default=0)


class Peaks:
    """How many machines a region had at most, those on their way out left out, and what was wanted at most."""

    def __init__(self, sim):
        self.sim = sim
        self.machines, self.desired = {}, {}
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.stopped.wait(0.05):
            try:
                regions = self.sim.control.get("/sim/machines").json()["Regions"]
            except OSError:
                continue  # the simulator ends
            for each in regions:
                pool, name = each["Pools"][0], each["Name"]
                alive = sum(machine["State"] != "stopping" for machine in pool["Instances"])
                self.machines[name] = max(self.machines.get(name, 0), alive)
                self.desired[name] = max(self.desired.get(name, 0), pool["Desired"])

    def stop(self):
        self.stopped.set()
        self.thread.join()


class FleetSimulation(Simulation):
    """A simulation that is asked about its machines."""

    def machines(self, region):
        regions = self.control.get("/sim/machines").expect(200).json()["Regions"]
        return next(each for each in regions if each["Name"] == region)["Pools"][0]

    def desired(self, region):
        return self.machines(region)["Desired"]

    def buy(self, region, to):
        """As somebody else would who may change the pool's size."""
        pool = self.machines(region)
        body = {"Region": region, "Pool": "std", "Desired": pool["Desired"], "Generation": pool["Generation"], "To": to}
        self.control.call("POST", "/sim/machines/grow", body).expect(200)

    def run_foreign(self, region, document):
        """Somebody else's job, through the region's own Nomad; back when all of it runs."""
        count = document["TaskGroups"][0]["Count"]
        self.nomad(region).put("/v1/jobs", {"Job": document}).expect(200)
        wait_for(lambda: len(self.running(region, document["ID"])) == count, 10, f"{document['ID']} to run")

    def price(self, region, micro, currency="USD"):
        body = {"Region": region, "Pool": "std", "MicroPerHour": micro, "Currency": currency}
        self.control.call("POST", "/sim/price", body).expect(200)


class FleetAgent(SceneAgent):
    def pool(self, region):
        return next(each for each in self.get("pools")["Pools"] if each["Region"] == region and each["Name"] == "std")

    def wait_pool(self, region, test, what, seconds=WAIT_SECONDS):
        def found(answer):
            return any(each["Region"] == region and each["Name"] == "std" and test(each) for each in answer["Pools"])

        self.wait("pools", found, f"{region} {what}", seconds)
        return self.pool(region)

    def wait_operation(self, region, *states, seconds=WAIT_SECONDS):
        """Until a change of the pool is in one of these states."""
        return self.wait_pool(region, lambda pool: pool["Operation"] and pool["Operation"]["State"] in states,
                              f"to be {' or '.join(states)}", seconds)["Operation"]

    def wait_quiet(self, *regions, seconds=WAIT_SECONDS):
        """Until no pool is being changed."""
        self.wait("pools", lambda answer: not any(each["Operation"] for each in answer["Pools"] if not regions or each["Region"] in regions),
                  "no pool to be changing", seconds)

    def wait_size(self, region, size, seconds=WAIT_SECONDS):
        """Until the pool has `size` machines, all of them ready nodes, and nothing is under way with it."""
        return self.wait_pool(region, lambda pool: pool["Operation"] is None and (pool["Desired"], pool["Joined"]) == (size, size),
                              f"to have {size} machines", seconds)

    def unsettled(self):
        return [row for row in self.audit() if row["Result"] in ("intended", "sent") or row["Result"].startswith("unknown")]


class Fleet(Scene):
    simulation_class = FleetSimulation

    def __init__(self, drover, folder, pools, settings=""):
        self.settings = settings
        super().__init__(drover, folder, [pool.place() for pool in pools])
        self.provider = Provider(self.sim).start()
        self.peaks = Peaks(self.sim)

    def config(self, more=""):
        account = f"""
provider "cloud" {{
  module      = "sim"
  endpoint    = "{self.provider.url}"
  look_every  = "1s"
  price_every = "1s"
{self.settings}
}}
"""
        return account + super().config(more)

    def start(self, *arguments, **options):
        """An agent that has every region and has seen every pool at its account, with its price."""
        agent = super().start(*arguments, agent_class=FleetAgent, **options)
        self.wait_known(agent)
        return agent

    def wait_known(self, agent):
        agent.wait_state(self.names)
        agent.wait("pools", lambda answer: all(each["Desired"] is not None and each["NodeHourlyUSD"] is not None
                                               for each in answer["Pools"] if each["Name"] == "std"), "the account to be known", WAIT_SECONDS)

    def restart(self, agent):
        """kill -9, and the same agent again."""
        agent.kill9()
        agent.start()

    def judge(self):
        assert self.provider.wrongs == [], self.provider.wrongs

    def wait_running(self, job_id, count):
        wait_for(lambda: sum(self.sim.spread(job_id).values()) == count, WAIT_SECONDS, f"{count} allocations of {job_id} to run")

    def end(self):
        try:
            super().end()
        finally:
            self.peaks.stop()
            self.provider.stop()
        self.judge()


def before(proxy, path, action):
    """Does `action` once, just before the first write to this path of a region's Nomad is passed on."""
    note = proxy.note
    pending = [action]

    def noted(request):
        if pending and request.is_write and re.search(path, request.path):
            pending.pop()()
        return note(request)

    proxy.note = noted


def side_by_side(*stories):
    """Runs them at once: they wait for most of the time. What is started in one, ends with its thread (processes.spawn), so
    fleets are made before."""
    with ThreadPoolExecutor() as threads:
        for told in [threads.submit(story) for story in stories]:
            told.result()


def within(seconds, since):
    """Sleeps what is left of `seconds` since a moment."""
    time.sleep(max(0, since + seconds - time.monotonic()))
