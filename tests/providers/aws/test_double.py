"""The double itself: Amazon's own Python client must pass unmodified, its signatures included."""
import json

import pytest

boto3 = pytest.importorskip("boto3", reason="pip install boto3")
from botocore.exceptions import ClientError  # noqa: E402

from doubles.aws.json_services import product  # noqa: E402

REGION = "eu-central-1"


@pytest.fixture
def client(double):
    def make(service, secret="double-secret"):
        return boto3.client(service, region_name=REGION, endpoint_url=double.url, aws_access_key_id="AKIDEXAMPLE",
                            aws_secret_access_key=secret)
    return make


def test_groups_page_by_page(client, world):
    world.page_size = 2
    for number in range(5):
        world.add_group(REGION, f"g{number}", desired=1, tags={"a": "b"})
    pages = client("autoscaling").get_paginator("describe_auto_scaling_groups").paginate(
        Filters=[{"Name": "tag:a", "Values": ["b"]}])
    groups = [group for page in pages for group in page["AutoScalingGroups"]]
    assert [group["AutoScalingGroupName"] for group in groups] == [f"g{number}" for number in range(5)]
    assert groups[0]["Instances"][0]["LifecycleState"] == "InService" and groups[0]["LaunchTemplate"]["LaunchTemplateId"]


def test_sizes_and_their_bounds(client, world):
    group = world.add_group(REGION, "web", desired=2, least=1, most=3)
    scaling = client("autoscaling")
    scaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=3, HonorCooldown=False)
    assert group["desired"] == 3
    for size, words in ((4, "above max value"), (0, "below min value")):
        with pytest.raises(ClientError, match=words):
            scaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=size)
    victim = sorted(group["members"])[0]
    answer = scaling.terminate_instance_in_auto_scaling_group(InstanceId=victim, ShouldDecrementDesiredCapacity=True)
    assert answer["Activity"]["StatusCode"] == "InProgress" and group["desired"] == 2
    with pytest.raises(ClientError, match="Instance Id not found"):
        scaling.terminate_instance_in_auto_scaling_group(InstanceId="i-0aaa", ShouldDecrementDesiredCapacity=True)
    assert scaling.describe_scaling_activities(AutoScalingGroupName="web")["Activities"][0]["ActivityId"]


def test_instances_types_prices_and_quotas(client, world):
    world.add_group(REGION, "web", desired=1, market="spot")
    world.prices = {(REGION, "m5.large"): [product("A", "0.1")]}
    ec2 = client("ec2")
    machine = ec2.describe_instances()["Reservations"][0]["Instances"][0]
    assert machine["InstanceLifecycle"] == "spot" and machine["State"]["Code"] & 0xFF == 16
    kinds = ec2.describe_instance_types(InstanceTypes=["m5.large"])["InstanceTypes"]
    assert kinds[0]["VCpuInfo"]["DefaultVCpus"] == 2
    with pytest.raises(ClientError, match="InvalidInstanceType"):
        ec2.describe_instance_types(InstanceTypes=["m9.huge"])
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in (
        ("instanceType", "m5.large"), ("regionCode", REGION), ("capacitystatus", "Used"))]
    (found,) = client("pricing").get_products(ServiceCode="AmazonEC2", Filters=filters)["PriceList"]
    assert json.loads(found)["product"]["sku"] == "A"
    quotas = client("service-quotas")
    assert quotas.get_service_quota(ServiceCode="ec2", QuotaCode="L-1216C47A")["Quota"]["Value"] == 64
    with pytest.raises(quotas.exceptions.NoSuchResourceException):
        quotas.get_service_quota(ServiceCode="ec2", QuotaCode="L-417A185B")


def test_roles_and_refusals(client, world):
    keys = client("sts").assume_role(RoleArn="arn:aws:iam::1:role/x", RoleSessionName="ab")["Credentials"]
    assert world.keys[keys["AccessKeyId"]]["token"] == keys["SessionToken"]
    with pytest.raises(ClientError, match="AuthFailure"):
        client("ec2", secret="wrong").describe_instances()
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client("autoscaling", secret="wrong").describe_auto_scaling_groups()
