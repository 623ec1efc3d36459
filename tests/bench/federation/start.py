"""A start with full regions: until all are alive, against streaming the same bytes through yajl alone."""
import os
import subprocess
import time
from datetime import datetime

from common import WORK, BenchAgent, Sim, agent_config, cpu_seconds, median, memory_mib, region_names, spread, table, work_folder

TURN_AIM_MS = 5
MEMORY_AIM_MIB = 300
IDLE_SECONDS = 300


def specs(names, nodes, allocations, jobs):
    pool = {"Name": "std", "Count": nodes, "CPU": 16_000, "MemoryMB": 65_536}
    return [{"Name": name, "Pools": [pool], "Populate": {"Jobs": jobs, "Allocations": allocations}} for name in names]


def start_sims(folder, count, processes, nodes, allocations, jobs):
    names = region_names(count)
    return [Sim(folder / f"sim-{i}", specs(names[i::processes], nodes, allocations, jobs), "-keep-pages") for i in range(processes)]


def run_peer(urls):
    """(seconds, CPU seconds, bytes, values)"""
    before = os.times()
    answer = subprocess.run([str(WORK / "peer-stream"), *urls.values()], capture_output=True, text=True, check=False)
    after = os.times()
    if answer.returncode != 0:
        raise SystemExit(answer.stderr)
    size, values, microseconds = map(int, answer.stdout.split())
    cpu = after.children_user - before.children_user + after.children_system - before.children_system
    return {"seconds": microseconds / 1e6, "cpu": cpu, "bytes": size, "values": values}


def wait_idle(agent):
    """Until the agent has worked and then a second passed in which it hardly did. Nothing is asked of it meanwhile: the answers to
    status and regions add up the cost of every allocation, which takes longer than what is measured here."""
    deadline = time.monotonic() + IDLE_SECONDS
    before = 0
    while True:
        time.sleep(1)
        if agent.process.poll() is not None:
            raise SystemExit(f"the agent ended with {agent.process.returncode}\n{agent.log_tail()}")
        now = cpu_seconds(agent.process.pid)
        if now > 0.2 and now - before < 0.05:
            return now
        if time.monotonic() > deadline:
            raise SystemExit(f"still at work after {IDLE_SECONDS} s\n{agent.log_tail()}")
        before = now


def run_agent(folder, urls):
    agent = BenchAgent(folder, agent_config(urls))
    try:
        begun = time.time()
        agent.launch()
        cpu = wait_idle(agent)
        resident, most = memory_mib(agent.process.pid)
        status = agent.status()
        agent.wait_alive(len(urls), pause=1)
        regions = agent.api.get("/v1/drover/regions").expect(200).json()["Regions"]
        asked = agent.status()
    finally:
        agent.end()
    alive = max(datetime.fromisoformat(region["StateSince"].replace("Z", "+00:00")).timestamp() for region in regions)
    return {"seconds": alive - begun, "cpu": cpu, "rss": resident, "hwm": most, "turn": float(status["LongestTurnMs"]),
            "turn_cpu": float(status["LongestTurnCpuMs"]), "asked_cpu": float(asked["LongestTurnCpuMs"]),
            "step": float(status["LongestCallbackMs"]), "nodes": asked["Nodes"],
            "allocations": asked["Allocations"]}


def series(runs, key):
    return [run[key] for run in runs]


def bench(count, nodes, allocations, jobs, processes, runs):
    with work_folder() as folder:
        sims = start_sims(folder, count, processes, nodes, allocations, jobs)
        try:
            urls = {name: url for sim in sims for name, url in sim.urls.items()}
            first = run_peer(urls)
            peer, agent = [], []
            for i in range(runs):
                sides = [lambda: peer.append(run_peer(urls)), lambda i=i: agent.append(run_agent(folder / f"agent-{i}", urls))]
                for side in sides if i % 2 == 0 else reversed(sides):
                    side()
        finally:
            for sim in sims:
                sim.stop()
    report(first, peer, agent, count)


def report(first, peer, agent, count):
    size = first["bytes"]
    print(f"\nStart with {count} regions, {agent[0]['nodes']} nodes, {agent[0]['allocations']} allocations: {size / 1e6:.0f} MB of JSON, "
          f"{first['values'] / 1e6:.1f} M values; median (range) of {len(agent)} runs")
    table(["", "seconds", "CPU seconds", "MB/s"],
          [["libcurl and yajl alone", spread(series(peer, "seconds")), spread(series(peer, "cpu")), f"{size / 1e6 / median(series(peer, 'seconds')):.0f}"],
           ["agent, launch to all alive", spread(series(agent, "seconds")), spread(series(agent, "cpu")),
            f"{size / 1e6 / median(series(agent, 'seconds')):.0f}"],
           ["ratio", f"{median(series(agent, 'seconds')) / median(series(peer, 'seconds')):.2f}",
            f"{median(series(agent, 'cpu')) / median(series(peer, 'cpu')):.2f}", ""]])
    print()
    table(["agent", "median (range)", "aim"],
          [["resident memory, MiB", spread(series(agent, "rss")), f"< {MEMORY_AIM_MIB}"],
           ["most ever, MiB", spread(series(agent, "hwm")), ""],
           ["longest turn of the loop, ms", spread(series(agent, "turn")), f"< {TURN_AIM_MS}"],
           ["the same in processor time, ms", spread(series(agent, "turn_cpu")), f"< {TURN_AIM_MS}"],
           ["longest step of the core, ms", spread(series(agent, "step")), ""],
           ["longest turn once status and regions were asked, CPU ms", spread(series(agent, "asked_cpu")), f"< {TURN_AIM_MS}"]])
    print("A turn and a step are wall time: on a busy machine they hold what others took of the processor.")
