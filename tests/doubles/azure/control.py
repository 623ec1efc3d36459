"""What a test in another process asks of the double, under /_double/ on either port, without a token. JSON in and out.

GET  log, pools                       requests so far; every scale set with its instances
POST pool {name, group, capacity, ...}   add_scale_set's arguments
POST fault {...} | plan {...}         one fault (faults.py); what the next operation shall be like
POST clock {seconds}                  moves the clock
POST evict {pool id, instance}        a spot machine is taken
POST tokens                           every token is expired at once
POST reset                            faults, plans and the log are emptied
"""
import json

from .reply import Refusal, Reply


def handle(world, request):
    what = request.path.split("/")[2]
    with world.lock:
        try:
            world.operations.settle()
            return Reply(200, act(world, request.method, what, json.loads(request.body or b"{}")))
        except (KeyError, TypeError, ValueError) as trouble:
            return Reply(400, {"error": f"{type(trouble).__name__}: {trouble}"})
        except Refusal as refusal:
            return refusal.reply


def act(world, method, what, body):
    if (method, what) == ("GET", "log"):
        return [{key: value for key, value in one.items() if key != "headers"} for one in world.log]
    if (method, what) == ("GET", "pools"):
        return world.scale_sets.dump()
    if (method, what) == ("POST", "pool"):
        return world.add_scale_set(**body).shown()
    if (method, what) == ("POST", "fault"):
        world.faults.add(**body)
    elif (method, what) == ("POST", "plan"):
        world.operations.plans.append(body)
    elif (method, what) == ("POST", "clock"):
        world.advance(body["seconds"])
    elif (method, what) == ("POST", "evict"):
        set_ = world.scale_sets.of(body["pool"])
        world.scale_sets.evict(set_, world.scale_sets.instance(set_, body["instance"]))
    elif (method, what) == ("POST", "tokens"):
        world.tokens.expire_all()
    elif (method, what) == ("POST", "reset"):
        world.faults.clear()
        world.operations.plans.clear()
        world.log.clear()
    else:
        raise KeyError(f"{method} {what}")
    return {}
