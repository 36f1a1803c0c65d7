"""The kill test: an apply dies at every fail point, and the next run makes it whole.

The short form dies at some of them; `pytest -m deep tests/kill` at all, with one write at a time and with three.
"""

import json
import os
import signal
import subprocess
import sys
from functools import partial
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from haplan.testing.cloud import Cloud
from haplan.testing.cloud_process import CloudProcess, RemoteCloud
from tests.kill.chapters import CHAPTERS, GROUPS

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
MEMORY = Path("/dev/shm")  # kills are not power cuts: what a file system has been given outlives them


def killed(chapter: str, firsts: range, step: int, parallelism: int) -> list[dict[str, Any]]:
    """What the drivers found, one for each of the first fail points, side by side."""
    with TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        path = os.pathsep.join(str(place) for place in (ROOT, ROOT / "providers", ROOT / "state"))
        environ = {**os.environ, "PYTHONPATH": path}
        drivers = []
        for first in firsts:
            (Path(folder) / str(first)).mkdir()
            words = [Path(folder) / str(first), chapter, first, step, parallelism]
            command = [sys.executable, str(HERE / "driver.py"), *map(str, words)]
            drivers.append(subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True))
        outputs = [driver.communicate()[0] for driver in drivers]
        assert [driver.returncode for driver in drivers] == [0] * len(drivers)
        return [json.loads(output) for output in outputs]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_killed_at_some_fail_points_the_next_run_converges(chapter: str) -> None:
    (found,) = killed(chapter, range(5, 6), 23, 1)
    assert found["wrong"] == []
    assert found["killed"] == len(found["points"][4::23])
    assert found["takeovers"] >= found["killed"] - 1  # the lock is free before it is taken


def test_what_took_effect_in_the_cloud_outlives_its_client(tmp_path: Path) -> None:
    with CloudProcess(tmp_path / "cloud") as address:
        child = os.fork()
        if child == 0:
            make = partial(Cloud.make, name="a", type_name="mem_thing", owner="", values={"size": 1})
            RemoteCloud(address, "estate").carry_out("thing:a", "create", "a", make)
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
        cloud = RemoteCloud(address, "estate")
        assert (cloud.names(), cloud.thing("a").values) == (["a"], {"size": 1})
        assert RemoteCloud(address, "another").names() == []
        with pytest.raises(ValueError, match="cannot drop"):
            cloud.ask("drop", identity="id-1")


def test_the_fail_points_are_where_a_crash_would_hurt() -> None:
    (found,) = killed("new", range(1, 2), 1000, 1)
    points = found["points"]
    assert len([point for point in points if point.startswith("after create")]) == 30
    assert found["writes"] == 32  # with the order of the rules, and a part in a second document
    assert found["transactions"] >= 8
    for name in (
        "before journal",
        "after journal",
        "before save",
        "after save",
        "before poll",
        "after poll",
        f"before order rules:mem_thing.t{GROUPS[0]}a",
        "after unlock",
    ):
        assert name in points
    steps = [point for point in points if not point.endswith("poll")]  # polls come in between, from their own thread
    for before, point in pairwise(steps):
        if point.startswith(("before create", "before order")):
            assert before == "after journal"


@pytest.mark.deep
@pytest.mark.parametrize("parallelism", [1, 3])
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_killed_at_every_fail_point_the_next_run_converges(chapter: str, parallelism: int) -> None:
    found = killed(chapter, range(1, 3), 2, parallelism)
    assert [line for one in found for line in one["wrong"]] == []
    assert sum(one["killed"] for one in found) >= 150
