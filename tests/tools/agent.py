"""A Drover agent under test and the command line pointed at it."""
import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

from live import processes
from live.http_api import Api

READY_SECONDS = 30
STOP_SECONDS = 5
COMMAND_SECONDS = 120
SANITIZER_REPORT = re.compile(r"(ERROR: \w*Sanitizer|runtime error: |WARNING: ThreadSanitizer).*")


def free_port():
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def region_config(name, provider, nomad, consul=None, token_file=None, pools="", more=""):
    """The text of one region block; `pools` and `more` are blocks as they stand in a file."""
    token = f'\n    token_file = "{token_file}"' if token_file else ""
    consul_block = f'\n  consul {{ address = "{consul}" }}' if consul else ""
    return f"""
region "{name}" {{
  provider = "{provider}"
  nomad {{
    address = "{nomad}"{token}
  }}{consul_block}
{pools}
{more}
}}
"""


def pool_config(name, usd_per_hour, select='node_class = "std"', market="on-demand", instance_type="m5.large"):
    """The text of one pool block; a price of None leaves it unpriced."""
    price = f'price {{\n      usd_per_hour = "{usd_per_hour}"\n      market       = "{market}"\n    }}' if usd_per_hour is not None else ""
    return f"""  pool "{name}" {{
    select {{ {select} }}
    instance_type = "{instance_type}"
    {price}
  }}
"""


class Agent:
    """Its folder holds config.hcl, the data directory, the token and the log. `config` is the text of the region and policy blocks and
    of whatever else the test wants; data_dir, listen and token_file are written here. config=None means -dev."""

    def __init__(self, binary, folder, config=None, mode=None):
        self.binary = Path(binary)
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.data_dir = self.folder / "data"
        self.token_file = self.folder / "token"
        self.log_path = self.folder / "agent.log"
        self.config_path = self.folder / "config.hcl"
        self.process = None
        self.mark = processes.new_mark()
        self.dev = config is None
        self.write_config(config or "", mode)

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self):
        return Api(self.address, self.token_file.read_text().strip())

    def write_config(self, text, mode=None):
        mode_line = f'mode = "{mode}"\n' if mode else ""
        listen = f'listen {{ address = "127.0.0.1:{self.port}" }}\n'
        own = f'data_dir = "{self.data_dir}"\ntoken_file = "{self.token_file}"\n{mode_line}{listen}'
        self.config_path.write_text(own + text)

    def environment(self):
        """What every command gets: nothing of the caller's own Nomad, Consul or Drover, and a home of its own."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("NOMAD_", "CONSUL_", "DROVER_"))}
        return {**inherited, "HOME": str(self.folder), "DROVER_ADDR": self.address, "DROVER_TOKEN_FILE": str(self.token_file)}

    def launch(self, *arguments):
        """Starts the agent without waiting for it."""
        assert self.process is None or self.process.poll() is not None, "the agent is already running"
        command = [str(self.binary), "agent", *(["-dev"] if self.dev else []), "-config", str(self.config_path), *arguments]
        environment = {**self.environment(), processes.MARK: self.mark}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                            cwd=self.folder, env=environment)
        return self

    def start(self, *arguments, seconds=READY_SECONDS):
        self.launch(*arguments)
        self.wait_ready(seconds)
        return self

    def wait_ready(self, seconds=READY_SECONDS):
        deadline = time.monotonic() + seconds
        while True:
            assert self.process.poll() is None, f"the agent ended with {self.process.returncode}\n{self.log_tail()}"
            answer = self.cli("region", "list", "-json", check=False)
            if answer.returncode == 0:
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"not ready after {seconds} s: {answer.stderr.strip()}\n{self.log_tail()}")
            time.sleep(0.1)

    def wait_json(self, arguments, test, seconds=READY_SECONDS):
        """Repeats a command with -json until `test` of what it prints is true, and gives that back."""
        deadline = time.monotonic() + seconds
        while True:
            document = self.json(*arguments)
            if test(document):
                return document
            if time.monotonic() > deadline:
                raise AssertionError(f"{' '.join(arguments)} after {seconds} s: {json.dumps(document, indent=1)[:3000]}\n{self.log_tail()}")
            time.sleep(0.2)

    def wait_regions(self, state="alive", names=None, seconds=READY_SECONDS):
        """Until all regions, or those named, are in `state`."""
        def reached(answer):
            wanted = [region for region in answer["Regions"] if names is None or region["Name"] in names]
            return wanted and all(region["State"] == state for region in wanted)

        return self.wait_json(["region", "list"], reached, seconds)

    def cli(self, *arguments, check=True, seconds=COMMAND_SECONDS, stdin=None):
        """Runs `drover ARGUMENTS` against this agent; with check, anything but exit 0 fails the test with what it said."""
        answer = subprocess.run([str(self.binary), *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=seconds,
                                cwd=self.folder, env=self.environment(), check=False)
        report = SANITIZER_REPORT.search(answer.stderr)
        assert report is None, f"drover {' '.join(map(str, arguments))}: {answer.stderr[report.start():][:3000]}"
        if check:
            assert answer.returncode == 0, \
                f"drover {' '.join(map(str, arguments))}: exit {answer.returncode}\n{answer.stdout}{answer.stderr}\n{self.log_tail()}"
        return answer

    def json(self, *arguments, **options):
        return json.loads(self.cli(*arguments, "-json", **options).stdout)

    def stop(self):
        """SIGTERM; a clean end within five seconds or the test fails."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise AssertionError(f"still running {STOP_SECONDS} s after SIGTERM\n{self.log_tail()}") from None
        self.check_log()
        assert status == 0, f"exit {status} after SIGTERM\n{self.log_tail()}"

    def kill9(self):
        self.process.kill()
        self.process.wait()

    def restart(self, *arguments):
        """Starts again on the same folder after stop() or kill9()."""
        return self.start(*arguments)

    def freeze(self):
        processes.freeze(self.process)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        """For fixtures: stop() if it still runs, and no child of it left behind."""
        try:
            if self.process is not None and self.process.poll() is None:
                self.thaw()
                self.stop()
        finally:
            processes.kill_marked(self.mark)

    def log_text(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def log_tail(self, lines=30):
        return "\n".join(["-- agent.log", *self.log_text().splitlines()[-lines:]])

    def check_log(self):
        text = self.log_text()
        report = SANITIZER_REPORT.search(text)
        assert report is None, text[report.start():][:4000]
