job "p" {
  name = "other name"
  type = "batch"
  parameterized {
    payload       = "required"
    meta_required = ["a"]
  }
  ui {
    description = "d"
    link {
      label = "l"
      url   = "u"
    }
  }
  meta = {
    a = "5"
  }
  task "single" {
    driver = "raw_exec"
    env = {
      X = "1"
    }
    kill_timeout = "1h2m"
    config {
      a = 1.5
      b = [1, 2]
      c = { d = { e = 1 } }
    }
  }
}
