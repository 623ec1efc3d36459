"""Azure Resource Manager: the rules every request obeys, and which handler it goes to."""
import re

from . import catalogue
from .reply import Refusal, Reply

VERSION = re.compile(r"\d{4}-\d\d-\d\d(-preview)?")


def handle(world, request):
    """One ARM request to its reply."""
    if not VERSION.fullmatch(request.query.get("api-version", "")):
        raise Refusal(400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
    client, trouble = world.tokens.client_of(request.headers.get("authorization"), world.audience)
    if trouble:
        raise Refusal(401, *trouble, headers={"WWW-Authenticate": f'Bearer authorization_uri="{world.authority_url}/{world.tenant}", '
                                                                    'error="invalid_token"'})
    parts = [part for part in request.path.split("/") if part]
    lower = [part.lower() for part in parts]
    if lower == ["subscriptions"]:
        return world.page(request, [world.groups.subscription_body()])
    if lower == ["tenants"]:
        return world.page(request, [{"id": f"/tenants/{world.tenant}", "tenantId": world.tenant}])
    if lower[0] == "providers":
        return Reply(200, {"value": []})
    if lower[0] != "subscriptions" or len(lower) < 2:
        raise Refusal(404, "NotFound", "There is nothing at this path.")
    if lower[1] != world.subscription:
        raise Refusal(404, "SubscriptionNotFound", f"The subscription '{parts[1]}' could not be found.")
    world.check_permission(request, client)
    world.operations.settle()
    if len(lower) > 3 and lower[2] == "resourcegroups":
        return in_group(world, request, parts, lower)
    return in_subscription(world, request, parts, lower)


def in_subscription(world, request, parts, lower):
    rest = lower[2:]
    if not rest:
        return Reply(200, world.groups.subscription_body())
    if rest == ["resourcegroups"]:
        return world.page(request, list(world.groups.groups.values()))
    if rest == ["locations"]:
        return world.groups.locations(request)
    if rest == ["resources"]:
        return world.groups.list_resources(request)
    if rest[0] == "providers" and len(rest) > 2 and rest[1] in ("microsoft.compute", "microsoft.network"):
        found = compute_wide(world, request, parts[2:], rest)
        if found:
            return found
    if rest[0] == "providers" and len(rest) in (2, 3):
        return world.groups.provider_request(request, parts[3], rest[2] if len(rest) == 3 else "")
    if rest == ["providers"]:
        return world.page(request, [world.groups.provider_body(name) for name in world.groups.providers])
    raise Refusal(404, "InvalidResourceType", "The resource type could not be found.")


def compute_wide(world, request, parts, rest):
    """/providers/Microsoft.Compute/... of a whole subscription."""
    if rest[2] == "skus":
        return catalogue.list_sizes(world, request)
    if rest[2] == "virtualmachinescalesets":
        return world.page(request, world.scale_sets.listed())
    if rest[2] == "virtualmachines":
        return world.scale_sets.list_machines(request)
    if rest[2] == "locations" and len(rest) > 4:
        location = rest[3].replace(" ", "").replace("%20", "")
        if rest[4] == "usages":
            return catalogue.list_usages(world, location, rest[1] == "microsoft.network")
        if rest[4] == "virtualmachinescalesets":
            return world.page(request, world.scale_sets.listed(location=location))
        if rest[4] == "operations":
            return world.operations.answer(parts[5], request.query.get("monitor", "").lower() == "true")
    return None


def in_group(world, request, parts, lower):
    group = parts[3]
    if len(parts) == 4:
        return world.groups.group_request(request, group)
    rest, kinds = parts[4:], lower[4:]
    world.groups.require(group)
    if kinds == ["resources"]:
        return world.groups.list_resources(request)
    if kinds[0] != "providers" or len(kinds) < 3:
        raise Refusal(404, "NotFound", "There is nothing at this path.")
    known = world.groups.groups[group.lower()]["name"]
    base = f"/subscriptions/{world.subscription}/resourceGroups/{known}/providers"
    if kinds[1] == "microsoft.authorization":
        if kinds[2] == "permissions":
            return world.groups.permissions()
        return world.groups.lock_request(request, "/".join([base, *rest[1:]]))
    if "microsoft.authorization" in kinds[2:]:
        return world.groups.lock_request(request, "/".join([base, *rest[1:]]))
    if kinds[1] == "microsoft.compute" and kinds[2] in ("virtualmachinescalesets", "virtualmachines"):
        return compute_in_group(world, request, known, f"{base}/Microsoft.Compute", rest[2:], kinds[2:])
    kind = "/".join([rest[1], *rest[2::2]])
    if len(rest) % 2 == 1:
        return world.groups.list_plain(request, "/".join([base, *rest[1:]]), kind)
    return world.groups.plain(request, "/".join([base, *rest[1:]]), kind)


def compute_in_group(world, request, group, base, rest, kinds):
    if kinds[0] == "virtualmachinescalesets":
        if len(rest) == 1:
            return world.page(request, world.scale_sets.listed(group=group))
        known = world.scale_sets.all.get(f"{base}/virtualMachineScaleSets/{rest[1]}".lower())
        resource_id = known.id if known else f"{base}/virtualMachineScaleSets/{rest[1]}"
        return world.scale_sets.set_request(request, resource_id, rest[2:])
    if len(rest) == 1:
        return world.scale_sets.list_machines(request, group)
    return world.scale_sets.machine_request(request, f"{base}/virtualMachines/{rest[1]}", rest[2:])
