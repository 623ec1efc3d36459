"""Every family of tests/bench/placement/families.c: the engine solves it, check_plan.py takes the plan and HiGHS does not
contradict it (its best is no lower than the bound, its bound no higher than the cost).

Needs the placement-tool (DROVER_PLACEMENT_TOOL or build/placement-tool) and highspy; skipped, saying so, without them.
Rerun one: `python3 -m pytest tests/placement/test_families.py -k 'tiers-tiny-2'`."""

import os
import subprocess

import pytest

from placement import check_plan, problem_text

TOOL = os.environ.get("DROVER_PLACEMENT_TOOL", os.path.join(os.path.dirname(__file__), "..", "..", "build", "placement-tool"))
NAMES = ("plain few-pools owned rare cap-trees cap-crosses tight permachine steady one-dimension eight-dimensions one-pool "
         "one-group tiers equal free edge").split()
SECONDS = 300  # far more than any of these takes, sanitizers and a busy machine included


@pytest.fixture(scope="module", autouse=True)
def _tools():
    if not os.path.exists(TOOL):
        pytest.skip("placement-tool is not built: cmake --build build --target placement-tool")


def solve(name, seed, effort, tmp_path):
    """(problem bytes, figures by the independent checker)."""
    problem, plan = tmp_path / "problem", tmp_path / "plan"
    problem.write_bytes(subprocess.run([TOOL, "generate", name, str(seed)], capture_output=True, check=True).stdout)
    done = subprocess.run([TOOL, "solve", str(problem), "-o", str(plan), "-effort", str(effort)], capture_output=True,
                          text=True, check=False, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    data = problem.read_bytes()
    return data, check_plan.check(data, plan.read_bytes())


def test_the_list_of_families_is_whole():
    listed = subprocess.run([TOOL, "families"], capture_output=True, text=True, check=True).stdout.split()
    assert listed == NAMES


@pytest.mark.parametrize("seed", (1, 2, 3))
@pytest.mark.parametrize("family", NAMES)
def test_highs_does_not_contradict(family, seed, tmp_path):
    pytest.importorskip("highspy", reason="pip install highspy")
    data, figures = solve(f"{family}:tiny", seed, seed, tmp_path)
    _, cost, bound = problem_text.Model(problem_text.read(data.decode())).highs(seconds=5)
    slack = 1e-6 * abs(cost) + 1
    assert figures["bound"] <= cost + slack, f"HiGHS found {cost}, below the bound"
    assert figures["cost"] >= bound - slack, f"HiGHS proves {bound}, above the cost"


@pytest.mark.parametrize("family", [name for name in NAMES if name != "one-group"])
def test_small_ones_are_solved_and_checked(family, tmp_path):
    _, figures = solve(f"{family}:small", 1, 1, tmp_path)
    assert figures["bound"] <= figures["cost"]
