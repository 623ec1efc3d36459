variable "n" { 
  type = number
  default = 2 
}
job "web" {
  datacenters = ["*"]
  meta { 
    a = "1" 
  }
  group "g" {
    count = var.n
    update { 
      min_healthy_time = "1s" 
    }
    task "t" {
      driver = "raw_exec"
      config { 
        command = "/bin/sleep"
        args = ["10000"] 
      }
      resources { 
        cpu = 100
        memory = 64 
      }
    }
  }
}
