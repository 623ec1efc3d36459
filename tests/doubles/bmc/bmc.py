"""A BMC that behaves as real ones do where the public emulators do not: sessions and their end, lockout, lost commands, stale answers,
tasks, watts in two trees that disagree, firmware updates, answers that are no Redfish.

    with Bmc([System("1", power="Off")]) as bmc:
        bmc.settings()          the address and pin for a machine block
        bmc.fail_next("GET", "*/Systems/1", "html")
        bmc.requests            what came: (method, path, how it was authenticated)
"""
import base64
import fnmatch
import hashlib
import json
import socket
import ssl
import subprocess
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USER, PASSWORD = "operator", "correct horse"


@dataclass
class System:
    """One ComputerSystem with its chassis. Delays in seconds of real time."""
    name: str
    power: str = "Off"
    uuid: str = ""
    serial: str = ""
    health: str = "OK"
    processors: int | None = 64
    memory_gib: float | None = 256
    watts_new: object = None        # EnvironmentMetrics; None: the link is not there
    watts_old: object = None        # Power, average; None: the link is not there
    shared_chassis: bool = False    # its chassis names all systems
    chassis: str = ""               # links to that system's chassis instead of one of its own
    on_delay: float = 0.0
    off_delay: float = 0.0
    ignores_shutdown: bool = False
    lost_commands: int = 0          # so many resets are accepted and forgotten
    stale_reads: int = 0            # so many reads after a change still show the state before
    refuse_reached: bool = False    # 400 InvalidOperationForSystemState where the state is reached
    reset_answer: str = "204"       # 204 | 200 | 202 | 202-without-location | 202-failed
    allowed: list | None = field(default_factory=lambda: ["On", "ForceOff", "GracefulShutdown", "GracefulRestart", "Nmi"])
    last_reset: str | None = None
    commands: list = field(default_factory=list)

    def __post_init__(self):
        self.uuid = self.uuid or str(uuid.uuid5(uuid.NAMESPACE_DNS, "bmc" + self.name + str(id(self))))
        self.serial = self.serial or "SN" + self.uuid[:8]
        self._shown, self._due = self.power, []

    def settle(self):
        now = time.monotonic()
        for at, state in [due for due in self._due if due[0] <= now]:
            self.power = state
        self._due = [due for due in self._due if due[0] > now]

    def etag(self):
        """Changes with the state."""
        self.settle()
        return f"{self.name}-{self.power}-{len(self.commands)}"

    def shown_power(self):
        self.settle()
        if self._shown != self.power and self.stale_reads > 0:
            self.stale_reads -= 1
            return self._shown
        self._shown = self.power
        return self.power

    def reset(self, kind):
        """Returns an error's MessageId, or None when it is accepted."""
        self.settle()
        wanted = "On" if kind in ("On", "ForceOn") else "Off"
        if self.refuse_reached and self.power == wanted:
            return "iLO.2.14.InvalidOperationForSystemState"
        self.commands.append(kind)
        if self.lost_commands > 0:
            self.lost_commands -= 1
        elif not (kind == "GracefulShutdown" and self.ignores_shutdown):
            delay = self.on_delay if wanted == "On" else self.off_delay
            self._due.append((time.monotonic() + delay, wanted))
            self.settle()
        return None


class Bmc:
    """A server on a port of 127.0.0.1; TLS with a self-signed key of its own unless tls=False."""

    def __init__(self, systems, folder=None, tls=True, max_sessions=8, lockout_after=5, lockout_seconds=30, with_sessions=True,
                 login_status=201, etags=None):
        """`etags`: None, "quoted" or "bare": a reset needs If-Match with the System's ETag in that form, else 428 and 412."""
        self.systems = {system.name: system for system in systems}
        self.folder, self.tls = folder, tls
        self.max_sessions, self.login_status, self.with_sessions = max_sessions, login_status, with_sessions
        self.lockout_after, self.lockout_seconds = lockout_after, lockout_seconds
        self.password = PASSWORD
        self.sessions, self.foreign_sessions = {}, 0
        self.wrong_passwords, self.locked_until = 0, 0.0
        self.updating, self.service_updating, self.page_size = False, False, None
        self.update_task, self.old_tasks = False, 0  # whether firmware is being written, as a task, after so many that have ended
        self.tasks_newest_first = False
        self.etags, self.honours_tokens = etags, True
        self.requests, self._faults, self._lock = [], [], threading.Lock()
        self.pin = ""

    # --- control

    def fail_next(self, method, path, kind, count=1):
        """kinds: html, plain, 404, 406, 429, 500, 503, 307, reset (nothing done), lost (done, no answer), cut, big, collection, slow,
        evil-307."""
        with self._lock:
            self._faults.append([method, path, kind, count])

    def count(self, method, path="*"):
        return sum(1 for seen in self.requests if seen[0] == method and fnmatch.fnmatch(seen[1], path))

    @property
    def address(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def settings(self):
        pin = f'pinned_key = "{self.pin}"' if self.pin else ""
        return f'address = "{self.address}"\n  {pin}'

    # --- life

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self, port=0):
        bmc = self

        class Bound(Handler):
            pass

        Bound.bmc = bmc
        self.server = ThreadingHTTPServer(("127.0.0.1", port), Bound, bind_and_activate=True)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        if self.tls:
            self.new_key()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.folder / "cert.pem", self.folder / "key.pem")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def new_key(self):
        """A self-signed certificate, as from the factory; its public key's pin."""
        run = lambda *words, **more: subprocess.run(["openssl", *words], check=True, capture_output=True, **more).stdout
        run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=bmc",
            "-keyout", str(self.folder / "key.pem"), "-out", str(self.folder / "cert.pem"))
        public = run("pkey", "-in", str(self.folder / "key.pem"), "-pubout", "-outform", "DER")
        self.pin = "sha256//" + base64.b64encode(hashlib.sha256(public).digest()).decode()

    # --- what a handler asks

    def take_fault(self, method, path):
        with self._lock:
            for fault in self._faults:
                if fault[0] == method and fnmatch.fnmatch(path, fault[1]) and fault[3] > 0:
                    fault[3] -= 1
                    return fault[2]
        return None

    def note(self, method, path):
        """For those who want to know when."""

    def answered(self, method, path):
        """Something was done and is about to be answered."""

    def locked(self):
        return time.monotonic() < self.locked_until

    def try_password(self, user, password):
        with self._lock:
            if self.locked():
                self.locked_until = time.monotonic() + self.lockout_seconds
                return False
            if user == USER and password == self.password:
                self.wrong_passwords = 0
                return True
            self.wrong_passwords += 1
            if self.wrong_passwords >= self.lockout_after:
                self.locked_until = time.monotonic() + self.lockout_seconds
            return False


ROOT = "/redfish/v1"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bmc: Bmc

    def log_message(self, *_):
        pass

    # --- answers

    def send(self, status, body=b"", kind="application/json", **headers):
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        elif isinstance(body, str):
            body = body.encode()
        self.send_response(status)
        if body or status != 204:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def refuse(self, status, message_id, message, **headers):
        info = {"MessageId": message_id, "Message": message}
        # One object where the schema has a list, as some send it.
        self.send(status, {"error": {"code": "Base.1.8.GeneralError", "message": "see ExtendedInfo",
                                     "@Message.ExtendedInfo": info if status == 400 else [info]}}, **headers)

    def break_off(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.close_connection = True
        self.connection.close()

    # --- the road

    def do_GET(self):
        self.serve("GET")

    def do_POST(self):
        self.serve("POST")

    def do_DELETE(self):
        self.serve("DELETE")

    def do_PATCH(self):
        self.serve("PATCH")

    def serve(self, method):
        bmc, path = self.bmc, self.path.split("?")[0]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        how = "session" if self.headers.get("X-Auth-Token") else "basic" if self.headers.get("Authorization") else "none"
        bmc.requests.append((method, path, how))
        bmc.note(method, path)
        fault = bmc.take_fault(method, path)
        if fault and fault != "lost":
            return self.fail(fault, path)
        answer = self.route(method, path.rstrip("/"), body)
        bmc.answered(method, path)
        if fault == "lost":
            self.break_off()
            return
        self.send(*answer[:2], **answer[2]) if isinstance(answer[2], dict) else self.refuse(*answer)

    def fail(self, kind, path):
        if kind == "reset":
            return self.break_off()
        if kind == "slow":
            time.sleep(3)
            return self.send(200, {})
        if kind == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(b'{"@odata.type": "#Comp')
            self.close_connection = True
            return None
        if kind == "big":
            return self.send(200, b" " * (8 << 20))
        if kind == "collection":
            return self.send(200, {"@odata.type": "#ComputerSystemCollection.ComputerSystemCollection", "Members": []})
        if kind == "307":
            return self.send(307, "<html>moved</html>", "text/html", Location=path + "/")
        if kind == "evil-307":
            return self.send(307, "<html>moved</html>", "text/html", Location="https://127.0.0.2:1" + path)
        if kind == "503":
            return self.send(503, "<html>starting</html>", "text/html", Retry_After="Thu, 01 Jan 2099 00:00:00 GMT")
        if kind in ("404", "406"):
            return self.send(int(kind), "<html>no</html>", "text/html")
        if kind == "429":
            return self.send(429, "slow down", "text/plain", Retry_After="2")
        if kind == "500":
            return self.send(500, "<html>oops \x1b[31m</html>", "text/html")
        if kind == "plain":
            return self.send(400, "The boot device is not known")
        return self.send(200, "<html>\x1b[2J login</html>", "text/html")

    def authenticated(self, path):
        bmc, token = self.bmc, self.headers.get("X-Auth-Token")
        if token is not None:
            return bmc.honours_tokens and token in bmc.sessions
        word = self.headers.get("Authorization") or ""
        if not word.startswith("Basic "):
            return False
        user, _, password = base64.b64decode(word[6:]).decode().partition(":")
        return bmc.try_password(user, password)

    def route(self, method, path, body):
        bmc = self.bmc
        if path == ROOT and method == "GET":
            return 200, self.root(), {}
        if path == ROOT + "/SessionService/Sessions" and method == "POST" and bmc.with_sessions:
            return self.log_in(body)
        if not self.authenticated(path):
            return 401, "Base.1.8.NoValidSession", "There is no valid session"
        if method == "DELETE":
            return self.log_out(path)
        parts = path[len(ROOT) + 1:].split("/")
        if method == "POST" and len(parts) == 4 and parts[0] == "Systems" and parts[3] == "ComputerSystem.Reset":
            return self.reset(parts[1], body)
        if method == "GET":
            document = self.document(parts)
            if document is not None:
                return 200, document, {"ETag": f'W/"{bmc.systems[parts[1]].etag()}"'} if self.has_etag(parts) else {}
        return 404, "Base.1.8.ResourceMissingAtURI", "no such resource"

    def has_etag(self, parts):
        return self.bmc.etags and parts[0] == "Systems" and len(parts) == 2

    def condition(self, system):
        """None when If-Match is as it must be, else the refusal."""
        bmc, given = self.bmc, self.headers.get("If-Match")
        if not bmc.etags:
            return None
        if given is None:
            return 428, "Base.1.8.PreconditionRequired", "If-Match is required"
        wanted = f'"{system.etag()}"' if bmc.etags == "quoted" else system.etag()
        return None if given == wanted else (412, "Base.1.8.PreconditionFailed", "The ETag does not match")

    def log_in(self, body):
        bmc = self.bmc
        wish = json.loads(body)
        if len(bmc.sessions) + bmc.foreign_sessions >= bmc.max_sessions:
            return 503, "IDRAC.2.1.RAC0218", "The maximum number of user sessions is reached"
        if not bmc.try_password(wish.get("UserName"), wish.get("Password")):
            return 401, "Base.1.8.ResourceAtUriUnauthorized", "Wrong user name or password"
        token, number = uuid.uuid4().hex, str(len(bmc.requests))
        bmc.sessions[token] = number
        body = b"" if bmc.login_status == 204 else {"@odata.type": "#Session.v1_3_0.Session", "Id": number}
        return bmc.login_status, body, {"X_Auth_Token": token, "Location": f"{ROOT}/SessionService/Sessions/{number}"}

    def log_out(self, path):
        bmc = self.bmc
        for token, number in list(bmc.sessions.items()):
            if path.endswith("/Sessions/" + number):
                del bmc.sessions[token]
                return 204, b"", {}
        return 404, "Base.1.8.ResourceMissingAtURI", "no such session"

    def reset(self, name, body):
        system = self.bmc.systems.get(name)
        if not system:
            return 404, "Base.1.8.ResourceMissingAtURI", "no such system"
        kind = json.loads(body).get("ResetType")
        if kind not in (system.allowed or ["On", "ForceOff", "GracefulShutdown"]):
            return 400, "Base.1.8.ActionParameterNotSupported", "ResetType is not supported"
        unmet = self.condition(system)
        if unmet:
            return unmet
        refused = system.reset(kind)
        if refused:
            return 400, refused, "The operation is not possible in this state"
        if system.reset_answer == "200":
            return 200, {"error": {"code": "Base.1.8.Success"}}, {}
        if system.reset_answer == "202-without-location":
            return 202, b"", {}
        if system.reset_answer.startswith("202"):
            return 202, b"", {"Location": f"{ROOT}/TaskService/Tasks/{system.reset_answer}"}
        return 204, b"", {}

    # --- documents

    def root(self):
        bmc = self.bmc
        root = {"@odata.id": ROOT + "/", "@odata.type": "#ServiceRoot.v1_5_0.ServiceRoot", "Systems": {"@odata.id": ROOT + "/Systems"},
                "Tasks": {"@odata.id": ROOT + "/TaskService"}, "UpdateService": {"@odata.id": ROOT + "/UpdateService"}}
        if bmc.with_sessions:
            root["Links"] = {"Sessions": {"@odata.id": ROOT + "/SessionService/Sessions"}}
        return root

    def document(self, parts):
        bmc, kind, name = self.bmc, parts[0], parts[1] if len(parts) > 1 else ""
        if kind == "Systems" and len(parts) == 1:
            return self.collection()
        if kind == "Systems" and len(parts) == 2 and name in bmc.systems:
            return self.system(bmc.systems[name])
        if kind == "Systems" and len(parts) == 3 and parts[2] == "ResetActionInfo":
            return {"@odata.type": "#ActionInfo.v1_1_2.ActionInfo",
                    "Parameters": [{"Name": "ResetType", "AllowableValues": ["ForceOn", "ForceOff"]}]}
        if kind == "Chassis" and name in bmc.systems:
            return self.chassis(bmc.systems[name], parts[2] if len(parts) > 2 else "")
        if kind == "Managers":
            return {"@odata.type": "#Manager.v1_9_0.Manager", "Status": {"State": "Updating" if bmc.updating else "Enabled"}}
        if kind == "UpdateService":
            return {"@odata.type": "#UpdateService.v1_8_0.UpdateService",
                    "Status": {"State": "Updating" if bmc.service_updating else "Enabled"}}
        if kind == "TaskService":
            return self.tasks(parts)
        return None

    def collection(self):
        bmc = self.bmc
        members = [{"@odata.id": f"{ROOT}/Systems/{name}"} for name in bmc.systems]
        document = {"@odata.type": "#ComputerSystemCollection.ComputerSystemCollection", "Members@odata.count": len(members)}
        if bmc.page_size:
            first = int(self.path.split("skip=")[1]) if "skip=" in self.path else 0
            if first + bmc.page_size < len(members):
                document["Members@odata.nextLink"] = f"{ROOT}/Systems?$skip={first + bmc.page_size}"
            members = members[first:first + bmc.page_size]
        document["Members"] = members
        return document

    def tasks(self, parts):
        bmc = self.bmc
        if len(parts) == 1:
            return {"@odata.type": "#TaskService.v1_1_6.TaskService", "Tasks": {"@odata.id": ROOT + "/TaskService/Tasks"}}
        if len(parts) == 2:
            members = [{"@odata.id": f"{ROOT}/TaskService/Tasks/old{i}"} for i in range(bmc.old_tasks)]
            members += [{"@odata.id": ROOT + "/TaskService/Tasks/update"}] if bmc.update_task else []
            if bmc.tasks_newest_first:
                members.reverse()
            return {"@odata.type": "#TaskCollection.TaskCollection", "Members": members}
        task = {"@odata.type": "#Task.v1_5_0.Task", "TaskState": "Running", "TaskStatus": "OK"}
        if parts[2] == "update":
            task["Payload"] = {"TargetUri": ROOT + "/UpdateService/Actions/UpdateService.SimpleUpdate"}
        elif parts[2].startswith("old"):
            task["TaskState"] = "Completed"
        elif parts[2] == "202-failed":
            task.update(TaskState="Completed", TaskStatus="Critical")
        return task

    def system(self, system):
        action = {"target": f"{ROOT}/Systems/{system.name}/Actions/ComputerSystem.Reset"}
        if system.allowed is None:
            action["@Redfish.ActionInfo"] = f"{ROOT}/Systems/{system.name}/ResetActionInfo"
        else:
            action["ResetType@Redfish.AllowableValues"] = system.allowed
        document = {"@odata.id": f"{ROOT}/Systems/{system.name}", "@odata.type": "#ComputerSystem.v1_13_0.ComputerSystem",
                    "UUID": system.uuid, "SerialNumber": system.serial, "PowerState": system.shown_power(),
                    "Status": {"State": "Enabled", "Health": system.health, "HealthRollup": system.health},
                    "ProcessorSummary": {"Count": 2, "LogicalProcessorCount": system.processors},
                    "MemorySummary": {"TotalSystemMemoryGiB": system.memory_gib}, "Actions": {"#ComputerSystem.Reset": action},
                    "Links": {"Chassis": [{"@odata.id": f"{ROOT}/Chassis/{system.chassis or system.name}"}],
                              "ManagedBy": [{"@odata.id": f"{ROOT}/Managers/1"}]}}
        if system.last_reset:
            document["LastResetTime"] = system.last_reset
        return document

    def chassis(self, system, part):
        here = f"{ROOT}/Chassis/{system.name}"
        if part == "Power" and system.watts_old is not None:
            return {"@odata.type": "#Power.v1_5_4.Power",
                    "PowerControl": [{"PowerConsumedWatts": 999, "PowerMetrics": {"AverageConsumedWatts": system.watts_old}}]}
        if part == "EnvironmentMetrics" and system.watts_new is not None:
            return {"@odata.type": "#EnvironmentMetrics.v1_3_0.EnvironmentMetrics", "PowerWatts": {"Reading": system.watts_new}}
        if part:
            return None
        holds = [{"@odata.id": f"{ROOT}/Systems/{name}"} for name in (self.bmc.systems if system.shared_chassis else [system.name])]
        document = {"@odata.type": "#Chassis.v1_14_0.Chassis", "Links": {"ComputerSystems": holds}}
        if system.watts_old is not None:
            document["Power"] = {"@odata.id": here + "/Power"}
        if system.watts_new is not None:
            document["EnvironmentMetrics"] = {"@odata.id": here + "/EnvironmentMetrics"}
        return document
