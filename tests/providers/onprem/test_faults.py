"""The fault cases of on-premises machines, by their numbers. 12 and 13 are about boot images, which this module does not serve."""
import json
import time
from datetime import datetime, timedelta, timezone

import pytest

from doubles.bmc.bmc import System
from providers.onprem.site import write_settings


def test_fault_01_unreachable_is_unknown_never_off_and_left_in_peace(make_site):
    bmc, tool = make_site([System("1", power="On"), System("2", power="Off")])
    assert tool.states() == {"r1": "running", "r2": "stopped"}
    bmc.stop()
    pool, machines = tool.pools()
    assert {name: machine["state"] for name, machine in machines.items()} == {"r1": "unknown", "r2": "unknown"}
    assert "last seen on" in machines["r1"]["trouble"] and "last seen off" in machines["r2"]["trouble"]
    assert pool["desired"] == 2
    began = time.monotonic()
    tool.pools()
    assert time.monotonic() - began < 0.5
    assert tool.shrink("r1")["status"] == "unreachable"
    bmc.start()


def test_fault_01_timeouts_are_unknown(make_site):
    bmc, tool = make_site([System("1", power="On")])
    tool.pools()
    bmc.fail_next("GET", "*/Systems/1", "slow", 10)
    assert tool.states() == {"r1": "unknown"}


def trouble_of_account(tool):
    records = tool.call("pools")
    assert records["status"] == "auth" and "pool" not in records, records
    return records["done"]["error"]["text"]


def test_fault_02_wrong_password_is_sent_once_and_survives_a_restart(make_site):
    bmc, tool = make_site([System("1", power="On")], password="wrong")
    assert "401" in trouble_of_account(tool)
    for _ in range(3):
        assert "stopped" in trouble_of_account(tool)
    tool.kill()
    assert "stopped" in trouble_of_account(tool)
    assert tool.call("check")["status"] == "auth"
    assert bmc.wrong_passwords == 1 and not [seen for seen in bmc.requests if seen[2] == "basic"]
    write_password(tool, "correct horse")
    assert tool.states() == {"r1": "running"}


def test_fault_02_wrong_password_with_basic_is_sent_once(make_site):
    bmc, tool = make_site([System("1", power="On")], password="wrong", bmc={"with_sessions": False})
    for _ in range(4):
        trouble_of_account(tool)
    assert bmc.wrong_passwords == 1


def test_fault_02_three_bmcs_refusing_stop_the_whole_site(make_bmc, make_tool):
    bmcs = [make_bmc([System("1", power="On")]) for _ in range(5)]
    tool = make_tool({f"r{i}": bmc.settings() for i, bmc in enumerate(bmcs)}, password="wrong")
    trouble_of_account(tool)
    assert [bmc.wrong_passwords for bmc in bmcs] == [1, 1, 1, 0, 0]
    assert "whole site" in trouble_of_account(tool)


def test_fault_02_one_bmc_with_another_password_stops_itself_alone(make_bmc, make_tool):
    bmcs = [make_bmc([System("1", power="On")]) for _ in range(3)]
    bmcs[1].password = "another"
    tool = make_tool({f"r{i}": bmc.settings() for i, bmc in enumerate(bmcs)})
    for _ in range(3):
        machines = tool.pools()[1]
        assert [machine["state"] for machine in machines.values()] == ["running", "unknown", "running"]
    assert "stopped for " + bmcs[1].address in machines["r1"]["trouble"]
    assert bmcs[1].wrong_passwords == 1


def test_fault_02_a_password_that_changes_is_noticed_on_the_session_and_tried_once(make_site):
    bmc, tool = make_site([System("1", power="On")])
    assert tool.states() == {"r1": "running"}
    bmc.password = "another"
    bmc.sessions.clear()
    for _ in range(3):
        trouble_of_account(tool)
    assert bmc.wrong_passwords == 1
    write_password(tool, "another")
    assert tool.states() == {"r1": "running"}


def test_fault_02_a_bmc_that_somebody_else_locked_is_not_prolonged_and_tried_again_by_hand(make_site):
    bmc, tool = make_site([System("1", power="On")], bmc={"lockout_seconds": 60})
    for _ in range(5):
        bmc.try_password("somebody", "stale")
    assert bmc.locked()
    locked_until = bmc.locked_until
    trouble_of_account(tool)
    assert bmc.locked_until > locked_until, "the one try that nobody could know to be in vain"
    locked_until = bmc.locked_until
    for _ in range(3):
        assert "raise its attempt" in trouble_of_account(tool)
        tool.kill()
    assert bmc.locked_until == locked_until
    bmc.locked_until = 0
    trouble_of_account(tool)
    tool.stop()
    path = tool.folder / "settings.hcl"
    path.write_text(path.read_text().replace('username = "operator"', 'username = "operator"\n  attempt = 1'))
    assert tool.states() == {"r1": "running"}


def test_fault_02_a_bmc_that_honours_no_token_is_asked_a_bounded_number_of_times(make_site):
    bmc, tool = make_site([System("1", power="On")])
    tool.pools()
    tool.kill()
    bmc.honours_tokens = False
    before = len(bmc.requests)
    trouble_of_account(tool)
    assert len(bmc.requests) - before < 12 and bmc.wrong_passwords == 0


def write_password(tool, password):
    (tool.folder / "password").write_text(password)


def test_fault_03_sessions_exhausted_goes_on_with_basic_and_deletes_nobody_elses(make_site):
    bmc, tool = make_site([System("1", power="On")], bmc={"max_sessions": 4})
    bmc.foreign_sessions = 4
    assert tool.states() == {"r1": "running"}
    assert tool.states() == {"r1": "running"}
    assert bmc.count("POST", "*/Sessions") == 1 and bmc.count("DELETE") == 0
    assert [seen[2] for seen in bmc.requests if seen[1].endswith("/Systems/1")] == ["basic", "basic"]
    assert not any(key.startswith("brake") for key in tool.kept())


def test_fault_03_one_session_a_bmc_reused_and_given_back_also_after_a_kill(make_site):
    bmc, tool = make_site([System("1", power="On"), System("2", power="On")])
    for _ in range(4):
        tool.pools()
    assert bmc.count("POST", "*/Sessions") == 1 and len(bmc.sessions) == 1
    tool.kill()
    tool.pools()
    assert len(bmc.sessions) == 1, "the session that the killed process left is ended by the next one"
    tool.stop()
    assert bmc.sessions == {}


def test_fault_03_a_session_that_ended_is_opened_anew_once(make_site):
    bmc, tool = make_site([System("1", power="On")], bmc={"login_status": 204})
    tool.pools()
    bmc.sessions.clear()
    assert tool.states() == {"r1": "running"}
    assert bmc.count("POST", "*/Sessions") == 2


def test_fault_04_another_key_than_pinned_gets_no_password(make_site):
    bmc, tool = make_site([System("1", power="On"), System("2")])
    observed = tool.pools()[0]
    tool.stop()
    port, seen = bmc.port, len(bmc.requests)
    bmc.stop()
    bmc.start(port)
    assert "key" in trouble_of_account(tool)
    assert tool.call("grow", observed=observed, instances=[], to=2)["status"] != "ok"
    assert len(bmc.requests) == seen
    assert not any(key.startswith("brake") for key in tool.kept())


@pytest.mark.parametrize("how", ["manager", "service", "task", "task-first", "task-last"])
def test_fault_05_no_power_action_while_firmware_is_written(make_site, how):
    bmc, tool = make_site([System("1"), System("2", power="On", ignores_shutdown=True)],
                          pool="adopt_running = true\n  force_off = true", off_timeout="300ms")
    begun = tool.shrink("r2")
    if how == "manager":
        bmc.updating = True
    elif how == "service":
        bmc.service_updating = True
    else:
        bmc.update_task, bmc.old_tasks, bmc.tasks_newest_first = True, 0 if how == "task" else 30, how == "task-first"
    refused = tool.grow(2)
    assert refused["status"] == "retry" and "firmware" in refused["done"]["error"]["text"]
    time.sleep(0.5)
    polled = tool.call("poll", token=begun["done"]["operation"]["token"])
    assert polled["done"]["operation"]["progress"] == "running"
    assert bmc.systems["2"].commands == ["GracefulShutdown"] and bmc.systems["1"].commands == []
    bmc.updating = bmc.service_updating = bmc.update_task = False
    assert tool.follow(begun)["status"] == "ok"
    assert bmc.systems["2"].commands == ["GracefulShutdown", "ForceOff"]


def test_fault_05_503_after_a_restart_of_the_bmc_is_unknown_and_asked_again_later(make_site):
    bmc, tool = make_site([System("1", power="On")])
    tool.pools()
    bmc.fail_next("GET", "*/Systems/1", "503", 2)
    assert tool.states() == {"r1": "unknown"}
    asked = len(bmc.requests)
    assert "again so soon" in tool.pools()[1]["r1"]["trouble"] and len(bmc.requests) == asked


def test_fault_06_a_lost_command_is_repeated_once(make_site):
    bmc, tool = make_site([System("1", lost_commands=1)], more='start_timeout = "1s"')
    assert tool.follow(tool.grow(1))["status"] == "ok"
    assert bmc.systems["1"].commands == ["On", "On"]


def test_fault_06_a_lost_shutdown_is_repeated_once(make_site):
    bmc, tool = make_site([System("1", power="On", lost_commands=1)], more='start_timeout = "1s"')
    assert tool.follow(tool.shrink("r1"))["status"] == "ok"
    assert bmc.systems["1"].commands == ["GracefulShutdown", "GracefulShutdown"]


def test_fault_06_a_machine_that_never_changes_fails_after_two_commands(make_site):
    bmc, tool = make_site([System("1", lost_commands=99), System("2")], more='start_timeout = "700ms"')
    ended = tool.follow(tool.grow(1))
    assert ended["status"] == "invalid" and "did not power on" in ended["done"]["error"]["text"]
    assert bmc.systems["1"].commands == ["On", "On"]
    assert tool.states() == {"r1": "failed", "r2": "stopped"}
    assert tool.follow(tool.grow(1))["status"] == "ok", "the next growth takes another machine"
    assert bmc.systems["1"].commands == ["On", "On"] and bmc.systems["2"].commands == ["On"]


def test_fault_07_one_stale_reading_changes_nothing(make_site):
    bmc, tool = make_site([System("1", power="On")])
    tool.pools()
    system = bmc.systems["1"]
    first = tool.kept()["power.r1"]
    system.power, system._shown, system.stale_reads = "On", "Off", 1
    machine = tool.pools()[1]["r1"]
    assert machine["state"] == "unknown" and "disagree" in machine["trouble"]
    assert tool.kept()["power.r1"] == first
    assert tool.states() == {"r1": "running"}


def test_fault_07_a_newer_last_reset_time_needs_no_second_reading(make_site):
    bmc, tool = make_site([System("1", power="Off", last_reset="2026-11-22T10:00:00Z")], pool="")
    tool.pools()
    system = bmc.systems["1"]
    system.power, system.last_reset = "On", "2026-11-22T11:00:00+01:00"
    asked = bmc.count("GET", "*/Systems/1")
    tool.pools()
    assert bmc.count("GET", "*/Systems/1") == asked + 2, "the same moment in another zone is not newer"
    system.power, system.last_reset = "Off", "2026-11-22T12:00:00Z"
    asked = bmc.count("GET", "*/Systems/1")
    assert tool.states() == {"r1": "stopped"}
    assert bmc.count("GET", "*/Systems/1") == asked + 1


def test_fault_08_powered_on_by_somebody_else_is_foreign_and_never_powered_off(make_site):
    bmc, tool = make_site([System("1"), System("2")], pool="")
    assert tool.follow(tool.grow(1))["status"] == "ok"
    bmc.systems["2"].power = "On"
    pool, machines = tool.pools()
    assert (machines["r1"]["foreign"], machines["r2"]["foreign"]) == (False, True)
    assert pool["desired"] == 2 and machines["r2"]["state"] == "running"
    assert tool.shrink("r2")["status"] == "invalid"
    assert bmc.systems["2"].commands == []


def test_fault_09_powered_off_by_somebody_else_is_not_fought(make_site):
    bmc, tool = make_site([System("1")], pool="")
    assert tool.follow(tool.grow(1))["status"] == "ok"
    bmc.systems["1"].power = "Off"
    assert tool.states() == {"r1": "stopped"}
    tool.pools()
    assert bmc.systems["1"].commands == ["On"]
    bmc.systems["1"].power = "On"
    assert tool.pools()[1]["r1"]["foreign"] is True


@pytest.mark.parametrize("value", ["4c4c4544-0001-4310-8031-b1c04f4d3232", "00000000-0000-0000-0000-000000000000"])
def test_fault_10_duplicate_and_zero_uuids_get_no_power_action(make_bmc, make_tool, value):
    left, right = make_bmc([System("1", uuid=value)]), make_bmc([System("1", uuid=value.upper())])
    tool = make_tool({"a": left.settings(), "b": right.settings()})
    machines = tool.pools()[1]
    assert [machine["state"] for machine in machines.values()] == ["unknown", "unknown"]
    assert "quarantined" in machines["a"]["trouble"] and left.address in machines["a"]["trouble"]
    if value[0] == "4":
        assert all(bmc.address in machine["trouble"] for bmc in (left, right) for machine in machines.values())
    assert tool.grow(1, desired=0)["status"] == "conflict"
    assert tool.shrink("a")["status"] == "invalid"
    assert left.count("POST", "*Reset") + right.count("POST", "*Reset") == 0


def test_fault_10_one_bmc_under_two_addresses(make_bmc, make_tool):
    bmc = make_bmc([System("1", power="On")])
    other = bmc.settings().replace("127.0.0.1", "localhost")
    machines = make_tool({"a": bmc.settings(), "b": other}).pools()[1]
    assert all("127.0.0.1" in machine["trouble"] and "localhost" in machine["trouble"] for machine in machines.values())


def test_fault_10_a_duplicate_is_remembered_while_the_other_is_silent(make_bmc, make_tool):
    same = "4c4c4544-0001-4310-8031-b1c04f4d3232"
    left, right = make_bmc([System("1", uuid=same)]), make_bmc([System("1", uuid=same)])
    tool = make_tool({"a": left.settings(), "b": right.settings()})
    tool.pools()
    tool.kill()
    right.stop()
    assert "quarantined" in tool.pools()[1]["a"]["trouble"]
    right.start()


def test_fault_10_boards_without_uuid_may_be_told_by_serial_number(make_bmc, make_tool):
    zero = "00000000-0000-0000-0000-000000000000"
    bmcs = [make_bmc([System("1", uuid=zero, serial=f"SN{i}")]) for i in range(2)]
    tool = make_tool({f"r{i}": bmc.settings() + '\nidentity = "serial"' for i, bmc in enumerate(bmcs)})
    assert tool.states() == {"r0": "stopped", "r1": "stopped"}


def test_fault_10_serial_numbers_of_zeros_tell_nothing_apart(make_bmc, make_tool):
    bmcs = [make_bmc([System("1", serial="0000000000")]) for _ in range(2)]
    tool = make_tool({f"r{i}": bmc.settings() + '\nidentity = "serial"' for i, bmc in enumerate(bmcs)})
    machines = tool.pools()[1]
    assert all(machine["state"] == "unknown" and "serial number" in machine["trouble"] for machine in machines.values())


def test_fault_10_another_machine_behind_a_known_address_is_quarantined_until_accepted(make_site):
    bmc, tool = make_site([System("1")])
    tool.pools()
    bmc.systems["1"].uuid, bmc.systems["1"].serial = "11111111-2222-3333-4444-555555555555", "NEW1"
    assert "another machine" in tool.pools()[1]["r1"]["trouble"]
    bmc.systems["1"].power = "On"
    belief = tool.kept()["power.r1"]
    assert tool.states() == {"r1": "unknown"} and tool.kept()["power.r1"] == belief, "nothing of it is believed of the known one"
    bmc.systems["1"].power = "Off"
    tool.stop()
    path = tool.folder / "settings.hcl"
    path.write_text(path.read_text().replace('system = "/redfish', 'serial = "NEW1"\n  system = "/redfish'))
    assert tool.states() == {"r1": "stopped"}


def test_fault_10_a_machine_without_the_serial_number_of_the_settings_is_quarantined(make_bmc, make_tool):
    bmcs = [make_bmc([System("1", serial=serial)]) for serial in (" SN 7 ", "SN8", " ")]
    tool = make_tool({f"r{i}": bmc.settings() + '\nserial = "SN 7"' for i, bmc in enumerate(bmcs)})
    assert tool.states() == {"r0": "stopped", "r1": "unknown", "r2": "unknown"}


@pytest.mark.parametrize("watts", ["null", 0, -5, 4200, 1e300, "many", 89.9])
def test_fault_11_watts_that_cannot_be_are_modelled_and_say_so(make_site, watts):
    bmc, tool = make_site([System("1", power="On", watts_new=None if watts == "null" else watts, watts_old=0)], more="price_measured = true")
    machine = tool.pools()[1]["r1"]
    assert (machine["milliwatts"], machine["milliwatts_estimated"]) == (420000, True)
    offer = tool.call("offers")["offer"][0]
    assert "estimated" in offer["note"] and offer["price_micro_h"] > 0


def test_fault_11_watts_are_those_of_the_newer_tree_else_the_average(make_site):
    bmc, tool = make_site([System("1", power="On", watts_new=344.5, watts_old=374), System("2", power="On", watts_old=319)],
                          more="price_measured = true")
    machines = tool.pools()[1]
    assert [(machine["milliwatts"], machine["milliwatts_estimated"]) for machine in machines.values()] == [(344500, False), (319000, False)]
    assert "measured watts" in tool.call("offers")["offer"][0]["note"]


def test_fault_11_a_chassis_shared_by_several_systems_is_not_counted_twice(make_site):
    bmc, tool = make_site([System("1", power="On", watts_new=300, shared_chassis=True), System("2", power="On", watts_new=300)])
    machines = tool.pools()[1]
    assert [machine["milliwatts_estimated"] for machine in machines.values()] == [True, False]


def test_fault_11_a_chassis_that_two_systems_link_to_is_not_counted_twice_though_it_does_not_say_so(make_site):
    bmc, tool = make_site([System("1", power="On", watts_new=300), System("2", power="On", chassis="1")])
    machines = tool.pools()[1]
    assert [(machine["milliwatts"], machine["milliwatts_estimated"]) for machine in machines.values()] == [(420000, True), (420000, True)]


@pytest.mark.parametrize("kind", ["404", "500", "html"])
def test_fault_11_a_link_to_watts_that_leads_nowhere_falls_back_to_the_other_tree(make_site, kind):
    bmc, tool = make_site([System("1", power="On", watts_new=344, watts_old=319)])
    bmc.fail_next("GET", "*/EnvironmentMetrics", kind, 2)
    machine = tool.pools()[1]["r1"]
    assert (machine["state"], machine["milliwatts"], machine["milliwatts_estimated"]) == ("running", 319000, False)


@pytest.mark.parametrize("kind", ["html", "plain", "404", "406", "collection", "big", "cut", "evil-307", "500"])
def test_fault_14_answers_that_are_no_redfish_are_typed_errors(make_site, kind):
    bmc, tool = make_site([System("1", power="On")])
    bmc.fail_next("GET", "*/Systems/1", kind, 3)
    machine = tool.pools()[1]["r1"]
    assert machine["state"] == "unknown" and machine["trouble"]
    assert "\x1b" not in json.dumps(machine) and "\\u001b" not in json.dumps(machine)


def test_fault_14_a_redirect_within_the_bmc_is_followed_for_posts_too(make_site):
    bmc, tool = make_site([System("1")])
    bmc.fail_next("POST", "*Reset", "307")
    bmc.fail_next("GET", "*/Systems/1", "307")
    assert tool.follow(tool.grow(1))["status"] == "ok"
    assert bmc.systems["1"].commands == ["On"]


def test_fault_15_a_wrong_clock_of_the_bmc_changes_no_age_and_no_wait(make_site):
    far = (datetime.now(timezone.utc) + timedelta(days=3650)).strftime("%Y-%m-%dT%H:%M:%SZ")
    bmc, tool = make_site([System("1", last_reset=far)], pool="")
    tool.follow(tool.grow(1))
    launched = tool.pools()[1]["r1"]["launched_at_us"]
    assert abs(launched / 1e6 - time.time()) < 60
    bmc.fail_next("GET", "*/Systems/1", "503", 2)  # Retry-After in 2099
    began = time.monotonic()
    tool.pools()
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("form", ["quoted", "bare"])
def test_a_bmc_that_asks_for_the_etag_gets_it(make_site, form):
    bmc, tool = make_site([System("1"), System("2", power="On")], bmc={"etags": form})
    assert tool.follow(tool.grow(2))["status"] == "ok"
    assert tool.follow(tool.shrink("r2"))["status"] == "ok"
    assert [system.commands for system in bmc.systems.values()] == [["On"], ["GracefulShutdown"]]


def test_an_etag_that_went_stale_sends_no_command_over_anothers(make_site):
    bmc, tool = make_site([System("1")], bmc={"etags": "quoted"})
    observed = tool.pools()[0]
    bmc.note = lambda method, path: bmc.systems["1"].commands.append("another's") if method == "POST" and path.endswith("Reset") else None
    refused = tool.call("grow", observed=observed, instances=[], to=1)
    assert refused["status"] == "retry" and refused["done"]["error"]["code"] == "PreconditionFailed"
    assert set(bmc.systems["1"].commands) == {"another's"}


def test_fault_16_a_lost_reply_is_unknown_and_settled_by_looking(make_site):
    bmc, tool = make_site([System("1"), System("2")])
    bmc.fail_next("POST", "*Reset", "lost")
    assert tool.grow(1)["status"] == "unknown"
    assert sum(len(system.commands) for system in bmc.systems.values()) == 1
    tool.kill()
    pool, machines = tool.pools()
    assert pool["desired"] == 1 and sorted(machine["state"] for machine in machines.values()) == ["running", "stopped"]
    assert tool.grow(1, desired=0)["status"] == "conflict"


def test_fault_16_a_request_that_never_arrived_counts_as_pending_and_then_not(make_site):
    bmc, tool = make_site([System("1"), System("2")], more='start_timeout = "300ms"')
    bmc.fail_next("POST", "*Reset", "reset")
    assert tool.grow(1)["status"] == "unknown"
    time.sleep(1.2)
    tool.kill()
    assert tool.states() == {"r1": "stopped", "r2": "stopped"}
    assert tool.follow(tool.grow(1))["status"] == "ok"
    assert sum(system.power == "On" for system in bmc.systems.values()) == 1


def test_fault_16_killed_between_request_and_reply_nothing_is_sent_blindly_again(make_site):
    bmc, tool = make_site([System("1", on_delay=0.3), System("2")])
    bmc.fail_next("POST", "*Reset", "slow")
    tool.pools()
    observed = tool.call("pools")["pool"][0]
    tool.process.stdin.write(json.dumps({"function": "grow", "arguments": {"observed": observed, "instances": [], "to": 1}}) + "\n")
    tool.process.stdin.flush()
    deadline = time.monotonic() + 5
    while bmc.count("POST", "*Reset") == 0:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    tool.kill()
    assert tool.pools()[0]["desired"] == 1, "the noted command counts until it has had its time"
    assert bmc.count("POST", "*Reset") == 1


def test_fault_16_the_poll_of_another_process_goes_on_from_the_token_alone(make_site):
    bmc, tool = make_site([System("1", on_delay=0.5)])
    begun = tool.grow(1)
    tool.kill()
    assert tool.follow(begun)["status"] == "ok"
    assert bmc.systems["1"].commands == ["On"]


def test_secrets_stand_nowhere(make_site):
    bmc, tool = make_site([System("1", power="On")])
    seen = []
    for function in ("check", "describe", "offers", "pools", "quotas"):
        tool.call(function)
        seen += tool.lines
    seen += tool.lines + [json.dumps(tool.kept()), (tool.folder / "stderr").read_text()]
    tokens = list(bmc.sessions)
    assert tokens
    for secret in ["correct horse", *tokens]:
        assert not any(secret in line for line in seen)
