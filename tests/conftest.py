"""For all tests: clean surroundings, and a record of every exchange with a simulator.

The traffic of the whole run is kept, and the last tests (`tests/test_traffic.py`) hold it against the published API
description and the vendor's models.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The test of the traffic comes last, when all of it is there."""
    items.sort(key=lambda item: item.path.name == "test_traffic.py")


@pytest.fixture(scope="session")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that simulators write their exchanges to."""
    return tmp_path_factory.mktemp("traffic")


@pytest.fixture(scope="session")
def committed_configurations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that simulated boxes write every configuration to that a commit took."""
    return tmp_path_factory.mktemp("committed")


@pytest.fixture(scope="session", autouse=True)
def surroundings(traffic: Path, committed_configurations: Path) -> Iterator[None]:
    """No credentials and no settings of the person who runs the tests; traffic is recorded."""
    kept = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("MIST_", "HAPLAN_"))]:
        del os.environ[name]
    os.environ["HAPLAN_LAB_TRAFFIC"] = str(traffic)
    os.environ["HAPLAN_LAB_CONFIGS"] = str(committed_configurations)
    os.environ["NO_COLOR"] = "1"
    yield
    os.environ.clear()
    os.environ.update(kept)
