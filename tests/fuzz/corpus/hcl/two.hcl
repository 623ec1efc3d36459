|a = 1
region "a" {
}
b = 2
region "a" {
}
