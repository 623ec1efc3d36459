job "x" {
  group "g" {
  }
  bar {
  }
}
