"""HiGHS and CBC on the very same problem. As a program of its own, `peers.py highs|cbc|lp FILE SECONDS` prints one line
of JSON: the objective and bound it has after so many processor seconds of one thread, and what it really took. A process
each, so that one that does not stop can be stopped, and its memory is its own."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "placement"))
import problem_text  # noqa: E402

PAIRS_MAX = 600_000  # beyond it building the model alone takes minutes and gigabytes
PATIENCE = 4  # how many times its limit of wall clock a peer gets before it is stopped


def run_highs(model, seconds, relaxed):
    start = time.process_time()
    status, cost, bound = model.highs(relaxed=relaxed, processor_seconds=seconds)
    found = cost is not None and abs(cost) < 1e29 and not (relaxed and status != "Optimal")
    return {"cost": cost if found else None, "bound": bound, "cpu": time.process_time() - start}


def run_cbc(model, seconds):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "problem.lp")
        model.write_lp(path)
        start = os.times()
        done = subprocess.run(["cbc", path, "timeMode", "cpu", "sec", str(seconds), "solve"], capture_output=True,
                              text=True, check=False)
        end = os.times()
    found = re.search(r"Objective value:\s+(-?[\d.e+]+)", done.stdout)
    bound = re.search(r"Lower bound:\s+(-?[\d.e+]+)", done.stdout)
    cost = float(found.group(1)) if found and "No feasible solution found" not in done.stdout else None
    return {"cost": cost if cost is not None and cost < 1e29 else None, "bound": float(bound.group(1)) if bound else None,
            "cpu": end.children_user + end.children_system - start.children_user - start.children_system}


def pairs_of(path):
    """How many (group, pool) pairs the file has, about: sets count their members."""
    sizes, pairs = [], 0
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("set "):
                sizes.append(line.count(",") + 1)
            elif line.startswith("may "):
                pairs += sum(sizes[int(word[1:].split(":")[0])] if word[0] == "@" else 1 for word in line.split()[2:])
    return pairs


def peer(who, path, seconds):
    """Objective, bound and processor seconds, or a word that says why there are none."""
    pairs = pairs_of(path)
    if pairs > PAIRS_MAX:
        return f"not started ({pairs / 1e6:.1f} M pairs)"
    try:
        done = subprocess.run([sys.executable, os.path.abspath(__file__), who, path, str(seconds)], capture_output=True,
                              text=True, check=False, timeout=PATIENCE * seconds + 120)
    except subprocess.TimeoutExpired:
        return "nothing in time"
    if done.returncode:
        return "not installed" if "ModuleNotFound" in done.stderr or "'cbc'" in done.stderr else "failed"
    return json.loads(done.stdout.splitlines()[-1])


def against(found, ours):
    """A peer's cost as per cent above (or below) ours."""
    if isinstance(found, str):
        return found
    if found["cost"] is None:
        return "nothing found"
    return f"{100 * (found['cost'] / ours - 1):+.2f} %" if ours else f"{found['cost']:.0f}"


def main():
    who, path, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    with open(path, encoding="utf-8") as file:
        model = problem_text.Model(problem_text.read(file.read()))
    print(json.dumps(run_cbc(model, seconds) if who == "cbc" else run_highs(model, seconds, who == "lp")))


if __name__ == "__main__":
    main()
