"""Virtual machine scale sets, uniform and flexible, and their instances."""
import copy
import json
import re
import secrets
import uuid

from .reply import Refusal, Reply, not_found

WRITABLE_STATES = ("Succeeded", "Failed", "Canceled")


def merge(old, new):
    """An update: objects are merged, everything else replaced; null removes."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return copy.deepcopy(new)
    merged = dict(old)
    for key, value in new.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(old.get(key), value)
    return merged


class ScaleSet:
    """One set. `instances`: instance id (decimal text, or a VM's name) -> Instance."""

    def __init__(self, world, resource_id, body):
        self.world, self.id = world, resource_id
        self.name = resource_id.rsplit("/", 1)[1]
        self.group = resource_id.split("/")[4]
        self.body = copy.deepcopy(body)
        properties = self.body.setdefault("properties", {})
        properties.setdefault("orchestrationMode", "Uniform")
        properties.setdefault("singlePlacementGroup", False)
        properties["uniqueId"] = str(uuid.uuid4())
        properties["timeCreated"] = world.time_text()
        properties["provisioningState"] = "Succeeded"
        self.etag, self.failure = None, None
        self.touch()
        self.instances = {}
        self.next_number = 0

    @property
    def flexible(self):
        return self.body["properties"]["orchestrationMode"].lower() == "flexible"

    @property
    def capacity(self):
        return self.body.get("sku", {}).get("capacity", 0)

    @capacity.setter
    def capacity(self, value):
        self.body.setdefault("sku", {})["capacity"] = value

    @property
    def profile(self):
        return self.body["properties"].get("virtualMachineProfile", {})

    @property
    def spot(self):
        return self.profile.get("priority", "Regular").lower() in ("spot", "low")

    def touch(self):
        self.etag = f'"{secrets.token_hex(4)}"'

    def state(self, word):
        self.body["properties"]["provisioningState"] = word
        self.touch()

    def shown(self, expand=""):
        body = {"id": self.id, "name": self.name, "type": "Microsoft.Compute/virtualMachineScaleSets", **self.body, "etag": self.etag}
        if "userdata" not in expand.lower():
            body = copy.deepcopy(body)
            body["properties"].get("virtualMachineProfile", {}).pop("userData", None)
        return body

    def add_instances(self, count):
        zones = self.body.get("zones") or []
        for _ in range(count):
            if self.flexible:
                key = f"{self.name}_{secrets.token_hex(4)}"
            else:
                key = str(self.next_number)
            zone = zones[self.next_number % len(zones)] if zones else None
            self.next_number += 1
            self.instances[key] = Instance(self, key, zone)

    def materialise(self):
        """Brings the machines in line with capacity, as Azure would: adds, or removes the highest ids."""
        while len(self.instances) > self.capacity:
            self.instances.pop(list(self.instances)[-1])
        self.add_instances(self.capacity - len(self.instances))


class Instance:
    def __init__(self, owner, key, zone):
        self.owner, self.key, self.zone = owner, key, zone
        self.vm_id = str(uuid.uuid4())
        self.state, self.power = "Succeeded", "running"
        self.created = owner.world.time_text()
        self.protection, self.maintenance = None, None
        self.etag = f'"{secrets.token_hex(4)}"'

    @property
    def name(self):
        return self.key if self.owner.flexible else f"{self.owner.name}_{self.key}"

    @property
    def id(self):
        if self.owner.flexible:
            return self.owner.id.split("/providers/")[0] + f"/providers/Microsoft.Compute/virtualMachines/{self.key}"
        return f"{self.owner.id}/virtualMachines/{self.key}"

    def view(self):
        level = "Info"
        statuses = [{"code": f"ProvisioningState/{self.state.lower()}", "level": level, "displayStatus": f"Provisioning {self.state.lower()}",
                     "time": self.created}]
        if self.power:
            statuses.append({"code": f"PowerState/{self.power}", "level": level, "displayStatus": f"VM {self.power}"})
        view = {"statuses": statuses, "platformFaultDomain": 0}
        if self.maintenance:
            view["maintenanceRedeployStatus"] = self.maintenance
        return view

    def shown(self, with_view):
        set_ = self.owner
        size = set_.body.get("sku", {}).get("name", "")
        properties = {"vmId": self.vm_id, "provisioningState": self.state, "timeCreated": self.created,
                      "hardwareProfile": {"vmSize": size}, "osProfile": {"computerName": f"{set_.name[:9]}{self.key[-6:]:0>6}"}}
        body = {"id": self.id, "name": self.name, "location": set_.body.get("location", ""), "etag": self.etag, "properties": properties}
        if set_.flexible:
            body["type"] = "Microsoft.Compute/virtualMachines"
            properties["virtualMachineScaleSet"] = {"id": set_.id}
            properties["priority"] = set_.profile.get("priority", "Regular")
        else:
            body.update(type="Microsoft.Compute/virtualMachineScaleSets/virtualMachines", instanceId=self.key, sku={"name": size, "tier": "Standard"})
            properties["latestModelApplied"] = True
        if self.protection:
            properties["protectionPolicy"] = self.protection
        if self.zone:
            body["zones"] = [self.zone]
        if with_view:
            properties["instanceView"] = self.view()
        return body


def check_condition(headers, etag):
    """If-Match and If-None-Match against what is there (etag None: nothing)."""
    match, none_match = headers.get("if-match"), headers.get("if-none-match")
    if none_match == "*" and etag is not None:
        raise Refusal(412, "PreconditionFailed", "The resource exists already.")
    if match is not None and (etag is None or match not in ("*", etag)):
        raise Refusal(412, "PreconditionFailed", "The etag provided in the If-Match header does not match the resource.")


class ScaleSets:
    """The requests under Microsoft.Compute/virtualMachineScaleSets and /virtualMachines."""

    def __init__(self, world):
        self.world = world
        self.all = {}  # lower-case id -> ScaleSet

    def of(self, resource_id):
        found = self.all.get(resource_id.lower())
        if found is None:
            raise not_found(resource_id)
        return found

    def listed(self, group=None, location=None):
        chosen = [one for one in self.all.values() if (group is None or one.group.lower() == group.lower())
                  and (location is None or one.body.get("location", "").replace(" ", "").lower() == location)]
        return [one.shown() for one in chosen]

    def begin(self, set_, verb, state, work, status, body=True):
        """A write that takes its time. work(final) runs at its end."""
        set_.state(state)

        def finish(final):
            error = work(final)
            if set_.id.lower() in self.all:
                set_.failure = error or operation.error if final.lower() != "succeeded" else None
                set_.state("Failed" if error or final.lower() != "succeeded" else "Succeeded")
            return error

        operation = self.world.operations.begin(set_.id, verb, finish)
        if operation.partly:
            inner = operation.partly

            def partly():
                inner()
                set_.failure = operation.error
                set_.state("Failed")

            operation.partly = partly
        headers = self.world.operations.begun(operation, set_.body.get("location", "westeurope"))
        headers["Retry-After"] = "10"
        if body:
            headers["ETag"] = set_.etag
        return Reply(status, set_.shown() if body else None, headers)

    def refuse_when_busy(self, set_):
        if self.world.operations.running_on(set_.id):
            raise Refusal(409, "Conflict", "The request failed due to conflict with a concurrent request.")

    def check_quota(self, set_, wanted):
        limit = self.world.cores_limit
        if limit is not None and wanted * self.world.cores_of(set_.body) > limit:
            raise Refusal(409, "OperationNotAllowed",
                          "Operation could not be completed as it results in exceeding approved standardDSv3Family Cores quota. "
                          f"Additional details - Current Limit: {limit}, Current Usage: 0, Additional Required: {wanted}, New Limit: {wanted}.")

    def write(self, request, resource_id):
        """PUT and PATCH of a set."""
        found = self.all.get(resource_id.lower())
        if found is None and request.method == "PATCH":
            raise not_found(resource_id)
        check_condition(request.headers, found.etag if found else None)
        body = request.json()
        if found is None:
            return self.create(resource_id, body)
        self.refuse_when_busy(found)
        wanted = body.get("sku", {}).get("capacity", found.capacity)
        if not isinstance(wanted, int) or not 0 <= wanted <= 1000:
            raise Refusal(400, "InvalidParameter", "The value of parameter sku.capacity is invalid.")
        self.check_quota(found, wanted)
        for key in ("id", "name", "type", "etag"):
            body.pop(key, None)
        body.get("properties", {}).pop("provisioningState", None)
        found.body = merge(found.body, body)

        def work(final):
            if final.lower() == "succeeded":
                found.materialise()

        return self.begin(found, request.method, "Updating", work, 200)

    def create(self, resource_id, body):
        if "location" not in body:
            raise Refusal(400, "LocationRequired", "The location property is required for this definition.")
        made = ScaleSet(self.world, resource_id, body)
        self.check_quota(made, made.capacity)
        self.all[resource_id.lower()] = made

        def work(final):
            if final.lower() == "succeeded":
                made.materialise()

        return self.begin(made, "PUT", "Creating", work, 201)

    def delete(self, resource_id):
        found = self.all.get(resource_id.lower())
        if found is None:
            return Reply(204)

        def work(final):
            if final.lower() == "succeeded":
                self.all.pop(resource_id.lower(), None)

        return self.begin(found, "DELETE", "Deleting", work, 202, body=False)

    def delete_instances(self, set_, ids):
        if not isinstance(ids, list) or not ids:
            raise Refusal(400, "InvalidParameter", "instanceIds must name at least one instance.")
        for one in ids:
            if one not in set_.instances:
                raise Refusal(400, "InvalidParameter",
                              f"The provided instanceId {one} is not an active Virtual Machine Scale Set VM instanceId.")
        self.refuse_when_busy(set_)
        for one in ids:
            set_.instances[one].state = "Deleting"

        def work(final):
            for one in set(ids):
                if final.lower() == "succeeded" and set_.instances.pop(one, None):
                    set_.capacity = max(0, set_.capacity - 1)

        return self.begin(set_, "POST", "Updating", work, 202, body=False)

    def evict(self, set_, instance):
        """A spot machine is taken away, by the set's eviction policy."""
        if not set_.spot:
            raise Refusal(409, "OperationNotAllowed", "Simulate eviction is only for spot machines.")
        if set_.profile.get("evictionPolicy", "Deallocate").lower() == "delete":
            set_.instances.pop(instance.key)
            set_.capacity = max(0, set_.capacity - 1)
        else:
            instance.power = "deallocated"
        set_.touch()
        return Reply(204)

    def instance(self, set_, key):
        found = set_.instances.get(key)
        if found is None:
            raise Refusal(404, "ResourceNotFound", f"The entity {key} was not found in this Virtual Machine Scale Set.")
        return found

    def instance_request(self, request, set_, rest):
        """Requests to .../virtualMachines/{id}[/action]."""
        key, action = rest[0], "/".join(rest[1:]).lower()
        found = self.instance(set_, key) if request.method != "DELETE" else set_.instances.get(key)
        if request.method == "GET" and action == "instanceview":
            return Reply(200, found.view())
        if request.method == "GET" and not action:
            return Reply(200, found.shown("instanceview" in request.query.get("$expand", "").lower()))
        if request.method == "POST" and action == "simulateeviction":
            return self.evict(set_, found)
        if request.method == "PUT" and not action:
            return self.protect(request, found)
        if request.method == "DELETE" and not action:
            return Reply(204) if found is None else self.delete_instances(set_, [key])
        raise Refusal(405, "MethodNotAllowed", "No such action on an instance.")

    def protect(self, request, instance):
        check_condition(request.headers, instance.etag)
        policy = request.json().get("properties", {}).get("protectionPolicy") or {}
        if policy.get("protectFromScaleSetActions") and not policy.get("protectFromScaleIn"):
            raise Refusal(400, "InvalidParameter", "protectFromScaleSetActions needs protectFromScaleIn.")
        instance.protection = policy or None
        instance.etag = f'"{secrets.token_hex(4)}"'
        return Reply(200, instance.shown(False), {"ETag": instance.etag})

    def set_request(self, request, resource_id, rest):
        """Requests to .../virtualMachineScaleSets/{name}[/...]."""
        action = "/".join(rest).lower()
        if not rest and request.method in ("PUT", "PATCH"):
            return self.write(request, resource_id)
        if not rest and request.method == "DELETE":
            return self.delete(resource_id)
        set_ = self.of(resource_id)
        if not rest and request.method == "GET":
            return Reply(200, set_.shown(request.query.get("$expand", "")), {"ETag": set_.etag})
        if action == "delete" and request.method == "POST":
            return self.delete_instances(set_, request.json().get("instanceIds"))
        if action == "instanceview" and request.method == "GET":
            return self.set_view(set_)
        if action == "skus" and request.method == "GET":
            row = {"resourceType": "Microsoft.Compute/virtualMachineScaleSets", "sku": set_.body.get("sku"),
                   "capacity": {"minimum": 0, "maximum": 1000, "defaultCapacity": 1, "scaleType": "Automatic"}}
            return self.world.page(request, [row])
        if action == "virtualmachines" and request.method == "GET":
            with_view = "instanceview" in (request.query.get("$expand", "") + request.query.get("$select", "")).lower()
            return self.world.page(request, [one.shown(with_view) for one in self.filtered(request, set_)])
        if rest[0].lower() == "virtualmachines":
            return self.instance_request(request, set_, rest[1:])
        raise Refusal(405, "MethodNotAllowed", f"No such action: {action}")

    def filtered(self, request, set_):
        """The set's machines by $filter, of which one form is known."""
        found = re.fullmatch(r"properties/latestModelApplied eq (true|false)", request.query.get("$filter", ""))
        if request.query.get("$filter") and not found:
            raise Refusal(400, "InvalidParameter", "The filter is not supported.")
        return list(set_.instances.values()) if not found or found.group(1) == "true" else []

    def set_view(self, set_):
        if set_.flexible:
            raise Refusal(400, "OperationNotAllowed", "Instance view is per machine in Flexible orchestration mode.")
        counts = {}
        for one in set_.instances.values():
            code = f"ProvisioningState/{one.state.lower()}"
            counts[code] = counts.get(code, 0) + 1
        summary = [{"code": code, "count": count} for code, count in counts.items()]
        status = {"code": "ProvisioningState/succeeded", "level": "Info"}
        if set_.failure:
            status = {"code": f"ProvisioningState/failed/{set_.failure['code']}", "level": "Error", "message": set_.failure["message"]}
        return Reply(200, {"virtualMachine": {"statusesSummary": summary}, "statuses": [status]})

    def flexible_machines(self, group=None):
        for set_ in self.all.values():
            if set_.flexible and (group is None or set_.group.lower() == group.lower()):
                yield from set_.instances.values()

    def list_machines(self, request, group=None):
        """GET .../Microsoft.Compute/virtualMachines: machines of flexible sets."""
        wanted, expand = request.query.get("$filter", ""), request.query.get("$expand", "").lower()
        machines = list(self.flexible_machines(group))
        if wanted:
            left, _, right = wanted.partition(" eq ")
            if left.strip("'").lower() != "virtualmachinescaleset/id":
                raise Refusal(400, "InvalidParameter", "The filter is not supported.")
            machines = [one for one in machines if one.owner.id.lower() == right.strip().strip("'").lower()]
        elif expand:
            raise Refusal(400, "InvalidParameter", "$expand needs a filter.")
        with_view = "instanceview" in expand or request.query.get("statusOnly", "").lower() == "true"
        return self.world.page(request, [one.shown(with_view) for one in machines])

    def machine_request(self, request, resource_id, rest):
        """Requests to .../virtualMachines/{name}[/action]: a machine of a flexible set."""
        name, group = resource_id.rsplit("/", 1)[1], resource_id.split("/")[4]
        found = next((one for one in self.flexible_machines(group) if one.key.lower() == name.lower()), None)
        if found is None:
            if request.method == "DELETE":
                return Reply(204)
            raise not_found(resource_id)
        return self.instance_request(request, found.owner, [found.key, *rest])

    def dump(self):
        return json.loads(json.dumps([{**one.shown(), "instances": [vm.shown(True) for vm in one.instances.values()]}
                                      for one in self.all.values()]))
