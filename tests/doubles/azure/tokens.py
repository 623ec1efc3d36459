"""The token authority (client secret, certificate, federated assertion) and the metadata service's managed identities."""
import base64
import hashlib
import json
import secrets

from .reply import Reply

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFE_SECONDS = 3599


class Identity:
    """An application or managed identity that may ask for tokens."""

    def __init__(self, client_id, secret=None, certificates=(), federated=(), object_id=None, resource_id=None):
        self.client_id, self.secret = client_id, secret
        self.certificates = list(certificates)  # PEM texts
        self.federated = list(federated)  # assertions that are accepted as they stand
        self.object_id, self.resource_id = object_id, resource_id


class Tokens:
    def __init__(self, now):
        self.now = now
        self.valid = {}  # token -> (expires, client id, audience)
        self.identities = {}
        self.default_identity = None
        self.jti_seen = set()

    def issue(self, client_id, audience, life=LIFE_SECONDS):
        token = "bearer-" + secrets.token_hex(24)
        self.valid[token] = (self.now() + life, client_id, audience)
        return token

    def expire_all(self):
        self.valid = {token: (0, client, audience) for token, (_, client, audience) in self.valid.items()}

    def client_of(self, authorization, audience):
        """The client id behind an Authorization header, or the pair (code, message) of the refusal."""
        if not authorization or not authorization.lower().startswith("bearer "):
            return None, ("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
        found = self.valid.get(authorization[7:])
        if found is None:
            return None, ("InvalidAuthenticationToken", "The access token is invalid.")
        expires, client_id, token_audience = found
        if expires <= self.now():
            return None, ("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time.")
        if token_audience != audience:
            return None, ("InvalidAuthenticationTokenAudience", "The access token has been obtained for wrong audience or resource.")
        return client_id, None


def decode_part(text):
    text = text.replace("\n", "").rstrip("=")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def check_assertion(identity, assertion, audience, now):
    """None when the assertion is the identity's own, else (code, text)."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    try:
        head, claims, signature = assertion.split(".")
        header, body = json.loads(decode_part(head)), json.loads(decode_part(claims))
        signature = decode_part(signature)
    except ValueError as trouble:
        return 50027, f"The assertion is malformed: {trouble}"
    wanted = header.get("x5t#S256") or header.get("x5t")
    algorithm = hashlib.sha256 if header.get("x5t#S256") else hashlib.sha1
    for text in identity.certificates:
        certificate = x509.load_pem_x509_certificate(text.encode())
        thumbprint = algorithm(certificate.public_bytes(serialization.Encoding.DER)).digest()
        if wanted and decode_part(wanted) == thumbprint:
            break
    else:
        return 700027, "Client assertion contains an invalid signature: the certificate is not registered."
    scheme = {"RS256": padding.PKCS1v15(), "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), 32)}.get(header.get("alg"))
    if scheme is None:
        return 700027, f"Client assertion has an unknown algorithm {header.get('alg')!r}."
    try:
        certificate.public_key().verify(signature, f"{head}.{claims}".encode(), scheme, hashes.SHA256())
    except InvalidSignature:
        return 700027, "Client assertion contains an invalid signature."
    if body.get("aud") != audience or body.get("iss") != identity.client_id or body.get("sub") != identity.client_id or not body.get("jti"):
        return 700027, "Client assertion claims do not fit."
    if not body.get("iat", 0) - 300 <= now <= body.get("exp", 0):
        return 700024, "Client assertion is not within its valid time range."
    return None


def refusal(number, text, error="invalid_client", status=401):
    return Reply(status, {"error": error, "error_description": f"AADSTS{number}: {text}", "error_codes": [number],
                          "timestamp": "2026-11-22 12:00:00Z", "trace_id": "0", "correlation_id": "0"})


def configuration(world, tenant):
    base = f"{world.authority_url}/{tenant}"
    return Reply(200, {"issuer": f"{base}/v2.0", "token_endpoint": f"{base}/oauth2/v2.0/token",
                       "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                       "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode"})


def token_endpoint(world, tenant, form):
    """POST /{tenant}/oauth2/v2.0/token; form: name -> value."""
    if tenant.lower() not in (world.tenant, "organizations", "common"):
        return refusal(90002, f"Tenant '{tenant}' not found.", "invalid_request", 400)
    identity = world.tokens.identities.get(form.get("client_id", "").lower())
    if identity is None:
        return refusal(700016, "Application was not found in the directory.", "unauthorized_client", 400)
    if form.get("grant_type") != "client_credentials":
        return refusal(70003, "Unsupported grant type.", "unsupported_grant_type", 400)
    if "client_assertion" in form:
        assertion = form["client_assertion"]
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            return refusal(50027, "Wrong client_assertion_type.")
        if assertion not in identity.federated:
            if not identity.certificates:
                return refusal(70021, "No matching federated identity record found for presented assertion.")
            trouble = check_assertion(identity, assertion, f"{world.authority_url}/{tenant}/oauth2/v2.0/token", world.now())
            if trouble:
                return refusal(*trouble)
    elif identity.secret is None or form.get("client_secret") != identity.secret:
        return refusal(7000215, "Invalid client secret provided.")
    scope = form.get("scope", "")
    if not scope.endswith("/.default"):
        return refusal(70011, "The provided value for scope is not valid.", "invalid_scope", 400)
    audience = scope[: -len(".default")].rstrip("/")
    token = world.tokens.issue(identity.client_id, audience, world.token_life)
    return Reply(200, {"token_type": "Bearer", "expires_in": world.token_life, "ext_expires_in": world.token_life, "access_token": token})


def metadata_token(world, query, headers):
    """GET /metadata/identity/oauth2/token of the metadata service."""
    if headers.get("metadata", "").lower() != "true" or "x-forwarded-for" in headers:
        return Reply(400, {"error": "invalid_request", "error_description": "Required metadata header not specified"})
    if query.get("api-version") != "2018-02-01" or not query.get("resource"):
        return Reply(400, {"error": "invalid_request", "error_description": "api-version and resource are required"})
    wanted = [(name, query[name]) for name in ("client_id", "object_id", "msi_res_id") if query.get(name)]
    identity = None
    if not wanted:
        identity = world.tokens.default_identity
    elif len(wanted) == 1:
        name, value = wanted[0]
        field = {"client_id": "client_id", "object_id": "object_id", "msi_res_id": "resource_id"}[name]
        identity = next((one for one in world.tokens.identities.values() if (getattr(one, field) or "").lower() == value.lower()), None)
    if identity is None:
        return Reply(400, {"error": "invalid_request", "error_description": "Identity not found"})
    now = int(world.now())
    token = world.tokens.issue(identity.client_id, query["resource"].rstrip("/"), world.token_life)
    return Reply(200, {"access_token": token, "client_id": identity.client_id, "expires_in": str(world.token_life),
                       "expires_on": str(now + world.token_life), "ext_expires_in": str(world.token_life), "not_before": str(now),
                       "resource": query["resource"], "token_type": "Bearer"})
