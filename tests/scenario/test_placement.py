"""The price engine at work: proofs, worth of room, growth, the federation's plan, metrics."""
import json
import re
import time
from decimal import Decimal

import pytest

from scenario.test_cli_commands import job_hcl

BIG = """
  group "cache" {
    count = 12
    task "sleep" {
      driver = "raw_exec"
      config {
        command = "/bin/sleep"
      }
      resources {
        cpu    = 500
        memory = 4000
      }
    }
  }
"""


@pytest.fixture
def agent(make_agent):
    agent = make_agent().start()
    agent.wait_regions()
    return agent


def plan_of(agent, text):
    path = agent.folder / "job.nomad.hcl"
    path.write_text(text)
    answer = agent.cli("job", "plan", "-json", path, check=False)
    assert answer.returncode in (0, 1), answer.stderr
    return json.loads(answer.stdout)["Decision"], path


def test_a_plan_proves_how_good_it_is_and_says_it(agent):
    decision, path = plan_of(agent, job_hcl(count=20, cpu=2000))
    assert 0 <= Decimal(decision["BoundUSD"]) <= Decimal(decision["MarginalAfterUSD"])
    assert 0 <= decision["GapPPM"] <= 1000000
    text = agent.cli("job", "plan", path, check=False).stdout
    assert re.search(r"Proof\tno placement costs less than [\d.]+ \$/h marginal", text)
    agent.cli("job", "run", path)
    explained = agent.json("explain", "web")
    assert explained["BoundUSD"] == decision["BoundUSD"]
    assert "Its room is worth" in agent.cli("explain", "web").stdout


def test_room_that_groups_compete_for_has_a_worth(agent):
    decision, _ = plan_of(agent, job_hcl(count=60, cpu=2000, more=BIG))
    worth = {(line["Group"], line["Pool"]): Decimal(line["ScarcityHourlyUSD"]) for line in decision["Lines"]
             if line["ScarcityHourlyUSD"] is not None}
    assert worth[("app", "reserved")] > 0 and worth[("cache", "reserved")] > 0


def test_growth_is_proposed_by_a_plan_and_done_by_a_run(agent):
    nodes = len(agent.json("node", "list")["Nodes"])
    decision, path = plan_of(agent, job_hcl(count=90, cpu=2000))
    growth = decision["Growth"]
    assert decision["Placed"] < decision["Wanted"] == 90
    assert growth["Pools"] and all(pool["NodesMore"] > 0 for pool in growth["Pools"])
    assert Decimal(growth["BoundUSD"]) <= Decimal(growth["CostUSD"]) <= Decimal(growth["PackedCostUSD"])
    limits = {"std": 8, "big": 4}
    assert all(pool["NodesNow"] + pool["NodesMore"] <= limits[pool["Pool"]] for pool in growth["Pools"])
    assert sum(pool["Allocations"] for pool in growth["Pools"]) <= 90 - decision["Placed"]
    assert "the others are yours to start" in agent.cli("job", "plan", path, check=False).stdout
    assert len(agent.json("node", "list")["Nodes"]) == nodes
    agent.cli("job", "run", path)
    more = sum(pool["NodesMore"] for pool in growth["Pools"])
    assert len(agent.json("node", "list")["Nodes"]) == nodes + more
    assert agent.json("job", "status", "web")["Proven"] == 90


def test_the_federations_plan_can_be_checked_by_anybody(agent):
    path = agent.folder / "web.nomad.hcl"
    path.write_text(job_hcl(count=8))
    agent.cli("job", "run", path)
    status = agent.json("placement", "status")
    assert status["Allocations"] >= 8
    assert Decimal(status["BoundUSD"]) <= Decimal(status["CostUSD"]) <= Decimal(status["PackedCostUSD"])
    assert Decimal(status["BoundUSD"]) <= Decimal(status["NowUSD"])
    assert "Nothing goes below" in agent.cli("placement", "status").stdout
    prefix = agent.folder / "today"
    agent.cli("placement", "export", prefix)
    problem, plan = f"{prefix}.problem", f"{prefix}.plan"
    assert "bound" in agent.cli("placement", "check", problem, plan).stdout
    with open(plan, encoding="utf-8") as file:
        text = file.read()
    with open(plan, "w", encoding="utf-8") as file:
        file.write(re.sub(r"^bound (-?\d+)", lambda found: f"bound {int(found[1]) + 1}", text, flags=re.M))
    assert agent.cli("placement", "check", problem, plan, check=False).returncode == 1


def test_advice_is_one_plan_and_follows_what_happens(agent):
    path = agent.folder / "web.nomad.hcl"
    path.write_text(job_hcl(count=6))
    agent.cli("job", "run", path)
    first = agent.json("placement", "status")
    agent.cli("sim", "price", "azure-westeurope", "reserved", "2")
    second = agent.json("placement", "status")
    assert second["Index"] > first["Index"]
    advice = agent.json("recommend")
    best = sum(place["CountBest"] for job in advice["Jobs"] for place in job["Places"])
    assert best == sum(job["Allocations"] for job in advice["Jobs"])  # nothing is lost in the plan
    assert Decimal(advice["BoundUSD"]) <= Decimal(advice["NowHourlyUSD"])


def test_metrics_are_what_prometheus_reads(agent):
    agent.json("placement", "status")
    answer = agent.api.get("/v1/drover/metrics").expect(200)
    values = {}
    for line in answer.text().splitlines():
        if line.startswith("#"):
            assert re.fullmatch(r"# (HELP|TYPE) drover_\w+ .+", line), line
            continue
        found = re.fullmatch(r'(drover_\w+)(\{(?:\w+="[^"]*",?)+\})? (-?[\d.]+)', line)
        assert found, line
        values[found[1] + (found[2] or "")] = float(found[3])
    assert values['drover_region_alive{region="dc-fra1"}'] == 1
    assert values["drover_placement_bound_dollars_per_hour"] <= values["drover_placement_cost_dollars_per_hour"]
    assert 0 <= values["drover_placement_gap_ratio"] <= 1
    assert values["drover_frozen"] == 0 and values["drover_mode"] == 2


def test_the_agent_ends_at_once_however_much_it_solves(agent):
    agent.json("placement", "status")
    agent.cli("sim", "price", "aws-us-east-1", "spot", "0.02")
    begun = time.monotonic()
    agent.stop()
    assert time.monotonic() - begun < 4
