"""What was there before, and what nobody may read."""

import json
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

WORKING = (
    "interfaces ge-0/0/7 unit 0 family inet address 192.0.2.99/25",
    "security zones security-zone untrust interfaces ge-0/0/7.0",
    "routing-options static route 0.0.0.0/0 next-hop 192.0.2.77",
)


def test_values_that_haplan_overwrote_are_given_back_when_it_lets_go(shops: Shops) -> None:
    world = shops()
    world.plan()
    joined_by_hand(world, 1)
    world.by_hand(node_of(1), *BEFORE)
    before = world.lines(node_of(1))
    named = ", ".join(repr(one) for one in WORKING)
    world.edit("cluster_id=number,", f"cluster_id=number, overwrite=[{named}],")
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
    world.by_hand(node_of(1), "set interfaces ge-0/0/7 mtu 1400")
    world.edit('gateway="192.0.2.1"))', 'gateway="192.0.2.1"), mtu=1500)')
    assert world.apply().exit_code == 0
    assert "set interfaces ge-0/0/7 mtu 1500" in world.lines(node_of(1))
    world.edit(", mtu=1500", "")
    assert world.apply().exit_code == 0
    assert "set interfaces ge-0/0/7 mtu 1400" in world.lines(node_of(1))


def test_name_servers_of_others_stay_while_haplan_has_some_and_when_it_lets_go(shops: Shops) -> None:
    world = shops()
    world.plan()
    joined_by_hand(world, 1)
    world.by_hand(node_of(1), "set system name-server 9.9.9.9", "set system name-server 8.8.4.4")
    world.edit(
        '    ha_fabric("ge-0/0/2,ge-1/0/2"),\n])', '    ha_fabric("ge-0/0/2,ge-1/0/2"),\n], dns_servers=["8.8.8.8"])'
    )
    assert world.apply().exit_code == 0
    assert servers(world) == ["8.8.8.8", "9.9.9.9", "8.8.4.4"]
    world.edit(', dns_servers=["8.8.8.8"]', "")
    assert world.apply().exit_code == 0
    assert servers(world) == ["9.9.9.9", "8.8.4.4"]


def servers(world: World) -> list[str]:
    return [line.split()[-1] for line in world.set_lines(node_of(1)) if line.startswith("set system name-server")]


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


OLD_KEY = "$9$LbHX-wg4Z"
KEPT = [[["security", "ike", ["policy", "old"], "pre-shared-key", "ascii-text"], [OLD_KEY]],
        [["system", "domain-name"], ["example.com"]]]  # fmt: skip
TEMPLATE = "wan_edge_template.edge"


def private(world: World, new: str = "") -> str:
    """What the row of the template has in its private part; `new` is put there before."""
    with sqlite3.connect(world.folder / ".haplan" / "lab" / "state.db") as db:
        if new:
            db.execute("update rows set private = ? where address = ?", (new, TEMPLATE))
        (found,) = db.execute("select private from rows where address = ?", (TEMPLATE,)).fetchone()
    db.close()
    return str(found)


def test_a_secret_of_others_that_an_older_version_kept_is_in_no_plan_and_goes_with_the_next_write(shops: Shops) -> None:
    world = shops()
    assert world.apply().exit_code == 0
    assert OLD_KEY in private(world, json.dumps({"kept device:shop1": KEPT}))
    world.edit(
        '    ha_fabric("ge-0/0/2,ge-1/0/2"),\n])', '    ha_fabric("ge-0/0/2,ge-1/0/2"),\n], ntp_servers=["192.0.2.5"])'
    )
    for options in ({}, {"refresh": False}):
        plan = world.plan(**options)
        assert [one.address for one in plan.changes] == [TEMPLATE]
        assert "LbHX" not in str(plan)
    assert world.apply(log=world.folder / "log.txt").exit_code == 0
    assert "LbHX" not in private(world)
    assert "example.com" in private(world)
    files = [file for file in world.folder.rglob("*") if file.is_file() and ".db" not in file.name]
    assert {"log.txt", "plan.json"} <= {file.name for file in files}
    assert [file.name for file in files if b"LbHX" in file.read_bytes()] == []
