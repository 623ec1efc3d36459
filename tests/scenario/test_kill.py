"""kill -9 at any moment: nothing is placed twice, nothing accepted is lost, and the agent goes on when started again."""
import random
import threading

import pytest

from live.http_api import wait_for
from live.proxy import Delay
from scenario.world import job, three_places

COUNT = 12


def placed(scene, job_id):
    """Allocations that are meant to run, wherever they are."""
    total = 0
    for name in scene.sim.regions:
        answer = scene.sim.nomad(name).get(f"/v1/job/{job_id}/allocations")
        if answer.status == 200:
            total += sum(each["DesiredStatus"] == "run" for each in answer.json())
    return total


@pytest.mark.parametrize("seed", range(10))
def test_killed_at_a_random_moment_while_registering(make_scene, seed):
    moment = random.Random(seed)
    scene = make_scene(three_places(proxied=True))
    agent = scene.start()
    for proxy in scene.proxies.values():
        proxy.inject(Delay(moment.uniform(0, 0.03)), method="PUT")
    accepted = agent.submit(job("web", count=COUNT))
    # Registering takes some ten milliseconds: the claim of the region, its answer, the registration, its answer, what follows.
    threading.Event().wait(moment.uniform(0, 0.12))
    agent.kill9()
    for proxy in scene.proxies.values():
        proxy.clear_faults()
    agent.start()
    document = agent.wait_job("web")
    assert document["Revision"] == accepted["Revision"]
    wait_for(lambda: sum(scene.sim.spread("web").values()) == COUNT, 10, "all to run")
    wait_for(agent.settled, 10, "nothing to be under way")
    assert placed(scene, "web") == COUNT
    assert scene.sim.spread("web") == {"dc-fra1": 8, "aws-us-east-1": 4}
    assert all(scene.sim.nomad(name).get("/v1/job/web").json()["Version"] == 0 for name in ("dc-fra1", "aws-us-east-1"))
    unsettled = [row for row in agent.audit() if row["Result"] in ("intended", "sent", "unknown")]
    assert unsettled == []


def test_killed_while_stopping_the_stop_goes_on(make_scene):
    scene = make_scene(three_places(proxied=True))
    agent = scene.start()
    agent.run(job("web", count=COUNT))
    for proxy in scene.proxies.values():
        proxy.inject(Delay(0.2), method="DELETE")
    agent.delete("web")
    wait_for(lambda: any(proxy.seen("DELETE") for proxy in scene.proxies.values()), 10, "the stop to leave")
    agent.kill9()
    agent.start()
    agent.wait_job("web", "stopped")
    assert placed(scene, "web") == 0


def test_an_agent_started_again_counts_an_unheard_region_as_intended(scene):
    agent = scene.start()
    agent.run(job("web", count=4))
    agent.kill9()
    scene.sim.fault("dc-fra1", "dark", "silent")
    before = scene.sim.writes()
    agent.start()
    agent.wait_state(["aws-us-east-1", "azure-westeurope"])
    document = agent.get("job/web")
    assert document["Placed"] == 4 or document["Wanted"] == 4
    scene.sim.heal("dc-fra1")
    agent.wait_state(scene.names)
    agent.wait_job("web")
    assert scene.sim.spread("web") == {"dc-fra1": 4}
    assert scene.sim.writes() - before <= 1
