"""The sim module beyond the contract: prices it does not trust, what growth could not get, notices, quotas, settings."""
import importlib.util
import json
import subprocess
import urllib.error
from pathlib import Path

import pytest

from providers.double import Runner, tool_path

HERE = Path(__file__).resolve().parent
SPEC = importlib.util.spec_from_file_location("sim_conformance", HERE / "conformance.py")
conformance = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(conformance)


class Market(conformance.ConformanceDouble):
    """Two regions; what is asked goes through the same proxy."""

    WORLD = {"Seed": 1, "Regions": [
        {"Name": "east", "Pools": [conformance.POOL,
                                   {"Name": "cheap", "Count": 1, "Market": "spot", "InstanceType": "m5.large", "HourlyUSD": "0.031"},
                                   {"Name": "rack", "Count": 3, "CPU": 16000, "MemoryMB": 65536, "Market": "owned", "InstanceType": "r640",
                                    "HourlyUSD": "0.2"}]},
        {"Name": "west", "Pools": [{"Name": name, "Count": 1, "InstanceType": "D2s_v5"} for name in ("web", "twin")]}]}
    more = ""

    def start(self, folder):
        self.sim = conformance.Simulator(folder, self.WORLD)
        self.token_file = folder / "token"
        self.proxy = conformance.FaultProxy(self.sim.url).start()
        self.began = 0
        self.recover()

    def settings(self):
        return super().settings() + self.more


@pytest.fixture
def market(tmp_path):
    if not Path(tool_path()).exists() or not conformance.program().exists():
        pytest.skip("build/provider-tool or drover-sim is not built: ./dev test providers")
    double = Market()
    double.start(tmp_path)
    yield Runner(double, tmp_path)
    double.stop()


def offers(market):
    result = market.call("offers")
    assert result.status == "ok", result
    return {(offer["region"], offer["instance_type"], offer["market"]): offer["price_micro_h"] for offer in result.records("offer")}, result


def test_describe_tells_regions_and_every_kind_of_machine_once(market):
    result = market.call("describe")
    assert result.status == "ok", result
    assert [region["id"] for region in result.records("region")] == ["east", "west"]
    types = {(kind["region"], kind["name"]): kind for kind in result.records("instance_type")}
    assert list(types) == [("east", "m5.large"), ("east", "rack"), ("west", "D2s_v5")]
    large, rack = types["east", "m5.large"], types["east", "rack"]
    assert large["on_demand"] and large["spot"] and not rack["on_demand"]
    assert (rack["processor_mhz"], rack["memory_mib"], rack["disk_mib"]) == (16000, 65536, 50000)


def test_offers_are_those_of_priced_pools_with_the_time_they_were_observed(market):
    found, result = offers(market)
    assert found == {("east", "m5.large", "on-demand"): 96000, ("east", "m5.large", "spot"): 31000, ("east", "rack", "owned"): 200000}
    market.double.sim.advance(60000)
    market.double.sim.price(120000)
    found, later = offers(market)
    assert found["east", "m5.large", "on-demand"] == 120000
    assert later.records("offer")[0]["observed_at_us"] >= result.records("offer")[0]["observed_at_us"] + 60000000


@pytest.mark.parametrize("micro, currency", [(0, "USD"), (-96000, "USD"), (96000, "EUR"), (2**60, "USD")])
def test_a_price_that_cannot_be_trusted_is_logged_and_no_offer(market, micro, currency):
    market.double.sim.price(micro, currency)
    found, result = offers(market)
    assert ("east", "m5.large", "on-demand") not in found and len(found) == 2
    assert any("east/web" in line["text"] for line in result.log()), result.lines


def test_prices_in_the_accounts_own_currency_are_offers(market):
    market.double.more = 'currency = "EUR"\n'
    market.double.sim.price(88000, "EUR")
    assert offers(market)[0] == {("east", "m5.large", "on-demand"): 88000}


def test_two_prices_for_one_kind_of_machine_are_ambiguous(market):
    market.double.sim.price(50000, region="west", pool="web")
    market.double.sim.price(50000, region="west", pool="twin")
    found, result = offers(market)
    assert found["west", "D2s_v5", "on-demand"] == 50000 and len(result.records("offer")) == 4
    market.double.sim.price(50001, region="west", pool="twin")
    found, result = offers(market)
    assert ("west", "D2s_v5", "on-demand") not in found
    assert sum("west/" in line["text"] for line in result.log()) == 2


def test_growth_without_capacity_is_told_when_what_could_be_had_is_there_and_withdraw_takes_back_the_rest(market):
    sim = market.double.sim
    sim.fault("no-capacity", "web 1")
    observed = market.observed()
    began = market.grow(observed, 5)
    assert began.operation["progress"] == "running"
    assert market.call("poll", {"token": began.operation["token"]}).operation["progress"] == "running", "one is still coming"
    ended = market.poll_to_end(began)
    assert ended.status == "no_capacity" and ended.error["instance_type"] == "m5.large" and ended.error["market"] == "on-demand"
    assert sim.pool()["Desired"] == 5 and len(sim.pool()["Instances"]) == 3
    withdrawn = market.call("withdraw", {"pool": "east/web"})
    assert withdrawn.status == "ok" and withdrawn.operation["progress"] == "done"
    assert sim.pool()["Desired"] == 3
    again = market.call("withdraw", {"pool": "east/web"})
    assert again.status == "ok" and sim.pool()["Generation"] == 3, "nothing to take back was written all the same"
    assert market.call("poll", {"token": began.operation["token"]}).status == "conflict"


def test_growth_that_was_interrupted_meanwhile_is_a_conflict_and_not_done(market):
    sim = market.double.sim
    began = market.grow(market.observed(), 3)
    sim.fault("interrupt", "web-1 1")
    sim.advance(5000)
    sim.advance(5000)
    assert market.call("poll", {"token": began.operation["token"]}).status == "conflict"


def test_a_quota_refuses_growth_and_is_listed(market):
    market.double.sim.fault("quota", "web 3")
    result = market.grow(market.observed(), 4)
    assert result.status == "quota" and result.error["quota"] == "web", result
    listed = market.call("quotas")
    assert listed.status == "ok"
    assert [(quota["name"], quota["limit"], quota["used"]) for quota in listed.records("quota")] == [("web", 3, 2)]
    assert market.double.writes() == 0


def test_a_notice_is_told_until_the_machine_goes(market):
    sim = market.double.sim
    sim.fault("interrupt", "web-2 60000")
    notices = market.call("interruptions").records("interruption")
    assert len(notices) == 1 and notices[0]["pool"] == "east/web" and notices[0]["kind"] == "terminate"
    assert notices[0]["instance"] in market.double.instances()
    sim.advance(61000)
    sim.advance(2000)
    assert market.call("interruptions").records("interruption") == []
    assert notices[0]["instance"] not in market.double.instances()


def test_a_machine_that_never_joins_counts_as_grown(market):
    market.double.sim.fault("no-join", "web")
    assert market.poll_to_end(market.grow(market.observed(), 3)).status == "ok"
    assert [instance["NodeID"] for instance in market.double.sim.pool()["Instances"]].count("") == 1


def test_regions_of_the_setting_are_the_only_ones_and_must_be_there(market):
    market.double.more = 'regions = ["west"]\n'
    assert [pool["id"] for pool in market.pools().records("pool")] == ["west/web", "west/twin"]
    assert market.call("shrink", {"pool": "east/web", "instances": market.double.instances()[:1]}).status == "not_found"
    market.double.more = 'regions = ["west", "north"]\n'
    result = market.pools()
    assert result.status == "not_found" and "north" in result.error["text"]


@pytest.mark.parametrize("settings, told", [
    ("", "endpoint"), ('endpoint = "http://example.com"', "endpoint"), ('endpoint = "ftp://127.0.0.1"', "endpoint"),
    ('endpoint = "http://127.0.0.1:1/?a=b"', "endpoint"), ('endpoint = "http://127.0.0.1:1"\ncurrency = "usd"', "currency")])
def test_settings_that_cannot_be_are_told(market, settings, told):
    market.double.settings = lambda: settings
    result = market.pools()
    assert result.status == "invalid" and told in result.error["text"], result


def test_without_the_token_file_the_server_refuses(market):
    market.double.settings = lambda: f'endpoint = "{market.double.proxy.url}"\n'
    assert market.pools().status == "auth"
    assert market.call("check").status == "auth"


def change(told, path, value):
    """`told` with the value at a path of keys and indexes."""
    at = told
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return told


POOL = ("Regions", 0, "Pools", 0)


@pytest.mark.parametrize("path, value", [
    ((*POOL, "Desired"), -1), ((*POOL, "Desired"), "2"), ((*POOL, "Desired"), 10**12), ((*POOL, "Instances"), None),
    ((*POOL, "Instances", 0), 7), ((*POOL, "Instances", 0, "ID"), "i-1\n"), ((*POOL, "Instances", 0, "ID"), ""),
    ((*POOL, "Instances", 0, "LaunchedAtMS"), 2**62), ((*POOL, "Market"), "stolen"), ((*POOL, "Name"), "a/b"),
    ((*POOL, "Name"), "w" * 200), ((*POOL, "Price"), {"MicroPerHour": "1"}), ((*POOL, "LastError"), {"Error": 1}),
    ((*POOL, "Machine"), []), (("Regions", 1, "Name"), "east"), (("Regions",), {}), (("Regions", 0), None)])
def test_a_list_that_is_not_understood_is_an_error_and_no_shorter_list(market, path, value):
    told = change(market.double.sim.ask("/sim/machines"), path, value)
    for _ in range(3):
        market.double.proxy.fault("status", match=conformance.LIST, status=200, body=json.dumps(told))
    result = market.pools()
    assert result.status == "retry" and not result.records("pool"), result


def test_one_id_twice_is_an_error(market):
    told = market.double.sim.ask("/sim/machines")
    instances = told["Regions"][0]["Pools"][0]["Instances"]
    instances.append(instances[0])
    market.double.proxy.fault("status", match=conformance.LIST, status=200, body=json.dumps(told))
    assert market.pools().status == "retry"


@pytest.mark.parametrize("status, body, wanted", [
    (500, "oh", "unknown"), (503, "", "unknown"), (503, '{"Error": "no_capacity", "Text": "none"}', "no_capacity"),
    (200, "<html>", "unknown"), (200, "{}", "unknown"), (200, '{"Desired": 9, "Generation": 2}', "unknown"), (302, "", "invalid"),
    (404, "", "not_found"), (409, "", "conflict"), (422, '{"Error": "invalid"}', "invalid"), (403, "", "auth"),
    (400, "x" * 100000, "invalid")])
def test_what_an_answer_to_a_write_means(market, status, body, wanted):
    observed = market.observed()
    market.double.proxy.fault("status", match=conformance.WRITE, status=status, body=body)
    assert market.grow(observed, 3).status == wanted
    assert sum(path == "/sim/machines/grow" for _, _, path in market.double.requests()) == 1, "the write was repeated"


@pytest.mark.parametrize("token", [
    "", "{}", "[]", '{"v": 2, "pool": "east/web", "to": 3, "generation": 2}', '{"v": 1, "pool": "east/web", "gone": []}',
    '{"v": 1, "pool": "east/web", "gone": ["a b"]}', json.dumps({"v": 1, "pool": "w" * 300, "to": 1, "generation": 1}),
    json.dumps({"v": 1, "pool": "east/web", "gone": [f"i-{i}" for i in range(101)]})])
def test_a_token_that_is_none_is_invalid(market, token):
    assert market.call("poll", {"token": token}).status == "invalid"


def test_the_longest_shrink_fits_into_a_token(market):
    gone = [f"i-{i:022d}" for i in range(99)]
    result = market.shrink(gone + market.double.instances()[:1])
    assert result.status == "ok" and result.operation["progress"] == "running"
    assert market.shrink([f"i-{i}" for i in range(101)]).status == "invalid"
    assert market.shrink(["i" * 25]).status == "invalid"
    assert market.poll_to_end(result).status == "ok"


def test_the_control_port_refuses_what_it_cannot_read(market):
    sim = market.double.sim
    east = {"Region": "east", "Pool": "web"}
    for path, body, status, word in [
            ("grow", {}, 400, "invalid"), ("grow", [], 400, "invalid"), ("grow", {**east, "Desired": "2"}, 400, "invalid"),
            ("grow", {"Region": "north", "Pool": "web"}, 404, "not_found"),
            ("grow", {"Region": "east", "Pool": "none", "Desired": 1, "Generation": 1, "To": 2}, 404, "not_found"),
            ("grow", {**east, "Desired": 2, "Generation": 1, "To": 11}, 422, "invalid"),
            ("grow", {**east, "Desired": 2, "Generation": 9, "To": 3}, 409, "conflict"),
            ("shrink", east, 400, "invalid"), ("shrink", {**east, "Instances": [1]}, 400, "invalid"),
            ("shrink", {**east, "Instances": ["i"] * 1001}, 400, "invalid"), ("shrink", {**east, "Instances": []}, 422, "invalid"),
            ("withdraw", {**east, "Generation": 9}, 409, "conflict"), ("none", east, 404, "not_found")]:
        with pytest.raises(urllib.error.HTTPError) as refused:
            sim.ask(f"/sim/machines/{path}", body)
        answer = json.load(refused.value)
        assert (refused.value.code, answer["Error"]) == (status, word) and answer["Text"], (path, body, answer)
    assert market.double.writes() == 0


@pytest.mark.parametrize("more, told", [
    ({"Min": 3}, "min"), ({"Max": 1}, "max"), ({"Max": 100001}, "max"), ({"Market": "stolen"}, "market"), ({"HourlyUSD": 0.1}, "HourlyUSD"),
    ({"HourlyUSD": "cheap"}, "HourlyUSD"), ({"Currency": "usd"}, "currency"), ({"BootMS": -1}, "BootMS"), ({"Maximum": 3}, "Maximum")])
def test_a_world_that_cannot_be_sold_so_does_not_start(tmp_path, more, told):
    if not conformance.program().exists():
        pytest.skip("drover-sim is not built: ninja -C build drover-sim, or set DROVER_SIM_BIN")
    spec = tmp_path / "world.json"
    spec.write_text(json.dumps({"Regions": [{"Name": "east", "Pools": [{"Name": "web", "Count": 2, **more}]}]}))
    ended = subprocess.run([conformance.program(), "-spec", spec], capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1 and told in ended.stderr and not ended.stdout


@pytest.mark.parametrize("token", ["", "t" * 128])
def test_a_provider_token_that_cannot_be_does_not_start(tmp_path, token):
    if not conformance.program().exists():
        pytest.skip("drover-sim is not built: ninja -C build drover-sim, or set DROVER_SIM_BIN")
    file = tmp_path / "token"
    file.write_text(token)
    ended = subprocess.run([conformance.program(), "-provider-token-file", file], capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1 and "token" in ended.stderr
