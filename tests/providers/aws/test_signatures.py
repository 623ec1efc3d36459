"""Every signature that the module makes, made again by botocore from the bytes that arrived."""
import pytest

auth = pytest.importorskip("botocore.auth", reason="pip install boto3")
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402

REGION = "eu-central-1"


class AtThatTime(auth.SigV4Auth):
    """Signs with the time and the headers of a request that was made before."""

    def _modify_request_before_signing(self, request):
        pass


def sign_again(url, entry, key):
    authorization = entry["headers"]["authorization"]
    _, region, service, _ = authorization.split("Credential=")[1].split(",")[0].split("/")[1:]
    names = authorization.split("SignedHeaders=")[1].split(",")[0].split(";")
    request = AWSRequest("POST", url + "/", data=entry["body"], headers={name: entry["headers"][name] for name in names})
    request.context["timestamp"] = entry["headers"]["x-amz-date"]
    signer = AtThatTime(Credentials(authorization.split("Credential=")[1].split("/")[0], key["secret"]), service, region)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return signer.signature(text, request), authorization.split("Signature=")[1]


@pytest.mark.parametrize("role", [False, True])
def test_botocore_makes_the_same_signature_of_every_request(module, world, double, role):
    world.add_group(REGION, "web", desired=2, tags={"drover:pool": "ä b/c+*~%=&"})
    module.settings["group_tag"] = "drover:pool=ä b/c+*~%=&"
    module.settings["instance_types"] = ["m5.large"]
    if role:
        module.settings["role_arn"] = "arn:aws:iam::123456789012:role/drover"
    module.run("check", "describe", "offers", "pools", "quotas", "interruptions")
    assert module.follow(module.grow(module.pool("web"), 3))["done"] == "ok"
    signed = [entry for entry in world.log if "authorization" in entry["headers"]]
    assert {entry["service"] for entry in signed} == {"ec2", "autoscaling", "sts", "pricing", "servicequotas"}
    for entry in signed:
        key_id = entry["headers"]["authorization"].split("Credential=")[1].split("/")[0]
        made, sent = sign_again(double.url, entry, world.keys[key_id])
        assert made == sent, entry["action"]
    assert any(entry["form"].get("Filters.member.1.Values.member.1") == "ä b/c+*~%=&" for entry in signed)
