"""The token service: identity, roles, web identity."""
from .reply import Refusal, moment


def identity(world, region, form):
    return {"Arn": "arn:aws:iam::123456789012:user/drover", "UserId": "AIDA", "Account": "123456789012"}


def _give(world, arn, duration):
    number = world.number()
    key_id, secret, token = f"ASIA{number:016d}", f"temporary-secret-{number}", f"token/{number}+=="
    expires = world.now() + duration
    world.keys[key_id] = {"secret": secret, "token": token, "expires": expires, "role": arn}
    return {"Credentials": {"AccessKeyId": key_id, "SecretAccessKey": secret, "SessionToken": token,
                            "Expiration": moment(expires)},
            "AssumedRoleUser": {"Arn": arn}}


def assume_role(world, region, form):
    duration = int(form.get("DurationSeconds", 3600))
    if not 900 <= duration <= 43200 or not form.get("RoleSessionName"):
        raise Refusal(400, "ValidationError", "bad duration or session name")
    if form["RoleArn"].endswith("/external") and form.get("ExternalId") != "shared":
        raise Refusal(403, "AccessDenied", "not authorized to perform: sts:AssumeRole")
    return _give(world, form["RoleArn"], duration)


def web_identity(world, region, form):
    if form.get("WebIdentityToken") != "a.web.identity":
        raise Refusal(400, "InvalidIdentityToken", "The token is not valid")
    return _give(world, form["RoleArn"], int(form["DurationSeconds"]))


ACTIONS = {"GetCallerIdentity": identity, "AssumeRole": assume_role, "AssumeRoleWithWebIdentity": web_identity}
UNSIGNED = {"AssumeRoleWithWebIdentity"}
