"""The commands against a development agent: what they print, how they end, what they never show."""
import json
import os
import pty
import re
import signal
import subprocess
import time

import pytest

REGIONS = ["aws-us-east-1", "azure-westeurope", "dc-fra1"]
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def job_hcl(name="web", count=4, cpu=1000, healthy="200ms", more=""):
    return f"""
job "{name}" {{
  datacenters = ["*"]
  group "app" {{
    count = {count}
    update {{
      min_healthy_time = "{healthy}"
    }}
    task "sleep" {{
      driver = "raw_exec"
      config {{
        command = "/bin/sleep"
      }}
      resources {{
        cpu    = {cpu}
        memory = 256
      }}
    }}
  }}
{more}
}}
"""


@pytest.fixture
def agent(make_agent):
    agent = make_agent().start()
    agent.wait_regions()
    return agent


def table(text):
    """Rows of a piped table, as dictionaries."""
    head, *rows = [line.split("\t") for line in text.splitlines()]
    assert all(len(row) == len(head) for row in rows), text
    return [dict(zip(head, row)) for row in rows]


def on_terminal(agent, *arguments):
    """What the command writes to a terminal, and its exit code."""
    parent, child = pty.openpty()
    environment = {**agent.environment(), "TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen([agent.binary, *arguments], stdin=child, stdout=child, stderr=child, env=environment, cwd=agent.folder)
    os.close(child)
    written = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:
            break
        if not part:
            break
        written += part
    os.close(parent)
    return written.decode(), process.wait(60)


def test_looking_commands_print_tables_and_json(agent):
    regions = table(agent.cli("region", "list").stdout)
    assert [(row["Region"], row["State"]) for row in regions] == [(name, "alive") for name in REGIONS]
    assert all(float(row["$/h"]) > 0 for row in regions)
    pools = table(agent.cli("pool", "list").stdout)
    assert {"owned", "spot", "reserved"} <= {row["Pool"] for row in pools}
    assert {row["Pool"] for row in table(agent.cli("node", "list", "-region", "dc-fra1", "-pool", "old").stdout)} == {"old"}
    sums = table(agent.cli("cost").stdout)
    paid, used, idle = (float(sums[-1][key]) for key in ("Paid $/h", "Used", "Idle"))
    assert sums[-1]["Region"] == "Total" and abs(paid - used - idle) < 0.002
    for arguments in (["region", "list"], ["region", "status", "dc-fra1"], ["pool", "list"], ["node", "list"], ["cost"], ["cost", "-jobs"],
                      ["recommend"], ["status"], ["mode"], ["policy", "list"], ["job", "status"], ["job", "status", "fill-1"], ["sim", "list"]):
        plain = agent.cli(*arguments)
        assert plain.stdout and not plain.stderr and "\x1b" not in plain.stdout
        assert isinstance(agent.json(*arguments), dict)


def test_a_job_from_file_to_stop(agent):
    path = agent.folder / "web.nomad.hcl"
    path.write_text(job_hcl())
    plan = agent.cli("job", "plan", path, check=False)
    assert plan.returncode == 1 and "Marginal $/h" in plan.stdout and "Full $/h" in plan.stdout
    run = agent.cli("job", "run", path)
    assert "4 of 4 proven" in run.stdout
    assert agent.json("job", "status", "web")["Proven"] == 4
    assert "\nState\trunning" in agent.cli("job", "status", "web").stdout
    assert agent.cli("job", "plan", path, check=False).returncode == 0
    assert "already" in agent.cli("job", "run", path).stdout
    explain = agent.cli("explain", "web").stdout
    candidates = table(explain[explain.index("Group\t"):])
    assert sum(int(row["Count"]) for row in candidates) == 4
    assert all(row["Why"] for row in candidates)
    assert any(row["Against chosen"].startswith("+") for row in candidates)
    assert {row["Action"] for row in table(agent.cli("audit", "-job", "web").stdout)} == {"register"}
    lines = agent.cli("audit", "-limit", "1", "-json").stdout.splitlines()
    assert len(lines) == 1 and json.loads(lines[0])["Result"] == "done"
    path.write_text(job_hcl(count=6))
    assert agent.json("job", "run", path)["Proven"] == 6
    assert "stopped everywhere" in agent.cli("job", "stop", "web").stdout
    assert agent.json("job", "status", "web")["State"] == "stopped"
    assert "forgotten" in agent.cli("job", "stop", "-purge", "web").stdout
    assert agent.cli("job", "status", "web", check=False).returncode == 1


def test_detached_it_does_not_follow(agent):
    path = agent.folder / "web.nomad.hcl"
    path.write_text(job_hcl(healthy="20s"))
    begun = time.monotonic()
    answer = agent.json("job", "run", "-detach", path)
    assert time.monotonic() - begun < 5 and answer["ID"] == "web" and answer["Revision"] > 0
    assert agent.json("job", "stop", "-detach", "web")["ID"] == "web"


def test_json_and_standard_input(agent):
    document = {"ID": "piped", "Name": "piped", "Type": "service", "Datacenters": ["*"], "TaskGroups": [
        {"Name": "app", "Count": 1, "Tasks": [{"Name": "t", "Driver": "raw_exec", "Config": {"command": "/bin/sleep"},
                                               "Resources": {"CPU": 100, "MemoryMB": 64}}],
         "Update": {"MinHealthyTime": 200_000_000}}]}
    assert agent.json("job", "run", "-", stdin=json.dumps({"Job": document}))["State"] == "running"
    document["ID"] = document["Name"] = "bare"
    assert agent.json("job", "run", "-", stdin=json.dumps(document))["State"] == "running"
    assert agent.json("job", "run", "-", stdin=job_hcl("text", 1))["State"] == "running"
    variables = agent.cli("job", "run", "-var", "a=1", "-", stdin=json.dumps(document), check=False)
    assert variables.returncode == 1 and "for HCL" in variables.stderr


def test_a_mistake_in_a_job_file_is_told_with_the_files_own_name(agent):
    path = agent.folder / "broken.nomad.hcl"
    path.write_text('job "web" {\n  group "app" {\n')
    answer = agent.cli("job", "run", path, check=False)
    assert answer.returncode == 1 and "broken.nomad.hcl:" in answer.stderr and "input.hcl" not in answer.stderr


def test_what_does_not_fit_ends_with_1_and_names_regions_and_reasons(agent):
    path = agent.folder / "huge.nomad.hcl"
    path.write_text(job_hcl("huge", count=900))
    plan = agent.cli("job", "plan", path, check=False)
    assert plan.returncode == 1 and "What does not fit, and why" in plan.stdout
    answer = agent.cli("job", "run", path, check=False)
    assert answer.returncode == 1
    assert "does not run whole" in answer.stderr and "drover explain huge" in answer.stderr
    assert any(name in answer.stderr for name in REGIONS)


def test_ctrl_c_ends_only_the_following(agent):
    path = agent.folder / "slow.nomad.hcl"
    path.write_text(job_hcl("slow", healthy="3s"))
    command = [agent.binary, "job", "run", path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=agent.environment()) as process:
        assert "submitted" in process.stdout.readline()
        assert process.stdout.readline() == "\n"
        assert any(name in process.stdout.readline() for name in REGIONS)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert "goes on as it was asked for" in process.stderr.read()
    agent.wait_json(["job", "status", "slow"], lambda job: job["State"] == "running")


def test_a_terminal_gets_a_table_that_is_drawn_in_its_place(agent):
    path = agent.folder / "web.nomad.hcl"
    path.write_text(job_hcl())
    written, status = on_terminal(agent, "job", "run", str(path))
    assert status == 0
    assert "\x1b[2A" in written and "\x1b[1m" in written
    assert "4 of 4 proven" in ESCAPES.sub("", written)
    written, status = on_terminal(agent, "region", "list")
    assert status == 0 and "\t" not in written and "aws-us-east-1     aws" in written


def test_policies_are_applied_shown_and_deleted(agent):
    path = agent.folder / "policy.hcl"
    path.write_text('policy "web" {\n  jobs = ["web*"]\n  regions { deny = ["azure-*"] }\n  spread { min_regions = 2 }\n}\n')
    applied = agent.cli("policy", "apply", path)
    assert "Policy web is in force" in applied.stdout
    assert table(agent.cli("policy", "list").stdout)[0]["Regions"] == "deny azure-*"
    assert "at least 2 regions" in agent.cli("policy", "show", "web").stdout
    path.write_text(job_hcl())
    assert sorted(region["Region"] for region in agent.json("job", "run", path)["Regions"]) == ["aws-us-east-1", "dc-fra1"]
    assert "deleted" in agent.cli("policy", "delete", "web").stdout
    path.write_text('policy "none" {\n  regions { deny = ["*"] }\n}\n')
    refused = agent.cli("policy", "apply", path, check=False)
    assert refused.returncode == 1 and "none" in refused.stderr


def test_mode_and_freeze(agent):
    path = agent.folder / "web.nomad.hcl"
    path.write_text(job_hcl())
    assert "incident 12" in agent.cli("freeze", "-reason", "incident 12").stdout
    refused = agent.cli("job", "run", path, check=False)
    assert refused.returncode == 1 and "unfreeze" in refused.stderr
    assert agent.json("unfreeze")["Frozen"] is None
    assert agent.json("mode", "observe")["Mode"] == "observe"
    assert agent.cli("job", "run", path, check=False).returncode == 1
    assert agent.cli("mode", "obsrve", check=False).returncode == 1


def test_the_simulation_is_steered_and_recommend_sees_a_price(agent):
    path = agent.folder / "web.nomad.hcl"
    path.write_text(job_hcl(count=12))
    agent.cli("job", "run", path)
    agent.cli("sim", "price", "aws-us-east-1", "spot", "0.001")
    jobs = {job["ID"]: job for job in agent.json("recommend")["Jobs"]}
    assert float(jobs["web"]["SavingHourlyUSD"]) > 0
    assert "Saves $/h" in agent.cli("recommend").stdout
    agent.cli("sim", "node-down", "dc-fra1", "owned-1")
    agent.wait_json(["node", "list", "-region", "dc-fra1"], lambda answer: any(node["Status"] == "down" for node in answer["Nodes"]))
    agent.cli("sim", "node-up", "dc-fra1", "owned-1")
    agent.cli("sim", "dark", "azure-westeurope")
    agent.wait_regions("suspect", ["azure-westeurope"])
    assert "azure-westeurope" in agent.cli("region", "list").stdout
    agent.cli("sim", "heal", "azure-westeurope")
    agent.wait_regions("alive", ["azure-westeurope"])
    assert agent.cli("sim", "price", "nowhere", "std", "0.1", check=False).returncode == 1


def test_following_says_which_region_is_silent(agent):
    path = agent.folder / "web.nomad.hcl"
    path.write_text(job_hcl(count=12))
    used = sorted(region["Region"] for region in agent.json("job", "run", path)["Regions"])
    agent.cli("sim", "dark", used[0])
    agent.wait_regions("suspect", [used[0]])
    with subprocess.Popen([agent.binary, "job", "stop", "web"], stdout=subprocess.PIPE, text=True, env=agent.environment()) as process:
        told = ""
        while f"{used[0]} stopping, region suspect" not in told:
            line = process.stdout.readline()
            assert line, told
            told += line
        agent.cli("sim", "heal", used[0])
        assert process.wait(30) == 0
        assert "stopped everywhere" in process.stdout.read()


def test_where_the_token_comes_from_is_told_and_the_token_is_not(agent):
    secret = agent.token_file.read_text().strip()
    wrong = agent.folder / "wrong"
    wrong.write_text("hush-not-this-agents-token\n")
    answer = agent.cli("region", "list", "-token-file", wrong, check=False)
    assert answer.returncode == 1 and str(wrong) in answer.stderr and "hush" not in answer.stderr

    def call(**variables):
        environment = {key: value for key, value in agent.environment().items() if key != "DROVER_TOKEN_FILE"}
        return subprocess.run([agent.binary, "region", "list"], env={**environment, **variables}, capture_output=True, text=True, check=False)

    nothing = call()
    assert nothing.returncode == 1 and "/.drover/token" in nothing.stderr and "-token-file" in nothing.stderr
    named = call(DROVER_TOKEN="hush-not-this-agents-token")
    assert named.returncode == 1 and "DROVER_TOKEN" in named.stderr and "hush" not in named.stderr
    assert call(DROVER_TOKEN=secret).returncode == 0
    assert call(DROVER_TOKEN_FILE=str(agent.token_file)).returncode == 0
    (agent.folder / ".drover").mkdir()
    (agent.folder / ".drover" / "token").write_text(secret + "\n")
    assert call().returncode == 0
    missing = call(DROVER_TOKEN_FILE="/nowhere/token")
    assert missing.returncode == 1 and "/nowhere/token" in missing.stderr


def test_monitor_follows_the_log(agent):
    command = [agent.binary, "monitor"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=agent.environment()) as process:
        time.sleep(0.5)
        agent.cli("freeze", "-reason", "to be seen")
        line = process.stdout.readline()
        process.terminate()
    assert "[warn]" in line and "to be seen" in line


def test_following_bears_an_agent_that_is_slow_for_a_while(agent):
    path = agent.folder / "web.nomad.hcl"
    path.write_text(job_hcl(healthy="3s"))
    with subprocess.Popen([agent.binary, "job", "run", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env=agent.environment()) as process:
        assert "submitted" in process.stdout.readline()
        process.stdout.readline()
        process.stdout.readline()
        agent.freeze()
        time.sleep(1)
        agent.thaw()
        assert process.wait(30) == 0
        assert "proven" in process.stdout.read()
