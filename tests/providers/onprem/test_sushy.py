"""The module against OpenStack's sushy-tools emulator, its fake driver: another hand's idea of Redfish.

Needs the PyPI package sushy-tools in the Python that runs the tests."""
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

bcrypt = pytest.importorskip("bcrypt", reason="sushy-tools is not there: pip install sushy-tools")
pytest.importorskip("sushy_tools", reason="sushy-tools is not there: pip install sushy-tools")

UUIDS = [f"00000000-0000-4000-8000-00000000000{i}" for i in (1, 2, 3)]


@pytest.fixture
def emulator(tmp_path):
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    state = tmp_path / "state"
    state.mkdir()
    (tmp_path / "users").write_text("operator:" + bcrypt.hashpw(b"correct horse", bcrypt.gensalt(4)).decode() + "\n")
    systems = [{"uuid": uuid, "name": f"node{i}", "power_state": "On" if i == 0 else "Off", "nics": []} for i, uuid in enumerate(UUIDS)]
    config = tmp_path / "emulator.conf"
    config.write_text(f"SUSHY_EMULATOR_LISTEN_IP = '127.0.0.1'\nSUSHY_EMULATOR_LISTEN_PORT = {port}\n"
                      f"SUSHY_EMULATOR_AUTH_FILE = '{tmp_path}/users'\nSUSHY_EMULATOR_FAKE_DRIVER = True\n"
                      f"SUSHY_EMULATOR_STATE_DIR = '{state}'\nSUSHY_EMULATOR_FAKE_SYSTEMS = {systems!r}\n")
    process = subprocess.Popen([sys.executable, "-c", "import sys; from sushy_tools.emulator.main import main; sys.exit(main())", "--config",
                                str(config)], stdout=(tmp_path / "emulator.log").open("wb"), stderr=subprocess.STDOUT)
    address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(address + "/redfish/v1/", timeout=1).close()
            break
        except urllib.error.HTTPError:
            break
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                pytest.fail("sushy-emulator does not start: " + (tmp_path / "emulator.log").read_text()[-1000:])
            time.sleep(0.1)
    yield address
    process.terminate()
    process.wait()


def machines(address):
    return {f"r{i + 1}": f'address = "{address}"\n  system = "/redfish/v1/Systems/{uuid}"' for i, uuid in enumerate(UUIDS)}


def test_machines_are_found_powered_on_and_shut_down(make_tool, emulator):
    tool = make_tool(machines(emulator), more='start_timeout = "30s"', off_timeout="30s")
    assert tool.states() == {"r1": "running", "r2": "stopped", "r3": "stopped"}
    begun = tool.grow(2)
    assert tool.states()["r2"] == "pending"
    assert tool.follow(begun, seconds=30)["status"] == "ok"
    assert tool.states() == {"r1": "running", "r2": "running", "r3": "stopped"}
    assert tool.follow(tool.shrink("r1"), seconds=30)["status"] == "ok"
    assert tool.states() == {"r1": "stopped", "r2": "running", "r3": "stopped"}


def test_a_bmc_with_several_systems_says_which_there_are(make_tool, emulator):
    trouble = make_tool({"r1": f'address = "{emulator}"'}).pools()[1]["r1"]["trouble"]
    assert "3 systems" in trouble and UUIDS[2] in trouble


def test_fault_02_a_wrong_password_is_refused_and_not_sent_again(make_tool, emulator):
    tool = make_tool(machines(emulator), password="wrong")
    tool.call("pools")
    records = tool.call("pools")
    assert records["status"] == "auth" and "stopped" in records["done"]["error"]["text"]
    assert tool.call("check")["status"] == "auth"
