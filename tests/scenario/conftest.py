"""Fixtures of the scenario tests."""
import pytest

from scenario.fleet import Fleet
from scenario.world import Scene, three_places


@pytest.fixture
def make_scene(drover, tmp_path):
    """make_scene(places): drover-sim with these regions, ended with its agents when the test ends."""
    scenes = []

    def make(places=None):
        scene = Scene(drover, tmp_path, places or three_places())
        scenes.append(scene)
        return scene

    yield make
    for scene in scenes:
        scene.end()


@pytest.fixture
def scene(make_scene):
    """Three regions: dc-fra1 is the cheapest, then aws-us-east-1, then azure-westeurope."""
    return make_scene()


@pytest.fixture
def make_fleet(drover, tmp_path):
    """make_fleet(pools): regions whose machines an account grows and shrinks, ended with its agents when the test ends."""
    fleets = []

    def make(pools, **options):
        fleet = Fleet(drover, tmp_path / f"fleet{len(fleets)}", pools, **options)
        fleets.append(fleet)
        return fleet

    yield make
    for fleet in fleets:
        fleet.end()
