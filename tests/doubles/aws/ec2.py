"""EC2: the calls that the module makes."""
from .autoscaling import page
from .reply import Refusal, moment

CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}


def _filters(form):
    filters, at = {}, 1
    while f"Filter.{at}.Name" in form:
        values, number = [], 1
        while f"Filter.{at}.Value.{number}" in form:
            values.append(form[f"Filter.{at}.Value.{number}"])
            number += 1
        filters[form[f"Filter.{at}.Name"]] = values
        at += 1
    return filters


def _refuse_both(form, ids):
    if "MaxResults" in form and ids:
        raise Refusal(400, "InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter "
                                                          "maxResults")


def describe_instances(world, region, form):
    filters = _filters(form)
    machines = [m for m in world.machines.values() if m["region"] == region]
    if "instance-id" in filters:
        machines = [m for m in machines if m["id"] in filters["instance-id"]]
    if "instance-state-name" in filters:
        machines = [m for m in machines if m["state"] in filters["instance-state-name"]]
    _refuse_both(form, "InstanceId.1" in form)
    shown, token = page(world, machines, form, "MaxResults")
    return {"reservationSet": [{"reservationId": "r-1", "instancesSet": [{
        "instanceId": m["id"], "instanceType": m["type"],
        # The upper byte is EC2's own and to be ignored.
        "instanceState": {"code": CODES[m["state"]] + 256, "name": m["state"]},
        "instanceLifecycle": "spot" if m["market"] == "spot" else None,
        "placement": {"availabilityZone": m["zone"]}, "privateIpAddress": m["ip"],
        "privateDnsName": f"ip-{m['ip'].replace('.', '-')}.{region}.compute.internal",
        "launchTime": moment(m["launched"]), "stateReason": {"code": m["reason"]} if m["reason"] else None}]}
        for m in shown], "nextToken": token}


def describe_types(world, region, form):
    types = sorted(world.types)
    names = [value for key, value in form.items() if key.startswith("InstanceType.")]
    unknown = [name for name in names if name not in world.types]
    if unknown:
        raise Refusal(400, "InvalidInstanceType", f"The following supplied instance types do not exist: [{unknown[0]}]")
    wanted = names or _filters(form).get("instance-type")
    if wanted:
        types = [name for name in types if name in wanted]
    shown, token = page(world, types, form, "MaxResults")
    return {"instanceTypeSet": [{
        "instanceType": name, "currentGeneration": True, "bareMetal": False,
        "supportedUsageClasses": ["on-demand", "spot"],
        "vCpuInfo": {"defaultVCpus": world.types[name][0]}, "memoryInfo": {"sizeInMiB": world.types[name][1]},
        "processorInfo": {"supportedArchitectures": [world.types[name][2]],
                          "sustainedClockSpeedInGhz": world.types[name][3]},
        "gpuInfo": {"gpus": [{"name": "T4", "manufacturer": "NVIDIA", "count": 1}] * (2 if "metal" in name else 1)} if name.startswith("g") else None,
        "instanceStorageInfo": {"totalSizeInGB": 125} if name.startswith("g") else None} for name in shown],
        "nextToken": token}


def describe_zones(world, region, form):
    return {"availabilityZoneInfo": [{"zoneName": region + zone, "zoneId": f"{region[:2]}x-az{number}",
                                      "zoneState": "available", "optInStatus": "opt-in-not-required"}
                                     for number, zone in enumerate("cab", 1)]}


def describe_template(world, region, form):
    template = world.templates.get(form.get("LaunchTemplateId", ""))
    if not template:
        if form.get("DryRun"):
            raise Refusal(412, "DryRunOperation", "Request would have succeeded")
        raise Refusal(400, "InvalidLaunchTemplateId.NotFound", "The specified launch template does not exist.")
    data = {"instanceType": template["type"]}
    if template["market"] == "spot":
        data["instanceMarketOptions"] = {"marketType": "spot"}
    return {"launchTemplateVersionSet": [{"versionNumber": 1, "launchTemplateData": data}]}


def describe_spot_prices(world, region, form):
    named = {value for key, value in form.items() if key.startswith("InstanceType.")}
    unknown = sorted(named - set(world.types))
    if unknown:
        raise Refusal(400, "InvalidParameterValue", f"Invalid instance type: {unknown[0]}")
    wanted = named or set(_filters(form).get("instance-type", []))
    if form.get("StartTime") != form.get("EndTime"):
        raise Refusal(400, "InvalidParameterValue", "this double gives the prices in force only")
    rows = [row for row in world.spot.get(region, []) if row["instanceType"] in wanted]
    shown, token = page(world, rows, form, "MaxResults")
    # EC2 ends with an empty token and not without one.
    return {"spotPriceHistorySet": shown, "nextToken": token or ""}


def describe_spot_requests(world, region, form):
    return {"spotInstanceRequestSet": [{"spotInstanceRequestId": f"sir-{id}", "state": "active", "instanceId": id,
                                        "status": {"code": r["code"], "updateTime": moment(r["at"])}}
                                       for id, r in world.spot_requests.items() if r["region"] == region]}


def describe_status(world, region, form):
    wanted = _filters(form).get("event.code", [])
    items = [{"instanceId": id, "eventsSet": [{"code": e["code"], "description": e["description"],
                                               "notBefore": moment(e["at"])}]}
             for id, e in world.events.items() if e["region"] == region and (not wanted or e["code"] in wanted)]
    shown, token = page(world, items, form, "MaxResults")
    return {"instanceStatusSet": shown, "nextToken": token}


ACTIONS = {
    "DescribeInstances": describe_instances, "DescribeInstanceTypes": describe_types,
    "DescribeAvailabilityZones": describe_zones, "DescribeLaunchTemplateVersions": describe_template,
    "DescribeSpotPriceHistory": describe_spot_prices, "DescribeSpotInstanceRequests": describe_spot_requests,
    "DescribeInstanceStatus": describe_status,
}
