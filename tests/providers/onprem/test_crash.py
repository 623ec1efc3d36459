"""kill -9 at every single request of a growth and of a shrinking, before the BMC did it and after: the next process, with nothing but
what was kept, comes to the same end as if nothing had happened."""
import json
import threading
import time

import pytest

from doubles.bmc.bmc import System


class Trap:
    """Kills the module at the n-th request of a call: `when` "note" before the BMC does it, "answered" after."""

    def __init__(self, bmc, tool, when, at):
        self.bmc, self.tool, self.at, self.seen, self.lock = bmc, tool, at, 0, threading.Lock()
        self.name = when
        setattr(bmc, when, self.count)

    def count(self, method, path):
        with self.lock:
            self.seen += 1
            if self.seen == self.at:
                self.tool.process.kill()
                self.tool.process.wait()

    def disarm(self):
        delattr(self.bmc, self.name)


def test_fault_02_a_process_that_dies_at_each_login_cannot_lock_the_account(make_site):
    bmc, tool = make_site([System("1", power="On")], password="wrong")
    for died in range(1, 4):
        tool.start()
        trap = Trap(bmc, tool, "answered", 2)  # the root, the login
        assert not call_into_the_trap(tool, "pools")
        trap.disarm()
        assert bmc.wrong_passwords == died
    assert "without a word" in tool.pools()[1]["r1"]["trouble"]
    assert bmc.wrong_passwords == 3 and not bmc.locked()


def call_into_the_trap(tool, function, **arguments):
    """Whether the module survived the call."""
    tool.process.stdin.write(json.dumps({"function": function, "arguments": arguments}) + "\n")
    tool.process.stdin.flush()
    try:
        tool.read()
        return True
    except AssertionError:
        tool.kill()
        return False


def look_until(tool, is_over, act):
    end = time.monotonic() + 25
    while True:
        pool, machines = tool.pools()
        if is_over(machines):
            return
        assert time.monotonic() < end, machines
        begun = act(pool)
        if begun and begun["status"] == "ok":
            tool.follow(begun)
        time.sleep(0.05)


@pytest.mark.parametrize("when", ["note", "answered"])
def test_a_kill_at_any_request_of_a_growth_leaves_one_machine_on_by_one_command(make_site, when):
    at, survived = 1, False
    while not survived:
        bmc, tool = make_site([System("1", on_delay=0.2), System("2", on_delay=0.2)], pool="", more='start_timeout = "500ms"')
        observed = tool.pools()[0]
        trap = Trap(bmc, tool, when, at)
        survived = call_into_the_trap(tool, "grow", observed=observed, instances=[], to=1)
        trap.disarm()
        look_until(tool, lambda machines: any(machine["state"] == "running" for machine in machines.values()),
                   lambda pool: tool.call("grow", observed=pool, instances=[], to=1) if pool["desired"] == 0 else None)
        assert sorted(system.shown_power() for system in bmc.systems.values()) == ["Off", "On"], at
        assert sum(len(system.commands) for system in bmc.systems.values()) == 1, at
        assert not any(machine["foreign"] for machine in tool.pools()[1].values()), at
        assert len(bmc.sessions) == 1, at
        tool.stop()
        bmc.stop()
        bmc.start()
        at += 1
    assert at > 6, "two reads, what forbids a command, and the command itself"


@pytest.mark.parametrize("when", ["note", "answered"])
def test_a_kill_at_any_request_of_a_shrinking_removes_the_named_machine_alone(make_site, when):
    at, survived = 1, False
    while not survived:
        bmc, tool = make_site([System("1", power="On", off_delay=0.2), System("2", power="On")], more='start_timeout = "300ms"', off_timeout="300ms")
        tool.pools()
        trap = Trap(bmc, tool, when, at)
        survived = call_into_the_trap(tool, "shrink", pool="rack-a", instances=["r1"])
        trap.disarm()
        look_until(tool, lambda machines: machines["r1"]["state"] == "stopped", lambda pool: tool.shrink("r1"))
        assert [system.commands for system in bmc.systems.values()] == [["GracefulShutdown"], []], at
        assert tool.pools()[0]["desired"] == 1, at
        tool.stop()
        bmc.stop()
        bmc.start()
        at += 1
    assert at > 6


def test_a_kill_at_any_request_of_a_poll_that_repeats_the_command_is_followed_to_the_end(make_site):
    at, survived = 1, False
    while not survived:
        bmc, tool = make_site([System("1", lost_commands=1)], pool="", more='start_timeout = "1500ms"')
        begun = tool.grow(1)
        assert begun["status"] == "ok"
        time.sleep(1.6)
        trap = Trap(bmc, tool, "answered", at)
        survived = call_into_the_trap(tool, "poll", token=begun["done"]["operation"]["token"])
        trap.disarm()
        ended = tool.follow(begun)
        assert ended["status"] == "ok" and bmc.systems["1"].power == "On", (at, ended)
        assert bmc.systems["1"].commands == ["On", "On"], at
        tool.stop()
        bmc.stop()
        bmc.start()
        at += 1
    assert at > 3
