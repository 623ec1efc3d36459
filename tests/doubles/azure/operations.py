"""Long-running operations: begun by a write, ended by the double's clock, read at two URLs of one path.

`Azure-AsyncOperation` answers 200 with a status body; `Location` (the same path with monitor=true) answers 202 while it runs and
then 200 with the resource, or 204. Both stay readable for ever, unless `forget` is set (then 404, as expired operations are).
"""
import secrets

from .reply import Refusal, Reply


class Operation:
    def __init__(self, world, resource_id, verb, work, plan):
        self.id = secrets.token_hex(8)
        self.resource_id, self.verb = resource_id, verb
        self.work = work  # called once with no argument when it ends well; may return the error it ends with
        self.ends = world.now() + plan.get("seconds", world.operation_seconds)
        self.status = "InProgress"
        self.final = plan.get("status", "Succeeded")  # a word no client knows makes it never end
        self.error = plan.get("error")
        self.partly = plan.get("partly")  # called instead of work when it fails
        self.forget = plan.get("forget", False)


class Operations:
    def __init__(self, world):
        self.world = world
        self.all = {}
        self.plans = []  # what the next operations shall be like: dictionaries of status, error, seconds, partly, forget

    def begin(self, resource_id, verb, work):
        plan = self.plans.pop(0) if self.plans else {}
        operation = Operation(self.world, resource_id, verb, work, plan)
        self.all[operation.id] = operation
        return operation

    def settle(self):
        """Ends what is due."""
        for operation in list(self.all.values()):
            if operation.status == "InProgress" and self.world.now() >= operation.ends:
                self.end(operation)

    def end(self, operation):
        if operation.final.lower() == "succeeded":
            error = operation.work("Succeeded") if operation.work else None
            operation.status, operation.error = ("Failed", error) if error else (operation.final, None)
        elif operation.final.lower() in ("failed", "canceled"):
            if operation.partly:
                operation.partly()
            elif operation.work:
                operation.work(operation.final)
            operation.status = operation.final
        else:
            operation.status = operation.final

    def running_on(self, resource_id):
        self.settle()
        return any(one.status not in ("Succeeded", "Failed", "Canceled") and one.resource_id.lower() == resource_id.lower()
                   for one in self.all.values())

    def begun(self, operation, location="westeurope"):
        """What the answer to the write says of where to ask."""
        return {name: value for name, value in self.headers(operation, location).items() if name in self.world.operation_headers}

    def headers(self, operation, location="westeurope"):
        base = (f"{self.world.arm_url}/subscriptions/{self.world.subscription}/providers/Microsoft.Compute/locations/{location}"
                f"/operations/{operation.id}?p=double&api-version=2024-11-01")
        return {"Azure-AsyncOperation": base, "Location": base + "&monitor=true"}

    def answer(self, operation_id, monitor):
        self.settle()
        operation = self.all.get(operation_id)
        if operation is None or operation.forget:
            raise Refusal(404, "NotFound", f"The operation '{operation_id}' was not found.")
        done = operation.status.lower() in ("succeeded", "failed", "canceled")
        wait = {} if done else {"Retry-After": "1"}
        if not monitor:
            body = {"name": operation.id, "startTime": "2026-11-22T12:00:00Z", "status": operation.status}
            if operation.error:
                body["error"] = operation.error
            return Reply(200, body, wait)
        if not done:
            return Reply(202, None, {**wait, **{"Location": self.headers(operation)["Location"]}})
        if operation.error:
            return Reply(409, {"error": operation.error})
        if operation.verb in ("PUT", "PATCH"):
            return self.world.resource_reply(operation.resource_id)
        return Reply(200 if operation.verb == "POST" else 204)
