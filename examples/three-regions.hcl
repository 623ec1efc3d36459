# Three regions, priced, with policies; every key is told in docs/configuration.md.
data_dir = "/var/lib/drover/data"
mode     = "approve"

catalogue { file = "/etc/drover/prices.csv" }

region "aws-us-east-1" {
  provider = "aws"
  nomad {
    address    = "https://nomad.use1.example:4646"
    token_file = "/etc/drover/aws.token"
    ca_file    = "/etc/drover/ca.pem"
  }
  consul {
    address    = "https://consul.use1.example:8501"
    token_file = "/etc/drover/aws-consul.token"
    ca_file    = "/etc/drover/ca.pem"
  }
  labels { jurisdiction = "us" }
  pool "std" {
    select { node_class = "std" }
    instance_type = "m5.large"
  }
  pool "spot" {
    select { node_class = "spot" }
    instance_type = "m5.large"
    price { market = "spot" }
  }
}

region "azure-westeurope" {
  provider = "azure"
  nomad {
    address    = "https://nomad.weu.example:4646"
    token_file = "/etc/drover/azure.token"
    ca_file    = "/etc/drover/ca.pem"
  }
  labels { jurisdiction = "eu" }
  pool "std" {
    select { node_class = "std" }
    instance_type = "Standard_D2s_v5"
    price {
      usd_per_hour = "0.115"
      adjustment "enterprise discount" { percent = "-8" }
    }
  }
}

region "dc-fra1" {
  provider = "onprem"
  nomad {
    address    = "https://nomad.fra1.example:4646"
    token_file = "/etc/drover/fra1.token"
    ca_file    = "/etc/drover/ca.pem"
  }
  labels { jurisdiction = "eu" }
  pool "owned" {
    select { meta."hardware" = "r650" }
    price {
      usd_per_hour          = "0.42"  # hardware over five years, space, hands
      market                = "owned"
      marginal_usd_per_hour = "0.045" # power
    }
  }
}

policy "web" {
  jobs = ["web*"]
  spread {
    min_regions      = 2
    max_share_region = "60%"
  }
  budget { usd_per_month = "500" }
}

policy "customer-data" {
  namespaces = ["customers"]
  labels { allow = ["jurisdiction=eu"] }
}
