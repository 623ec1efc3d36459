"""Small random problems that use every word of the file format, and random changes of plans."""

import random

WORDS = ("price", "budget", "gbudget", "quota", "permachine", "cap")


def vector(values):
    return ",".join(str(value) for value in values)


def money(dice):
    return dice.choice([0, 1, dice.randint(0, 50), dice.randint(0, 10**6), dice.randint(0, 10**6)])


def pool_lines(dice, dims, pools, regions):
    lines, tiers = [], []
    for p in range(pools):
        capacity = [dice.choice([0, dice.randint(1, 12), dice.randint(1, 12)]) for _ in range(dims)]
        low = dice.choice([0, 0, dice.randint(0, 3)])
        high = dice.choice([None, low, low + dice.randint(0, 4)])
        price = money(dice)
        line = f"pool {p} region={dice.randrange(regions)} price={price} capacity={vector(capacity)} min={low}"
        line += f" max={'-' if high is None else high}"
        if low and dice.random() < 0.4:
            line += f" held={vector(dice.randint(0, c * low) for c in capacity)}"
        if dice.random() < 0.3:
            line += f" rate={money(dice)}"
        lines.append(line)
        while high is not None and dice.random() < 0.4:
            high = None if dice.random() < 0.2 else high + dice.randint(1, 3)
            price += money(dice)
            tiers.append(f"tier {p} upto={'-' if high is None else high} price={price}")
    return lines, tiers


def pool_list(dice, pools, sets):
    if sets and dice.random() < 0.4:
        return f"@{dice.randrange(sets)}"
    return vector(dice.sample(range(pools), dice.randint(1, pools)))


def group_lines(dice, j, dims, pools, sets):
    count = dice.choice([0, 1, dice.randint(1, 9), dice.randint(1, 9)])
    demand = [dice.choice([0, dice.randint(1, 6), dice.randint(1, 6)]) for _ in range(dims)]
    lines = [f"group {j} count={count} demand={vector(demand)} unplaced={money(dice) * dice.choice([1, 3])}"]
    if dice.random() < 0.5:
        lines[0] += f" move={money(dice)}"
    for _ in range(dice.choice([0, 0, 1, 2, 3])):
        lines.append(f"cap {j} pools={pool_list(dice, pools, sets)} max={dice.randint(0, count + 1)}")
    for _ in range(dice.randint(0, 2)):
        words = []
        for _ in range(dice.randint(1, pools)):
            place = f"@{dice.randrange(sets)}" if sets and dice.random() < 0.3 else str(dice.randrange(pools))
            words.append(f"{place}:{money(dice)}" + (f":{dice.randint(0, count + 2)}" if dice.random() < 0.4 else ""))
        lines.append(f"may {j} " + " ".join(words))
    if dice.random() < 0.3:
        lines.append(f"permachine {j} max={dice.randint(0, 3)}")
    return lines


def problem(seed):
    """The text of a problem; most have a plan, some have owned or held machines that break a limit."""
    dice = random.Random(seed)
    dims, pools, groups = dice.randint(1, 3), dice.randint(1, 6), dice.randint(1, 7)
    regions = dice.randint(1, 3)
    lines = ["# made at random", "drover-problem 1", "dims " + " ".join("cpu mem gpu".split()[:dims])]
    lines += [f"region {r} r-{r}  # a name" for r in range(regions)]
    pool_part, tiers = pool_lines(dice, dims, pools, regions)
    sets = dice.randint(0, 3)
    body = [f"set {s} pools={vector(dice.sample(range(pools), dice.randint(1, pools)))}" for s in range(sets)]
    for j in range(groups):
        body += group_lines(dice, j, dims, pools, sets)
    for b in range(dice.choice([0, 0, 1, 2])):
        body.append(f"budget {b} pools={pool_list(dice, pools, sets)} max={money(dice) * dice.randint(0, 12)}")
    for b in range(dice.choice([0, 0, 1, 2])):
        members = vector(dice.sample(range(groups), dice.randint(1, groups)))
        body.append(f"gbudget {b} groups={members} max={money(dice) * dice.randint(0, 12)}")
    for q in range(dice.choice([0, 0, 1, 2])):
        body.append(f"quota {q} pools={pool_list(dice, pools, sets)} weight={dice.randint(0, 5)} "
                    f"max={dice.randint(0, 40)}")
    return "\n".join(lines + pool_part + tiers + body) + "\n"


def multiplier_line(dice, problem):
    """A line `word ids value` that the format allows for this problem (a check_plan.Problem), or None."""
    top = dice.choice([1, 2**16, 2**22, 2**30, 2**36, 2**44])
    value = dice.choice([0, dice.randint(0, top)])
    word = dice.choice(WORDS)
    if word == "price":
        return f"price {dice.randrange(len(problem.pools))} {dice.randrange(len(problem.dims))} {value}"
    limits = {"budget": problem.budgets, "gbudget": problem.gbudgets, "quota": problem.quotas}.get(word)
    if limits is not None:
        return f"{word} {dice.randrange(len(limits))} {value}" if limits else None
    j = dice.randrange(len(problem.groups))
    group = problem.groups[j]
    if word == "cap":
        return f"cap {j} {dice.randrange(len(group['caps']))} {value}" if group["caps"] else None
    if group["permachine"] is None or not group["may"]:
        return None
    return f"permachine {j} {dice.choice(list(group['may']))} {value}"


def with_multipliers(dice, plan_text, problem):
    """The plan with multipliers of its own replaced by random ones, over a random scale."""
    lines = [line for line in plan_text.splitlines() if line.split(" ")[0] not in WORDS + ("scale",)]
    added = {}
    for _ in range(dice.randint(1, 12)):
        line = multiplier_line(dice, problem)
        if line:
            added[line.rsplit(" ", 1)[0]] = line
    lines += [f"scale {2 ** dice.randint(16, 32)}"] + list(added.values())
    return "\n".join(lines) + "\n"


def mutate(dice, plan_text):
    """The plan with one line changed, dropped, doubled or moved, so that most mutants no longer hold."""
    lines = plan_text.splitlines()
    at = dice.randrange(1, len(lines))
    action = dice.choice(["number", "number", "number", "drop", "double", "move", "word"])
    if action == "drop":
        del lines[at]
    elif action == "double":
        lines.insert(dice.randrange(1, len(lines)), lines[at])
    elif action == "move":
        lines.append(lines.pop(at))
    elif action == "word":
        lines[at] = dice.choice(["pack 0 1", "put 0 0 0", "unplaced 0 0", "cap 0 0 0", lines[at] + " 0", lines[at] + "x",
                                 "# " + lines[at]])
    else:
        words = lines[at].split(" ")
        place = dice.randrange(1, len(words))
        parts = words[place].replace(",", ":").split(":")
        part = dice.choice(parts)
        if part.lstrip("-").isdigit():
            change = dice.choice([1, -1, 1, -1, int(part), 10**9, -int(part), -2 * int(part) - 1])
            words[place] = words[place].replace(part, str(int(part) + change), 1)
        lines[at] = " ".join(words)
    return "\n".join(lines) + "\n"
