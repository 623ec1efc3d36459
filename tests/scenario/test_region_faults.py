"""What networks and half-broken regions answer: one clear word for each, the others go on, nothing is lost.

Silence is believed only after half a minute, so all the faults that are silent stand in one test, a region each.
"""
from live.http_api import wait_for
from live.proxy import Answer, DropReply, HalfBody, Refuse, ReplaceHeader, Silence, Trickle, html_page, redirect, text_500
from scenario.world import Place, job, three_places

LISTS = "^/v1/(nodes|jobs|allocations|deployments)"
# What the region does from the first request on, and a word that its trouble or its log must then hold. None: it need not fail.
FAULTS = {
    "answers-400": (Answer(400, b"Invalid region"), "", "400"),
    "answers-403": (Answer(403, b"Permission denied"), "", "token is refused"),
    "answers-500": (text_500(), "", "500"),
    "answers-html": (html_page(), "", ""),
    "answers-half": (HalfBody(), LISTS, ""),
    "redirects": (redirect(), "", "307"),
    "refuses": (Refuse(), "", ""),
    "lists-are-silent": (Silence(), LISTS, ""),
    "streams-are-silent": (Silence(), "^/v1/event/stream", ""),
    "all-is-silent": (Silence(), "", ""),
}
HEALTHY = "dc-fra1"


def test_each_fault_stays_in_its_region_and_ends_when_it_ends(make_scene):
    places = [Place(name, nodes=1, proxied=True) for name in FAULTS] + [Place(HEALTHY, "onprem", pool="owned", usd_per_hour="0.06")]
    scene = make_scene(places)
    for name, (fault, path, _) in FAULTS.items():
        scene.proxies[name].inject(fault, path=path)
    agent = scene.agent().start()
    agent.wait_state([HEALTHY])
    agent.run(job("web", count=3))
    assert scene.sim.spread("web") == {HEALTHY: 3}

    def all_tell(answer):
        states = {region["Name"]: region for region in answer["Regions"]}
        return all(states[name]["State"] not in ("alive", "returning") and states[name]["Trouble"] for name in FAULTS)

    regions = {each["Name"]: each for each in agent.wait("regions", all_tell, "each fault to be told", 20)["Regions"]}
    for name, (_, _, word) in FAULTS.items():
        assert word in regions[name]["Trouble"], f"{name}: {regions[name]['Trouble']}"
        assert "<h1>" not in regions[name]["Trouble"] and len(regions[name]["Trouble"]) < 500
        assert not regions[name]["Complete"] and regions[name]["Owner"] == "none"
    assert regions[HEALTHY]["State"] == "alive"
    agent.run(job("more", count=2))
    for proxy in scene.proxies.values():
        proxy.clear_faults()
        proxy.cut()
    agent.wait_state(scene.names, seconds=40)
    assert agent.get("status")["Nodes"] == len(FAULTS) + 3
    assert scene.sim.spread("web") == {HEALTHY: 3} and scene.sim.spread("more") == {HEALTHY: 2}
    assert sum(len(proxy.writes()) for proxy in scene.proxies.values()) == 0


def test_a_trickling_region_is_taken_in_and_delays_nobody(make_scene):
    scene = make_scene([Place("slow", proxied=True), Place(HEALTHY, "onprem", pool="owned", usd_per_hour="0.06")])
    scene.proxies["slow"].inject(Trickle(bytes_at_once=100, pause_seconds=0.01), path=LISTS)
    agent = scene.agent().start()
    agent.wait_state([HEALTHY], seconds=5)
    agent.run(job("web"))
    agent.wait_state(["slow"], seconds=30)
    assert agent.region("slow")["Nodes"] == 3


def test_a_wrong_index_neither_stops_the_agent_nor_loses_a_node(make_scene):
    scene = make_scene([Place("wild", proxied=True), Place(HEALTHY, "onprem", pool="owned", usd_per_hour="0.06")])
    for value in ("99999999999999999999999", "0"):
        scene.proxies["wild"].inject(ReplaceHeader("X-Nomad-Index", value), path=LISTS, times=2)
    agent = scene.agent().start()
    agent.wait_state(scene.names, seconds=30)
    agent.wait("region/wild", lambda a: a["Nodes"] == 3, "its nodes")
    assert agent.get("status")["Nodes"] == 6


def test_a_refused_write_is_told_and_the_job_goes_elsewhere(make_scene):
    scene = make_scene(three_places(proxied=True))
    scene.proxies["dc-fra1"].inject(Answer(403, b"Permission denied"), method="PUT", path="^/v1/(jobs|var)(/|\\?|$)")
    agent = scene.start()
    agent.submit(job("web", count=3))
    wait_for(lambda: sum(scene.sim.spread("web").values()) == 3, 15, "all three to run elsewhere")
    assert scene.sim.spread("web") == {"aws-us-east-1": 3}
    told = [row for row in agent.audit() if row["Region"] == "dc-fra1" and row["Result"].startswith("refused")]
    assert told and "Permission denied" in told[0]["Result"], agent.audit()


def test_a_token_that_only_reads_looks_and_is_told_what_it_may_not(make_scene):
    places = three_places(fields={"ReadToken": "reading-hush", "WriteToken": "writing-hush"})
    for place in places:
        place.token = "reading-hush" if place.name == "dc-fra1" else "writing-hush"
    scene = make_scene(places)
    agent = scene.start()
    agent.submit(job("web", count=2))
    wait_for(lambda: sum(len(scene.sim.running(name, "web", "writing-hush")) for name in scene.names) == 2, 15, "both to run elsewhere")
    assert scene.sim.running("dc-fra1", "web", "writing-hush") == []


def test_a_wrong_token_denies_its_region_only(make_scene):
    places = three_places()
    places[2].fields = {"ReadToken": "reading-hush", "WriteToken": "writing-hush"}
    places[2].token = "wrong-hush"
    scene = make_scene(places)
    agent = scene.agent().start()
    agent.wait_state(["aws-us-east-1", "azure-westeurope"])
    agent.wait_state(["dc-fra1"], "denied")
    assert "token is refused" in agent.region("dc-fra1")["Trouble"]
    agent.run(job("web", count=2))
    (scene.folder / "dc-fra1.token").write_text("reading-hush\n")
    agent.wait_state(["dc-fra1"], seconds=40)


def test_registrations_whose_answers_are_lost_for_a_while_are_settled_once(make_scene):
    scene = make_scene(three_places(proxied=True))
    agent = scene.start()
    agent.run(job("first"))
    scene.proxies["dc-fra1"].inject(DropReply(), method="PUT", path="^/v1/jobs(\\?|$)", times=2)
    scene.proxies["dc-fra1"].inject(text_500(), method="GET", path="^/v1/job/", times=3)
    agent.run(job("web", count=4))
    assert scene.sim.spread("web") == {"dc-fra1": 4}
    assert scene.sim.nomad("dc-fra1").get("/v1/job/web").json()["Version"] == 0


def test_silence_makes_a_region_suspect_then_dark_and_a_stop_waits_for_it(scene):
    agent = scene.start()
    agent.run(job("web", count=2))
    agent.run(job("stays", count=2))
    scene.sim.fault("dc-fra1", "dark", "silent")
    agent.wait_state(["dc-fra1"], "suspect", seconds=15)
    assert scene.sim.spread_except("dc-fra1", "web") == {}
    agent.wait_state(["dc-fra1"], "dark", seconds=45)
    agent.run(job("elsewhere", count=1))
    agent.delete("web")
    assert agent.get("job/web")["State"] == "stopping"
    assert agent.get("job/stays")["Wanted"] == 2
    scene.sim.heal("dc-fra1")
    agent.wait_state(["dc-fra1"])
    agent.wait_job("web", "stopped")
    assert scene.sim.running("dc-fra1", "web") == []
    assert scene.sim.spread("stays") == {"dc-fra1": 2} and scene.sim.spread("elsewhere") == {"aws-us-east-1": 1}
    agent.wait_job("stays")


def test_a_region_that_refuses_and_comes_back_loses_nothing(scene):
    agent = scene.start()
    agent.run(job("web", count=2))
    scene.sim.fault("dc-fra1", "dark", "refuse")
    agent.wait_state(["dc-fra1"], "suspect", seconds=15)
    scene.sim.heal("dc-fra1")
    agent.wait_state(["dc-fra1"])
    agent.wait_job("web")
    assert scene.sim.spread("web") == {"dc-fra1": 2}
