"""A device is the boxes that haplan wrote to: others behind its addresses are refused, one device at a time."""

import json
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from haplan.errors import Stale
from tests.mixed import mixed
from tests.srx_e2e.test_faults import NEW
from tests.srx_e2e.world import World, node_of

Shops = Callable[..., World]


def swapped(world: World, mac: str, serial: str = "STRANGER") -> None:
    """Another box behind the same address."""
    with world.lab.estate.write() as tx:
        tx.run("update boxes set serial = ? where mac = ?", serial, mac)


def serial_of(world: World, mac: str) -> str:
    with world.lab.estate.read() as tx:
        return str(tx.box(mac)["serial"])


def remembered(world: World) -> sqlite3.Connection:
    (file,) = (world.folder / ".haplan").rglob("state.db")
    return sqlite3.connect(file)


def test_another_box_behind_an_address_is_refused_in_every_way_through_and_its_neighbour_is_not(shops: Shops) -> None:
    world = shops(2)
    assert world.apply().exit_code == 0
    before, mac = serial_of(world, node_of(1)), node_of(1)
    world.edit("# here", NEW)
    blind = world.plan(refresh=False)
    swapped(world, mac)
    ways: list[dict[str, Any]] = [{}, {"refresh_only": True}, {"destroy": True}, {"targets": ("cluster.shop1",)}]
    for options in ways:
        with pytest.raises(Stale, match=f"MAC {mac} has serial number STRANGER, and {before} is recorded") as refused:
            world.plan(**options)
        assert refused.value.exit_code == 5
    assert any("cluster.shop1: another box answers" in note for note in world.plan(targets=("cluster.shop2",)).notes)
    lines = world.lines(mac)
    result = world.apply(blind)
    assert ["STRANGER" in one.text for one in result.failed] == [True]
    assert world.lines(mac) == lines
    assert any("guest-web" in line for line in world.lines(node_of(2)))
    swapped(world, mac, before)
    assert world.apply().exit_code == 0
    assert world.plan().empty()


def test_a_device_that_comes_or_goes_changes_nothing_for_the_rest_and_one_looked_for_at_anothers_addresses_is_refused(
    shops: Shops,
) -> None:
    world, (first, last) = shops(2), mixed(2, first=1)
    assert world.apply(targets=("cluster.shop1",)).exit_code == 0
    assert world.apply().exit_code == 0
    world.edit('host=f"shop{number}-{at}"', 'host=f"shop2-{at}"')
    with pytest.raises(Stale, match=rf"cluster.shop{first}: another box answers: LAB{node_of(last)} \(MAC"):
        world.plan()  # of two boxes at one address the lab lets the last one answer
    world.edit('host=f"shop2-{at}"', 'host=f"shop{number}-{at}"')
    assert world.plan().empty()
    world.edit(f"[{first}, {last}]", f"[{first}]")
    assert world.apply().exit_code == 0
    assert world.plan().empty()


def test_a_box_of_the_lab_answers_where_state_knows_it_though_the_stack_names_another_host_by_now(shops: Shops) -> None:
    world = shops()
    assert world.apply().exit_code == 0
    world.edit('host=f"shop{number}-{at}"', 'host=f"moved{number}-{at}"')
    assert not world.plan().empty()
    assert world.apply(destroy=True).exit_code == 0


def test_a_row_that_was_written_without_serial_numbers_is_not_compared(shops: Shops) -> None:
    world = shops()
    assert world.apply().exit_code == 0
    with remembered(world) as state:
        rows = state.execute("select rowid, private from rows where type = 'cluster'").fetchall()
        for rowid, private in rows:
            kept = json.loads(private)
            assert set(kept.pop("serials")) == {node_of(1), node_of(1, 1)}
            state.execute("update rows set private = ? where rowid = ?", (json.dumps(kept), rowid))
    swapped(world, node_of(1))
    assert world.plan().empty()
