"""A site of machines for the tests: settings as HCL, and the module run on them by provider-tool."""
import json
import subprocess


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
                records["done"] = message
                return records
            for kind, record in message.items():
                records.setdefault(kind, []).append(record)
        raise AssertionError(f"provider-tool ended: {(self.folder / 'stderr').read_text()[-2000:]}")

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
