"""One group over two pools of a real region: parts beside each other, and nothing that runs is touched."""
import pytest

from live.cluster import Client, Cluster, RegionSpec, sleep_job
from live.http_api import wait_for
from scenario.world import SceneAgent
from tools.agent import pool_config, region_config

POOLS = pool_config("std", "0.096") + pool_config("spot", "0.035", 'node_class = "spot"', market="spot")


@pytest.fixture(scope="module")
def region(nomad_bin, consul_bin, tmp_path_factory):
    spec = RegionSpec("aws-us-east-1", [Client(), Client(node_class="spot")])
    with Cluster(tmp_path_factory.mktemp("split"), [spec], nomad=nomad_bin, consul=consul_bin) as running:
        yield running["aws-us-east-1"]


@pytest.fixture
def agent(region, drover, tmp_path):
    config = region_config(region.name, "aws", region.nomad_address, region.consul_address, None, POOLS)
    agent = SceneAgent(drover, tmp_path / "agent", config, "enforce")
    agent.start()
    agent.wait_state([region.name], seconds=30)
    yield agent
    agent.end()
    assert region.nomad.delete("/v1/var/drover/owner").status in (200, 204)  # the next agent is another Drover


def parts(region, job_id):
    counts = {}
    for each in region.running(job_id):
        counts[each["TaskGroup"]] = counts.get(each["TaskGroup"], 0) + 1
    return counts


def test_a_group_grows_into_a_second_pool_and_back_and_nothing_restarts(region, agent):
    agent.run(sleep_job("web", count=3, cpu=1000))
    assert parts(region, "web") == {"app": 3}
    first = {each["ID"] for each in region.running("web")}
    plan = agent.plan(sleep_job("web", count=6, cpu=1000))
    assert plan["Placed"] == 6 and plan["GapPPM"] == 0
    agent.run(sleep_job("web", count=6, cpu=1000))
    assert parts(region, "web") == {"app": 4, "app-std": 2}
    assert first <= {each["ID"] for each in region.running("web")}
    groups = {group["Name"]: group for group in region.nomad.get("/v1/job/web").json()["TaskGroups"]}
    assert [each["RTarget"] for each in groups["app"]["Constraints"]] == ["spot"]
    assert [each["RTarget"] for each in groups["app-std"]["Constraints"]] == ["std"]
    agent.run(sleep_job("web", count=2, cpu=1000))
    wait_for(lambda: parts(region, "web") == {"app": 2}, 20, "the dearer part to go first")
    assert {each["ID"] for each in region.running("web")} <= first
    agent.run(sleep_job("web", count=5, cpu=1000))
    assert parts(region, "web") == {"app": 4, "app-std": 1}
    agent.delete("web", purge=True)
    wait_for(lambda: agent.api.get("/v1/drover/job/web").status == 404, 30, "the job to be forgotten")


def test_a_group_is_split_at_its_first_placing_and_survives_a_kill(region, agent):
    agent.run(sleep_job("wide", count=7, cpu=1000))
    assert parts(region, "wide") == {"app": 4, "app-std": 3}
    before = {each["ID"] for each in region.running("wide")}
    agent.kill9()
    agent.start()
    agent.wait_state([region.name], seconds=30)
    agent.wait_job("wide", seconds=40)
    agent.run(sleep_job("wide", count=8, cpu=1000))
    assert parts(region, "wide") == {"app": 4, "app-std": 4}
    assert before <= {each["ID"] for each in region.running("wide")}
    agent.delete("wide", purge=True)
    wait_for(lambda: agent.api.get("/v1/drover/job/wide").status == 404, 30, "the job to be forgotten")
