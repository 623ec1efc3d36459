a = "${x}"
b = file("x")
c = -(1)