"""How answers look: XML of the two query protocols, JSON 1.1, and the errors of each."""
import json
from datetime import datetime, timezone
from xml.sax.saxutils import escape


class Refusal(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def moment(seconds):
    """Text stays what it is: a test's senseless moment."""
    if isinstance(seconds, str):
        return seconds
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def xml(name, value, item):
    """A tree of dictionaries, lists (their elements are called `item`) and plain values."""
    if value is None:
        return ""
    if isinstance(value, dict):
        inner = "".join(xml(key, part, item) for key, part in value.items())
    elif isinstance(value, list):
        inner = "".join(xml(item, part, item) for part in value)
    elif isinstance(value, bool):
        inner = "true" if value else "false"
    else:
        inner = escape(str(value))
    return f"<{name}>{inner}</{name}>"


def ec2(action, value):
    body = "".join(xml(key, part, "item") for key, part in value.items())
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<{action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
            f"<requestId>r-1</requestId>{body}</{action}Response>")


def query(action, value):
    body = xml(f"{action}Result", value, "member")
    return f'<{action}Response xmlns="http://amazonaws.com/doc/">{body}</{action}Response>'


def refusal(service, error):
    """(body, content type)"""
    if service == "ec2":
        return (f'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>{error.code}</Code><Message>'
                f"{escape(error.message)}</Message></Error></Errors><RequestID>r-1</RequestID></Response>", "text/xml")
    if service in ("pricing", "servicequotas"):
        return json.dumps({"__type": error.code, "message": error.message}), "application/x-amz-json-1.1"
    return (f"<ErrorResponse><Error><Type>Sender</Type><Code>{error.code}</Code><Message>{escape(error.message)}"
            "</Message></Error><RequestId>r-1</RequestId></ErrorResponse>", "text/xml")
