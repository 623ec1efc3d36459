"""Placing, shifting, stopping: what a person asks for arrives in the regions, where it costs least."""
import time

import pytest

from live.http_api import wait_for
from scenario.world import Place, job


def lines_by_region(decision):
    """The reason that stands for each region: the chosen pool's, or the last."""
    reasons = {}
    for line in decision["Lines"]:
        if reasons.get(line["Region"]) != "chosen":
            reasons[line["Region"]] = line["Reason"]
    return reasons


def test_a_job_goes_where_it_is_cheapest_and_is_followed_to_proven(scene):
    agent = scene.start()
    plan = agent.plan(job("web", count=3))
    assert scene.sim.writes() == 0
    document = agent.run(job("web", count=3))
    assert scene.sim.spread("web") == {"dc-fra1": 3}
    assert (document["Wanted"], document["Placed"], document["Serving"], document["Proven"]) == (3, 3, 3, 3)
    [copy] = document["Copies"]
    assert (copy["Region"], copy["State"], copy["Registered"]) == ("dc-fra1", "proven", True)
    decision = agent.get("explain/web")
    assert lines_by_region(decision) == {"dc-fra1": "chosen", "aws-us-east-1": "dearer", "azure-westeurope": "dearer"}
    assert decision["MarginalAfterUSD"] == plan["MarginalAfterUSD"]
    assert [row["Result"] for row in agent.audit("register")] == ["done"]


def test_what_the_cheapest_region_cannot_hold_goes_to_the_next(scene):
    agent = scene.start()
    agent.run(job("web", count=11))
    assert scene.sim.spread("web") == {"dc-fra1": 8, "aws-us-east-1": 3}


def test_the_same_job_again_changes_nothing(scene):
    agent = scene.start()
    agent.run(job("web", count=2))
    before = scene.sim.writes()
    assert agent.submit(job("web", count=2))["Unchanged"]
    assert scene.sim.writes() == before


def test_only_counts_changed_is_a_shift_that_restarts_nothing(scene):
    agent = scene.start()
    agent.run(job("web", count=6))
    first = {each["ID"] for each in scene.sim.running("dc-fra1", "web")}
    agent.run(job("web", count=10))
    assert scene.sim.spread("web") == {"dc-fra1": 8, "aws-us-east-1": 2}
    assert first <= {each["ID"] for each in scene.sim.running("dc-fra1", "web")}
    agent.run(job("web", count=2))
    wait_for(lambda: sum(scene.sim.spread("web").values()) == 2, 10, "the others to stop")
    assert {each["ID"] for each in scene.sim.running("dc-fra1", "web")} <= first
    assert scene.sim.spread("web") == {"dc-fra1": 2}


def test_anything_but_counts_changed_is_refused_and_nothing_is_written(scene):
    agent = scene.start()
    agent.run(job("web", count=2))
    before = scene.sim.writes()
    refused = agent.try_submit(job("web", count=2, cpu=500))
    assert refused.status in (409, 422) and "more than its counts differ" in refused.text()
    assert scene.sim.writes() == before and agent.get("job/web")["State"] == "running"


def test_what_fits_nowhere_leaves_the_job_partial_and_says_where_and_why(scene):
    agent = scene.start()
    document = agent.run(job("web", count=40), state="partial")
    assert document["Placed"] == 32 and "8" in document["Trouble"]
    assert scene.sim.spread("web") == {"dc-fra1": 8, "aws-us-east-1": 12, "azure-westeurope": 12}


def test_an_outside_job_of_that_name_makes_its_region_occupied(scene):
    scene.sim.nomad("dc-fra1").put("/v1/jobs", {"Job": job("web")}).expect(200)
    agent = scene.start()
    agent.wait("jobs", lambda a: a["Jobs"], "the outside job")
    outside = scene.sim.running("dc-fra1", "web")[0]["ID"]
    agent.run(job("web", count=2))
    assert scene.sim.spread("web") == {"dc-fra1": 1, "aws-us-east-1": 2}
    assert scene.sim.running("dc-fra1", "web")[0]["ID"] == outside
    assert lines_by_region(agent.get("explain/web"))["dc-fra1"] == "occupied"


def test_stop_ends_the_job_and_purge_forgets_it(scene):
    agent = scene.start()
    agent.run(job("web", count=10))
    agent.delete("web")
    agent.wait_job("web", "stopped")
    assert scene.sim.spread("web") == {}
    assert scene.sim.jobs("dc-fra1")["web"]["Stop"]
    agent.delete("web", purge=True)
    wait_for(lambda: agent.api.get("/v1/drover/job/web").status == 404, 10, "the job to be forgotten")
    assert all("web" not in scene.sim.jobs(name) for name in scene.names)
    assert agent.api.delete("/v1/drover/job/web").status == 404


def test_purge_of_a_running_job_stops_it_first(scene):
    agent = scene.start()
    agent.run(job("web", count=2))
    agent.delete("web", purge=True)
    wait_for(lambda: agent.api.get("/v1/drover/job/web").status == 404, 10, "the job to be forgotten")
    assert "web" not in scene.sim.jobs("dc-fra1")
    assert [row["Action"] for row in agent.audit() if row["Job"] == "web"][:2] == ["purge", "stop"]


def test_a_stopped_job_runs_again(scene):
    agent = scene.start()
    agent.run(job("web", count=2))
    agent.delete("web")
    agent.wait_job("web", "stopped")
    agent.run(job("web", count=2))
    assert scene.sim.spread("web") == {"dc-fra1": 2}


def test_the_policy_decides_and_a_policy_without_a_region_is_refused(scene):
    agent = scene.start(more='policy "front" {\n  jobs = ["web*"]\n  regions { deny = ["dc-*"] }\n  spread { min_regions = 2 }\n}\n')
    agent.run(job("web1", count=4))
    assert scene.sim.spread("web1") == {"aws-us-east-1": 2, "azure-westeurope": 2}
    policy = {"HCL": 'policy "back" {\n  jobs = ["db"]\n  providers { allow = ["azure"] }\n}\n'}
    assert agent.put("policies", policy)["Providers"]["Allow"] == ["azure"]
    agent.run(job("db"))
    assert scene.sim.spread("db") == {"azure-westeurope": 1}
    assert agent.get("policy/back")["Governs"] == 1
    nowhere = {"HCL": 'policy "nowhere" {\n  jobs = ["x"]\n  regions { allow = ["mars"] }\n}\n'}
    assert "nowhere" in agent.put("policies", nowhere, status=400)["Error"]["Message"]
    assert agent.put("policies", {"HCL": 'policy "front" {\n  jobs = ["web*"]\n}\n'}, status=409)["Error"]["Code"] == "conflict"
    agent.api.delete("/v1/drover/policy/back").expect(200)
    assert [each["Name"] for each in agent.get("policies")["Policies"] if each["Name"] != "default"] == ["front"]


def test_over_its_budget_a_job_is_refused_with_both_amounts(scene):
    agent = scene.start(more='policy "thrift" {\n  jobs = ["web"]\n  budget { usd_per_month = "25" }\n}\n')
    plan = agent.plan(job("web", count=5))
    assert plan["Placed"] < 5 and float(plan["MonthlyAfterUSD"]) <= 25
    assert "budget" in {line["Reason"] for line in plan["Lines"]}
    refused = agent.try_submit(job("web", count=5))
    assert refused.status >= 400 and "$54.75" in refused.text() and "$25.00" in refused.text()
    assert scene.sim.writes() == 0
    agent.run(job("web", count=2))
    assert scene.sim.spread("web") == {"dc-fra1": 2}


def test_a_job_larger_than_any_machine_is_refused_and_says_what_there_is(scene):
    agent = scene.start()
    assert set(lines_by_region(agent.plan(job("huge", cpu=5000))).values()) == {"too-large"}
    refused = agent.try_submit(job("huge", cpu=5000))
    assert refused.status >= 400 and all(name in refused.text() for name in scene.names) and "5000 MHz" in refused.text()
    assert scene.sim.writes() == 0 and agent.api.get("/v1/drover/job/huge").status == 404


def test_a_change_of_price_shows_in_recommend_and_moves_nothing(make_scene):
    scene = make_scene([Place("aws-us-east-1", usd_per_hour="0.05"), Place("dc-fra1", "onprem", usd_per_hour="0.06")])
    agent = scene.start()
    agent.run(job("web", count=2))
    assert scene.sim.spread("web") == {"aws-us-east-1": 2}
    assert agent.get("recommend")["SavingHourlyUSD"] in ("0", "0.00")
    agent.stop()
    before = scene.sim.writes()
    agent.write_config(scene.config().replace('"0.05"', '"0.50"'), "enforce")
    agent.start()
    agent.wait_state(scene.names)
    advice = agent.wait("recommend", lambda a: a["Jobs"], "an advice")
    [advised] = advice["Jobs"]
    assert (advised["ID"], advised["NowHourlyUSD"], advised["BestHourlyUSD"]) == ("web", "0.25", "0.03")
    best = {place["Region"]: (place["CountNow"], place["CountBest"]) for place in advised["Places"]}
    assert best == {"aws-us-east-1": (2, 0), "dc-fra1": (0, 2)}
    assert scene.sim.writes() - before <= 1, "a start may renew its mark of ownership and do nothing else"
    assert scene.sim.spread("web") == {"aws-us-east-1": 2}


@pytest.mark.parametrize("kind", ["batch", "sysbatch"])
def test_types_that_are_not_placed_yet_are_refused_with_a_reason(scene, kind):
    agent = scene.start()
    error = agent.submit({**job("task"), "Type": kind}, status=422)["Error"]
    assert error["Code"] == "unsupported" and kind in error["Message"]
    assert scene.sim.writes() == 0


def test_a_system_job_goes_whole_to_every_region(scene):
    agent = scene.start()
    agent.submit({**job("probe", count=1), "Type": "system"})
    wait_for(lambda: scene.sim.spread("probe") == {"aws-us-east-1": 3, "azure-westeurope": 3, "dc-fra1": 2}, 15, "one on every machine")
    agent.wait_job("probe")


def test_a_lost_reply_is_settled_by_looking_and_places_nothing_twice(scene):
    agent = scene.start()
    agent.run(job("first"))
    scene.sim.fault("dc-fra1", "lose-reply", "1")
    agent.run(job("web", count=4))
    assert scene.sim.spread("web") == {"dc-fra1": 4}
    assert scene.sim.nomad("dc-fra1").get("/v1/job/web").json()["Version"] == 0
    [row] = [row for row in agent.audit("register") if row["Job"] == "web"]
    assert row["Result"].startswith("settled") and row["Result"].endswith("done")


def test_a_slow_region_is_waited_for(scene):
    agent = scene.start()
    agent.run(job("first"))
    scene.sim.fault("dc-fra1", "slow", "200")
    started = time.monotonic()
    agent.run(job("web", count=2))
    assert scene.sim.spread("web") == {"dc-fra1": 2} and time.monotonic() - started < 15
