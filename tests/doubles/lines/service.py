"""The service that examples/provider-module speaks to, in one process with the tests: an HTTP server on loopback."""
import http.server
import socket
import struct
import threading
import time


class Service:
    def __init__(self):
        self.lock = threading.Condition()
        self.token = "lines-secret-0123456789"
        self.generation, self.desired, self.min, self.max = 1, 2, 1, 10
        self.machines = {"m-1": "running", "m-2": "running"}
        self.next_machine, self.operations, self.faults = 3, {}, []
        self.refused = False
        self.asked, self.write_count = [], 0
        self.holding, self.held, self.stopped = False, False, False
        self.began = time.monotonic()
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                service.answer(self, "")

            def do_POST(self):
                service.answer(self, self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        with self.lock:
            self.holding, self.stopped = False, True
            self.lock.notify_all()
        self.server.shutdown()
        self.server.server_close()

    # --- what tests do ---

    def fail_next(self, kind):
        with self.lock:
            if kind == "auth":
                self.refused = True
            else:
                self.faults.append(kind)

    def take_fault(self, *kinds):
        for kind in kinds:
            if kind in self.faults:
                self.faults.remove(kind)
                return kind
        return None

    def settle(self):
        with self.lock:
            for operation in self.operations.values():
                if operation["state"] == "running":
                    self.end(operation)

    def end(self, operation):
        if operation["kind"] == "grow":
            if operation["fails"]:
                operation["state"] = "failed no_capacity"
                return
            while len(self.machines) < self.desired:
                self.machines[f"m-{self.next_machine}"] = "running"
                self.next_machine += 1
        else:
            for machine in operation["machines"]:
                self.machines.pop(machine, None)
        operation["state"] = "done"

    # --- what the module asks ---

    def answer(self, handler, body):
        with self.lock:
            self.asked.append((time.monotonic() - self.began, handler.command, handler.path))
            writes = handler.command == "POST"
            if self.take_fault("stall"):
                self.lock.wait_for(lambda: self.stopped, timeout=60)
            if self.take_fault("reset"):
                return self.cut(handler)
            if self.refused or handler.headers.get("Authorization") != f"Bearer {self.token}":
                return self.send(handler, 401, "who are you\n")
            if self.take_fault("throttled"):
                return self.send(handler, 429, "slower\n", {"Retry-After": "2"})
            if self.take_fault("unwell"):
                return self.send(handler, 503, "unwell\n")
            if self.take_fault("html"):
                return self.send(handler, 200, "<html><body>Welcome to the wireless network</body></html>")
            status, text = self.act(handler.path, body) if writes else self.look(handler.path)
            lost = writes and status == 202 and self.take_fault("lost_reply")
            if writes and status == 202 and self.holding:
                self.held = True
                self.lock.notify_all()
                self.lock.wait_for(lambda: not self.holding, timeout=60)
            if lost:
                return self.cut(handler)
            return self.send(handler, status, text)

    @staticmethod
    def send(handler, status, text, headers=None):
        try:
            data = text.encode()
            handler.send_response(status)
            for name, value in (headers or {}).items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(data)))
            handler.end_headers()
            handler.wfile.write(data)
        except OSError:
            handler.close_connection = True

    @staticmethod
    def cut(handler):
        handler.close_connection = True
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.shutdown(socket.SHUT_RDWR)

    def pool_line(self):
        return f"pool web {self.desired} {self.min} {self.max} g{self.generation}\n"

    def look(self, path):
        if path.startswith("/pools"):
            machines = sorted(self.machines.items(), key=lambda item: int(item[0][2:]))
            lines = "".join(f"instance {name} {state} zone-a\n" for name, state in machines)
            if "from=2" not in path:
                return 200, "pool other 0 0 5 g1\nnext 2\n"
            if self.take_fault("cut_list"):
                return 200, self.pool_line() + lines[: len(lines) // 2].rsplit("\n", 1)[0] + "\n"
            return 200, self.pool_line() + lines + "end\n"
        if path == "/prices":
            return 200, "price standard 96000\nprice broken 0\nend\n"
        operation = self.operations.get(path.removeprefix("/operations/"))
        return (200, operation["state"] + "\n") if operation else (404, "no such thing\n")

    def act(self, path, body):
        generation, *words = body.split()
        if not path.startswith("/pools/web/"):
            return 404, "no such pool\n"
        if generation != f"g{self.generation}":
            return 409, "changed\n"
        if path.endswith("/size"):
            self.desired = int(words[0])
            operation = {"kind": "grow", "state": "running", "fails": bool(self.take_fault("no_capacity"))}
        else:
            for machine in words:
                self.machines[machine] = "stopping"
            self.desired -= len(words)
            operation = {"kind": "shrink", "state": "running", "machines": words}
        self.generation += 1
        self.write_count += 1
        name = f"op-{self.write_count}"
        self.operations[name] = operation
        return 202, f"operation {name}\n"
