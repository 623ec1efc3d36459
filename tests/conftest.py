"""Fixtures of the scenario, live and placement tests."""
import os
import shutil
from pathlib import Path

import pytest

from live.cluster import Client, Cluster, RegionSpec
from tools.agent import Agent

ROOT = Path(__file__).resolve().parent.parent


def find_program(name, advice):
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not on PATH: {advice}")
    return path


@pytest.fixture(scope="session")
def nomad_bin():
    return find_program("nomad", "install HashiCorp's Nomad 1.6 or later (developer.hashicorp.com/nomad/install)")


@pytest.fixture(scope="session")
def consul_bin():
    return find_program("consul", "run ./dev setup, or install HashiCorp's Consul (developer.hashicorp.com/consul/install)")


@pytest.fixture(scope="session")
def drover():
    """The program under test: DROVER_BIN, or build/drover."""
    path = Path(os.environ.get("DROVER_BIN") or ROOT / "build" / "drover").resolve()
    if not path.is_file():
        pytest.fail(f"{path} is not there: run ./dev build, or set DROVER_BIN")
    return path


@pytest.fixture(scope="session")
def regions3(nomad_bin, consul_bin, tmp_path_factory):
    """Three federated regions with known machines, shared by a whole run; `clean_regions3` empties them before a test.

    aws-us-east-1: two `std` machines; azure-westeurope: one `std`; dc-fra1: one `owned`. 4000 MHz and 4096 MB each.
    """
    specs = [
        RegionSpec("aws-us-east-1", [Client(), Client()]),
        RegionSpec("azure-westeurope", [Client()]),
        RegionSpec("dc-fra1", [Client(node_class="owned", meta={"rack": "r1"})]),
    ]
    folder = tmp_path_factory.mktemp("regions3")
    with Cluster(folder, specs, nomad=nomad_bin, consul=consul_bin, federated=True) as cluster:
        yield cluster


@pytest.fixture
def clean_regions3(regions3):
    regions3.stop_all_jobs()
    yield regions3
    regions3.stop_all_jobs()


@pytest.fixture
def make_agent(drover, tmp_path):
    """make_agent(config_text or None for -dev, name="agent"): agents that are stopped, and judged, when the test ends."""
    agents = []

    def make(config=None, name="agent"):
        agent = Agent(drover, tmp_path / name, config)
        agents.append(agent)
        return agent

    yield make
    for agent in agents:
        agent.end()
