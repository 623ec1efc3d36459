"""Subscriptions, resource groups, providers, locks, permissions, and plain resources (network and the like)."""
import copy
import secrets

from .reply import Refusal, Reply, not_found
from .scale_sets import merge


class Groups:
    def __init__(self, world):
        self.world = world
        self.groups = {}  # lower-case name -> body
        self.providers = {"microsoft.compute": "Registered", "microsoft.network": "Registered"}
        self.resources = {}  # lower-case id -> body
        self.locks = {}  # lower-case id -> body

    def add(self, name, location="westeurope"):
        self.groups[name.lower()] = {"id": f"/subscriptions/{self.world.subscription}/resourceGroups/{name}", "name": name,
                                     "type": "Microsoft.Resources/resourceGroups", "location": location,
                                     "properties": {"provisioningState": "Succeeded"}}
        return self.groups[name.lower()]

    def require(self, name):
        if name.lower() not in self.groups:
            raise Refusal(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")

    def subscription_body(self):
        one = self.world.subscription
        return {"id": f"/subscriptions/{one}", "subscriptionId": one, "displayName": "Double", "state": "Enabled",
                "tenantId": self.world.tenant, "managedByTenants": []}

    def locations(self, request):
        def one(name):
            return {"id": f"/subscriptions/{self.world.subscription}/locations/{name}", "name": name, "displayName": name.title(),
                    "availabilityZoneMappings": [{"logicalZone": str(n), "physicalZone": f"{name}-az{n % 3 + 1}"} for n in (1, 2, 3)]}

        return self.world.page(request, [one(name) for name in self.world.locations])

    def group_request(self, request, name):
        found = self.groups.get(name.lower())
        if request.method == "HEAD":
            return Reply(204 if found else 404)
        if request.method == "PUT":
            body = request.json()
            made = found or self.add(name, body.get("location"))
            made["tags"] = body.get("tags") or {}
            return Reply(200 if found else 201, made)
        self.require(name)
        if request.method == "GET":
            return Reply(200, found)
        if request.method == "DELETE":
            return self.delete_group(name, found)
        raise Refusal(405, "MethodNotAllowed", "No such action on a resource group.")

    def delete_group(self, name, found):
        prefix = found["id"].lower() + "/"
        for lock_id, lock in self.locks.items():
            if lock_id.startswith(prefix):
                raise Refusal(409, "ScopeLocked", f"The scope '{found['id']}' cannot perform delete because of lock '{lock['name']}'.")

        def work(final):
            if final.lower() == "succeeded":
                self.groups.pop(name.lower(), None)
                for table in (self.resources, self.world.scale_sets.all):
                    for key in [one for one in table if one.startswith(prefix)]:
                        del table[key]

        operation = self.world.operations.begin(found["id"], "DELETE", work)
        headers = self.world.operations.headers(operation)
        return Reply(202, None, {"Location": headers["Location"], "Retry-After": "1"})

    def provider_body(self, namespace):
        return {"id": f"/subscriptions/{self.world.subscription}/providers/{namespace}", "namespace": namespace,
                "registrationState": self.providers.get(namespace.lower(), "NotRegistered"), "resourceTypes": []}

    def provider_request(self, request, namespace, action):
        if request.method == "POST" and action == "register":
            self.providers[namespace.lower()] = "Registered"
        return Reply(200, self.provider_body(namespace))

    def lock_request(self, request, resource_id):
        if request.method == "PUT":
            self.locks[resource_id.lower()] = {"id": resource_id, "name": resource_id.rsplit("/", 1)[1],
                                               "type": "Microsoft.Authorization/locks", **request.json()}
            return Reply(201, self.locks[resource_id.lower()])
        if request.method == "DELETE":
            return Reply(200 if self.locks.pop(resource_id.lower(), None) else 204)
        if resource_id.lower() not in self.locks:
            raise not_found(resource_id)
        return Reply(200, self.locks[resource_id.lower()])

    def permissions(self):
        return Reply(200, {"value": self.world.permissions})

    def list_resources(self, request):
        rows = [{key: body[key] for key in ("id", "name", "type", "location") if key in body}
                for body in [*self.resources.values(), *self.world.scale_sets.listed()]]
        return self.world.page(request, rows)

    def plain(self, request, resource_id, kind):
        """Any resource that is only kept: PUT, GET, DELETE, with children of a PUT body given ids."""
        key = resource_id.lower()
        found = self.resources.get(key)
        if request.method == "PUT":
            body = merge({}, request.json())
            body.update(id=found["id"] if found else resource_id, name=resource_id.rsplit("/", 1)[1], type=kind,
                        etag=f'W/"{secrets.token_hex(4)}"')
            body.setdefault("properties", {})["provisioningState"] = "Succeeded"
            self.name_children(body)
            self.resources[key] = body
            return Reply(200 if found else 201, body)
        if request.method == "DELETE":
            return self.delete_plain(resource_id, found)
        if found is None:
            raise not_found(resource_id)
        return Reply(200, copy.deepcopy(found))

    def name_children(self, body):
        for name, value in body["properties"].items():
            if isinstance(value, list):
                for child in value:
                    if isinstance(child, dict) and "name" in child and "properties" in child:
                        child["id"] = f"{body['id']}/{name}/{child['name']}"
                        child["properties"]["provisioningState"] = "Succeeded"

    def delete_plain(self, resource_id, found):
        if found is None:
            return Reply(204)

        def work(final):
            if final.lower() == "succeeded":
                self.resources.pop(resource_id.lower(), None)

        operation = self.world.operations.begin(resource_id, "DELETE", work)
        return Reply(202, None, self.world.operations.headers(operation))

    def list_plain(self, request, prefix, kind):
        rows = [body for key, body in self.resources.items() if key.startswith(prefix.lower()) and body["type"].lower() == kind.lower()]
        return self.world.page(request, rows)
