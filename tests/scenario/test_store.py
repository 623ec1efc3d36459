"""The data directory and its neighbours: shared, damaged, full, foreign. One clear word and exit 1, never a crash."""
import os
import shutil
import subprocess

import pytest

from live.http_api import wait_for
from scenario.world import job

INTENT = "intent"


def ended(agent, seconds=20):
    """Starts an agent that will not do; its exit status and what it said."""
    before = len(agent.log_text())
    agent.launch()
    status = agent.process.wait(seconds)
    return status, agent.log_text()[before:]


def refuses(agent, *words):
    status, said = ended(agent)
    assert status == 1, f"exit {status}: {said}"
    for word in words:
        assert word in said, said
    agent.check_log()
    return said


def data_file(agent):
    files = [path for path in (agent.data_dir / INTENT).rglob("*") if path.is_file() and path.stat().st_size >= 4096 and "lock" not in path.name]
    assert files, sorted(agent.data_dir.rglob("*"))
    return max(files, key=lambda path: path.stat().st_size)


@pytest.fixture
def used(scene):
    """An agent that has run a job and was stopped."""
    agent = scene.start()
    agent.run(job("web", count=2))
    agent.stop()
    return agent


def test_a_second_agent_on_one_directory_is_told_and_the_first_goes_on(scene):
    first = scene.start()
    second = scene.agent(name="second")
    second.config_path.write_text(second.config_path.read_text().replace(str(second.data_dir), str(first.data_dir)))
    refuses(second, str(first.data_dir))
    first.run(job("web"))


def test_a_newer_agent_on_the_same_regions_takes_no_region_that_another_owns(scene):
    first = scene.start(name="first")
    first.run(job("web"))
    second = scene.start(name="second")
    second.wait("region/dc-fra1", lambda a: a["Owner"] in ("foreign", "none"), "the other's mark to be seen")
    second.run(job("mine"))
    assert "dc-fra1" not in scene.sim.spread("mine")
    region = second.wait("region/dc-fra1", lambda a: a["Owner"] == "foreign", "the region to be foreign")
    assert region["OwnerCluster"] == first.get("status")["ClusterID"]
    assert second.api.delete("/v1/drover/job/web").status in (404, 409, 422)
    first.run(job("web", count=2))
    assert scene.sim.spread("web") == {"dc-fra1": 2}


def test_what_was_there_is_there_after_a_clean_restart(used, scene):
    before = scene.sim.writes()
    used.start()
    used.wait_state(scene.names)
    document = used.wait_job("web")
    assert document["Proven"] == 2 and used.get("status")["Epoch"] == 2
    assert scene.sim.writes() - before <= 1


def test_the_inventory_may_be_lost(used, scene):
    shutil.rmtree(used.data_dir / "inventory", ignore_errors=True)
    used.start()
    used.wait_state(scene.names)
    used.wait_job("web")


@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_a_truncated_store_is_refused(used, kept):
    path = data_file(used)
    os.truncate(path, int(path.stat().st_size * kept) // 4096 * 4096 + 100)
    refuses(used, str(used.data_dir))


def test_an_emptied_store_is_refused(used):
    os.truncate(data_file(used), 0)
    refuses(used, str(used.data_dir))


def test_a_store_of_noise_is_refused(used):
    path = data_file(used)
    path.write_bytes(os.urandom(path.stat().st_size))
    refuses(used, str(used.data_dir))


def test_a_store_with_a_damaged_middle_is_refused_or_whole(used, scene):
    path = data_file(used)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = os.urandom(4096)
    path.write_bytes(content)
    status, said = None, ""
    used.launch()
    try:
        used.wait_ready()
    except RuntimeError:
        status, said = used.process.poll(), used.log_text()
    if status is None:
        used.wait_job("web")
    else:
        assert status == 1 and str(used.data_dir) in said, said
    used.check_log()


def test_a_directory_others_may_enter_is_refused_or_closed(used):
    used.data_dir.chmod(0o777)
    status = None
    used.launch()
    try:
        used.wait_ready()
    except RuntimeError:
        status = used.process.poll()
    assert status == 1 or used.data_dir.stat().st_mode & 0o077 == 0


@pytest.fixture
def small_disk(tmp_path):
    """Three megabytes of memory as a disk."""
    if os.geteuid() != 0:
        pytest.skip("a small file system needs root: run as root")
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)], capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"mount a tmpfs: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False)


def test_a_full_disk_is_told_and_after_it_the_agent_goes_on(scene, small_disk):
    agent = scene.agent()
    agent.config_path.write_text(agent.config_path.read_text().replace(str(agent.data_dir), str(small_disk / "data")))
    agent.data_dir = small_disk / "data"
    agent.start()
    agent.wait_state(scene.names)
    agent.run(job("before"))
    filler = small_disk / "filler"
    with open(filler, "wb", buffering=0) as file:
        with pytest.raises(OSError):
            while True:
                file.write(b"\0" * 4096)
    answer = None
    for number in range(400):
        answer = agent.try_submit(job(f"full-{number}", cpu=10, memory=10, Meta={"filling": "x" * 20000}))
        if answer.status != 200:
            break
    assert answer.status in (500, 503, 507) and answer.json()["Error"]["Code"] in ("no_space", "busy"), answer.text()
    assert agent.process.poll() is None
    assert agent.get("status")["Store"]["Trouble"] != ""
    filler.unlink()
    agent.wait("status", lambda a: a["Store"]["Trouble"] == "", "the store to take writes again", 30)
    agent.run(job("after"))
    wait_for(agent.settled, 20, "nothing to be under way")
    agent.kill9()
    agent.start()
    agent.wait_state(scene.names)
    for name in ("before", "after"):
        assert sum(scene.sim.spread(name).values()) == 1
        agent.wait_job(name)
