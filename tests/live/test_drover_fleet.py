"""Drover grows and shrinks an account's pool by itself: machines of the provider's double become real Nomad clients, real jobs run on them,
and what is removed is looked at in Nomad at the very moment at which the removal reaches the provider."""
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from live.cluster import Client, Cluster, RegionSpec
from live.fleet import Fleet, FleetPool
from live.sites import SITES, account_config
from scenario.world import SceneAgent
from tools.agent import region_config

REGION, ACCOUNT = "grow-1", "account"
NODE = Client(node_class="std", cpu_mhz=2000, memory_mb=2000)
MORE_THAN_HALF_A_NODE = 1500
IDLE_SECONDS = 5
RUN_SECONDS = 90
# An account's own offers price the others.
PRICED_BY_CONFIG = {"azure": "0.096"}

JOB = """
job "web" {{
  datacenters = ["*"]
  group "app" {{
    count = {count}
    update {{
      min_healthy_time = "500ms"
    }}
    task "sleep" {{
      driver       = "raw_exec"
      kill_timeout = "1s"
      config {{
        command = "/bin/sleep"
        args    = ["3600"]
      }}
      resources {{
        cpu    = {cpu}
        memory = 64
      }}
    }}
  }}
}}
"""


def pool_block(site):
    price = PRICED_BY_CONFIG.get(site.module)
    price_block = f'price {{ usd_per_hour = "{price}" }}' if price else ""
    return f"""  pool "std" {{
    select {{ node_class = "std" }}
    provider_pool = "{site.pool}"
    {price_block}
    grow {{
      max_nodes   = 4
      join_within = "90s"
      cpu_mhz     = {NODE.cpu_mhz}
      memory_mb   = {NODE.memory_mb}
      disk_mb     = 2000
    }}
    shrink {{
      min_nodes         = 1
      idle_after        = "{IDLE_SECONDS}s"
      drain_deadline    = "30s"
      max_nodes_an_hour = 10
    }}
  }}
"""


class Witness:
    """Looks at a removed instance's node in Nomad before the provider does anything about it."""

    def __init__(self, region, fleet):
        self.region, self.fleet = region, fleet
        self.nodes = {}  # instance -> its node as it was then
        self.times, self.wrong = [], []

    def look(self, instances):
        self.times.append(time.monotonic())
        for instance in instances:
            try:
                self._look_at(instance)
            except Exception as error:  # in the provider's thread: told to the test, not to the provider
                self.wrong.append(f"{instance}: {error!r}")

    def _look_at(self, instance):
        node = self.fleet.node(instance)
        if node is None:
            self.wrong.append(f"{instance} was removed and never was a node")
            return
        alive = [each["ID"] for each in self.region.nomad.get(f"/v1/node/{node['ID']}/allocations").expect(200).json()
                 if each["ClientStatus"] in ("pending", "running")]
        if alive:
            self.wrong.append(f"{instance} was removed while {alive} ran on it")
        if node["SchedulingEligibility"] != "ineligible":
            self.wrong.append(f"{instance} was removed while work could still be placed on it")
        if not any(event["Subsystem"] == "Drain" for event in node["Events"]):
            self.wrong.append(f"{instance} was removed and never drained: {[event['Message'] for event in node['Events']]}")
        self.nodes[instance] = node


class Play:
    """A site with one machine that has joined, and an agent that knows it."""

    def __init__(self, stack, region, nomad, drover, folder, module, boot_seconds=0):
        self.region = region
        self.site = stack.enter_context(SITES[module](folder / "site"))
        self.fleet = stack.enter_context(Fleet(region, [FleetPool("std", self.site.machines, NODE, boot_seconds)], nomad))
        self.witness = Witness(region, self.fleet)
        self.site.on_remove = self.witness.look
        [first] = self.fleet.wait_machines(1)
        self.fleet.wait_ready(first)
        config = account_config(ACCOUNT, self.site) + region_config(region.name, ACCOUNT, region.nomad_address, region.consul_address,
                                                                    pools=pool_block(self.site))
        self.folder = folder
        self.agent = SceneAgent(drover, folder / "agent", config, "enforce")
        stack.callback(self.agent.end)
        self.agent.start()
        self.agent.wait_state([region.name], seconds=30)
        self.wait_pool(lambda pool: pool["Joined"] == 1 and pool["NodeHourlyUSD"] is not None, "the first machine to be known, and priced")

    def pool(self):
        [pool] = [each for each in self.agent.json("pool", "list", "-region", self.region.name)["Pools"] if each["Name"] == "std"]
        return pool

    def wait_pool(self, test, what, seconds=60):
        """Until `test` of the pool is true; gives that pool."""
        last = {}

        def probe():
            if self.agent.process.poll() is not None:
                raise RuntimeError(f"the agent ended with {self.agent.process.returncode}\n{self.agent.log_tail()}")
            last.update(self.pool())
            return dict(last) if test(last) else None

        try:
            return self.fleet.wait(probe, seconds, what)
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{json.dumps(last)}\n{self.agent.log_tail()}") from None

    def job_file(self, count):
        path = self.folder / f"web-{count}.nomad.hcl"
        path.write_text(JOB.format(count=count, cpu=MORE_THAN_HALF_A_NODE))
        return path

    def run(self, count):
        """`drover job run` to its end; the growth that was seen meanwhile."""
        path = self.job_file(count)
        with ThreadPoolExecutor(1) as background:
            command = background.submit(self.agent.cli, "job", "run", path, seconds=RUN_SECONDS)
            growing = self.wait_pool(lambda pool: (pool["Operation"] or {}).get("Kind") == "grow", "a growth to be shown")
            command.result()
        return growing["Operation"]

    def stop(self):
        """`drover job stop` to its end, and until the pool is at its least again."""
        self.agent.cli("job", "stop", "web")
        self.fleet.wait(lambda: self.site.desired() == 1, 60, "the size to be 1 again")
        self.fleet.wait_machines(1)
        return self.wait_over(at_most=1)

    def wait_over(self, at_least=0, at_most=1000):
        """Until nothing is under way and the pool is seen at such a size. That it is no further than it should be the test says."""
        def over(pool):
            return pool["Operation"] is None and all(at_least <= pool[key] <= at_most for key in ("Desired", "Joined"))

        return self.wait_pool(over, "nothing to be under way")

    def let_it_look(self):
        """What would ask for the same once more would do so at one of the next looks."""
        began = time.monotonic()
        self.fleet.wait(lambda: time.monotonic() - began > 5, 10, "two looks of the agent's")

    def nodes_of_job(self):
        return {each["NodeID"] for each in self.region.running("web")}

    def audit(self):
        return [json.loads(line) for line in self.agent.cli("audit", "-limit", "1000", "-json").stdout.splitlines()]


@pytest.fixture(scope="module")
def cluster(nomad_bin, consul_bin, tmp_path_factory):
    with Cluster(tmp_path_factory.mktemp("growth"), [RegionSpec(REGION, [])], nomad=nomad_bin, consul=consul_bin) as running:
        yield running


@pytest.fixture
def make_play(cluster, nomad_bin, drover, tmp_path):
    region = cluster[REGION]
    with ExitStack() as stack:
        yield lambda module, **more: Play(stack, region, nomad_bin, drover, tmp_path, module, **more)
    cluster.stop_all_jobs()
    assert region.nomad.delete("/v1/var/drover/owner").status in (200, 204)  # the next agent is another Drover


@pytest.mark.parametrize("module", SITES)
def test_a_pool_grows_for_a_job_by_what_it_needs_and_gives_back_what_is_idle(make_play, module):
    play = make_play(module)
    growing = play.run(3)
    assert (growing["From"], growing["To"]) == (1, 3) and "web" in json.dumps(growing["For"])
    grown = set(play.site.machines())
    assert play.site.desired() == 3 == len(grown) and max(play.site.sizes) == 3
    assert play.nodes_of_job() == {play.fleet.node(each)["ID"] for each in grown}
    pool = play.wait_over(at_least=3)
    assert (pool["Account"], pool["ProviderPool"]) == (ACCOUNT, play.site.pool)
    assert (pool["Desired"], pool["Joined"], pool["Instances"]) == (3, 3, play.site.reported())
    stopped_at = time.monotonic()
    pool = play.stop()
    assert (pool["Desired"], pool["Joined"], pool["Instances"]) == (1, 1, play.site.reported())
    play.let_it_look()
    assert play.site.desired() == 1
    left = set(play.fleet.machines())
    assert play.witness.wrong == [] and set(play.witness.nodes) == grown - left
    assert play.witness.times[0] - stopped_at >= IDLE_SECONDS
    [node] = [play.fleet.node(each) for each in left]
    assert (node["Status"], node["SchedulingEligibility"]) == ("ready", "eligible")
    assert play.fleet.most() == 3 and max(play.site.sizes) == 3
    rows = play.audit()
    assert {"grow", "cordon", "drain", "shrink"} <= {row["Action"] for row in rows if row["Result"].endswith("done")}
    assert [row for row in rows if row["Result"] in ("intended", "sent", "unknown")] == []


def test_a_machine_of_ones_own_that_was_shut_down_serves_again(make_play):
    """Its node comes back with the name, the id and the ineligibility that it left with."""
    play = make_play("onprem")
    play.run(2)
    first_time = {each: play.fleet.node(each)["ID"] for each in play.fleet.machines()}
    play.stop()
    play.run(2)
    assert {each: play.fleet.node(each)["ID"] for each in play.fleet.machines()} == first_time
    assert play.nodes_of_job() == set(first_time.values())
    assert play.witness.wrong == [] and play.fleet.most() == 2


@pytest.mark.parametrize("moment", ["as-the-request-arrives", "before-the-machines-join"])
def test_killed_while_growing_it_never_has_a_machine_too_many(make_play, moment):
    play = make_play("aws", boot_seconds=4)
    accepted, killed = threading.Event(), threading.Event()

    def kill(*_):
        """In the provider's thread: the request goes on without the one who sent it."""
        if accepted.wait(20) and not killed.is_set():
            play.agent.kill9()
            killed.set()

    if moment == "as-the-request-arrives":
        play.site.on_grow = kill
    play.agent.cli("job", "run", "-detach", play.job_file(3))
    accepted.set()
    if moment == "before-the-machines-join":
        play.fleet.wait(lambda: len(play.site.machines()) > 1, 30, "the provider to have more machines")
        assert len(play.fleet.machines()) == 1
        kill()
    assert killed.wait(30), "no growth was asked for"
    play.fleet.wait(lambda: play.site.desired() == 3, 10, "the request to be carried out")
    play.agent.start()
    play.agent.wait_job("web", seconds=RUN_SECONDS)
    pool = play.wait_over(at_least=3)
    assert (pool["Desired"], pool["Joined"], pool["Instances"]) == (3, 3, 3)
    play.let_it_look()
    assert play.site.desired() == 3 == len(play.site.machines())
    assert max(play.site.sizes) == 3 and play.fleet.most() == 3
    assert len(play.nodes_of_job()) == 3 and play.witness.times == []


def test_killed_while_shrinking_it_removes_no_machine_too_many(make_play):
    play = make_play("aws")
    play.run(3)
    grown, killed = set(play.site.machines()), threading.Event()

    def look_and_kill(instances):
        play.witness.look(instances)
        if not killed.is_set():
            play.agent.kill9()
            killed.set()

    play.site.on_remove = look_and_kill
    play.agent.cli("job", "stop", "web")
    assert killed.wait(60), "no removal was asked for"
    play.agent.start()
    play.wait_over(at_most=1)
    play.let_it_look()
    left = set(play.fleet.wait_machines(1))
    assert play.site.desired() == 1 and set(play.site.machines()) == left < grown
    assert play.witness.wrong == [] and set(play.witness.nodes) == grown - left


def test_a_job_that_comes_while_its_pool_shrinks_gets_its_machines_all_the_same(make_play):
    play = make_play("aws")
    play.run(2)
    submitted, removing = threading.Event(), threading.Event()

    def look_and_hold(instances):
        play.witness.look(instances)
        removing.set()
        submitted.wait(20)

    play.site.on_remove = look_and_hold
    play.agent.cli("job", "stop", "web")
    assert removing.wait(60), "no removal was asked for"
    play.agent.cli("job", "run", "-detach", play.job_file(3))
    submitted.set()
    play.agent.wait_job("web", seconds=RUN_SECONDS)
    pool = play.wait_over(at_least=3)
    assert (pool["Desired"], pool["Joined"]) == (3, 3) and play.witness.wrong == []
    assert len(play.nodes_of_job()) == 3 == len(play.site.machines())
