"""Calls of placement-tool for the bench, and how figures over several seeds are shown."""

import os
import re
import statistics
import subprocess


class Tool:
    def __init__(self, path, folder):
        self.path = path
        self.folder = folder

    def call(self, *arguments, check=True):
        return subprocess.run([self.path, *map(str, arguments)], capture_output=True, text=True, check=check).stderr

    def families(self):
        return subprocess.run([self.path, "families"], capture_output=True, text=True, check=True).stdout.split()

    def generate(self, shape, seed):
        """The file's path; kept while the same one is asked for again."""
        path = os.path.join(self.folder, f"{shape}.{seed}")
        if not os.path.exists(path):
            for name in os.listdir(self.folder):
                os.unlink(os.path.join(self.folder, name))
            with open(path, "wb") as out:
                subprocess.run([self.path, "generate", shape, str(seed)], stdout=out, check=True)
        return path

    def solve(self, shape, seed, effort):
        """The figures of one solved and checked problem; packing is what whole machines cost more, in per cent."""
        found = figures(self.call("solve", self.generate(shape, seed), "-effort", effort))
        found["packing"] = 100 * (found["nodecost"] - found["cost"]) / found["cost"] if found["cost"] else 0.0
        return found


def figures(text):
    return {key: float(value) for key, value in re.findall(r"(\w+)=(-?[\d.]+)", text)}


def median_and_worst(values, digits=2):
    return f"{statistics.median(values):.{digits}f} / {max(values):.{digits}f}"


def table(*columns):
    print("\n| " + " | ".join(columns) + " |\n|" + "---|" * len(columns), flush=True)


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)
