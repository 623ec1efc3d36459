# Looks at one region and writes nothing: mode is observe unless it says otherwise.
region "global" {
  nomad { address = "http://127.0.0.1:4646" }
  consul { address = "http://127.0.0.1:8500" }
  pool "all" {
    select { datacenter = "dc1" }
    price { usd_per_hour = "0.10" }
  }
}
