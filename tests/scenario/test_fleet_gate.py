"""Who may change a provider's pools: modes, approvals and the freeze."""
import threading
import time

from scenario.fleet import Pool, within
from scenario.world import job

LOOK_SECONDS = 2.5  # longer than it takes to begin a growth or a shrink


def test_in_observe_nothing_is_written_to_the_provider(make_fleet):
    fleet = make_fleet([Pool("east", nodes=2, min_nodes=1)])
    agent = fleet.start(mode="observe")
    assert agent.try_submit(job("web", count=16)).status == 409
    # Nodes stand idle for longer than idle_after all the while.
    within(LOOK_SECONDS, time.monotonic())
    assert fleet.provider.writes() == []
    assert fleet.sim.writes() == 0
    assert agent.pool("east")["Operation"] is None
    agent.put("mode", {"Mode": "enforce"})
    assert agent.wait_operation("east", "looking", "emptying", "removing", "polling")["Kind"] == "shrink"


def approval(agent, kind, region="east"):
    answer = agent.wait("approvals", lambda a: any((each["Kind"], each["Region"]) == (kind, region) for each in a["Approvals"]),
                        f"a proposal to {kind} {region}")
    return next(each for each in answer["Approvals"] if (each["Kind"], each["Region"]) == (kind, region))


def test_in_approve_a_growth_waits_for_a_person_and_the_job_goes_on_after_it(make_fleet):
    fleet = make_fleet([Pool("east", most=4), Pool("west", most=4, usd_per_hour="0.2")])
    agent = fleet.start(mode="approve")
    agent.run(job("web", count=12), state="partial")
    proposed = approval(agent, "grow")
    assert (proposed["From"], proposed["To"], proposed["For"], proposed["State"]) == (1, 2, "web", "proposed")
    assert f"drover approval approve {proposed['ID']}" in agent.get("job/web")["Trouble"]
    text = agent.cli("approval", "list").stdout
    assert proposed["ID"] in text and "1 -> 2" in text, text
    within(LOOK_SECONDS, time.monotonic())
    assert fleet.provider.writes() == []
    agent.cli("approval", "approve", proposed["ID"])
    agent.wait_job("web")
    assert sum(fleet.sim.spread("web").values()) == 12
    assert fleet.provider.verbs() == [("grow", "east")]
    row = agent.audit("grow")[0]
    assert (row["Actor"], row["Result"]) == ("token:operator", "done")
    # Twice is not once more.
    assert agent.cli("approval", "approve", proposed["ID"], check=False).returncode == 1
    agent.delete("web")
    idle = approval(agent, "shrink")
    assert "has been idle" in idle["Why"]
    agent.cli("approval", "deny", idle["ID"])
    within(LOOK_SECONDS, time.monotonic())
    assert fleet.provider.verbs() == [("grow", "east")]
    assert fleet.sim.desired("east") == 2
    assert agent.json("approval", "list")["Approvals"] == []
    assert [row["Action"] for row in agent.audit() if row["Action"] in ("approve", "deny")] == ["deny", "approve"]


def test_in_approve_what_nobody_needs_any_more_is_not_proposed_any_more(make_fleet):
    fleet = make_fleet([Pool("east", nodes=2, most=6)])
    agent = fleet.start(mode="approve")
    approval(agent, "shrink")
    # A growth goes before what was only proposed to be given back.
    agent.run(job("web", count=12), state="partial")
    assert [each["Kind"] for each in agent.get("approvals")["Approvals"]] == ["grow"]
    agent.delete("web")
    agent.wait("approvals", lambda a: not any(each["Kind"] == "grow" for each in a["Approvals"]), "the growth to be dropped")
    assert fleet.provider.writes() == []


def check_frozen(fleet, agent, writes):
    """Freezes, and sees that at most what was on its way then comes to the provider, and nothing later."""
    agent.put("freeze", {"Reason": "incident 12"})
    frozen_at = time.monotonic()
    agent.wait("status", lambda a: a["Frozen"], "the freeze to be known")
    within(1, frozen_at)
    count = fleet.sim.writes()
    within(LOOK_SECONDS, frozen_at)
    assert fleet.provider.last_write() - frozen_at < 1
    assert len(fleet.provider.writes()) <= writes + 1
    assert fleet.sim.writes() == count


def test_frozen_while_growing_and_while_shrinking_it_goes_on_when_unfrozen(make_fleet):
    fleet = make_fleet([Pool("east", most=5)])
    agent = fleet.start()
    fleet.provider.fault("slow", match="GET /sim/machines", seconds=0.3, times=10000)
    agent.submit(job("web", count=8))
    agent.wait_operation("east", "growing", "polling")
    check_frozen(fleet, agent, 0)
    agent.put("unfreeze")
    fleet.provider.clear()
    agent.wait_job("web", seconds=60)
    agent.wait_size("east", 2)
    assert fleet.peaks.machines["east"] == 2
    agent.delete("web")
    agent.wait_operation("east", "cordoning", "looking", "draining", "emptying", "removing")
    check_frozen(fleet, agent, len(fleet.provider.writes()))
    agent.put("unfreeze")
    agent.wait_size("east", 1)
    assert [verb for verb, _ in fleet.provider.verbs()].count("shrink") == 1
    assert agent.unsettled() == []


def test_frozen_in_the_middle_of_a_write_it_is_settled_by_looking_and_not_done_twice(make_fleet):
    """The gate closes while the module is about to send: its process is killed, so that nothing leaves any more."""
    fleet = make_fleet([Pool("east", most=5)])
    agent = fleet.start()
    fleet.provider.hold("POST /sim/machines/grow")
    agent.submit(job("web", count=12))
    fleet.provider.wait_held()
    check_frozen(fleet, agent, 1)
    threading.Timer(0.5, fleet.provider.release).start()
    agent.put("unfreeze")
    agent.wait_job("web", seconds=60)
    agent.wait_size("east", 3)
    assert fleet.provider.verbs() == [("grow", "east")]
    assert agent.audit("grow")[0]["Result"] == "settled by looking: done"
