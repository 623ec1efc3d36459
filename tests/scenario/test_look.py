"""Looking: everything is answered and nothing is written."""
from live.http_api import Api
from scenario.world import Place, job, three_places
from tools.agent import pool_config


def test_observing_answers_everything_and_writes_nothing(scene):
    scene.sim.nomad("aws-us-east-1").put("/v1/jobs", {"Job": job("theirs", count=2)}).expect(200)
    before = scene.sim.writes()
    agent = scene.start(mode="observe")
    agent.wait("jobs", lambda a: [j for j in a["Jobs"] if j["ID"] == "theirs" and j["Placed"] == 2], "the outside job to be seen")
    regions = {region["Name"]: region for region in agent.get("regions")["Regions"]}
    assert [regions[name]["Nodes"] for name in scene.names] == [3, 3, 2]
    assert all(region["Complete"] and region["Owner"] == "none" for region in regions.values())
    pools = {(pool["Region"], pool["Name"]): pool for pool in agent.get("pools")["Pools"]}
    assert pools["dc-fra1", "owned"]["NodeHourlyUSD"] == "0.06" and pools["dc-fra1", "other"]["Nodes"] == 0
    assert len(agent.get("nodes")["Nodes"]) == 8
    assert agent.get("cost")["Total"]["HourlyUSD"] == "0.738"
    theirs = agent.get("job/theirs")
    assert (theirs["Owner"], theirs["State"], theirs["Regions"][0]["Region"]) == ("external", "running", "aws-us-east-1")
    refused = agent.submit(job("mine"), status=409)["Error"]
    assert refused["Code"] == "gated" and "observe" in refused["Message"]
    agent.plan(job("mine", count=3))
    agent.get("recommend")
    assert scene.sim.writes() == before


def test_without_a_mode_the_agent_observes(scene):
    agent = scene.start(mode=None)
    status = agent.get("status")
    assert (status["Mode"], status["ConfiguredMode"]) == ("observe", "observe")
    assert scene.sim.writes() == 0


def test_in_enforce_nothing_is_written_before_it_is_asked_for(scene):
    agent = scene.start()
    agent.get("recommend")
    assert scene.sim.writes() == 0
    assert {region["Owner"] for region in agent.get("regions")["Regions"]} == {"none"}


def test_a_missing_price_is_named_and_never_taken_as_free(make_scene):
    scene = make_scene([Place("aws-us-east-1", usd_per_hour=None), Place("dc-fra1", usd_per_hour="0.9")])
    agent = scene.start()
    unpriced = agent.get("cost")["Unpriced"]
    assert [(each["Region"], each["Pool"], each["Nodes"]) for each in unpriced] == [("aws-us-east-1", "std", 3)]
    assert agent.region("aws-us-east-1")["UnpricedNodes"] == 3
    agent.run(job("web", count=2))
    assert scene.sim.spread("web") == {"dc-fra1": 2}
    lines = agent.get("explain/web")["Lines"]
    assert ("aws-us-east-1", "unpriced") in {(line["Region"], line["Reason"]) for line in lines}


def test_nodes_that_no_pool_selects_are_in_other_and_unpriced(make_scene):
    scene = make_scene([Place("aws-us-east-1", pools="")])
    agent = scene.start()
    [other] = agent.get("pools")["Pools"]
    assert (other["Name"], other["Nodes"], other["UnpricedNodes"], other["NodeHourlyUSD"]) == ("other", 3, 3, None)


def test_two_pools_that_claim_one_node_are_reported(make_scene):
    pools = pool_config("std", "0.096") + pool_config("all", "0.2", 'datacenter = "aws-us-east-1"')
    scene = make_scene([Place("aws-us-east-1", pools=pools)])
    agent = scene.start()
    nodes = agent.get("nodes")["Nodes"]
    assert {(node["Pool"], node["SecondPool"]) for node in nodes} == {("std", "all")}
    assert agent.plan(job("web"))["Placed"] == 0


def test_the_region_tokens_and_the_agents_own_are_in_no_answer_and_no_log(make_scene):
    secret = "5f0c1b2d-hush-region"
    places = three_places(token=secret, fields={"WriteToken": secret})
    scene = make_scene(places)
    agent = scene.start("-log-level", "trace", "-log-json")
    agent.run(job("web", count=2))
    agent.delete("web")
    agent.wait_job("web", "stopped")
    own = agent.token_file.read_text().strip()
    Api(agent.address, "wrong-hush-token").get("/v1/drover/status").expect(403)
    answers = [agent.api.get(f"/v1/drover/{path}").text() for path in ("status", "regions", "jobs", "job/web", "explain/web", "audit")]
    agent.stop()
    for value in (secret, own, "wrong-hush-token"):
        assert value not in agent.log_text()
        assert all(value not in answer for answer in answers)
