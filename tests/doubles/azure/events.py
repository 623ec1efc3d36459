"""Scheduled events of the metadata service: the same document for every machine of the world, as in one placement group."""
from email.utils import formatdate

from .reply import Reply

VERSION = "2020-07-01"


class Events:
    def __init__(self, now):
        self.now = now
        self.incarnation = 1
        self.all = {}  # event id -> body

    def schedule(self, kind, machines, seconds=None, source="Platform"):
        """One event; `seconds` until it may begin, None once it has. Its id."""
        event_id = f"00000000-0000-4000-8000-{self.incarnation:012d}"
        self.all[event_id] = {"EventId": event_id, "EventType": kind, "ResourceType": "VirtualMachine", "Resources": list(machines),
                              "EventStatus": "Started" if seconds is None else "Scheduled",
                              "NotBefore": "" if seconds is None else formatdate(self.now() + seconds, usegmt=True),
                              "Description": "", "EventSource": source, "DurationInSeconds": -1}
        self.incarnation += 1
        return event_id

    def end(self, event_id):
        self.all.pop(event_id)
        self.incarnation += 1

    def handle(self, request):
        if request.headers.get("metadata", "").lower() != "true" or request.query.get("api-version") != VERSION:
            return Reply(400, {"error": "Bad request. api-version is invalid or missing, or the Metadata header is"})
        if request.method == "POST":
            wanted = [one.get("EventId") for one in request.json().get("StartRequests", [])]
            if not wanted or any(one not in self.all for one in wanted):
                return Reply(400, {"error": "Bad request. EventId is unknown"})
            for one in wanted:
                self.all[one].update(EventStatus="Started", NotBefore="")
            self.incarnation += 1
            return Reply(200)
        return Reply(200, {"DocumentIncarnation": self.incarnation, "Events": list(self.all.values())})
