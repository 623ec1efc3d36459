variable "image" {
  type    = string
  default = "x/y:1"
}
job "all" {
  region      = "sim-a"
  datacenters = ["a", "b*"]
  type        = "service"
  priority    = 60
  all_at_once = true
  node_pool   = "default"
  namespace   = "default"
  meta {
    team = "core"
  }
  constraint {
    attribute = "${attr.kernel.name}"
    value     = "linux"
  }
  constraint {
    distinct_hosts = true
  }
  affinity {
    attribute = "${node.class}"
    value     = "std"
    weight    = 70
  }
  spread {
    attribute = "${node.datacenter}"
    weight    = 50
    target "a" {
      percent = 60
    }
    target "b" {
      percent = 40
    }
  }
  update {
    max_parallel      = 2
    health_check      = "checks"
    min_healthy_time  = "5s"
    healthy_deadline  = "3m"
    progress_deadline = "10m"
    auto_revert       = true
    auto_promote      = false
    canary            = 1
    stagger           = "30s"
  }
  migrate {
    max_parallel     = 2
    health_check     = "task_states"
    min_healthy_time = "5s"
    healthy_deadline = "2m"
  }
  reschedule {
    delay          = "10s"
    delay_function = "constant"
    unlimited      = true
    max_delay      = "1h"
    attempts       = 3
    interval       = "1h"
  }
  group "g" {
    count = 3
    shutdown_delay = "3s"
    max_client_disconnect = "1h"
    meta {
      a = "b"
    }
    constraint {
      attribute = "${attr.cpu.arch}"
      operator  = "regexp"
      value     = "amd64|arm64"
    }
    constraint {
      attribute = "${attr.nomad.version}"
      version   = ">= 1.5"
    }
    constraint {
      distinct_property = "${meta.rack}"
      value = "2"
    }
    constraint {
      attribute = "${attr.os}"
      set_contains = "a,b"
    }
    constraint {
      attribute = "${attr.os2}"
      regexp = "a.b"
    }
    network {
      mode = "host"
      hostname = "h"
      port "http" {
        to = 8080
      }
      port "admin" {
        static = 9000
        host_network = "default"
      }
      dns {
        servers = ["1.1.1.1"]
      }
    }
    service {
      name     = "web"
      port     = "http"
      provider = "nomad"
      tags     = ["a", "b"]
      canary_tags = ["c"]
      address_mode = "host"
      meta {
        v = "1"
      }
      check {
        name     = "alive"
        type     = "http"
        path     = "/health"
        interval = "10s"
        timeout  = "2s"
        method = "GET"
        header {
          X-A = ["b"]
        }
        check_restart {
          limit = 3
          grace = "90s"
          ignore_warnings = false
        }
      }
    }
    restart {
      attempts = 3
      interval = "10m"
      delay    = "15s"
      mode     = "delay"
    }
    ephemeral_disk {
      size    = 500
      migrate = true
      sticky  = true
    }
    volume "data" {
      type      = "host"
      source    = "data"
      read_only = true
    }
    scaling {
      enabled = true
      min = 1
      max = 10
      policy {
        cooldown = "1m"
      }
    }
    disconnect {
      lost_after = "6h"
      replace = false
      reconcile = "keep_original"
    }
    task "init" {
      driver = "raw_exec"
      lifecycle {
        hook = "prestart"
        sidecar = false
      }
      config {
        command = "/bin/true"
      }
    }
    task "t" {
      driver = "docker"
      user = "nobody"
      leader = true
      kill_timeout = "20s"
      kill_signal = "SIGINT"
      shutdown_delay = "2s"
      env {
        A = "1"
        B = "${NOMAD_ALLOC_INDEX}"
        N = 5
      }
      config {
        image = var.image
        ports = ["http"]
        args  = ["-v", "img=${var.image}"]
        flag = true
        num = 3
        logging {
          type = "json"
        }
        mount {
          type = "bind"
          target = "/x"
        }
        mount {
          type = "bind"
          target = "/y"
        }
        labels = {
          a = "b"
        }
      }
      template {
        data        = <<EOH
hello {{ env "X" }}
EOH
        destination = "local/x"
        change_mode = "restart"
        env = true
        splay = "5s"
        perms = "600"
      }
      artifact {
        source      = "https://example.com/x.tgz"
        destination = "local/"
        mode = "any"
        options {
          checksum = "md5:abc"
        }
        headers {
          X = "y"
        }
      }
      logs {
        max_files     = 2
        max_file_size = 5
        disabled = false
      }
      resources {
        cpu    = 500
        memory = 256
        memory_max = 512
        cores = 1
        device "nvidia/gpu" {
          count = 1
          constraint {
            attribute = "${device.attr.memory}"
            operator = ">="
            value = "2 GiB"
          }
        }
      }
      volume_mount {
        volume      = "data"
        destination = "/data"
        read_only   = false
      }
      vault {
        policies = ["p"]
        role = "r"
        env = false
      }
      identity {
        env = true
        file = true
      }
      identity {
        name = "aws"
        aud = ["sts"]
        ttl = "1h"
      }
      restart {
        attempts = 1
      }
      dispatch_payload {
        file = "x"
      }
      constraint {
        attribute = "${attr.x}"
        operator = "is_set"
      }
      affinity {
        attribute = "${attr.y}"
        value = "1"
      }
      service {
        name = "tsk"
        port = "admin"
        check {
          type = "tcp"
          interval = "10s"
          timeout = "1s"
        }
      }
      schedule {
        cron {
          start = "0 0 * * *"
          end = "0 1"
          timezone = "UTC"
        }
      }
      meta {
        q = "z"
      }
    }
  }
}
