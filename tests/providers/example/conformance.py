"""The example module on its service, in this process."""
import os

from doubles.lines.service import Service
from providers.double import Double


class ConformanceDouble(Double):
    module = os.environ.get("DROVER_EXAMPLE_MODULE", "example")
    functions = ("check", "offers", "pools", "grow", "shrink", "poll")

    def start(self, folder):
        self.service = Service()
        self.token_file = folder / "token"
        self.token_file.write_text(self.service.token + "\n")
        self.token_file.chmod(0o600)

    def stop(self):
        self.service.stop()

    def settings(self):
        return f'endpoint = "http://127.0.0.1:{self.service.port}"\ntoken_file = "{self.token_file}"\n'

    def instances(self):
        return sorted(self.service.machines)

    def desired(self):
        return self.service.desired

    def settle(self):
        self.service.settle()

    def add_strange_instance(self):
        self.service.machines["m-9"] = "hibernating"
        return "m-9"

    def change_behind(self):
        self.service.generation += 1

    def hold_next_write(self):
        self.service.holding = True

    def write_arrived(self, timeout=20):
        with self.service.lock:
            return self.service.lock.wait_for(lambda: self.service.held, timeout=timeout)

    def release_write(self):
        with self.service.lock:
            self.service.holding = False
            self.service.lock.notify_all()

    def fail_next(self, kind):
        self.service.fail_next(kind)

    def recover(self):
        self.service.faults.clear()
        self.service.refused = False

    def requests(self):
        return list(self.service.asked)

    def writes(self):
        return self.service.write_count

    def secret(self):
        return self.service.token
