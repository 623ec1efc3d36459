"""The onprem module on the fake BMC: a pool "web" of ten machines, two of them on. What exists, as the suite means it, is what is on."""
import threading
import time

from doubles.bmc.bmc import Bmc, System
from providers.double import Double, NotPlayed


class HeldBmc(Bmc):
    """Can hold back the answer to a reset, and knows when what came."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.began, self.times = time.time(), []
        self.hold, self.arrived, self.released = False, threading.Event(), threading.Event()

    def note(self, method, path):
        self.times.append((time.time() - self.began, method, path))

    def answered(self, method, path):
        if method == "POST" and path.endswith(".Reset") and self.hold:
            self.hold = False
            self.arrived.set()
            self.released.wait(30)


class ConformanceDouble(Double):
    module = "onprem"
    functions = ("check", "describe", "offers", "pools", "quotas", "grow", "shrink", "poll")

    def start(self, folder):
        self.folder = folder / "bmc"
        self.folder.mkdir()
        (self.folder / "password").write_text("correct horse\n")
        (self.folder / "password").chmod(0o600)
        self.bmc = HeldBmc([System(f"m{i}", power="On" if i < 2 else "Off") for i in range(10)], self.folder)
        self.bmc.start()

    def stop(self):
        self.bmc.released.set()
        self.bmc.stop()

    def settings(self):
        text = (f'site = "fra1"\ntariff_rate = 0.14\nconfirm_delay = "20ms"\n'
                f'credential "bmc" {{\n  username = "operator"\n  password_file = "{self.folder}/password"\n}}\n'
                'pool "web" {\n  min = 1\n  adopt_running = true\n  purchase = 12000\n  watts_loaded = 420\n}\n')
        for name in self.bmc.systems:
            text += f'machine "{name}" {{\n  pool = "web"\n  system = "/redfish/v1/Systems/{name}"\n  {self.bmc.settings()}\n}}\n'
        return text

    def instances(self):
        return sorted(name for name, system in self.bmc.systems.items() if system.power != "Off")

    def desired(self):
        return len(self.instances())

    def settle(self):
        pass

    def add_strange_instance(self):
        self.bmc.systems["m9"].power = "Hibernating"
        return "m9"

    def change_behind(self):
        self.bmc.systems["m9"].power = "On"

    def hold_next_write(self):
        self.bmc.hold = True

    def write_arrived(self, timeout=20):
        return self.bmc.arrived.wait(timeout)

    def release_write(self):
        self.bmc.released.set()

    def fail_next(self, kind):
        if kind == "auth":
            self.bmc.password = "another"
        elif kind == "throttled":
            self.bmc.fail_next("GET", "*", "429")
        elif kind == "unwell":
            self.bmc.fail_next("GET", "*/Systems/m0", "500")
        elif kind == "lost_reply":
            self.bmc.fail_next("POST", "*.Reset", "lost")
        else:
            # Machines are those of the settings: what a BMC does not tell makes one unknown, and no list shorter.
            raise NotPlayed

    def recover(self):
        self.bmc.password = "correct horse"

    def requests(self):
        return list(self.bmc.times)

    def writes(self):
        return sum(len(system.commands) for system in self.bmc.systems.values())

    def secret(self):
        return "correct horse"
