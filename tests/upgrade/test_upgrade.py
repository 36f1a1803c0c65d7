"""A state that haplan 0.1.0 made opens, is as it was, and is brought up to date by the first run that writes."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from haplan import engine
from haplan.cli.main import run
from haplan.model.entries import Entries
from haplan.model.state import State
from haplan.model.value import decode
from tests.srx_e2e.world import World as Boxes
from tests.upgrade.conftest import Old, World

EXAMPLES = ("hub_spoke_srx", "hub_spoke_srx_netconf", "hub_spoke_ssr", "hub_spoke_ssr_conductor", "one_pair")
SMALL = ("more_mist", "more_srx", "more_ssr", "two_mist", "two_srx", "two_ssr")
ALL = (*EXAMPLES, *SMALL)


def state_of(world: World) -> State:
    with world.session() as session:
        return engine.read_state(session)


def interfaces(state: State) -> dict[str, Any]:
    """Address of each template or profile → its interfaces as recorded."""
    listed = {row.address: decode(row.values).get("interfaces") for row in state.rows.values()}
    return {address: found for address, found in listed.items() if found is not None}


def file_of(world: World) -> Path:
    return world.folder / ".haplan" / "lab" / "state.db"


@pytest.mark.parametrize("case", ALL)
def test_the_first_plan_after_the_upgrade_is_empty_and_writes_nothing(old: Old, case: str) -> None:
    world = old(case)
    before = file_of(world).read_bytes()
    for options in ({}, {"refresh": False}, {"refresh_only": True}):
        plan = world.plan(**options)
        assert (plan.changes, plan.drift, plan.outputs) == ((), (), ()), options
    assert file_of(world).read_bytes() == before
    assert not any(isinstance(found, Entries) for found in interfaces(state_of(world)).values())


@pytest.mark.parametrize("case", ALL)
def test_the_first_run_that_writes_keeps_a_copy_and_records_the_order_of_the_stack(old: Old, case: str) -> None:
    world = old(case)
    before = dump(file_of(world))
    change(world)
    assert world.apply().exit_code == 0
    copy = file_of(world).with_name("state.db.step-1.backup")
    assert dump(copy) == before
    assert any(f"a copy of it is {copy}" in line for line in world.told())
    with closing(sqlite3.connect(file_of(world))) as db:
        assert db.execute("SELECT value FROM meta WHERE key = 'format'").fetchall() == [("2",)]
    plan = world.plan()
    assert (plan.changes, plan.drift) == ((), ())
    with world.session() as session:
        wanted = {one.address: one.values.get("interfaces") for one in engine.validate(session).stack.blocks.values()}
    recorded = interfaces(state_of(world))
    assert recorded == {address: wanted[address] for address in recorded}


def dump(file: Path) -> list[str]:
    """All that a state file holds."""
    with closing(sqlite3.connect(file)) as db:
        return list(db.iterdump())


def change(world: World) -> None:
    """A change of every template and profile of the stack."""
    shared = "../modules/hub_spoke.py"
    name = world.folder.name
    if name.startswith("hub_spoke"):
        world.edit(shared, 'dns_servers=["8.8.8.8"]', 'dns_servers=["9.9.9.9"]')
        world.edit(shared, 'WanEdgeTemplate("ha-spoke", ', 'WanEdgeTemplate("ha-spoke", dns_servers=["9.9.9.9"], ')
    elif name == "one_pair":
        world.edit(
            "stack.py", 'WanEdgeTemplate("ha-branch", ', 'WanEdgeTemplate("ha-branch", dns_servers=["9.9.9.9"], '
        )
    else:
        world.edit("stack.py", 'dns_servers=["9.9.9.9"', 'dns_servers=["9.9.9.11"')


@pytest.mark.parametrize("case", ALL)
def test_a_run_of_then_can_be_rolled_back_to(old: Old, case: str) -> None:
    world = old(case)
    first = state_of(world).runs[0].id
    before = numbers(world)
    with world.session() as session:
        plan = engine.rollback(session, first)
        assert [one for one in plan.findings if one.severity == "error"] == []
        assert plan.changes
        assert not [one for one in plan.changes if one.address in interfaces(state_of(world)) and moved(one)]
        assert engine.apply(session, plan).exit_code == 0
    assert numbers(world) == before
    with world.session() as session:
        assert engine.rollback(session, first).changes == ()


def moved(change: Any) -> bool:
    """True if a change puts interfaces in another order."""
    listed = [list(side["interfaces"]) for side in (change.before, change.after) if side]
    return listed[0] != listed[-1]


def numbers(world: World) -> list[str]:
    """What the order of interfaces came to on a simulated SRX: preferences of default routes, numbers of reths."""
    if not world.folder.name.endswith("_srx") or not (world.folder / ".haplan" / "lab" / "srx.db").exists():
        return []
    boxes = Boxes(world.folder)
    said = [
        line for line in boxes.lines("02005e300c30") if "redundant-parent" in line or "static route 0.0.0.0/0" in line
    ]
    boxes.close()
    return sorted(said)


def test_the_order_that_a_device_runs_is_held_against_the_stack(old: Old) -> None:
    world = old("wrong_srx")
    plan = world.plan()
    (change,) = plan.changes
    assert plan.drift == ()
    assert change.before
    assert change.after
    assert list(change.before["interfaces"])[:2] == ["lte", "mpls"]
    assert list(change.after["interfaces"])[:2] == ["mpls", "lte"]
    assert str(change.reason.value) == "changed"
    assert world.apply().exit_code == 0
    assert world.plan().changes == ()


def test_name_servers_that_a_device_has_in_another_order_are_told_and_mended(old: Old) -> None:
    """0.1.0 recorded the second order and wrote none."""
    world = old("servers_srx")
    plan = world.plan()
    (moved,) = plan.drift
    assert (moved.recorded, moved.seen) == (
        {"dns_servers": ["9.9.9.10", "9.9.9.9"]},
        {"dns_servers": ["9.9.9.9", "9.9.9.10"]},
    )
    assert world.apply().exit_code == 0
    again = world.plan()
    assert (again.changes, again.drift) == ((), ())


@pytest.mark.parametrize("case", ["two_mist", "two_ssr"])
def test_an_order_that_says_nothing_to_a_backend_is_remembered_and_not_written_with_or_without_a_reading(
    old: Old, case: str
) -> None:
    world = old(case)
    change(world)
    assert world.apply().exit_code == 0
    lines = (world.folder / "stack.py").read_text().splitlines(keepends=True)
    first, second = (at for at, line in enumerate(lines) if line.strip().startswith("wan("))
    lines[first], lines[second] = lines[second], lines[first]
    (world.folder / "stack.py").write_text("".join(lines))
    for options in ({}, {"refresh": False}):
        plan = world.plan(**options)
        assert [(one.address, one.reason.value) for one in plan.changes] == [("wan_edge_template.edge", "remembered")]
        assert plan.transactions == (), options
    assert world.apply(refresh=False).exit_code == 0
    assert world.plan().changes == ()


# --- Plan files and pulled states of then -----------------------------------------------------------------------------


@pytest.mark.parametrize("case", ALL)
def test_a_plan_file_of_then_is_refused_in_one_line_and_nothing_happens(
    old: Old, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world = old(case)
    file, before = world.folder.parent / "third.plan", file_of(world).read_bytes()
    for command in (["show", str(file)], ["apply", str(file), "--lab", "--auto-approve"]):
        assert run(command) == 1
        told = capsys.readouterr()
        assert (told.out, told.err.count("\n")) == ("", 1)
        assert "made by haplan 0.1.0, in whose plan files author and state are no part of what is approved" in told.err
    assert file_of(world).read_bytes() == before


@pytest.mark.parametrize("case", ALL)
def test_a_state_that_was_pulled_then_is_pushed(old: Old, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what the state says; where that is lost, it stands in for it, but for the key of fingerprints: that
    never leaves a state, so that a secret cannot be compared with what was recorded."""
    world = old(case)
    push = ["state", "push", str(world.folder), str(world.folder.parent / "pulled.json"), "--lab"]
    assert run(push) == 0
    assert capsys.readouterr().out == "the state says that already; nothing was pushed\n"
    rows = state_of(world).rows
    file_of(world).unlink()
    assert run(push) == 0
    assert capsys.readouterr().out == "pushed: serial 2\n"
    assert state_of(world).rows == rows
    plan = world.plan()
    assert {one.address for one in plan.changes} <= {"overlay.OrgOverlay"}
    for change in plan.changes:
        assert {**(change.before or {}), "psk": ""} == {**(change.after or {}), "psk": ""}
    assert plan.drift == ()


def test_an_order_that_neither_state_nor_device_has_is_asked_for(old: Old) -> None:
    """0.1.0 recorded none, and the device that had it was cleared since."""
    world = old("two_srx")
    first = state_of(world).runs[-1].id
    assert world.destroy().exit_code == 0
    with world.session() as session:
        plan = engine.rollback(session, first)
    (refused,) = [one for one in plan.findings if one.severity == "error"]
    assert refused.rule == "SRX001"
    assert refused.address.startswith("wan_edge_template.")
    assert refused.message.startswith("nobody knows in which order these interfaces stood: ")
    assert refused.hint == "write them into the stack and apply that"
