"""The azure module with real HTTP against the ARM double: what it reads, what it writes, and what it never does."""
import http.client
import ssl
import time
from urllib.parse import urlsplit

import pytest

from doubles.azure import tokens
from doubles.azure.certificates import make_client_certificate
from doubles.azure.world import CLIENT_ID, IDENTITY_ID, OBJECT_ID
from providers.azure.tool import Module


def sizes_written(world):
    return [one["target"].split("?")[0].rsplit("/", 1)[1] for one in world.writes()]


# -- looking --------------------------------------------------------------------------------------------------------------------

def test_uniform_and_flexible_sets_are_pools_over_several_pages(module, world):
    world.add_scale_set("pool-A", capacity=7, zones=["1", "2"])
    world.add_scale_set("flex", capacity=5, mode="Flexible")
    world.add_scale_set("other", capacity=1, mode="Flexible")
    pool, instances = module.pool("pool-A")
    assert (pool["id"], pool["desired"], len(instances)) == ("rg1/pool-a", 7, 7)
    assert {one["zone"] for one in instances} == {"1", "2"}
    pool, instances = module.pool("flex")
    assert (pool["desired"], len(instances)) == (5, 5)
    vms = {vm.name: vm.vm_id for vm in world.scale_sets.all[next(key for key in world.scale_sets.all if key.endswith("/flex"))].instances.values()}
    assert {dict(one["identities"])["attr.unique.platform.azure.name"]: dict(one["identities"])["attr.unique.platform.azure.id"]
            for one in instances} == vms
    assert world.writes() == []


def test_sizes_with_their_restrictions_and_quotas(module, world):
    world.add_scale_set("pool-a", capacity=3)
    types = {one["name"]: one for one in module.call("describe").records["instance_type"]}
    assert "Premium_LRS" not in types
    assert types["Standard_NC4as_T4_v3"]["restriction"] == "NotAvailableForSubscription"
    assert types["Standard_D4s_v3"]["restriction"] == ""
    assert (types["Standard_A0"]["memory_mib"], types["Standard_M8-2ms"]["vcpus"]) == (768, 2)
    assert (types["Standard_B2s"]["spot"], types["Standard_D2ps_v5"]["architecture"]) == (False, "arm64")
    quotas = {one["name"]: one["used"] for one in module.call("quotas").records["quota"]}
    assert quotas["cores"] == 6 and types["Standard_D2s_v3"]["quota"] in quotas


def test_each_price_is_the_one_right_row(double, tmp_path):
    module = Module(double, tmp_path, {"regions": ["westeurope"], "instance_types": ["Standard_D2s_v3", "Standard_D4s_v3", "Standard_B2s",
                                                                                      "Standard_E4as_v5"]})
    offers = module.call("offers").records["offer"]
    assert {(one["instance_type"], one["market"], one["term_hours"]): one["price_micro_h"] for one in offers} == {
        ("Standard_D2s_v3", "on-demand", 0): 120000, ("Standard_D2s_v3", "spot", 0): 24100,
        ("Standard_D2s_v3", "reserved", 8760): 71119, ("Standard_D2s_v3", "reserved", 26280): 45815,
        ("Standard_E4as_v5", "spot", 0): 50000}


def test_check_says_which_permission_is_missing(module, world):
    world.add_scale_set("pool-a", capacity=1)
    world.denied = [("GET", "/skus")]
    world.permissions = [{"actions": ["Microsoft.Compute/*/read", "Microsoft.Compute/virtualMachineScaleSets/*"],
                          "notActions": ["Microsoft.Compute/virtualMachineScaleSets/delete/action"]}]
    found = {one["call"]: one for one in module.call("check").records["permission"]}
    assert [call for call, one in found.items() if not one["allowed"]] == [
        "Microsoft.Compute/skus/read", "Microsoft.Compute/virtualMachineScaleSets/delete/action"]
    assert "AuthorizationFailed" in found["Microsoft.Compute/skus/read"]["trouble"]
    assert world.writes() == []


def test_role_in_one_resource_group_is_enough_for_its_sets(double, tmp_path):
    world = double.world
    world.groups.add("rg2")
    world.add_scale_set("pool-a", group="rg2", capacity=2)
    world.add_scale_set("hidden", capacity=1)
    world.denied = [("", f"/subscriptions/{world.subscription}/providers/"), ("", "/resourceGroups/rg1/")]
    module = Module(double, tmp_path, {"resource_groups": ["RG2"]})
    assert module.finish(module.grow("pool-a", 3)).status == "ok"
    assert [pool["name"] for pool in module.call("pools").records["pool"]] == ["pool-a"]


def test_evicted_spot_machine_is_told(module, world):
    pool = world.add_scale_set("spotty", capacity=2, spot="Deallocate")
    world.scale_sets.evict(pool, pool.instances["1"])
    notices = module.call("interruptions").records["interruption"]
    assert [(one["kind"], one["instance"].split("@")[0]) for one in notices] == [("terminate", "1")]
    assert [one["state"] for one in module.pool("spotty")[1]] == ["running", "stopped"]


# -- credentials ----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("chain", ["false", "true"])
def test_certificate_signs_in(double, tmp_path, certificate_folder, chain):
    both, certificate = make_client_certificate(certificate_folder)
    double.world.add_identity(tokens.Identity("cert-app", certificates=[certificate.read_text()]))
    module = Module(double, tmp_path, {"client_id": "cert-app", "client_secret_file": None, "certificate_file": str(both),
                                       "send_certificate_chain": chain})
    assert module.call("pools").status == "ok"
    assert "PRIVATE" not in module.output


@pytest.mark.parametrize("which", [{}, {"identity_client_id": CLIENT_ID}, {"identity_resource_id": IDENTITY_ID},
                                   {"identity_object_id": OBJECT_ID}])
def test_managed_identity_signs_in(double, tmp_path, which):
    module = Module(double, tmp_path, {"client_secret_file": None, "client_id": None, "tenant": None, **which})
    assert module.call("pools").status == "ok"


def test_federated_token_of_the_environment_signs_in_without_its_line_end(double, tmp_path):
    assertion = tmp_path / "token"
    assertion.write_text("federated.assertion.text\n")
    double.world.add_identity(tokens.Identity("pod", federated=["federated.assertion.text"]))
    module = Module(double, tmp_path, {"client_secret_file": None, "client_id": "pod"},
                    {"AZURE_FEDERATED_TOKEN_FILE": str(assertion)})
    assert module.call("pools").status == "ok"


def test_wrong_secret_is_refused_once_and_by_its_number(module, world):
    module.secret.write_text("guess")
    answer = module.call("pools")
    assert answer.status == "auth" and "AADSTS7000215" in answer.error["text"]
    assert len(world.requests("POST", "/oauth2/")) == 1


# -- growing --------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("mode", ["Uniform", "Flexible"])
def test_pool_grows_to_exactly_what_was_asked(module, world, mode):
    pool = world.add_scale_set("pool-a", capacity=2, mode=mode)
    answer = module.finish(module.grow("pool-a", 5))
    assert (answer.status, answer.operation["progress"]) == ("ok", "done")
    assert (pool.capacity, len(pool.instances)) == (5, 5)
    assert [one["method"] for one in world.writes()] == ["PATCH"]


def test_lost_reply_to_growth_never_makes_a_machine_too_many(module, world):
    pool = world.add_scale_set("pool-a", capacity=2)
    world.faults.add(method="PATCH", close="after")
    observed, instances = module.pool("pool-a")
    assert module.call("grow", observed=observed, instances=instances, to=4).status == "unknown"
    world.advance(1)
    assert module.call("grow", observed=observed, instances=instances, to=4).status == "conflict"
    assert module.pool("pool-a")[0]["desired"] == 4
    assert len(pool.instances) == 4 and len(world.writes()) == 1


def test_killed_while_it_writes_the_next_process_looks_and_never_makes_a_machine_too_many(module, world):
    pool = world.add_scale_set("pool-a", capacity=2)
    observed, instances = module.pool("pool-a")
    world.faults.add(method="PATCH", delay=20)
    process = module.start("grow", observed=observed, instances=instances, to=4)
    for _ in range(200):
        if world.writes():
            break
        time.sleep(0.05)
    process.kill()
    process.communicate()
    world.advance(1)
    assert module.call("grow", observed=observed, instances=instances, to=4).status == "conflict"
    assert module.pool("pool-a")[0]["desired"] == 4
    assert len(pool.instances) == 4 and len(world.writes()) == 1


def test_request_that_somebody_repeats_does_not_take_effect_twice(module, double, world):
    pool = world.add_scale_set("pool-a", capacity=2)
    module.finish(module.grow("pool-a", 4))
    sent = world.requests("PATCH")[0]
    context = ssl.create_default_context(cafile=double.ca_file)
    connection = http.client.HTTPSConnection("127.0.0.1", urlsplit(double.arm_url).port, context=context)
    connection.request("PATCH", sent["target"], sent["body"].replace("4", "9"), {"Authorization": sent["headers"]["authorization"],
                                                                                 "If-Match": sent["headers"]["if-match"]})
    assert connection.getresponse().status == 412
    connection.close()
    assert pool.capacity == 4


def test_write_whose_answer_does_not_come_in_time_is_unknown(module, world):
    world.add_scale_set("pool-a", capacity=2)
    observed, instances = module.pool("pool-a")
    world.faults.add(method="PATCH", delay=4)
    answer = module.call("grow", observed=observed, instances=instances, to=4, deadline=2)
    assert answer.status == "unknown", answer


def test_request_that_never_arrived_is_unknown_too_and_can_be_done_again(module, world):
    pool = world.add_scale_set("pool-a", capacity=2)
    world.faults.add(method="PATCH", close="before")
    observed, instances = module.pool("pool-a")
    assert module.call("grow", observed=observed, instances=instances, to=3).status == "unknown"
    assert module.finish(module.call("grow", observed=observed, instances=instances, to=3)).status == "ok"
    assert len(pool.instances) == 3


def test_somebody_elses_change_is_not_overwritten(module, world):
    pool = world.add_scale_set("pool-a", capacity=2)
    observed, instances = module.pool("pool-a")
    pool.capacity = 6
    pool.touch()
    assert module.call("grow", observed=observed, instances=instances, to=4).status == "conflict"
    assert pool.capacity == 6 and world.writes() == []


def test_failed_allocation_is_told_and_taken_back_to_what_exists(module, world):
    pool = world.add_scale_set("pool-a", capacity=2, zones=["1"])
    world.operations.plans.append({"status": "Failed", "error": {"code": "ZonalAllocationFailed", "message": "full"},
                                   "partly": lambda: pool.add_instances(1)})
    answer = module.finish(module.grow("pool-a", 6))
    assert (answer.status, answer.error["instance_type"], answer.error["zone"]) == ("no_capacity", "Standard_D2s_v3", "1")
    assert (pool.capacity, len(pool.instances)) == (6, 3)
    before = list(pool.instances)
    assert module.finish(module.call("withdraw", pool="rg1/pool-a")).status == "ok"
    assert pool.capacity == 3 and list(pool.instances) == before


def test_quota_is_told_and_not_asked_again(module, world):
    world.add_scale_set("pool-a", capacity=1)
    world.cores_limit = 4
    assert module.grow("pool-a", 5).status == "quota"
    assert len(world.writes()) == 1


def test_operation_that_is_forgotten_is_judged_by_the_set(module, world):
    pool = world.add_scale_set("pool-a", capacity=1)
    world.operations.plans.append({"forget": True})
    assert module.finish(module.grow("pool-a", 2)).status == "ok"
    assert len(pool.instances) == 2 and len(world.writes()) == 1


@pytest.mark.parametrize("headers", [["Location"], ["Azure-AsyncOperation"], []])
@pytest.mark.parametrize("mode", ["Uniform", "Flexible"])
def test_operation_is_followed_to_its_true_end_by_whatever_its_answer_carries(module, world, mode, headers):
    world.operation_headers = headers
    pool = world.add_scale_set("pool-a", capacity=2, mode=mode)
    assert module.finish(module.grow("pool-a", 4)).status == "ok"
    victim = module.pool("pool-a")[1][0]["id"]
    done = module.finish(module.call("shrink", pool="rg1/pool-a", instances=[victim]))
    assert (done.status, done.operation["progress"]) == ("ok", "done")
    assert (pool.capacity, len(pool.instances)) == (3, 3) and victim.split("@")[0] not in pool.instances
    world.operations.plans.append({"status": "Failed", "error": {"code": "AllocationFailed", "message": "full"}})
    failed = module.finish(module.grow("pool-a", 5))
    if mode == "Uniform" or headers:
        assert (failed.status, failed.error["instance_type"]) == ("no_capacity", "Standard_D2s_v3")
    else:  # nothing but the set's state is left to tell, and a flexible set gives no reason
        assert failed.status == "invalid" and "Failed" in failed.error["text"]
    assert len(pool.instances) == 3


def test_operation_without_an_end_is_unknown_at_the_deadline(double, tmp_path):
    module = Module(double, tmp_path, {"operation_deadline": "1s"})
    double.world.add_scale_set("pool-a", capacity=1)
    double.world.operations.plans.append({"status": "Completed"})
    answer = module.grow("pool-a", 2)
    until = time.monotonic() + 60
    while answer.status == "ok" and answer.operation["progress"] != "done" and time.monotonic() < until:
        answer = module.call("poll", token=answer.operation["token"])
        double.world.advance(0.2)
    assert answer.status == "unknown"


# -- removing -------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("mode", ["Uniform", "Flexible"])
def test_exactly_the_named_machines_are_removed(module, world, mode):
    pool = world.add_scale_set("pool-a", capacity=5, mode=mode)
    _, instances = module.pool("pool-a")
    chosen = [instances[1]["id"], instances[3]["id"]]
    keep = [one["id"].split("@")[0] for one in instances if one["id"] not in chosen]
    assert module.finish(module.call("shrink", pool="rg1/pool-a", instances=chosen)).status == "ok"
    assert sorted(pool.instances) == sorted(keep) and pool.capacity == 3
    assert sizes_written(world) == ["delete"]


def test_removal_done_again_removes_nothing_more(module, world):
    pool = world.add_scale_set("pool-a", capacity=4)
    chosen = [module.pool("pool-a")[1][2]["id"]]
    world.faults.add(method="POST", path="/delete", close="after")
    assert module.call("shrink", pool="rg1/pool-a", instances=chosen).status == "unknown"
    world.advance(1)
    for _ in range(2):
        assert module.finish(module.call("shrink", pool="rg1/pool-a", instances=chosen)).status == "ok"
    assert list(pool.instances) == ["0", "1", "3"] and pool.capacity == 3
    assert len(world.writes()) == 1


def test_number_that_azure_gave_again_is_another_machine(module, world):
    pool = world.add_scale_set("pool-a", capacity=3)
    chosen = [module.pool("pool-a")[1][2]["id"]]
    pool.instances.pop("2")
    pool.next_number = 2
    pool.add_instances(1)
    assert module.finish(module.call("shrink", pool="rg1/pool-a", instances=chosen)).status == "ok"
    assert list(pool.instances) == ["0", "1", "2"] and world.writes() == []


def test_machine_that_vanishes_while_it_is_removed_takes_no_other_with_it(module, world):
    pool = world.add_scale_set("pool-a", capacity=4)
    chosen = [one["id"] for one in module.pool("pool-a")[1][:2]]
    message = "The provided instanceId 0 is not an active Virtual Machine Scale Set VM instanceId."
    world.faults.add(method="POST", path="/delete", answer={"status": 400, "body": {"error": {"code": "InvalidParameter", "message": message}}})
    assert module.finish(module.call("shrink", pool="rg1/pool-a", instances=chosen)).status == "ok"
    assert list(pool.instances) == ["2", "3"] and pool.capacity == 2


# -- a bad network ----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("fault", [{"close": "before"}, {"close": "cut"}, {"answer": {"status": 503, "body": "<html>"}},
                                   {"answer": {"status": 429, "headers": {"Retry-After": "1"}}}, {"answer": {"status": 500}}])
def test_look_survives_one_bad_answer(module, world, fault):
    world.add_scale_set("pool-a", capacity=5)
    world.faults.add(method="GET", path="virtualMachineScaleSets", skip=1, **fault)
    _, instances = module.pool("pool-a")
    assert len(instances) == 5


@pytest.mark.parametrize("fault", [{"answer": {"status": 404}}, {"answer": {"status": 200, "body": "<html>"}},
                                   {"rewrite": {"nextLink": "https://127.0.0.1:1/evil"}}, {"rewrite": {"value": [{"id": 7}]}}])
def test_list_that_breaks_off_is_never_a_shorter_list(module, world, fault):
    world.add_scale_set("pool-a", capacity=5)
    world.faults.add(method="GET", path="/virtualMachines", skip=1, times=-1, **fault)
    answer = module.call("pools")
    assert answer.status != "ok" and "pool" not in answer.records
    assert "Bearer" not in answer.error["text"]


def test_expired_token_is_renewed_within_the_call(module, world):
    world.add_scale_set("pool-a", capacity=1)
    world.faults.add(method="GET", path="virtualMachineScaleSets", answer={
        "status": 401, "body": {"error": {"code": "ExpiredAuthenticationToken", "message": "expired"}}})
    assert module.pool("pool-a")[0]["desired"] == 1
    assert len(world.requests("POST", "/oauth2/")) == 2
