"""Conductors that are closed after the test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from haplan_ssr.lab import Lab, LabDefinition, Settings
from tests.ssr_lab.conductor import Conductor, connect
from tests.ssr_model.example import authority


@pytest.fixture
def open_conductor(tmp_path: Path) -> Iterator[Callable[..., Conductor]]:
    """`open_conductor(faults=…, **settings)` serves a lab; it is closed after the test."""
    opened: list[Conductor] = []

    def open_(*, folder: str = "lab", **given: Any) -> Conductor:
        names = {field.name for field in attrs.fields(Settings)}
        settings = Settings(**{name: value for name, value in given.items() if name in names})
        rest = {name: value for name, value in given.items() if name not in names}
        lab = Lab(tmp_path / folder, definition=LabDefinition(settings=settings, **rest))
        conductor = connect(lab, lab.start())
        opened.append(conductor)
        return conductor

    yield open_
    for conductor in opened:
        conductor.close()


@pytest.fixture
def conductor(open_conductor: Callable[..., Conductor]) -> Conductor:
    return open_conductor()


@pytest.fixture
def example(conductor: Conductor) -> Conductor:
    """One on which a hub and a spoke run."""
    load(conductor)
    return conductor


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conductor]:
    """The same for the tests of one file that leave it as it is."""
    lab = Lab(tmp_path_factory.mktemp("standing"))
    conductor = connect(lab, lab.start())
    load(conductor)
    yield conductor
    conductor.close()


def load(conductor: Conductor, spokes: int = 1) -> None:
    """Commit the example."""
    conductor.api.ok("PATCH", "/config/candidate/", authority(spokes))
    assert conductor.api.commit() == []
