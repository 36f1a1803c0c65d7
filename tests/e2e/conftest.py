"""The whole of haplan against a simulated Mist organisation, over real HTTP."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.world import World

STACKS = Path(__file__).parent.parent.parent / "stacks"


@pytest.fixture
def example(tmp_path: Path) -> Iterator[Callable[[str], World]]:
    """Copies an example stack, with the modules beside it, to a folder of its own."""
    worlds: list[World] = []

    def make(name: str) -> World:
        shutil.copytree(STACKS, tmp_path / "stacks", ignore=shutil.ignore_patterns(".haplan"))
        worlds.append(World(tmp_path / "stacks" / name))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()
