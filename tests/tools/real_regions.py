#!/usr/bin/env python3
"""real_regions.py FOLDER PORT: three real regions for `./dev demo --real`, and FOLDER/config.hcl for an agent that listens on PORT.

Prints `ready` when they are up; SIGTERM ends them and everything that runs in them.
"""
import signal
import sys
from pathlib import Path

from live.cluster import Client, Cluster, RegionSpec
from tools.agent import pool_config, region_config

PLACES = {
    "aws-us-east-1": ("aws", Client(), pool_config("std", "0.096")),
    "azure-westeurope": ("azure", Client(), pool_config("std", "0.110", instance_type="Standard_D2s_v5")),
    "dc-fra1": ("onprem", Client(node_class="owned"), pool_config("owned", "0.060", 'node_class = "owned"', "owned", "r640")),
}


def config_of(cluster, folder, port):
    regions = [
        region_config(region.name, PLACES[region.name][0], region.nomad_address, region.consul_address, pools=PLACES[region.name][2])
        for region in cluster
    ]
    own = [f'data_dir = "{folder}/data"', f'token_file = "{folder}/token"', 'mode = "enforce"']
    return "\n".join([*own, f'listen {{ address = "127.0.0.1:{port}" }}', *regions])


def main(folder, port):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    specs = [RegionSpec(name, [client]) for name, (_, client, _) in PLACES.items()]
    with Cluster(Path(folder) / "regions", specs, federated=True) as cluster:
        (Path(folder) / "config.hcl").write_text(config_of(cluster, folder, port))
        print("ready", flush=True)
        signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
