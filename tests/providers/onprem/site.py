"""A site of machines for the tests: settings as HCL, and the module run on them by provider-tool."""
import json
import subprocess
import time


class Tool:
    """provider-tool with the account open; kill() is a kill -9, what was kept stays for the next one."""

    def __init__(self, program, module, folder, deadline=30):
        self.program, self.module, self.folder, self.deadline = program, module, folder, deadline
        self.process, self.environment = None, None

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "-deadline", str(self.deadline), "-kept", str(self.folder / "kept.json"), str(self.module),
             str(self.folder / "settings.hcl"), "-"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=(self.folder / "stderr").open("ab"), text=True, env=self.environment)

    def call(self, function, **arguments):
        """The records by kind, with "done" the last message."""
        if self.process is None:
            self.start()
        self.process.stdin.write(json.dumps({"function": function, "arguments": arguments}) + "\n")
        self.process.stdin.flush()
        return self.read()

    def read(self):
        records, self.lines = {}, []
        for line in self.process.stdout:
            message = json.loads(line)
            self.lines.append(line)
            if "done" in message:
                records["done"], records["status"] = message, message["done"]
                return records
            records.setdefault(message.get("record", "other"), []).append(message.get("value", message))
        raise AssertionError(f"provider-tool ended: {(self.folder / 'stderr').read_text()[-2000:]}")

    def pools(self):
        """One look: (pool, {machine: instance}) of the first pool."""
        records = self.call("pools")
        assert records["status"] == "ok", records
        return records["pool"][0], {instance["id"]: instance for instance in records["instance"]}

    def states(self):
        return {name: instance["state"] for name, instance in self.pools()[1].items()}

    def grow(self, to, desired=None, pool="rack-a"):
        records = self.call("pools")
        observed = next(record for record in records["pool"] if record["id"] == pool)
        if desired is not None:
            observed["desired"] = desired
        return self.call("grow", observed=observed, instances=[], to=to)

    def shrink(self, *machines, pool="rack-a"):
        return self.call("shrink", pool=pool, instances=list(machines))

    def follow(self, begun, seconds=15):
        """Polls to the end: the last answer."""
        assert begun["status"] == "ok", begun
        operation, end = begun["done"]["operation"], time.monotonic() + seconds
        while operation["progress"] == "running":
            assert time.monotonic() < end, f"still running: {operation}"
            time.sleep(0.1)
            begun = self.call("poll", token=operation["token"])
            if begun["status"] != "ok":
                return begun
            operation = begun["done"]["operation"]
        return begun

    def kept(self):
        path = self.folder / "kept.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self):
        if self.process:
            self.process.stdin.close()
            status = self.process.wait(timeout=30)
            self.process.stdout.close()
            self.process = None
            assert status in (0, 1), (self.folder / "stderr").read_text()[-2000:]


SITE = """
site = "fra1"
currency = "EUR"
tariff_rate = 0.14
confirm_delay = "50ms"
connect_timeout = "1s"
timeout = "2s"
libvirt_timeout = "2s"
{more}
credential "bmc" {{
  username = "operator"
  password_file = "{folder}/password"
}}
pool "rack-a" {{
  purchase = 12000
  watts_loaded = 420
  watts_idle = 180
  watts_off = 12
  off_timeout = "{off_timeout}"
  {pool}
}}
"""


def write_settings(folder, machines, more="", pool="adopt_running = true", off_timeout="10s", password="correct horse"):
    """`machines`: name -> the inside of its block."""
    (folder / "password").write_text(password + "\n")
    (folder / "password").chmod(0o600)
    text = SITE.format(folder=folder, more=more, pool=pool, off_timeout=off_timeout)
    for name, inside in machines.items():
        text += f'machine "{name}" {{\n  pool = "rack-a"\n  {inside}\n}}\n'
    (folder / "settings.hcl").write_text(text)
