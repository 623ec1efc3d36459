"""Reads a placement problem file into plain Python, and states it as a mixed-integer program for HiGHS or CBC.

Written from the file format alone, so that it can disagree with the C reader."""

import math
import time


class Problem:
    def __init__(self):
        self.dims = []
        self.pools = []  # dict: price, capacity, min, max, held, rate, tiers [(upto, price)]
        self.sets = []
        self.groups = []  # dict: count, demand, unplaced, move, caps [(pools, max)], may {pool: (extra, now)}, permachine
        self.budgets = []
        self.gbudgets = []
        self.quotas = []


def _numbers(text):
    return [int(n) for n in text.split(",")]


def _pool_list(problem, text):
    pools = []
    for item in text.split(","):
        pools += problem.sets[int(item[1:])] if item.startswith("@") else [int(item)]
    return pools


def _keys(words):
    return dict(word.split("=", 1) for word in words)


def _limit(text):
    return None if text == "-" else int(text)


def read(text):
    problem = Problem()
    for line in text.splitlines()[1:]:
        words = line.split("#")[0].split()
        if not words:
            continue
        kind, rest = words[0], words[1:]
        if kind == "dims":
            problem.dims = rest
        elif kind == "pool":
            key = _keys(rest[1:])
            price = int(key["price"])
            problem.pools.append(
                dict(price=price, capacity=_numbers(key["capacity"]), min=int(key["min"]), max=_limit(key["max"]),
                     held=_numbers(key["held"]) if "held" in key else [0] * len(problem.dims),
                     rate=int(key.get("rate", price)), tiers=[]))
        elif kind == "tier":
            key = _keys(rest[1:])
            problem.pools[int(rest[0])]["tiers"].append((_limit(key["upto"]), int(key["price"])))
        elif kind == "set":
            problem.sets.append(_pool_list(problem, _keys(rest[1:])["pools"]))
        elif kind == "group":
            key = _keys(rest[1:])
            problem.groups.append(
                dict(count=int(key["count"]), demand=_numbers(key["demand"]), unplaced=int(key["unplaced"]),
                     move=int(key.get("move", 0)), caps=[], may={}, permachine=None))
        elif kind == "cap":
            key = _keys(rest[1:])
            problem.groups[int(rest[0])]["caps"].append((_pool_list(problem, key["pools"]), int(key["max"])))
        elif kind == "may":
            may = problem.groups[int(rest[0])]["may"]
            for item in rest[1:]:
                place, *numbers = item.split(":")
                extra, now = int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 0
                for pool in (problem.sets[int(place[1:])] if place.startswith("@") else [int(place)]):
                    may[pool] = (extra, now)
        elif kind == "permachine":
            problem.groups[int(rest[0])]["permachine"] = int(_keys(rest[1:])["max"])
        elif kind == "budget":
            key = _keys(rest[1:])
            problem.budgets.append((_pool_list(problem, key["pools"]), int(key["max"])))
        elif kind == "gbudget":
            key = _keys(rest[1:])
            problem.gbudgets.append((_numbers(key["groups"]), int(key["max"])))
        elif kind == "quota":
            key = _keys(rest[1:])
            problem.quotas.append((_pool_list(problem, key["pools"]), int(key["weight"]), int(key["max"])))
    for group in problem.groups:  # a pair that does not fit an empty machine counts as absent
        group["may"] = {p: v for p, v in sorted(group["may"].items())
                        if all(d <= c for d, c in zip(group["demand"], problem.pools[p]["capacity"]))}
    return problem


def rate(problem, group, pool):
    shares = [-(-pool["rate"] * d // c) for d, c in zip(group["demand"], pool["capacity"]) if d]
    return max(shares, default=0)


class Model:
    """Columns (cost, low, high, integer) and rows (low, high, [(column, coefficient)]) of the whole problem."""

    def __init__(self, problem):
        self.problem = problem
        self.columns = []
        self.rows = []
        self.constant = 0
        self.x = {}
        self.y = []
        self._pools()
        self._groups()
        self._limits()

    def column(self, cost, low, high, integer=True):
        self.columns.append((cost, low, high, integer))
        return len(self.columns) - 1

    def row(self, low, high, terms):
        self.rows.append((low, high, terms))

    def _pools(self):
        for pool in self.problem.pools:
            steps = []
            start = pool["min"]
            for upto, price in [(pool["max"], pool["price"])] + pool["tiers"]:
                high = math.inf if upto is None else upto - start
                steps.append(self.column(price, 0, high))
                start = upto
            self.y.append(steps)
        self.load = [[[] for _ in self.problem.dims] for _ in self.problem.pools]

    def _groups(self):
        for j, group in enumerate(self.problem.groups):
            unplaced = self.column(group["unplaced"], 0, group["count"])
            members = [(unplaced, 1)]
            total_now = sum(now for _, now in group["may"].values())
            gained = []
            for p, (extra, now) in group["may"].items():
                x = self.column(extra, 0, group["count"])
                self.x[j, p] = x
                members.append((x, 1))
                for k, demand in enumerate(group["demand"]):
                    if demand:
                        self.load[p][k].append((x, demand))
                if group["move"]:
                    gain = self.column(0, 0, math.inf, False)
                    self.row(-math.inf, now, [(x, 1), (gain, -1)])
                    gained.append((gain, 1))
                if group["permachine"] is not None:
                    each = group["permachine"]
                    self.row(-math.inf, each * self.problem.pools[p]["min"],
                             [(x, 1)] + [(step, -each) for step in self.y[p]])
            self.row(group["count"], group["count"], members)
            if gained:
                moves = self.column(group["move"], 0, math.inf, False)
                self.row(-math.inf, max(0, group["count"] - total_now), gained + [(moves, -1)])
            for pools, most in group["caps"]:
                terms = [(self.x[j, p], 1) for p in pools if (j, p) in self.x]
                if terms:
                    self.row(-math.inf, most, terms)

    def _limits(self):
        problem = self.problem
        for p, pool in enumerate(problem.pools):
            for k, capacity in enumerate(pool["capacity"]):
                self.row(-math.inf, capacity * pool["min"] - pool["held"][k],
                         self.load[p][k] + [(step, -capacity) for step in self.y[p]])
        for pools, most in problem.budgets:
            owned = sum(problem.pools[p]["price"] * problem.pools[p]["min"] for p in pools)
            self.row(-math.inf, most - owned, [(s, problem.pools[p]["price"]) for p in pools for s in self.y[p]])
        for pools, weight, most in problem.quotas:
            owned = sum(weight * problem.pools[p]["min"] for p in pools)
            self.row(-math.inf, most - owned, [(s, weight) for p in pools for s in self.y[p]])
        for groups, most in problem.gbudgets:
            self.row(-math.inf, most, [(self.x[j, p], rate(problem, problem.groups[j], problem.pools[p]))
                                       for j in groups for p in problem.groups[j]["may"]])

    def highs(self, relaxed=False, seconds=None, threads=1, processor_seconds=None):
        """(status text, objective, bound) from HiGHS. `seconds` are the wall clock's; processor_seconds are looked at
        where HiGHS lets itself be interrupted."""
        import highspy
        import numpy
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", threads)
        solver.setOptionValue("mip_rel_gap", 1e-9)
        solver.setOptionValue("mip_abs_gap", 0.5)
        if seconds:
            solver.setOptionValue("time_limit", float(seconds))
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.columns), len(self.rows)
        lp.col_cost_ = numpy.array([c[0] for c in self.columns], dtype=float)
        lp.col_lower_ = numpy.array([c[1] for c in self.columns], dtype=float)
        lp.col_upper_ = numpy.array([min(c[2], highspy.kHighsInf) for c in self.columns], dtype=float)
        lp.row_lower_ = numpy.array([max(r[0], -highspy.kHighsInf) for r in self.rows], dtype=float)
        lp.row_upper_ = numpy.array([r[1] for r in self.rows], dtype=float)
        start, index, value = [0], [], []
        for _, _, terms in self.rows:
            for column, coefficient in terms:
                index.append(column)
                value.append(coefficient)
            start.append(len(index))
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = numpy.array(start)
        lp.a_matrix_.index_ = numpy.array(index)
        lp.a_matrix_.value_ = numpy.array(value, dtype=float)
        if not relaxed:
            kinds = {True: highspy.HighsVarType.kInteger, False: highspy.HighsVarType.kContinuous}
            lp.integrality_ = [kinds[c[3]] for c in self.columns]
        solver.passModel(lp)
        if processor_seconds:
            end = time.process_time() + processor_seconds

            def stop_when_over(event):
                if time.process_time() > end:
                    event.interrupt()

            for interrupt in (solver.cbMipInterrupt, solver.cbSimplexInterrupt, solver.cbIpmInterrupt):
                interrupt.subscribe(stop_when_over)
        solver.run()
        info = solver.getInfo()
        status = solver.modelStatusToString(solver.getModelStatus())
        self.solution = list(solver.getSolution().col_value)
        return status, info.objective_function_value, info.objective_function_value if relaxed else info.mip_dual_bound

    def write_lp(self, path):
        """The same in CPLEX LP form, for CBC."""
        with open(path, "w", encoding="ascii") as out:
            out.write("Minimize\n obj:")
            for n, column in enumerate(self.columns):
                if column[0]:
                    out.write(f" + {column[0]} v{n}\n")
            out.write("Subject To\n")
            for n, (low, high, terms) in enumerate(self.rows):
                if not terms:
                    continue
                left = " ".join(f"{'+' if c >= 0 else '-'} {abs(c)} v{v}" for v, c in terms)
                out.write(f" r{n}: {left} {'=' if low == high else '<='} {high}\n")
            out.write("Bounds\n")
            for n, column in enumerate(self.columns):
                if column[2] != math.inf:
                    out.write(f" v{n} <= {column[2]}\n")
            out.write("General\n")
            out.write(" ".join(f"v{n}\n" for n, column in enumerate(self.columns) if column[3]))
            out.write("End\n")
