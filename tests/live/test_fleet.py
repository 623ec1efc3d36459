"""The fleet without Nomad: a small program stands for its client."""
import http.client
import time
from urllib.parse import urlsplit

import pytest

from live import processes
from live.cluster import CLIENTS_MAX, Client, Region, RegionSpec
from live.fleet import Fleet, FleetPool
from live.http_api import wait_for
from live.identity import AwsIdentity, AzureIdentity, MetaIdentity

# A client and one task of its own, in a session of its own as Nomad's are.
LASTING = "#!/bin/sh\nsetsid sleep 3600 &\necho started $2 $3\nexec sleep 3600\n"
ENDING = "#!/bin/sh\necho it cannot be\nexit 3\n"


class Names:
    """A double: the machines whose names are in `running`."""

    def __init__(self, *names):
        self.running = list(names)

    def look(self):
        return {name: MetaIdentity(name) for name in self.running}


@pytest.fixture
def region(tmp_path):
    return Region(0, 1, RegionSpec("nowhere", []), tmp_path / "nowhere")


@pytest.fixture
def make_fleet(region, tmp_path):
    def make(pools, text=LASTING):
        program = tmp_path / "client"
        program.write_text(text)
        program.chmod(0o755)
        return Fleet(region, pools, str(program))

    return make


def marked_by(mark):
    return [pid for pid, found in processes.marked() if found == mark and not processes.is_zombie(pid)]


def test_a_machine_dies_with_its_tasks_when_it_is_gone_and_at_the_end(make_fleet):
    names = Names("m1", "m2")
    with make_fleet([FleetPool("std", names.look)]) as fleet:
        assert fleet.wait_machines(2, 10) == ["m1", "m2"]
        marks = fleet.marks()
        for mark in marks.values():
            wait_for(lambda mark=mark: len(marked_by(mark)) == 2, 10, "a client and its task")
        names.running.remove("m1")
        assert fleet.wait_machines(1, 10) == ["m2"]
        wait_for(lambda: not marked_by(marks["m1"]), 10, "m1 to be gone with its task")
        assert len(marked_by(marks["m2"])) == 2
    assert not marked_by(marks["m2"])


def test_a_test_that_fails_leaves_nothing(make_fleet):
    with pytest.raises(ZeroDivisionError), make_fleet([FleetPool("std", Names("m1").look)]) as fleet:
        fleet.wait_machines(1, 10)
        marks = list(fleet.marks().values())
        raise ZeroDivisionError
    assert marks and not [pid for mark in marks for pid in marked_by(mark)]


def test_more_machines_than_places_are_told_and_leave_nothing(make_fleet):
    names = Names(*(f"m{number}" for number in range(CLIENTS_MAX + 1)))
    with pytest.raises(RuntimeError, match=f"no place for m{CLIENTS_MAX} .*{CLIENTS_MAX} clients at most"):
        with make_fleet([FleetPool("std", names.look)]) as fleet:
            fleet.wait(lambda: False, 20, "an end")
    assert fleet.most() == CLIENTS_MAX and fleet.machines() == []


def test_a_client_that_ends_by_itself_is_told_with_its_last_words(make_fleet):
    with pytest.raises(RuntimeError, match="(?s)ended with 3.*it cannot be"), make_fleet([FleetPool("std", Names("m1").look)], ENDING) as fleet:
        fleet.wait(lambda: False, 20, "an end")


def test_a_machine_boots_for_as_long_as_its_pool_says_and_one_that_goes_before_never_joins(make_fleet):
    fast, slow = Names("f1"), Names("s1", "s2")
    began = time.monotonic()
    with make_fleet([FleetPool("fast", fast.look), FleetPool("slow", slow.look, boot_seconds=1.5)]) as fleet:
        fleet.wait(lambda: fleet.machines("fast") == ["f1"], 10, "the fast one")
        slow.running.remove("s2")
        fleet.wait(lambda: fleet.machines("slow") == ["s1"], 10, "the slow one")
    at = {name: moment for moment, what, _, name in fleet.history if what == "up"}
    assert set(at) == {"f1", "s1"} and at["s1"] - began >= 1.5 and at["s1"] - at["f1"] > 1


def test_a_client_is_told_its_class_its_place_and_its_name(make_fleet, region):
    machine = Client(node_class="gpu", cpu_mhz=1234, memory_mb=567, meta={"rack": "r1"})
    with make_fleet([FleetPool("big", Names("m/1").look, machine)]) as fleet:
        fleet.wait_machines(1, 10)
        [config] = region.folder.glob("fleet-*/nowhere-big-m-1/config.hcl")
        text = config.read_text()
    for line in ('name                 = "nowhere-big-m-1"', 'bind_addr            = "127.0.1.11"', 'node_class        = "gpu"',
                 "cpu_total_compute = 1234", "memory_total_mb   = 567", '"rack" = "r1"', '"drover_machine" = "m/1"'):
        assert line in text, text


def ask(url, method="GET", **headers):
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=5)
    connection.request(method, url.partition(place.netloc)[2], headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    found = answer.status, answer.read().decode(), dict(answer.headers)
    connection.close()
    return found


def test_an_ec2_instance_is_told_what_it_is_by_token_only():
    identity = AwsIdentity("i-0123", "m5.large", "eu-central-1a")
    url = identity.start()["AWS_EC2_METADATA_SERVICE_ENDPOINT"]
    try:
        assert ask(f"{url}/latest/meta-data/instance-id")[0] == 401
        assert ask(f"{url}/latest/api/token", "PUT")[0] == 400
        status, token, headers = ask(f"{url}/latest/api/token", "PUT", X_aws_ec2_metadata_token_ttl_seconds="60")
        assert status == 200 and int(headers["X-Aws-Ec2-Metadata-Token-Ttl-Seconds"]) > 0
        answers = {name: ask(f"{url}/latest/meta-data/{name}", X_aws_ec2_metadata_token=token)[:2]
                   for name in ("instance-id", "instance-type", "placement/availability-zone", "local-ipv4", "")}
        assert answers == {"instance-id": (200, "i-0123"), "instance-type": (200, "m5.large"),
                           "placement/availability-zone": (200, "eu-central-1a"), "local-ipv4": (404, ""), "": (404, "")}
    finally:
        identity.stop()
    with pytest.raises(OSError):
        ask(f"{url}/latest/meta-data/instance-id")


def test_a_scale_sets_machine_is_told_what_it_is():
    identity = AzureIdentity("5d0a", "web_0", "web", "rg1", "westeurope", "Standard_D2s_v3")
    url = identity.start()["AZURE_ENV_URL"]
    query = "?api-version=2019-06-04&format=text"
    try:
        assert ask(f"{url}compute/vmId{query}")[0] == 400
        assert ask(f"{url}compute/vmId{query}", Metadata="true")[:2] == (200, "5d0a")
        assert ask(f"{url}compute/name{query}", Metadata="true")[:2] == (200, "web_0")
        assert ask(f"{url}network/interface/0/macAddress{query}", Metadata="true")[0] == 404
        assert identity.of_node({"Attributes": {"unique.platform.azure.id": "5d0a"}, "Meta": None}) == "5d0a"
        assert identity.of_node({"Attributes": {}, "Meta": {"unique.platform.azure.id": "5d0a"}}) is None
    finally:
        identity.stop()
