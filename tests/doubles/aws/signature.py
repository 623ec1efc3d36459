"""Checks Signature Version 4 as AWS does: scope, time, every signed header, and the body against its hash.

Written from AWS's description of the algorithm; shares nothing with the module that it judges."""
import hashlib
import hmac
import re
import urllib.parse
from datetime import datetime, timezone

from .reply import Refusal

TOLERANCE_S = 300
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9]+)/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$")


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _canonical_query(query):
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
    encoded = sorted((urllib.parse.quote(k, safe="-_.~"), urllib.parse.quote(v, safe="-_.~")) for k, v in pairs)
    return "&".join(f"{k}={v}" for k, v in encoded)


def verify(world, method, path, query, headers, body):
    """The (region, service) of the scope. Raises Refusal as AWS would answer."""
    match = AUTHORIZATION.match(headers.get("authorization", ""))
    if not match:
        raise Refusal(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
    key_id, day, region, service, names, signature = match.groups()
    key = world.keys.get(key_id)
    if not key:
        code = "AuthFailure" if service == "ec2" else "InvalidClientTokenId"
        raise Refusal(401 if service == "ec2" else 403, code, "The security token included in the request is invalid")
    if headers.get("x-amz-security-token", "") != key.get("token", ""):
        raise Refusal(403, "InvalidClientTokenId", "The security token included in the request is invalid")
    names = names.split(";")
    for wanted in ("host", "x-amz-date"):
        if wanted not in names:
            raise Refusal(403, "SignatureDoesNotMatch", f"'{wanted}' must be a signed header")
    body_hash = hashlib.sha256(body).hexdigest()
    if headers.get("x-amz-content-sha256", body_hash) != body_hash:
        raise Refusal(400, "SignatureDoesNotMatch", "The body does not have the hash that was signed")
    date = headers["x-amz-date"]
    segments = "/".join(urllib.parse.quote(part, safe="-_.~") for part in path.split("/"))
    lines = [method, segments or "/", _canonical_query(query)]
    lines += [f"{name}:{re.sub(' +', ' ', headers[name].strip())}" for name in names]
    lines += ["", ";".join(names), body_hash]
    canonical = "\n".join(lines)
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    derived = _hmac(("AWS4" + key["secret"]).encode(), day)
    for part in (region, service, "aws4_request"):
        derived = _hmac(derived, part)
    if not hmac.compare_digest(_hmac(derived, text).hex(), signature) or not date.startswith(day):
        raise Refusal(403, "AuthFailure" if service == "ec2" else "SignatureDoesNotMatch",
                      "The request signature we calculated does not match the signature you provided.")
    signed_at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc).timestamp()
    if abs(signed_at - world.now()) > TOLERANCE_S:
        if service == "ec2":
            raise Refusal(400, "RequestExpired", "Request has expired.")
        when = "expired" if signed_at < world.now() else "not yet current"
        raise Refusal(403, "SignatureDoesNotMatch", f"Signature {when}: {date} is too far from the time here")
    if key.get("expires") and key["expires"] < world.now():
        raise Refusal(403, "RequestExpired" if service == "ec2" else "ExpiredToken",
                      "The security token included in the request is expired")
    return region, service
