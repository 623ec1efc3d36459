"""The azure module with real HTTP, by build/provider-tool, a process a call as after a kill, or one for many calls."""
import json
import os
import subprocess
from pathlib import Path

import pytest

from doubles.azure.world import CLIENT_ID, CLIENT_SECRET, SUBSCRIPTION, TENANT

ROOT = Path(__file__).resolve().parents[3]


def find_tool():
    tool = Path(os.environ.get("DROVER_PROVIDER_TOOL") or ROOT / "build" / "asan" / "provider-tool").resolve()
    if not tool.is_file():
        pytest.skip(f"{tool} is not there: run ./dev test unit, or set DROVER_PROVIDER_TOOL")
    return tool


class Answer:
    """What one call said: its records by kind and how it ended."""

    def __init__(self, lines):
        self.lines = lines
        self.records = {}
        self.done = {}
        for line in lines:
            if "record" in line:
                self.records.setdefault(line["record"], []).append(line["value"])
            if "done" in line:
                self.done = line
        self.status = self.done.get("done", "nothing")
        self.error = self.done.get("error") or {}
        self.operation = self.done.get("operation") or {}

    def __repr__(self):
        return f"{self.status}: {self.error or self.operation or self.lines[-3:]}"


class Module:
    def __init__(self, double, folder, settings=None, environment=None, blocks=""):
        self.double, self.folder = double, folder
        self.tool = find_tool()
        self.environment = environment or {}
        self.secret = folder / "secret"
        self.secret.write_text(CLIENT_SECRET + "\n")
        self.secret.chmod(0o600)
        self.settings = folder / "settings.hcl"
        self.output = ""
        own = {"arm_endpoint": double.arm_url, "authority": double.arm_url, "price_endpoint": double.arm_url,
               "identity_endpoint": double.identity_url, "ca_file": str(double.ca_file), "subscription": SUBSCRIPTION,
               "tenant": TENANT, "client_id": CLIENT_ID, "client_secret_file": str(self.secret)}
        own.update(settings or {})
        self.settings.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in own.items() if value is not None) + blocks)

    def start(self, function, deadline=30, **arguments):
        """A process that makes one call and is not waited for."""
        command = [self.tool, "-deadline", str(deadline), "azure", self.settings, function]
        if arguments:
            command.append(json.dumps(arguments))
        environment = {key: value for key, value in os.environ.items() if not key.startswith("AZURE_")}
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**environment, **self.environment})

    def call(self, function, deadline=30, **arguments):
        with self.start(function, deadline, **arguments) as process:
            try:
                output, errors = process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        done = subprocess.CompletedProcess(process.args, process.returncode, output, errors)
        self.output += done.stdout + done.stderr
        assert done.returncode in (0, 1), f"provider-tool ended with {done.returncode}: {done.stderr}"
        return Answer([json.loads(line) for line in done.stdout.splitlines()])

    def pool(self, name):
        """The pool of that name and its instances, as pools() tells them."""
        answer = self.call("pools")
        assert answer.status == "ok", answer
        found, instances = None, []
        for line in answer.lines:
            if line.get("record") == "pool":
                found = line["value"] if line["value"]["name"] == name else None
                if found:
                    pool = found
            elif line.get("record") == "instance" and found:
                instances.append(line["value"])
        return pool, instances

    def grow(self, name, to, **more):
        pool, instances = self.pool(name)
        return self.call("grow", observed=pool, instances=instances, to=to, **more)

    def finish(self, answer, polls=20):
        """Polls to the end, moving the double's clock; the last answer."""
        while answer.status == "ok" and answer.operation.get("progress") == "running" and polls:
            self.double.world.advance(0.2)
            answer = self.call("poll", token=answer.operation["token"])
            polls -= 1
        return answer
