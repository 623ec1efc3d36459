"""Serves the double: python -m doubles.aws [PORT] (in tests/); prints the address it listens on."""
import sys

from .server import Double


def main():
    double = Double(port=int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(double.url, flush=True)
    double.serve_forever()


main()
