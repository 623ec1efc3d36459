"""The azure module in the conformance suite: the ARM double, which plays its faults itself."""
import time

from doubles.azure.server import Double as Azure
from doubles.azure.world import CLIENT_ID, CLIENT_SECRET, SUBSCRIPTION, TENANT
from providers.double import Double as Contract
from providers.double import NotPlayed

LIST = {"method": "GET", "path": "virtualMachine"}  # scale sets and their machines
THROTTLED = {"status": 429, "headers": {"Retry-After": "2"}, "body": {"error": {"code": "TooManyRequests", "message": "slower"}}}


class ConformanceDouble(Contract):
    module = "azure"

    def start(self, folder):
        self.began = time.monotonic()
        self.azure = Azure(folder / "azure")
        self.azure.__enter__()
        self.world = self.azure.world
        self.set = self.world.add_scale_set("web", capacity=2)
        self.secret_file = folder / "secret"
        self.secret_file.write_text(CLIENT_SECRET + "\n")
        self.secret_file.chmod(0o600)

    def stop(self):
        self.release_write()
        self.azure.__exit__()

    def settings(self):
        url = self.azure.arm_url
        return (f'arm_endpoint = "{url}"\nauthority = "{url}"\nprice_endpoint = "{url}"\nca_file = "{self.azure.ca_file}"\n'
                f'subscription = "{SUBSCRIPTION}"\ntenant = "{TENANT}"\nclient_id = "{CLIENT_ID}"\n'
                f'client_secret_file = "{self.secret_file}"\npool "web" {{\n  min = 1\n  max = 10\n}}\n')

    def pool(self):
        return "rg1/web"

    def instances(self):
        return sorted(f"{one.key}@{one.vm_id[:8]}" for one in self.set.instances.values())

    def desired(self):
        return self.set.capacity

    def settle(self):
        self.world.advance(1)
        with self.world.lock:
            self.world.operations.settle()

    def add_strange_instance(self):
        self.set.capacity += 1
        self.set.materialise()
        strange = list(self.set.instances.values())[-1]
        strange.power = "hibernating"
        return f"{strange.key}@{strange.vm_id[:8]}"

    def change_behind(self):
        self.set.touch()

    def hold_next_write(self):
        self.world.faults.add(path="virtualMachineScaleSets", method="PATCH", hold=True)

    def write_arrived(self, timeout=20):
        return self.world.held.wait(timeout)

    def release_write(self):
        self.world.gate.set()

    def fail_next(self, kind):
        if kind == "auth":
            self.world.tokens.identities[CLIENT_ID].secret = "another"
        elif kind == "no_capacity":
            self.world.operations.plans.append({"status": "Failed", "error": {"code": "AllocationFailed", "message": "full"}})
        elif kind == "lost_reply":
            self.world.faults.add(path="virtualMachineScaleSets/web(/delete)?\\?", method="PATCH", close="after")
            self.world.faults.add(path="virtualMachineScaleSets/web/delete", method="POST", close="after")
        else:
            faults = {"throttled": {"answer": THROTTLED}, "unwell": {"answer": {"status": 500, "body": "<html>oops</html>"}},
                      "reset": {"close": "before"}, "cut_list": {"close": "cut"}, "html": {"answer": {"status": 200, "body": "<html></html>"}}}
            if kind not in faults:
                raise NotPlayed
            self.world.faults.add(**LIST, **faults[kind])

    def recover(self):
        self.world.faults.clear()
        self.world.tokens.identities[CLIENT_ID].secret = CLIENT_SECRET

    def requests(self):
        """Without the tokens that were given: those come before each call's first request here, as each is a new process."""
        return [(one["at"] - self.began, one["method"], one["target"]) for one in self.world.log
                if "/oauth2/" not in one["target"] or one.get("status") != 200]

    def writes(self):
        return sum(one.get("status", 500) < 300 for one in self.world.writes())

    def secret(self):
        return CLIENT_SECRET
