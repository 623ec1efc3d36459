"""The double over HTTP: signatures are checked, calls are routed by the scope that was signed, faults are injected.

Tests reach its state through Double.world, in their own process."""
import json
import threading
import urllib.parse
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import autoscaling, ec2, json_services, metadata, reply, signature, sts
from .world import World

SERVICES = {"ec2": (ec2.ACTIONS, reply.ec2), "autoscaling": (autoscaling.ACTIONS, reply.query),
            "sts": (sts.ACTIONS, reply.query)}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "double"

    def log_message(self, *arguments):
        pass

    def date_time_string(self, timestamp=None):
        return formatdate(self.server.double.world.now(), usegmt=True)

    def send(self, status, body, kind="text/xml"):
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def handle_any(self):
        double = self.server.double
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        path, _, query = self.path.partition("?")
        with double.lock:
            answer = metadata.answer(double.world, self.command, path, headers)
            if answer:
                self.send(*answer, kind="text/plain")
                return
            self.send(*double.answer(self.command, path, query, headers, body))

    do_GET = do_POST = do_PUT = handle_any


class Double:
    def __init__(self, port=0):
        self.world = World()
        self.lock = threading.RLock()
        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.server.double = self
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def start(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def serve_forever(self):
        self.server.serve_forever()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def actions(self):
        """What was asked, in order: "autoscaling:SetDesiredCapacity"."""
        return [f"{entry['service']}:{entry['action']}" for entry in self.world.log]

    def answer(self, method, path, query, headers, body):
        service = self._service_named(headers)
        form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True)) if service not in (
            "pricing", "servicequotas") else {}
        action = headers["x-amz-target"] if "x-amz-target" in headers else form.get("Action", "")
        short = action.rsplit(".", 1)[-1]
        entry = {"service": service, "action": short, "region": "", "form": form, "headers": headers,
                 "body": body}
        self.world.log.append(entry)
        try:
            region = "us-east-1"
            if short not in sts.UNSIGNED:
                region, service = signature.verify(self.world, method, path, query, headers, body)
            entry.update(region=region, service=service)
            return self._run(service, region, action, short, form, body)
        except reply.Refusal as error:
            return (error.status, *reply.refusal(service, error))

    @staticmethod
    def _service_named(headers):
        scope = headers.get("authorization", "").split("/")
        return scope[3] if len(scope) > 4 else "sts"

    def _run(self, service, region, action, short, form, body):
        fault = self.world.take_fault(short, region)
        if fault and "body" in fault:
            return fault["status"], fault["body"], fault.get("kind", "text/html")
        if fault:
            raise reply.Refusal(fault["status"], fault["code"], fault.get("message", fault["code"]))
        if f"{service}:{short}" in self.world.denied:
            code = {"ec2": "UnauthorizedOperation", "pricing": "AccessDeniedException",
                    "servicequotas": "AccessDeniedException"}.get(service, "AccessDenied")
            raise reply.Refusal(403, code, f"User is not authorized to perform: {service}:{short}")
        if service in SERVICES:
            actions, write = SERVICES[service]
            if short not in actions:
                raise reply.Refusal(400, "InvalidAction", f"no {short} here")
            if service == "ec2" and form.get("DryRun") == "true":
                raise reply.Refusal(412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
            return 200, write(short, actions[short](self.world, region, form)), "text/xml"
        if action not in json_services.ACTIONS:
            raise reply.Refusal(400, "UnknownOperationException", f"no {action} here")
        answer = json_services.ACTIONS[action](self.world, region, json.loads(body))
        return 200, json.dumps(answer), "application/x-amz-json-1.1"
