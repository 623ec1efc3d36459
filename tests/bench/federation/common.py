"""What both benches share: simulated regions, an agent on them, the C peers, small statistics."""
import json
import os
import shlex
import statistics
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from live.http_api import Api, wait_for
from tools.agent import Agent, pool_config, region_config

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BUILD = Path(os.environ.get("DROVER_BUILD", ROOT / "build"))
WORK = BUILD / "bench" / "federation"
START_SECONDS = 120


def compile_peers():
    """cc on each peer_*.c into build/bench/federation."""
    WORK.mkdir(parents=True, exist_ok=True)
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libcurl", "yajl"], check=True, capture_output=True, text=True).stdout
    for source in sorted(HERE.glob("peer_*.c")):
        target = WORK / source.stem.replace("_", "-")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-D_GNU_SOURCE", "-O2", str(source), *shlex.split(flags),
                            "-o", str(target)], check=True)


@contextmanager
def work_folder():
    """A scratch folder on the build's own disk, so that fsync costs what it costs there."""
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        yield Path(folder)


def cpu_seconds(pid):
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid):
    """(VmRSS, VmHWM)"""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return tuple(int(lines[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM"))


class Sim:
    """One drover-sim; `regions` are the members of its Regions."""

    def __init__(self, folder, regions, *options):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        spec = folder / "regions.json"
        spec.write_text(json.dumps({"Seed": 1, "Regions": regions}))
        log = folder / "sim.log"
        with open(log, "wb") as output:
            self.process = subprocess.Popen([str(BUILD / "drover-sim"), "-spec", str(spec), *options], stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=subprocess.STDOUT)
        document = wait_for(lambda: self._started(log), START_SECONDS, "drover-sim")
        self.control = Api(document["Control"], timeout=30)
        self.urls = {each["Name"]: each["Nomad"] for each in document["Regions"]}

    def _started(self, log):
        if self.process.poll() is not None:
            raise SystemExit(f"drover-sim ended with {self.process.returncode}: {log.read_text()}")
        lines = [line for line in log.read_text().splitlines(keepends=True) if line.startswith("{") and line.endswith("\n")]
        return json.loads(lines[0]) if lines else None

    def slow(self, milliseconds):
        for name in self.urls:
            self.control.call("POST", "/sim/fault", {"Region": name, "Kind": "slow", "Argument": str(milliseconds)}).expect(200)

    def mark(self):
        self.control.call("POST", "/sim/mark", {}).expect(200)

    def registers(self):
        """(answered, microseconds of the first request, of the last answer) over all regions."""
        rows = [each["Registers"] for each in self.control.get("/sim/stats").json()["Regions"].values()]
        seen = [each for each in rows if each["Answered"]]
        if not seen:
            return 0, 0, 0
        return sum(each["Answered"] for each in seen), min(each["FirstUs"] for each in seen), max(each["LastUs"] for each in seen)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class BenchAgent(Agent):
    """Asked over HTTP; ready when it answers."""

    def __init__(self, folder, config):
        super().__init__(BUILD / "drover", folder, config, mode="enforce")

    def wait_ready(self, seconds=START_SECONDS):
        def answers():
            if self.process.poll() is not None:
                raise SystemExit(f"the agent ended with {self.process.returncode}\n{self.log_tail()}")
            return self.token_file.exists() and self.status()

        wait_for(answers, seconds, "the agent to answer")

    def status(self):
        return self.api.get("/v1/drover/status").expect(200).json()

    def wait_alive(self, count, seconds=START_SECONDS, pause=0.05):
        """Until all regions are alive; gives the status back."""
        deadline = time.monotonic() + seconds
        while True:
            status = self.status()
            if status["Regions"]["Alive"] == count:
                return status
            if time.monotonic() > deadline:
                raise SystemExit(f"only {status['Regions']} after {seconds} s\n{self.log_tail()}")
            time.sleep(pause)


def agent_config(urls, policy=""):
    pools = pool_config("std", "0.096")
    return "".join(region_config(name, "aws", url, pools=pools) for name, url in urls.items()) + policy


def region_names(count):
    return [f"region-{i:03d}" for i in range(1, count + 1)]


def median(values):
    return statistics.median(values)


def spread(values):
    """"12.3 (11.9-14.0)": the median and the range."""
    return f"{median(values):.1f} ({min(values):.1f}-{max(values):.1f})"


def table(head, rows):
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, *rows]:
        print("  " + "  ".join(str(cell).ljust(width) if i == 0 else str(cell).rjust(width) for i, (cell, width) in enumerate(zip(row, widths))))
