"""What a machine is told about itself, so that its Nomad client's fingerprint names the instance that the provider's double knows.

Clouds tell it by a metadata service: each machine here has a small one of its own on a loopback port, with what Nomad's fingerprinters
env_aws and env_azure ask for and nothing else. Machines of one's own carry their name in the client's meta.
"""
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN_SECONDS = 21600


class Identity:
    """One machine's: `key` and `value` as a provider module reports them, "attr." and "meta." before the name of Nomad's."""

    fingerprints = ()  # those of Nomad's cloud fingerprinters that find it

    def __init__(self, key, value):
        self.key, self.value = key, value

    @property
    def meta(self):
        """What stands in the client's configuration."""
        return {}

    def start(self):
        """Makes what the client will ask; gives the variables of its environment."""
        return {}

    def stop(self):
        """Ends what start() made."""

    def of_node(self, node):
        """What a node, as /v1/node/ID tells it, carries under the key, or None."""
        kind, _, name = self.key.partition(".")
        return ((node["Attributes"] if kind == "attr" else node["Meta"]) or {}).get(name)


class MetaIdentity(Identity):
    """A machine of one's own, by its name."""

    def __init__(self, name):
        super().__init__("meta.drover_machine", name)

    @property
    def meta(self):
        return {"drover_machine": self.value}


class CloudIdentity(Identity):
    """With a metadata service that answers from `facts`, path -> text; what is not among them is 404."""

    def __init__(self, key, value, facts):
        super().__init__(key, value)
        self.facts = facts
        self.service = None

    def serve(self):
        self.service = MetadataService(self.answer)
        return self.service.url

    def stop(self):
        if self.service is not None:
            self.service.stop()
            self.service = None

    def answer(self, method, target, headers):
        """(status, body, further headers) for one request."""
        raise NotImplementedError


class AwsIdentity(CloudIdentity):
    """An EC2 instance; its metadata service wants a token, as with HttpTokens required."""

    fingerprints = ("env_aws",)
    ROOT = "/latest/meta-data/"

    def __init__(self, instance_id, instance_type, zone, hostname=""):
        facts = {"ami-id": "ami-00000000", "instance-id": instance_id, "instance-type": instance_type,
                 "placement/availability-zone": zone}
        if hostname:
            facts["hostname"] = facts["local-hostname"] = hostname
        super().__init__("attr.unique.platform.aws.instance-id", instance_id, facts)
        self.token = secrets.token_urlsafe(24)

    def start(self):
        return {"AWS_EC2_METADATA_SERVICE_ENDPOINT": self.serve(), "AWS_EC2_METADATA_DISABLED": "false"}

    def answer(self, method, target, headers):
        if target == "/latest/api/token":
            if method != "PUT" or "X-aws-ec2-metadata-token-ttl-seconds" not in headers:
                return 400, "", {}
            return 200, self.token, {"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": str(TOKEN_SECONDS)}
        if headers.get("X-aws-ec2-metadata-token") != self.token:
            return 401, "", {}
        name = target.removeprefix(self.ROOT)
        found = self.facts.get(name) if method == "GET" and name != target else None
        return (200, found, {}) if found is not None else (404, "", {})


class AzureIdentity(CloudIdentity):
    """A virtual machine of a scale set."""

    fingerprints = ("env_azure",)
    ROOT = "/metadata/instance/"

    def __init__(self, vm_id, name, scale_set, group, location, size):
        facts = {"compute/azEnvironment": "AzurePublicCloud", "compute/vmId": vm_id, "compute/name": name, "compute/location": location,
                 "compute/resourceGroupName": group, "compute/vmScaleSetName": scale_set, "compute/vmSize": size, "compute/tagsList": "[]"}
        super().__init__("attr.unique.platform.azure.id", vm_id, facts)

    def start(self):
        return {"AZURE_ENV_URL": self.serve() + self.ROOT}

    def answer(self, method, target, headers):
        place = urlsplit(target)
        if headers.get("Metadata", "").lower() != "true" or not parse_qs(place.query).get("api-version"):
            return 400, "", {}
        name = place.path.removeprefix(self.ROOT)
        found = self.facts.get(name) if method == "GET" and name != place.path else None
        return (200, found, {}) if found is not None else (404, "", {})


class MetadataService:
    """An HTTP server on a port of 127.0.0.1; answer(method, target, headers) says what."""

    def __init__(self, answer):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 10

            def log_message(self, *_):
                pass

            def reply(self):
                status, text, more = answer(self.command, self.path, self.headers)
                body = text.encode()
                self.send_response(status)
                for name, value in {"Content-Type": "text/plain", "Content-Length": str(len(body)), **more}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_PUT = reply

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
