"""What a handler gives back, and the shapes that ARM gives its errors."""
import json
from dataclasses import dataclass, field


@dataclass
class Reply:
    status: int
    body: object = None  # None: empty; str or bytes: as it is; else JSON
    headers: dict = field(default_factory=dict)

    def encoded(self):
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body).encode()

    def content_type(self):
        return "text/html" if isinstance(self.body, str) else "application/json; charset=utf-8"


class Refusal(Exception):
    """Ends a handler with ARM's error body."""

    def __init__(self, status, code, message, details=None, headers=None):
        super().__init__(f"{status} {code}: {message}")
        error = {"code": code, "message": message}
        if details:
            error["details"] = details
        self.reply = Reply(status, {"error": error}, dict(headers or {}))


def not_found(resource_id):
    kind = "/".join(part for part in resource_id.split("/providers/")[-1].split("/"))
    return Refusal(404, "ResourceNotFound", f"The Resource '{kind}' was not found.")
