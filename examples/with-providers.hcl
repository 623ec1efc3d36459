# Regions whose pools grow and shrink at their providers, and are priced by them. Every key: docs/configuration.md; what each
# account needs: docs/providers/. Begin with mode = "observe": drover pool list then shows what Drover would go by.
mode = "approve"

provider "aws-main" {
  module    = "aws"
  regions   = ["eu-central-1"]
  group_tag = "drover:pool=yes"
}

provider "fra1" {
  module      = "onprem"
  site        = "fra1"
  currency    = "EUR"
  tariff_rate = 0.14

  credential "bmc" {
    username      = "drover"
    password_file = "/etc/drover/bmc-password"
  }
  pool "rack-a" {
    min          = 2
    purchase     = 12000
    residual     = 1200
    watts_loaded = 420
    watts_idle   = 180
    watts_off    = 12
  }
  machine "r1" {
    pool    = "rack-a"
    address = "https://10.1.0.11"
  }
}

currency "EUR" { usd = "1.08" }

commitment "ri-2026" {
  kind         = "reservation"
  pools        = ["aws-eu-central-1/std"]
  nodes        = 4
  usd_per_hour = "0.061"
  ends         = "2027-06-01"
}

region "aws-eu-central-1" {
  provider = "aws-main"
  nomad { address = "https://nomad.fra.example:4646" }

  pool "std" {
    select { node_class = "std" }
    provider_pool = "eu-central-1/nomad-std"
    grow { max_nodes = 20 }
    shrink {
      min_nodes  = 2
      idle_after = "30m"
    }
  }
}

region "dc-fra1" {
  provider = "fra1"
  nomad { address = "https://nomad.fra1.example:4646" }

  pool "rack" {
    select { node_class = "rack" }
    provider_pool = "rack-a"
    grow {
      max_nodes = 12
      cpu_mhz   = 64000
      memory_mb = 250000
      disk_mb   = 900000
    }
    shrink { min_nodes = 3 }
  }
}
