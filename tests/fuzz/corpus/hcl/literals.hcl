a = [1, -2.5e3, "x$${y}%%{z}\n\u00e9", true, null, { b = 1, "c" : [2] }]
d = <<-EOT
    one
      two
  EOT
region "x" {
  attr."kernel.name" = "linux"
  price = "0.096" # c
  after = "1m30s"
  market = "sopt"
  deny = ["a"]
  /* c
   */ labels { a = "b" }
}
