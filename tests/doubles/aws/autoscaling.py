"""Auto Scaling: the calls that the module makes, with the bounds and errors that moto lacks."""
import time

from .reply import Refusal, moment
from .world import World


def _members(form, prefix):
    values, at = [], 1
    while f"{prefix}.member.{at}" in form:
        values.append(form[f"{prefix}.member.{at}"])
        at += 1
    return values


def page(world, items, form, most_key):
    """Items of one page and the token of the next."""
    size = min(int(form.get(most_key, 100)), world.page_size)
    token = form.get("NextToken", "")
    if token and not token.startswith("page-"):
        raise Refusal(400, "InvalidNextToken", "The token is not valid")
    start = int(token[5:]) if token else 0
    more = start + size < len(items)
    if world.repeat_tokens and more:
        return items[:size], "page-1"
    return items[start:start + size], f"page-{start + size}" if more else None


def _describe(group):
    template = {"LaunchTemplateId": group["template"], "LaunchTemplateName": group["name"], "Version": "$Latest"}
    shown = {
        "AutoScalingGroupName": group["name"],
        "AutoScalingGroupARN": f"arn:aws:autoscaling:{group['region']}:123456789012:autoScalingGroup:{group['uuid']}:"
                               f"autoScalingGroupName/{group['name']}",
        "MinSize": group["min"], "MaxSize": group["max"], "DesiredCapacity": group["desired"],
        "Status": group["status"] or None,
        "AvailabilityZones": [group["region"] + zone for zone in "abc"],
        "Instances": [{"InstanceId": id, "InstanceType": m["machine"]["type"], "AvailabilityZone": m["machine"]["zone"],
                       "LifecycleState": World.shown_lifecycle(group, m),
                       "HealthStatus": m["health"], "ProtectedFromScaleIn": m["protected"]}
                      for id, m in group["members"].items()],
        "NewInstancesProtectedFromScaleIn": group["protect"], "CapacityRebalance": group["rebalance"],
        "SuspendedProcesses": [{"ProcessName": name} for name in group["suspended"]],
        "Tags": [{"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in group["tags"].items()],
    }
    if group["mixed"]:
        shown["MixedInstancesPolicy"] = {
            "LaunchTemplate": {"LaunchTemplateSpecification": template, "Overrides": group["mixed"]["overrides"]},
            "InstancesDistribution": group["mixed"]["distribution"]}
    elif group["configuration"]:
        shown["LaunchConfigurationName"] = group["configuration"]
    else:
        shown["LaunchTemplate"] = template
    return shown


def _group(world, region, form):
    group = world.groups.get((region, form.get("AutoScalingGroupName", "")))
    if not group:
        raise Refusal(400, "ValidationError", "AutoScalingGroup name not found - null")
    return group


def describe_groups(world, region, form):
    names = _members(form, "AutoScalingGroupNames")
    groups = [g for (r, _), g in sorted(world.groups.items()) if r == region and (not names or g["name"] in names)]
    wanted = form.get("Filters.member.1.Name", "")
    values = _members(form, "Filters.member.1.Values")
    if wanted == "tag-key":
        groups = [g for g in groups if values[0] in g["tags"]]
    elif wanted.startswith("tag:"):
        groups = [g for g in groups if g["tags"].get(wanted[4:]) in values]
    for group in groups:
        world.settle(group)
    shown, token = page(world, groups, form, "MaxRecords")
    return {"AutoScalingGroups": [_describe(g) for g in shown], "NextToken": token}


def describe_activities(world, region, form):
    activities = _group(world, region, form)["activities"] if "AutoScalingGroupName" in form else []
    shown, token = page(world, activities, form, "MaxRecords")
    return {"Activities": [{**a, "StartTime": moment(a["StartTime"])} for a in shown], "NextToken": token}


def set_desired(world, region, form):
    group, size = _group(world, region, form), int(form["DesiredCapacity"])
    if size > group["max"]:
        raise Refusal(400, "ValidationError", f"New SetDesiredCapacity value {size} is above max value {group['max']} "
                                              "for the AutoScalingGroup.")
    if size < group["min"]:
        raise Refusal(400, "ValidationError", f"New SetDesiredCapacity value {size} is below min value {group['min']} "
                                              "for the AutoScalingGroup.")
    group["desired"] = size
    world.shrink_by_itself(group)
    return {}


def terminate(world, region, form):
    id = form["InstanceId"]
    group = world.group_of(id)
    if not group or group["region"] != region:
        raise Refusal(400, "ValidationError", f"Instance Id not found - No managed instance found for instance ID {id}")
    member = group["members"][id]
    # For the worst: a call that comes twice takes two places, so that a module which repeats one is found out.
    if form["ShouldDecrementDesiredCapacity"] == "true":
        if group["desired"] <= group["min"]:
            raise Refusal(400, "ValidationError", "Currently, desiredSize equals minSize. Terminating instance without "
                                                  "replacement will violate group's min size constraint.")
        group["desired"] -= 1
    member.update(lifecycle="Terminating", looks=0, lags_until=time.monotonic() + world.lag_s)
    world.add_activity(group, "InProgress", "", f"Terminating EC2 instance: {id}")
    return {"Activity": {"ActivityId": group["activities"][0]["ActivityId"], "StatusCode": "InProgress"}}


def describe_configurations(world, region, form):
    names = _members(form, "LaunchConfigurationNames")
    found = [g for (r, _), g in sorted(world.groups.items()) if r == region and g["configuration"] in names]
    return {"LaunchConfigurations": [{"LaunchConfigurationName": g["configuration"], "InstanceType": g["type"],
                                      "SpotPrice": "0.5" if g["market"] == "spot" else None} for g in found[:1]]}


ACTIONS = {
    "DescribeAutoScalingGroups": describe_groups, "DescribeScalingActivities": describe_activities,
    "SetDesiredCapacity": set_desired, "TerminateInstanceInAutoScalingGroup": terminate,
    "DescribeLaunchConfigurations": describe_configurations,
}
