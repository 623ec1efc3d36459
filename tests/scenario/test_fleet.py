"""Growing and shrinking as a whole: what a job needs is bought, what stands idle is given back, and every answer says so."""
import subprocess
from functools import partial

from live.http_api import wait_for
from live.proxy import Delay
from scenario.fleet import FleetAgent, Pool, side_by_side
from scenario.test_cli_commands import job_hcl, table
from scenario.world import job


def row_of(agent, command, **wanted):
    rows = table(agent.cli(*command).stdout.split("\n\n")[0])
    return next(row for row in rows if all(row[key] == value for key, value in wanted.items()))


def start_run(agent, text):
    """`drover job run` as a process of its own."""
    path = agent.folder / "job.nomad.hcl"
    path.write_text(text)
    return subprocess.Popen([agent.binary, "job", "run", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, env=agent.environment(), cwd=agent.folder)


def check_growing(agent):
    """What is said while two machines are on their way to the one that is there."""
    operation = agent.wait_operation("east", "polling", "joining")
    assert (operation["Kind"], operation["From"], operation["To"]) == ("grow", 1, 3)
    assert (operation["For"], operation["HourlyUSD"], operation["Actor"]) == ("web", "0.192", "drover")
    pool = agent.wait_pool("east", lambda pool: pool["Desired"] == 3 and pool["Operation"], "to be seen at its new size")
    assert (pool["Instances"], pool["Joined"], pool["Account"], pool["ProviderPool"]) == (3, 1, "cloud", "east/std")
    text = agent.cli("pool", "list").stdout
    assert "east/std: grow 1 -> 3 machines, " in text and "of 3 joined" in text, text
    states = [each["State"] for each in agent.json("instance", "list")["Instances"] if each["ProviderPool"] == "east/std"]
    assert sorted(states) == ["pending", "pending", "running"]
    assert agent.json("approval", "list")["Approvals"] == []
    assert agent.cli("approval", "list").stdout.startswith("Nothing waits for an approval.")
    assert "wait for machines: east/std 1 -> 3" in agent.get("job/web")["Trouble"]


def check_grown(agent, fleet):
    pool = agent.wait_size("east", 3)
    assert (pool["NodeHourlyUSD"], pool["PriceSource"], pool["Rests"]) == ("0.096", "sim:price", "")
    assert [body["To"] for verb, body, _ in fleet.provider.writes() if verb == "grow"] == [3]
    assert fleet.provider.verbs() == [("grow", "east")]
    assert row_of(agent, ["pool", "list"], Region="east", Pool="std")["Wanted"] == "3"
    instances = agent.json("instance", "list", "-account", "cloud")["Instances"]
    nodes = sorted(each["NodeName"] for each in instances if each["Region"] == "east")
    assert len(nodes) == 3 and all(nodes), instances
    known = row_of(agent, ["instance", "list"], Node=nodes[0])
    assert (known["State"], known["Market"], known["Provider pool"]) == ("running", "on-demand", "east/std")
    status = agent.json("provider", "status")["Accounts"][0]
    assert (status["Up"], status["Regions"], status["Pools"], status["Instances"]) == (True, ["east", "west"], 2, 4)
    assert all(look["Status"] in ("ok", "") for look in status["Looks"]), status
    assert row_of(agent, ["provider", "status"], Account="cloud")["State"] == "up"
    row = agent.audit("grow")[0]
    assert (row["Result"], row["Region"], row["Actor"], row["Before"], row["After"]) == \
        ("done", "east", "drover", "std: 1 machines", "std: 3 machines")


def test_a_job_that_does_not_fit_grows_its_pool_and_its_stop_gives_the_machines_back(make_fleet):
    fleet = make_fleet([Pool("east", most=5, boot_ms=2000), Pool("west", most=5, usd_per_hour="0.2")])
    agent = fleet.start()
    agent.run(job("old", count=8))  # fills the machines that are there
    run = start_run(agent, job_hcl("web", count=8))
    check_growing(agent)
    output = run.communicate(timeout=60)[0]
    assert run.returncode == 0, output
    assert fleet.sim.spread("web") == {"east": 8}
    check_grown(agent, fleet)
    agent.cli("job", "stop", "web")
    agent.wait_size("east", 1)
    assert fleet.provider.verbs() == [("grow", "east"), ("shrink", "east"), ("shrink", "east")]
    assert fleet.sim.spread("old") == {"east": 4, "west": 4}
    assert fleet.peaks.machines["east"] == 3
    assert fleet.sim.desired("west") == 1
    for action, before in (("cordon", "std: node std-"), ("drain", "std: node std-"), ("shrink", "std: node std-")):
        rows = agent.audit(action)
        assert [row["Result"] for row in rows] == ["done", "done"], action
        assert all(row["Before"].startswith(before) and ", instance i-" in row["Before"] for row in rows), rows
    wait_for(lambda: len(agent.json("instance", "list")["Instances"]) == 2, 10, "the machines to be gone")


def grow_the_next_best(fleet):
    """What cannot be had is taken back, and not asked for again at once."""
    agent = fleet.start()
    agent.run(job("old", count=12))
    fleet.sim.fault("east", "no-capacity", "std 1")
    fleet.sim.fault("north", "quota", "std 1")
    agent.run(job("web", count=8))
    # One of east's two came and stays; the quota refuses north; west gives the rest.
    assert fleet.sim.spread("web") == {"east": 4, "west": 4}
    agent.wait_quiet()
    assert {region: fleet.sim.desired(region) for region in fleet.names} == {"east": 2, "north": 1, "west": 2}
    assert fleet.provider.verbs("east") == [("grow", "east"), ("withdraw", "east")]
    assert [body["To"] for verb, body, _ in fleet.provider.writes() if verb == "grow"] == [3, 2, 2]
    # It is remembered: a second job does not ask them again.
    agent.run(job("more", count=4))
    assert fleet.sim.spread("more") == {"west": 4}
    assert fleet.provider.verbs("east") == [("grow", "east"), ("withdraw", "east")]
    assert len(fleet.provider.verbs("north")) == 1


def replace_what_never_joins(fleet):
    """Twice; then it is reported and the next best is grown."""
    agent = fleet.start()
    agent.run(job("old", count=8))
    fleet.sim.fault("east", "no-join", "std 3")
    agent.run(job("web", count=4), state="running")
    assert fleet.sim.spread("web") == {"west": 4}
    verbs = fleet.provider.verbs("east")
    assert verbs == [("grow", "east"), ("shrink", "east")] * 3
    assert fleet.peaks.machines["east"] == 2 and fleet.peaks.desired["east"] == 2
    agent.wait_size("west", 2)
    pool = agent.wait_size("east", 1)
    assert pool["Rests"] == "1 of 1 new machines became no ready node in time, though replaced 2 times"
    assert f"east/std: rests: {pool['Rests']}" in agent.cli("pool", "list").stdout


def test_what_cannot_be_had_or_never_joins_is_grown_elsewhere(make_fleet):
    west = Pool("west", most=5, usd_per_hour="0.2")
    lacking = make_fleet([Pool("east", most=5), Pool("north", most=5, usd_per_hour="0.15"), west])
    silent = make_fleet([Pool("east", most=3, join_within="1s"), west])
    side_by_side(partial(grow_the_next_best, lacking), partial(replace_what_never_joins, silent))


def test_machines_are_known_where_the_account_speaks_before_the_region(make_fleet):
    """What a node is known by is wanted only when the account has spoken; the region is in the middle of its lists then."""
    fleet = make_fleet([Pool("east", nodes=2, proxied=True, shrinks=False)])
    fleet.proxies["east"].inject(Delay(0.7), method="GET", path="^/v1/(nodes|allocations|jobs)", times=3)
    agent = fleet.start()
    agent.wait_size("east", 2)


def test_a_job_right_after_the_first_start_waits_for_what_the_account_says(make_fleet):
    fleet = make_fleet([Pool("east", most=6, shrinks=False)])
    fleet.provider.fault("slow", match="GET /sim/machines", seconds=1, times=3)
    agent = fleet.agent(agent_class=FleetAgent).start()
    agent.wait_state(fleet.names)
    agent.run(job("web", count=8))
    assert fleet.sim.desired("east") == 2


def test_a_job_that_comes_while_its_pool_shrinks_keeps_the_node_or_buys_one_again(make_fleet):
    fleet = make_fleet([Pool("east", nodes=3, most=6)])
    agent = fleet.start()
    agent.wait_operation("east", "emptying", "draining")
    agent.run(job("web", count=12))
    agent.wait_size("east", 3)
    assert fleet.peaks.machines["east"] == 3
    given_back = [row["Result"] for row in agent.audit("uncordon")]
    removed = len(agent.audit("shrink"))
    assert (given_back, removed, fleet.provider.verbs()) in ((["done"], 0, []), ([], 1, [("shrink", "east"), ("grow", "east")]))


def test_a_wrong_removal_would_be_seen(make_fleet):
    """What every story of a fleet ends with: each removal was of a node that took no work and held none."""
    fleet = make_fleet([Pool("east", nodes=2)])
    machines = [each["ID"] for each in fleet.sim.machines("east")["Instances"]]
    fleet.sim.run_foreign("east", job("theirs", count=8))
    wrongs = "\n".join(fleet.provider.judge({"Region": "east", "Instances": machines}))
    assert wrongs.count("still takes work") == 2 and wrongs.count("holds an allocation of theirs") == 8, wrongs
