"""Fixtures of the scenario tests."""
import pytest

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
