"""kill -9 while pools grow and shrink: what was wanted is reached, nothing is bought twice, no operation is forgotten."""
import random
import time
from functools import partial

from live.http_api import wait_for
from scenario.fleet import Pool, side_by_side
from scenario.world import job

SEEDS = range(2)
GROW_KILLS, SHRINK_KILLS, WRONG_KILLS = 3, 4, 5


def kill_at_moments(agent, moment, times, least, most):
    """Kills it so many times, each some moments after it answers, and starts it again."""
    for _ in range(times):
        time.sleep(moment.uniform(least, most))
        agent.kill9()
        agent.start()


def kill_held(fleet, agent):
    fleet.provider.wait_held()
    agent.kill9()
    fleet.provider.release()
    agent.start()


def grow_and_shrink_killed(fleet, seed):
    moment = random.Random(seed)
    agent = fleet.start()
    agent.run(job("old", count=8))
    agent.submit(job("web", count=8))
    kill_at_moments(agent, moment, GROW_KILLS, 0.1, 2.5)
    agent.wait_job("web", seconds=60)
    fleet.wait_running("web", 8)
    agent.wait_quiet(seconds=60)
    assert fleet.sim.spread("web") == {"east": 8}, seed
    assert agent.audit("withdraw") == [], seed
    assert (fleet.peaks.machines["east"], fleet.peaks.desired["east"], fleet.sim.desired("west")) == (3, 3, 1), seed
    agent.delete("web")
    kill_at_moments(agent, moment, SHRINK_KILLS, 0.5, 3.5)
    agent.wait_size("east", 1, seconds=90)
    assert fleet.sim.desired("west") == 1, seed
    assert fleet.sim.spread("old") == {"east": 4, "west": 4}, seed
    nodes = [each for name in fleet.names for each in fleet.sim.nomad(name).get("/v1/nodes").json() if each["Status"] == "ready"]
    assert len(nodes) == 2 and all(each["SchedulingEligibility"] == "eligible" for each in nodes), (seed, nodes)
    assert agent.unsettled() == [], seed


def elsewhere_killed(fleet, seed, count, wrong):
    """East cannot give what is wanted: the agent is killed while it tries, and while it goes to west."""
    moment = random.Random(seed)
    agent = fleet.start()
    agent.run(job("old", count=8))
    fleet.sim.fault("east", wrong, "std 3" if wrong == "no-join" else "std 1")
    agent.submit(job("web", count=count))
    kill_at_moments(agent, moment, WRONG_KILLS, 0.1, 2)
    agent.wait_job("web", seconds=90)
    agent.wait_quiet(seconds=60)
    assert agent.unsettled() == [], seed


def capacity_killed(fleet, seed):
    elsewhere_killed(fleet, seed, 12, "no-capacity")
    assert fleet.sim.spread("web") == {"east": 4, "west": 8}, seed
    assert fleet.provider.verbs() == [("grow", "east"), ("withdraw", "east"), ("grow", "west")], seed
    assert (fleet.sim.desired("east"), fleet.sim.desired("west")) == (2, 3), seed


def joining_killed(fleet, seed):
    elsewhere_killed(fleet, seed, 4, "no-join")
    assert fleet.sim.spread("web") == {"west": 4}, seed
    assert fleet.provider.verbs() == [("grow", "east"), ("shrink", "east")] * 3 + [("grow", "west")], seed
    assert (fleet.peaks.machines["east"], fleet.peaks.desired["east"], fleet.sim.desired("east")) == (2, 2, 1), seed


def test_killed_at_random_moments_it_ends_as_if_it_had_not_been(make_fleet):
    def pools(**more):
        return [Pool("east", most=6, **more), Pool("west", most=6, usd_per_hour="0.2", shrinks=more.get("shrinks", True))]

    stories = [partial(grow_and_shrink_killed, make_fleet(pools(boot_ms=500)), seed) for seed in SEEDS]
    stories.append(partial(capacity_killed, make_fleet(pools(shrinks=False)), 2))
    stories.append(partial(joining_killed, make_fleet(pools(shrinks=False, join_within="2s")), 3))
    side_by_side(*stories)


def test_killed_before_the_growth_and_started_before_the_account_speaks(make_fleet):
    """What has no place is not given up because nothing is known yet of what could be bought."""
    fleet = make_fleet([Pool("east", most=6, shrinks=False)])
    agent = fleet.start()
    agent.submit(job("web", count=8))
    wait_for(lambda: "web" in fleet.sim.jobs("east"), 5, "half of it to be registered")
    agent.kill9()
    assert fleet.provider.writes() == []
    fleet.provider.fault("slow", match="GET /sim/machines", seconds=1, times=3)
    agent.start()
    agent.wait_job("web")
    agent.wait_size("east", 2)


def test_killed_while_the_provider_has_the_write_and_has_not_answered(make_fleet):
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
