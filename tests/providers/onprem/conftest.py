"""Fixtures of the onprem module's tests: the fake BMC, and the module run against it."""
import os
from pathlib import Path

import pytest

from doubles.bmc.bmc import Bmc
from providers.onprem.site import Tool, write_settings

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def provider_tool():
    """DROVER_PROVIDER_TOOL, else the one beside DROVER_BIN, else build/provider-tool."""
    beside = Path(os.environ.get("DROVER_BIN") or ROOT / "build" / "drover").parent / "provider-tool"
    path = Path(os.environ.get("DROVER_PROVIDER_TOOL") or beside).resolve()
    if not path.is_file():
        pytest.fail(f"{path} is not there: build the target provider-tool, or set DROVER_PROVIDER_TOOL")
    return path


@pytest.fixture
def make_bmc(tmp_path):
    running = []

    def make(systems, **options):
        folder = tmp_path / f"bmc{len(running)}"
        folder.mkdir()
        bmc = Bmc(systems, folder, **options)
        bmc.start()
        running.append(bmc)
        return bmc

    yield make
    for bmc in running:
        bmc.stop()


@pytest.fixture
def make_tool(provider_tool, tmp_path):
    """make_tool({"r1": block, ...}, ...): settings written, the account open at the first call."""
    tools = []

    def make(machines, **options):
        folder = tmp_path / f"account{len(tools)}"
        folder.mkdir()
        write_settings(folder, machines, **options)
        tool = Tool(provider_tool, provider_tool.parent / "drover-provider-onprem.so", folder)
        tools.append(tool)
        return tool

    yield make
    for tool in tools:
        tool.stop()


@pytest.fixture
def make_site(make_bmc, make_tool):
    """make_site([System, ...]): one BMC holding them all, machines r1, r2, ... in pool rack-a: (bmc, tool)."""

    def make(systems, bmc=None, **options):
        bmc = make_bmc(systems, **(bmc or {}))
        machines = {f"r{i + 1}": f'{bmc.settings()}\n  system = "/redfish/v1/Systems/{system.name}"'
                    for i, system in enumerate(systems)}
        return bmc, make_tool(machines, **options)

    return make
