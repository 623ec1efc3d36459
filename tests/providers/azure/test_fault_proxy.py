"""The azure module behind the fault proxy: whatever the network does, what is read is right or an error, no machine is too many, none
but the named ones go, and nothing that was begun is forgotten."""
import http.client
import signal

import pytest

from doubles.azure import tokens
from doubles.azure.certificates import make_client_certificate
from doubles.azure.proxy import SecureProxy
from providers.azure.tool import Module

PASSING = [{"kind": "refuse"}, {"kind": "reset"}, {"kind": "cut"}, {"kind": "status", "status": 503, "body": "<html>busy</html>"},
           {"kind": "status", "status": 500}, {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}}]
SPOILT = {"refuse": {}, "reset": {}, "cut": {}, "html": {}, "twice": {}, "slow": {"seconds": 1}, "date": {"seconds": -86400},
          "status": {"status": 503, "body": "<html>"}, "after_status": {"status": 503}}
LOST = {"reset", "cut", "refuse"}


@pytest.fixture
def proxy(double):
    running = SecureProxy(double).start()
    yield running
    running.release()
    running.stop()


@pytest.fixture
def module(double, proxy, tmp_path):
    return Module(double, tmp_path, {"arm_endpoint": proxy.url, "authority": proxy.url, "price_endpoint": proxy.url})


def machines(pool):
    return {(key, one.vm_id) for key, one in pool.instances.items()}


def records(answer):
    """What was said, without the moment at which prices were seen."""
    return [(line["record"], {key: value for key, value in line["value"].items() if key != "observed_at_us"})
            for line in answer.lines if "record" in line]


def effects(world):
    return [one for one in world.writes() if one.get("status", 500) < 300]


# -- looking --------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("look, first", [("check", 0), ("describe", 3), ("offers", 1), ("pools", 0), ("pools", 3), ("quotas", 2),
                                         ("interruptions", 4)])
def test_what_is_read_behind_a_bad_network_is_what_is_there(module, proxy, world, look, first):
    pool = world.add_scale_set("pool-a", capacity=4, spot="Deallocate")
    world.scale_sets.evict(pool, pool.instances["2"])
    world.add_scale_set("flex", capacity=2, mode="Flexible", location="northeurope")
    good = module.call(look)
    assert good.status == "ok" and records(good)
    proxy.each(PASSING[first:] + PASSING[:first])
    again = module.call(look, deadline=55)
    assert again.status == "ok", again
    assert records(again) == records(good)
    assert world.writes() == []


@pytest.mark.parametrize("fault", [{"kind": "date", "seconds": 86400}, {"kind": "date", "seconds": -86400}, {"kind": "slow", "seconds": 0.3}])
@pytest.mark.parametrize("look", ["pools", "offers"])
def test_slow_answers_and_skewed_dates_change_nothing(module, proxy, world, look, fault):
    world.add_scale_set("pool-a", capacity=4)
    good = module.call(look)
    proxy.each([fault])
    again = module.call(look)
    assert again.status == "ok" and records(again) == records(good)


def test_certificate_signs_in_although_the_clocks_are_two_hours_apart(double, proxy, tmp_path, certificate_folder):
    both, certificate = make_client_certificate(certificate_folder)
    double.world.add_identity(tokens.Identity("cert-app", certificates=[certificate.read_text()]))
    double.world.advance(7200)
    proxy.each([{"kind": "date", "seconds": 7200}])
    module = Module(double, tmp_path, {"arm_endpoint": proxy.url, "authority": proxy.url, "client_id": "cert-app", "client_secret_file": None,
                                       "certificate_file": str(both)})
    assert module.call("pools").status == "ok"
    assert len(double.world.requests("POST", "/oauth2/")) == 2
    assert "NTP" in module.output


@pytest.mark.parametrize("kind", ["reset", "cut", "html"])
def test_list_whose_second_page_never_comes_is_an_error(module, proxy, world, kind):
    world.add_scale_set("pool-a", capacity=5)
    proxy.fault(kind, match="skiptoken", times=1000)
    answer = module.call("pools", deadline=55)
    assert answer.status in ("unreachable", "retry") and "pool" not in answer.records, answer
    assert "bearer" not in answer.error["text"].lower()


# -- writing: a caller that looks after each end, as the agent does ---------------------------------------------------------------

def grow_until_there(module, to, rounds=6):
    """Grows from what is seen until the size is there; how each call ended."""
    ended = []
    for _ in range(rounds):
        observed, instances = module.pool("pool-a")
        if observed["desired"] >= to and not observed["busy"]:
            return ended
        if observed["busy"]:
            module.double.world.advance(1)
            continue
        answer = module.finish(module.call("grow", observed=observed, instances=instances, to=to))
        ended.append(answer.status)
        module.double.world.advance(1)
    raise AssertionError(f"the size never came: {ended}")


@pytest.mark.parametrize("kind", SPOILT)
def test_growth_behind_the_fault_ends_at_exactly_what_was_asked(module, proxy, world, kind):
    pool = world.add_scale_set("pool-a", capacity=2)
    proxy.fault(kind, match="PATCH /", **SPOILT[kind])
    ended = grow_until_there(module, 4)
    assert (pool.capacity, len(pool.instances)) == (4, 4)
    assert len(effects(world)) == 1
    if kind in LOST:
        assert ended[0] == "unknown", ended


def shrink_until_gone(module, victims, rounds=6):
    ended = []
    for _ in range(rounds):
        answer = module.finish(module.call("shrink", pool="rg1/pool-a", instances=victims))
        ended.append(answer.status)
        if answer.status == "ok" and answer.operation["progress"] == "done":
            return ended
        module.double.world.advance(1)
    raise AssertionError(f"the removal never ended: {ended}")


@pytest.mark.parametrize("kind", SPOILT)
def test_removal_behind_the_fault_takes_the_named_machines_and_no_other(module, proxy, world, kind):
    pool = world.add_scale_set("pool-a", capacity=5)
    victims = [one["id"] for one in module.pool("pool-a")[1]][1:3]
    stay = {one for one in machines(pool) if one[0] not in ("1", "2")}
    proxy.fault(kind, match="/delete?", **SPOILT[kind])
    ended = shrink_until_gone(module, victims)
    assert machines(pool) == stay and pool.capacity == 3
    assert len(effects(world)) == 1
    if kind in LOST - {"cut"}:  # half of an answer without a body is the whole answer
        assert ended[0] == "unknown", ended


@pytest.mark.parametrize("kind", SPOILT)
def test_taking_back_behind_the_fault_removes_no_machine(module, proxy, world, kind):
    pool = world.add_scale_set("pool-a", capacity=2)
    pool.capacity = 6
    pool.state("Failed")
    stay = machines(pool)
    proxy.fault(kind, match="PATCH /", **SPOILT[kind])
    for _ in range(6):
        answer = module.finish(module.call("withdraw", pool="rg1/pool-a"))
        world.advance(1)
        if answer.status == "ok":
            break
    assert answer.status == "ok", answer
    assert pool.capacity == 2 and machines(pool) == stay


@pytest.mark.parametrize("kind", SPOILT)
def test_operation_whose_polls_are_spoilt_is_followed_to_its_end_and_begun_once(module, proxy, world, kind):
    pool = world.add_scale_set("pool-a", capacity=1)
    answer = module.grow("pool-a", 3)
    assert answer.status == "ok"
    token = answer.operation["token"]
    proxy.fault(kind, match="/operations/", times=4, **SPOILT[kind])
    for _ in range(8):
        world.advance(1)
        answer = module.call("poll", token=token)
        assert answer.status in ("ok", "retry", "unreachable"), answer
        if answer.status == "ok" and answer.operation["progress"] == "done":
            break
    assert answer.status == "ok" and answer.operation["progress"] == "done"
    assert len(pool.instances) == 3 and len(world.writes()) == 1


# -- kill -9 at every request -----------------------------------------------------------------------------------------------------

def kill_at(module, proxy, position, function, **arguments):
    """Starts the call and kills it when its request of that number is done and not answered; False when it made fewer."""
    proxy.clear()
    proxy.hold(skip=position)
    process = module.start(function, **arguments)
    while not proxy.arrived.wait(0.1):
        if process.poll() is not None:
            process.communicate()
            return False
    process.send_signal(signal.SIGKILL)
    process.communicate()
    proxy.clear()
    proxy.release()
    return True


@pytest.mark.parametrize("function", ["grow", "shrink", "withdraw"])
def test_killed_at_any_request_it_is_neither_done_twice_nor_forgotten(module, proxy, world, function):
    for position in range(20):
        pool = world.add_scale_set("pool-a", capacity=4)
        stay = machines(pool)
        if function == "withdraw":
            pool.capacity = 6
            pool.state("Failed")
        observed, instances = module.pool("pool-a")
        before = len(effects(world))
        arguments = {"grow": {"observed": observed, "instances": instances, "to": 6}, "withdraw": {"pool": "rg1/pool-a"},
                     "shrink": {"pool": "rg1/pool-a", "instances": [instances[1]["id"]]}}[function]
        if not kill_at(module, proxy, position, function, **arguments):
            break
        world.advance(1)
        if function == "grow":
            grow_until_there(module, 6)
            assert stay <= machines(pool) and (len(pool.instances), pool.capacity) == (6, 6)
        elif function == "shrink":
            shrink_until_gone(module, arguments["instances"])
            assert machines(pool) == {one for one in stay if one[0] != "1"} and pool.capacity == 3
        else:
            assert module.finish(module.call("withdraw", **arguments)).status == "ok"
            assert machines(pool) == stay and pool.capacity == 4
        assert len(effects(world)) == before + 1
    assert position >= 3, "the call made fewer requests than it must"


def test_request_that_arrives_twice_removes_nothing_more_long_after(module, proxy, world):
    pool = world.add_scale_set("pool-a", capacity=4)
    victim = module.pool("pool-a")[1][1]["id"]
    shrink_until_gone(module, [victim])
    stay = machines(pool)
    sent = world.requests("POST", "/delete")[0]
    connection = http.client.HTTPSConnection("127.0.0.1", proxy.server.server_address[1], context=proxy.context)
    connection.request("POST", sent["target"], sent["body"], {"Authorization": sent["headers"]["authorization"]})
    assert connection.getresponse().status == 400
    connection.close()
    assert machines(pool) == stay


# -- scheduled events -------------------------------------------------------------------------------------------------------------

def test_preemption_that_the_metadata_service_tells_is_a_notice_of_that_machine(double, tmp_path):
    world = double.world
    world.add_scale_set("pool-a", capacity=3, spot="Delete")
    world.add_scale_set("flex", capacity=1, mode="Flexible")
    blocks = f'pool "pool-a" {{\n  scheduled_events = ["{double.identity_url}"]\n}}\n'
    module = Module(double, tmp_path, blocks=blocks)
    assert module.call("interruptions").records.get("interruption", []) == []
    event = world.events.schedule("Preempt", ["pool-a_1", "elsewhere_1"], seconds=30)
    world.events.schedule("Reboot", ["pool-a_2"])
    notices = module.call("interruptions").records["interruption"]
    assert [(one["kind"], one["pool"], one["instance"].split("@")[0]) for one in notices] == [
        ("terminate", "rg1/pool-a", "1"), ("maintenance", "rg1/pool-a", "2")]
    assert abs(notices[0]["at_us"] / 1e6 - world.now() - 30) < 20
    world.events.end(event)
    assert [one["kind"] for one in module.call("interruptions").records["interruption"]] == ["maintenance"]
    assert world.requests("POST", "scheduledevents") == []
