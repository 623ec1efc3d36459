policy "p" {
  jobs       = ["web*", "api"]
  namespaces = ["default"]
  regions {
    allow = ["a*"]
    deny  = ["b"]
  }
  labels { allow = ["jurisdiction=eu"] }
  providers { deny = ["aws"] }
  spread {
    min_regions      = 2
    max_share_region = "60%"
  }
  budget { usd_per_month = "500" }
  allow_unpriced = true
}
