job "x" {
  group "g" {
    count = var.n
  }
}
