"""Simulated regions as a program of their own, an agent on them, and what tests ask of both.

A Scene is the whole arrangement of one test: drover-sim, a proxy before each region's Nomad where a test wants one, and agents.
"""
import json
from dataclasses import dataclass, field
from pathlib import Path

from live import processes
from live.cluster import sleep_job
from live.http_api import Api, wait_for
from live.proxy import Proxy
from tools.agent import Agent, pool_config, region_config

WAIT_SECONDS = 20


@dataclass
class Place:
    """A region to be: one pool of equal machines at one price. `token` is what the agent is given; naming one turns access control on."""

    name: str
    provider: str = "aws"
    pool: str = "std"
    nodes: int = 3
    usd_per_hour: str | None = "0.096"
    cpu_mhz: int = 4000
    memory_mb: int = 4096
    token: str | None = None
    proxied: bool = False
    pools: str | None = None
    fields: dict = field(default_factory=dict)

    def spec(self):
        """Its part of drover-sim's document; the delays are short so that tests are."""
        pool = {"Name": self.pool, "Count": self.nodes, "CPU": self.cpu_mhz, "MemoryMB": self.memory_mb}
        delays = {"StartDelayMS": 50, "StopDelayMS": 50, "HeartbeatDelayMS": 1000, "DeploymentStepMS": 50}
        return {"Name": self.name, "Pools": [pool], **delays, **self.fields}

    def pools_config(self):
        return self.pools if self.pools is not None else pool_config(self.pool, self.usd_per_hour, f'node_class = "{self.pool}"')


def three_places(**more):
    """dc-fra1 is the cheapest, then aws-us-east-1, then azure-westeurope."""
    return [
        Place("aws-us-east-1", "aws", usd_per_hour="0.096", **more),
        Place("azure-westeurope", "azure", usd_per_hour="0.110", **more),
        Place("dc-fra1", "onprem", pool="owned", nodes=2, usd_per_hour="0.060", **more),
    ]


def job(job_id, count=1, cpu=1000, memory=256, **more):
    """A service job whose allocations are proven after a fifth of a second; four of the default size fill a machine."""
    document = sleep_job(job_id, count=count, cpu=cpu, memory=memory, **more)
    document["TaskGroups"][0]["Update"]["MinHealthyTime"] = 200_000_000
    return document


class Simulation:
    """drover-sim and its control port."""

    def __init__(self, binary, folder, places):
        folder.mkdir(parents=True, exist_ok=True)
        self.mark = processes.new_mark()
        spec = folder / "regions.json"
        spec.write_text(json.dumps({"Seed": 7, "Regions": [place.spec() for place in places]}))
        log = folder / "sim.log"
        with open(log, "ab") as output:
            self.process = processes.spawn([str(binary), "-spec", str(spec)], self.mark, output, nice=0)
        document = wait_for(lambda: self._started(log), WAIT_SECONDS, "drover-sim to start")
        self.control = Api(document["Control"])
        self.regions = {each["Name"]: each for each in document["Regions"]}

    def _started(self, log):
        """The line of addresses; what libraries say before it is passed over."""
        if self.process.poll() is not None:
            raise RuntimeError(f"drover-sim ended with {self.process.returncode}: {log.read_text()}")
        lines = [line for line in log.read_text().splitlines(keepends=True) if line.startswith("{") and line.endswith("\n")]
        return json.loads(lines[0]) if lines else None

    def nomad(self, region, token=None):
        return Api(self.regions[region]["Nomad"], token)

    def fault(self, region, kind, argument=""):
        self.control.call("POST", "/sim/fault", {"Region": region, "Kind": kind, "Argument": argument}).expect(200)

    def heal(self, region):
        self.fault(region, "heal")

    def writes(self, region=None):
        """Writes that reached a region, or all of them."""
        counts = {name: each["Writes"] for name, each in self.control.get("/sim/stats").json()["Regions"].items()}
        return counts[region] if region else sum(counts.values())

    def jobs(self, region):
        return {each["ID"]: each for each in self.nomad(region).get("/v1/jobs?namespace=*").json()}

    def running(self, region, job_id, token=None):
        answer = self.nomad(region, token).get(f"/v1/job/{job_id}/allocations")
        if answer.status == 404:
            return []
        return [each for each in answer.json() if each["ClientStatus"] == "running" and each["DesiredStatus"] == "run"]

    def spread(self, job_id):
        """How many of a job's allocations run where; regions without one are left out."""
        return self.spread_except(None, job_id)

    def spread_except(self, silent, job_id):
        """The same without asking the region that would not answer."""
        counts = {name: len(self.running(name, job_id)) for name in self.regions if name != silent}
        return {name: count for name, count in counts.items() if count}

    def stop(self):
        processes.kill_marked(self.mark)
        self.process.wait()


class SceneAgent(Agent):
    """An agent that is asked over HTTP, so that a test of it depends on no command."""

    def wait_ready(self, seconds=WAIT_SECONDS):
        def answers():
            if self.process.poll() is not None:
                raise RuntimeError(f"the agent ended with {self.process.returncode}\n{self.log_tail()}")
            return self.token_file.exists() and self.api.get("/v1/drover/status").status == 200

        wait_for(answers, seconds, "the agent to answer")

    def get(self, path):
        return self.api.get(f"/v1/drover/{path}").expect(200).json()

    def put(self, path, body=None, status=200):
        return self.api.put(f"/v1/drover/{path}", {} if body is None else body).expect(status).json()

    def wait(self, path, test, what, seconds=WAIT_SECONDS):
        """Asks until `test` of the answer is true and gives that answer back."""
        last = {}

        def probe():
            last["answer"] = self.get(path)
            return test(last["answer"])

        try:
            wait_for(probe, seconds, what)
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{json.dumps(last.get('answer'))[:3000]}\n{self.log_tail()}") from None
        return last["answer"]

    def region(self, name):
        return self.get(f"region/{name}")

    def wait_state(self, names, state="alive", seconds=WAIT_SECONDS):
        return self.wait("regions", lambda a: all(r["State"] == state for r in a["Regions"] if r["Name"] in names),
                         f"{', '.join(names)} to be {state}", seconds)

    def try_submit(self, document, **more):
        return self.api.call("POST", "/v1/drover/jobs", {"Job": document, **more})

    def submit(self, document, status=200, **more):
        return self.try_submit(document, **more).expect(status).json()

    def plan(self, document):
        return self.submit(document, DryRun=True)["Decision"]

    def wait_job(self, job_id, state="running", seconds=WAIT_SECONDS, revision=0):
        return self.wait(f"job/{job_id}", lambda a: a["State"] == state and a["Revision"] >= revision, f"{job_id} to be {state}", seconds)

    def run(self, document, state="running"):
        """Submits, and follows as `job run` does."""
        answer = self.submit(document)
        return self.wait_job(document["ID"], state, revision=answer["Revision"])

    def delete(self, job_id, purge=False, status=200):
        return self.api.delete(f"/v1/drover/job/{job_id}{'?purge=true' if purge else ''}").expect(status).json()

    def settled(self):
        """True when nothing is on its way to any region."""
        effects = self.get("status")["Effects"]
        return effects["Waiting"] == 0 and effects["InFlight"] == 0

    def audit(self, action=None):
        rows = self.get("audit?limit=1000")["Rows"]
        return [row for row in rows if action in (None, row["Action"])]


class Scene:
    """Everything a test needs, ended in order."""

    simulation_class = Simulation

    def __init__(self, drover, folder, places):
        self.drover = drover
        self.folder = folder
        self.places = places
        self.sim = self.simulation_class(Path(drover).with_name("drover-sim"), folder / "sim", places)
        self.agents = []
        self.proxies = {}
        for place in places:
            if place.proxied:
                host, _, port = self.sim.regions[place.name]["Nomad"].removeprefix("http://").partition(":")
                self.proxies[place.name] = Proxy(host, int(port)).start()

    @property
    def names(self):
        return [place.name for place in self.places]

    def nomad_address(self, place):
        proxy = self.proxies.get(place.name)
        return proxy.address if proxy else self.sim.regions[place.name]["Nomad"]

    def config(self, more=""):
        return "".join(
            region_config(place.name, place.provider, self.nomad_address(place), self.sim.regions[place.name]["Consul"],
                          self._token_file(place), place.pools_config()) for place in self.places) + more

    def agent(self, mode="enforce", more="", name="agent", config=None, agent_class=SceneAgent):
        """A new agent, not started; `more` are blocks added to the configuration."""
        agent = agent_class(self.drover, self.folder / name, config or self.config(more), mode)
        self.agents.append(agent)
        return agent

    def start(self, *arguments, **options):
        """A new agent, started, that has every region."""
        agent = self.agent(**options).start(*arguments)
        agent.wait_state(self.names)
        return agent

    def end(self):
        try:
            for agent in self.agents:
                agent.end()
        finally:
            for proxy in self.proxies.values():
                proxy.stop()
            self.sim.stop()

    def _token_file(self, place):
        if place.token is None:
            return None
        path = self.folder / f"{place.name}.token"
        path.write_text(place.token + "\n")
        path.chmod(0o600)
        return path
