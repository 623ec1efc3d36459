"""What a provider's double offers the conformance suite, whatever provider it plays.

A module's tests implement Double once; test_conformance.py does the rest. A pool of a double starts with the machines
it is given and runs no faster than it is told to: what grow began is done when `settle` is called.
"""
import json
import os
import subprocess
from pathlib import Path

# The faults that fail_next understands. A double that cannot play one raises NotPlayed; the test is then a counted skip.
FAULTS = (
    "auth",         # credentials refused, until `recover`
    "throttled",    # one answer: asked too often, Retry-After: 2
    "unwell",       # one answer: a server error
    "reset",        # the connection is cut before anything is done
    "lost_reply",   # the write is done, its answer is not sent
    "cut_list",     # one answer to a list: the first page is whole, the rest does not come
    "no_capacity",  # the next growth ends without machines
    "html",         # one answer: 200 with a page of HTML
)


class NotPlayed(Exception):
    """This double cannot play that fault."""


class Double:
    """One provider under test. `module` is the module's name or the path of its shared object."""

    module = None
    # What the suite may ask of the module: functions of provider.h that it offers.
    functions = ("check", "describe", "offers", "pools", "quotas", "interruptions", "grow", "shrink", "poll")

    def start(self, folder: Path):
        """Starts the service with one pool "web" of two running machines, min 1, max 10. `folder` is for its files."""
        raise NotImplementedError

    def stop(self):
        raise NotImplementedError

    def settings(self) -> str:
        """The inside of the account's provider block, HCL."""
        raise NotImplementedError

    def environment(self) -> dict:
        """Variables to add to the module's environment."""
        return {}

    def pool(self) -> str:
        """The id of the pool, as the module reports it."""
        return "web"

    def instances(self) -> list:
        """Ids of the pool's machines that exist now, in any state but gone, sorted."""
        raise NotImplementedError

    def desired(self) -> int:
        raise NotImplementedError

    def settle(self):
        """What was begun comes to its end."""
        raise NotImplementedError

    def add_strange_instance(self) -> str:
        """Puts one machine into a state whose name the module cannot know; its id."""
        raise NotPlayed

    def change_behind(self):
        """Somebody else changes the pool: its generation, or its size by one."""
        raise NotPlayed

    def hold_next_write(self):
        """The next write is done, but its answer waits until `release_write`."""
        raise NotPlayed

    def write_arrived(self, timeout=20) -> bool:
        """Whether the held write has been done."""
        raise NotPlayed

    def release_write(self):
        raise NotPlayed

    def fail_next(self, kind: str):
        raise NotPlayed

    def recover(self):
        """No more faults."""
        raise NotPlayed

    def requests(self) -> list:
        """(seconds since the double's start, method, path) of all requests so far."""
        raise NotImplementedError

    def writes(self) -> int:
        """How many writes took effect."""
        raise NotImplementedError

    def secret(self) -> str:
        """What must never be seen in anything the module says."""
        raise NotImplementedError


class Result:
    """What provider-tool printed for one call."""

    def __init__(self, lines, exit_status, stderr):
        self.lines, self.exit_status, self.stderr = lines, exit_status, stderr
        done = [line for line in lines if "done" in line]
        self.done = done[-1] if done else None
        self.status = self.done["done"] if self.done else None
        self.error = (self.done or {}).get("error", {})
        self.operation = (self.done or {}).get("operation")

    def records(self, kind):
        return [line["value"] for line in self.lines if line.get("record") == kind]

    def log(self):
        return [line for line in self.lines if "log" in line]

    def __repr__(self):
        return f"Result(status={self.status}, error={self.error.get('text')!r}, exit={self.exit_status}, {self.stderr[-400:]!r})"


def tool_path():
    """DROVER_PROVIDER_TOOL, else the one beside DROVER_BIN, else build/provider-tool."""
    beside = Path(os.environ.get("DROVER_BIN") or Path(__file__).resolve().parents[2] / "build" / "drover").parent
    return str(Path(os.environ.get("DROVER_PROVIDER_TOOL") or beside / "provider-tool").resolve())


class Runner:
    """Runs a double's module by provider-tool, one process a call, as after a kill."""

    def __init__(self, double: Double, folder: Path):
        self.double, self.folder = double, folder
        self.settings = folder / "settings.hcl"
        self.kept = folder / "kept.json"

    def command(self, function, arguments=None, deadline=30):
        self.settings.write_text(self.double.settings())
        words = [tool_path(), "-deadline", str(deadline), "-kept", str(self.kept), str(self.double.module), str(self.settings), function]
        return words + ([json.dumps(arguments)] if arguments is not None else [])

    def start(self, function, arguments=None, deadline=30):
        environment = {**os.environ, **self.double.environment()}
        return subprocess.Popen(self.command(function, arguments, deadline), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, env=environment)

    def call(self, function, arguments=None, deadline=30):
        process = self.start(function, arguments, deadline)
        output, errors = process.communicate(timeout=deadline + 30)
        return Result([json.loads(line) for line in output.splitlines()], process.returncode, errors)

    def pools(self):
        return self.call("pools")

    def observed(self):
        """The double's pool as the module sees it, with its instances: what grow is given."""
        result = self.pools()
        assert result.status == "ok", result
        pool, instances, ours = None, [], False
        for line in result.lines:
            if line.get("record") == "pool":
                ours = line["value"]["id"] == self.double.pool()
                pool = line["value"] if ours else pool
            elif line.get("record") == "instance" and ours:
                instances.append(line["value"])
        assert pool, f"no pool {self.double.pool()} among {result.records('pool')}"
        return pool, instances

    def grow(self, observed, to, **more):
        pool, instances = observed
        return self.call("grow", {"observed": pool, "instances": instances, "to": to}, **more)

    def shrink(self, instances, **more):
        return self.call("shrink", {"pool": self.double.pool(), "instances": list(instances)}, **more)

    def poll_to_end(self, result, most=50):
        """Polls what a call began until it has ended; the last result."""
        for _ in range(most):
            if result.status != "ok" or not result.operation or result.operation["progress"] == "done":
                return result
            self.double.settle()
            result = self.call("poll", {"token": result.operation["token"]})
        raise AssertionError(f"the operation does not end: {result}")
