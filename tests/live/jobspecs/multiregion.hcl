job "web" {
  multiregion {
    strategy {
      max_parallel = 1
      on_failure   = "fail_all"
    }
    region "west" {
      count       = 2
      datacenters = ["w1"]
      node_pool   = "x"
      meta {
        a = "b"
      }
    }
    region "east" {
      count = 1
    }
  }
  group "g" {
    task "t" {
      driver = "raw_exec"
    }
  }
}
