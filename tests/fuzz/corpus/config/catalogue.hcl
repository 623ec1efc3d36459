catalogue { file = "p.csv" }
listen {
  address   = "[::1]:4650"
  cert_file = "c"
  key_file  = "k"
}
region "a" {
  nomad {
    address    = "https://h:4646"
    namespaces = ["default", "web"]
  }
  pool "p" {
    select {
      attr."kernel.name" = "linux"
      meta.rack          = "1"
    }
    instance_type = "m5.large"
    price {
      market = "spot"
      adjustment "d" { percent = "-5" }
      adjustment "l" { usd_per_hour = 0.01 }
    }
  }
}
----
region,instance_type,market,usd_per_hour,valid_from
a,m5.large,spot,0.1,1970-01-01
