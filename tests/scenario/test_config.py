"""Configurations that are wrong: exit 1, the place in the file and what to do, no crash, no data directory left behind in use."""
import pytest

from scenario.world import Place, SceneAgent
from tools.agent import pool_config

REGION = 'region "aws" {\n  nomad { address = "http://127.0.0.1:9" }\n%s\n}\n'
POOL = '  pool "std" {\n    select { node_class = "std" }\n    price {\n      usd_per_hour = %s\n    }\n  }'

BAD = {
    "an unknown key": ('regoin "aws" {}\n', ["regoin", 'did you mean "region"']),
    "an unknown key in a block": (REGION % '  provder = "aws"', ["provder", "provider"]),
    "a key twice": ('log_level = "info"\nlog_level = "info"\n', ["log_level"]),
    "a region twice": ((REGION % "") * 2, ["aws"]),
    "a pool twice": (REGION % "\n".join([POOL % '"0.1"'] * 2), ["std"]),
    "a list where text belongs": (REGION % '  provider = ["aws"]', ["provider", "text"]),
    "text where a block belongs": ('region = "aws"\n', ["region", "block"]),
    "a region without nomad": ('region "aws" {\n}\n', ["aws", "nomad"]),
    "an address that is none": ('region "aws" {\n  nomad { address = "127.0.0.1:4646" }\n}\n', ["address", "http://"]),
    "a password in an address": ('region "aws" {\n  nomad { address = "http://me:hush@127.0.0.1:4646" }\n}\n', ["token_file"]),
    "a token file that is missing": ('region "aws" {\n  nomad {\n    address = "http://127.0.0.1:9"\n    token_file = "/nowhere/token"\n  }\n}\n',
                                     ["/nowhere/token"]),
    "a catalogue that is missing": ('catalogue { file = "/nowhere/prices.csv" }\n', ["/nowhere/prices.csv"]),
    "a negative price": (REGION % (POOL % '"-0.1"'), ["usd_per_hour"]),
    "an absurd price": (REGION % (POOL % '"999999999999"'), ["usd_per_hour"]),
    "a price that is no number": (REGION % (POOL % '"cheap"'), ["usd_per_hour"]),
    "a price block without a price": (REGION % '  pool "std" {\n    select { node_class = "std" }\n    price { market = "spot" }\n  }', ["usd_per_hour"]),
    "an unknown market": (REGION % '  pool "std" {\n    select { node_class = "std" }\n    price {\n      usd_per_hour = "1"\n      market = "sport"\n    }\n  }', ["market", 'did you mean "spot"']),
    "an unknown selector": (REGION % '  pool "std" {\n    select { node_clas = "std" }\n  }', ["node_clas", "node_class"]),
    "an unknown mode": ('mode = "enforced"\n', ["enforce"]),
    "a policy that excludes every region": ((REGION % "") + 'policy "web" {\n  jobs = ["web"]\n  regions { deny = ["*"] }\n}\n', ["web", "every"]),
    "a policy that governs nothing": ((REGION % "") + 'policy "web" {\n}\n', ["web", "jobs"]),
    "an expression": ('log_level = upper("info")\n', [":"]),
    "a block left open": ('region "aws" {\n', [":"]),
    "a string left open": ('log_level = "info\n', [":"]),
    "bytes that are no UTF-8": (b'log_level = "\xff\xfe"\n', ["UTF-8"]),
    "a zero byte": (b'log_level = "a\x00b"\n', [":"]),
    "a hundred thousand open brackets": ("x = " + "[" * 100000, ["deep"]),
    "a hundred thousand open blocks": ("a {\n" * 100000, [":"]),
}


@pytest.fixture
def refused(drover, tmp_path):
    """refused(text or bytes): what the agent says before it ends with 1."""
    def start(text, mode=None):
        agent = SceneAgent(drover, tmp_path / "agent", "", mode)
        with open(agent.config_path, "ab") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        agent.launch()
        status = agent.process.wait(20)
        assert status == 1, f"exit {status}: {agent.log_text()[:1000]}"
        agent.check_log()
        assert not (agent.data_dir / "intent").exists()
        return agent, agent.log_text()

    return start


@pytest.mark.parametrize("what", BAD)
def test_refused_with_the_place_and_the_reason(refused, what):
    text, words = BAD[what]
    agent, said = refused(text)
    assert str(agent.config_path) in said, said[:1000]
    for word in words:
        assert word in said, f"{word!r} is not in: {said[:1000]}"
    assert "hush" not in said and len(said) < 2000


def test_a_missing_file_is_named(drover, tmp_path):
    agent = SceneAgent(drover, tmp_path / "agent", "")
    agent.config_path.unlink()
    agent.launch()
    assert agent.process.wait(20) == 1
    assert str(agent.config_path) in agent.log_text() and "No such file" in agent.log_text()


def test_a_directory_is_read_whole_and_a_fault_names_its_file(drover, tmp_path):
    agent = SceneAgent(drover, tmp_path / "agent", "")
    folder = tmp_path / "agent" / "d"
    folder.mkdir()
    (folder / "1.hcl").write_text(agent.config_path.read_text())
    (folder / "2.hcl").write_text("\n\n  modee = 1\n")
    agent.config_path = folder
    agent.launch()
    assert agent.process.wait(20) == 1
    assert f"{folder / '2.hcl'}:3:3" in agent.log_text()


def test_a_listed_address_that_is_taken_is_named(scene):
    first = scene.start()
    second = scene.agent(name="second")
    second.config_path.write_text(second.config_path.read_text().replace(str(second.port), str(first.port)))
    second.launch()
    assert second.process.wait(20) == 1
    assert str(first.port) in second.log_text()
    first.get("status")


def test_another_address_than_loopback_needs_tls(drover, tmp_path):
    agent = SceneAgent(drover, tmp_path / "agent", "")
    agent.config_path.write_text(agent.config_path.read_text().replace("127.0.0.1", "0.0.0.0"))
    agent.launch()
    assert agent.process.wait(20) == 1
    assert "cert_file" in agent.log_text()


def test_prices_come_from_a_catalogue_and_a_bad_row_is_named(make_scene):
    scene = make_scene([Place("aws-us-east-1", pools=pool_config("std", None))])
    prices = scene.folder / "prices.csv"
    prices.write_text("region,instance_type,market,usd_per_hour\naws-us-east-1,m5.large,on-demand,0.5\n")
    agent = scene.start(more=f'catalogue {{ file = "{prices}" }}\n')
    [std, _] = agent.get("pools")["Pools"]
    assert (std["NodeHourlyUSD"], std["PriceSource"]) == ("0.50", "catalogue")
    agent.stop()
    prices.write_text("region,instance_type,market,usd_per_hour\naws-us-east-1,m5.large,on-demand,-0.5\n")
    agent.launch()
    assert agent.process.wait(20) == 1
    assert f"{prices}:2" in agent.log_text()
