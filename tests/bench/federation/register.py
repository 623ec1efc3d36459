"""One job over N regions: Drover against N direct registrations in parallel by bare libcurl.

Both sides are measured where they arrive: drover-sim notes when the head of the first PUT /v1/jobs was read and when the last answer was
about to be sent. Sides alternate, their order too. While the peer runs the agent is stopped by SIGSTOP, so that the peer has the
machine for itself while the regions have the same streams to feed.
"""
import signal
import subprocess
import time
from datetime import datetime

from common import WORK, BenchAgent, Sim, agent_config, median, region_names, spread, table, work_folder
from live.cluster import sleep_job
from live.http_api import wait_for
from live.proxy import Proxy

SETTLE_SECONDS = 60


def job(job_id, count):
    document = sleep_job(job_id, count=count, cpu=10, memory=10)
    document["TaskGroups"][0]["Update"]["MinHealthyTime"] = 100_000_000
    return document


def policy(count):
    return f'policy "bench" {{\n  jobs = ["bench*"]\n  spread {{ min_regions = {count} }}\n}}\n'


def regions(count):
    pool = {"Name": "std", "Count": 3, "CPU": 100_000, "MemoryMB": 200_000}
    return [{"Name": name, "Pools": [pool], "StartDelayMS": 50, "DeploymentStepMS": 50} for name in region_names(count)]


def rendered_body(folder):
    """The body of the PUT that Drover sends for such a job, caught by a proxy before one region."""
    sim = Sim(folder / "body-sim", regions(1))
    name, url = next(iter(sim.urls.items()))
    host, port = url.removeprefix("http://").split(":")
    try:
        with Proxy(host, int(port)) as proxy:
            agent = BenchAgent(folder / "body-agent", agent_config({name: proxy.address}, policy(1)))
            agent.start()
            agent.wait_alive(1)
            run_drover(agent, sim, "bench-body", 1)
            body = proxy.seen("PUT", "^/v1/jobs")[0].body.decode()
            agent.end()
    finally:
        sim.stop()
    return body


def wait_registered(sim, count):
    def all_answered():
        answered, first, last = sim.registers()
        return answered >= count and (first, last)

    time.sleep(0.3)
    return wait_for(all_answered, SETTLE_SECONDS, f"{count} registrations")


def wait_running(agent, job_id):
    wait_for(lambda: agent.api.get(f"/v1/drover/job/{job_id}").json()["State"] == "running", SETTLE_SECONDS, f"{job_id} to run")


def milliseconds_of(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000


def audited(agent, job_id, count):
    """When Drover knew the last copy registered and read back, in milliseconds of the wall clock."""
    rows = agent.api.get(f"/v1/drover/audit?limit=1000&job={job_id}").json()["Rows"]
    done = [milliseconds_of(row["DoneAt"]) for row in rows if row["Action"] == "register" and row["Result"] == "done"]
    return max(done) if len(done) == count else None


def run_drover(agent, sim, job_id, count):
    """The times of one run from POST, in milliseconds."""
    sim.mark()
    wall, posted = time.time() * 1000, time.monotonic()
    agent.api.call("POST", "/v1/drover/jobs", {"Job": job(job_id, count)}).expect(200)
    accepted = time.monotonic()
    first, last = wait_registered(sim, count)
    known = wait_for(lambda: audited(agent, job_id, count), SETTLE_SECONDS, "the audit rows")
    wait_running(agent, job_id)
    return {"accepted": (accepted - posted) * 1000, "first": first / 1000 - posted * 1000, "register": (last - first) / 1000,
            "last": last / 1000 - posted * 1000, "known": known - wall}


def run_peer(agent, sim, folder, body, job_id, count):
    arguments = []
    for name, url in sim.urls.items():
        path = folder / f"{name}.json"
        path.write_text(body.replace("bench-body", job_id).replace("region-001", name))
        arguments += [url, str(path)]
    sim.mark()
    agent.process.send_signal(signal.SIGSTOP)
    try:
        answer = subprocess.run([str(WORK / "peer-register"), *arguments], capture_output=True, text=True, check=False)
    finally:
        agent.process.send_signal(signal.SIGCONT)
    if answer.returncode != 0:
        raise SystemExit(answer.stderr)
    first, last = wait_registered(sim, count)
    time.sleep(1)
    return {"register": (last - first) / 1000, "own": int(answer.stdout) / 1000}


def measure(folder, body, count, runs, latency_ms):
    sim = Sim(folder / "sim", regions(count))
    agent = BenchAgent(folder / "agent", agent_config(sim.urls, policy(count)))
    drover, peer = [], []
    try:
        agent.start()
        agent.wait_alive(count)
        sim.slow(latency_ms)
        cold = run_drover(agent, sim, "bench-cold", count)
        cold["turn"] = agent.status()["LongestTurnCpuMs"]
        for i in range(runs):
            sides = [lambda i=i: drover.append(run_drover(agent, sim, f"bench-{i}", count)),
                     lambda i=i: peer.append(run_peer(agent, sim, folder, body, f"peer-{i}", count))]
            for side in sides if i % 2 == 0 else reversed(sides):
                side()
    finally:
        agent.end()
        sim.stop()
    return drover, peer, cold


def series(runs, key):
    return [run[key] for run in runs]


def bench(counts, runs, latencies):
    phases, wholes = [], []
    for latency in latencies:
        for count in counts:
            with work_folder() as folder:
                body = rendered_body(folder)
                drover, peer, cold = measure(folder, body, count, runs, latency)
            ratio = median(series(drover, "register")) / median(series(peer, "register"))
            phases.append([f"{count} regions, {latency} ms", spread(series(drover, "register")), spread(series(peer, "register")), f"{ratio:.2f}",
                           f"{cold['turn']}"])
            wholes.append([f"{count} regions, {latency} ms", *[spread(series(drover, key)) for key in ("accepted", "first", "last", "known")],
                           f"{cold['known']:.0f}", f"{cold['register']:.1f}", spread(series(peer, "own"))])
    print(f"\nRegister phase: first PUT /v1/jobs read by a region to last answer sent; median (range) of {runs} runs, ms")
    table(["", "Drover", "libcurl", "ratio", "longest turn, CPU"], phases)
    print("\nThe whole run from POST, ms: accepted (one commit), first register reaches a region (after every region's plan, and one commit),\n"
          "last one answered, last one read back and known. Cold: the first job after a start also takes each region's owner variable\n"
          "(GET, PUT); its register phase overlaps with that. libcurl: first request to last answer as the peer itself sees it")
    table(["", "accepted", "first", "last", "known", "cold known", "cold register", "libcurl"], wholes)
