"""The C checker against check_plan.py, which shares nothing with it: on random problems with solved plans, with random
multipliers, and with one line changed, both take or refuse alike and find the same three figures.

Needs the placement-tool (DROVER_PLACEMENT_TOOL or build/placement-tool); skipped, saying so, without it. Rerun one seed:
`python3 -m pytest tests/placement/test_check_plan.py -k 'seed17-'`. DROVER_PLACEMENT_SEEDS changes how many there are."""

import os
import random
import re
import subprocess

import pytest

from placement import check_plan, random_problem

TOOL = os.environ.get("DROVER_PLACEMENT_TOOL", os.path.join(os.path.dirname(__file__), "..", "..", "build", "placement-tool"))
SEEDS = int(os.environ.get("DROVER_PLACEMENT_SEEDS", "120"))
FIGURES = ("cost", "nodecost", "bound")


@pytest.fixture(scope="module", autouse=True)
def _tools():
    if not os.path.exists(TOOL):
        pytest.skip("placement-tool is not built: cmake --build build --target placement-tool")


def run(*arguments):
    """Status and standard error; a sanitizer's or signal's end is a failure of its own."""
    done = subprocess.run([TOOL, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), f"{arguments}: status {done.returncode}\n{done.stderr}"
    return done.returncode, done.stderr


def figures_of(text):
    return {key: int(value) for key, value in re.findall(r"\b(cost|nodecost|bound)=(-?\d+)", text)}


def opinions(tmp_path, problem_text, plan_text):
    """(figures or None) of the C checker and of the independent one."""
    (tmp_path / "problem").write_text(problem_text)
    (tmp_path / "plan").write_text(plan_text)
    status, words = run("check", str(tmp_path / "problem"), str(tmp_path / "plan"))
    try:
        expected, reason = check_plan.check(problem_text.encode(), plan_text.encode()), ""
    except check_plan.Wrong as wrong:
        expected, reason = None, str(wrong)
    return figures_of(words) if status == 0 else None, expected, f"C: {words}\nindependent: {expected or reason}"


def with_figures(plan_text, figures):
    lines = [line for line in plan_text.splitlines() if line.split(" ")[0] not in FIGURES]
    return "\n".join(lines + [f"{key} {figures[key]}" for key in FIGURES]) + "\n"


def solved(tmp_path, problem_text, seed):
    """A plan of the engine, or None where no plan exists; then that must be true."""
    (tmp_path / "problem").write_text(problem_text)
    status, words = run("solve", str(tmp_path / "problem"), "-o", str(tmp_path / "solved"), "-seed", str(seed), "-effort",
                        str(1 + seed % 4))
    if status == 0:
        return (tmp_path / "solved").read_text()
    problem = check_plan.Problem(problem_text.encode())
    assert not owned_and_held_hold(problem), f"a plan exists, but: {words}"
    return None


def owned_and_held_hold(problem):
    """Machines that owned and held capacity need keep every limit: then leaving all unplaced is a plan."""
    machines = []
    for pool in problem.pools:
        need = [pool["min"]]
        for held, capacity in zip(pool["held"], pool["capacity"]):
            if held and not capacity:
                return False
            need.append(-(-held // capacity) if held else 0)
        limit = check_plan.machine_limit(pool)
        if limit is not None and max(need) > limit:
            return False
        machines.append(max(need))
    return (all(sum(problem.pools[p]["price"] * machines[p] for p in pools) <= most for pools, most in problem.budgets)
            and all(weight * sum(machines[p] for p in pools) <= most for pools, weight, most in problem.quotas))


@pytest.mark.parametrize("seed", range(1, SEEDS + 1), ids=lambda seed: f"seed{seed}-")
def test_both_checkers_agree(seed, tmp_path):
    dice = random.Random(seed)
    problem_text = random_problem.problem(seed)
    plan_text = solved(tmp_path, problem_text, seed)
    if plan_text is None:
        return
    ours, independent, words = opinions(tmp_path, problem_text, plan_text)
    assert ours == independent and ours, words
    problem = check_plan.Problem(problem_text.encode())
    for _ in range(4):
        other = random_problem.with_multipliers(dice, plan_text, problem)
        try:
            figures = check_plan.work_out(problem, check_plan.Plan(other.encode(), problem))
        except check_plan.Wrong:
            figures = dict(zip(FIGURES, (0, 0, 0)))  # crossing caps in the greedy: both must refuse
        assert figures["bound"] <= figures["cost"], f"the independent bound proves too much:\n{problem_text}\n{other}"
        ours, independent, words = opinions(tmp_path, problem_text, with_figures(other, figures))
        assert ours == independent, f"{words}\n{problem_text}\n{with_figures(other, figures)}"
        figures["bound"] += 1
        assert opinions(tmp_path, problem_text, with_figures(other, figures))[0] is None
    for _ in range(6):
        mutant = random_problem.mutate(dice, plan_text)
        ours, independent, words = opinions(tmp_path, problem_text, mutant)
        assert ours == independent, f"{words}\n{problem_text}\n{mutant}"
