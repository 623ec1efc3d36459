"""The proxy that other tests count writes with, against a small server of its own."""
import http.client
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from live import proxy as faults
from live.http_api import Api, wait_for
from live.proxy import Proxy


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/v1/event/stream":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            for number in range(3):
                self.wfile.write(json.dumps({"Index": number}).encode() + b"\n")
                time.sleep(0.2)
            self.close_connection = True
        elif self.path == "/chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
        else:
            self.answer(b'{"Path": "' + self.path.encode() + b'"}')

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(body)
        self.answer(b"{}")

    do_DELETE = do_GET

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Nomad-Index", "42")
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.bodies = []
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def proxy(server):
    with Proxy("127.0.0.1", server.server_port) as running:
        yield running


@pytest.fixture
def api(proxy):
    return Api(proxy.address, timeout=2)


def test_passes_requests_and_answers_on_one_kept_connection(proxy):
    connection = http.client.HTTPConnection(proxy.host, proxy.port, timeout=2)
    for path in ("/v1/a", "/chunked", "/v1/b?x=1"):
        connection.request("GET", path)
        assert connection.getresponse().read() in (b'{"Path": "/v1/a"}', b"hello world", b'{"Path": "/v1/b?x=1"}')
    assert [(each.path, each.status) for each in proxy.seen()] == [("/v1/a", 200), ("/chunked", 200), ("/v1/b?x=1", 200)]


def test_counts_as_writes_what_writes_and_nothing_else(proxy, api):
    for path in ("/v1/job/web/plan", "/v1/jobs/parse", "/v1/validate/job", "/v1/search", "/v1/job/a%2Fb/plan?namespace=x"):
        api.put(path, {})
    api.get("/v1/jobs")
    assert proxy.writes() == []
    api.put("/v1/jobs", {"Job": {}})
    api.put("/v1/job/plan", {})
    api.delete("/v1/job/web")
    assert [(each.method, each.path) for each in proxy.writes()] == \
        [("PUT", "/v1/jobs"), ("PUT", "/v1/job/plan"), ("DELETE", "/v1/job/web")]
    assert json.loads(proxy.writes()[0].body) == {"Job": {}}


def test_passes_a_stream_on_line_by_line_as_it_comes(proxy):
    connection = http.client.HTTPConnection(proxy.host, proxy.port, timeout=2)
    started = time.monotonic()
    connection.request("GET", "/v1/event/stream")
    response = connection.getresponse()
    assert response.readline() == b'{"Index": 0}\n'
    assert time.monotonic() - started < 0.15
    assert response.read() == b'{"Index": 1}\n{"Index": 2}\n'


def test_a_dropped_reply_reaches_the_server_and_not_the_client(proxy, api, server):
    proxy.inject(faults.DropReply(), method="PUT", path="^/v1/jobs$", times=1)
    with pytest.raises((http.client.HTTPException, OSError)):
        api.put("/v1/jobs", {"Job": 1})
    assert server.bodies == [b'{"Job": 1}']
    assert proxy.seen("PUT")[0].fault == "DropReply" and proxy.seen("PUT")[0].status is None
    assert api.put("/v1/jobs", {"Job": 2}).status == 200


def test_made_up_answers_reach_the_client_and_not_the_server(proxy, api, server):
    proxy.inject(faults.text_500("rpc error: EOF"), method="PUT", times=1)
    proxy.inject(faults.html_page(), method="PUT", times=1)
    proxy.inject(faults.redirect(), method="PUT", times=1)
    answers = [api.put("/v1/jobs", {}) for _ in range(3)]
    assert [answer.status for answer in answers] == [500, 200, 307]
    assert answers[0].text() == "rpc error: EOF" and "<html>" in answers[1].text() and "Location" in answers[2].headers
    assert server.bodies == []


def test_half_a_body_a_trickle_a_wrong_index_a_delay(proxy, api):
    proxy.inject(faults.HalfBody(), path="half", times=1)
    with pytest.raises(http.client.IncompleteRead):
        api.get("/half")
    proxy.inject(faults.Trickle(pause_seconds=0.01), path="slow", times=1)
    assert api.get("/slow").json() == {"Path": "/slow"}
    proxy.inject(faults.ReplaceHeader("X-Nomad-Index", "1"), path="index", times=1)
    assert api.get("/index").headers["X-Nomad-Index"] == "1"
    proxy.inject(faults.Delay(0.3), path="late", times=1)
    started = time.monotonic()
    assert api.get("/late").status == 200 and time.monotonic() - started >= 0.3


def test_frozen_nothing_passes_and_thawed_what_waited_goes_on(proxy, api):
    proxy.freeze()
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(api.get("/v1/a").status))
    waiting.start()
    time.sleep(0.3)
    assert answers == []
    proxy.thaw()
    waiting.join(2)
    assert answers == [200]


def test_silence_is_a_status_and_nothing_more(proxy, api):
    api.timeout = 0.3
    proxy.inject(faults.Silence(), path="stream")
    with pytest.raises(TimeoutError):
        api.get("/v1/event/stream")
    wait_for(lambda: proxy.seen()[0].finished, 2, "the proxy to notice that the client left")


def test_stop_frees_the_port_and_breaks_what_is_open(server):
    proxy = Proxy("127.0.0.1", server.server_port).start()
    connection = http.client.HTTPConnection(proxy.host, proxy.port, timeout=2)
    connection.request("GET", "/v1/a")
    connection.getresponse().read()
    proxy.stop()
    with pytest.raises((http.client.HTTPException, OSError)):
        connection.request("GET", "/v1/b")
        connection.getresponse()
    with pytest.raises(ConnectionRefusedError):
        Api(proxy.address).get("/v1/a")
