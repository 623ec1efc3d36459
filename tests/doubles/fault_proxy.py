"""An HTTP proxy in front of a double that spoils what passes: chosen by the request's text, so many times.

    proxy = FaultProxy(double.url).start()
    proxy.fault("reset", match="Action=SetDesiredCapacity", times=1)
    proxy.url                            what the module is pointed to

Faults: "refuse" closes before anything is forwarded; "reset" forwards, then resets the connection instead of answering (the
write happened, its answer is lost); "cut" answers half of the body; "twice" forwards twice and gives the second answer;
"status" answers `status` with `body`, nothing is forwarded; "after_status" the same after forwarding; "html" answers 200 with
a page, forwarded; "slow" waits `seconds` before the answer; "hold" forwards and answers only after release(); "date" moves the
answer's Date by `seconds`; "huge" answers 200 with `size` bytes; "header" adds `headers`.

Another process controls it by POST /_fault with the arguments of fault() as JSON, and DELETE /_fault. Or run as a program:
python -m doubles.fault_proxy UPSTREAM_URL [PORT] (in tests/); it prints its address."""
import http.client
import json
import socket
import struct
import sys
import threading
import time
import urllib.parse
from email.utils import formatdate, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"<!DOCTYPE html><html><body><h1>It works</h1></body></html>"
HOP = {"connection", "keep-alive", "transfer-encoding", "date", "server", "content-length"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def forward(self, body):
        upstream = self.server.proxy.upstream
        kind = http.client.HTTPSConnection if upstream.scheme == "https" else http.client.HTTPConnection
        options = {"context": self.server.proxy.context} if upstream.scheme == "https" else {}
        connection = kind(upstream.hostname, upstream.port, timeout=60, **options)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, answer.getheaders(), data

    def send(self, status, headers, data, length=None, date=None):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP:
                self.send_header(name, value)
        self.send_header("Date", date or next((v for n, v in headers if n.lower() == "date"), formatdate(usegmt=True)))
        self.send_header("Content-Length", str(len(data) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
            self.wfile.flush()

    def drop(self, reset):
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        proxy = self.server.proxy
        if self.path == "/_fault":
            if self.command == "DELETE":
                proxy.clear()
            else:
                proxy.fault(**json.loads(body))
            self.send(200, [], b"{}")
            return
        text = f"{self.command} {self.path}\n{self.headers}\n".encode() + body
        fault = proxy.take(text.decode(errors="replace"))
        try:
            self.spoil(fault or {"kind": "none"}, body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def spoil(self, fault, body):
        kind = fault["kind"]
        if kind == "refuse":
            return self.drop(reset=False)
        if kind == "status":
            return self.send(fault["status"], list(fault.get("headers", {}).items()), fault.get("body", "").encode())
        if kind == "huge":
            chunk = b"x" * 65536
            self.send(200, [], chunk, length=fault["size"])
            for _ in range(fault["size"] // len(chunk) - 1):
                self.wfile.write(chunk)
            return None
        if kind == "twice":
            self.forward(body)
        status, headers, data = self.forward(body)
        if kind == "reset":
            return self.drop(reset=True)
        if kind == "cut":
            self.send(status, headers, data[:len(data) // 2], length=len(data))
            return self.drop(reset=False)
        if kind == "after_status":
            return self.send(fault["status"], [], fault.get("body", "").encode())
        if kind == "html":
            return self.send(200, [("Content-Type", "text/html")], PAGE)
        if kind == "slow":
            time.sleep(fault["seconds"])
        if kind == "hold":
            self.server.proxy.arrived.set()
            self.server.proxy.released.wait(60)
        if kind == "header":
            headers = headers + list(fault["headers"].items())
        date = None
        if kind == "date":
            said = next((v for n, v in headers if n.lower() == "date"), formatdate(usegmt=True))
            date = formatdate(parsedate_to_datetime(said).timestamp() + fault["seconds"], usegmt=True)
        return self.send(status, headers, data, date=date)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_any


class FaultProxy:
    def __init__(self, upstream, port=0, context=None):
        """`context`: the TLS context for an https upstream; the proxy itself speaks plain HTTP on the loopback address."""
        self.upstream = urllib.parse.urlsplit(upstream)
        self.context = context
        self.faults = []
        self.requests, self.times = [], []  # texts, and when each came (time.monotonic)
        self.arrived, self.released = threading.Event(), threading.Event()
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.server.proxy = self
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def fault(self, kind, match="", times=1, skip=0, **more):
        """The next `times` requests whose text holds `match` are spoiled, after `skip` of them passed."""
        with self.lock:
            self.faults.append({"kind": kind, "match": match, "times": times, "skip": skip, **more})

    def release(self):
        """Lets what "hold" holds go on."""
        self.released.set()

    def clear(self):
        with self.lock:
            self.faults.clear()

    def take(self, text):
        with self.lock:
            self.requests.append(text)
            self.times.append(time.monotonic())
            for fault in self.faults:
                if fault["match"] not in text:
                    continue
                if fault["skip"] > 0:
                    fault["skip"] -= 1
                    continue
                fault["times"] -= 1
                if fault["times"] <= 0:
                    self.faults.remove(fault)
                return dict(fault)
        return None

    def start(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


if __name__ == "__main__":
    running = FaultProxy(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    print(running.url, flush=True)
    running.server.serve_forever()
