"""The engine's bound and cost against HiGHS on small random problems: bound <= HiGHS' optimum <= cost.

Needs the placement-tool (DROVER_PLACEMENT_TOOL or build/placement-tool) and highspy; both are skipped over when absent,
saying what to install."""

import os
import re
import subprocess

import pytest

from placement import problem_text

TOOL = os.environ.get("DROVER_PLACEMENT_TOOL", os.path.join(os.path.dirname(__file__), "..", "..", "build", "placement-tool"))


@pytest.fixture(scope="module", autouse=True)
def _tools():
    if not os.path.exists(TOOL):
        pytest.skip("placement-tool is not built: cmake --build build --target placement-tool")
    pytest.importorskip("highspy", reason="pip install highspy")


def _figures(text):
    return {key: float(value) for key, value in re.findall(r"(\w+)=(-?[\d.]+)", text)}


@pytest.mark.parametrize("seed", range(1, 26))
def test_bound_optimum_and_cost_stand_in_order(seed, tmp_path):
    path = tmp_path / "problem"
    path.write_bytes(subprocess.run([TOOL, "generate", "tiny", str(seed)], capture_output=True, check=True).stdout)
    plan = tmp_path / "plan"
    solved = _figures(subprocess.run([TOOL, "solve", str(path), "-o", str(plan)], capture_output=True, text=True,
                                     check=True).stderr)
    status, cost, bound = problem_text.Model(problem_text.read(path.read_text())).highs(seconds=60)
    assert status in ("Optimal", "Time limit reached")
    slack = 1e-6 * abs(cost) + 1
    assert solved["bound"] <= cost + slack, f"seed {seed}: bound {solved['bound']} above HiGHS' {cost}"
    assert solved["cost"] >= bound - slack, f"seed {seed}: cost {solved['cost']} below HiGHS' bound {bound}"
    assert subprocess.run([TOOL, "check", str(path), str(plan)], check=False).returncode == 0
