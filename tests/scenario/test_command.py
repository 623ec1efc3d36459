"""What `drover job run` promises to whoever waits for it: the regions by name, the reason, the exit status. The commands' own tests are
test_cli_*.py."""
import json
import signal

import pytest

from scenario.world import job, three_places


@pytest.fixture
def agent(scene):
    return scene.start()


def job_file(agent, document):
    path = agent.folder / f"{document['ID']}.json"
    path.write_text(json.dumps({"Job": document}))
    return path


def test_run_follows_to_proven_and_ends_with_0(agent, scene):
    answer = agent.cli("job", "run", job_file(agent, job("web", count=3)))
    assert "dc-fra1" in answer.stdout
    assert scene.sim.spread("web") == {"dc-fra1": 3}


def test_run_of_more_than_fits_ends_with_1_and_names_the_regions(agent, scene):
    answer = agent.cli("job", "run", job_file(agent, job("web", count=40)), check=False)
    assert answer.returncode == 1
    assert all(name in answer.stdout + answer.stderr for name in scene.names)
    assert sum(scene.sim.spread("web").values()) == 32


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"job {", b"[" * 100000, b'{"Job": {"ID": "x"}} trailing'],
                         ids=["empty", "no text", "no job", "deep", "trailing"])
def test_a_file_that_is_no_job_is_refused_by_name(agent, scene, content):
    path = agent.folder / "bad.nomad.hcl"
    path.write_bytes(content)
    answer = agent.cli("job", "run", path, check=False)
    assert answer.returncode == 1 and answer.stderr.strip() and len(answer.stderr) < 3000, answer
    assert scene.sim.writes() == 0


def test_a_file_of_a_hundred_megabytes_is_refused_without_being_sent(agent):
    path = agent.folder / "huge.nomad.hcl"
    with open(path, "wb") as file:
        file.truncate(100 * 1024 * 1024)
    answer = agent.cli("job", "run", path, check=False, seconds=10)
    assert answer.returncode == 1 and "huge.nomad.hcl" in answer.stderr and "8 MiB" in answer.stderr


def test_without_an_agent_the_command_says_where_it_looked(agent):
    agent.process.send_signal(signal.SIGTERM)
    agent.process.wait(5)
    answer = agent.cli("region", "list", check=False)
    assert answer.returncode == 1 and str(agent.port) in answer.stderr


def test_check_says_which_call_is_refused(make_scene):
    places = three_places(token="reading-hush", fields={"ReadToken": "reading-hush", "WriteToken": "writing-hush"})
    scene = make_scene(places)
    reading = scene.agent(mode="observe")
    answer = reading.cli("agent", "-config", reading.config_path, "-check", check=False)
    assert answer.returncode == 0 and "hush" not in answer.stdout + answer.stderr, answer.stdout
    writing = scene.agent(mode="enforce", name="writing")
    answer = writing.cli("agent", "-config", writing.config_path, "-check", check=False)
    assert answer.returncode == 1 and "REFUSED" in answer.stdout
    assert scene.sim.writes() == 0
