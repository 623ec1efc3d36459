"""Everything one double holds: the subscription, its clock, tokens, faults and the log of requests."""
import threading
import time
from datetime import datetime, timezone
from urllib.parse import quote

from . import arm, catalogue, tokens
from .events import Events
from .faults import Faults
from .groups import Groups
from .operations import Operations
from .reply import Refusal, Reply, not_found
from .scale_sets import ScaleSet, ScaleSets

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
TENANT = "99999999-8888-7777-6666-555555555555"
CLIENT_ID = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
CLIENT_SECRET = "double+secret/with =signs~"  # what form encoding gets wrong
OBJECT_ID = "0b1ec700-0000-4000-8000-000000000001"
IDENTITY_ID = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg1/providers/Microsoft.ManagedIdentity/userAssignedIdentities/drover"
ALL_ACTIONS = [{"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}]


class World:
    def __init__(self):
        self.lock = threading.RLock()
        self.offset = 0.0
        self.subscription, self.tenant = SUBSCRIPTION, TENANT
        self.arm_url = self.authority_url = self.price_url = self.identity_url = ""
        self.audience = "https://management.azure.com"
        self.locations = ["westeurope", "northeurope"]
        self.page_size, self.price_page = 3, 4
        self.operation_seconds, self.token_life = 0.3, 3599
        self.operation_headers = ("Azure-AsyncOperation", "Location")  # what the answer to a write carries of these
        self.cores_limit = None
        self.permissions = ALL_ACTIONS
        self.denied = []  # (method or "", part of the path): answered 403
        self.log = []  # {"method", "target", "headers", "body", "status"} of every request in order
        self.faults = Faults()
        self.held, self.gate = threading.Event(), threading.Event()
        self.tokens = tokens.Tokens(self.now)
        self.events = Events(self.now)
        self.add_identity(tokens.Identity(CLIENT_ID, CLIENT_SECRET, object_id=OBJECT_ID, resource_id=IDENTITY_ID))
        self.operations = Operations(self)
        self.groups = Groups(self)
        self.scale_sets = ScaleSets(self)
        self.prices = catalogue.default_prices()
        self.groups.add("rg1")

    def add_identity(self, identity):
        self.tokens.identities[identity.client_id.lower()] = identity
        self.tokens.default_identity = self.tokens.default_identity or identity

    # -- clock ---------------------------------------------------------------------------------------------------------------
    def now(self):
        return time.time() + self.offset

    def advance(self, seconds):
        self.offset += seconds

    def time_text(self):
        return datetime.fromtimestamp(self.now(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f0+00:00")

    # -- scale sets by hand --------------------------------------------------------------------------------------------------
    def add_scale_set(self, name, group="rg1", capacity=0, mode="Uniform", size="Standard_D2s_v3", zones=None, spot=None, location="westeurope",
                      **properties):
        """A set that is simply there, with its machines. `spot`: an eviction policy."""
        profile = {"osProfile": {"computerNamePrefix": name[:9]}, "storageProfile": {"osDisk": {"osType": "Linux"}}}
        if spot:
            profile.update(priority="Spot", evictionPolicy=spot, billingProfile={"maxPrice": -1})
        body = {"location": location, "sku": {"name": size, "tier": "Standard", "capacity": capacity},
                "properties": {"orchestrationMode": mode, "overprovision": False, "virtualMachineProfile": profile, **properties}}
        if zones:
            body["zones"] = list(zones)
        made = ScaleSet(self, f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachineScaleSets/{name}",
                        body)
        made.materialise()
        self.scale_sets.all[made.id.lower()] = made
        return made

    def cores_of(self, body):
        return catalogue.FAMILIES.get(body.get("sku", {}).get("name"), ("", 2, ""))[1]

    def resource_reply(self, resource_id):
        found = self.scale_sets.all.get(resource_id.lower())
        if found:
            return Reply(200, found.shown(), {"ETag": found.etag})
        if resource_id.lower() in self.groups.resources:
            return Reply(200, self.groups.resources[resource_id.lower()])
        raise not_found(resource_id)

    # -- lists ---------------------------------------------------------------------------------------------------------------
    def encode_query(self, query):
        return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items())

    def page(self, request, rows, limit=None):
        limit = limit or self.page_size
        start = int(request.query.get("$skiptoken", "0"))
        body = {"value": rows[start: start + limit]}
        if start + limit < len(rows):
            query = {**request.query, "$skiptoken": str(start + limit)}
            body["nextLink"] = f"{self.arm_url}{request.path}?" + self.encode_query(query)
        return Reply(200, body)

    # -- requests ------------------------------------------------------------------------------------------------------------
    def check_permission(self, request, client):
        for method, part in self.denied:
            if method in ("", request.method) and part.lower() in request.path.lower():
                raise Refusal(403, "AuthorizationFailed", f"The client '{client}' does not have authorization to perform action "
                              f"'{request.method} {part}' over scope '{request.path}' or the scope is invalid.")

    def serve(self, request):
        """The reply to one request to the TLS side."""
        parts = [part for part in request.path.split("/") if part]
        try:
            if request.path.endswith("/.well-known/openid-configuration"):
                return tokens.configuration(self, parts[0])
            if request.path.endswith("/oauth2/v2.0/token") and request.method == "POST":
                return tokens.token_endpoint(self, parts[0], request.form())
            if request.path.startswith("/api/retail/prices"):
                return catalogue.list_prices(self, request)
            return arm.handle(self, request)
        except Refusal as refusal:
            return refusal.reply

    def serve_metadata(self, request):
        if request.path == "/metadata/identity/oauth2/token" and request.method == "GET":
            return tokens.metadata_token(self, request.query, request.headers)
        if request.path == "/metadata/scheduledevents":
            return self.events.handle(request)
        return Reply(404, {"error": "not_found"})

    # -- what tests look at --------------------------------------------------------------------------------------------------
    def writes(self):
        """Requests that could have changed a resource and reached the handlers."""
        return [one for one in self.log if one["method"] in ("PUT", "PATCH", "POST", "DELETE") and "/oauth2/" not in one["target"]]

    def requests(self, method="", part=""):
        return [one for one in self.log if method in ("", one["method"]) and part.lower() in one["target"].lower()]
