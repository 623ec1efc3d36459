"""The live harness itself: three real regions come up, run a job, freeze, come back."""
import http.client
import json
import time

import pytest

from live import processes
from live.cluster import Client, Cluster, RegionSpec, sleep_job
from live.http_api import Api, wait_for
from live.proxy import Proxy


def test_three_regions_are_up_with_the_machines_that_were_asked_for(regions3):
    assert [len(region.nomad.get("/v1/nodes").json()) for region in regions3] == [2, 1, 1]
    node = regions3["dc-fra1"].nomad.get("/v1/nodes?resources=true").json()[0]
    assert node["NodeClass"] == "owned"
    assert node["NodeResources"]["Cpu"]["CpuShares"] == 4000
    assert node["NodeResources"]["Memory"]["MemoryMB"] == 4096
    assert regions3.memory_mib() < 3 * 1024


def test_every_region_reaches_the_others_through_nomad_and_consul(regions3):
    names = sorted(region.name for region in regions3)
    for region in regions3:
        assert sorted(region.nomad.get("/v1/regions").json()) == names
        assert sorted(region.consul.get("/v1/catalog/datacenters").json()) == names
    assert regions3["aws-us-east-1"].nomad.get("/v1/nodes?region=dc-fra1").json()[0]["Name"].startswith("dc-fra1")


def test_a_job_runs_in_one_region_and_stops(clean_regions3):
    region = clean_regions3["azure-westeurope"]
    region.nomad.put("/v1/jobs", {"Job": sleep_job("nap", count=2)}).expect(200)
    wait_for(lambda: len(region.running("nap")) == 2, 30, "both allocations to run")
    assert clean_regions3["dc-fra1"].nomad.get("/v1/job/nap").status == 404
    region.nomad.delete("/v1/job/nap").expect(200)
    wait_for(lambda: not region.running("nap"), 30, "the allocations to stop")


def test_a_frozen_region_says_nothing_and_answers_again_when_thawed(clean_regions3):
    region = clean_regions3["dc-fra1"]
    api = region.nomad
    api.timeout = 1
    region.freeze()
    try:
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            api.get("/v1/status/leader")
        assert time.monotonic() - started < 3
    finally:
        region.thaw()
    wait_for(lambda: api.get("/v1/status/leader").json(), 30, "a leader again")


def test_nomad_behind_the_proxy_streams_blocks_and_is_counted(clean_regions3):
    region = clean_regions3["dc-fra1"]
    with Proxy(region.server_host, 4646) as proxy:
        stream = http.client.HTTPConnection(proxy.host, proxy.port, timeout=10)
        stream.request("GET", "/v1/event/stream?topic=Job")
        lines = stream.getresponse()
        assert json.loads(lines.readline()) == {}
        api = Api(proxy.address)
        index = api.get("/v1/jobs").headers["X-Nomad-Index"]
        api.put("/v1/job/watched/plan", {"Job": sleep_job("watched")}).expect(200)
        assert proxy.writes() == []
        api.put("/v1/jobs", {"Job": sleep_job("watched")}).expect(200)
        assert api.get(f"/v1/jobs?index={index}&wait=5s").json()[0]["ID"] == "watched"
        while "watched" not in (line := lines.readline().decode()):
            assert line
        assert [(each.method, each.path) for each in proxy.writes()] == [("PUT", "/v1/jobs")]


def test_with_access_control_a_reading_token_reads_and_may_not_write(nomad_bin, consul_bin, tmp_path):
    specs = [RegionSpec("dc-ber1", [Client(node_class="gpu", cpu_mhz=1000, memory_mb=512)])]
    with Cluster(tmp_path / "acl", specs, nomad=nomad_bin, consul=consul_bin, acl=True) as cluster:
        region = cluster["dc-ber1"]
        region.create_policy("look", 'namespace "*" { capabilities = ["list-jobs", "read-job"] }\nnode { policy = "read" }')
        token_file = region.create_token_file("look", ["look"])
        assert token_file.stat().st_mode & 0o777 == 0o600
        reader = Api(region.nomad_address, token_file.read_text().strip())
        reader.get("/v1/jobs").expect(200)
        reader.put("/v1/jobs", {"Job": sleep_job("web")}).expect(403)
        Api(region.nomad_address).get("/v1/jobs").expect(403)
        region.nomad.put("/v1/jobs", {"Job": sleep_job("web", cpu=600, count=2)}).expect(200)
        wait_for(lambda: len(region.running("web")) == 1, 30, "the one that fits to run")
        mark = cluster.mark
    assert [pid for pid, found in processes.marked() if found == mark] == []
