"""Commands to domains whose outcome is not told: against a libvirt.so.0 of the tests' own (fake_libvirt.c), which fails where the real
one cannot be made to."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest

DOMAIN = 'transport = "libvirt"\n  uri = "fake:///system"\n  domain = "vm1"'


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    compiler = os.environ.get("CC") or shutil.which("gcc") or shutil.which("clang")
    folder = tmp_path_factory.mktemp("libvirt")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(folder / "libvirt.so.0"),
                    str(Path(__file__).parent / "fake_libvirt.c")], check=True)
    return folder


@pytest.fixture
def make_domain(make_tool, library):
    """make_domain("running", "lost"): (tool, state file)."""

    def make(state, fault, **options):
        tool = make_tool({"vm1": DOMAIN}, **options)
        path = tool.folder / "domain"
        path.write_text(state)
        tool.environment = dict(os.environ, LD_LIBRARY_PATH=str(library), FAKE_LIBVIRT=fault, FAKE_LIBVIRT_STATE=str(path))
        return tool, path

    return make


def commands(path):
    log = path.with_name(path.name + ".log")
    return log.read_text().split() if log.exists() else []


def recover(tool):
    """Another process, to which nothing is played."""
    tool.kill()
    tool.environment["FAKE_LIBVIRT"] = ""


@pytest.mark.parametrize("fault", ["lost", "hang"])
def test_a_start_whose_connection_breaks_is_unknown_and_settled_by_looking(make_domain, fault):
    tool, path = make_domain("shutoff", fault, pool="")
    ended = tool.grow(1)
    assert ended["status"] == "unknown", ended
    assert "command.vm1" in tool.kept()
    recover(tool)
    pool, machines = tool.pools()
    assert (pool["desired"], machines["vm1"]["state"], machines["vm1"]["foreign"]) == (1, "running", False)
    assert commands(path) == ["start"]


@pytest.mark.parametrize("fault", ["lost", "hang"])
def test_a_shutdown_whose_connection_breaks_is_unknown_and_not_sent_twice(make_domain, fault):
    tool, path = make_domain("running", fault)
    assert tool.shrink("vm1")["status"] == "unknown"
    recover(tool)
    again = tool.shrink("vm1")
    assert again["status"] == "ok" and again["done"]["operation"]["progress"] == "done"
    assert commands(path) == ["shutdown"]


def test_a_command_that_is_refused_is_told_and_not_noted(make_domain):
    tool, path = make_domain("shutoff", "refused")
    ended = tool.grow(1)
    assert ended["status"] == "invalid" and "vm1" in ended["done"]["error"]["text"]
    assert "command.vm1" not in tool.kept() and tool.states() == {"vm1": "stopped"}


def test_a_transient_domain_that_goes_with_its_shutdown_was_shut_down(make_domain):
    tool, path = make_domain("running", "transient")
    begun = tool.shrink("vm1")
    assert begun["status"] == "ok", begun
    machine = tool.pools()[1]["vm1"]
    assert machine["state"] == "unknown" and "no such domain" in machine["trouble"], "not there is not off"
    assert commands(path) == ["shutdown"]
