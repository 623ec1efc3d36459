"""The ARM double held against Microsoft's own Python clients, unmodified: what they send is understood, what they get is accepted."""
import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from doubles.azure import tokens
from doubles.azure.certificates import make_client_certificate
from doubles.azure.world import CLIENT_ID, CLIENT_SECRET, IDENTITY_ID, OBJECT_ID, SUBSCRIPTION, TENANT

ADVICE = "pip install azure-mgmt-compute azure-mgmt-network azure-identity msal"
identity = pytest.importorskip("azure.identity", reason=ADVICE)
compute = pytest.importorskip("azure.mgmt.compute", reason=ADVICE)
network = pytest.importorskip("azure.mgmt.network", reason=ADVICE)
msal = pytest.importorskip("msal", reason=ADVICE)
from azure.core import MatchConditions  # noqa: E402
from azure.core.exceptions import (ClientAuthenticationError, HttpResponseError, ResourceExistsError,  # noqa: E402
                                   ResourceModifiedError, ResourceNotFoundError)

SCOPE = "https://management.azure.com/.default"


def credential(double):
    return identity.ClientSecretCredential(TENANT, CLIENT_ID, CLIENT_SECRET, authority=double.arm_url, disable_instance_discovery=True)


def client_of(kind, double):
    return kind(credential(double), SUBSCRIPTION, base_url=double.arm_url, credential_scopes=[SCOPE], polling_interval=0)


@pytest.fixture
def machines(double):
    return client_of(compute.ComputeManagementClient, double)


@pytest.fixture
def wires(double):
    return client_of(network.NetworkManagementClient, double)


def scale_set(capacity=2, **more):
    profile = {"osProfile": {"computerNamePrefix": "pool", "adminUsername": "ops"}, "userData": "c2VjcmV0"}
    return {"location": "westeurope", "sku": {"name": "Standard_D2s_v3", "tier": "Standard", "capacity": capacity},
            "properties": {"orchestrationMode": "Uniform", "upgradePolicy": {"mode": "Manual"}, "virtualMachineProfile": profile}, **more}


# -- tokens ---------------------------------------------------------------------------------------------------------------------

def test_client_secret_gets_a_token_and_a_wrong_one_is_refused(double):
    assert credential(double).get_token(SCOPE).token in double.world.tokens.valid
    wrong = identity.ClientSecretCredential(TENANT, CLIENT_ID, "guess", authority=double.arm_url, disable_instance_discovery=True)
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        wrong.get_token(SCOPE)


@pytest.mark.parametrize("chain", [False, True])
def test_certificate_credential_of_azure_identity(double, certificate_folder, chain):
    both, certificate = make_client_certificate(certificate_folder)
    double.world.add_identity(tokens.Identity("cert-app", certificates=[certificate.read_text()]))
    found = identity.CertificateCredential(TENANT, "cert-app", certificate_path=str(both), authority=double.arm_url,
                                           disable_instance_discovery=True, send_certificate_chain=chain)
    assert found.get_token(SCOPE).token in double.world.tokens.valid


def test_certificate_that_is_not_registered_is_refused(double, certificate_folder):
    both, _ = make_client_certificate(certificate_folder, "stranger")
    _, certificate = make_client_certificate(certificate_folder)
    double.world.add_identity(tokens.Identity("cert-app", certificates=[certificate.read_text()]))
    found = identity.CertificateCredential(TENANT, "cert-app", certificate_path=str(both), authority=double.arm_url,
                                           disable_instance_discovery=True)
    with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
        found.get_token(SCOPE)


def test_msal_with_a_certificate_signs_by_pss(double, certificate_folder):
    both, certificate = make_client_certificate(certificate_folder)
    double.world.add_identity(tokens.Identity("cert-app", certificates=[certificate.read_text()]))
    app = msal.ConfidentialClientApplication("cert-app", authority=f"{double.arm_url}/{TENANT}", instance_discovery=False,
                                             client_credential={"private_key": both.read_text(), "public_certificate": certificate.read_text()})
    assert app.acquire_token_for_client([SCOPE])["access_token"] in double.world.tokens.valid


def test_workload_identity(double, tmp_path):
    assertion = tmp_path / "token"
    assertion.write_text("federated.assertion.text")
    double.world.add_identity(tokens.Identity("pod", federated=["federated.assertion.text"]))
    found = identity.WorkloadIdentityCredential(tenant_id=TENANT, client_id="pod", token_file_path=str(assertion),
                                                authority=double.arm_url, disable_instance_discovery=True)
    assert found.get_token(SCOPE).token in double.world.tokens.valid


@pytest.mark.parametrize("which", [{}, {"client_id": CLIENT_ID}, {"identity_config": {"resource_id": IDENTITY_ID}},
                                   {"identity_config": {"object_id": OBJECT_ID}}])
def test_managed_identity(double, monkeypatch, which):
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", double.identity_url)
    assert identity.ManagedIdentityCredential(**which).get_token(SCOPE).token in double.world.tokens.valid


# -- scale sets -----------------------------------------------------------------------------------------------------------------

def test_scale_set_is_created_changed_and_deleted(machines, world):
    sets = machines.virtual_machine_scale_sets
    made = sets.begin_create_or_update("rg1", "pool-a", scale_set()).result()
    assert (made.name, made.sku.capacity, made.provisioning_state) == ("pool-a", 2, "Succeeded")
    assert len(list(machines.virtual_machine_scale_set_vms.list("RG1", "POOL-A"))) == 2
    changed = sets.begin_update("rg1", "pool-a", {"sku": {"name": "Standard_D2s_v3", "tier": "Standard", "capacity": 5}}).result()
    assert changed.sku.capacity == 5
    assert len(world.scale_sets.of(made.id).instances) == 5
    assert sets.get("rg1", "pool-a", expand="userData").virtual_machine_profile.user_data == "c2VjcmV0"
    assert sets.get("rg1", "pool-a").virtual_machine_profile.user_data is None
    sets.begin_delete("rg1", "pool-a").result()
    sets.begin_delete("rg1", "pool-a").result()
    with pytest.raises(ResourceNotFoundError):
        sets.get("rg1", "pool-a")


def test_put_of_the_size_alone_keeps_the_profile(machines):
    sets = machines.virtual_machine_scale_sets
    sets.begin_create_or_update("rg1", "pool-a", scale_set()).result()
    sets.begin_create_or_update("rg1", "pool-a", {"location": "westeurope", "sku": {"name": "Standard_D2s_v3", "capacity": 3}}).result()
    found = sets.get("rg1", "pool-a")
    assert (found.sku.capacity, found.virtual_machine_profile.os_profile.computer_name_prefix) == (3, "pool")


def test_conditions_are_kept(machines):
    sets = machines.virtual_machine_scale_sets

    def put(capacity, **condition):
        return sets.begin_create_or_update("rg1", "pool-a", scale_set(capacity), **condition).result()

    with pytest.raises(HttpResponseError):
        put(1, match_condition=MatchConditions.IfPresent)
    made = put(1, match_condition=MatchConditions.IfMissing)
    with pytest.raises(ResourceExistsError):
        put(2, match_condition=MatchConditions.IfMissing)
    etag = sets.get("rg1", "pool-a").etag
    put(2, etag=etag, match_condition=MatchConditions.IfNotModified)
    with pytest.raises(ResourceModifiedError):
        put(3, etag=etag, match_condition=MatchConditions.IfNotModified)
    assert made.etag and put(3, match_condition=MatchConditions.IfPresent).sku.capacity == 3


def test_lists_come_in_pages(machines, world):
    for number in range(7):
        world.add_scale_set(f"pool-{number}")
    assert len(list(machines.virtual_machine_scale_sets.list("rg1"))) == 7
    assert len(list(machines.virtual_machine_scale_sets.list_all())) == 7
    assert len(world.requests("GET", "skiptoken")) == 4


def test_page_that_fails_ends_the_list_with_an_error(machines, world):
    for number in range(7):
        world.add_scale_set(f"pool-{number}")
    world.faults.add(path="skiptoken", answer={"status": 403, "body": {"error": {"code": "AuthorizationFailed", "message": "not any more"}}})
    with pytest.raises(HttpResponseError, match="AuthorizationFailed"):
        list(machines.virtual_machine_scale_sets.list("rg1"))


@pytest.mark.parametrize("headers", [["Location"], ["Azure-AsyncOperation"], []])
def test_operation_is_followed_by_whatever_its_answer_carries(machines, world, headers):
    world.operation_headers = headers
    pool = world.add_scale_set("pool-a", capacity=2)
    grown = machines.virtual_machine_scale_sets.begin_update("rg1", "pool-a", {"sku": {"capacity": 3}}).result()
    assert (grown.sku.capacity, len(pool.instances)) == (3, 3)


def test_chosen_instances_are_deleted_and_capacity_follows(machines, world):
    pool = world.add_scale_set("pool-a", capacity=4)
    machines.virtual_machine_scale_sets.begin_delete_instances("rg1", "pool-a", {"instanceIds": ["1", "3"]}, force_deletion=True).result()
    assert (list(pool.instances), pool.capacity) == (["0", "2"], 2)
    with pytest.raises(HttpResponseError, match="not an active"):
        machines.virtual_machine_scale_sets.begin_delete_instances("rg1", "pool-a", {"instanceIds": ["9"]}).result()


def test_failed_operation_is_an_error_of_the_client(machines, world):
    pool = world.add_scale_set("pool-a", capacity=1)
    world.operations.plans.append({"status": "Failed", "error": {"code": "AllocationFailed", "message": "no room"}})
    with pytest.raises(HttpResponseError, match="AllocationFailed"):
        machines.virtual_machine_scale_sets.begin_update("rg1", "pool-a", {"sku": {"capacity": 3}}).result()
    assert (len(pool.instances), pool.capacity) == (1, 3)


def test_conflicting_write_is_refused_and_the_state_shows(machines, world):
    world.add_scale_set("pool-a", capacity=1)
    world.operation_seconds = 600
    poller = machines.virtual_machine_scale_sets.begin_update("rg1", "pool-a", {"sku": {"capacity": 3}})
    assert machines.virtual_machine_scale_sets.get("rg1", "pool-a").provisioning_state == "Updating"
    with pytest.raises(ResourceExistsError):
        machines.virtual_machine_scale_sets.begin_update("rg1", "pool-a", {"sku": {"capacity": 4}})
    world.advance(601)
    assert poller.result().sku.capacity == 3


# -- instances ------------------------------------------------------------------------------------------------------------------

def test_instances_are_listed_protected_deleted_and_evicted(machines, world):
    pool = world.add_scale_set("pool-s", capacity=3, spot="Delete", zones=["1", "2"])
    vms = machines.virtual_machine_scale_set_vms
    listed = list(vms.list("rg1", "pool-s", expand="instanceView"))
    assert [one.instance_id for one in listed] == ["0", "1", "2"]
    assert "PowerState/running" in [status.code for status in listed[0].instance_view.statuses]
    assert len(list(vms.list("rg1", "pool-s", filter="properties/latestModelApplied eq true", select="instanceView"))) == 3
    assert list(vms.list("rg1", "pool-s", filter="properties/latestModelApplied eq false")) == []
    body = {"location": "westeurope", "properties": {"protectionPolicy": {"protectFromScaleIn": True}}}
    assert vms.begin_update("rg1", "pool-s", "1", body).result().protection_policy.protect_from_scale_in
    vms.simulate_eviction("rg1", "pool-s", "0")
    vms.begin_delete("rg1", "pool-s", "2").result()
    assert (list(pool.instances), pool.capacity) == (["1"], 1)


def test_eviction_that_deallocates_keeps_the_capacity(machines, world):
    pool = world.add_scale_set("pool-s", capacity=2, spot="Deallocate")
    machines.virtual_machine_scale_set_vms.simulate_eviction("rg1", "pool-s", "0")
    view = machines.virtual_machine_scale_set_vms.get_instance_view("rg1", "pool-s", "0")
    assert (pool.capacity, view.statuses[1].code) == (2, "PowerState/deallocated")


def test_flexible_machines_are_virtual_machines(machines, world):
    pool = world.add_scale_set("pool-f", capacity=3, mode="Flexible")
    world.add_scale_set("pool-g", capacity=1, mode="Flexible")
    listed = list(machines.virtual_machines.list("rg1", filter=f"'virtualMachineScaleSet/id' eq '{pool.id}'", expand="instanceView"))
    assert len(listed) == 3 and all(one.name.startswith("pool-f_") for one in listed)
    assert len(list(machines.virtual_machines.list_all(status_only="true"))) == 4
    machines.virtual_machines.begin_delete("rg1", listed[0].name).result()
    machines.virtual_machine_scale_sets.begin_delete_instances("rg1", "pool-f", {"instanceIds": [listed[1].name]}).result()
    assert list(pool.instances) == [listed[2].name] and pool.capacity == 1


def test_sizes_and_usage(machines, world):
    listed = list(machines.resource_skus.list(filter="location eq 'westeurope'"))
    assert {"Standard_D2s_v3", "Standard_B2s"} <= {one.name for one in listed}
    world.add_scale_set("pool-a", capacity=3)
    assert {row.name.value: row.current_value for row in machines.usage.list("westeurope")}["cores"] == 6


# -- the rules of ARM -----------------------------------------------------------------------------------------------------------

def test_throttled_read_is_repeated_after_retry_after(machines, world):
    world.add_scale_set("pool-a")
    world.faults.add(method="GET", path="pool-a", answer={"status": 429, "headers": {"Retry-After": "1"},
                                                          "body": {"error": {"code": "TooManyRequests", "message": "slow"}}})
    assert machines.virtual_machine_scale_sets.get("rg1", "pool-a").name == "pool-a"
    assert len(world.requests("GET", "pool-a")) == 2


def test_expired_token_is_refused(machines, world):
    world.add_scale_set("pool-a")
    machines.virtual_machine_scale_sets.get("rg1", "pool-a")
    world.tokens.expire_all()
    with pytest.raises(ClientAuthenticationError, match="ExpiredAuthenticationToken"):
        machines.virtual_machine_scale_sets.get("rg1", "pool-a")


def test_quota_is_a_conflict_by_status(machines, world):
    world.add_scale_set("pool-a", capacity=1)
    world.cores_limit = 4
    with pytest.raises(ResourceExistsError, match="exceeding approved"):
        machines.virtual_machine_scale_sets.begin_update("rg1", "pool-a", {"sku": {"capacity": 5}})


# -- network --------------------------------------------------------------------------------------------------------------------

def test_network_is_built_and_taken_down(wires):
    group = wires.network_security_groups.begin_create_or_update("rg1", "nsg", {"location": "westeurope"}).result()
    vnet = wires.virtual_networks.begin_create_or_update("rg1", "net", {
        "location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [
            {"name": "a", "properties": {"addressPrefix": "10.0.0.0/24", "networkSecurityGroup": {"id": group.id}}}]}}).result()
    assert vnet.subnets[0].id.endswith("/subnets/a")
    wires.subnets.begin_create_or_update("rg1", "net", "b", {"properties": {"addressPrefix": "10.0.1.0/24"}}).result()
    wires.public_ip_addresses.begin_create_or_update("rg1", "ip", {"location": "westeurope", "sku": {"name": "Standard"}}).result()
    balancer = {"location": "westeurope", "properties": {"frontendIPConfigurations": [{"name": "front", "properties": {}}]}}
    wires.load_balancers.begin_create_or_update("rg1", "lb", balancer).result()
    wires.load_balancers.begin_delete("rg1", "lb").result()
    assert [row.name.value for row in wires.usages.list("westeurope")] == ["PublicIPAddresses"]


# -- the double on its own ------------------------------------------------------------------------------------------------------

def test_another_process_can_run_and_steer_it(certificate_folder):
    program = subprocess.Popen([sys.executable, "-m", "doubles.azure", str(certificate_folder)], stdout=subprocess.PIPE, text=True,
                               cwd=Path(__file__).resolve().parents[2])
    try:
        place = json.loads(program.stdout.readline())["identity"]

        def ask(what, **body):
            request = urllib.request.Request(f"{place}/_double/{what}", json.dumps(body).encode() if body else None)
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)

        made = ask("pool", name="pool-a", capacity=2, spot="Delete")
        ask("evict", pool=made["id"], instance="1")
        assert [[one["instanceId"] for one in pool["instances"]] for pool in ask("pools")] == [["0"]]
        with pytest.raises(urllib.error.HTTPError):
            ask("nothing", such=1)
    finally:
        program.kill()
        program.communicate()
