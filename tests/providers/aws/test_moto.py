"""The module against moto, somebody else's idea of AWS, with signatures and policies enforced. What moto lacks (prices, quotas of
EC2, activities, errors of a removal) is proven on the double."""
import json

import pytest

moto_server = pytest.importorskip("moto.server", reason="pip install 'moto[server,ec2,autoscaling,iam,sts]' boto3")
boto3 = pytest.importorskip("boto3")
requests = pytest.importorskip("requests")

from .conftest import Module  # noqa: E402

REGION = "eu-central-1"
ALLOWED = ["autoscaling:*", "ec2:Describe*", "sts:*", "pricing:*", "servicequotas:*"]


@pytest.fixture(scope="session")
def server():
    running = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


class Moto:
    def __init__(self, url):
        self.url = url
        requests.post(f"{url}/moto-api/reset", timeout=10)
        self.count_to_auth("99999")
        iam = self.client("iam")
        iam.create_user(UserName="drover")
        key = iam.create_access_key(UserName="drover")["AccessKey"]
        self.keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        self.allow(ALLOWED)

    def client(self, service):
        return boto3.client(service, region_name=REGION, endpoint_url=self.url, aws_access_key_id="setup",
                            aws_secret_access_key="setup")

    def allow(self, actions):
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        self.client("iam").put_user_policy(UserName="drover", PolicyName="drover", PolicyDocument=json.dumps(document))

    def count_to_auth(self, number):
        """From here on so many requests pass unchecked."""
        requests.post(f"{self.url}/moto-api/reset-auth", data=number, timeout=10)

    def add_group(self, name, desired, least=0, most=10, protect=True, tags=()):
        ec2, scaling = self.client("ec2"), self.client("autoscaling")
        image = ec2.describe_images()["Images"][0]["ImageId"]
        template = ec2.create_launch_template(LaunchTemplateName=f"{name}-template", LaunchTemplateData={
            "ImageId": image, "InstanceType": "m5.large"})["LaunchTemplate"]["LaunchTemplateId"]
        scaling.create_auto_scaling_group(
            AutoScalingGroupName=name, MinSize=least, MaxSize=most, DesiredCapacity=desired, AvailabilityZones=[REGION + "a"],
            LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"}, NewInstancesProtectedFromScaleIn=protect,
            Tags=[{"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in tags])

    def group(self, name):
        return self.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]


@pytest.fixture
def moto(server):
    running = Moto(server)
    yield running
    running.count_to_auth("99999")


@pytest.fixture
def module(tool, moto, tmp_path):
    account = Module(tool, tmp_path, moto.url)
    account.environment = dict(moto.keys)
    account.enforce = lambda: moto.count_to_auth("0")
    account.free = lambda: moto.count_to_auth("99999")
    return account


def test_pools_come_with_checked_signatures(module, moto):
    for number in range(3):
        moto.add_group(f"g{number}", number)
    module.enforce()
    pools = module.pools()
    assert [(pool["name"], pool["desired"], len(pool.get("instances", []))) for pool in pools] == [
        ("g0", 0, 0), ("g1", 1, 1), ("g2", 2, 2)]
    assert {pool["instance_type"] for pool in pools} == {"m5.large"} and all(pool["writable"] for pool in pools)


def test_a_tag_selects_groups(module, moto):
    moto.add_group("yes", 1, tags=[("drover:pool", "a b/c+*~")])
    moto.add_group("no", 1, tags=[("drover:pool", "other")])
    module.settings["group_tag"] = "drover:pool=a b/c+*~"
    module.enforce()
    assert [pool["name"] for pool in module.pools()] == ["yes"]


def test_fault_02_moto_refuses_a_wrong_secret_and_an_unknown_key(module, moto):
    module.enforce()
    good = dict(module.environment)
    module.environment["AWS_SECRET_ACCESS_KEY"] = "wrong"
    for function, code in (("pools", "SignatureDoesNotMatch"), ("describe", "AuthFailure")):
        done = module.call(function)[1]
        assert (done["done"], done["error"]["code"]) == ("auth", code)
    module.environment = {**good, "AWS_ACCESS_KEY_ID": "AKIANOBODY"}
    assert module.call("pools")[1]["error"]["code"] == "InvalidClientTokenId"


def test_a_role_is_assumed_and_its_token_accepted(module, moto):
    iam = moto.client("iam")
    iam.create_role(RoleName="drover", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]}))
    iam.put_role_policy(RoleName="drover", PolicyName="p", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ALLOWED, "Resource": "*"}]}))
    moto.add_group("web", 1)
    module.settings["role_arn"] = "arn:aws:iam::123456789012:role/drover"
    module.enforce()
    assert [pool["name"] for pool in module.pools()] == ["web"]


def test_check_tells_what_the_policy_leaves_out(module, moto):
    moto.allow(["autoscaling:DescribeAutoScalingGroups", "ec2:DescribeInstances", "sts:*"])
    module.enforce()
    permissions = {p["call"]: p["allowed"] for p in module.records("permission", "check")}
    assert permissions["sts:GetCallerIdentity"] and permissions["autoscaling:DescribeAutoScalingGroups"]
    assert permissions["ec2:DescribeInstances"]
    assert not permissions["ec2:DescribeSpotPriceHistory"] and not permissions["ec2:DescribeInstanceTypes"]


def test_grow_and_shrink_change_exactly_what_was_asked(module, moto):
    moto.add_group("web", 2)
    module.enforce()
    done = module.follow(module.grow(module.pool("web"), 4))
    assert done["done"] == "ok" and done["operation"]["progress"] == "done"
    pool = module.pool("web")
    victims = [pool["instances"][at]["id"] for at in (0, 2)]
    done = module.follow(module.shrink(pool, *victims))
    assert done["done"] == "ok" and done["operation"]["progress"] == "done"
    module.free()
    group = moto.group("web")
    assert group["DesiredCapacity"] == 2
    assert sorted(i["InstanceId"] for i in group["Instances"]) == sorted(pool["instances"][at]["id"] for at in (1, 3))


def test_fault_07_bounds_that_moto_does_not_keep_are_kept_here(module, moto):
    moto.add_group("web", 2, least=2, most=3)
    module.enforce()
    pool = module.pool("web")
    assert module.grow({**pool, "max": 9}, 5)["done"] == "invalid"
    assert module.shrink(pool, pool["instances"][0]["id"])["done"] == "invalid"
    module.free()
    assert moto.group("web")["DesiredCapacity"] == 2


def test_fault_09_an_instance_already_gone_is_no_failure(module, moto):
    moto.add_group("web", 3)
    module.enforce()
    pool = module.pool("web")
    victim = pool["instances"][0]["id"]
    assert module.follow(module.shrink(pool, victim))["done"] == "ok"
    assert module.follow(module.shrink(pool, victim))["done"] == "ok"
    module.free()
    assert moto.group("web")["DesiredCapacity"] == 2


def test_types_and_spot_prices_are_read(module, moto):
    moto.add_group("web", 1)
    module.enforce()
    records, done = module.call("describe")
    types = [value for kind, value in records if kind == "instance_type"]
    assert done["done"] == "ok" and len(types) > 500
    assert any(t["name"] == "m5.large" and t["vcpus"] == 2 and t["memory_mib"] == 8192 for t in types)


def test_the_instances_metadata_gives_keys(module, moto):
    module.environment = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": moto.url, "AWS_EC2_METADATA_DISABLED": "false"}
    done = module.call("pools")[1]
    assert done["done"] == "ok", done
