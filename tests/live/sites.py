"""One pool of machines at each kind of provider, as its double plays it: what runs there, what was asked of it, and the account's block for
Drover's configuration.

    with AwsSite(folder) as site:
        site.resize(2)              somebody, not Drover, changes the pool's size
        site.machines()             what runs: instance id -> identity, for a fleet
        site.sizes                  every size that was asked for, in order
        site.on_grow, site.on_remove     called in the provider's own thread when a request comes and before it is done
"""
import base64
import json
import logging
import ssl
import urllib.parse
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

import pytest

from doubles.aws.json_services import product
from doubles.aws.server import Double as AwsDouble
from doubles.azure.server import Double as AzureDouble
from doubles.azure.world import CLIENT_ID, CLIENT_SECRET, SUBSCRIPTION, TENANT
from doubles.bmc.bmc import PASSWORD, USER, Bmc, System
from doubles.fault_proxy import FaultProxy
from live.identity import AwsIdentity, AzureIdentity, MetaIdentity

MACHINES_MAX = 6


class Site:
    """Ids of instances are those of the provider module. Nothing here counts or orders but the provider."""

    module = ""  # the provider module's name
    region = ""  # as the provider calls it
    pool = ""  # the pool's id at the account

    def __init__(self, folder, size=1):
        self.folder, self.first_size = folder, size
        self.sizes = []
        self.on_grow = lambda size: None
        self.on_remove = lambda instances: None
        self.stack = ExitStack()  # what is to be ended
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_):
        self.stack.close()

    def start(self):
        raise NotImplementedError

    def machines(self):
        raise NotImplementedError

    def reported(self):
        """How many instances the provider lists, in whatever state."""
        return len(self.machines())

    def desired(self):
        raise NotImplementedError

    def resize(self, size):
        raise NotImplementedError

    def settings(self):
        """The module's own settings, as they stand in a provider block."""
        raise NotImplementedError

    def grow_came(self, size):
        self.sizes.append(size)
        self.on_grow(size)


def account_config(name, site, look_every="2s", price_every="10s"):
    """The text of a provider block."""
    inside = "\n".join(f"  {line}" if line else "" for line in site.settings().splitlines())
    return f'\nprovider "{name}" {{\n  module      = "{site.module}"\n  look_every  = "{look_every}"\n  price_every = "{price_every}"\n{inside}\n}}\n'


def write_secret(path, text):
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


class WatchedAws(FaultProxy):
    """What reaches moto, told to the site before it gets there."""

    def __init__(self, upstream, site):
        super().__init__(upstream)
        self.site = site

    def take(self, text):
        form = dict(urllib.parse.parse_qsl(text.rpartition("\n")[2]))
        if form.get("Action") == "SetDesiredCapacity":
            self.site.grow_came(int(form["DesiredCapacity"]))
        elif form.get("Action") == "TerminateInstanceInAutoScalingGroup":
            self.site.on_remove([form["InstanceId"]])
        return super().take(text)


class AwsSite(Site):
    """An Auto Scaling group of moto's; prices and quotas, which moto has not, are the project's own double's."""

    module, region, pool = "aws", "eu-central-1", "eu-central-1/web"
    KEY, SECRET = "AKIDEXAMPLE", "double-secret"  # the double checks signatures
    INSTANCE_TYPE = "m5.large"

    def start(self):
        advice = "moto and boto3 play AWS here: pip install 'moto[server,ec2,autoscaling,iam,sts]' boto3"
        moto_server = pytest.importorskip("moto.server", reason=advice)
        self.boto3 = pytest.importorskip("boto3", reason=advice)
        server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line a request
        server.start()
        self.stack.callback(server.stop)
        host, port = server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        plain_request(HTTPConnection(host, port, timeout=10), "POST", "/moto-api/reset")
        self.prices = AwsDouble().start()
        self.stack.callback(self.prices.stop)
        self.prices.world.prices = {(self.region, self.INSTANCE_TYPE): [product("SKU", "0.0960000000")]}
        self.proxy = WatchedAws(self.url, self).start()
        self.stack.callback(self.proxy.stop)
        self.scaling, self.ec2 = self._client("autoscaling"), self._client("ec2")
        self._make_group(self.first_size)

    def _client(self, service):
        return self.boto3.client(service, region_name=self.region, endpoint_url=self.url, aws_access_key_id=self.KEY,
                                 aws_secret_access_key=self.SECRET)

    def _make_group(self, size):
        data = {"ImageId": self.ec2.describe_images()["Images"][0]["ImageId"], "InstanceType": self.INSTANCE_TYPE}
        template = self.ec2.create_launch_template(LaunchTemplateName="web-nodes", LaunchTemplateData=data)["LaunchTemplate"]
        self.scaling.create_auto_scaling_group(
            AutoScalingGroupName="web", MinSize=0, MaxSize=MACHINES_MAX, DesiredCapacity=size, AvailabilityZones=[self.region + "a"],
            LaunchTemplate={"LaunchTemplateId": template["LaunchTemplateId"], "Version": "$Latest"}, NewInstancesProtectedFromScaleIn=True)

    def _group(self):
        return self.scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["web"])["AutoScalingGroups"][0]

    def machines(self):
        members = [member["InstanceId"] for member in self._group()["Instances"] if member["LifecycleState"] == "InService"]
        if not members:
            return {}
        found = {}
        for reservation in self.ec2.describe_instances(InstanceIds=members)["Reservations"]:
            for machine in reservation["Instances"]:
                if machine["State"]["Name"] == "running":
                    found[machine["InstanceId"]] = AwsIdentity(machine["InstanceId"], machine["InstanceType"],
                                                               machine["Placement"]["AvailabilityZone"], machine.get("PrivateDnsName", ""))
        return found

    def desired(self):
        return self._group()["DesiredCapacity"]

    def resize(self, size):
        protected = [member["InstanceId"] for member in self._group()["Instances"]]
        if protected:
            self.scaling.set_instance_protection(AutoScalingGroupName="web", InstanceIds=protected, ProtectedFromScaleIn=False)
        self.scaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=size)

    def settings(self):
        secret = write_secret(self.folder / "aws-secret", self.SECRET)
        return (f'regions = ["{self.region}"]\ngroups = ["*"]\naccess_key_id = "{self.KEY}"\nsecret_access_key_file = "{secret}"\n'
                f'endpoint_url = "{self.proxy.url}"\nendpoint_url_pricing = "{self.prices.url}"\n'
                f'endpoint_url_servicequotas = "{self.prices.url}"\n')


class AzureSite(Site):
    """A Uniform scale set of the double of Azure Resource Manager."""

    module, region, pool = "azure", "westeurope", "rg1/web"

    def start(self):
        self.double = self.stack.enter_context(AzureDouble(self.folder / "azure"))
        self.world = self.double.world
        with self.world.lock:
            self.set = self.world.add_scale_set("web", capacity=self.first_size)
            self._watch()

    def _watch(self):
        """Puts a look before the two writes of the double's scale sets."""
        sets = self.world.scale_sets
        write, delete_instances = sets.write, sets.delete_instances

        def watched_write(request, resource_id):
            size = request.json().get("sku", {}).get("capacity")
            if size is not None:
                self.grow_came(size)
            return write(request, resource_id)

        def watched_delete(set_, keys):
            self.on_remove([instance_id(set_.instances[key]) for key in keys if key in set_.instances])
            return delete_instances(set_, keys)

        sets.write, sets.delete_instances = watched_write, watched_delete

    def machines(self):
        with self.world.lock:
            self.world.operations.settle()
            return {instance_id(one): AzureIdentity(one.vm_id, one.name, self.set.name, self.set.group, self.region, self.set.body["sku"]["name"])
                    for one in self.set.instances.values() if one.power == "running" and one.state == "Succeeded"}

    def desired(self):
        with self.world.lock:
            self.world.operations.settle()
            return self.set.capacity

    def resize(self, size):
        place = urlsplit(self.double.identity_url)
        token = plain_request(HTTPConnection(place.hostname, place.port, timeout=10), "GET",
                              f"/metadata/identity/oauth2/token?api-version=2018-02-01&resource={self.world.audience}",
                              headers={"Metadata": "true"})["access_token"]
        place = urlsplit(self.double.arm_url)
        context = ssl.create_default_context(cafile=str(self.double.ca_file))
        plain_request(HTTPSConnection(place.hostname, place.port, timeout=10, context=context), "PATCH",
                      f"{self.set.id}?api-version=2024-11-01", {"sku": {"capacity": size}},
                      {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})

    def settings(self):
        url, secret = self.double.arm_url, write_secret(self.folder / "azure-secret", CLIENT_SECRET)
        return (f'arm_endpoint = "{url}"\nauthority = "{url}"\nprice_endpoint = "{url}"\nca_file = "{self.double.ca_file}"\n'
                f'subscription = "{SUBSCRIPTION}"\ntenant = "{TENANT}"\nclient_id = "{CLIENT_ID}"\nclient_secret_file = "{secret}"\n')


def instance_id(instance):
    return f"{instance.key}@{instance.vm_id[:8]}"


class WatchedSystem(System):
    """A machine that tells its site before it obeys."""

    def reset(self, kind):
        if kind in ("On", "ForceOn"):
            self.site.ordered_on.add(self.name)
            self.site.grow_came(len(self.site.ordered_on))
        else:
            self.site.ordered_on.discard(self.name)
            self.site.on_remove([self.name])
        return super().reset(kind)


class OnpremSite(Site):
    """Machines of one's own behind one BMC, m1 to m6; the pool's size is how many are on."""

    module, region, pool = "onprem", "fra1", "rack-a"

    def start(self):
        names = [f"m{number}" for number in range(1, MACHINES_MAX + 1)]
        self.ordered_on = set(names[:self.first_size])  # by the last command that came for each
        systems = [WatchedSystem(name, power="On" if name in self.ordered_on else "Off", on_delay=0.5, off_delay=0.5) for name in names]
        for system in systems:
            system.site = self
        self.bmc = self.stack.enter_context(Bmc(systems, self.folder))

    def _power(self):
        for system in self.bmc.systems.values():
            system.settle()
        return {name: system.power for name, system in self.bmc.systems.items()}

    def machines(self):
        return {name: MetaIdentity(name) for name, power in self._power().items() if power == "On"}

    def reported(self):
        return len(self.bmc.systems)

    def desired(self):
        return len(self.machines())

    def resize(self, size):
        on = sorted(self.machines())
        off = sorted(set(self.bmc.systems) - set(on))
        for name in off[: max(size - len(on), 0)]:
            self._command(name, "On")
        for name in on[size:]:
            self._command(name, "ForceOff")

    def _command(self, name, kind):
        context = ssl.create_default_context(cafile=str(self.folder / "cert.pem"))
        context.check_hostname = False  # the certificate is the factory's own
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        plain_request(HTTPSConnection("127.0.0.1", self.bmc.port, timeout=10, context=context), "POST",
                      f"/redfish/v1/Systems/{name}/Actions/ComputerSystem.Reset", {"ResetType": kind}, {"Authorization": f"Basic {login}"})

    def settings(self):
        password = write_secret(self.folder / "password", PASSWORD)
        text = (f'site = "{self.region}"\ntariff_rate = 0.14\nconfirm_delay = "50ms"\n'
                f'credential "bmc" {{\n  username      = "{USER}"\n  password_file = "{password}"\n}}\n'
                f'pool "{self.pool}" {{\n  adopt_running = true\n  purchase      = 12000\n  watts_loaded  = 420\n  watts_idle    = 180\n'
                '  off_timeout   = "20s"\n}\n')
        for name in self.bmc.systems:
            text += f'machine "{name}" {{\n  pool   = "{self.pool}"\n  system = "/redfish/v1/Systems/{name}"\n  {self.bmc.settings()}\n}}\n'
        return text


SITES = {site.module: site for site in (AwsSite, AzureSite, OnpremSite)}


def plain_request(connection, method, target, body=None, headers=None):
    """One request that must be taken; the answer's JSON, or None where there is none."""
    try:
        connection.request(method, target, None if body is None else json.dumps(body), headers or {})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status < 300, f"{method} {target}: {answer.status} {text[:300]!r}"
        return json.loads(text) if "json" in answer.headers.get("Content-Type", "") and text else None
    finally:
        connection.close()
