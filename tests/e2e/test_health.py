"""Health and snapshots of a simulated organisation: what fails is red, and in a comparison only what was up before."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haplan.cli.main import run
from tests.e2e.world import World

Example = Callable[[str], World]
NODES = ("02005e100c30", "02005e100c31")


def box(world: World, **keys: Any) -> None:
    assert world.portal.post("/lab/devices", json=keys).status_code == 200


def test_health_goes_red_with_what_fails_and_a_comparison_blames_only_what_was_up(
    example: Example, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = example("one_pair")
    stack, before, after = str(world.folder), str(tmp_path / "before.json"), str(tmp_path / "after.json")
    assert run(["health", stack, "--lab"]) == 0
    assert "cluster.branch  the pair (HA175): it is not formed yet" in capsys.readouterr().out
    assert run(["health", stack, "--lab", "--strict"]) == 10
    assert world.apply().exit_code == 0
    capsys.readouterr()
    assert run(["health", stack, "--lab", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["counts"]["red"], found["counts"]["unknown"]) == (0, 0)
    box(world, mac=NODES[1], version="6.9.9-1")
    assert run(["snapshot", stack, "--lab", "--out", before]) == 0
    box(world, mac=NODES[1], connected=False)
    world.lab.clock.sleep(120)
    assert run(["health", stack, "--lab"]) == 10
    said = capsys.readouterr().out
    assert f"cluster.branch  nodes (HA176): node1 {NODES[1]} is offline" in said
    assert run(["snapshot", stack, "--lab", "--out", after]) == 0
    capsys.readouterr()
    assert run(["snapshot", "--compare", before, after]) == 10
    red = capsys.readouterr().out.partition("\nRed\n")[2].partition("\n\n")[0]
    assert f"nodes (HA176): was up before: node1 {NODES[1]} is offline" in red
    assert "firmware" not in red  # that was so before
    assert run(["snapshot", "--compare", before, before]) == 1
    assert "both are the same snapshot" in capsys.readouterr().err
    assert run(["snapshot", "--compare", before, str(tmp_path / "none.json")]) == 1
    assert "none.json: No such file or directory; `haplan snapshot --out" in capsys.readouterr().err
    (tmp_path / "odd.json").write_text("{}")
    assert run(["snapshot", "--compare", before, str(tmp_path / "odd.json")]) == 1
    assert "odd.json: is no snapshot" in capsys.readouterr().err
