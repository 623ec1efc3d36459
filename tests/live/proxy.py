"""A counting, misbehaving HTTP/1.1 proxy in front of one address: it shows what a client did, and does to it what networks do.

    with Proxy("127.0.1.1", 4646) as proxy:
        proxy.inject(DropReply(), method="PUT", path="^/v1/jobs", times=1)
        ... the client talks to proxy.address ...
        assert proxy.writes() == []

Bytes are passed on as they come, so event streams and blocking queries behave as they do without it. One thread a connection; a
connection to the client keeps one connection to the server behind it, and ends when either side does.
"""
import re
import select
import socket
import threading
import time
from dataclasses import dataclass, field

HEAD_LIMIT = 64 * 1024
CHUNK = 64 * 1024
WRITE_METHODS = ("PUT", "POST", "DELETE", "PATCH")
# Nomad's requests that write nothing though their method says so.
READING_PATHS = re.compile(r"^/v1/(job/[^?]+/plan|jobs/parse|validate/job|search(/fuzzy)?)(\?|$)")


@dataclass
class Request:
    """One request as it was seen; `status` is None while, and if, no answer went back, `fault` names what was done to it."""

    method: str
    path: str
    started: float
    headers: dict
    body: bytes
    status: int | None = None
    finished: float | None = None
    fault: str | None = None

    @property
    def is_write(self):
        return self.method in WRITE_METHODS and not READING_PATHS.match(self.path)


class Closed(Exception):
    """One of the two sides went away."""


class Fault:
    """What happens instead of the plain exchange. One that forwards has relay(client, head, body_pieces) for the server's answer, the
    others answer(client, request); both return whether the client's connection may be used again."""

    forwards = False


@dataclass
class Answer(Fault):
    """A whole answer made up here; nothing reaches the server."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain"
    headers: dict = field(default_factory=dict)

    def answer(self, client, request):
        request.status = self.status
        lines = [f"HTTP/1.1 {self.status} Made up", f"Content-Type: {self.content_type}", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        client.sendall("\r\n".join([*lines, "", ""]).encode() + self.body)
        return True


def pass_on(client, head, body_pieces):
    client.sendall(head)
    for piece in body_pieces:
        client.sendall(piece)
    return False


def text_500(text="rpc error: EOF"):
    return Answer(500, text.encode())


def html_page(status=200):
    return Answer(status, b"<!DOCTYPE html><html><body><h1>Welcome to the wifi</h1></body></html>", "text/html")


def redirect(place="http://127.0.0.1:9/elsewhere"):
    return Answer(307, b"", headers={"Location": place})


class Refuse(Fault):
    """Closes without forwarding and without a word."""

    def answer(self, client, request):
        return False


class Silence(Fault):
    """200 and then nothing, as Nomad's event stream does when it is denied; until the client leaves or the proxy stops."""

    def answer(self, client, request):
        request.status = 200
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
        wait_until_closed(client)
        return False


@dataclass
class DropReply(Fault):
    """Forwards, lets the server do it, and closes before a byte of the answer: the outcome is unknown to the client."""

    forwards = True

    def relay(self, client, head, body_pieces):
        for _ in body_pieces:
            pass
        return False


@dataclass
class HalfBody(Fault):
    """Forwards and passes the head and the first half of what comes first, then closes."""

    forwards = True

    def relay(self, client, head, body_pieces):
        client.sendall(head)
        first = next(body_pieces, b"")
        client.sendall(first[: max(len(first) // 2, 1)])
        return False


@dataclass
class Trickle(Fault):
    """Forwards and passes the answer a few bytes at a time."""

    bytes_at_once: int = 1
    pause_seconds: float = 0.05
    forwards = True

    def relay(self, client, head, body_pieces):
        client.sendall(head)
        for piece in body_pieces:
            for start in range(0, len(piece), self.bytes_at_once):
                client.sendall(piece[start : start + self.bytes_at_once])
                time.sleep(self.pause_seconds)
        return False


@dataclass
class ReplaceHeader(Fault):
    """Forwards and puts another value into one header of the answer, as in ReplaceHeader("X-Nomad-Index", "1")."""

    name: str
    value: str
    forwards = True

    def relay(self, client, head, body_pieces):
        pattern = re.compile(rb"(?im)^" + re.escape(self.name.encode()) + rb":[^\r\n]*")
        return pass_on(client, pattern.sub(f"{self.name}: {self.value}".encode(), head), body_pieces)


@dataclass
class Delay(Fault):
    """Forwards, and holds the answer back for a while."""

    seconds: float
    forwards = True

    def relay(self, client, head, body_pieces):
        time.sleep(self.seconds)
        return pass_on(client, head, body_pieces)


@dataclass
class Rule:
    fault: Fault
    method: str | None
    path: re.Pattern
    left: int | None


class Proxy:
    """Listens on 127.0.0.1 at a port of its own, or at the host given, from start() to stop()."""

    def __init__(self, upstream_host, upstream_port, host="127.0.0.1"):
        self.upstream = (upstream_host, upstream_port)
        self.listener = socket.create_server((host, 0), backlog=256)
        self.host, self.port = self.listener.getsockname()
        self.lock = threading.Lock()
        self.requests = []
        self.rules = []
        self.open_sockets = set()
        self.running = threading.Event()
        self.running.set()
        self.stopping = False
        self.thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def address(self):
        return f"http://{self.host}:{self.port}"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        return self.__enter__()

    def stop(self):
        self.stopping = True
        self.running.set()
        # Closing alone would leave accept() waiting.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()

    def cut(self):
        """Breaks every connection that is open now."""
        with self.lock:
            sockets = list(self.open_sockets)
        for each in sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def freeze(self):
        """From now on nothing passes in either direction; connections are still accepted. thaw() lets go on what waited."""
        self.running.clear()

    def thaw(self):
        self.running.set()

    def inject(self, fault, method=None, path="", times=None):
        """The fault for the next `times` requests (None: all) of that method whose path and query match the pattern."""
        with self.lock:
            self.rules.append(Rule(fault, method, re.compile(path), times))

    def clear_faults(self):
        with self.lock:
            self.rules.clear()

    def seen(self, method=None, path=""):
        """The requests so far, oldest first, of that method and whose path and query match the pattern."""
        with self.lock:
            return [each for each in self.requests if method in (None, each.method) and re.search(path, each.path)]

    def writes(self):
        return [each for each in self.seen() if each.is_write]

    def forget(self):
        with self.lock:
            self.requests.clear()

    def _accept(self):
        while not self.stopping:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        connection = Connection(self, client)
        with self.lock:
            self.open_sockets.add(client)
        try:
            while connection.exchange():
                pass
        except (OSError, Closed):
            pass
        finally:
            with self.lock:
                self.open_sockets.discard(client)
                self.open_sockets.discard(connection.server)
            connection.close()

    def note(self, request):
        """Records a request and gives the fault that is due, or None."""
        with self.lock:
            self.requests.append(request)
            for rule in self.rules:
                if rule.left != 0 and rule.method in (None, request.method) and rule.path.search(request.path):
                    if rule.left is not None:
                        rule.left -= 1
                    request.fault = type(rule.fault).__name__
                    return rule.fault
        return None

    def opened(self, server):
        with self.lock:
            self.open_sockets.add(server)


class Connection:
    """One client's connection and the one behind it."""

    def __init__(self, proxy, client):
        self.proxy = proxy
        self.client = client
        self.server = None
        self.client_bytes = b""
        self.server_bytes = b""

    def close(self):
        self.client.close()
        if self.server is not None:
            self.server.close()

    def exchange(self):
        """One request and its answer; whether another may follow on this connection."""
        head = self._read_head_of_client()
        if head is None:
            return False
        method, path, headers = parse_head(head)
        body = b"".join(self._body(headers, self._more_of_client))
        request = Request(method, path, time.monotonic(), headers, decoded(headers, body))
        fault = self.proxy.note(request)
        self.proxy.running.wait()
        if fault is not None and not fault.forwards:
            keep = fault.answer(self.client, request)
        else:
            keep = self._forward(request, head, body, fault)
        request.finished = time.monotonic()
        return keep and headers.get("connection", "").lower() != "close"

    def _forward(self, request, head, body, fault):
        if self.server is None:
            self.server = socket.create_connection(self.proxy.upstream, timeout=10)
            self.server.settimeout(None)
            self.proxy.opened(self.server)
        self.server.sendall(head + body)
        status = 100
        while status < 200:
            # An interim 100 is not passed on: the body has gone already.
            answer = self._read_head(self._more_of_server, "server_bytes")
            status, headers = parse_answer(answer)
        pieces = self._answer_body(request.method, status, headers)
        self.proxy.running.wait()
        if fault is not None:
            keep = fault.relay(self.client, answer, pieces)
            request.status = None if isinstance(fault, DropReply) else status
            return keep
        request.status = status
        self.client.sendall(answer)
        for piece in pieces:
            self.proxy.running.wait()
            self.client.sendall(piece)
        return has_length(request.method, status, headers) and headers.get("connection", "").lower() != "close"

    def _answer_body(self, method, status, headers):
        if not has_length(method, status, headers):
            return self._until_closed()
        if method == "HEAD" or status in (204, 304):
            return iter(())
        return self._body(headers, self._more_of_server, "server_bytes")

    def _until_closed(self):
        while True:
            if self.server_bytes:
                piece, self.server_bytes = self.server_bytes, b""
                yield piece
            try:
                self._more_of_server()
            except Closed:
                return

    def _body(self, headers, more, name="client_bytes"):
        """The body's bytes as they stand on the wire, chunk frames included, in pieces as they arrive."""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            yield from self._chunked(more, name)
            return
        left = int(headers.get("content-length", "0"))
        while left > 0:
            while not getattr(self, name):
                more()
            piece, rest = getattr(self, name)[:left], getattr(self, name)[left:]
            setattr(self, name, rest)
            left -= len(piece)
            yield piece

    def _chunked(self, more, name):
        while True:
            line = self._take_through(b"\r\n", more, name)
            yield line
            size = int(line.split(b";")[0], 16)
            left = size + 2 if size else 0
            while left > 0:
                while not getattr(self, name):
                    more()
                piece = getattr(self, name)[:left]
                setattr(self, name, getattr(self, name)[left:])
                left -= len(piece)
                yield piece
            if size == 0:
                # Trailer fields, if any, then an empty line.
                while line != b"\r\n":
                    line = self._take_through(b"\r\n", more, name)
                    yield line
                return

    def _take_through(self, mark, more, name):
        while mark not in getattr(self, name):
            if len(getattr(self, name)) > HEAD_LIMIT:
                raise Closed("too long a line")
            more()
        taken, _, rest = getattr(self, name).partition(mark)
        setattr(self, name, rest)
        return taken + mark

    def _read_head_of_client(self):
        try:
            return self._read_head(self._more_of_client, "client_bytes")
        except Closed:
            return None

    def _read_head(self, more, name):
        return self._take_through(b"\r\n\r\n", more, name)

    def _more_of_client(self):
        piece = self.client.recv(CHUNK)
        if not piece:
            raise Closed("client")
        self.client_bytes += piece

    def _more_of_server(self):
        """Waits for either side: a client that leaves a blocking query or a stream ends it at the server, too."""
        while True:
            ready, _, _ = select.select([self.server, self.client], [], [])
            if self.client in ready:
                early = self.client.recv(CHUNK)
                if not early:
                    raise Closed("client")
                self.client_bytes += early
            if self.server in ready:
                piece = self.server.recv(CHUNK)
                if not piece:
                    raise Closed("server")
                self.server_bytes += piece
                return


def parse_fields(lines):
    fields = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in fields}


def parse_head(head):
    lines = head.decode("latin-1").split("\r\n")
    method, path, _ = lines[0].split(" ", 2)
    return method, path, parse_fields(lines[1:])


def parse_answer(head):
    lines = head.decode("latin-1").split("\r\n")
    return int(lines[0].split(" ")[1]), parse_fields(lines[1:])


def has_length(method, status, headers):
    if method == "HEAD" or status in (204, 304):
        return True
    return "content-length" in headers or headers.get("transfer-encoding", "").lower() == "chunked"


def decoded(headers, body):
    """A request's body without its chunk frames."""
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return body
    parts = []
    while body:
        line, _, body = body.partition(b"\r\n")
        size = int(line.split(b";")[0] or b"0", 16)
        parts.append(body[:size])
        body = body[size + 2 :] if size else b""
    return b"".join(parts)


def wait_until_closed(client):
    try:
        while client.recv(CHUNK):
            pass
    except OSError:
        pass
