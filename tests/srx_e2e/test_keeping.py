"""What was there before, and what nobody may read."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from tests.srx_e2e.test_forming import joined_by_hand
from tests.srx_e2e.world import World, node_of

Shops = Callable[..., World]
BEFORE = (
    "set interfaces ge-0/0/7 unit 0 family inet address 192.0.2.99/25",
    "set interfaces ge-0/0/7 description uplink",
    "set security zones security-zone untrust interfaces ge-0/0/7.0 host-inbound-traffic system-services ping",
    "set security zones security-zone untrust tcp-rst",
    "set system time-zone UTC",
    "set routing-options static route 0.0.0.0/0 next-hop 192.0.2.77",
    "set chassis cluster reth-count 2",
)


def test_values_that_haplan_overwrote_are_given_back_when_it_lets_go(shops: Shops) -> None:
    world = shops()
    world.plan()
    joined_by_hand(world, 1)
    world.by_hand(node_of(1), *BEFORE)
    before = world.lines(node_of(1))
    assert world.apply().exit_code == 0
    during = world.lines(node_of(1))
    assert "set interfaces ge-0/0/7 unit 0 family inet address 192.0.2.10/25" in during
    assert "set interfaces ge-0/0/7 description uplink" in during
    assert not {BEFORE[0], BEFORE[4], BEFORE[5]} & during
    assert world.plan().changes == ()
    assert world.apply(destroy=True).exit_code == 0
    assert world.lines(node_of(1)) == before


def test_one_attribute_that_leaves_the_stack_gives_its_old_value_back(shops: Shops) -> None:
    world = shops()
    world.plan()
    joined_by_hand(world, 1)
    world.by_hand(node_of(1), "set system name-server 9.9.9.9")
    world.edit(
        '    ha_fabric("ge-0/0/2,ge-1/0/2"),\n])', '    ha_fabric("ge-0/0/2,ge-1/0/2"),\n], dns_servers=["8.8.8.8"])'
    )
    assert world.apply().exit_code == 0
    assert "set system name-server 9.9.9.9" not in world.lines(node_of(1))
    world.edit(', dns_servers=["8.8.8.8"]', "")
    assert world.apply().exit_code == 0
    lines = world.lines(node_of(1))
    assert "set system name-server 9.9.9.9" in lines
    assert "set system name-server 8.8.8.8" not in lines


def test_the_pre_shared_key_is_on_the_device_and_nowhere_else(example: World) -> None:
    assert example.apply(log=example.folder / "log.txt").exit_code == 0
    secret = "lab-OVERLAY_PSK"
    kept = [file for file in Path(example.folder).rglob("*") if file.is_file() and file.name != "srx.db"]
    assert kept
    assert [file.name for file in kept if secret.encode() in file.read_bytes() or b"$9$" in file.read_bytes()] == []
    assert all(secret not in event.text and "$9$" not in event.text for event in example.events)
    with sqlite3.connect(example.folder / ".haplan" / "lab" / "srx.db") as db:
        dump = "\n".join(str(row) for (table,) in db.execute("select name from sqlite_master where type = 'table'")
                         for row in db.execute(f'select * from "{table}"'))  # fmt: skip
    db.close()
    assert "ascii-text" in dump
