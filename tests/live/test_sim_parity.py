"""The simulated region answers as the real Nomad does: one script of requests for both, answers compared.

Ids, indexes and times are put aside; statuses, error texts, shapes and decisions must be the same. Where they differ, the simulator
is wrong.
"""
import copy
import http.client
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from live.cluster import Client, Cluster, RegionSpec
from live.http_api import Api, wait_for

ROOT = Path(__file__).resolve().parents[2]
REGION = "parity"
SETTLE_SECONDS = 60

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
WHEN = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
# What differs by nature: how long a choice took, how nodes scored, which key signed.
LEFT_OUT = {"AllocationTime", "ScoreMetaData", "Scores", "SigningKeyID", "ClassEligibility", "Metrics", "NetworkStatus", "Hash"}


class Pair:
    def __init__(self, real, sim):
        self.real = real
        self.sim = sim

    def both(self, method, path, body=None):
        return self.real.call(method, path, body), self.sim.call(method, path, body)

    def same(self, method, path, body=None, look=lambda value: value):
        """Asks both; their statuses and what `look` keeps of their bodies must agree. Gives the real answer."""
        real, sim = self.both(method, path, body)
        assert sim.status == real.status, f"{real}: {real.text()[:300]!r}, the simulator {sim.status}: {sim.text()[:300]!r}"
        kind = real.headers.get("Content-Type", "")
        if kind.startswith("application/json") or real.body.startswith(b"{"):
            assert look(plain(sim.json())) == look(plain(real.json())), str(real)
        else:
            assert sim.text() == real.text(), str(real)
        return real

    def settled(self, job):
        for api in (self.real, self.sim):
            wait_for(lambda: is_settled(api, job), SETTLE_SECONDS, f"{job} to settle on {api.address}")


def plain(value, key=""):
    """The value without ids, indexes and times."""
    if isinstance(value, dict):
        return {ID.sub("<id>", k): plain(v, k) for k, v in value.items() if k not in LEFT_OUT}
    if isinstance(value, list):
        return [plain(item, key) for item in value]
    if isinstance(value, str):
        return "<time>" if WHEN.match(value) else ID.sub("<id>", value)
    if isinstance(value, int) and not isinstance(value, bool):
        if key.endswith("Index") or key in ("Timestamp", "SubmitTime") or abs(value) > 10**16:
            return f"<{key}>"
    return value


def is_settled(api, job):
    """All asked for is there, or waits because it does not fit, and the newest version's deployment has ended."""
    wanted = api.get(f"/v1/job/{job}").json()
    deployment = api.get(f"/v1/job/{job}/deployment").json()
    blocked = [e for e in api.get(f"/v1/job/{job}/evaluations").json() if e["Status"] == "blocked"]
    if not wanted["Stop"] and (not deployment or deployment["JobVersion"] != wanted["Version"]):
        return False
    if deployment and deployment["Status"] == "running" and not blocked:
        return False
    states = {(a["DesiredStatus"], a["ClientStatus"]) for a in api.get(f"/v1/job/{job}/allocations").json()}
    return states <= ({("stop", "complete")} if wanted["Stop"] else {("run", "running"), ("stop", "complete")})


def make_job(job_id="web", count=2, **more):
    job = {
        "ID": job_id, "Name": job_id, "Datacenters": ["*"], "Meta": {"team": "core"},
        "TaskGroups": [{
            "Name": "g", "Count": count, "Update": {"MinHealthyTime": 500_000_000, "MaxParallel": 5},
            "Tasks": [{
                "Name": "t", "Driver": "raw_exec", "Config": {"command": "/bin/sleep", "args": ["100000"]},
                "KillTimeout": 1_000_000_000, "Resources": {"CPU": 200, "MemoryMB": 64},
            }],
        }],
    }
    job.update(more)
    return job


def changed(job, change):
    job = copy.deepcopy(job)
    change(job)
    return job


def group(job):
    return job["TaskGroups"][0]


def task(job):
    return group(job)["Tasks"][0]


@pytest.fixture(scope="module")
def real(nomad_bin, consul_bin, tmp_path_factory):
    folder = tmp_path_factory.mktemp("parity")
    with Cluster(folder, [RegionSpec(REGION, [Client(meta={"rack": "r1"}), Client(meta={"rack": "r1"})])], nomad=nomad_bin,
                 consul=consul_bin) as cluster:
        yield cluster[REGION].nomad


@pytest.fixture(scope="module")
def sim(tmp_path_factory):
    program = Path(os.environ.get("DROVER_SIM_BIN") or ROOT / "build" / "drover-sim").resolve()
    if not program.is_file():
        pytest.fail(f"{program} is not there: run ./dev build, or set DROVER_SIM_BIN")
    spec = tmp_path_factory.mktemp("sim") / "world.json"
    spec.write_text(json.dumps({"Regions": [{"Name": REGION, "Pools": [
        {"Name": "std", "Count": 2, "CPU": 4000, "MemoryMB": 4096, "Drivers": ["raw_exec"], "Meta": {"rack": "r1"}}]}]}))
    process = subprocess.Popen([program, "-spec", spec], stdout=subprocess.PIPE, text=True)
    try:
        yield Api(json.loads(process.stdout.readline())["Regions"][0]["Nomad"])
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.fixture
def pair(real, sim):
    yield Pair(real, sim)
    for api in (real, sim):
        for job in api.get("/v1/jobs").json():
            api.delete(f"/v1/job/{job['ID']}?purge=true")


ERRORS = [
    ("PUT", "/v1/jobs", {}),
    ("PUT", "/v1/jobs", {"Job": make_job(NodePool="nope")}),
    ("PUT", "/v1/jobs", {"Job": make_job(Region="nope")}),
    ("PUT", "/v1/jobs", {"Job": make_job(TaskGroups=[])}),
    ("PUT", "/v1/jobs", {"Job": make_job("", Name="")}),
    ("PUT", "/v1/jobs", {"Job": make_job(Multiregion={"Regions": [{"Name": "a", "Count": 1}]})}),
    ("PUT", "/v1/jobs", {"Job": make_job(Type="bogus", Priority=500)}),
    ("PUT", "/v1/jobs", {"Job": changed(make_job(), lambda j: task(j).update(Driver=""))}),
    ("PUT", "/v1/jobs", {"Job": changed(make_job(), lambda j: task(j)["Resources"].update(CPU=0, MemoryMB=3))}),
    ("PUT", "/v1/jobs", {"Job": make_job(), "EnforceIndex": True, "JobModifyIndex": 7}),
    ("PUT", "/v1/job/other", {"Job": make_job()}),
    ("PUT", "/v1/job/other/plan", {"Job": make_job()}),
    ("PUT", "/v1/job/web/plan", {"Job": make_job(NodePool="nope")}),
    ("PUT", "/v1/job/none/scale", {"Count": 1, "Target": {"Group": "g"}}),
    ("PUT", "/v1/validate/job", {"Job": make_job(Type="bogus", Priority=500)}),
    ("PUT", "/v1/validate/job", {"Job": make_job()}),
    ("GET", "/v1/job/none", None),
    ("GET", "/v1/job/none/allocations", None),
    ("GET", "/v1/job/none/evaluations", None),
    ("GET", "/v1/job/none/deployment", None),
    ("GET", "/v1/job/none/summary", None),
    ("GET", "/v1/job/none/scale", None),
    ("GET", "/v1/job/none/versions", None),
    ("DELETE", "/v1/job/none", None),
    ("GET", "/v1/allocation/abc", None),
    ("GET", "/v1/allocation/aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", None),
    ("GET", "/v1/allocations?prefix=abc", None),
    ("GET", "/v1/evaluation/aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", None),
    ("GET", "/v1/deployment/aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", None),
    ("GET", "/v1/node/abc", None),
    ("GET", "/v1/node/aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", None),
    ("DELETE", "/v1/jobs", None),
    ("GET", "/v1/nope", None),
    ("GET", "/v1/jobs?index=abc", None),
    ("GET", "/v1/jobs?wait=2", None),
    ("GET", "/v1/jobs?per_page=abc", None),
    ("GET", "/v1/jobs?region=nope", None),
    ("GET", "/v1/event/stream?topic=Job:a:b:c", None),
    ("PUT", "/v1/jobs/parse", {"JobHCL": ""}),
    ("PUT", "/v1/var/a/b", {}),
    ("GET", "/v1/var/none", None),
]


@pytest.mark.parametrize("method, path, body", ERRORS, ids=[f"{m} {p}" for m, p, _ in ERRORS])
def test_errors_have_the_same_status_and_text(pair, method, path, body):
    pair.same(method, path, body)


def test_reads_of_an_empty_region_agree(pair):
    for path in ("/v1/regions", "/v1/namespaces", "/v1/node/pools", "/v1/jobs", "/v1/allocations", "/v1/acl/token/self", "/v1/vars",
                 "/v1/services"):
        pair.same("GET", path)


def test_nodes_have_the_same_members(pair):
    for path in ("/v1/nodes", "/v1/nodes?resources=true"):
        pair.same("GET", path, look=lambda nodes: [sorted(node) for node in nodes])
    for api in (pair.real, pair.sim):
        node = api.get(f"/v1/node/{api.get('/v1/nodes').json()[0]['ID']}").json()
        assert (node["Status"], node["SchedulingEligibility"], node["NodeResources"]["Cpu"]["CpuShares"],
                node["NodeResources"]["Memory"]["MemoryMB"]) == ("ready", "eligible", 4000, 4096)


def names(allocations):
    return sorted((a["Name"], a["DesiredStatus"], a["ClientStatus"], a["JobVersion"]) for a in allocations)


def compare_job(pair, job="web"):
    pair.settled(job)
    for path in (f"/v1/job/{job}", f"/v1/job/{job}/summary", "/v1/jobs", f"/v1/job/{job}/deployment"):
        pair.same("GET", path)
    pair.same("GET", f"/v1/job/{job}/allocations", look=names)
    pair.same("GET", f"/v1/job/{job}/versions", look=lambda v: [(j["Version"], j["Stop"], j["Stable"]) for j in v["Versions"]])
    pair.same("GET", f"/v1/job/{job}/deployments",
              look=lambda ds: sorted((d["JobVersion"], d["Status"], d["StatusDescription"]) for d in ds))


def test_a_job_lives_the_same_life(pair):
    pair.same("PUT", "/v1/jobs", {"Job": make_job()})
    compare_job(pair)
    pair.same("GET", "/v1/allocations?resources=true&task_states=false", look=lambda all: [sorted(a) for a in all])
    pair.same("PUT", "/v1/jobs", {"Job": make_job(count=4)})
    compare_job(pair)
    pair.same("PUT", "/v1/jobs", {"Job": make_job(count=1)})
    compare_job(pair)
    pair.same("PUT", "/v1/jobs", {"Job": make_job(count=1, Meta={"team": "other"})})
    compare_job(pair)
    pair.same("DELETE", "/v1/job/web")
    compare_job(pair)
    pair.same("PUT", "/v1/jobs", {"Job": make_job(count=1)})
    compare_job(pair)
    pair.same("DELETE", "/v1/job/web?purge=true")
    pair.same("GET", "/v1/job/web")
    pair.same("GET", "/v1/job/web/allocations")


def test_the_check_index_is_enforced_alike(pair):
    for api in (pair.real, pair.sim):
        first = api.put("/v1/jobs", {"Job": make_job(), "EnforceIndex": True, "JobModifyIndex": 0}).expect(200).json()
        assert api.get("/v1/job/web").json()["JobModifyIndex"] == first["JobModifyIndex"]
    pair.settled("web")
    for api in (pair.real, pair.sim):
        live = api.get("/v1/job/web").json()
        assert live["ModifyIndex"] > live["JobModifyIndex"]
        refused = api.put("/v1/jobs", {"Job": make_job(), "EnforceIndex": True, "JobModifyIndex": 3}).expect(500).text()
        assert refused == f"Enforcing job modify index 3: job exists with conflicting job modify index: {live['JobModifyIndex']}"
        refused = api.put("/v1/jobs", {"Job": make_job(), "EnforceIndex": True, "JobModifyIndex": 0}).expect(500).text()
        assert refused == "Enforcing job modify index 0: job already exists"
        again = api.put("/v1/jobs", {"Job": make_job()}).expect(200).json()
        assert again["JobModifyIndex"] == live["ModifyIndex"], "a no-op register answers with the ModifyIndex"
        after = api.get("/v1/job/web").json()
        assert (after["Version"], after["JobModifyIndex"]) == (0, live["JobModifyIndex"])


PLANS = {
    "fits": make_job(),
    "does not fit": make_job(count=60),
    "constraint": make_job(Constraints=[{"LTarget": "${node.class}", "RTarget": "gpu", "Operand": "="}]),
    "driver": changed(make_job(), lambda j: task(j).update(Driver="docker")),
    "datacenter": make_job(Datacenters=["nowhere"]),
    "memory": changed(make_job(count=3), lambda j: task(j)["Resources"].update(MemoryMB=4000)),
    "distinct hosts": make_job(count=4, Constraints=[{"Operand": "distinct_hosts", "RTarget": "true"}]),
    "batch": changed(make_job(Type="batch", count=3), lambda j: group(j).update(Update=None)),
    "system": changed(make_job(Type="system", count=1), lambda j: group(j).update(Update=None)),
}


def decision(plan):
    failed = {name: {k: v for k, v in why.items() if k != "ResourcesExhausted"}
              for name, why in (plan["FailedTGAllocs"] or {}).items()}
    return plan["Annotations"], failed, sorted(plan)


@pytest.mark.parametrize("case", PLANS)
def test_a_new_job_is_planned_alike(pair, case):
    pair.same("PUT", "/v1/job/web/plan", {"Job": PLANS[case], "Diff": False}, look=decision)


CHANGES = {
    "none": lambda j: None,
    "count up": lambda j: group(j).update(Count=5),
    "count down": lambda j: group(j).update(Count=1),
    "count to 0": lambda j: group(j).update(Count=0),
    "job meta": lambda j: j.update(Meta={"team": "x"}),
    "job meta and count": lambda j: (j.update(Meta={"team": "x"}), group(j).update(Count=4)),
    "masked meta": lambda j: (j.update(Meta={"team": "x"}), task(j).update(Meta={"team": "core"})),
    "env": lambda j: task(j).update(Env={"A": "1"}),
    "config": lambda j: task(j)["Config"].update(args=["99999"]),
    "user": lambda j: task(j).update(User="nobody"),
    "cpu": lambda j: task(j)["Resources"].update(CPU=210),
    "memory": lambda j: task(j)["Resources"].update(MemoryMB=70),
    "disk": lambda j: group(j).update(EphemeralDisk={"SizeMB": 200}),
    "network": lambda j: group(j).update(Networks=[{"DynamicPorts": [{"Label": "http"}]}]),
    "logs disabled": lambda j: task(j).update(LogConfig={"Disabled": True}),
    "log sizes": lambda j: task(j).update(LogConfig={"MaxFiles": 3, "MaxFileSizeMB": 5}),
    "constraint that holds": lambda j: j.update(Constraints=[{"LTarget": "${meta.rack}", "RTarget": "r1", "Operand": "="}]),
    "constraint that excludes": lambda j: j.update(Constraints=[{"LTarget": "${meta.rack}", "RTarget": "no", "Operand": "="}]),
    "spread": lambda j: j.update(Spreads=[{"Attribute": "${node.datacenter}", "Weight": 50}]),
    "affinity": lambda j: j.update(Affinities=[{"LTarget": "${node.class}", "RTarget": "std", "Operand": "=", "Weight": 50}]),
    "priority": lambda j: j.update(Priority=70),
    "datacenters": lambda j: j.update(Datacenters=[REGION]),
    "node pool all": lambda j: j.update(NodePool="all"),
    "all at once": lambda j: j.update(AllAtOnce=True),
    "update": lambda j: group(j)["Update"].update(HealthyDeadline=60_000_000_000),
    "kill timeout": lambda j: task(j).update(KillTimeout=2_000_000_000),
    "restart": lambda j: group(j).update(RestartPolicy={"Attempts": 5}),
    "services": lambda j: group(j).update(Services=[{"Name": "web", "Provider": "nomad", "PortLabel": "80"}]),
    "max parallel 1": lambda j: (group(j)["Update"].update(MaxParallel=1), task(j).update(Env={"A": "1"})),
    "canary": lambda j: (group(j)["Update"].update(Canary=1), task(j).update(Env={"A": "1"})),
    "another group": lambda j: j["TaskGroups"].append(dict(copy.deepcopy(group(j)), Name="h")),
    "group renamed": lambda j: group(j).update(Name="h"),
}


def test_every_kind_of_change_is_planned_alike(pair):
    pair.same("PUT", "/v1/jobs", {"Job": make_job(count=3)})
    pair.settled("web")
    wrong = {}
    for name, change in CHANGES.items():
        body = {"Job": changed(make_job(count=3), change), "Diff": False}
        real, sim = (answer.expect(200).json()["Annotations"]["DesiredTGUpdates"]
                     for answer in pair.both("PUT", "/v1/job/web/plan", body))
        if real != sim:
            wrong[name] = {g: {k: (real.get(g, {}).get(k), sim.get(g, {}).get(k)) for k in real.get(g, sim.get(g))
                               if real.get(g, {}).get(k) != sim.get(g, {}).get(k)} for g in {*real, *sim}}
    assert not wrong


def test_what_does_not_fit_blocks_alike(pair):
    pair.same("PUT", "/v1/jobs", {"Job": make_job("big", count=45)})

    def placed(api):
        return [a for a in api.get("/v1/job/big/allocations").json() if a["ClientStatus"] == "running"]

    for api in (pair.real, pair.sim):
        wait_for(lambda: len(placed(api)) == 40, SETTLE_SECONDS, "40 allocations")

    def shape(evaluations):
        # Which evaluation the blocked one follows is a matter of timing, and with it whether it has a JobModifyIndex.
        return sorted((e["Status"], e["TriggeredBy"], sorted({*e} - {"JobModifyIndex"})) for e in evaluations
                      if e["TriggeredBy"] in ("job-register", "queued-allocs") and e["Status"] != "canceled")

    pair.same("GET", "/v1/job/big/evaluations", look=shape)
    pair.same("GET", "/v1/job/big/summary")
    pair.same("PUT", "/v1/jobs", {"Job": make_job("big", count=10)})
    pair.settled("big")
    for api in (pair.real, pair.sim):
        blocked = [e for e in api.get("/v1/job/big/evaluations").json() if e["TriggeredBy"] == "queued-allocs"]
        assert {e["Status"] for e in blocked} == {"canceled"}


def test_scaling_agrees(pair):
    pair.same("PUT", "/v1/jobs", {"Job": make_job()})
    pair.settled("web")
    pair.same("PUT", "/v1/job/web/scale", {"Count": 3, "Target": {"Group": "g"}})
    pair.settled("web")
    pair.same("PUT", "/v1/job/web/scale", {"Count": 1, "Target": {"Group": "nope"}})
    pair.same("PUT", "/v1/job/web/scale", {"Count": -1, "Target": {"Group": "g"}})
    pair.same("PUT", "/v1/job/web/scale", {"Target": {"Group": "g"}, "Message": "a note"})
    pair.same("PUT", "/v1/job/web/scale", {"Count": 3, "Target": {"Group": "g"}, "Message": "up"})
    pair.settled("web")
    pair.same("GET", "/v1/job/web/scale", look=lambda s: {k: v for k, v in s["TaskGroups"]["g"].items() if k != "Events"})
    pair.same("PUT", "/v1/job/web/revert", {"JobID": "web", "JobVersion": 77})
    pair.same("PUT", "/v1/job/web/revert", {"JobID": "web", "JobVersion": 1})


def test_variables_compare_and_set_alike(pair):
    pair.same("PUT", "/v1/var/drover/parity?cas=5", {"Items": {"x": "1"}})
    pair.same("PUT", "/v1/var/drover/parity?cas=0", {"Items": {"x": "1"}})
    pair.same("PUT", "/v1/var/drover/parity?cas=0", {"Items": {"x": "2"}})
    pair.same("GET", "/v1/var/drover/parity")
    pair.same("GET", "/v1/vars?prefix=drover")
    pair.same("DELETE", "/v1/var/drover/parity")
    pair.same("GET", "/v1/var/drover/parity")


def test_lists_come_in_the_same_pages(pair):
    for i in range(5):
        pair.same("PUT", "/v1/jobs", {"Job": make_job(f"page-{i}", count=1)})
    for path in ("/v1/jobs?per_page=2&prefix=page-", "/v1/allocations?per_page=2", "/v1/nodes?per_page=1"):
        sizes = {}
        for api in (pair.real, pair.sim):
            token, sizes[api] = "", []
            while token is not None:
                answer = api.get(f"{path}&next_token={token}").expect(200)
                sizes[api].append(len(answer.json()))
                token = {k.lower(): v for k, v in answer.headers.items()}.get("x-nomad-nexttoken")
        assert sizes[pair.sim] == sizes[pair.real], path


def read_stream(api, query, seconds):
    """The lines a stream gives in that time, and the answer's headers."""
    place = urlsplit(api.address)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=seconds)
    connection.request("GET", f"/v1/event/stream?{query}")
    response = connection.getresponse()
    lines, end = [], time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            line = response.readline()
            if not line:
                break
            lines.append(json.loads(line))
    except TimeoutError:
        pass
    headers = {k.lower(): v for k, v in response.headers.items()}
    connection.close()
    return lines, headers


def test_streams_begin_alike_and_tell_the_same_events(pair):
    pair.same("PUT", "/v1/jobs", {"Job": make_job("told", count=1)})
    pair.settled("told")
    told = {}
    for api in (pair.real, pair.sim):
        start = api.get("/v1/job/told").json()["CreateIndex"]
        lines, headers = read_stream(api, f"topic=Job:told&topic=Allocation:told&topic=Deployment:told&index={start}", 2)
        assert lines[0] == {}
        assert "content-length" not in headers and "transfer-encoding" not in headers and headers["connection"] == "close"
        told[api] = {(e["Topic"], e["Type"], tuple(sorted(e["Payload"]))) for line in lines[1:] for e in line["Events"]}
        assert lines[1]["Index"] == start, "the index asked for is included"
    assert told[pair.sim] == told[pair.real]


def test_an_unknown_topic_gives_heartbeats_only(pair):
    for api in (pair.real, pair.sim):
        lines, _ = read_stream(api, "topic=Nothing", 1)
        assert lines == [{}]


def test_a_blocking_query_wakes_or_times_out_alike(pair):
    for api in (pair.real, pair.sim):
        index = int(api.get("/v1/jobs").headers.get("X-Nomad-Index") or api.get("/v1/jobs").headers["x-nomad-index"])
        began = time.monotonic()
        answer = api.get(f"/v1/jobs?index={index + 1000}&wait=1s").expect(200)
        assert 0.9 < time.monotonic() - began < 3
        assert int({k.lower(): v for k, v in answer.headers.items()}["x-nomad-index"]) <= index + 5


SPECS = sorted((Path(__file__).parent / "jobspecs").glob("*.hcl"))


@pytest.mark.parametrize("path", SPECS, ids=[p.stem for p in SPECS])
def test_job_files_parse_alike(pair, path):
    variables = path.with_suffix(".vars")
    body = {"JobHCL": path.read_text(), "Variables": variables.read_text() if variables.exists() else "", "Canonicalize": False}
    real, sim = pair.both("PUT", "/v1/jobs/parse", body)
    assert sim.status == real.status, sim.text()
    if real.status == 200:
        assert sim.json() == real.json()
    else:
        def kind(text):
            said = re.sub(r":\d+,\d+-\d+: ", ": ", text.split("\n")[0]).split(";")[0]
            # Where the file is no HCL at all, each reader has its own words after the place.
            return said[:len("Failed to parse job: input.hcl:")] if path.stem.startswith("syntax_") else said

        assert kind(sim.text()) == kind(real.text())
