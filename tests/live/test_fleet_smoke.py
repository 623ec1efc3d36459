"""The fleet on real Nomad, no Drover: an instance that a provider's double brings up joins as what the provider module calls it, serves,
and dies with its instance."""
import pytest

from live.cluster import Client, Cluster, RegionSpec, sleep_job
from live.fleet import Fleet, FleetPool
from live.sites import SITES

MACHINE = Client(node_class="std", cpu_mhz=2000, memory_mb=2000)


@pytest.fixture(scope="module")
def cluster(nomad_bin, consul_bin, tmp_path_factory):
    with Cluster(tmp_path_factory.mktemp("fleet"), [RegionSpec("fleet-1", [])], nomad=nomad_bin, consul=consul_bin) as running:
        yield running


@pytest.fixture
def region(cluster):
    yield cluster["fleet-1"]
    cluster.stop_all_jobs()


@pytest.fixture(params=SITES)
def site(request, tmp_path):
    with SITES[request.param](tmp_path / "site") as running:
        yield running


def test_an_instance_joins_as_its_module_names_it_and_goes_down_with_what_it_ran(region, site, nomad_bin):
    with Fleet(region, [FleetPool("std", site.machines, MACHINE)], nomad_bin) as fleet:
        [first] = fleet.wait_machines(1)
        fleet.wait_ready(first)
        site.resize(2)
        [second] = set(fleet.wait_machines(2)) - {first}
        fleet.wait_ready(second)
        nodes, identities = {each: fleet.node(each) for each in (first, second)}, site.machines()
        for each, node in nodes.items():
            assert identities[each].of_node(node) == identities[each].value, (each, node["Attributes"], node["Meta"])
            assert node["NodeClass"] == "std" and node["NodeResources"]["Cpu"]["CpuShares"] == 2000
        assert identities[first].value != identities[second].value
        region.nomad.put("/v1/jobs", {"Job": sleep_job("both", count=2, cpu=1500)}).expect(200)
        fleet.wait(lambda: {each["NodeID"] for each in region.running("both")} == {node["ID"] for node in nodes.values()}, 30, "one on each")
        site.resize(1)
        [gone] = {first, second} - set(fleet.wait_machines(1))
        assert fleet.wait_down(gone)["ID"] == nodes[gone]["ID"]
        [left] = fleet.machines()
        assert fleet.node(left)["Status"] == "ready"
        assert [what for _, what, _, _ in fleet.history] == ["up", "up", "down"] and fleet.most() == 2


def test_a_machine_that_is_switched_off_and_on_is_the_same_node_again(region, nomad_bin, tmp_path):
    with SITES["onprem"](tmp_path / "site") as site, Fleet(region, [FleetPool("std", site.machines, MACHINE)], nomad_bin) as fleet:
        node = fleet.wait_ready("m1")
        region.nomad.put(f"/v1/node/{node['ID']}/eligibility", {"Eligibility": "ineligible"}).expect(200)
        site.resize(0)
        fleet.wait_down("m1")
        site.resize(1)
        again = fleet.wait(lambda: (found := fleet.node("m1"))["Status"] == "ready" and found, 60, "m1 to be ready again")
        assert again["ID"] == node["ID"] and again["SchedulingEligibility"] == "ineligible"
