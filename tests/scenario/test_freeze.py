"""Freezing: from every side, at once, and only unfreeze lifts it."""
import signal
import threading
import time

import pytest

from live.http_api import wait_for
from live.proxy import Delay
from scenario.world import job, three_places

JOBS = 40


def submit_many(agent, stopped):
    """Keeps submitting small jobs until told to stop, or refused."""
    for number in range(JOBS):
        if stopped.is_set() or agent.try_submit(job(f"many-{number}", cpu=50, memory=16)).status != 200:
            return


def last_write(scene):
    return max((each.started for proxy in scene.proxies.values() for each in proxy.writes()), default=0)


def freeze_by_call(agent):
    agent.put("freeze", {"Reason": "incident 12"})


def freeze_by_file(agent):
    (agent.data_dir / "FREEZE").touch()


def freeze_by_signal(agent):
    agent.process.send_signal(signal.SIGUSR1)


@pytest.mark.parametrize("freeze", [freeze_by_call, freeze_by_file, freeze_by_signal], ids=["call", "file", "signal"])
def test_frozen_in_mid_flight_the_last_write_is_within_a_second_and_unfreeze_goes_on(make_scene, freeze):
    scene = make_scene(three_places(proxied=True))
    agent = scene.start()
    for proxy in scene.proxies.values():
        proxy.inject(Delay(0.1), method="PUT")
    stopped = threading.Event()
    submitter = threading.Thread(target=submit_many, args=(agent, stopped))
    submitter.start()
    wait_for(lambda: sum(len(proxy.writes()) for proxy in scene.proxies.values()) >= 6, 20, "writes to be under way")
    freeze(agent)
    frozen_at = time.monotonic()
    agent.wait("status", lambda a: a["Frozen"], "the freeze to be known")
    stopped.set()
    submitter.join()
    assert (agent.data_dir / "FREEZE").exists()
    assert agent.try_submit(job("later")).status == 409
    # Longer than the second that is promised, to see that nothing follows.
    quiet_until = frozen_at + 2.5
    while time.monotonic() < quiet_until:
        time.sleep(0.1)
    assert last_write(scene) - frozen_at < 1
    agent.put("unfreeze")
    assert not (agent.data_dir / "FREEZE").exists()
    for proxy in scene.proxies.values():
        proxy.clear_faults()
    accepted = [each["ID"] for each in agent.get("jobs")["Jobs"]]
    assert accepted
    agent.wait("jobs", lambda a: all(each["State"] == "running" for each in a["Jobs"]), "all that was accepted to run")
    for each in accepted:
        assert sum(scene.sim.spread(each).values()) == 1, each


def test_a_freeze_outlives_a_restart(scene):
    agent = scene.start()
    agent.run(job("web"))
    agent.put("freeze", {"Reason": "incident 12"})
    before = scene.sim.writes()
    # The gate closes before the store has heard of it: the reason is kept once its row is there.
    wait_for(lambda: agent.audit("freeze"), 10, "the freeze to be durable")
    agent.kill9()
    agent.start()
    agent.wait_state(scene.names)
    assert agent.get("status")["Frozen"]["Reason"] == "incident 12"
    assert agent.try_submit(job("later")).status == 409
    assert agent.api.delete("/v1/drover/job/web").status == 409
    assert scene.sim.writes() == before
    agent.put("unfreeze")
    agent.run(job("later"))
    actions = [(row["Action"], row["Actor"]) for row in agent.audit() if row["Action"] in ("freeze", "unfreeze")]
    assert actions == [("unfreeze", "token:operator"), ("freeze", "token:operator")]


def test_observe_closes_the_gate_and_enforce_opens_it(scene):
    agent = scene.start()
    assert agent.put("mode", {"Mode": "observe"})["Mode"] == "observe"
    assert agent.try_submit(job("web")).status == 409
    assert scene.sim.writes() == 0
    agent.put("mode", {"Mode": "enforce"})
    agent.run(job("web"))
    assert agent.put("mode", {"Mode": "sometimes"}, status=400)["Error"]["Code"] == "invalid"
