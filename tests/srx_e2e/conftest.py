"""The whole of haplan against simulated SRX pairs, over real NETCONF on SSH."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.mixed import mixed
from tests.srx_e2e.world import ONE_PAIR, World

STACKS = Path(__file__).parent.parent.parent / "stacks"


@pytest.fixture
def shops(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """A stack of so many pairs that carry one template."""
    worlds: list[World] = []

    def make(pairs: int = 1, lab: str = "") -> World:
        folder = tmp_path / "shops"
        folder.mkdir()
        (folder / "stack.py").write_text(ONE_PAIR.replace("PAIRS", str(mixed(pairs, first=1))))
        worlds.append(World(folder))
        if lab:
            worlds[-1].misbehave(lab)
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()


@pytest.fixture
def example(tmp_path: Path) -> Iterator[World]:
    """The worked example in a folder of its own."""
    shutil.copytree(STACKS, tmp_path / "stacks", ignore=shutil.ignore_patterns(".haplan"))
    world = World(tmp_path / "stacks" / "hub_spoke_srx_netconf")
    yield world
    world.close()
