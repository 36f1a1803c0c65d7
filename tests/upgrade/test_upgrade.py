"""A state that haplan 0.1.0 made opens, is as it was, and is brought up to date by the first run that writes."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from haplan import engine
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
