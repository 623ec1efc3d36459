"""Fixtures of the azure module's tests: the ARM double, fresh for each test, certificates made once."""
import pytest

from doubles.azure.server import Double
from doubles.azure.world import CLIENT_SECRET
from providers.azure.tool import Module


@pytest.fixture(scope="session")
def certificate_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("azure-certificates")


@pytest.fixture
def double(certificate_folder, monkeypatch):
    with Double(certificate_folder) as running:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(running.ca_file))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        yield running


@pytest.fixture
def world(double):
    return double.world


@pytest.fixture
def module(double, tmp_path):
    """The azure module on the double, signed in by a client secret, which must stand in nothing that it says."""
    running = Module(double, tmp_path)
    yield running
    assert CLIENT_SECRET not in running.output
    assert "bearer-" not in running.output
