"""The module with the fault proxy between it and the BMC: what breaks on the way is never a machine that is off, never a second command,
never one machine too many."""
import time
import types

import pytest

from doubles.bmc.bmc import System
from doubles.fault_proxy import FaultProxy

# Of a read: each ends as a machine that is unknown. "slow" is longer than the account's timeout of 2 s.
SPOILED = {
    "reset": {},
    "refuse": {},
    "cut": {},
    "html": {},
    "slow": {"seconds": 3},
    "huge": {"size": 8 << 20},
    "503": {"kind": "status", "status": 503, "body": "<html>starting</html>", "headers": {"Retry-After": "Thu, 01 Jan 2099 00:00:00 GMT"}},
    "502": {"kind": "status", "status": 502, "body": "bad gateway"},
}
TEN_YEARS = 10 * 365 * 86400


@pytest.fixture
def make_proxied(make_bmc, make_tool):
    """make_proxied([System, ...]): (bmc, proxy, tool), all machines behind one proxy."""
    sites = []

    def make(systems, bmc=None, **options):
        bmc = make_bmc(systems, tls=False, **(bmc or {}))
        proxy = FaultProxy(bmc.address).start()
        machines = {f"r{i + 1}": f'address = "{proxy.url}"\n  system = "/redfish/v1/Systems/{system.name}"' for i, system in enumerate(systems)}
        sites.append(types.SimpleNamespace(bmc=bmc, proxy=proxy, tool=make_tool(machines, **options)))
        return sites[-1]

    yield make
    for site in sites:
        site.tool.stop()
        site.proxy.stop()


def spoil(proxy, name, match, times):
    options = dict(SPOILED[name])
    proxy.fault(options.pop("kind", name), match=match, times=times, **options)


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_look_is_unknown_and_never_off(make_proxied, name):
    site = make_proxied([System("1", power="On"), System("2", power="Off")])
    assert site.tool.states() == {"r1": "running", "r2": "stopped"}
    spoil(site.proxy, name, "GET /redfish/v1/Systems/", 8)
    pool, machines = site.tool.pools()
    assert {machine["state"] for machine in machines.values()} == {"unknown"} and pool["desired"] == 2
    assert all(machine["trouble"] for machine in machines.values())
    site.proxy.clear()
    site.tool.kill()  # another process has no quiet time to wait for
    assert site.tool.states() == {"r1": "running", "r2": "stopped"}


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_root_or_login_is_unknown_and_no_reason_for_basic(make_proxied, name):
    for match in ("GET /redfish/v1/ ", "POST /redfish/v1/SessionService/Sessions "):
        site = make_proxied([System("1", power="On")])
        spoil(site.proxy, name, match.strip() + "\n", 4)
        assert site.tool.states() == {"r1": "unknown"}
        site.proxy.clear()
        site.tool.kill()
        assert site.tool.states() == {"r1": "running"}
        assert not any("Authorization: Basic" in text for text in site.proxy.requests)
        assert not any(key.startswith(("brake", "refused")) for key in site.tool.kept())


@pytest.mark.parametrize("seconds", [-TEN_YEARS, TEN_YEARS])
def test_fault_15_a_skewed_date_changes_nothing(make_proxied, seconds):
    site = make_proxied([System("1"), System("2", power="On")])
    site.proxy.fault("date", times=1000, seconds=seconds)
    assert site.tool.states() == {"r1": "stopped", "r2": "running"}
    assert site.tool.follow(site.tool.grow(2))["status"] == "ok"
    machine = site.tool.pools()[1]["r1"]
    assert abs(machine["launched_at_us"] / 1e6 - time.time()) < 60
    assert site.tool.follow(site.tool.shrink("r2"))["status"] == "ok"
    assert [system.commands for system in site.bmc.systems.values()] == [["On"], ["GracefulShutdown"]]


def grow_as_the_agent_does(tool, wanted):
    """Looks and grows until so many are on: what is unknown or pending counts, and is looked at again."""
    end = time.monotonic() + 25
    while True:
        pool, machines = tool.pools()
        if sum(machine["state"] == "running" for machine in machines.values()) >= wanted:
            return
        assert time.monotonic() < end, machines
        if pool["desired"] < wanted:
            begun = tool.call("grow", observed=pool, instances=[], to=wanted)
            if begun["status"] == "ok":
                tool.follow(begun)
        time.sleep(0.1)


@pytest.mark.parametrize("name", ["reset", "cut", "slow", "refuse", "503", "502", "html"])
def test_a_spoiled_power_on_leaves_no_machine_too_many(make_proxied, name):
    site = make_proxied([System("1", on_delay=0.3), System("2", on_delay=0.3), System("3", on_delay=0.3)], more='start_timeout = "1s"')
    site.tool.pools()
    spoil(site.proxy, name, "ComputerSystem.Reset", 1)
    begun = site.tool.grow(1)
    if name in ("reset", "slow", "502"):
        assert begun["status"] == "unknown", begun
    site.tool.kill()
    grow_as_the_agent_does(site.tool, 1)
    time.sleep(0.5)
    assert sum(system.shown_power() == "On" for system in site.bmc.systems.values()) == 1
    assert sum(len(system.commands) for system in site.bmc.systems.values()) == 1, "one command did it"


@pytest.mark.parametrize("name", ["reset", "cut", "slow", "refuse", "503", "502", "html"])
def test_a_spoiled_shutdown_removes_the_named_machine_alone(make_proxied, name):
    site = make_proxied([System("1", power="On", off_delay=0.3), System("2", power="On"), System("3", power="On")], more='start_timeout = "1s"', off_timeout="1s")
    site.tool.pools()
    spoil(site.proxy, name, "ComputerSystem.Reset", 1)
    site.tool.shrink("r1")
    site.tool.kill()
    end = time.monotonic() + 25
    while site.tool.states()["r1"] != "stopped":
        assert time.monotonic() < end
        begun = site.tool.shrink("r1")
        if begun["status"] == "ok":
            site.tool.follow(begun)
        time.sleep(0.1)
    assert [system.power for system in site.bmc.systems.values()] == ["Off", "On", "On"]
    assert [system.commands for system in site.bmc.systems.values()] == [["GracefulShutdown"], [], []]


def test_a_logout_that_is_lost_is_caught_up_on(make_proxied):
    site = make_proxied([System("1", power="On")])
    site.tool.pools()
    site.proxy.fault("refuse", match="DELETE ", times=3)
    site.tool.stop()
    assert len(site.bmc.sessions) == 1
    site.proxy.clear()
    site.tool.pools()
    assert len(site.bmc.sessions) == 1
    site.tool.stop()
    assert site.bmc.sessions == {}
