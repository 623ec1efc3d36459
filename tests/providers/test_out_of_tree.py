"""examples/provider-module builds against the installed header alone, by pkg-config, and the program loads what comes out."""
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from doubles.lines.service import Service

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """What `cmake --install --component provider` puts there: a header and a .pc file, nothing else of the tree."""
    build = Path(os.environ.get("DROVER_BIN") or ROOT / "build" / "drover").resolve().parent
    prefix = tmp_path_factory.mktemp("prefix")
    subprocess.run(["cmake", "--install", build, "--component", "provider", "--prefix", prefix], check=True, capture_output=True)
    assert sorted(path.name for path in prefix.rglob("*") if path.is_file()) == ["drover-provider.pc", "provider.h"]
    return prefix


@pytest.fixture(scope="module")
def example(installed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("example")
    for name in ("Makefile", "example.c"):
        shutil.copy(ROOT / "examples" / "provider-module" / name, folder)
    pkgconfig = next(installed.rglob("*.pc")).parent
    made = subprocess.run(["make", f"PKG_CONFIG_PATH={pkgconfig}", "CFLAGS=-O2 -Wall -Wextra -Wconversion -Werror"], cwd=folder,
                          capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr
    return folder / "drover-provider-example.so"


@pytest.fixture
def account(example, tmp_path):
    """A configuration with one account of the example module, on a service of its own."""
    service = Service()
    token = tmp_path / "token"
    token.write_text(service.token)
    token.chmod(0o600)
    config = tmp_path / "drover.hcl"
    config.write_text(f'data_dir = "{tmp_path / "data"}"\nprovider "lines" {{\n  module      = "example"\n  module_path = "{example}"\n'
                      f'  endpoint    = "http://127.0.0.1:{service.port}"\n  token_file  = "{token}"\n}}\n')
    (tmp_path / "data").mkdir(mode=0o700)
    yield service, config
    service.stop()


def run(drover, *words):
    return subprocess.run([drover, *words], capture_output=True, text=True, timeout=120)


def test_it_exports_one_symbol(example):
    symbols = subprocess.run(["nm", "-D", "--defined-only", example], capture_output=True, text=True, check=True).stdout
    assert [line.split()[-1] for line in symbols.splitlines()] == ["drover_provider_module"]


def test_provider_check_runs_it(drover, account):
    _, config = account
    checked = run(drover, "provider", "check", "-config", config, "lines")
    assert checked.returncode == 0, checked.stderr
    assert "/pools\tlook\tallowed" in checked.stdout and "every permission is there" in checked.stdout


def test_provider_check_says_which_call_is_refused_and_fails(drover, account):
    service, config = account
    service.fail_next("auth")
    checked = run(drover, "provider", "check", "-config", config, "lines")
    assert checked.returncode == 1
    assert "/pools\tlook\tREFUSED" in checked.stdout
    assert "lines: auth" in checked.stderr
    assert service.token not in checked.stdout + checked.stderr


def test_provider_list_names_accounts_and_their_regions(drover, account):
    _, config = account
    with config.open("a") as file:
        file.write('region "one" {\n  provider = "lines"\n  nomad { address = "http://127.0.0.1:4646" }\n}\n')
    listed = run(drover, "provider", "list", "-config", config)
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.splitlines()[1].split("\t")[:3] == ["lines", "example", "one"]


def test_an_unknown_module_is_named_with_its_place_and_those_there_are(drover, tmp_path):
    config = tmp_path / "drover.hcl"
    config.write_text('provider "main" {\n  module = "asw"\n}\n')
    listed = run(drover, "provider", "list", "-config", config)
    assert listed.returncode == 1
    assert f'{config}:2:12: there is no provider module "asw"; there are: ' in listed.stderr
    assert "example" in listed.stderr


def test_an_unknown_account_has_its_nearest_named(drover, account):
    _, config = account
    checked = run(drover, "provider", "check", "-config", config, "line")
    assert checked.returncode == 1 and 'did you mean "lines"?' in checked.stderr


def children_of(pid):
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and f"\nPPid:\t{pid}\n" in (folder / "status").read_text():
                found.append(int(folder.name))
        except OSError:
            pass
    return found


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come to that in time")


def test_a_child_does_not_outlive_its_agent(drover, account):
    service, config = account
    service.fail_next("stall")
    agent = subprocess.Popen([drover, "provider", "check", "-config", config, "lines"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: service.asked)
    (child,) = children_of(agent.pid)
    assert "provider-host" in Path(f"/proc/{child}/cmdline").read_text()
    os.kill(agent.pid, signal.SIGKILL)
    agent.wait()
    wait_until(lambda: not Path(f"/proc/{child}").exists(), seconds=5)


def test_the_child_gets_none_of_drovers_own_tokens_and_no_other_file(drover, account, tmp_path):
    service, config = account
    service.fail_next("stall")
    with open(tmp_path / "open", "w") as other:
        os.set_inheritable(other.fileno(), True)
        agent = subprocess.Popen([drover, "provider", "check", "-config", config, "lines"], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, pass_fds=[other.fileno()],
                                 env={**os.environ, "DROVER_TOKEN": "t1", "NOMAD_TOKEN": "t2", "AWS_REGION": "eu-central-1"})
        wait_until(lambda: service.asked)
        (child,) = children_of(agent.pid)
        try:
            names = [line.split("=")[0] for line in Path(f"/proc/{child}/environ").read_text().split("\0")]
            opened = [os.readlink(link) for link in Path(f"/proc/{child}/fd").iterdir()]
            limits = Path(f"/proc/{child}/limits").read_text()
        except PermissionError:
            pytest.skip("the child cannot be looked into, which is as it should be: run as root, or under the sanitizers")
        finally:
            agent.kill()
            agent.wait()
    assert "AWS_REGION" in names and "DROVER_TOKEN" not in names and "NOMAD_TOKEN" not in names
    assert str(tmp_path / "open") not in opened
    assert any(line.startswith("Max core file size") and line.split()[4] == "0" for line in limits.splitlines())


def test_the_host_is_not_for_people(drover):
    assert run(drover, "provider-host").returncode == 2
    assert "provider-host" not in run(drover, "-h").stdout
    # Somebody else's child is none of it: it ends before it reads anything.
    assert run(drover, "provider-host", "-parent", "1", "-memory", "100").returncode == 1
