"""The aws module in the conformance suite: the double behind the fault proxy."""
import time

from doubles.aws.json_services import product
from doubles.aws.server import Double as Aws
from doubles.fault_proxy import FaultProxy
from providers.double import Double as Contract
from providers.double import NotPlayed

REGION = "eu-central-1"
WRITE = "DesiredCapacity"  # stands in the forms of both writes and of no look


class ConformanceDouble(Contract):
    module = "aws"

    def start(self, folder):
        self.folder = folder
        self.aws = Aws().start()
        self.proxy = FaultProxy(self.aws.url).start()
        self.world, self.began = self.aws.world, time.monotonic()
        self.group = self.world.add_group(REGION, "web", desired=2, least=1, most=10)
        self.world.prices = {(REGION, "m5.large"): [product("ABC", "0.1150000000")]}
        self.world.spot[REGION] = [{"instanceType": "m5.large", "availabilityZone": REGION + "a", "spotPrice": "0.04",
                                    "productDescription": "Linux/UNIX", "timestamp": "2026-11-20T00:00:00.000Z"}]

    def stop(self):
        self.proxy.release()
        self.proxy.stop()
        self.aws.stop()

    def settings(self):
        return f'regions = ["{REGION}"]\ngroups = ["*"]\nendpoint_url = "{self.proxy.url}"\n'

    def environment(self):
        return {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": self.secret(), "AWS_EC2_METADATA_DISABLED": "true",
                "HOME": str(self.folder)}

    def pool(self):
        return f"{REGION}/web"

    def instances(self):
        return sorted(id for id, member in self.group["members"].items() if member["lifecycle"] != "Terminating")

    def desired(self):
        return self.group["desired"]

    def settle(self):
        with self.aws.lock:
            self.world.settle(self.group)

    def add_strange_instance(self):
        machine = self.world.add_machine(REGION)
        self.group["members"][machine["id"]] = {"machine": machine, "lifecycle": "Newly:Invented", "looks": 0, "protected": False,
                                                "health": "Healthy"}
        return machine["id"]

    def change_behind(self):
        self.group["uuid"] = "uuid-of-another-group"

    def hold_next_write(self):
        self.proxy.fault("hold", match=WRITE)

    def write_arrived(self, timeout=20):
        return self.proxy.arrived.wait(timeout)

    def release_write(self):
        self.proxy.release()

    def fail_next(self, kind):
        look = "Action=Describe"
        throttled = "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>"
        faults = {"throttled": dict(kind="status", match=look, status=503, body=throttled, headers={"Retry-After": "2"}),
                  "unwell": dict(kind="status", match=look, status=500, body="<html>oops</html>"),
                  "reset": dict(kind="refuse", match=look), "lost_reply": dict(kind="reset", match=WRITE),
                  "cut_list": dict(kind="cut", match=look), "html": dict(kind="html", match=look)}
        if kind in faults:
            self.proxy.fault(**faults[kind])
        elif kind == "auth":
            self.world.keys["AKIDEXAMPLE"]["secret"] = "changed"
        elif kind == "no_capacity":
            self.group["launch"] = "ice"
        else:
            raise NotPlayed

    def recover(self):
        self.proxy.clear()
        self.world.keys["AKIDEXAMPLE"]["secret"] = self.secret()

    def requests(self):
        return [(at - self.began, *text.split()[:2]) for at, text in zip(self.proxy.times, self.proxy.requests)]

    def writes(self):
        return sum(entry["action"] in ("SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup") for entry in self.world.log)

    def secret(self):
        return "double-secret"
