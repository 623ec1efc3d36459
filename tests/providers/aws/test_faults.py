"""Fault cases, numbered: 1 credentials that are not whole, 2 refused, 3 ended; 4 a clock that is off; 5 throttling; 6 a write whose
answer is lost; 7 sizes out of bounds; 8 no capacity and quotas; 9 an instance already gone; 10 malformed and hostile answers; 11 the
instance's metadata, and notices. 12, a teardown of a region, is not this module's: it creates and removes none."""
import time

import pytest

from doubles.aws.json_services import product

REGION = "eu-central-1"
SECRET = "double-secret"
ROLE = "arn:aws:iam::123456789012:role/drover"


def writes(world):
    return [e["action"] for e in world.log if e["action"] in ("SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup")]


def failed(module, name="pools"):
    records, done = module.call(name)
    assert done["done"] != "ok" and records == [], done
    assert SECRET not in module.output
    return done["done"], done["error"]["text"]


def write_profile(module, credentials="", config="", mode=0o600):
    folder = module.folder / ".aws"
    folder.mkdir(exist_ok=True)
    for name, text in (("credentials", credentials), ("config", config)):
        (folder / name).write_text(text)
        (folder / name).chmod(mode)


# 1: half a pair, a missing profile

@pytest.mark.parametrize("variable", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_fault_01_half_a_pair_in_the_environment_is_an_error(module, world, variable):
    write_profile(module, f"[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = {SECRET}\n")
    del module.environment[variable]
    status, text = failed(module)
    assert status == "invalid" and "half a key pair in the environment" in text and f"{variable} is not" in text
    assert world.log == []


def test_fault_01_half_a_pair_in_a_file_or_in_the_settings_is_an_error(module, world):
    module.environment = {}
    write_profile(module, f"[default]\naws_secret_access_key = {SECRET}\n")
    status, text = failed(module)
    assert status == "invalid" and "half a key pair in profile default of the credentials file" in text
    module.settings["access_key_id"] = "AKIDEXAMPLE"
    status, text = failed(module)
    assert status == "invalid" and "the settings have only access_key_id" in text
    assert world.log == []


def test_fault_01_a_profile_that_is_named_must_exist(module, world):
    module.settings["profile"] = "nobody"
    status, text = failed(module)
    assert status == "invalid" and 'profile "nobody" stands neither' in text
    del module.settings["profile"]
    module.environment["AWS_PROFILE"] = "ghost"
    status, text = failed(module)
    assert status == "invalid" and 'profile "ghost" of AWS_PROFILE stands neither' in text and world.log == []


def test_fault_01_a_file_with_secrets_that_others_may_read_is_refused(module, world):
    module.environment = {}
    write_profile(module, f"[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = {SECRET}\n", mode=0o644)
    status, text = failed(module)
    assert status == "invalid" and "others than its owner may read it" in text and world.log == []


# 2: wrong secret, unknown key

@pytest.mark.parametrize("changed, code", [({"AWS_SECRET_ACCESS_KEY": "double-secret-not"}, "SignatureDoesNotMatch"),
                                           ({"AWS_ACCESS_KEY_ID": "AKIDUNKNOWN"}, "InvalidClientTokenId")])
def test_fault_02_refused_credentials_are_final_and_not_tried_again(module, world, changed, code):
    module.environment.update(changed)
    records, done = module.call("pools")
    assert (done["done"], done["error"]["code"]) == ("auth", code)
    assert len(world.log) == 1 and SECRET not in module.output


def test_fault_02_ec2_says_it_with_401(module, world):
    module.environment["AWS_ACCESS_KEY_ID"] = "AKIDUNKNOWN"
    records, done = module.call("describe")
    assert (done["done"], done["error"]["code"]) == ("auth", "AuthFailure") and len(world.log) == 1


# 3: a role that ends

def test_fault_03_an_expired_role_is_renewed_once_and_the_call_repeated_once(module, world):
    module.settings["role_arn"] = ROLE
    world.add_group(REGION, "web")
    world.faults.append({"action": "DescribeAutoScalingGroups", "status": 403, "code": "ExpiredToken", "times": 1})
    assert [pool["name"] for pool in module.pools()] == ["web"]
    actions = [entry["action"] for entry in world.log]
    assert actions[:4] == ["AssumeRole", "DescribeAutoScalingGroups", "AssumeRole", "DescribeAutoScalingGroups"]


def test_fault_03_expired_again_after_the_renewal_ends_it(module, world):
    module.settings["role_arn"] = ROLE
    world.faults.append({"action": "DescribeAutoScalingGroups", "status": 403, "code": "ExpiredToken", "times": 9})
    status, text = failed(module)
    assert status == "auth" and "ExpiredToken" in text
    assert [entry["action"] for entry in world.log].count("DescribeAutoScalingGroups") == 2


def test_fault_03_a_renewal_that_fails_is_told_and_makes_no_loop(module, world):
    module.settings["role_arn"] = ROLE
    world.faults += [{"action": "DescribeAutoScalingGroups", "status": 400, "code": "RequestExpired", "times": 1},
                     {"action": "AssumeRole", "status": 403, "code": "AccessDenied", "times": 9, "skip": 1}]
    status, text = failed(module)
    assert status == "auth" and "sts:AssumeRole" in text and "AccessDenied" in text
    assert [entry["action"] for entry in world.log] == ["AssumeRole", "DescribeAutoScalingGroups", "AssumeRole"]


# 4: a clock that is off

@pytest.mark.parametrize("ahead", [1200, -1200])
def test_fault_04_a_clock_20_minutes_off_is_corrected_by_the_answers_date(module, world, ahead):
    world.clock_ahead_s = ahead
    world.add_group(REGION, "web", desired=1)
    assert [pool["name"] for pool in module.pools()] == ["web"]
    warnings = [line for line in module.logs if "clock" in line]
    assert len(warnings) == 2 and all(line.startswith("warn") for line in warnings), "one for each endpoint"
    assert [e["action"] for e in world.log].count("DescribeAutoScalingGroups") == 2


def test_fault_04_a_date_that_does_not_help_is_final(through_proxy, world, proxy):
    world.clock_ahead_s = 1200
    proxy.fault("date", seconds=7200, times=99)
    status, text = failed(through_proxy)
    assert status == "auth" and ("not yet current" in text or "expired" in text)
    assert len(world.log) == 2


# 5: throttled

def test_fault_05_throttled_three_times_then_served(module, world):
    world.add_group(REGION, "web")
    world.faults.append({"action": "DescribeAutoScalingGroups", "status": 503, "code": "RequestLimitExceeded", "times": 3})
    assert [pool["name"] for pool in module.pools()] == ["web"]
    assert [e["action"] for e in world.log].count("DescribeAutoScalingGroups") == 4


def test_fault_05_throttled_five_times_gives_up(module, world):
    world.faults.append({"action": "DescribeAutoScalingGroups", "status": 400, "code": "Throttling", "times": 99})
    records, done = module.call("pools")
    assert done["done"] == "throttled" and done["error"]["retry_at_us"] > time.time() * 1e6 - 1e6
    assert len(world.log) == 5


def test_fault_05_a_throttled_write_was_not_done_and_is_sent_again(module, world):
    group = world.add_group(REGION, "web", desired=1)
    pool = module.pool("web")
    world.faults.append({"action": "SetDesiredCapacity", "status": 400, "code": "Throttling", "times": 2})
    assert module.grow(pool, 2)["done"] == "ok"
    assert writes(world) == ["SetDesiredCapacity"] * 3 and group["desired"] == 2


def test_fault_05_an_internal_error_of_a_write_is_unknown_and_not_repeated(module, world):
    world.add_group(REGION, "web", desired=1)
    pool = module.pool("web")
    world.faults.append({"action": "SetDesiredCapacity", "status": 500, "code": "InternalFailure", "times": 1})
    assert module.grow(pool, 2)["done"] == "unknown"
    assert writes(world) == ["SetDesiredCapacity"]


# 6: a lost answer. What a region's creation would do twice, growth and removal would too.

LOST = [dict(kind="reset"), dict(kind="cut"), dict(kind="html"), dict(kind="after_status", status=502, body="<html>bad gateway</html>"),
        dict(kind="after_status", status=520), dict(kind="after_status", status=503, body="<ErrorResponse><Error><Code>ServiceUnavailable"
             "</Code></Error></ErrorResponse>")]
LOST_NAMES = ["reset", "cut", "html", "bad-gateway", "unlisted-5xx", "unavailable"]


@pytest.mark.parametrize("fault", LOST, ids=LOST_NAMES)
def test_fault_06_a_growth_whose_answer_is_lost_is_never_sent_again(through_proxy, world, proxy, fault):
    group = world.add_group(REGION, "web", desired=1)
    pool = through_proxy.pool("web")
    proxy.fault(match="Action=SetDesiredCapacity", **fault)
    assert through_proxy.grow(pool, 2)["done"] == "unknown"
    assert through_proxy.pool("web")["desired"] == 2, "looking shows that it arrived"
    assert through_proxy.grow(pool, 2)["done"] == "conflict"
    assert writes(world) == ["SetDesiredCapacity"] and group["desired"] == 2


@pytest.mark.parametrize("fault", LOST, ids=LOST_NAMES)
def test_fault_06_a_removal_whose_answer_is_lost_is_never_sent_again(through_proxy, world, proxy, fault):
    group = world.add_group(REGION, "web", desired=3)
    pool = through_proxy.pool("web")
    victim = pool["instances"][0]["id"]
    proxy.fault(match="Action=TerminateInstance", **fault)
    done = through_proxy.shrink(pool, victim)
    assert done["done"] == ("unknown" if fault["kind"] in ("reset", "cut") else "ok"), "what was answered is settled by looking"
    assert through_proxy.follow(through_proxy.shrink(pool, victim))["done"] == "ok"
    assert writes(world) == ["TerminateInstanceInAutoScalingGroup"] and group["desired"] == 2
    assert victim not in (through_proxy.folder / "kept.json").read_text()


def test_fault_06_a_write_that_is_answered_too_late_is_unknown_when_the_calls_time_is_over(through_proxy, world, proxy):
    group = world.add_group(REGION, "web", desired=1)
    pool = through_proxy.pool("web")
    proxy.fault("slow", match="Action=SetDesiredCapacity", seconds=8)
    started = time.monotonic()
    ((_, done),) = through_proxy.run(("grow", {"observed": {k: v for k, v in pool.items() if k != "instances"}, "to": 2,
                                               "instances": pool["instances"]}), deadline=4)
    assert done["done"] == "unknown" and time.monotonic() - started < 8
    assert writes(world) == ["SetDesiredCapacity"] and group["desired"] == 2


# 7: outside of Min..Max

def test_fault_07_above_the_maximum_is_refused_before_anything_is_written(module, world):
    group = world.add_group(REGION, "web", desired=2, most=3)
    pool = module.pool("web")
    assert module.grow(pool, 4)["done"] == "invalid"
    done = module.grow({**pool, "max": 9}, 4)
    assert done["done"] == "invalid" and "above its MaxSize, 3" in done["error"]["text"]
    assert writes(world) == [] and group["max"] == 3


def test_fault_07_below_the_minimum_is_refused_and_the_minimum_never_lowered(module, world):
    group = world.add_group(REGION, "web", desired=3, least=2)
    pool = module.pool("web")
    done = module.shrink(pool, *[instance["id"] for instance in pool["instances"][:2]])
    assert done["done"] == "invalid" and "below its MinSize, 2" in done["error"]["text"]
    assert writes(world) == [] and (group["min"], group["desired"]) == (2, 3)


def test_fault_07_the_services_own_refusal_maps_to_the_same(module, world):
    world.add_group(REGION, "web", desired=2)
    pool = module.pool("web")
    world.faults.append({"action": "TerminateInstanceInAutoScalingGroup", "status": 400, "code": "ValidationError", "times": 1,
                         "message": "Currently, desiredSize equals minSize. Terminating instance without replacement will "
                                    "violate group's min size constraint."})
    done = module.shrink(pool, pool["instances"][0]["id"])
    assert done["done"] == "invalid" and "minSize" in done["error"]["text"]


# 8: no capacity, quota

@pytest.mark.parametrize("launch, market, status", [("ice", "on-demand", "no_capacity"), ("ice-spot", "spot", "no_capacity"),
                                                    ("quota", "on-demand", "quota"), ("odd", "on-demand", "no_capacity")])
def test_fault_08_failed_launches_are_read_from_the_activities(module, world, launch, market, status):
    group = world.add_group(REGION, "web", desired=1, market=market)
    world.add_activity(group, "Failed", "We currently do not have sufficient capacity", "Launching a new EC2 instance: old")
    group["launch"] = launch
    done = module.follow(module.grow(module.pool("web"), 2))
    assert done["done"] == status, done
    error = done["error"]
    if status == "no_capacity":
        assert (error["instance_type"], error["zone"], error["market"]) == ("m5.large", REGION + "a", market)
    else:
        assert error["quota"] in [quota["name"] for quota in module.records("quota", "quotas")]
    assert ("not known here" in error["text"]) == (launch == "odd")
    assert writes(world) == ["SetDesiredCapacity"]


def test_fault_08_a_failure_before_the_growth_says_nothing_of_it(module, world):
    group = world.add_group(REGION, "web", desired=1)
    world.add_activity(group, "Failed", "We currently do not have sufficient capacity", "Launching a new EC2 instance: old")
    done = module.follow(module.grow(module.pool("web"), 2))
    assert done["done"] == "ok" and done["operation"]["progress"] == "done"


# 9: already gone

def test_fault_09_an_instance_already_gone_counts_as_removed(module, world):
    group = world.add_group(REGION, "web", desired=2)
    pool = module.pool("web")
    victim = pool["instances"][0]["id"]
    del group["members"][victim]
    world.machines[victim]["state"] = "terminated"
    group["desired"] = 1
    done = module.shrink(pool, victim)
    assert done["done"] == "ok" and done["operation"]["progress"] == "done"
    assert group["desired"] == 1 and writes(world) == []


def test_fault_09_gone_between_the_look_and_the_removal_is_found_by_looking_again(module, world):
    group = world.add_group(REGION, "web", desired=2)
    pool = module.pool("web")
    victim = pool["instances"][0]["id"]
    original = world.take_fault

    def vanish(action, region):
        if action == "TerminateInstanceInAutoScalingGroup":
            group["members"].pop(victim, None)
            world.machines[victim]["state"] = "terminated"
            group["desired"] = 1
        return original(action, region)

    world.take_fault = vanish
    assert module.shrink(pool, victim)["done"] == "ok"
    assert group["desired"] == 1 and writes(world) == ["TerminateInstanceInAutoScalingGroup"]


def test_fault_09_an_html_500_is_settled_by_looking(module, world):
    group = world.add_group(REGION, "web", desired=2)
    pool = module.pool("web")
    victim = pool["instances"][0]["id"]
    world.faults.append({"action": "TerminateInstanceInAutoScalingGroup", "status": 500, "body": "<html>oops</html>", "times": 1})
    assert module.shrink(pool, victim)["done"] == "unknown"
    assert group["desired"] == 2
    assert module.follow(module.shrink(pool, victim))["done"] == "ok"
    assert group["desired"] == 1


# 10: malformed and hostile answers

@pytest.mark.parametrize("fault", [dict(kind="html"), dict(kind="status", status=200, body="<DescribeAutoScalingGroupsRes"),
                                   dict(kind="status", status=200, body=""),
                                   dict(kind="status", status=200, body="<OtherResponse></OtherResponse>"),
                                   dict(kind="status", status=200, body='<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>'
                                        "<DescribeAutoScalingGroupsResponse>&b;</DescribeAutoScalingGroupsResponse>")],
                         ids=["html", "cut-xml", "empty", "other-root", "entities"])
def test_fault_10_an_answer_that_is_no_answer_is_an_error_without_records(through_proxy, world, proxy, fault):
    world.add_group(REGION, "web")
    proxy.fault(match="Action=DescribeAutoScalingGroups", times=9, **fault)
    status, text = failed(through_proxy)
    assert status == "retry" and "cannot be read" in text


def test_fault_10_a_cut_body_is_asked_for_again_and_then_told(through_proxy, world, proxy):
    world.add_group(REGION, "web")
    proxy.fault("cut", match="Action=DescribeAutoScalingGroups")
    assert [pool["name"] for pool in through_proxy.pools()] == ["web"]
    proxy.fault("cut", match="Action=DescribeAutoScalingGroups", times=99)
    status, text = failed(through_proxy)
    assert status == "unreachable"


def test_fault_10_an_endless_body_is_stopped(through_proxy, world, proxy):
    proxy.fault("huge", match="Action=DescribeAutoScalingGroups", size=300 * 1024 * 1024, times=9)
    status, text = failed(through_proxy)
    assert status == "invalid"


@pytest.mark.parametrize("products", [["not json"], [product("A", "abc")], [product("A", "0.0000000000")], [product("A", "-1")],
                                      [product("A", "1"), product("B", "2")], [], [product("A", "1", unit="Quantity")],
                                      [product("A", "1", currency="EUR")]],
                         ids=["no-json", "no-number", "zero", "negative", "two-skus", "none", "no-hours", "other-currency"])
def test_fault_10_a_price_that_makes_no_sense_is_unknown_and_others_still_come(module, world, products):
    world.add_group(REGION, "web", type="m5.large")
    module.settings["instance_types"] = ["m5.xlarge"]
    world.prices = {(REGION, "m5.large"): products, (REGION, "m5.xlarge"): [product("C", "0.23")]}
    found = module.records("offer", "offers")
    assert [(offer["instance_type"], offer["price_micro_h"]) for offer in found] == [("m5.xlarge", 230000)]
    assert any("m5.large in eu-central-1: its on-demand price is unknown" in line for line in module.logs)


@pytest.mark.parametrize("price", ["abc", "0", "-0.1", ""])
def test_fault_10_a_spot_price_that_makes_no_sense_is_left_out(module, world, price):
    module.settings["instance_types"] = ["m5.large"]
    world.spot[REGION] = [{"instanceType": "m5.large", "availabilityZone": REGION + "a", "productDescription": "Linux/UNIX",
                           "spotPrice": price, "timestamp": "2026-11-20T00:00:00.000Z"}]
    assert module.records("offer", "offers") == []


LOOKS = {"describe": "Action=DescribeInstanceTypes", "pools": "Action=DescribeInstances", "offers": "GetProducts",
         "quotas": "GetServiceQuota", "interruptions": "Action=DescribeSpotInstanceRequests", "check": "Action=GetCallerIdentity"}
HEALED = {"refuse": dict(kind="refuse"), "reset": dict(kind="reset"), "cut": dict(kind="cut"),
          "503": dict(kind="status", status=503, body="<html>busy</html>"), "slow": dict(kind="slow", seconds=1),
          "date": dict(kind="date", seconds=1200)}


def furnish(module, world):
    group = world.add_group(REGION, "web", desired=2, market="spot")
    world.prices = {(REGION, "m5.large"): [product("A", "0.1")]}
    world.spot_requests = {sorted(group["members"])[0]: {"region": REGION, "code": "marked-for-termination", "at": 1795384950}}


@pytest.mark.parametrize("look", LOOKS)
def test_fault_10_every_look_survives_what_happens_once_on_the_way(through_proxy, world, proxy, look):
    furnish(through_proxy, world)
    through_proxy.settings["groups"] = ["*"]
    plain, done = through_proxy.call(look)
    assert done["done"] == "ok" and plain, done
    for name, fault in HEALED.items():
        proxy.fault(match=LOOKS[look], **fault)
        records, done = through_proxy.call(look)
        assert done["done"] == "ok" and not proxy.faults, (name, done)
        assert without_times(records) == without_times(plain), name
    assert writes(world) == []


def without_times(records):
    return [(kind, {key: part for key, part in value.items() if key != "observed_at_us"}) for kind, value in records]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("fault", [dict(kind="html"), dict(kind="status", status=403, body="<html>blocked by the proxy</html>")],
                         ids=["html", "proxy"])
def test_fault_10_every_look_that_cannot_be_had_says_what_and_where(through_proxy, world, proxy, look, fault):
    furnish(through_proxy, world)
    proxy.fault(match=LOOKS[look], times=99, **fault)
    _, done = through_proxy.call(look)
    assert done["done"] == ("retry" if fault["kind"] == "html" else "auth"), done
    assert LOOKS[look].split("=")[-1] in done["error"]["text"] and "eu-central-1" in done["error"]["text"]
    assert SECRET not in through_proxy.output and "<html>" not in done["error"]["text"].replace("<html>blocked", "")


def test_fault_10_a_price_list_that_goes_round_in_a_circle_is_an_error(module, world):
    module.settings["instance_types"] = ["m5.large"]
    world.page_size, world.repeat_tokens = 1, True
    world.prices = {(REGION, "m5.large"): [product("A", "1"), product("B", "1"), product("C", "1")]}
    status, text = failed(module, "offers")
    assert status == "retry" and "GetProducts" in text


def test_fault_10_products_on_several_pages_are_several(module, world):
    module.settings["instance_types"] = ["m5.large"]
    world.page_size = 1
    world.prices = {(REGION, "m5.large"): [product("A", "1"), product("B", "1")]}
    assert module.records("offer", "offers") == []
    assert any("several products fit" in line for line in module.logs)


# 11: the instance's metadata

def on_instance(module, url):
    module.environment = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": url, "AWS_EC2_METADATA_DISABLED": "false"}


def test_fault_11_keys_come_from_the_second_version_only(module, world, double):
    on_instance(module, double.url)
    world.add_group(REGION, "web")
    assert [pool["name"] for pool in module.pools()] == ["web"]
    asked = [entry["action"] for entry in world.log if entry["service"] == "imds"]
    path = "/latest/meta-data/iam/security-credentials/"
    assert asked == ["PUT /latest/api/token", f"GET {path}", f"GET {path}drover-role"]


def test_fault_11_a_token_refused_mid_life_is_renewed_once(module, world, double, proxy):
    on_instance(module, proxy.url)
    proxy.fault("status", match="GET /latest/meta-data/iam", status=401)
    assert module.pools() == []
    assert [e["action"] for e in world.log if e["service"] == "imds"].count("PUT /latest/api/token") == 2
    proxy.fault("status", match="GET /latest/meta-data/iam", status=401, times=9)
    status, text = failed(module)
    assert status == "auth" and "HTTP 401" in text


def test_fault_11_a_token_that_never_comes_is_told_and_the_first_version_not_asked(module, world, double, proxy):
    on_instance(module, proxy.url)
    proxy.fault("slow", match="PUT /latest/api/token", seconds=8)
    started = time.monotonic()
    status, text = failed(module)
    assert status == "unreachable" and "hop limit" in text and time.monotonic() - started < 30
    assert all("GET" not in request.split()[0] for request in proxy.requests)


@pytest.mark.parametrize("role", ["a/b", "../../token", "", "x" * 65])
def test_fault_11_a_role_that_is_no_role_name_is_refused(module, world, double, role):
    on_instance(module, double.url)
    world.metadata["role"] = role
    status, text = failed(module)
    assert status == ("auth" if role == "" else "retry")
    assert not any(e["action"].endswith(("b", "token/")) for e in world.log if e["action"].startswith("GET"))


def test_fault_11_a_disabled_service_is_told(module, world, double):
    on_instance(module, double.url)
    world.metadata["enabled"] = False
    status, text = failed(module)
    assert status == "auth" and "HTTP 403" in text


def test_fault_11_an_expiration_that_is_no_time_is_refused(module, world, double, proxy):
    on_instance(module, proxy.url)
    proxy.fault("status", match="drover-role", status=200, times=9,
                body='{"Code":"Success","AccessKeyId":"A","SecretAccessKey":"double-secret","Token":"T","Expiration":"soon"}')
    status, text = failed(module)
    assert status == "retry"


def test_fault_11_a_notice_whose_time_cannot_be_read_is_told_without_one(module, world):
    group = world.add_group(REGION, "web", desired=1, market="spot")
    (victim,) = group["members"]
    world.machines[victim].update(state="shutting-down", reason="Server.SpotInstanceShutdown")
    world.events = {victim: {"region": REGION, "code": "instance-stop", "description": "soon", "at": "when it suits"}}
    notices = module.records("interruption", "interruptions")
    assert [(n["instance"], n["kind"], n.get("at_us")) for n in notices] == [(victim, "terminate", None)] * 2
