"""Drover on three real regions with access control on: it looks with a reading token, runs jobs with a writing one, and survives.

Every region's Nomad stands behind a proxy that counts what reaches it.
"""
import random
import subprocess
import threading
import time

import pytest

from live.cluster import Client, Cluster, RegionSpec, sleep_job
from live.http_api import wait_for
from live.proxy import Delay, Proxy
from scenario.world import SceneAgent
from tools.agent import pool_config, region_config

REGIONS = {
    "aws-us-east-1": ("aws", [Client(), Client()], pool_config("std", "0.096")),
    "azure-westeurope": ("azure", [Client()], pool_config("std", "0.110", instance_type="Standard_D2s_v5")),
    "dc-fra1": ("onprem", [Client(node_class="owned", meta={"rack": "r1"})], pool_config("owned", "0.060", 'meta."rack" = "r1"')),
}
SEEDS = range(3)


@pytest.fixture(scope="module")
def cluster(nomad_bin, consul_bin, drover, tmp_path_factory):
    """Regions that give out exactly what `drover agent -print-acl` asks for."""
    specs = [RegionSpec(name, clients) for name, (_, clients, _) in REGIONS.items()]
    with Cluster(tmp_path_factory.mktemp("drover-regions"), specs, nomad=nomad_bin, consul=consul_bin, acl=True) as running:
        for what in ("read", "write"):
            printed = subprocess.run([drover, "agent", "-print-acl", what], capture_output=True, text=True, timeout=20, check=True).stdout
            rules = printed.split("# Consul")[0]
            for region in running:
                region.create_policy(f"drover-{what}", rules)
                region.create_token_file(f"drover-{what}", [f"drover-{what}"])
        yield running


@pytest.fixture
def proxies(cluster):
    """A proxy a region; before and after, the regions are empty and nobody's."""
    empty(cluster)
    running = {region.name: Proxy(region.server_host, 4646).start() for region in cluster}
    yield running
    for proxy in running.values():
        proxy.stop()
    empty(cluster)


def empty(cluster):
    cluster.stop_all_jobs()
    for region in cluster:
        assert region.nomad.delete("/v1/var/drover/owner").status in (200, 204)


@pytest.fixture
def make_agent_on(cluster, proxies, drover, tmp_path):
    """make_agent_on("read" or "write", mode): an agent that has every region, behind the proxies."""
    agents = []

    def make(token, mode):
        config = "".join(
            region_config(region.name, REGIONS[region.name][0], proxies[region.name].address, region.consul_address,
                          region.folder / f"drover-{token}.token", REGIONS[region.name][2]) for region in cluster)
        agent = SceneAgent(drover, tmp_path / "agent", config, mode)
        agents.append(agent)
        agent.start()
        agent.wait_state(list(REGIONS), seconds=30)
        return agent

    yield make
    for agent in agents:
        agent.end()


def spread(cluster, job_id):
    counts = {region.name: len(region.running(job_id)) if region.nomad.get(f"/v1/job/{job_id}").status == 200 else 0 for region in cluster}
    return {name: count for name, count in counts.items() if count}


def writes(proxies):
    return [each for proxy in proxies.values() for each in proxy.writes()]


def test_looking_with_reading_tokens_sees_everything_and_writes_nothing(cluster, proxies, make_agent_on):
    cluster["aws-us-east-1"].nomad.put("/v1/jobs", {"Job": sleep_job("theirs", count=2)}).expect(200)
    wait_for(lambda: len(cluster["aws-us-east-1"].running("theirs")) == 2, 30, "the outside job to run")
    agent = make_agent_on("read", "observe")
    answer = agent.wait("regions", lambda a: all(each["NomadVersion"] for each in a["Regions"]), "the versions")
    regions = {each["Name"]: each for each in answer["Regions"]}
    assert [(regions[name]["Nodes"], regions[name]["ReadyNodes"], regions[name]["Servers"]) for name in REGIONS] == [(2, 2, 1), (1, 1, 1), (1, 1, 1)]
    assert all(each["Complete"] and each["HasLeader"] and each["Owner"] == "none" for each in regions.values())
    nodes = {(each["Region"], each["Pool"]): each for each in agent.get("nodes")["Nodes"]}
    assert set(nodes) == {("aws-us-east-1", "std"), ("azure-westeurope", "std"), ("dc-fra1", "owned")}
    assert nodes["dc-fra1", "owned"]["Capacity"]["CPU"] == 4000 and nodes["dc-fra1", "owned"]["Capacity"]["MemoryMB"] == 4096
    theirs = agent.wait("job/theirs", lambda a: a["Placed"] == 2, "the outside job to be seen")
    assert (theirs["Owner"], theirs["State"], theirs["Regions"][0]["Region"]) == ("external", "running", "aws-us-east-1")
    assert agent.get("cost")["Total"]["HourlyUSD"] == "0.362"
    check = agent.cli("agent", "-config", agent.config_path, "-check", check=False)
    assert check.returncode == 0, check.stdout + check.stderr
    assert "0 refused that are needed to look" in check.stdout
    assert agent.submit(sleep_job("mine"), status=409)["Error"]["Code"] == "gated"
    agent.plan(sleep_job("mine"))
    agent.get("recommend")
    agent.stop()
    assert writes(proxies) == []
    secret = (cluster["dc-fra1"].folder / "drover-read.token").read_text().strip()
    assert secret not in agent.log_text() + check.stdout + check.stderr


def test_a_job_runs_where_it_is_cheapest_shifts_and_stops(cluster, make_agent_on):
    agent = make_agent_on("write", "enforce")
    check = agent.cli("agent", "-config", agent.config_path, "-check", check=False)
    assert check.returncode == 0, check.stdout + check.stderr
    document = agent.run(sleep_job("web", count=2, cpu=1000))
    assert spread(cluster, "web") == {"dc-fra1": 2} and document["Proven"] == 2
    first = {each["ID"] for each in cluster["dc-fra1"].running("web")}
    agent.run(sleep_job("web", count=5, cpu=1000))
    assert spread(cluster, "web") == {"dc-fra1": 4, "aws-us-east-1": 1}
    assert first <= {each["ID"] for each in cluster["dc-fra1"].running("web")}
    agent.run(sleep_job("web", count=1, cpu=1000))
    wait_for(lambda: spread(cluster, "web") == {"dc-fra1": 1}, 20, "the others to stop")
    agent.delete("web", purge=True)
    wait_for(lambda: agent.api.get("/v1/drover/job/web").status == 404, 30, "the job to be forgotten")
    assert all(region.nomad.get("/v1/job/web").status == 404 for region in cluster)
    unsettled = [row for row in agent.audit() if not row["Result"].endswith("done")]
    assert unsettled == []


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_while_registering_places_nothing_twice_and_loses_nothing(cluster, proxies, make_agent_on, seed):
    moment = random.Random(seed)
    agent = make_agent_on("write", "enforce")
    for proxy in proxies.values():
        proxy.inject(Delay(0.03), method="PUT")
    agent.submit(sleep_job("web", count=6, cpu=1000))
    # Claim, registration and their answers take about a tenth of a second.
    threading.Event().wait(moment.uniform(0, 0.15))
    agent.kill9()
    for proxy in proxies.values():
        proxy.clear_faults()
    agent.start()
    agent.wait_job("web", seconds=40)
    assert spread(cluster, "web") == {"dc-fra1": 4, "aws-us-east-1": 2}
    versions = [cluster[name].nomad.get("/v1/job/web").json()["Version"] for name in ("dc-fra1", "aws-us-east-1")]
    assert versions == [0, 0]


def test_frozen_in_mid_flight_the_last_write_is_within_a_second(cluster, proxies, make_agent_on):
    agent = make_agent_on("write", "enforce")
    for proxy in proxies.values():
        proxy.inject(Delay(0.1), method="PUT")
    stopped = threading.Event()

    def submit():
        for number in range(12):
            if stopped.is_set() or agent.try_submit(sleep_job(f"many-{number}", cpu=50, memory=16)).status != 200:
                return

    submitter = threading.Thread(target=submit)
    submitter.start()
    wait_for(lambda: len(writes(proxies)) >= 3, 20, "writes to be under way")
    (agent.data_dir / "FREEZE").touch()
    frozen_at = time.monotonic()
    agent.wait("status", lambda a: a["Frozen"], "the freeze to be known")
    stopped.set()
    submitter.join()
    wait_for(lambda: time.monotonic() - frozen_at > 2.5, 5, "more than the second that is promised")
    assert max(each.started for each in writes(proxies)) - frozen_at < 1
    agent.put("unfreeze")
    for proxy in proxies.values():
        proxy.clear_faults()
    agent.wait("jobs", lambda a: a["Jobs"] and all(each["State"] == "running" for each in a["Jobs"]), "all that was accepted to run", 60)
    for each in agent.get("jobs")["Jobs"]:
        assert sum(spread(cluster, each["ID"]).values()) == 1, each["ID"]


def test_a_region_that_stands_still_becomes_dark_and_returns(cluster, make_agent_on):
    agent = make_agent_on("write", "enforce")
    agent.run(sleep_job("web", count=2))
    cluster["dc-fra1"].freeze()
    try:
        agent.wait_state(["dc-fra1"], "suspect", seconds=20)
        agent.run(sleep_job("elsewhere"))
        agent.wait_state(["dc-fra1"], "dark", seconds=45)
        states = {each["Name"]: each["State"] for each in agent.get("regions")["Regions"]}
        assert states == {"aws-us-east-1": "alive", "azure-westeurope": "alive", "dc-fra1": "dark"}
        assert agent.get("job/web")["Wanted"] == 2
    finally:
        cluster["dc-fra1"].thaw()
    agent.wait_state(["dc-fra1"], seconds=60)
    agent.wait_job("web", seconds=60)
    wait_for(lambda: spread(cluster, "web") == {"dc-fra1": 2}, 60, "both to run there as before")
    assert spread(cluster, "elsewhere") == {"aws-us-east-1": 1}
    agent.delete("web")
    agent.wait_job("web", "stopped", seconds=30)
