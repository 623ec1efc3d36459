"""Ending: SIGTERM within five seconds whatever is open."""
import http.client
import signal
import time

from live.proxy import Delay
from scenario.world import job, three_places


def end_seconds(agent, number=signal.SIGTERM):
    started = time.monotonic()
    agent.process.send_signal(number)
    status = agent.process.wait(10)
    agent.check_log()
    assert status == 0, f"exit {status}\n{agent.log_tail()}"
    return time.monotonic() - started


def test_sigterm_ends_an_idle_agent_within_a_second(scene):
    assert end_seconds(scene.start()) < 2


def test_sigint_does_the_same(scene):
    assert end_seconds(scene.start(), signal.SIGINT) < 2


def test_sigterm_with_callers_regions_and_writes_under_way(make_scene):
    scene = make_scene(three_places(proxied=True))
    agent = scene.start()
    scene.sim.fault("aws-us-east-1", "dark", "silent")
    scene.proxies["dc-fra1"].inject(Delay(30), method="PUT")
    token = {"X-Nomad-Token": agent.token_file.read_text().strip()}
    callers = []
    agent.submit(job("web", count=3))
    for path in ("monitor", "job/web?index=999999&wait=60s"):
        caller = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=20)
        caller.request("GET", f"/v1/drover/{path}", headers=token)
        callers.append(caller)
    assert end_seconds(agent) < 5
    for caller in callers:
        caller.close()
    scene.proxies["dc-fra1"].clear_faults()
    scene.sim.heal("aws-us-east-1")
    agent.start()
    agent.wait_job("web")
    assert scene.sim.spread("web") == {"dc-fra1": 3}


def test_sigterm_while_starting(scene):
    for name in scene.names:
        scene.sim.fault(name, "slow", "2000")
    agent = scene.agent().start()
    assert end_seconds(agent) < 5
