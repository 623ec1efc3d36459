"""The instance's metadata service (version 2, enforced) and a container's credentials endpoint."""
import json

from .reply import moment

LIST = "/latest/meta-data/iam/security-credentials/"


def credentials(world):
    number = world.number()
    key_id, secret, token = f"ASIAMETA{number:012d}", f"metadata-secret-{number}", f"metadata/{number}"
    expires = world.now() + world.metadata.get("duration", 21600)
    world.keys[key_id] = {"secret": secret, "token": token, "expires": expires}
    return json.dumps({"Code": world.metadata.get("code", "Success"), "Type": "AWS-HMAC", "AccessKeyId": key_id,
                       "SecretAccessKey": secret, "Token": token, "Expiration": moment(expires).split(".")[0] + "Z"})


def answer(world, method, path, headers):
    """(status, body) or None when the path is neither's."""
    if path == "/container/credentials":
        wanted = world.metadata.get("authorization")
        return (200, credentials(world)) if not wanted or headers.get("authorization") == wanted else (401, "")
    if not path.startswith("/latest/"):
        return None
    world.log.append({"action": f"{method} {path}", "region": "", "service": "imds"})
    if not world.metadata["enabled"]:
        return 403, ""
    if path == "/latest/api/token":
        if method != "PUT" or not headers.get("x-aws-ec2-metadata-token-ttl-seconds"):
            return 400, ""
        token = f"imds-token-{world.number()}"
        world.metadata["tokens"].add(token)
        return 200, token
    if headers.get("x-aws-ec2-metadata-token") not in world.metadata["tokens"]:
        return 401, ""
    role = world.metadata["role"]
    if path == LIST:
        return (200, role) if role else (404, "")
    return (200, credentials(world)) if path == LIST + role else (404, "")
