"""The HTTP interface against callers that may not, and against requests that are wrong."""
import json
import os
import socket

import pytest

from live.http_api import Api
from scenario.world import job


@pytest.fixture
def agent(scene):
    return scene.start()


def raw(agent, text, body=b"", seconds=10):
    """Bytes as they are; the status and the whole answer. Status 0: closed without an answer."""
    with socket.create_connection(("127.0.0.1", agent.port), timeout=seconds) as connection:
        connection.sendall(text.replace("\n", "\r\n").encode() + body)
        answer = b""
        try:
            while b"\r\n\r\n" not in answer or not complete(answer):
                piece = connection.recv(65536)
                if not piece:
                    break
                answer += piece
        except ConnectionResetError:
            pass
    return (int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/") else 0), answer.decode(errors="replace")


def complete(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return len(body) >= int(line.split(b":")[1])
    return False


def request(agent, path="/v1/drover/status", method="GET", host=None, token=True, more=""):
    token_line = f"X-Nomad-Token: {agent.token_file.read_text().strip()}\n" if token else ""
    return f"{method} {path} HTTP/1.1\nHost: {host or f'127.0.0.1:{agent.port}'}\n{token_line}{more}\n"


def test_without_a_token_or_with_a_wrong_one_nothing_is_told(agent):
    for api in (Api(agent.address), Api(agent.address, "wrong")):
        for path in ("status", "regions", "jobs", "audit", "nothing-there", "monitor"):
            answer = api.get(f"/v1/drover/{path}")
            assert answer.status in (401, 403) and answer.json()["Error"]["Code"] == "denied"
        assert api.put("/v1/drover/freeze", {"Reason": "mine"}).status in (401, 403)
    assert agent.get("status")["Frozen"] is None
    bearer = {"Authorization": f"Bearer {agent.token_file.read_text().strip()}"}
    Api(agent.address).call("GET", "/v1/drover/status", headers=bearer).expect(200)


def test_the_token_file_is_its_owners_alone(agent):
    assert agent.token_file.stat().st_mode & 0o777 == 0o600


def test_a_foreign_host_or_origin_is_refused(agent):
    for host in ("evil.example", f"evil.example:{agent.port}", "127.0.0.1:1", "127.0.0.1.evil.example"):
        assert raw(agent, request(agent, host=host))[0] in (400, 403), host
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{agent.port}.evil.example"):
        assert raw(agent, request(agent, more=f"Origin: {origin}\n"))[0] == 403, origin
    assert raw(agent, request(agent, more=f"Origin: http://127.0.0.1:{agent.port}\n"))[0] == 200
    assert raw(agent, request(agent, host=f"localhost:{agent.port}"))[0] == 200


def test_bodies_without_one_clear_length_are_refused(agent):
    chunked = request(agent, "/v1/drover/freeze", "PUT", more="Transfer-Encoding: chunked\n")
    assert raw(agent, chunked, b"2\r\n{}\r\n0\r\n\r\n")[0] == 411
    both = request(agent, "/v1/drover/freeze", "PUT", more="Content-Length: 2\nTransfer-Encoding: chunked\n")
    assert raw(agent, both, b"2\r\n{}\r\n0\r\n\r\n")[0] in (0, 400, 411)
    for length in ("-1", "1e3", "99999999999999999999"):
        wrong = request(agent, "/v1/drover/freeze", "PUT", more=f"Content-Length: {length}\n")
        assert raw(agent, wrong, b"{}")[0] in (0, 400, 413), length
    assert agent.get("status")["Frozen"] is None


def test_a_body_over_eight_mebibytes_is_refused_before_it_is_read(agent):
    huge = request(agent, "/v1/drover/jobs", "POST", more=f"Content-Length: {100 * 1024 * 1024}\n")
    status, answer = raw(agent, huge)
    assert status == 413 and "too_large" in answer
    agent.get("status")


def test_a_job_id_may_not_climb(agent):
    for path in ("job/..", "job/%2e%2e", "job/a%2F..%2Fb", "job/..%2F..%2Fetc", "explain/..", "job/%zz", "job/%00", "job/a//b"):
        assert raw(agent, request(agent, f"/v1/drover/{path}"))[0] in (400, 403, 404), path
    assert agent.api.delete("/v1/drover/job/%2e%2e").status in (400, 404)


def test_bodies_that_are_no_request_are_refused_one_by_one(agent, scene):
    bodies = [b"", b"{", b"[]", b"null", b"{} {}", b'{"Job":1}', b'{"Job":{}}', b'{"JobHCL":1}', b'{"JobHCL":"x","Job":{}}', b'{"Jobb":{}}',
              b'{"JobHCL":"a","JobHCL":"b"}', b'{"JobHCL":"\xff\xfe"}', b'{"JobHCL":"\\ud800"}', b'{"JobHCL":"a\\u0000b"}', b"[" * 100000,
              b'{"Job":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}", json.dumps({"Job": job("x" * 5000)}).encode(),
              json.dumps({"Job": job("a\nb")}).encode(), json.dumps({"Job": job("web", count=-1)}).encode(),
              json.dumps({"Job": job("web", count=2**62)}).encode(), json.dumps({"Job": job("web", cpu=2**62)}).encode(),
              json.dumps({"Job": {**job("web"), "TaskGroups": []}}).encode(), json.dumps({"Job": {**job("web"), "ID": ""}}).encode(),
              json.dumps({"JobHCL": 'job "web" {'}).encode(), json.dumps({"JobHCL": "{" * 200000}).encode()]
    for body in bodies:
        answer = agent.api.call("POST", "/v1/drover/jobs", body)
        assert 400 <= answer.status < 500 or answer.status == 507, f"{body[:80]}: {answer.status} {answer.text()[:300]}"
        assert answer.json()["Error"]["Message"], body[:80]
        assert len(answer.body) < 4096, body[:80]
    assert scene.sim.writes() == 0 and agent.get("jobs")["Jobs"] == []


def test_noise_instead_of_a_request_harms_nothing(agent):
    for noise in (os.urandom(4096), b"GET / HTTP/9.9\r\n\r\n", b"\0" * 1000, b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
                  b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /v1/drover/status HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 5000 + b"\r\n"):
        assert raw(agent, "", noise, seconds=5 if noise[:1] in b"GP" else 1)[0] in (0, 400, 403, 404, 413, 414, 431, 505) if noise[:3] in (b"GET", b"PRI") else True
    agent.get("status")


def test_unknown_paths_and_methods_are_told(agent):
    assert agent.api.get("/v1/drover/nothing").status == 404
    wrong = agent.api.call("PATCH", "/v1/drover/status")
    assert wrong.status == 405 and "GET" in {name.lower(): value for name, value in wrong.headers.items()}["allow"]
    assert agent.api.put("/v1/drover/sim/dark", {"Region": "dc-fra1"}).status == 404
    for limit in ("0", "-1", "x", "1001", "99999999999999999999"):
        assert agent.api.get(f"/v1/drover/audit?limit={limit}").status == 400, limit


def test_a_hundred_idle_callers_keep_nobody_out(agent):
    idle = [socket.create_connection(("127.0.0.1", agent.port)) for _ in range(100)]
    try:
        agent.get("status")
    finally:
        for each in idle:
            each.close()
