"""Power on, off, and looking, against the fake BMC."""
from doubles.bmc.bmc import System


def two(**more):
    return [System("1", power="On", **more), System("2", power="Off", **more)]


def test_pools_show_machines_with_state_identity_and_price_of_neither(make_site):
    bmc, tool = make_site(two())
    pool, machines = tool.pools()
    assert (pool["desired"], pool["max"], pool["market"], pool["writable"]) == (1, 2, "owned", True)
    assert {name: machine["state"] for name, machine in machines.items()} == {"r1": "running", "r2": "stopped"}
    assert machines["r1"]["identities"] == [["meta.drover_machine", "r1"]]
    assert machines["r2"]["milliwatts"] == 12000


def test_grow_powers_on_and_ends_when_the_state_is_seen(make_site):
    bmc, tool = make_site([System("1"), System("2", on_delay=0.5), System("3")])
    assert tool.follow(tool.grow(2))["status"] == "ok"
    assert sorted(tool.states().values()) == ["running", "running", "stopped"]
    assert [len(system.commands) for system in bmc.systems.values()] == [1, 1, 0]


def test_grow_takes_the_machines_that_draw_least_first(make_bmc, make_tool):
    bmc = make_bmc([System("1"), System("2")])
    tool = make_tool({"a": f'{bmc.settings()}\nsystem = "/redfish/v1/Systems/1"\nwatts_loaded = 500',
                      "b": f'{bmc.settings()}\nsystem = "/redfish/v1/Systems/2"\nwatts_loaded = 300'})
    assert tool.follow(tool.grow(1))["status"] == "ok"
    assert tool.states() == {"a": "stopped", "b": "running"}


def test_grow_on_another_size_than_observed_is_a_conflict_and_sends_nothing(make_site):
    bmc, tool = make_site(two())
    assert tool.grow(2, desired=0)["status"] == "conflict"
    assert bmc.count("POST", "*Reset") == 0


def test_grow_beyond_the_machines_is_refused(make_site):
    bmc, tool = make_site(two())
    assert tool.grow(3)["status"] == "invalid"
    assert bmc.count("POST", "*Reset") == 0


def test_grow_passes_over_a_critical_machine_and_tells_what_is_missing(make_site):
    bmc, tool = make_site([System("1", health="Critical"), System("2")])
    ended = tool.follow(tool.grow(2))
    assert ended["status"] == "no_capacity" and ended["done"]["error"]["instance_type"] == "rack-a"
    assert tool.states() == {"r1": "stopped", "r2": "running"}


def test_shrink_shuts_down_exactly_the_named_and_twice_is_the_same_as_once(make_site):
    bmc, tool = make_site([System("1", power="On", off_delay=0.4), System("2", power="On"), System("3", power="On")])
    assert tool.follow(tool.shrink("r1", "r3"))["status"] == "ok"
    assert tool.states() == {"r1": "stopped", "r2": "running", "r3": "stopped"}
    again = tool.shrink("r1", "r3")
    assert again["status"] == "ok" and again["done"]["operation"]["progress"] == "done"
    assert [system.commands for system in bmc.systems.values()] == [["GracefulShutdown"], [], ["GracefulShutdown"]]


def test_shrink_while_the_first_is_under_way_sends_no_second_command(make_site):
    bmc, tool = make_site([System("1", power="On", off_delay=1.0), System("2", power="On")])
    first, second = tool.shrink("r1"), tool.shrink("r1")
    assert tool.follow(second)["status"] == "ok" and tool.follow(first)["status"] == "ok"
    assert bmc.systems["1"].commands == ["GracefulShutdown"]


def test_shrink_below_min_unknown_names_and_foreign_machines_are_refused(make_site):
    bmc, tool = make_site(two(), pool="adopt_running = true\n  min = 1")
    assert tool.shrink("r1")["status"] == "invalid"
    assert tool.shrink("r9")["status"] == "not_found"
    bmc, tool = make_site(two(), pool="")
    assert tool.pools()[1]["r1"]["foreign"] is True
    assert tool.shrink("r1")["status"] == "invalid"
    assert bmc.count("POST", "*Reset") == 0


def test_a_shutdown_that_is_ignored_is_forced_after_its_time_only_where_allowed(make_site):
    stuck = dict(power="On", ignores_shutdown=True)
    bmc, tool = make_site([System("1", **stuck)], pool="adopt_running = true\n  force_off = true", off_timeout="600ms")
    assert tool.follow(tool.shrink("r1"))["status"] == "ok"
    assert bmc.systems["1"].commands == ["GracefulShutdown", "ForceOff"]
    bmc, tool = make_site([System("1", **stuck)], off_timeout="600ms")
    ended = tool.follow(tool.shrink("r1"))
    assert ended["status"] == "invalid" and "force_off" in ended["done"]["error"]["text"]
    assert bmc.systems["1"].commands == ["GracefulShutdown"]
    assert tool.states() == {"r1": "running"}


def test_one_command_at_a_time_a_machine(make_site):
    bmc, tool = make_site([System("1", on_delay=1.0)])
    begun = tool.grow(1)
    assert tool.states() == {"r1": "pending"}
    assert tool.shrink("r1")["status"] == "conflict"
    assert tool.follow(begun)["status"] == "ok"
    assert bmc.systems["1"].commands == ["On"]


def test_a_machine_powered_on_by_drover_is_its_own_and_may_go(make_site):
    bmc, tool = make_site([System("1")], pool="")
    tool.follow(tool.grow(1))
    assert tool.pools()[1]["r1"]["foreign"] is False
    assert tool.follow(tool.shrink("r1"))["status"] == "ok"


def test_reset_types_come_from_the_action_info_where_the_system_has_none(make_site):
    bmc, tool = make_site([System("1", allowed=None)], pool="force_off = true")
    bmc.systems["1"].allowed = None
    system = bmc.systems["1"]
    begun = tool.grow(1)
    # The double takes only what its default list names; ForceOn of the ActionInfo is refused by it.
    assert begun["status"] == "invalid" and "ActionParameterNotSupported" in begun["done"]["error"]["text"]
    assert system.commands == [] and tool.states() == {"r1": "stopped"}


def test_answers_200_202_with_task_and_204_are_all_accepted(make_site):
    for answer in ("200", "202", "204"):
        bmc, tool = make_site([System("1", reset_answer=answer)])
        assert tool.follow(tool.grow(1))["status"] == "ok", answer


def test_a_task_that_ends_critical_is_a_failure_and_202_without_location_is_unknown(make_site):
    bmc, tool = make_site([System("1", reset_answer="202-failed", lost_commands=1)])
    ended = tool.grow(1)
    assert ended["status"] == "invalid" and "Completed" in ended["done"]["error"]["text"]
    bmc, tool = make_site([System("1", reset_answer="202-without-location")])
    assert tool.grow(1)["status"] == "unknown"
    assert tool.states() == {"r1": "running"}


def test_a_state_that_is_already_reached_is_success_also_where_the_bmc_calls_it_an_error(make_site):
    bmc, tool = make_site([System("1", refuse_reached=True, stale_reads=0)])
    tool.pools()
    system = bmc.systems["1"]
    system.power, system.stale_reads, system._shown = "On", 2, "Off"
    begun = tool.call("grow", observed=dict(tool_pool(tool), desired=0), instances=[], to=1)
    assert begun["status"] == "ok"
    assert tool.follow(begun)["status"] == "ok"
    assert system.commands == []


def tool_pool(tool):
    return {"id": "rack-a", "name": "rack-a", "region": "fra1", "zones": [], "instance_type": "rack-a", "market": "owned", "desired": 0,
            "min": 0, "max": 1, "generation": "", "writable": True, "why_read_only": "", "busy": False}


def test_collections_are_walked_page_by_page(make_bmc, make_tool):
    bmc = make_bmc([System("1"), System("2"), System("3")])
    bmc.page_size = 1
    tool = make_tool({"r1": bmc.settings()})
    trouble = tool.pools()[1]["r1"]["trouble"]
    assert "3 systems" in trouble and "/redfish/v1/Systems/3" in trouble
    bmc = make_bmc([System("1", power="On")])
    assert make_tool({"r1": bmc.settings()}).states() == {"r1": "running"}


def test_describe_offers_quotas_and_check(make_site):
    bmc, tool = make_site(two(), more='pue = 1.45\nwatts_boot = 300\n')
    described = tool.call("describe")
    assert described["region"][0]["id"] == "fra1"
    assert (described["instance_type"][0]["vcpus"], described["instance_type"][0]["memory_mib"]) == (64, 262144)
    offer = tool.call("offers")["offer"][0]
    assert (offer["currency"], offer["marginal_use_micro_h"], offer["marginal_wake_micro_h"]) == ("EUR", 48720, 82824)
    assert "8m" in offer["note"]
    assert tool.call("quotas")["quota"][0]["limit"] == 2
    checked = tool.call("check")
    assert checked["status"] == "ok" and all(permission["allowed"] for permission in checked["permission"])
    assert any(permission["writes"] for permission in checked["permission"])
    assert bmc.count("POST", "*Reset") == 0
