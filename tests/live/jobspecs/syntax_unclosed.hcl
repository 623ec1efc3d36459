job "x" {
