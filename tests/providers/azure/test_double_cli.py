"""The ARM double held against the az command, unmodified, signed in to it as a cloud of its own."""
import json
import os
import shutil
import subprocess

import pytest

from doubles.azure import tokens
from doubles.azure.certificates import make_client_certificate
from doubles.azure.world import CLIENT_ID, CLIENT_SECRET, TENANT

OTHER_ID = "cccccccc-dddd-eeee-ffff-000000000000"


class CommandLine:
    def __init__(self, program, double, folder):
        self.program = program
        self.environment = {**os.environ, "AZURE_CONFIG_DIR": str(folder / "az"), "REQUESTS_CA_BUNDLE": str(double.ca_file),
                            "AZURE_CORE_COLLECT_TELEMETRY": "no", "NO_PROXY": "127.0.0.1,localhost"}
        self("config set core.instance_discovery=false")
        self("cloud register --name double --skip-endpoint-discovery "
             f"--endpoint-resource-manager {double.arm_url} --endpoint-management {double.arm_url} "
             f"--endpoint-active-directory {double.arm_url} --endpoint-active-directory-graph-resource-id {double.arm_url} "
             "--endpoint-active-directory-resource-id https://management.azure.com/")
        self("cloud set --name double")

    def __call__(self, command, *more):
        done = subprocess.run([self.program, *command.split(), *more, "--output", "json"], capture_output=True, text=True, timeout=120,
                              env=self.environment)
        assert done.returncode == 0, f"az {command}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None


@pytest.fixture
def az(double, tmp_path):
    program = shutil.which("az")
    if program is None:
        pytest.skip("az is not on PATH: pip install azure-cli")
    run = CommandLine(program, double, tmp_path)
    run(f"login --service-principal -u {CLIENT_ID} --tenant {TENANT} -p", CLIENT_SECRET)
    return run


def test_scale_sets_by_the_command_line(az, world):
    pool = world.add_scale_set("pool-a", capacity=3, zones=["1"])
    flex = world.add_scale_set("flex", capacity=3, mode="Flexible")
    spot = world.add_scale_set("spotty", capacity=2, spot="Delete")
    assert [one["name"] for one in az("vmss list")] == ["pool-a", "flex", "spotty"]
    assert az("vmss show -g rg1 -n pool-a")["sku"]["capacity"] == 3
    assert [one["instanceId"] for one in az("vmss list-instances -g rg1 -n pool-a")] == ["0", "1", "2"]
    assert len(az("vmss list-instances -g rg1 -n flex")) == 3
    assert az("vmss get-instance-view -g rg1 -n pool-a --instance-id 1")["statuses"]
    assert len(az("vmss list-skus -g rg1 -n pool-a")) == 1
    az("vmss scale -g rg1 -n pool-a --new-capacity 5")
    assert (pool.capacity, pool.profile["osProfile"]["computerNamePrefix"]) == (5, "pool-a")
    az("vmss delete-instances -g rg1 -n pool-a --instance-ids 0 2")
    assert list(pool.instances) == ["1", "3", "4"]
    az("vmss delete-instances -g rg1 -n flex --instance-ids", list(flex.instances)[0])
    assert flex.capacity == 2
    az("vmss update -g rg1 -n pool-a --instance-id 1 --protect-from-scale-in true")
    assert pool.instances["1"].protection["protectFromScaleIn"]
    az("vmss simulate-eviction -g rg1 -n spotty --instance-id 0")
    assert list(spot.instances) == ["1"]
    az("vmss delete -g rg1 -n pool-a")
    assert pool.id.lower() not in world.scale_sets.all


def test_groups_network_and_catalogue_by_the_command_line(az, world):
    az("group create -n rg2 -l westeurope")
    assert az("group exists -n rg2") is True and az("group exists -n rg3") is False
    assert az("group show -n rg2")["name"] == "rg2"
    az("network vnet create -g rg2 -n net -l westeurope")
    az("network vnet subnet create -g rg2 --vnet-name net -n a --address-prefixes 10.0.1.0/24")
    az("network nsg create -g rg2 -n nsg -l westeurope")
    az("network nsg rule create -g rg2 --nsg-name nsg -n r --priority 100")
    az("network public-ip create -g rg2 -n ip -l westeurope --sku Standard")
    az("network vnet delete -g rg2 -n net")
    assert "Standard_D2s_v3" in [one["name"] for one in az("vm list-skus -l westeurope")]
    assert "cores" in [one["name"]["value"] for one in az("vm list-usage -l westeurope")]
    assert az("provider show -n Microsoft.Compute")["registrationState"] == "Registered"
    az("provider register -n Microsoft.Compute")
    assert "nsg" in [one["name"] for one in az("resource list")]
    az("group delete -n rg2 -y")
    assert "rg2" not in world.groups.groups


def test_locked_group_is_not_deleted(az, world):
    az("group create -n rg2 -l westeurope")
    az("network nsg create -g rg2 -n nsg -l westeurope")
    az("lock create --name keep --lock-type CanNotDelete -g rg2 --resource-name nsg --resource-type Microsoft.Network/networkSecurityGroups")
    with pytest.raises(AssertionError, match="ScopeLocked"):
        az("group delete -n rg2 -y")


def test_certificate_signs_the_command_line_in(az, double, certificate_folder):
    both, certificate = make_client_certificate(certificate_folder)
    double.world.add_identity(tokens.Identity(OTHER_ID, certificates=[certificate.read_text()]))
    az(f"login --service-principal -u {OTHER_ID} --tenant {TENANT} --certificate {both}")
    assert az("vmss list") == []
