data_dir = "/tmp/drover"
mode     = "enforce"
region "aws-us-east-1" {
  provider = "aws"
  nomad {
    address    = "http://127.0.1.1:4646"
    token_file = "/etc/drover/aws.token"    # optional, re-read; as are ca_file, cert_file, key_file, server_name, namespaces
  }
  consul { address = "http://127.0.1.1:8500" }
  labels { jurisdiction = "us" }
  pool "std" {
    select { node_class = "std" }
    instance_type = "m5.large"
    price {
      usd_per_hour = "0.096"
      market       = "on-demand"
    }
  }
}
policy "web" {
  jobs = ["web*"]
  regions { deny = ["azure-*"] }
  spread { min_regions = 2 }
  budget { usd_per_month = "500" }
}
