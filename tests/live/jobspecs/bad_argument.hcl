job "x" {
  group "g" {
    foo = 1
  }
}
