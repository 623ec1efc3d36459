"""A small blocking HTTP client for tests, and waiting with a reason."""
import http.client
import json
import time
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass
class Answer:
    method: str
    path: str
    status: int
    headers: dict
    body: bytes

    def json(self):
        """The body as JSON; a body that is none is an assertion failure that shows it."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise AssertionError(f"{self}: not JSON: {self.text()[:300]!r}") from None

    def text(self):
        return self.body.decode(errors="replace")

    def expect(self, status):
        assert self.status == status, f"{self}, expected {status}: {self.text()[:300]}"
        return self

    def __str__(self):
        return f"{self.method} {self.path}: {self.status}"


class Api:
    """One address, one token, a new connection for every call."""

    def __init__(self, address, token=None, timeout=10):
        self.address = address
        self.token = token
        self.timeout = timeout

    def call(self, method, path, body=None, headers=None):
        place = urlsplit(self.address)
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=self.timeout)
        all_headers = {"X-Nomad-Token": self.token} if self.token else {}
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            all_headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body=body, headers={**all_headers, **(headers or {})})
            response = connection.getresponse()
            return Answer(method, path, response.status, dict(response.headers), response.read())
        finally:
            connection.close()

    def get(self, path):
        return self.call("GET", path)

    def put(self, path, body=None):
        return self.call("PUT", path, body)

    def delete(self, path):
        return self.call("DELETE", path)


def wait_for(test, seconds, what):
    """Calls `test` until it answers something true and gives that back. A refused connection, or an answer that is no JSON yet, is
    `not yet`; whatever else it raises goes through."""
    deadline = time.monotonic() + seconds
    last = None
    while True:
        try:
            last = test()
            if last:
                return last
        except (OSError, http.client.HTTPException, AssertionError) as error:
            last = error
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}; last answer: {last!r}")
        time.sleep(0.1)
