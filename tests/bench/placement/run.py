#!/usr/bin/env python3
"""Measures the placement engine against its targets and prints a Markdown table: median and worst over the seeds.

    run.py --tool build/placement-tool [--seeds 10] [--shapes small,medium,large,million,huge] [--peers 1,10]

HiGHS (highspy) and CBC (cbc on PATH) run on the small shape, on the very same problem, in the same minute; what is not
installed is left out and said so. Times are processor seconds of one thread (wall clock in brackets): the machine may be
shared."""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "placement"))
import problem_text  # noqa: E402

EFFORTS = {"small": [3, 5, 7], "medium": [4, 5, 6], "large": [2, 3, 4], "million": [2, 3, 4], "huge": [1, 2]}


def call(arguments):
    return subprocess.run(arguments, capture_output=True, text=True, check=True)


def figures(text):
    return {key: float(value) for key, value in re.findall(r"(\w+)=(-?[\d.]+)", text)}


def generate(tool, shape, seed, folder):
    path = os.path.join(folder, f"{shape}.{seed}")
    with open(path, "w", encoding="utf-8") as out:
        subprocess.run([tool, "generate", shape, str(seed)], stdout=out, check=True)
    return path


def spread(values, form):
    return f"{form.format(statistics.median(values))} / {form.format(max(values))}"


def highs(model, seconds):
    start = time.monotonic()
    try:
        status, cost, bound = model.highs(seconds=seconds)
    except ImportError:
        return None
    return dict(status=status, cost=cost, bound=bound, time=time.monotonic() - start)


def cbc(model, seconds, folder):
    path = os.path.join(folder, "cbc.lp")
    model.write_lp(path)
    try:
        done = call(["cbc", path, "sec", str(seconds), "solve"])
    except FileNotFoundError:
        return None
    found = re.search(r"Objective value:\s+([\d.e+]+)", done.stdout)
    bound = re.search(r"Lower bound:\s+([\d.e+]+)", done.stdout)
    return dict(cost=float(found.group(1)) if found else None, bound=float(bound.group(1)) if bound else None)


def measure_shape(options, shape, folder):
    rows = []
    for effort in EFFORTS[shape]:
        runs = []
        for seed in range(1, options.seeds + 1):
            path = generate(options.tool, shape, seed, folder)
            runs.append(figures(call([options.tool, "solve", path, "-effort", str(effort)]).stderr))
            os.unlink(path)
        rows.append(f"| {shape} | {effort} | {spread([r['gap'] for r in runs], '{:.2f}')} "
                    f"| {spread([r['nodegap'] for r in runs], '{:.2f}')} "
                    f"| {spread([100 * (r['nodecost'] - r['cost']) / r['cost'] for r in runs], '{:.2f}')} "
                    f"| {spread([r['cpu'] for r in runs], '{:.3f}')} ({statistics.median(r['solve'] for r in runs):.3f}) "
                    f"| {spread([r['mib'] for r in runs], '{:.0f}')} |")
        print(rows[-1], flush=True)


def measure_baselines(options, shape, folder):
    cheapest, blind = [], []
    for seed in range(1, options.seeds + 1):
        path = generate(options.tool, shape, seed, folder)
        ours = figures(call([options.tool, "solve", path, "-effort", str(EFFORTS[shape][1])]).stderr)
        theirs = figures(call([options.tool, "baseline", path]).stderr)
        cheapest.append(100 * (theirs["cheapest"] / ours["cost"] - 1))
        blind.append(100 * (theirs["blind"] / ours["cost"] - 1))
        os.unlink(path)
    print(f"| {shape} | {spread(cheapest, '{:+.1f}')} | {spread(blind, '{:+.1f}')} |", flush=True)


def measure_peers(options, folder):
    print("\nPeers on small: cost above ours in per cent (negative: the peer is better), and how far our bound is below "
          "the LP's value\n")
    print("| seed | ours cost, gap, s | " + " | ".join(f"HiGHS {s} s, CBC {s} s" for s in options.peers) + " | bound/LP |")
    print("|---|---|" + "---|" * len(options.peers) + "---|")
    for seed in range(1, options.seeds + 1):
        path = generate(options.tool, "small", seed, folder)
        ours = figures(call([options.tool, "solve", path, "-effort", "5"]).stderr)
        with open(path, encoding="utf-8") as file:
            model = problem_text.Model(problem_text.read(file.read()))
        cells = []
        for seconds in options.peers:
            texts = []
            for peer in (highs(model, seconds), cbc(model, seconds, folder)):
                if peer is None:
                    texts.append("not installed")
                elif not peer["cost"] or peer["cost"] > 1e29:
                    texts.append("nothing")
                else:
                    texts.append(f"{100 * (peer['cost'] / ours['cost'] - 1):+.2f} %")
            cells.append(", ".join(texts))
        relaxed = model.highs(relaxed=True)[1]
        print(f"| {seed} | {ours['cost']:.0f}, {ours['gap']:.2f} %, {ours['cpu']:.2f} | " + " | ".join(cells) +
              f" | {100 * (ours['bound'] / relaxed - 1):+.3f} % |", flush=True)
        os.unlink(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tool", default="build/placement-tool")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--shapes", default="small,medium,large,million")
    parser.add_argument("--peers", default="1,10", type=lambda text: [int(s) for s in text.split(",") if s])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print("| shape | effort | gap %, median / worst | packed gap % | nodecost - cost % | processor s (wall) | MiB |")
        print("|---|---|---|---|---|---|---|")
        for shape in options.shapes.split(","):
            measure_shape(options, shape, folder)
        print("\nBaselines, cost above ours in per cent\n")
        print("| shape | cheapest pool a group | blind to cost |")
        print("|---|---|---|")
        for shape in options.shapes.split(","):
            if shape != "huge":
                measure_baselines(options, shape, folder)
        for shape in options.shapes.split(","):
            if shape == "large":
                path = generate(options.tool, shape, 1, folder)
                print("\nEvents on large\n\n    " + call([options.tool, "events", path]).stderr.replace("\n", "\n    "))
        if options.peers:
            measure_peers(options, folder)


if __name__ == "__main__":
    main()
