"""The state of the double: keys, groups, machines, prices, quotas; and how groups follow their desired size."""
import copy
import time

ZONES = ("a", "b", "c")
LAUNCH_FAILURES = {
    "ice": "We currently do not have sufficient {type} capacity in the Availability Zone you requested ({zone}). Our "
           "system will be working on provisioning additional capacity. Launching EC2 instance failed.",
    "ice-spot": "There is no Spot capacity available that matches your request. Launching EC2 instance failed.",
    "quota": "You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket "
             "that the specified instance type belongs to. Launching EC2 instance failed.",
    "odd": "The image id '[ami-0]' does not exist. Launching EC2 instance failed.",
}
DEFAULT_TYPES = {
    "t3.micro": (2, 1024, "x86_64", 3.1), "m5.large": (2, 8192, "x86_64", 3.1), "m5.xlarge": (4, 16384, "x86_64", 3.1),
    "m6g.large": (2, 8192, "arm64", 2.5), "g4dn.xlarge": (4, 16384, "x86_64", 2.5),
}


class World:
    def __init__(self):
        self.keys = {"AKIDEXAMPLE": {"secret": "double-secret"}}
        self.clock_ahead_s = 0
        self.groups, self.machines, self.templates = {}, {}, {}
        self.types = dict(DEFAULT_TYPES)
        self.prices = {}        # (region, type) -> list of products
        self.spot = {}          # region -> list of rows
        self.quotas = {"L-1216C47A": 64.0, "L-34B43A08": 32.0}
        self.default_quotas = {"L-DB2E81BA": 8.0, "L-3819A6DF": 8.0, "L-417A185B": 0.0, "L-7212CCBC": 0.0}
        self.spot_requests, self.events = {}, {}
        self.faults, self.denied, self.log = [], set(), []
        self.page_size = 100
        self.repeat_tokens = False
        self.lag_s = 0          # so long a group shows an instance as it was before its removal, with the new size
        self.settles = True     # machines start and end by themselves, one step a look
        self.metadata = {"enabled": True, "role": "drover-role", "tokens": set(), "status": {}}
        self.next_number = 1

    def now(self):
        return time.time() + self.clock_ahead_s

    def number(self):
        self.next_number += 1
        return self.next_number

    def add_group(self, region, name, desired=0, least=0, most=10, type="m5.large", market="on-demand", **more):
        template = f"lt-{self.number():017x}"
        self.templates[template] = {"type": type, "market": market}
        group = {"region": region, "name": name, "desired": desired, "min": least, "max": most, "type": type,
                 "market": market, "template": template, "launch": "ok", "uuid": f"uuid-{self.number()}", "members": {},
                 "activities": [], "tags": {}, "protect": False, "suspended": [], "mixed": None, "status": "",
                 "hook": False, "configuration": "", "rebalance": False, "failed_at": None}
        group.update(more)
        self.groups[(region, name)] = group
        self.launch(group)
        for member in group["members"].values():
            self.start(member)
        return group

    def add_machine(self, region, type="m5.large", market="on-demand", state="running", zone=None):
        number = self.number()
        machine = {"id": f"i-{number:017x}", "region": region, "type": type, "market": market, "state": state,
                   "zone": zone or region + ZONES[number % 3], "launched": self.now(), "reason": "",
                   "ip": f"10.0.{number // 250}.{number % 250}"}
        self.machines[machine["id"]] = machine
        return machine

    def counted(self, group):
        return [m for m in group["members"].values()
                if not m["lifecycle"].startswith(("Terminat", "Standby", "Detach"))]

    def add_activity(self, group, status, message, description, cause="at request"):
        activity = {"ActivityId": f"activity-{self.number():06d}", "AutoScalingGroupName": group["name"],
                    "Description": description, "Cause": cause, "StartTime": self.now(), "StatusCode": status,
                    "StatusMessage": message,
                    "Details": f'{{"Subnet ID":"subnet-1","Availability Zone":"{group["region"]}a"}}'}
        group["activities"].insert(0, activity)

    def launch(self, group):
        """Starts what is missing, or fails to, once for each wish."""
        while len(self.counted(group)) < group["desired"] and "Launch" not in group["suspended"]:
            if group["launch"] != "ok":
                if group["failed_at"] != group["desired"]:
                    text = LAUNCH_FAILURES[group["launch"]].format(type=group["type"], zone=group["region"] + "a")
                    self.add_activity(group, "Failed", text, "Launching a new EC2 instance. Status Reason: " + text)
                    group["failed_at"] = group["desired"]
                return
            machine = self.add_machine(group["region"], group["type"], group["market"], state="pending")
            group["members"][machine["id"]] = {"machine": machine, "lifecycle": "Pending", "looks": 0,
                                               "protected": group["protect"], "health": "Healthy"}
            self.add_activity(group, "Successful", "", f"Launching a new EC2 instance: {machine['id']}")

    @staticmethod
    def start(member):
        member["lifecycle"] = "InService"
        member["machine"]["state"] = "running"

    def settle(self, group):
        """One step of time for a group that is looked at."""
        if not self.settles:
            return
        self.launch(group)
        for id, member in list(group["members"].items()):
            if member["lifecycle"] == "Pending":
                member["looks"] += 1
                if member["looks"] > 1:
                    self.start(member)
            elif member["lifecycle"] == "Terminating" and time.monotonic() >= member.get("lags_until", 0):
                member["looks"] += 1
                member["machine"]["state"] = "shutting-down"
                if member["looks"] > 1:
                    member["machine"]["state"] = "terminated"
                    del group["members"][id]

    def shrink_by_itself(self, group):
        """What a group does when its size is lowered: it chooses victims of its own among those not protected."""
        while len(self.counted(group)) > group["desired"]:
            victims = [m for m in self.counted(group) if not m["protected"]]
            if not victims:
                return
            victims[0].update(lifecycle="Terminating", looks=0)

    @staticmethod
    def shown_lifecycle(group, member):
        if time.monotonic() < member.get("lags_until", 0):
            return "InService"
        return member["lifecycle"] + (":Wait" if member["lifecycle"] == "Terminating" and group["hook"] else "")

    def group_of(self, instance):
        for group in self.groups.values():
            if instance in group["members"]:
                return group
        return None

    def take_fault(self, action, region):
        for fault in self.faults:
            if fault["action"] in (action, "*") and fault.get("region", region) == region:
                if fault.get("skip", 0) > 0:
                    fault["skip"] -= 1
                    continue
                fault["times"] -= 1
                if fault["times"] <= 0:
                    self.faults.remove(fault)
                return copy.copy(fault)
        return None
