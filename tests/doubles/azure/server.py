"""The double on two loopback ports: TLS for ARM, authority and prices; plain HTTP for the metadata service.

    with Double(folder) as double:
        double.world.add_scale_set("pool-a", capacity=2)
        ... double.arm_url, double.identity_url, double.ca_file ...
"""
import json
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from . import control
from .certificates import make_server_certificate
from .reply import Reply
from .world import World


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        split = urlsplit(target)
        self.path = unquote(split.path)
        self.query = dict(parse_qsl(split.query, keep_blank_values=True))

    def json(self):
        value = json.loads(self.body or b"{}")
        return value if isinstance(value, dict) else {}

    def form(self):
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: together with delayed acknowledgements 40 ms each

    def log_message(self, *_):
        pass

    def read_request(self):
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, self.path, headers, self.rfile.read(length))

    def handle_any(self):
        world = self.server.world
        request = self.read_request()
        if request.path.startswith("/_double/"):
            return self.send(control.handle(world, request), self.command)
        with world.lock:
            entry = {"method": request.method, "target": request.target, "headers": request.headers,
                     "body": request.body.decode(errors="replace"), "at": time.monotonic()}
            world.log.append(entry)
            fault = world.faults.strike(request.method, request.target) or {}
            if fault.get("close") == "before":
                return self.cut(b"")
            if "answer" in fault:
                answer = fault["answer"]
                reply = Reply(answer["status"], answer.get("body"), answer.get("headers", {}))
            else:
                reply = self.server.serve(request)
            if "rewrite" in fault:
                reply.body = {**reply.body, **fault["rewrite"]}
            entry["status"] = reply.status
        if fault.get("hold"):
            world.held.set()
            world.gate.wait(60)
        if fault.get("delay"):
            threading.Event().wait(fault["delay"])
        if fault.get("close"):
            return self.cut(reply.encoded() if fault["close"] == "cut" else b"")
        return self.send(reply, request.method)

    def cut(self, body):
        """Ends the connection without, or in the middle of, an answer."""
        if body:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
            self.wfile.write(body[: len(body) // 2])
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def send(self, reply, method):
        body = reply.encoded()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if body and not any(name.lower() == "content-type" for name in reply.headers):
            self.send_header("Content-Type", reply.content_type())
        if reply.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("x-ms-request-id", "00000000-0000-0000-0000-000000000000")
        self.end_headers()
        if method != "HEAD" and reply.status != 204:
            self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = handle_any


class Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, world, serve, context=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.world, self.serve, self.context = world, serve, context

    def finish_request(self, request, client_address):
        """TLS is shaken in the connection's own thread, so that a slow client holds nobody."""
        if self.context:
            request.settimeout(30)
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        pass  # resets are part of the play


class Double:
    def __init__(self, folder):
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.ca_file, certificate, key = make_server_certificate(folder)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.world = World()
        self.listeners = [Listener(self.world, self.world.serve, self.context), Listener(self.world, self.world.serve_metadata)]
        secure, plain = (listener.server_address[1] for listener in self.listeners)
        self.arm_url = f"https://127.0.0.1:{secure}"
        self.identity_url = f"http://127.0.0.1:{plain}"
        self.world.arm_url = self.world.authority_url = self.world.price_url = self.arm_url
        self.world.identity_url = self.identity_url
        self.threads = [threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True) for one in self.listeners]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        for listener in self.listeners:
            listener.shutdown()
            listener.server_close()
