"""Runs the double until it is ended: python -m doubles.azure FOLDER (in tests/). The first line of output says where it listens."""
import json
import sys
import threading

from .server import Double
from .world import CLIENT_ID, CLIENT_SECRET, SUBSCRIPTION, TENANT

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m doubles.azure FOLDER")
    with Double(sys.argv[1]) as double:
        print(json.dumps({"arm": double.arm_url, "identity": double.identity_url, "ca_file": str(double.ca_file), "tenant": TENANT,
                          "subscription": SUBSCRIPTION, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}), flush=True)
        threading.Event().wait()
