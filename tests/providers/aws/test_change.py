"""Growing, shrinking, taking back: never a machine too many, never the wrong one."""
import pytest

REGION = "eu-central-1"
WRITES = ("SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup")


def writes(world):
    return [entry["action"] for entry in world.log if entry["action"] in WRITES]


def alive(world, name):
    return sorted(id for id, m in world.groups[(REGION, name)]["members"].items() if m["lifecycle"] != "Terminating")


def test_growing_is_followed_until_every_machine_is_in_service(module, world):
    world.add_group(REGION, "web", desired=1)
    done = module.grow(module.pool("web"), 3)
    assert done["done"] == "ok" and done["operation"]["token"]
    done = module.follow(done)
    assert done["done"] == "ok" and done["operation"]["progress"] == "done"
    assert len(alive(world, "web")) == 3 and writes(world) == ["SetDesiredCapacity"]
    assert world.log[-1]["form"].get("HonorCooldown") is None
    assert next(e for e in world.log if e["action"] == "SetDesiredCapacity")["form"]["HonorCooldown"] == "false"


def test_growing_from_a_stale_view_is_a_conflict_and_writes_nothing(module, world):
    group = world.add_group(REGION, "web", desired=1)
    seen = module.pool("web")
    group["desired"] = 2
    done = module.grow(seen, 3)
    assert done["done"] == "conflict" and "its size is 2 and not 1" in done["error"]["text"]
    world.add_group(REGION, "web", desired=1)
    done = module.grow(seen, 3)
    assert done["done"] == "conflict" and "made anew" in done["error"]["text"]
    assert writes(world) == []


def test_shrinking_removes_exactly_the_named_instances(module, world):
    group = world.add_group(REGION, "web", desired=4)
    pool = module.pool("web")
    victims = [pool["instances"][at]["id"] for at in (1, 3)]
    done = module.follow(module.shrink(pool, *victims))
    assert done["done"] == "ok" and done["operation"]["progress"] == "done"
    assert alive(world, "web") == [pool["instances"][at]["id"] for at in (0, 2)]
    assert group["desired"] == 2


def test_shrinking_twice_lowers_the_size_once(module, world):
    group = world.add_group(REGION, "web", desired=3)
    pool = module.pool("web")
    victim = pool["instances"][0]["id"]
    assert module.shrink(pool, victim)["done"] == "ok"
    assert module.follow(module.shrink(pool, victim))["done"] == "ok"
    assert module.shrink(pool, victim)["done"] == "ok"
    assert group["desired"] == 2 and writes(world) == ["TerminateInstanceInAutoScalingGroup"]


def test_an_instance_that_lives_elsewhere_is_never_removed(module, world):
    world.add_group(REGION, "web", desired=2)
    other = world.add_group(REGION, "other", desired=1)
    stray = world.add_machine(REGION)
    pool = module.pool("web")
    for id in (next(iter(other["members"])), stray["id"]):
        done = module.shrink(pool, pool["instances"][0]["id"], id)
        assert done["done"] == "not_found" and id in done["error"]["text"]
    assert writes(world) == []


def test_an_instance_in_standby_is_not_removed(module, world):
    group = world.add_group(REGION, "web", desired=2)
    pool = module.pool("web")
    victim = pool["instances"][0]["id"]
    group["members"][victim]["lifecycle"] = "Standby"
    assert module.shrink(pool, victim)["done"] == "conflict"
    assert writes(world) == []


def test_names_that_are_no_instances_are_refused_before_anything_is_asked(module, world):
    world.add_group(REGION, "web", desired=2)
    pool = module.pool("web")
    world.log.clear()
    for ids in (["web-1"], ["i-xyz"], ["i-1", "i-1"], ["i-" + "0" * 40], [f"i-{n:017x}" for n in range(101)]):
        assert module.shrink(pool, *ids)["done"] == "invalid"
    assert world.log == []


def test_a_pool_that_is_not_selected_is_not_touched(module, world):
    world.add_group(REGION, "web", desired=2)
    pool = module.pool("web")
    module.settings["groups"] = ["db"]
    assert module.grow(pool, 3)["done"] == "not_found"
    assert module.shrink(pool, pool["instances"][0]["id"])["done"] == "not_found"
    assert module.call("withdraw", pool=pool["id"])[1]["done"] == "not_found"
    assert module.call("withdraw", pool="mars-north-1/web")[1]["done"] == "not_found"
    assert writes(world) == []


def test_a_lost_reply_of_a_growth_is_unknown_and_looking_shows_it_happened(through_proxy, world, proxy):
    world.add_group(REGION, "web", desired=1)
    pool = through_proxy.pool("web")
    proxy.fault("reset", match="Action=SetDesiredCapacity")
    assert through_proxy.grow(pool, 2)["done"] == "unknown"
    assert writes(world) == ["SetDesiredCapacity"]
    assert through_proxy.pool("web")["desired"] == 2
    assert through_proxy.grow(pool, 2)["done"] == "conflict"
    assert writes(world) == ["SetDesiredCapacity"] and world.groups[(REGION, "web")]["desired"] == 2


def test_a_connection_that_is_refused_is_tried_again_for_writes_too(module, world):
    world.add_group(REGION, "web", desired=1)
    pool = module.pool("web")
    module.settings["endpoint_url_autoscaling"] = "http://127.0.0.1:1"
    done = module.grow(pool, 2)
    assert done["done"] == "unreachable" and writes(world) == []


def test_a_lost_reply_of_a_removal_is_unknown_and_repeating_it_removes_nothing_more(through_proxy, world, proxy):
    group = world.add_group(REGION, "web", desired=3)
    pool = through_proxy.pool("web")
    victim = pool["instances"][0]["id"]
    proxy.fault("reset", match="Action=TerminateInstance")
    assert through_proxy.shrink(pool, victim)["done"] == "unknown"
    assert group["desired"] == 2
    assert through_proxy.follow(through_proxy.shrink(pool, victim))["done"] == "ok"
    assert group["desired"] == 2 and len(alive(world, "web")) == 2
    assert writes(world) == ["TerminateInstanceInAutoScalingGroup"]


def test_a_removal_that_the_group_does_not_show_yet_is_not_sent_again(through_proxy, world, proxy):
    """The group's description lags: the size went down and the instance still looks in service."""
    world.settles = False
    group = world.add_group(REGION, "web", desired=3)
    pool = through_proxy.pool("web")
    victim = pool["instances"][0]["id"]
    proxy.fault("reset", match="Action=TerminateInstance")
    assert through_proxy.shrink(pool, victim)["done"] == "unknown"
    group["members"][victim]["lifecycle"] = "InService"
    done = through_proxy.shrink(pool, victim)
    assert done["done"] == "ok" and done["operation"]["progress"] == "running"
    assert group["desired"] == 2 and writes(world) == ["TerminateInstanceInAutoScalingGroup"]


def test_a_removal_whose_request_never_arrived_is_sent_after_waiting(through_proxy, world, proxy):
    group = world.add_group(REGION, "web", desired=3)
    pool = through_proxy.pool("web")
    victim = pool["instances"][0]["id"]
    proxy.fault("refuse", match="Action=TerminateInstance", times=9)
    assert through_proxy.shrink(pool, victim)["done"] == "unknown"
    proxy.clear()
    kept = through_proxy.folder / "kept.json"
    assert victim in kept.read_text()
    assert through_proxy.follow(through_proxy.shrink(pool, victim))["done"] == "ok"
    assert group["desired"] == 2 and victim not in group["members"] and victim not in kept.read_text()


def test_a_kill_between_a_removal_and_its_answer_removes_nothing_twice(through_proxy, world, proxy):
    group = world.add_group(REGION, "web", desired=3)
    pool = through_proxy.pool("web")
    victims = [instance["id"] for instance in pool["instances"][:2]]
    proxy.fault("hold", match="Action=TerminateInstance")
    process = through_proxy.start("shrink", pool=pool["id"], instances=victims)
    assert proxy.arrived.wait(30), "the removal never came"
    process.kill()
    process.wait()
    proxy.release()
    assert group["desired"] == 2 and victims[0] in (through_proxy.folder / "kept.json").read_text()
    assert through_proxy.follow(through_proxy.shrink(pool, *victims))["done"] == "ok"
    assert alive(world, "web") == [pool["instances"][2]["id"]] and group["desired"] == 1
    assert len(writes(world)) == 2


def test_a_growth_that_failed_is_taken_back_only_where_nothing_can_be_lost(module, world):
    group = world.add_group(REGION, "web", desired=2, protect=True)
    group["launch"] = "ice"
    assert module.follow(module.grow(module.pool("web"), 5))["done"] == "no_capacity"
    assert group["desired"] == 5
    assert module.call("withdraw", pool=f"{REGION}/web")[1]["done"] == "ok"
    assert group["desired"] == 2 and len(alive(world, "web")) == 2
    assert module.call("withdraw", pool=f"{REGION}/web")[1]["done"] == "ok"
    group.update(desired=5, protect=False)
    done = module.call("withdraw", pool=f"{REGION}/web")[1]
    assert done["done"] == "conflict" and group["desired"] == 5


def on(world, action, happens):
    """Something happens right before the double answers that action the next time."""
    original = world.take_fault

    def watched(asked, region):
        if asked == action:
            world.take_fault = original
            happens()
        return original(asked, region)

    world.take_fault = watched


@pytest.mark.parametrize("action", ["DescribeLaunchTemplateVersions", "DescribeScalingActivities"])
def test_somebody_who_raises_the_size_while_a_growth_is_prepared_is_not_undone(module, world, action):
    group = world.add_group(REGION, "web", desired=2)
    pool = module.pool("web")
    on(world, action, lambda: group.update(desired=7))
    done = module.grow(pool, 3)
    assert done["done"] == "conflict" and "its size is 7 and not 2" in done["error"]["text"]
    assert writes(world) == [] and group["desired"] == 7


def test_somebody_who_raises_the_size_while_a_growth_waits_is_not_undone(module, world):
    """A throttled write goes again after a pause, in which anything may happen."""
    group = world.add_group(REGION, "web", desired=2)
    pool = module.pool("web")
    world.faults.append({"action": "SetDesiredCapacity", "status": 400, "code": "Throttling", "times": 1})
    on(world, "SetDesiredCapacity", lambda: group.update(desired=7))
    assert module.grow(pool, 3)["done"] == "conflict"
    assert writes(world) == ["SetDesiredCapacity"] and group["desired"] == 7 and len(alive(world, "web")) >= 2


def test_a_suspended_group_is_lowered_only_where_nothing_else_is_against_it(module, world):
    plain = world.add_group(REGION, "plain", desired=2, protect=True)
    mixed = world.add_group(REGION, "mixed", desired=2, protect=True, mixed={
        "overrides": [{"InstanceType": "m5.large", "WeightedCapacity": "4"}], "distribution": {}})
    for group in (plain, mixed):
        group.update(desired=5, suspended=["Launch"])
    assert module.call("withdraw", pool=f"{REGION}/plain")[1]["done"] == "ok" and plain["desired"] == 2
    done = module.call("withdraw", pool=f"{REGION}/mixed")[1]
    assert done["done"] == "invalid" and "weights" in done["error"]["text"] and mixed["desired"] == 5


def test_a_group_that_finds_machines_after_all_is_not_lowered(module, world):
    group = world.add_group(REGION, "web", desired=2, protect=True)
    group.update(desired=4, launch="ice")
    on(world, "DescribeLaunchTemplateVersions", lambda: group.update(launch="ok"))
    done = module.call("withdraw", pool=f"{REGION}/web")[1]
    assert done["done"] == "conflict" and "look again" in done["error"]["text"]
    assert writes(world) == [] and group["desired"] == 4


def test_a_launch_that_failed_in_one_zone_and_went_well_in_another_is_no_failure(module, world):
    group = world.add_group(REGION, "web", desired=1)
    done = module.grow(module.pool("web"), 2)
    world.launch(group)
    world.add_activity(group, "Failed", "We currently do not have sufficient m5.large capacity", "Launching a new EC2 instance")
    done = module.follow(done)
    assert done["done"] == "ok" and done["operation"]["progress"] == "done"


def test_a_launch_that_a_hook_gave_up_is_a_failure(module, world):
    group = world.add_group(REGION, "web", desired=1, suspended=["Launch"])
    world.settles = False
    group["suspended"] = []
    done = module.grow(module.pool("web"), 2)
    world.add_activity(group, "Cancelled", "Instance failed to complete user's Lifecycle Action: Lifecycle Action with token x "
                       "was abandoned: Heartbeat Timeout", "Launching a new EC2 instance: i-0aaa")
    done = module.follow(done)
    assert done["done"] == "no_capacity" and "abandoned" in done["error"]["text"]


def test_a_kill_between_a_growth_and_its_answer_grows_nothing_twice(through_proxy, world, proxy):
    group = world.add_group(REGION, "web", desired=1)
    pool = through_proxy.pool("web")
    observed = {k: v for k, v in pool.items() if k != "instances"}
    proxy.fault("hold", match="Action=SetDesiredCapacity")
    process = through_proxy.start("grow", observed=observed, instances=pool["instances"], to=3)
    assert proxy.arrived.wait(30), "the growth never came"
    process.kill()
    process.wait()
    proxy.release()
    assert through_proxy.grow(pool, 3)["done"] == "conflict"
    assert through_proxy.pool("web")["desired"] == 3
    assert writes(world) == ["SetDesiredCapacity"] and group["desired"] == 3


def test_a_kill_before_a_growth_left_changes_nothing_and_it_may_be_asked_again(through_proxy, world, proxy):
    group = world.add_group(REGION, "web", desired=1)
    pool = through_proxy.pool("web")
    observed = {k: v for k, v in pool.items() if k != "instances"}
    proxy.fault("hold", match="Action=DescribeScalingActivities")
    process = through_proxy.start("grow", observed=observed, instances=pool["instances"], to=3)
    assert proxy.arrived.wait(30), "the growth never began"
    process.kill()
    process.wait()
    proxy.release()
    assert writes(world) == [] and group["desired"] == 1
    assert through_proxy.follow(through_proxy.grow(pool, 3))["done"] == "ok"
    assert writes(world) == ["SetDesiredCapacity"] and group["desired"] == 3


def test_a_removal_that_is_asked_for_again_while_the_group_lags_is_sent_once(module, world):
    """Whoever asked may have died before it noted the answer."""
    world.lag_s = 3
    group = world.add_group(REGION, "web", desired=3)
    pool = module.pool("web")
    victim = pool["instances"][0]["id"]
    done = module.shrink(pool, victim)
    assert done["done"] == "ok" and module.pool("web")["instances"][0]["state"] == "running"
    assert module.shrink(pool, victim)["done"] == "ok"
    assert writes(world) == ["TerminateInstanceInAutoScalingGroup"] and group["desired"] == 2
    assert module.follow(done, most=200)["operation"]["progress"] == "done"
    assert victim not in (module.folder / "kept.json").read_text()


def test_a_call_that_comes_twice_is_done_once(module, world):
    group = world.add_group(REGION, "web", desired=2)
    pool = module.pool("web")
    assert [module.grow(pool, 3)["done"] for _ in range(2)] == ["ok", "conflict"]
    pool = module.pool("web")
    victim = pool["instances"][0]["id"]
    assert [module.shrink(pool, victim)["done"] for _ in range(3)] == ["ok"] * 3
    assert writes(world) == list(WRITES) and group["desired"] == 2


def test_somebody_who_lowers_the_size_meanwhile_is_a_conflict(module, world):
    group = world.add_group(REGION, "web", desired=1)
    world.settles = False
    done = module.grow(module.pool("web"), 3)
    group["desired"] = 2
    assert module.call("poll", token=done["operation"]["token"])[1]["done"] == "conflict"


def test_an_instance_that_waits_in_a_lifecycle_hook_is_still_going(module, world):
    world.settles = False
    world.add_group(REGION, "web", desired=2, hook=True)
    pool = module.pool("web")
    done = module.shrink(pool, pool["instances"][0]["id"])
    done = module.call("poll", token=done["operation"]["token"])[1]
    assert done["done"] == "ok" and done["operation"]["progress"] == "running"
