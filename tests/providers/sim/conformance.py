"""The sim module on drover-sim: one region "east" with a pool "web" of two machines. A proxy between them loses, spoils and holds
back what passes; what a provider itself does (no capacity, another token) drover-sim plays."""
import json
import os
import subprocess
import time
import unittest
import urllib.request
from pathlib import Path

from doubles.fault_proxy import FaultProxy
from providers.double import Double, tool_path

POOL = {"Name": "web", "Count": 2, "Min": 1, "Max": 10, "BootMS": 2000, "GoneMS": 1000, "InstanceType": "m5.large", "HourlyUSD": "0.096"}
WORLD = {"Seed": 1, "Regions": [{"Name": "east", "Pools": [POOL]}]}
LIST, WRITE = "GET /sim/machines\n", "POST /sim/machines/"


def program():
    """DROVER_SIM_BIN, else the one beside provider-tool."""
    return Path(os.environ.get("DROVER_SIM_BIN") or Path(tool_path()).parent / "drover-sim").resolve()


class Simulator:
    """drover-sim with a provider token, and its control port."""

    def __init__(self, folder, world=None, token="the-token-of-the-simulation"):
        if not program().exists():
            raise unittest.SkipTest("drover-sim is not built: ninja -C build drover-sim, or set DROVER_SIM_BIN")
        self.token, self.token_file, spec = token, folder / "sim-token", folder / "world.json"
        self.token_file.write_text(token + "\n")
        self.token_file.chmod(0o600)
        spec.write_text(json.dumps(world or WORLD))
        self.process = subprocess.Popen([program(), "-spec", spec, "-provider-token-file", self.token_file],
                                        stdout=subprocess.PIPE, text=True)
        self.url = json.loads(self.process.stdout.readline())["Control"]

    def ask(self, path, body=None):
        request = urllib.request.Request(self.url + path, data=None if body is None else json.dumps(body).encode(),
                                         headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def pool(self, region="east", name="web"):
        regions = {found["Name"]: found for found in self.ask("/sim/machines")["Regions"]}
        return next(pool for pool in regions[region]["Pools"] if pool["Name"] == name)

    def fault(self, kind, argument="", region="east"):
        self.ask("/sim/fault", {"Region": region, "Kind": kind, "Argument": argument})

    def price(self, micro, currency="USD", region="east", pool="web"):
        self.ask("/sim/price", {"Region": region, "Pool": pool, "MicroPerHour": micro, "Currency": currency})

    def advance(self, milliseconds):
        self.ask("/sim/advance", {"Milliseconds": milliseconds})

    def stop(self):
        self.process.terminate()
        assert self.process.wait(20) == 0, "drover-sim did not end well"
        self.process.stdout.close()


class ConformanceDouble(Double):
    module = "sim"
    functions = Double.functions + ("withdraw",)

    def start(self, folder):
        self.sim = Simulator(folder)
        self.token_file = folder / "token"
        self.proxy = FaultProxy(self.sim.url).start()
        self.began = time.monotonic()
        self.recover()

    def stop(self):
        self.proxy.release()
        self.proxy.stop()
        self.sim.stop()

    def settings(self):
        return f'endpoint = "{self.proxy.url}"\ntoken_file = "{self.token_file}"\n'

    def pool(self):
        return "east/web"

    def instances(self):
        return sorted(instance["ID"] for instance in self.sim.pool()["Instances"])

    def desired(self):
        return self.sim.pool()["Desired"]

    def settle(self):
        self.sim.advance(5000)

    def add_strange_instance(self):
        """One answer in which the first machine is in a state of tomorrow."""
        told = self.sim.ask("/sim/machines")
        strange = told["Regions"][0]["Pools"][0]["Instances"][0]
        strange["State"] = "hibernating"
        self.proxy.fault("status", match=LIST, status=200, body=json.dumps(told), headers={"Content-Type": "application/json"})
        return strange["ID"]

    def change_behind(self):
        pool = self.sim.pool()
        self.sim.ask("/sim/machines/grow", {"Region": "east", "Pool": "web", "Desired": pool["Desired"],
                                            "Generation": pool["Generation"], "To": pool["Desired"] + 1})

    def hold_next_write(self):
        self.proxy.fault("hold", match=WRITE)

    def write_arrived(self, timeout=20):
        return self.proxy.arrived.wait(timeout)

    def release_write(self):
        self.proxy.release()

    def fail_next(self, kind):
        if kind == "auth":
            self.token_file.write_text("another-token\n")
        elif kind == "no_capacity":
            self.sim.fault("no-capacity", "web")
        else:
            self.proxy.fault(**{
                "throttled": {"kind": "status", "match": LIST, "status": 429, "headers": {"Retry-After": "2"}},
                "unwell": {"kind": "status", "match": LIST, "status": 500, "body": "oh"},
                "reset": {"kind": "refuse"},
                "lost_reply": {"kind": "reset", "match": WRITE},
                "cut_list": {"kind": "cut", "match": LIST},
                "html": {"kind": "html", "match": LIST},
            }[kind])

    def recover(self):
        self.token_file.write_text(self.sim.token + "\n")
        self.token_file.chmod(0o600)
        self.proxy.clear()

    def requests(self):
        return [(at - self.began, *text.split(None, 2)[:2]) for at, text in zip(self.proxy.times, self.proxy.requests)]

    def writes(self):
        """Every write that took effect moved the pool's generation on by one."""
        return self.sim.pool()["Generation"] - 1

    def secret(self):
        return self.sim.token
