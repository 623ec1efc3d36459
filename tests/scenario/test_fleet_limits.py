"""How fast nodes are given back, and the development agent's own story."""
import time
from functools import partial

from scenario.fleet import Pool, side_by_side, within
from scenario.test_cli_commands import job_hcl


def keep_to_the_hour(fleet):
    """One node an hour, also over a restart."""
    agent = fleet.start()
    agent.wait_size("east", 3)
    # Three nodes stand idle for much longer than idle_after, before and after.
    within(1.5, time.monotonic())
    fleet.restart(agent)
    fleet.wait_known(agent)
    within(3, time.monotonic())
    assert fleet.provider.verbs() == [("shrink", "east")]
    assert fleet.sim.desired("east") == 3
    assert agent.pool("east")["Operation"] is None


def sizes(agent):
    pools = agent.json("pool", "list")["Pools"]
    return {f"{pool['Region']}/{pool['Name']}": pool["Desired"] for pool in pools if pool["Desired"] is not None}


def grow_and_shrink_in_development(agent):
    """Three simulated regions and their providers in one process: a job larger than all that is there."""
    agent.start()
    agent.wait_regions()
    before = agent.wait_json(["pool", "list"], lambda a: sum(pool["Desired"] is not None for pool in a["Pools"]) == 3) and sizes(agent)
    assert before == {"aws-us-east-1/big": 2, "aws-us-east-1/std": 4, "azure-westeurope/std": 4}
    path = agent.folder / "job.nomad.hcl"
    path.write_text(job_hcl("web", count=140))
    agent.cli("job", "run", path)
    grown = sizes(agent)
    assert grown != before and all(grown[pool] >= before[pool] for pool in before), grown
    assert agent.json("job", "status", "web")["Proven"] == 140
    agent.cli("job", "stop", "web")
    agent.wait_json(["pool", "list"], lambda a: sizes(agent) == before and not any(pool["Operation"] for pool in a["Pools"]), seconds=90)


def test_nodes_an_hour_are_kept_to_and_the_development_agent_grows_and_shrinks(make_fleet, make_agent):
    fleet = make_fleet([Pool("east", nodes=4, min_nodes=0, nodes_an_hour=1)])
    side_by_side(partial(keep_to_the_hour, fleet), partial(grow_and_shrink_in_development, make_agent()))
