"""A provider that loses replies, is slow or unwell, and other people's hands on pools and nodes."""
import os
import signal
import time
from functools import partial
from pathlib import Path

from live import processes
from live.http_api import wait_for
from scenario.fleet import Pool, before, side_by_side, within
from scenario.world import job


def grow_and_shrink(fleet, agent, count=8):
    """One machine more for a job, and back; what must hold whatever happens meanwhile."""
    agent.submit(job("web", count=count))
    agent.wait_job("web", seconds=60)
    agent.wait_size("east", 2)
    fleet.wait_running("web", count)
    agent.delete("web")
    agent.wait_size("east", 1, seconds=60)
    assert (fleet.peaks.machines["east"], fleet.peaks.desired["east"]) == (2, 2)
    assert agent.unsettled() == []


def lose_replies(fleet):
    """Reset after it was done, half an answer, and an error of something between: before it was done, and after."""
    agent = fleet.start()
    fleet.provider.fault("status", match="POST /sim/machines/grow", status=503)
    for verb, kind, more in (("grow", "reset", {}), ("shrink", "after_status", {"status": 502})):
        fleet.provider.fault(kind, match=f"POST /sim/machines/{verb}", **more)
    grow_and_shrink(fleet, agent)
    fleet.provider.fault("html", match="POST /sim/machines/grow")
    fleet.provider.fault("cut", match="POST /sim/machines/shrink")
    grow_and_shrink(fleet, agent)
    assert fleet.provider.verbs() == [("grow", "east")] + [("grow", "east"), ("shrink", "east")] * 2
    assert [row["Result"] for row in agent.audit("shrink")] == ["settled by looking: done"] * 2
    *settled, first = [row["Result"] for row in agent.audit("grow")]
    assert settled == ["settled by looking: done"] * 2
    assert first == "settled by looking: refused (conflict): the request never arrived"


def be_unwell(fleet):
    """Of what arrives twice the second answer is given: a growth that was done is told as a conflict."""
    agent = fleet.start()
    fleet.provider.fault("twice", match="POST /sim/machines/grow")
    fleet.provider.fault("refuse", match="POST /sim/machines/shrink")
    fleet.provider.fault("twice", match="POST /sim/machines/shrink")
    fleet.provider.fault("slow", match="GET /sim/machines", seconds=0.1, times=1000)
    fleet.provider.fault("status", match="GET /sim/machines", status=503, times=4, skip=3)
    grow_and_shrink(fleet, agent)
    assert fleet.provider.verbs() == [("grow", "east"), ("shrink", "east"), ("shrink", "east")]
    assert agent.json("provider", "status")["Accounts"][0]["Up"]


def test_whatever_becomes_of_requests_and_answers_nothing_is_done_twice(make_fleet):
    fleets = [make_fleet([Pool("east", most=6)]) for _ in range(2)]
    side_by_side(partial(lose_replies, fleets[0]), partial(be_unwell, fleets[1]))


def children_of(process):
    """The agent's own processes: one for each account."""
    stats = {int(each.parent.name): each.read_text() for each in Path("/proc").glob("[0-9]*/stat")}
    return [pid for pid, stat in stats.items() if stat.rpartition(")")[2].split()[1] == str(process.pid)]


def kill_held(fleet, agent):
    """SIGKILL to the account's process while the provider has its write and has not answered."""
    fleet.provider.wait_held()
    [child] = children_of(agent.process)
    os.kill(child, signal.SIGKILL)
    wait_for(lambda: processes.is_zombie(child), 5, "the process to be gone")
    fleet.provider.release()


def test_the_process_of_the_account_is_killed_in_the_middle_of_a_write(make_fleet):
    fleet = make_fleet([Pool("east", most=6)])
    agent = fleet.start()
    fleet.provider.hold("POST /sim/machines/grow")
    agent.submit(job("web", count=8))
    kill_held(fleet, agent)
    agent.wait_job("web")
    agent.wait_size("east", 2)
    fleet.provider.hold("POST /sim/machines/shrink")
    agent.delete("web")
    kill_held(fleet, agent)
    agent.wait_size("east", 1)
    assert fleet.provider.verbs() == [("grow", "east"), ("shrink", "east")]
    assert fleet.peaks.machines["east"] == 2
    assert [row["Result"] for verb in ("grow", "shrink") for row in agent.audit(verb)] == ["settled by looking: done"] * 2
    assert agent.json("provider", "status")["Accounts"][0]["Up"]


def test_a_foreign_change_of_the_size_is_a_conflict_and_looked_at_again(make_fleet):
    fleet = make_fleet([Pool("east", most=6, shrinks=False)])
    agent = fleet.start()
    agent.run(job("old", count=4))
    # Between the module's look and its write, somebody else buys a machine.
    fleet.provider.before("POST /sim/machines/grow", lambda: fleet.sim.buy("east", 2))
    agent.submit(job("web", count=4))
    agent.wait_job("web")
    agent.wait_quiet()
    # The machine of the others is seen, and one more is bought only where it is needed.
    first, *later = [body for verb, body, _ in fleet.provider.writes()]
    assert (first["Desired"], first["To"]) == (1, 2)
    assert all(body["Desired"] >= 2 for body in later), later
    assert fleet.sim.desired("east") == 2 + len(later) <= 3
    assert fleet.sim.spread("web") == {"east": 4}
    assert any("conflict" in row["Result"] or "look again" in row["Result"] for row in agent.audit("grow"))


def test_work_that_comes_to_an_idle_node_first_keeps_it(make_fleet):
    """Somebody else's job lands while the cordon is on its way: the node is looked at, and given back to Nomad."""
    fleet = make_fleet([Pool("east", nodes=2, proxied=True)])
    before(fleet.proxies["east"], "^/v1/node/[^/]+/eligibility", lambda: fleet.sim.run_foreign("east", job("theirs", count=8)))
    agent = fleet.start()
    agent.wait_pool("east", lambda pool: "given back: work came" in pool["Rests"], "to be given back")
    assert fleet.provider.writes() == []
    nodes = fleet.sim.nomad("east").get("/v1/nodes").json()
    assert [(each["SchedulingEligibility"], each["Drain"]) for each in nodes] == [("eligible", False)] * 2
    assert len(fleet.sim.running("east", "theirs")) == 8
    assert agent.audit("drain") == []
    assert [row["Result"] for row in agent.audit("uncordon")] == ["done"]


def test_work_that_comes_before_the_decision_is_written_keeps_the_node(make_fleet):
    """In mode approve a proposal is old when it is approved: what is idle no more stays."""
    fleet = make_fleet([Pool("east", nodes=2)])
    agent = fleet.start(mode="approve")
    [proposed] = agent.wait("approvals", lambda a: a["Approvals"], "a proposal")["Approvals"]
    fleet.sim.run_foreign("east", job("theirs", count=8))
    wait_for(lambda: agent.get("region/east")["Allocations"] == 8, 10, "the agent to have seen it")
    agent.put(f"approval/{proposed['ID']}", {"Decision": "approve"})
    agent.wait_quiet("east")
    within(2, time.monotonic())
    assert fleet.provider.writes() == []
    assert agent.audit("cordon") == []
    assert len(fleet.sim.running("east", "theirs")) == 8
