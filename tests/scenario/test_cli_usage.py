"""The command line by itself: help, mistakes, exit codes. No agent is asked."""
import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = [
    "agent", "status", "mode", "freeze", "unfreeze", "monitor", "audit", "version", "job run", "job plan", "job status", "job stop",
    "explain", "region list", "region status", "pool list", "node list", "cost", "recommend", "policy list", "policy show", "policy apply",
    "policy delete", "sim list", "sim price", "sim node-down", "sim node-up", "sim slow", "sim fail", "sim dark", "sim heal",
    "placement solve", "placement check",
]


@pytest.fixture
def run(drover, tmp_path):
    """run(*arguments): `drover ARGUMENTS` with an empty home and no agent anywhere."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("DROVER_")}

    def call(*arguments, stdin=None, **variables):
        environment = {**inherited, "HOME": str(tmp_path), "DROVER_ADDR": "http://127.0.0.1:1", **variables}
        return subprocess.run([drover, *arguments], input=stdin, capture_output=True, text=True, timeout=60, env=environment,
                              cwd=tmp_path, check=False)

    return call


def test_alone_it_lists_every_command(run):
    answer = run()
    assert answer.returncode == 2
    assert all(f"\n  {name} " in answer.stdout for name in COMMANDS)


@pytest.mark.parametrize("flag", ["-h", "-help", "--help", "help"])
def test_help_is_no_error(run, flag):
    answer = run(flag)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("Usage: drover COMMAND")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_one_screen_of_help_with_an_example(run, name):
    answer = run(*name.split(), "-h")
    assert answer.returncode == 0
    assert answer.stdout.startswith(f"Usage: drover {name}")
    assert f"$ drover {name.split()[0]}" in answer.stdout
    assert len(answer.stdout.splitlines()) <= 30
    assert all(len(line) <= 125 for line in answer.stdout.splitlines())


@pytest.mark.parametrize("mistake, meant", [
    (["regoin", "list"], "did you mean drover region?"),
    (["job", "rum", "x"], "did you mean drover job run?"),
    (["region", "list", "-jsn"], "did you mean -json?"),
    (["job", "run", "-detatch", "x"], "did you mean -detach?"),
])
def test_a_mistyped_word_gets_the_nearest_known_one(run, mistake, meant):
    answer = run(*mistake)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert meant in answer.stderr


@pytest.mark.parametrize("arguments", [
    ["job", "run"], ["job", "run", "a", "b"], ["region", "status"], ["sim", "price", "a", "b"], ["job", "run", "-var"],
    ["region", "list", "-json=maybe"], ["agent"], ["agent", "extra"], ["audit", "-limit", "0"], ["audit", "-limit", "x"],
    ["sim", "slow", "a", "soon"], ["placement", "solve", "-effort", "10", "x"], ["job"], ["nothing-like-it-at-all"],
])
def test_wrong_usage_ends_with_2(run, arguments):
    assert run(*arguments).returncode == 2


def test_escape_sequences_in_mistakes_never_reach_the_terminal(run):
    for arguments in (["\x1b[31mred"], ["job", "\x1b[31mred"], ["region", "list", "-\x1b[31mred"], ["job", "run", "\x1b[31mred"]):
        answer = run(*arguments)
        assert "\x1b" not in answer.stdout + answer.stderr


def test_version(run):
    plain = run("version")
    assert plain.returncode == 0 and plain.stdout.startswith("Drover ")
    assert json.loads(run("version", "-json").stdout)["Version"] in plain.stdout
    assert run("-version").stdout == plain.stdout


def test_without_an_agent_it_says_how_to_start_one(run):
    answer = run("region", "list")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "no agent answers at http://127.0.0.1:1" in answer.stderr
    assert "drover agent -dev" in answer.stderr and "DROVER_ADDR" in answer.stderr


@pytest.mark.parametrize("address", ["http://user:hush@host/", "ftp://host", "http://host/path", "http://"])
def test_an_address_that_is_none_is_refused_and_not_repeated(run, address):
    answer = run("region", "list", DROVER_ADDR=address)
    assert answer.returncode == 1
    assert "http://host:port" in answer.stderr and "hush" not in answer.stderr


def test_job_files_that_are_none(run, tmp_path):
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "latin1").write_bytes(b"job \"caf\xe9\" {}\n")
    (tmp_path / "nul").write_bytes(b"job \0 {}\n")
    (tmp_path / "cut.json").write_text('{"Job": {"ID": "web"')
    with open(tmp_path / "huge", "wb") as huge:
        huge.truncate(100 * 1024 * 1024)
    expected = {
        "missing": "cannot be read", "empty": "is empty", "latin1": "not UTF-8", "nul": "not UTF-8", "huge": "more than 8 MiB",
        str(tmp_path): "is a directory", "cut.json": "cut.json: 1:",
    }
    for name, words in expected.items():
        answer = run("job", "run", name)
        assert (answer.returncode, answer.stdout) == (1, ""), name
        assert words in answer.stderr, answer.stderr
        assert len(answer.stderr.splitlines()) == 1
        assert run("job", "plan", name).returncode == 255


def test_endless_standard_input_is_read_no_further_than_the_limit(drover, run):
    with open("/dev/zero", "rb") as zero:
        answer = subprocess.run([drover, "job", "run", "-"], stdin=zero, capture_output=True, text=True, timeout=30, check=False)
    assert answer.returncode == 1
    assert "standard input has more than 8 MiB" in answer.stderr


def test_variables_are_checked_before_anything_is_sent(run, tmp_path):
    (tmp_path / "web.hcl").write_text('job "web" {}\n')
    (tmp_path / "bad.vars").write_text('image = "a"\ncount = ${x}\n')
    for arguments, words in (
        (["-var", "count"], "NAME=VALUE"),
        (["-var", "1x=hush"], "is no variable's name"),
        (["-var-file", "missing"], "missing"),
        (["-var-file", "bad.vars"], "bad.vars:2:9"),
    ):
        answer = run("job", "run", *arguments, "web.hcl")
        assert answer.returncode == 1
        assert words in answer.stderr and "hush" not in answer.stderr, answer.stderr


def test_a_reader_that_goes_away_is_no_crash(drover):
    with subprocess.Popen([drover, "-h"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        process.wait(30)
        assert process.returncode in (0, 1) and process.stderr.read() == b""


def test_policies_for_looking_and_for_writing_are_printed(run):
    read, write, both = run("agent", "-print-acl", "read"), run("agent", "-print-acl", "write"), run("agent", "-print-acl")
    assert (read.returncode, write.returncode, both.returncode) == (0, 0, 0)
    assert "submit-job" in write.stdout and "submit-job" not in read.stdout
    assert read.stdout in both.stdout and write.stdout in both.stdout
    assert run("agent", "-print-acl", "raed").returncode == 2


def test_the_placement_engine_works_on_files_without_an_agent(run, tmp_path):
    problem = str(ROOT / "tests" / "fuzz" / "corpus" / "placement_problem" / "example")
    solved = run("placement", "solve", "-o", "plan", problem)
    assert solved.returncode == 0, solved.stderr
    assert run("placement", "solve", problem).stdout == (tmp_path / "plan").read_text()
    checked = run("placement", "check", problem, "plan")
    assert (checked.returncode, checked.stdout) == (0, solved.stdout)
    (tmp_path / "junk").write_text("nothing like a problem\n")
    broken = run("placement", "solve", "junk")
    assert broken.returncode == 1 and "junk:1" in broken.stderr
    assert run("placement", "check", problem, "junk").returncode == 1
