"""Machines that are libvirt domains: the library's own test driver, and a daemon that dies or freezes in the middle.

Needs libvirt.so.0 (Debian: libvirt0); the tests with a daemon also need libvirtd on PATH and to be run by, or with leave to become,
somebody who is not root."""
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time

import pytest


def has_library():
    try:
        ctypes.CDLL("libvirt.so.0")
    except OSError:
        return False
    return True


needs_library = pytest.mark.skipif(not has_library(), reason="libvirt.so.0 is not there: install libvirt0")
DOMAIN = 'transport = "libvirt"\n  uri = "test:///default"\n  domain = "test"'


@needs_library
def test_a_domain_is_read_shut_down_and_started(make_tool):
    tool = make_tool({"vm1": DOMAIN})
    pool, machines = tool.pools()
    assert machines["vm1"]["state"] == "running" and machines["vm1"]["state_text"] == "running" and pool["desired"] == 1
    assert tool.call("describe")["instance_type"][0]["vcpus"] == 2
    assert tool.follow(tool.shrink("vm1"))["status"] == "ok"
    assert tool.states() == {"vm1": "stopped"}
    assert tool.shrink("vm1")["done"]["operation"]["progress"] == "done"
    assert tool.follow(tool.grow(1))["status"] == "ok"
    assert tool.states() == {"vm1": "running"}
    assert all(permission["allowed"] for permission in tool.call("check")["permission"])


@needs_library
def test_an_unknown_domain_and_an_unknown_host_are_unknown_machines(make_tool):
    tool = make_tool({"vm1": DOMAIN.replace('"test"', '"nobody"'), "vm2": DOMAIN.replace("test:///default", "test:///no/such/file")})
    machines = tool.pools()[1]
    assert {machine["state"] for machine in machines.values()} == {"unknown"}
    assert "nobody" in machines["vm1"]["trouble"]


@needs_library
def test_fault_10_one_domain_behind_two_uris_is_quarantined(make_tool):
    tool = make_tool({"vm1": DOMAIN, "vm2": DOMAIN.replace("test:///default", "test:///default?again=1")})
    assert {machine["state"] for machine in tool.pools()[1].values()} == {"unknown"}
    assert tool.shrink("vm1")["status"] == "invalid"


@needs_library
def test_a_worker_that_is_killed_is_started_again(make_tool):
    tool = make_tool({"vm1": DOMAIN})
    tool.pools()
    os.kill(child_of(tool), signal.SIGKILL)
    assert tool.states() == {"vm1": "unknown"}
    deadline = time.monotonic() + 20
    while tool.states() != {"vm1": "running"}:
        assert time.monotonic() < deadline
        time.sleep(0.5)


@needs_library
def test_no_worker_outlives_its_module(make_tool):
    tool = make_tool({"vm1": DOMAIN})
    tool.pools()
    worker = child_of(tool)
    tool.kill()
    deadline = time.monotonic() + 5
    while os.path.exists(f"/proc/{worker}") and open(f"/proc/{worker}/stat").read().split()[2] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.02)


def child_of(tool):
    return int(open(f"/proc/{tool.process.pid}/task/{tool.process.pid}/children").read().split()[0])


@pytest.fixture
def daemon(tmp_path_factory, provider_tool):
    """libvirtd of a user of its own with plain TCP on loopback: (process, port)."""
    if b"__asan_init" in provider_tool.read_bytes():
        pytest.skip("AddressSanitizer's own xdr functions break libvirt's remote driver: set DROVER_PROVIDER_TOOL to a plain build's")
    program = shutil.which("libvirtd")
    if not program or not has_library():
        pytest.skip("libvirtd is not on PATH: install libvirt-daemon")
    folder = tmp_path_factory.mktemp("libvirtd")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "libvirtd.conf").write_text(f'listen_tls = 0\nlisten_tcp = 1\ntcp_port = "{port}"\nlisten_addr = "127.0.0.1"\nauth_tcp = "none"\n'
                                          f'log_outputs = "1:file:{folder}/log"\n')
    for path in [folder, *folder.parents]:
        if path.stat().st_uid == os.getuid() and path != path.parent and "pytest" in path.name + path.parent.name:
            path.chmod(0o755)
    home = folder / "home"
    home.mkdir()
    environment = dict(os.environ, HOME=str(home), XDG_RUNTIME_DIR=str(home), XDG_CONFIG_HOME=str(home), XDG_CACHE_HOME=str(home))
    command = [program, "--listen", "--config", str(folder / "libvirtd.conf"), "--pid-file", str(home / "pid")]
    if os.getuid() == 0:
        folder.chmod(0o777)
        os.chown(home, 65534, 65534)
        command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *command]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=(folder / "stderr").open("wb"))
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
            break
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                pytest.skip("libvirtd does not start here: " + (folder / "stderr").read_text()[-200:].replace("\n", " "))
            time.sleep(0.05)
    yield process, port
    try:
        process.send_signal(signal.SIGCONT)
    except ProcessLookupError:
        pass
    process.kill()
    process.wait()


@pytest.mark.parametrize("how", ["frozen", "killed"])
def test_fault_01_a_daemon_that_freezes_or_dies_cannot_hold_the_call(make_tool, daemon, how):
    process, port = daemon
    tool = make_tool({"vm1": DOMAIN.replace("test:///default", f"test+tcp://127.0.0.1:{port}/default")})
    machine = tool.pools()[1]["vm1"]
    assert machine["state"] == "running", machine["trouble"]
    process.send_signal(signal.SIGSTOP if how == "frozen" else signal.SIGKILL)
    began = time.monotonic()
    assert tool.states() == {"vm1": "unknown"}
    assert time.monotonic() - began < 4, "libvirt_timeout is 2 s"
    began = time.monotonic()
    assert tool.shrink("vm1")["status"] == "unreachable"
    assert time.monotonic() - began < 1
