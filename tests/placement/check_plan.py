#!/usr/bin/env python3
"""Checks a placement plan against its problem, from the file format alone: `check_plan.py PROBLEM PLAN`.

A second opinion on `drover placement check`: whole numbers of any size, every formula written out as the format states
it, nothing taken from the C sources. Slow on purpose where slow is plain. Prints the three figures and exits 0 when the
plan holds; says what is wrong and exits 1 when it does not."""

import sys

AMOUNT, COUNT, MONEY, TOTAL, MULTIPLIER = 2**36, 2**31, 2**44, 2**62, 2**44
GROUPS, POOLS, DIMENSIONS = 2**20, 2**16, 8


class Wrong(Exception):
    """The file or the plan breaks the format."""


def need(condition, words):
    if not condition:
        raise Wrong(words)


def number(text, most, what):
    need(text.isascii() and text.isdigit(), f"{what}: {text!r} is no whole number")
    value = int(text)
    need(value <= most, f"{what}: {value} is above {most}")
    return value


def lines_of(data, header):
    """The words of each line that has some; the header is checked and left out."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Wrong("not UTF-8") from error
    need(not any(ord(c) < 32 and c not in "\n\t" for c in text), "a control character")
    lines = [line.split("#", 1)[0].replace("\t", " ").split(" ") for line in text.split("\n")]
    lines = [[word for word in line if word] for line in lines]
    lines = [line for line in lines if line]
    need(lines and lines[0] == [header, "1"], f"the first line is not `{header} 1`")
    return lines[1:]


def keys_of(words, required, optional=()):
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        need(equals and key in required + tuple(optional) and key not in found, f"unexpected {word!r}")
        found[key] = value
    need(all(key in found for key in required), f"one of {required} is missing")
    return found


# --- the problem ---


class Problem:
    def __init__(self, data):
        self.dims = []
        self.regions = 0
        self.pools = []
        self.sets = []
        self.groups = []
        self.budgets = []
        self.gbudgets = []
        self.quotas = []
        readers = {"dims": self.read_dims, "region": self.read_region, "pool": self.read_pool, "tier": self.read_tier,
                   "set": self.read_set, "group": self.read_group, "cap": self.read_cap, "may": self.read_may,
                   "budget": self.read_budget, "gbudget": self.read_gbudget, "quota": self.read_quota,
                   "permachine": self.read_permachine}
        for kind, *words in lines_of(data, "drover-problem"):
            need(kind in readers, f"unknown line {kind!r}")
            need(words, f"nothing behind {kind}")
            readers[kind](words)
        need(self.dims, "no dims")
        self.finish()

    def new_id(self, text, have, most, what):
        need(number(text, 2**63, what) == have and have < most, f"{what} {text} is not the next one")

    def known(self, text, have, what):
        value = number(text, 2**63, what)
        need(value < have, f"there is no {what} {value}")
        return value

    def vector(self, text, most, what):
        values = [number(item, most, what) for item in text.split(",")]
        need(len(values) == len(self.dims), f"{what}: not every dimension is present")
        return values

    def limit(self, text, what):
        return None if text == "-" else number(text, COUNT, what)

    def pool_list(self, text):
        pools = []
        for item in text.split(","):
            if item.startswith("@"):
                pools += self.sets[self.known(item[1:], len(self.sets), "set")]
            else:
                pools.append(self.known(item, len(self.pools), "pool"))
        need(len(set(pools)) == len(pools), "a pool is in the list twice")
        return pools

    def read_dims(self, words):
        need(not self.dims and len(words) <= DIMENSIONS and len(set(words)) == len(words), "dims")
        self.dims = words

    def read_region(self, words):
        self.new_id(words[0], self.regions, POOLS, "region")
        need(len(words) == 2, "a region has a name")
        self.regions += 1

    def read_pool(self, words):
        need(self.dims, "dims must come first")
        self.new_id(words[0], len(self.pools), POOLS, "pool")
        key = keys_of(words[1:], ("region", "price", "capacity", "min", "max"), ("held", "rate"))
        self.known(key["region"], self.regions, "region")
        price = number(key["price"], MONEY, "price")
        pool = {"price": price, "capacity": self.vector(key["capacity"], AMOUNT, "capacity"),
                "min": number(key["min"], COUNT, "min"), "max": self.limit(key["max"], "max"), "tiers": [],
                "held": self.vector(key["held"], TOTAL, "held") if "held" in key else [0] * len(self.dims),
                "rate": number(key["rate"], MONEY, "rate") if "rate" in key else price}
        need(pool["max"] is None or pool["max"] >= pool["min"], "max below min")
        self.pools.append(pool)

    def read_tier(self, words):
        pool = self.pools[self.known(words[0], len(self.pools), "pool")]
        key = keys_of(words[1:], ("upto", "price"))
        upto, price = self.limit(key["upto"], "upto"), number(key["price"], MONEY, "price")
        before, before_price = pool["tiers"][-1] if pool["tiers"] else (pool["max"], pool["price"])
        need(before is not None and (upto is None or upto > before), "the tier raises nothing")
        need(price >= before_price, "the tier is cheaper than the one before")
        pool["tiers"].append((upto, price))

    def read_set(self, words):
        self.new_id(words[0], len(self.sets), 2**63, "set")
        self.sets.append(self.pool_list(keys_of(words[1:], ("pools",))["pools"]))

    def read_group(self, words):
        need(self.dims, "dims must come first")
        self.new_id(words[0], len(self.groups), GROUPS, "group")
        key = keys_of(words[1:], ("count", "demand", "unplaced"), ("move",))
        self.groups.append({"count": number(key["count"], COUNT, "count"),
                            "demand": self.vector(key["demand"], AMOUNT, "demand"),
                            "unplaced": number(key["unplaced"], MONEY, "unplaced"),
                            "move": number(key.get("move", "0"), MONEY, "move"),
                            "caps": [], "may": {}, "permachine": None})

    def read_cap(self, words):
        group = self.groups[self.known(words[0], len(self.groups), "group")]
        key = keys_of(words[1:], ("pools", "max"))
        group["caps"].append((self.pool_list(key["pools"]), number(key["max"], COUNT, "max")))

    def read_may(self, words):
        may = self.groups[self.known(words[0], len(self.groups), "group")]["may"]
        for word in words[1:]:
            place, *numbers = word.split(":")
            need(len(numbers) in (1, 2), f"may: {word!r}")
            extra = number(numbers[0], MONEY, "extra")
            now = number(numbers[1], COUNT, "now") if len(numbers) == 2 else 0
            for pool in self.pool_list(place):
                may[pool] = (extra, now)
            need("," not in place, f"may: {word!r}")

    def read_budget(self, words):
        self.new_id(words[0], len(self.budgets), 2**63, "budget")
        key = keys_of(words[1:], ("pools", "max"))
        self.budgets.append((self.pool_list(key["pools"]), number(key["max"], TOTAL, "max")))

    def read_gbudget(self, words):
        self.new_id(words[0], len(self.gbudgets), 2**63, "gbudget")
        key = keys_of(words[1:], ("groups", "max"))
        groups = [self.known(item, len(self.groups), "group") for item in key["groups"].split(",")]
        need(len(set(groups)) == len(groups), "a group is in the list twice")
        self.gbudgets.append((groups, number(key["max"], TOTAL, "max")))

    def read_quota(self, words):
        self.new_id(words[0], len(self.quotas), 2**63, "quota")
        key = keys_of(words[1:], ("pools", "weight", "max"))
        self.quotas.append((self.pool_list(key["pools"]), number(key["weight"], MONEY, "weight"),
                            number(key["max"], TOTAL, "max")))

    def read_permachine(self, words):
        group = self.groups[self.known(words[0], len(self.groups), "group")]
        need(group["permachine"] is None, "permachine twice")
        group["permachine"] = number(keys_of(words[1:], ("max",))["max"], COUNT, "max")

    def finish(self):
        """Pairs that do not fit go; u and A follow."""
        self.saturation = [[0] * len(self.dims) for _ in self.pools]
        for group in self.groups:
            group["may"] = {p: pair for p, pair in group["may"].items()
                            if all(d <= c for d, c in zip(group["demand"], self.pools[p]["capacity"]))}
            group["caps"] = [(frozenset(pools) & frozenset(group["may"]), most) for pools, most in group["caps"]]
            group["most"] = {p: min([group["count"]] + [most for pools, most in group["caps"] if p in pools])
                             for p in group["may"]}
            for p, most in group["most"].items():
                for k, demand in enumerate(group["demand"]):
                    self.saturation[p][k] += demand * most
        need(all(a <= TOTAL for row in self.saturation for a in row), "A_pk above 2^62")


def machine_limit(pool):
    return pool["tiers"][-1][0] if pool["tiers"] else pool["max"]


def machine_cost(pool, machines):
    """f_p(y): nothing up to y0, then tier by tier."""
    cost, start = 0, pool["min"]
    for upto, price in [(pool["max"], pool["price"])] + pool["tiers"]:
        end = machines if upto is None else min(machines, upto)
        cost += max(0, end - start) * price
        start = max(start, end)
    return cost


def rate(group, pool):
    """r_jp = ceil(rate_p max_k d_jk / C_pk)"""
    return max((-(-pool["rate"] * d // c) for d, c in zip(group["demand"], pool["capacity"]) if d), default=0)


# --- the plan ---


class Plan:
    def __init__(self, data, problem):
        self.problem = problem
        self.once = set()
        self.scale = 2**16
        self.figures = {}
        self.machines = [pool["min"] for pool in problem.pools]
        self.put = {}
        self.unplaced = [0] * len(problem.groups)
        self.packs = []
        self.multiplier = {}  # (word, id...) -> whole number over scale
        for kind, *words in lines_of(data, "drover-plan"):
            self.read_line(kind, words)
        need(len(self.figures) == 3, "cost, nodecost or bound is missing")

    def ids(self, words, *whats):
        have = {"pool": len(self.problem.pools), "group": len(self.problem.groups), "dim": len(self.problem.dims),
                "budget": len(self.problem.budgets), "gbudget": len(self.problem.gbudgets),
                "quota": len(self.problem.quotas)}
        return tuple(self.problem.known(word, have[what], what) for word, what in zip(words, whats))

    def read_line(self, kind, words):
        shapes = {"scale": (), "cost": (), "nodecost": (), "bound": (), "pool": ("pool",), "put": ("group", "pool"),
                  "unplaced": ("group",), "price": ("pool", "dim"), "budget": ("budget",), "gbudget": ("gbudget",),
                  "quota": ("quota",), "permachine": ("group", "pool")}
        if kind == "pack":
            self.read_pack(words)
            return
        if kind == "cap":
            need(len(words) == 3, "cap G I v")
            (group,) = self.ids(words[:1], "group")
            key = ("cap", group, self.problem.known(words[1], len(self.problem.groups[group]["caps"]), "cap"))
        else:
            need(kind in shapes, f"unknown line {kind!r}")
            need(len(words) == len(shapes[kind]) + 1, f"{kind}: too few or too many words")
            key = (kind, *self.ids(words, *shapes[kind]))
        need(key not in self.once, f"{key} is there twice")
        self.once.add(key)
        value = words[-1]
        if kind == "scale":
            self.scale = number(value, 2**32, kind)
            need(self.scale >= 2**16 and self.scale & (self.scale - 1) == 0, "scale is no power of two from 2^16")
        elif kind in ("cost", "nodecost", "bound"):
            negative = kind == "bound" and value.startswith("-")
            self.figures[kind] = number(value[1:], TOTAL, kind) * -1 if negative else number(value, TOTAL, kind)
        elif kind == "pool":
            self.machines[key[1]] = number(value, TOTAL, kind)
        elif kind == "put":
            self.put[key[1:]] = number(value, COUNT, kind)
        elif kind == "unplaced":
            self.unplaced[key[1]] = number(value, COUNT, kind)
        else:
            self.multiplier[key] = number(value, MULTIPLIER, kind)

    def read_pack(self, words):
        need(len(words) >= 2, "pack P times")
        (pool,) = self.ids(words[:1], "pool")
        held, groups = [], {}
        for word in words[2:]:
            if word.startswith("held:"):
                held.append(self.problem.vector(word[5:], AMOUNT, "held"))
                continue
            item = word.split(":")
            need(len(item) == 2, f"pack: {word!r}")
            (group,) = self.ids(item[:1], "group")
            need(group not in groups, f"pack: group {group} twice on a machine")
            groups[group] = number(item[1], COUNT, "packed")
            need(groups[group] > 0, "pack: nothing of a group")
        times = number(words[1], TOTAL, "times")
        need(times > 0, "pack: no machine")
        self.packs.append((pool, times, held, groups))


def check_rules(problem, plan):
    """Everything but the figures and the packing."""
    load = [list(pool["held"]) for pool in problem.pools]
    for (j, p), count in plan.put.items():
        group = problem.groups[j]
        need(p in group["may"], f"group {j} may not use pool {p}")
        for k, demand in enumerate(group["demand"]):
            load[p][k] += demand * count
        if group["permachine"] is not None:
            need(count <= group["permachine"] * plan.machines[p], f"group {j}: too many a machine in pool {p}")
    placed = [dict() for _ in problem.groups]
    for (j, p), count in plan.put.items():
        placed[j][p] = count
    for j, group in enumerate(problem.groups):
        need(sum(placed[j].values()) + plan.unplaced[j] == group["count"], f"group {j}: the count is not met")
        for i, (pools, most) in enumerate(group["caps"]):
            need(sum(placed[j].get(p, 0) for p in pools) <= most, f"group {j}: cap {i} is exceeded")
    for p, pool in enumerate(problem.pools):
        machines, limit = plan.machines[p], machine_limit(pool)
        need(pool["min"] <= machines and (limit is None or machines <= limit), f"pool {p}: machines")
        need(all(used <= c * machines for used, c in zip(load[p], pool["capacity"])), f"pool {p} is overfull")
    for b, (pools, most) in enumerate(problem.budgets):
        need(sum(problem.pools[p]["price"] * plan.machines[p] for p in pools) <= most, f"budget {b} is exceeded")
    for q, (pools, weight, most) in enumerate(problem.quotas):
        need(sum(weight * plan.machines[p] for p in pools) <= most, f"quota {q} is exceeded")
    for b, (groups, most) in enumerate(problem.gbudgets):
        need(sum(rate(problem.groups[j], problem.pools[p]) * count for j in groups for p, count in placed[j].items())
             <= most, f"gbudget {b} is exceeded")
    return placed


def check_packs(problem, plan):
    """Machines that the packing needs, a pool."""
    machines = [0] * len(problem.pools)
    held = [[0] * len(problem.dims) for _ in problem.pools]
    packed = {}
    for p, times, vectors, groups in plan.packs:
        fill = [sum(vector[k] for vector in vectors) for k in range(len(problem.dims))]
        for k in range(len(problem.dims)):
            held[p][k] += fill[k] * times
        for j, count in groups.items():
            group = problem.groups[j]
            need(group["permachine"] is None or count <= group["permachine"], f"group {j}: too many on a machine")
            packed[j, p] = packed.get((j, p), 0) + count * times
            fill = [f + count * demand for f, demand in zip(fill, group["demand"])]
        need(all(f <= c for f, c in zip(fill, problem.pools[p]["capacity"])), f"a machine of pool {p} is overfull")
        machines[p] += times
    need({pair: n for pair, n in plan.put.items() if n} == packed, "the packs do not place every put")
    for p, pool in enumerate(problem.pools):
        limit = machine_limit(pool)
        need(limit is None or machines[p] <= limit, f"pool {p}: the packing needs too many machines")
        need(all(have >= h for have, h in zip(held[p], pool["held"])), f"pool {p}: held capacity is not packed")
    return machines


def costs(problem, plan, placed, packed_machines):
    total = 0
    for j, group in enumerate(problem.groups):
        total += group["unplaced"] * plan.unplaced[j]
        total += sum(group["may"][p][0] * count for p, count in placed[j].items())
        gained = sum(max(0, count - group["may"][p][1]) for p, count in placed[j].items())
        growth = max(0, group["count"] - sum(now for _, now in group["may"].values()))
        total += group["move"] * max(0, gained - growth)
    aggregate = sum(machine_cost(pool, plan.machines[p]) for p, pool in enumerate(problem.pools))
    packed = sum(machine_cost(pool, max(pool["min"], packed_machines[p])) for p, pool in enumerate(problem.pools))
    return total + aggregate, total + packed


# --- the bound, everything times scale ---


def pool_minimum(problem, plan, p):
    pool = problem.pools[p]
    prices = [plan.multiplier.get(("price", p, k), 0) for k in range(len(problem.dims))]
    slope = sum(plan.multiplier.get(("budget", b), 0) * pool["price"]
                for b, (pools, _) in enumerate(problem.budgets) if p in pools)
    slope += sum(plan.multiplier.get(("quota", q), 0) * weight
                 for q, (pools, weight, _) in enumerate(problem.quotas) if p in pools)
    riders = [(value, problem.groups[key[1]]["permachine"], problem.groups[key[1]]["most"][p])
              for key, value in plan.multiplier.items() if key[0] == "permachine" and key[2] == p]

    def value(y):
        total = machine_cost(pool, y) * plan.scale + slope * y
        for k, price in enumerate(prices):
            total -= price * min(pool["capacity"][k] * y - pool["held"][k], problem.saturation[p][k])
        return total - sum(nu * min(each * y, most) for nu, each, most in riders)

    points = {pool["min"]} | {upto for upto, _ in [(pool["max"], 0)] + pool["tiers"] if upto is not None}
    breaks = [(problem.saturation[p][k] + pool["held"][k], c) for k, c in enumerate(pool["capacity"]) if c]
    breaks += [(most, each) for _, each, most in riders if each]
    for over, under in breaks:
        points |= {over // under, over // under + 1}
    limit = machine_limit(pool)
    return min(value(y) for y in points if y >= pool["min"] and (limit is None or y <= limit))


def group_minimum(problem, plan, j):
    group = problem.groups[j]
    values = {i: plan.multiplier.get(("cap", j, i)) for i in range(len(group["caps"]))}
    kept = [i for i, value in values.items() if value is None]
    for a in kept:
        for b in kept:
            left, right = group["caps"][a][0], group["caps"][b][0]
            need(left <= right or right <= left or not left & right, f"group {j}: caps {a} and {b} cross")
    gbudgets = sum(plan.multiplier.get(("gbudget", b), 0) for b, (groups, _) in enumerate(problem.gbudgets)
                   if j in groups)
    items = []
    for p, (extra, now) in group["may"].items():
        cost = extra * plan.scale + gbudgets * rate(group, problem.pools[p])
        cost += sum(plan.multiplier.get(("price", p, k), 0) * demand for k, demand in enumerate(group["demand"]))
        cost += plan.multiplier.get(("permachine", j, p), 0)
        cost += sum(value for i, value in values.items() if value is not None and p in group["caps"][i][0])
        items.append((cost, p, now))
        items.append((cost + group["move"] * plan.scale, p, group["count"]))
    room = {i: group["caps"][i][1] for i in kept}
    left, total = group["count"], 0
    unplaced = group["unplaced"] * plan.scale
    for cost, p, most in sorted(items):
        if cost >= unplaced:
            break
        inside = [i for i in kept if p in group["caps"][i][0]]
        amount = min([left, most] + [room[i] for i in inside])
        for i in inside:
            room[i] -= amount
        left -= amount
        total += cost * amount
    total += left * unplaced
    growth = max(0, group["count"] - sum(now for _, now in group["may"].values()))
    total -= group["move"] * growth * plan.scale
    return total - sum(value * group["caps"][i][1] for i, value in values.items() if value is not None)


def bound(problem, plan):
    for kind, *place in plan.multiplier:
        if kind == "permachine":
            j, p = place
            need(problem.groups[j]["permachine"] is not None and p in problem.groups[j]["may"],
                 f"group {j}, pool {p}: a multiplier without a limit")
    total = sum(pool_minimum(problem, plan, p) for p in range(len(problem.pools)))
    total += sum(group_minimum(problem, plan, j) for j in range(len(problem.groups)))
    for kind, limits in (("budget", problem.budgets), ("gbudget", problem.gbudgets), ("quota", problem.quotas)):
        total -= sum(plan.multiplier.get((kind, i), 0) * limit[-1] for i, limit in enumerate(limits))
    return -(-total // plan.scale)


def work_out(problem, plan):
    """The figures that follow from the plan; Wrong where it breaks a rule."""
    placed = check_rules(problem, plan)
    cost, nodecost = costs(problem, plan, placed, check_packs(problem, plan))
    return {"cost": cost, "nodecost": nodecost, "bound": bound(problem, plan)}


def check(problem_data, plan_data):
    """The figures of a plan that holds; Wrong otherwise."""
    problem = Problem(problem_data)
    plan = Plan(plan_data, problem)
    figures = work_out(problem, plan)
    need(figures == plan.figures, f"the figures are {figures}, not {plan.figures}")
    need(figures["bound"] <= figures["cost"], "the bound is above the cost")
    return figures


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.split("\n", maxsplit=1)[0])
    with open(sys.argv[1], "rb") as problem, open(sys.argv[2], "rb") as plan:
        try:
            print(" ".join(f"{key}={value}" for key, value in check(problem.read(), plan.read()).items()))
        except Wrong as error:
            sys.exit(f"invalid: {error}")


if __name__ == "__main__":
    main()
