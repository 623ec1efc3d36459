job "nightly" {
  type = "batch"
  periodic {
    crons            = ["@daily", "0 5 * * *"]
    prohibit_overlap = true
    time_zone        = "UTC"
  }
  group "g" {
    task "t" {
      driver = "raw_exec"
      config {
        command = "/bin/true"
      }
    }
  }
}
