"""Growth and removal while anything may go wrong on the way, chosen by a seed: what was asked for is done in the end, once, and nothing
else. Rerun one: pytest tests/providers/aws/test_chance.py -k 'seed-3'."""
import random
import time

import pytest

REGION = "eu-central-1"
LOST = [dict(kind="reset"), dict(kind="cut"), dict(kind="html"), dict(kind="after_status", status=500, body="<html>oops</html>"),
        dict(kind="after_status", status=503), dict(kind="slow", seconds=0.3)]
REFUSED = [dict(kind="status", status=429), dict(kind="status", status=400, body="<ErrorResponse><Error><Code>Throttling</Code>"
                "</Error></ErrorResponse>")]
LOOKS = ["Action=DescribeAutoScalingGroups", "Action=DescribeLaunchTemplateVersions", "Action=DescribeScalingActivities",
         "Action=DescribeInstances"]


class Operator:
    """Somebody who wants one thing at a time and asks again until it is so, as the agent does."""

    def __init__(self, module, group, proxy, chance):
        self.module, self.group, self.proxy, self.chance = module, group, proxy, chance
        self.sizes, self.named = [], []

    def disturb(self):
        for _ in range(self.chance.randint(0, 2)):
            self.proxy.fault(match=self.chance.choice(LOOKS), **self.chance.choice(LOST + REFUSED))
        if self.chance.random() < 0.7:
            self.proxy.fault(match=self.chance.choice(["Action=SetDesired", "Action=Terminate"]),
                             **self.chance.choice(LOST + REFUSED))

    def ask(self, function, **arguments):
        """The outcome's word, "killed" when the process does not live to tell."""
        if self.chance.random() < 0.2:
            process = self.module.start(function, **arguments)
            time.sleep(self.chance.uniform(0.02, 0.4))
            process.kill()
            process.wait()
            return "killed"
        return self.module.call(function, **arguments)[1]["done"]

    def look(self):
        self.proxy.clear()
        pool = self.module.pool("web")
        return pool, {key: value for key, value in pool.items() if key != "instances"}

    def grow(self):
        pool, observed = self.look()
        to = pool["desired"] + self.chance.randint(1, 2)
        self.sizes.append(to)
        for _ in range(10):
            self.disturb()
            self.ask("grow", observed=observed, instances=pool["instances"], to=to)
            pool, observed = self.look()
            if pool["desired"] == to:
                return
        raise AssertionError(f"never grew to {to}")

    def shrink(self):
        pool, _ = self.look()
        running = [i["id"] for i in pool["instances"] if i["state"] == "running" and i["id"] not in self.named]
        victims = self.chance.sample(running, min(len(running), self.chance.randint(1, 2)))
        self.named += victims
        for _ in range(40):
            self.disturb()
            self.ask("shrink", pool=pool["id"], instances=victims)
            self.proxy.clear()
            if victims and not any(i["state"] == "running" and i["id"] in victims for i in self.module.pool("web")["instances"]):
                return
        raise AssertionError(f"{victims} were never removed")


@pytest.mark.parametrize("seed", range(8), ids=lambda seed: f"seed-{seed}")
def test_what_was_asked_is_done_once_and_nothing_else(through_proxy, world, proxy, seed):
    chance = random.Random(seed)
    world.lag_s = 1
    group = world.add_group(REGION, "web", desired=4, most=40)
    wanted, seen = 4, set(group["members"])
    operator = Operator(through_proxy, group, proxy, chance)
    for _ in range(12):
        before = len(operator.named)
        if wanted < 3 or chance.random() < 0.5:
            operator.grow()
            wanted = operator.sizes[-1]
        else:
            operator.shrink()
            wanted -= len(operator.named) - before
        assert group["desired"] == wanted, f"seed {seed}: {operator.sizes} {operator.named}"
        seen |= set(group["members"])
    gone = seen - {id for id, member in group["members"].items() if not member["lifecycle"].startswith("Terminat")}
    assert gone == set(operator.named)
    writes = [entry["form"] for entry in world.log if entry["action"] in ("SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup")]
    assert [int(form["DesiredCapacity"]) for form in writes if "DesiredCapacity" in form] == operator.sizes
    assert sorted(form["InstanceId"] for form in writes if "InstanceId" in form) == sorted(operator.named)
