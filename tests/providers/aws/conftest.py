"""Fixtures of the aws module's tests: the double, fresh for each test, and the module run by provider-tool with real HTTP."""
import json
import os
import subprocess
from pathlib import Path

import pytest

from doubles.aws.server import Double
from doubles.fault_proxy import FaultProxy

ROOT = Path(__file__).resolve().parents[3]
REGION = "eu-central-1"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "double-secret"}


class Module:
    """One account of the aws module. Every call is a process of its own, as after a kill; what it keeps is in a file."""

    def __init__(self, tool, folder, url):
        self.tool, self.folder, self.url = tool, folder, url
        self.environment = dict(KEYS)
        self.settings = {"regions": [REGION], "groups": ["*"], "endpoint_url": url}

    def _write_settings(self):
        path = self.folder / "settings.hcl"
        path.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in self.settings.items()))
        return path

    def command(self, deadline):
        """The words and the environment of provider-tool."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "AWS_EC2_METADATA_DISABLED": "true",
                       "ASAN_OPTIONS": "detect_leaks=1", **self.environment}
        return [self.tool, "-deadline", str(deadline), "-kept", self.folder / "kept.json", "aws",
                self._write_settings()], environment

    def start(self, name, **arguments):
        """A call that goes on in a process of its own."""
        words, environment = self.command(60)
        return subprocess.Popen([*words, name, json.dumps(arguments)], env=environment, stdout=subprocess.DEVNULL)

    def run(self, *calls, deadline=60):
        """calls: names or (name, arguments). The records and the end of each call: (records, done)."""
        words, environment = self.command(deadline)
        lines = [json.dumps({"function": c, "arguments": {}} if isinstance(c, str) else
                            {"function": c[0], "arguments": c[1]}) for c in calls]
        process = subprocess.run([*words, "-"], input="\n".join(lines) + "\n", env=environment, capture_output=True,
                                 text=True, timeout=deadline * len(calls) + 60)
        assert "Sanitizer" not in process.stderr, process.stderr
        self.output = process.stdout + process.stderr
        answers, records, self.logs = [], [], []
        for line in process.stdout.splitlines():
            message = json.loads(line)
            if "done" in message:
                answers.append((records, message))
                records = []
            elif "log" in message:
                self.logs.append(f"{message['log']}: {message['text']}")
            elif message.get("record") == "instance":
                records[-1][1].setdefault("instances", []).append(message["value"])
            elif "record" in message:
                records.append((message["record"], message["value"]))
        assert answers, self.output
        return answers

    def call(self, name, **arguments):
        return self.run((name, arguments))[0]

    def records(self, kind, name, **arguments):
        records, done = self.call(name, **arguments)
        assert done["done"] == "ok", done
        return [value for found, value in records if found == kind]

    def pools(self):
        return self.records("pool", "pools")

    def pool(self, name):
        pool = next(pool for pool in self.pools() if pool["name"] == name)
        pool.setdefault("instances", [])
        return pool

    def grow(self, pool, to):
        return self.call("grow", observed={k: v for k, v in pool.items() if k != "instances"},
                         instances=pool["instances"], to=to)[1]

    def shrink(self, pool, *ids):
        return self.call("shrink", pool=pool["id"], instances=list(ids))[1]

    def follow(self, done, most=8):
        """Polls an operation until it ends; the last answer."""
        for _ in range(most):
            if done["done"] != "ok" or not done["operation"]["token"]:
                return done
            done = self.call("poll", token=done["operation"]["token"])[1]
        return done


@pytest.fixture
def double():
    running = Double().start()
    yield running
    running.stop()


@pytest.fixture
def world(double):
    return double.world


@pytest.fixture
def proxy(double):
    running = FaultProxy(double.url).start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def tool():
    path = Path(os.environ.get("DROVER_PROVIDER_TOOL", ROOT / "build" / "asan" / "provider-tool"))
    if not path.exists():
        pytest.skip(f"{path} is not built: ninja provider-tool drover-provider-aws")
    return path


@pytest.fixture
def module(tool, double, tmp_path):
    return Module(tool, tmp_path, double.url)


@pytest.fixture
def through_proxy(tool, proxy, tmp_path):
    return Module(tool, tmp_path, proxy.url)
