"""One lab a test: a pair of boxes, cabled, not clustered."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from haplan_srx.lab import Device, Lab, LabDefinition, Served

NODE0, NODE1 = "02005e300a10", "02005e300a11"


@attrs.frozen
class Bench:
    """A lab and where it answers."""

    lab: Lab
    served: Served

    def port(self, mac: str = NODE0) -> int:
        return self.served.ports[mac]


def devices(model: str = "SRX1500", **more: Any) -> tuple[Device, Device]:
    """Two boxes of one model that are cabled to each other."""
    return (
        Device(NODE0, "DEMOH1A", model, name="left", pair=NODE1, **more),
        Device(NODE1, "DEMOH1B", model, name="right", pair=NODE0, **more),
    )


@pytest.fixture
def bench_of(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Starts a lab: `bench_of(devices(…), settings=…, faults=…)`."""
    running: list[Lab] = []

    def start(boxes: tuple[Device, ...] | None = None, folder: str = "lab", **more: Any) -> Bench:
        lab = Lab(tmp_path / folder, definition=LabDefinition(devices=boxes or devices(), **more))
        running.append(lab)
        return Bench(lab, lab.start())

    yield start
    for lab in running:
        lab.stop()


@pytest.fixture
def bench(bench_of: Callable[..., Bench]) -> Bench:
    """A lab of two boxes."""
    return bench_of()
