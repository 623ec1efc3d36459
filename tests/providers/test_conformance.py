"""The contract of providers/provider.h, held against every module that has a double.

A module takes part by a file tests/providers/<module>/conformance.py with a class `ConformanceDouble(Double)`; one whose
service cannot be had raises unittest.SkipTest in start. Each call runs in a process of its own, as after a kill.
"""
import importlib.util
import json
import os
import signal
import time
import unittest
from pathlib import Path

import pytest

from providers.double import NotPlayed, Runner, tool_path

HERE = Path(__file__).resolve().parent
MODULES = sorted(path.parent.name for path in HERE.glob("*/conformance.py"))


def load_double(name):
    spec = importlib.util.spec_from_file_location(f"conformance_{name}", HERE / name / "conformance.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ConformanceDouble()


@pytest.fixture(params=MODULES)
def runner(request, tmp_path):
    if not Path(tool_path()).exists():
        pytest.skip("build/provider-tool is not built: ninja -C build provider-tool, or ./dev test providers")
    double = load_double(request.param)
    try:
        double.start(tmp_path)
    except unittest.SkipTest as reason:
        pytest.skip(str(reason))
    yield Runner(double, tmp_path)
    double.stop()


@pytest.fixture
def play(runner):
    """Asks the double for something it may not be able to play: then the test is skipped, and counted."""

    def ask(name, *arguments):
        try:
            return getattr(runner.double, name)(*arguments)
        except NotPlayed:
            pytest.skip(f"the double of {runner.double.module} does not play {name} {' '.join(arguments)}")

    return ask


def ids(instances):
    return sorted(instance["id"] for instance in instances)


def test_pools_lists_every_machine_with_its_state_and_identity(runner):
    pool, instances = runner.observed()
    there = [instance for instance in instances if instance["state"] != "stopped"]  # owned machines are listed also when they are off
    assert ids(there) == runner.double.instances()
    assert pool["desired"] == 2 and pool["min"] == 1 and pool["writable"]
    for instance in there:
        assert instance["state"] == "running"
        assert instance["identities"], "nothing tells its Nomad node"
        for key, value in instance["identities"]:
            assert key.startswith(("attr.", "meta.")) and value


def test_looking_changes_nothing_and_repeats_itself(runner):
    first = [json.dumps(line) for line in runner.pools().lines if "record" in line]
    second = [json.dumps(line) for line in runner.pools().lines if "record" in line]
    assert first == second
    assert runner.double.writes() == 0


def test_check_tells_permissions_and_writes_nothing(runner):
    result = runner.call("check")
    assert result.status == "ok", result
    permissions = result.records("permission")
    assert permissions and all(permission["allowed"] for permission in permissions)
    assert runner.double.writes() == 0


def test_offers_are_positive(runner):
    if "offers" not in runner.double.functions:
        pytest.skip(f"{runner.double.module} has no offers")
    result = runner.call("offers")
    assert result.status == "ok", result
    for offer in result.records("offer"):
        assert offer["price_micro_h"] > 0 and offer["source"] and offer["observed_at_us"] > 0


def test_grow_adds_exactly_what_was_asked(runner):
    result = runner.poll_to_end(runner.grow(runner.observed(), 4))
    assert result.status == "ok", result
    assert runner.double.desired() == 4
    assert len(runner.double.instances()) == 4
    assert runner.double.writes() in (1, 2), "one write, or one a machine"


def test_grow_on_a_stale_observation_is_a_conflict_and_writes_nothing(runner, play):
    observed = runner.observed()
    play("change_behind")
    before = runner.double.desired()
    result = runner.grow(observed, 5)
    assert result.status == "conflict", result
    assert runner.double.desired() == before


def test_grow_twice_from_one_observation_grows_once(runner):
    observed = runner.observed()
    first = runner.poll_to_end(runner.grow(observed, 3))
    assert first.status == "ok", first
    assert runner.grow(observed, 3).status == "conflict"
    assert runner.double.desired() == 3


def test_grow_beyond_max_or_not_growing_is_refused_locally(runner):
    observed = runner.observed()
    for to in (11, 2, 1, 0, -1):
        assert runner.grow(observed, to).status == "invalid"
    assert runner.double.writes() == 0


def test_shrink_removes_exactly_the_named_machine(runner):
    victim = runner.double.instances()[0]
    result = runner.poll_to_end(runner.shrink([victim]))
    assert result.status == "ok", result
    assert victim not in runner.double.instances()
    assert len(runner.double.instances()) == 1
    assert runner.double.desired() == 1


def test_shrink_of_one_that_is_gone_lowers_nothing(runner):
    runner.poll_to_end(runner.grow(runner.observed(), 3))
    victim = runner.double.instances()[0]
    assert runner.poll_to_end(runner.shrink([victim])).status == "ok"
    again = runner.poll_to_end(runner.shrink([victim]))
    assert again.status == "ok", again
    assert runner.double.desired() == 2
    assert len(runner.double.instances()) == 2


def test_shrink_below_min_is_refused_before_anything_is_removed(runner):
    result = runner.shrink(runner.double.instances())
    assert result.status in ("invalid", "conflict"), result
    assert len(runner.double.instances()) == 2 and runner.double.desired() == 2


def test_shrink_without_a_name_or_with_one_twice_is_refused(runner):
    one = runner.double.instances()[0]
    assert runner.shrink([]).status == "invalid"
    assert runner.shrink([one, one]).status == "invalid"
    assert runner.double.writes() == 0


def test_a_lost_reply_of_grow_is_unknown_and_looking_settles_it(runner, play):
    observed = runner.observed()
    play("fail_next", "lost_reply")
    result = runner.grow(observed, 3)
    assert result.status == "unknown", result
    assert runner.double.writes() == 1, "the write was repeated"
    pool, _ = runner.observed()
    assert pool["desired"] == 3
    assert runner.grow(observed, 3).status == "conflict"
    assert runner.double.writes() == 1


def test_a_lost_reply_of_shrink_is_unknown_and_shrinking_again_is_safe(runner, play):
    runner.poll_to_end(runner.grow(runner.observed(), 4))
    victim = runner.double.instances()[0]
    play("fail_next", "lost_reply")
    result = runner.shrink([victim])
    assert result.status == "unknown", result
    runner.double.settle()
    assert runner.poll_to_end(runner.shrink([victim])).status == "ok"
    assert runner.double.desired() == 3
    assert len(runner.double.instances()) == 3


def test_a_kill_between_write_and_reply_leaves_nothing_to_do_twice(runner, play):
    observed = runner.observed()
    play("hold_next_write")
    process = runner.start("grow", {"observed": observed[0], "instances": observed[1], "to": 3})
    assert play("write_arrived"), "the write never came"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=20)
    runner.double.release_write()
    pool, _ = runner.observed()
    assert pool["desired"] == 3
    assert runner.grow(observed, 3).status == "conflict"
    assert runner.double.writes() == 1


def test_refused_credentials_are_auth_and_not_tried_again(runner, play):
    play("fail_next", "auth")
    before = len(runner.double.requests())
    result = runner.pools()
    assert result.status == "auth", result
    asked = len(runner.double.requests()) - before
    assert asked <= 2, f"{asked} requests with refused credentials (one, and one with new ones, are allowed)"
    assert not result.records("pool")


def test_throttling_is_obeyed(runner, play):
    play("fail_next", "throttled")
    before = len(runner.double.requests())
    began = time.time()
    result = runner.pools()
    times = [at for at, _, _ in runner.double.requests()[before:]]
    if result.status == "throttled":
        assert result.error["retry_at_us"] / 1e6 >= began + 1.9
        assert len(times) == 1
    else:
        assert result.status == "ok", result
        assert times[1] - times[0] >= 1.9, "asked again before Retry-After was over"


def test_a_server_error_on_a_look_is_no_empty_list(runner, play):
    play("fail_next", "unwell")
    result = runner.pools()
    if result.status == "ok":
        assert len(result.records("instance")) >= 2
    else:
        assert result.status in ("retry", "unreachable"), result


def test_a_list_that_breaks_off_is_an_error(runner, play):
    for _ in range(20):
        play("fail_next", "cut_list")
    result = runner.pools()
    assert result.status not in ("ok", None), "a cut list was taken for a whole one"
    play("recover")


def test_html_is_an_error_and_no_list(runner, play):
    for _ in range(20):
        play("fail_next", "html")
    result = runner.pools()
    assert result.status not in ("ok", None), result
    play("recover")


def test_a_state_of_tomorrow_is_unknown_and_not_gone(runner, play):
    strange = play("add_strange_instance")
    _, instances = runner.observed()
    states = {instance["id"]: instance["state"] for instance in instances}
    assert states.get(strange) == "unknown", states


def test_no_capacity_is_told_and_retried_by_nobody(runner, play):
    play("fail_next", "no_capacity")
    result = runner.poll_to_end(runner.grow(runner.observed(), 5))
    assert result.status == "no_capacity", result
    assert runner.double.writes() == 1


def test_an_unknown_operation_is_not_found(runner):
    result = runner.call("poll", {"token": "no-such-operation"})
    assert result.status in ("not_found", "invalid"), result


def test_an_operations_token_is_enough_for_a_new_process(runner):
    result = runner.grow(runner.observed(), 3)
    if result.operation["progress"] == "done":
        pytest.skip(f"{runner.double.module} has no long operations")
    assert result.operation["token"].isascii() and result.operation["token"].isprintable()
    assert runner.poll_to_end(result).status == "ok"


def test_no_secret_leaves_the_module(runner, play):
    secret = runner.double.secret()
    results = [runner.pools(), runner.call("check"), runner.grow(runner.observed(), 3)]
    try:
        runner.double.fail_next("auth")
        results.append(runner.pools())
    except NotPlayed:
        pass
    for result in results:
        assert secret not in json.dumps(result.lines) and secret not in result.stderr


def test_a_time_that_is_over_ends_the_call(runner, play):
    play("hold_next_write")
    began = time.monotonic()
    result = runner.grow(runner.observed(), 3, deadline=3)
    took = time.monotonic() - began
    runner.double.release_write()
    assert result.status == "unknown", result
    assert took < 15, f"{took:.1f} s for a deadline of 3 s"
