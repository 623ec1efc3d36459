"""What the module sees: pools, types, prices, quotas, notices, permissions; against the double, which checks signatures."""
import json
import re
from pathlib import Path

import pytest

from doubles.aws.json_services import product

REGION = "eu-central-1"


def test_pools_join_the_group_and_its_instances(module, world):
    world.add_group(REGION, "web", desired=2, least=1, most=5, type="m5.large", protect=True)
    pool = module.pool("web")
    assert (pool["id"], pool["desired"], pool["min"], pool["max"]) == (f"{REGION}/web", 2, 1, 5)
    assert (pool["instance_type"], pool["market"], pool["writable"]) == ("m5.large", "on-demand", True)
    assert pool["zones"] == [REGION + zone for zone in "abc"]
    one = pool["instances"][0]
    assert one["state"] == "running" and one["protected"] and one["market"] == "on-demand"
    assert ["attr.unique.platform.aws.instance-id", one["id"]] in one["identities"]
    assert len(pool["instances"]) == 2


def test_groups_are_selected_by_name_and_by_tag(module, world):
    for name in ("web-a", "web-b", "db"):
        world.add_group(REGION, name, tags={"drover:pool": "yes" if name != "web-b" else "no"})
    module.settings["groups"] = ["web-*"]
    assert [pool["name"] for pool in module.pools()] == ["web-a", "web-b"]
    module.settings["group_tag"] = "drover:pool=yes"
    assert [pool["name"] for pool in module.pools()] == ["web-a"]
    del module.settings["groups"]
    assert [pool["name"] for pool in module.pools()] == ["db", "web-a"]
    module.settings["group_tag"] = "drover:pool"
    assert [pool["name"] for pool in module.pools()] == ["db", "web-a", "web-b"]
    del module.settings["group_tag"]
    assert module.pools() == []


def test_a_group_that_is_named_and_not_there_is_told(module, world):
    world.add_group(REGION, "web")
    module.settings["groups"] = ["web", "webb", "db-*"]
    assert [pool["name"] for pool in module.pools()] == ["web"]
    assert [line for line in module.logs if "none of the account's regions" in line] == [
        'warn: groups: "webb" is in none of the account\'s regions']


def test_every_request_signs_the_hash_of_its_body(module, world):
    world.add_group(REGION, "web", desired=1)
    module.run("pools", "offers", "quotas", "check")
    for entry in world.log:
        assert "x-amz-content-sha256" in entry["headers"]["authorization"]


def test_a_template_is_read_once_for_all_looks_of_a_while_and_anew_before_a_write(module, world):
    world.add_group(REGION, "web", desired=2)
    pool = module.pool("web")
    world.log.clear()
    module.run("pools", "offers", "pools", ("shrink", {"pool": pool["id"], "instances": [pool["instances"][0]["id"]]}))
    assert [e["action"] for e in world.log].count("DescribeLaunchTemplateVersions") == 2


def test_a_launch_configuration_says_type_and_market_too(module, world):
    world.add_group(REGION, "old", type="m6g.large", market="spot", configuration="old-configuration")
    pool = module.pool("old")
    assert (pool["instance_type"], pool["market"], pool["writable"]) == ("m6g.large", "spot", True)


def test_a_template_that_is_gone_leaves_what_the_members_are(module, world):
    group = world.add_group(REGION, "web", desired=1)
    del world.templates[group["template"]]
    assert module.pool("web")["instance_type"] == "m5.large"
    assert any("what it starts cannot be read" in line for line in module.logs)


def test_an_empty_group_has_type_and_market_of_its_template(module, world):
    world.add_group(REGION, "spot", type="m6g.large", market="spot")
    pool = module.pool("spot")
    assert (pool["instance_type"], pool["market"], pool["writable"]) == ("m6g.large", "spot", True)


@pytest.mark.parametrize("mixed, market, why", [
    ({"overrides": [{"InstanceType": "m5.large"}, {"InstanceType": "m5.xlarge"}],
      "distribution": {"OnDemandPercentageAboveBaseCapacity": 0}}, "spot", "it mixes instance types"),
    ({"overrides": [{"InstanceType": "m5.large", "WeightedCapacity": "2"}], "distribution": {}}, "on-demand",
     "its instance types have weights: its size does not count machines"),
    ({"overrides": [{"InstanceType": "m5.large"}],
      "distribution": {"OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 0}}, "spot",
     "it mixes on-demand and spot instances"),
    ({"overrides": [{"InstanceType": "m5.large"}], "distribution": {"OnDemandPercentageAboveBaseCapacity": 0}}, "spot", ""),
    ({"overrides": [{"InstanceRequirements": {"VCpuCount": {"Min": 2}}}], "distribution": {}}, "on-demand",
     "its instance types are chosen by requirements"),
])
def test_mixed_groups_are_read_only_unless_one_type_in_one_market(module, world, mixed, market, why):
    world.add_group(REGION, "mixed", desired=1, mixed=mixed)
    pool = module.pool("mixed")
    assert (pool["market"], pool["why_read_only"], pool["writable"]) == (market, why, why == "")
    if why:
        done = module.grow({**pool, "writable": True, "why_read_only": ""}, 2)
        assert done["done"] == "invalid" and why in done["error"]["text"]
        assert module.shrink(pool, pool["instances"][0]["id"])["done"] == "invalid"


def test_a_group_that_cannot_launch_or_is_being_deleted_is_read_only(module, world):
    world.add_group(REGION, "paused", suspended=["Launch"])
    world.add_group(REGION, "going", status="Delete in progress")
    assert module.pool("paused")["why_read_only"] == "its process Launch is suspended"
    going = module.pool("going")
    assert going["why_read_only"] == "it is being deleted" and going["busy"]


@pytest.mark.parametrize("lifecycle, power, state", [
    ("InService", "running", "running"), ("Pending:Wait", "running", "pending"), ("Pending", "pending", "pending"),
    ("Terminating:Wait", "running", "stopping"), ("InService", "shutting-down", "stopping"),
    ("InService", "terminated", "failed"), ("InService", "stopped", "stopped"), ("Standby", "running", "running"),
    ("Detaching", "running", "unknown"), ("ReplacingRootVolume", "running", "unknown"), ("Newly:Invented", "running", "unknown"),
])
def test_states_are_joined_and_what_is_not_understood_is_unknown(module, world, lifecycle, power, state):
    world.settles = False
    group = world.add_group(REGION, "web", desired=1)
    (member,) = group["members"].values()
    member["lifecycle"], member["machine"]["state"] = lifecycle, power
    assert module.pool("web")["instances"][0]["state"] == state


def test_an_instance_that_ec2_does_not_know_yet_is_unknown_and_never_gone(module, world):
    group = world.add_group(REGION, "web", desired=2)
    del world.machines[sorted(group["members"])[0]]
    states = [instance["state"] for instance in module.pool("web")["instances"]]
    assert states == ["unknown", "running"]


def test_long_lists_come_in_pages_and_are_complete(module, world):
    world.page_size = 3
    for number in range(10):
        world.add_group(REGION, f"g{number}", desired=1)
    assert [pool["name"] for pool in module.pools()] == [f"g{number}" for number in range(10)]
    assert all(len(pool["instances"]) == 1 for pool in module.pools())


def test_a_repeated_page_token_is_an_error_and_not_a_shorter_list(module, world):
    world.page_size, world.repeat_tokens = 2, True
    for number in range(5):
        world.add_group(REGION, f"g{number}")
    records, done = module.call("pools")
    assert done["done"] == "retry" and records == []


def test_describe_gives_zones_with_their_physical_ids_and_all_types(module, world):
    world.types["g4dn.metal"] = (96, 393216, "x86_64", 2.5)
    records, done = module.call("describe")
    assert done["done"] == "ok"
    (region,) = [value for kind, value in records if kind == "region"]
    assert region["zones"] == [REGION + zone for zone in "abc"] and region["zone_ids"] == ["eux-az2", "eux-az3", "eux-az1"]
    types = {value["name"]: value for kind, value in records if kind == "instance_type"}
    assert sorted(types) == sorted(world.types)
    gpu = types["g4dn.xlarge"]
    assert (gpu["gpu"], gpu["gpus"], gpu["vcpus"], gpu["memory_mib"], gpu["disk_mib"]) == ("nvidia/t4", 1, 4, 16384, 119209)
    assert gpu["processor_mhz"] == 10000 and gpu["quota"].startswith("ec2/L-DB2E81BA")
    assert types["m6g.large"]["architecture"] == "arm64" and types["g4dn.metal"]["gpus"] == 2


def offers(module):
    return {(o["market"], o["instance_type"], o["zone"]): o for o in module.records("offer", "offers")}


def test_offers_take_one_on_demand_price_and_the_newest_spot_price_of_each_zone(module, world):
    world.add_group(REGION, "web", type="m5.large")
    module.settings["instance_types"] = ["m5.xlarge"]
    world.prices = {(REGION, "m5.large"): [product("A", "0.1150000000")], (REGION, "m5.xlarge"): [product("B", "0.2300000000")]}
    world.spot[REGION] = [
        {"instanceType": "m5.large", "availabilityZone": REGION + "a", "productDescription": "Linux/UNIX",
         "spotPrice": "0.0400", "timestamp": "2026-11-20T00:00:00.000Z"},
        {"instanceType": "m5.large", "availabilityZone": REGION + "a", "productDescription": "Linux/UNIX (Amazon VPC)",
         "spotPrice": "0.041200", "timestamp": "2026-11-21T00:00:00.000Z"},
        {"instanceType": "m5.large", "availabilityZone": REGION + "b", "productDescription": "Windows",
         "spotPrice": "0.09", "timestamp": "2026-11-21T00:00:00.000Z"},
    ]
    found = offers(module)
    assert {key: o["price_micro_h"] for key, o in found.items()} == {
        ("on-demand", "m5.large", ""): 115000, ("on-demand", "m5.xlarge", ""): 230000, ("spot", "m5.large", REGION + "a"): 41200}
    assert {o["currency"] for o in found.values()} == {"USD"}
    assert found[("on-demand", "m5.large", "")]["source"] == "aws:pricing"


def test_a_type_that_does_not_exist_costs_the_others_no_price(module, world):
    module.settings["instance_types"] = ["m5.lrage", "m5.large"]
    world.prices = {(REGION, "m5.large"): [product("A", "0.1")]}
    world.spot[REGION] = [{"instanceType": "m5.large", "availabilityZone": REGION + "a", "productDescription": "Linux/UNIX",
                           "spotPrice": "0.04", "timestamp": "2026-11-20T00:00:00.000Z"}]
    assert sorted(offers(module)) == [("on-demand", "m5.large", ""), ("spot", "m5.large", REGION + "a")]
    assert any("m5.lrage in eu-central-1: its on-demand price is unknown" in line for line in module.logs)


def test_prices_of_a_partition_without_a_price_list_are_unknown_and_said_so(module, world):
    module.settings.update(regions=["us-gov-west-1"], instance_types=["m5.large"])
    assert offers(module) == {}
    assert any("no price list" in line for line in module.logs)
    assert "pricing:GetProducts" not in [f"{e['service']}:{e['action']}" for e in world.log]


def test_prices_in_china_are_asked_there_and_in_its_currency(module, world):
    module.settings.update(regions=["cn-north-1"], instance_types=["m5.large"])
    world.prices = {("cn-north-1", "m5.large"): [product("A", "0.7000000000", currency="CNY")]}
    (offer,) = module.records("offer", "offers")
    assert (offer["currency"], offer["price_micro_h"]) == ("CNY", 700000)
    assert [e["region"] for e in world.log if e["service"] == "pricing"] == ["cn-northwest-1"]


def test_quotas_count_all_that_runs_and_fall_back_to_defaults(module, world):
    world.add_group(REGION, "web", desired=2, type="m5.xlarge")
    world.add_machine(REGION, "m5.large")
    world.add_machine(REGION, "m5.large", market="spot")
    world.add_machine(REGION, "m5.large", state="stopped")
    quotas = {q["name"].split()[0]: (q["used"], q["limit"], q["unit"]) for q in module.records("quota", "quotas")}
    assert quotas["ec2/L-1216C47A"] == (10, 64, "vcpus")
    assert quotas["ec2/L-34B43A08"] == (2, 32, "vcpus")
    assert quotas["ec2/L-DB2E81BA"] == (0, 8, "vcpus")


def test_a_machine_of_unknown_size_makes_the_usage_unknown(module, world):
    world.add_machine(REGION, "m9.huge")
    quotas = {q["name"].split()[0]: q["used"] for q in module.records("quota", "quotas")}
    assert quotas["ec2/L-1216C47A"] is None and quotas["ec2/L-34B43A08"] == 0


def test_a_type_with_a_senseless_number_of_processors_is_an_error(module, world):
    world.types["m5.large"] = (2000000, 8192, "x86_64", 3.1)
    world.add_machine(REGION, "m5.large")
    records, done = module.call("quotas")
    assert done["done"] == "retry" and "2000000 is no number of processors" in done["error"]["text"] and records == []


def test_notices_of_pool_instances_are_told_and_of_others_not(module, world):
    group = world.add_group(REGION, "web", desired=4, market="spot", rebalance=True)
    a, b, c, d = sorted(group["members"])
    now = world.now()
    world.spot_requests = {a: {"region": REGION, "code": "marked-for-termination", "at": now},
                           b: {"region": REGION, "code": "fulfilled", "at": now},
                           "i-0aaa": {"region": REGION, "code": "marked-for-termination", "at": now}}
    world.events = {b: {"region": REGION, "code": "system-reboot", "description": "reboot", "at": now + 3600},
                    c: {"region": REGION, "code": "instance-retirement", "description": "[Completed] x", "at": now}}
    world.machines[c].update(state="shutting-down", reason="Server.SpotInstanceTermination")
    world.add_activity(group, "InProgress", "", "Launching", cause=f"in response to an EC2 rebalance recommendation for {d}")
    notices = {(n["instance"], n["kind"]): n for n in module.records("interruption", "interruptions")}
    assert set(notices) == {(a, "terminate"), (b, "maintenance"), (c, "terminate"), (d, "rebalance")}
    assert abs(notices[(a, "terminate")]["at_us"] / 1e6 - now - 120) < 1
    assert {n["pool"] for n in notices.values()} == {f"{REGION}/web"}


def test_check_names_the_call_that_is_refused(module, world):
    world.denied = {"ec2:DescribeSpotPriceHistory", "pricing:GetProducts"}
    permissions = {p["call"]: p for p in module.records("permission", "check")}
    assert permissions["sts:GetCallerIdentity"]["allowed"]
    refused = {call for call, p in permissions.items() if not p["allowed"]}
    assert refused == {"ec2:DescribeSpotPriceHistory", "pricing:GetProducts"}
    assert f"grant ec2:DescribeSpotPriceHistory in {REGION}" in permissions["ec2:DescribeSpotPriceHistory"]["trouble"]
    assert permissions["autoscaling:SetDesiredCapacity"] == {
        "call": "autoscaling:SetDesiredCapacity", "allowed": True, "writes": True,
        "trouble": "cannot be tried without doing it"}
    assert not {"SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup"} & {entry["action"] for entry in world.log}


def test_check_does_not_take_silence_for_a_refusal(module, world):
    module.settings["endpoint_url_pricing"] = "http://127.0.0.1:1"
    permissions = {p["call"]: p for p in module.records("permission", "check")}
    trouble = permissions["pricing:GetProducts"]["trouble"]
    assert "not reached" in trouble and trouble.endswith("not tried, check again") and "grant" not in trouble


def test_looking_never_writes(module, world):
    world.add_group(REGION, "web", desired=2)
    module.run("check", "describe", "offers", "pools", "quotas", "interruptions")
    assert all(entry["action"].startswith(("Describe", "Get")) for entry in world.log)


def test_the_documented_policies_allow_what_is_asked_and_no_more(module, world):
    text = (Path(__file__).resolve().parents[3] / "docs" / "providers" / "aws.md").read_text()
    policies = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.S)]
    reads, writes = ({action for statement in policy["Statement"] for action in statement["Action"]} for policy in policies)
    group = world.add_group(REGION, "web", desired=2, market="spot", rebalance=True)
    world.add_group(REGION, "old", configuration="old")
    module.settings["instance_types"] = ["m5.large"]
    module.run("check", "describe", "offers", "pools", "quotas", "interruptions")
    asked = {f"{entry['service']}:{entry['action']}" for entry in world.log}
    assert asked - {"sts:GetCallerIdentity"} == reads
    world.log.clear()
    assert module.follow(module.grow(module.pool("web"), 3))["done"] == "ok"
    assert module.follow(module.shrink(module.pool("web"), sorted(group["members"])[0]))["done"] == "ok"
    assert {f"{entry['service']}:{entry['action']}" for entry in world.log} - reads == writes
