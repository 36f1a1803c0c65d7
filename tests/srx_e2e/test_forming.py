"""Forming pairs, taking over what is formed, another box for a node, and what is refused before anything is sent."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from haplan.model.plan import Action
from haplan_srx.device.rpcs import Box
from haplan_srx.estate import Estate
from tests.srx.test_refusals import odd
from tests.srx_e2e.world import World, node_of

Shops = Callable[..., World]


def joined_by_hand(world: World, cluster_id: int) -> None:
    """Somebody forms the pair before haplan comes."""
    for node in (1, 0):
        session = world.session(node_of(1, node))
        join = etree.Element("set-chassis-cluster-enable")
        etree.SubElement(join, "cluster-id").text = str(cluster_id)
        etree.SubElement(join, "node").text = str(node)
        etree.SubElement(join, "reboot")
        session.rpc(join)
        session.drop()
    world.lab.clock.sleep(1200)


def steps(world: World) -> list[str]:
    return [event.text for event in world.events if event.kind == "step"]


def test_node1_joins_first_and_the_lowest_mac_is_node0(shops: Shops) -> None:
    world = shops()
    assert world.apply().exit_code == 0
    assert steps(world)[:2] == ["join node1", "join node0"]
    session = world.session(node_of(1))
    found = session.rpc(etree.Element("get-chassis-mac-addresses"))
    first = next(iter(found.all("multi-routing-engine-item")))
    text = " ".join(first.itertext())
    session.close()
    assert "node0" in text
    assert ":".join(node_of(1)[at : at + 2] for at in range(0, 12, 2)) in text


def test_a_formed_pair_is_taken_over_without_a_restart_and_stays_formed_when_it_is_let_go(shops: Shops) -> None:
    world = shops()
    world.plan()
    joined_by_hand(world, 1)
    plan = world.plan()
    cluster = plan.change("cluster.shop1")
    assert cluster is not None
    assert (cluster.action, cluster.why) == (Action.IMPORT, "taken over")
    assert [str(one.document) for one in plan.transactions] == ["device:shop1"]
    assert world.apply().exit_code == 0
    assert world.plan().changes == ()
    assert world.apply(destroy=True).exit_code == 0
    assert "leave" not in steps(world)


def test_a_formed_pair_of_another_cluster_id_is_refused_with_its_id(shops: Shops) -> None:
    world = shops()
    world.plan()
    joined_by_hand(world, 7)
    (error,) = [one for one in world.plan().findings if one.severity == "error"]
    assert (error.address, "write cluster_id=7" in error.message) == ("cluster.shop1", True)


BOX = """
[[srx.device]]
mac = "{mac}"
serial = "{mac}"
model = "{model}"
pair = "{pair}"
{more}
"""


def boxes(model: str = "SRX300", more: str = "", *, other: str = "") -> str:
    first, second = node_of(1), node_of(1, 1)
    return BOX.format(mac=first, pair=second, model=model, more=more) + BOX.format(
        mac=second, pair=first, model=other or model, more=more
    )


def test_a_box_that_is_reached_through_a_port_that_changes_its_role_is_refused_before_anything_is_sent(
    shops: Shops,
) -> None:
    world = shops(lab=boxes(more='reached = "ge-0/0/0"'))
    errors = [one.message for one in world.plan().findings if one.severity == "error"]
    assert len(errors) == 2
    assert all("is reached through ge-0/0/0" in one for one in errors)


def test_boxes_of_two_models_or_releases_are_refused(shops: Shops) -> None:
    world = shops(lab=boxes(other="SRX320"))
    assert any("is an SRX320, not an SRX300" in one.message for one in world.plan().findings)


def test_boxes_of_two_releases_are_refused(shops: Shops) -> None:
    second = boxes().replace(f'serial = "{node_of(1, 1)}"', f'serial = "{node_of(1, 1)}"\nversion = "23.4R2-S3"')
    world = shops(lab=second)
    assert any("different Junos versions" in one.message for one in world.plan().findings)


def logins(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts that haplan opens a session with, or tries to."""
    found: list[str] = []
    real = Estate.fresh

    def fresh(estate: Estate, host: str) -> Box:
        found.append(host)
        return real(estate, host)

    monkeypatch.setattr(Estate, "fresh", fresh)
    return found


def test_a_pair_that_forms_costs_few_logins_and_one_that_does_not_no_more_than_thirty(
    shops: Shops, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = f'\n[[srx.boot]]\ndevice = "{node_of(1, 1)}"\nresult = "never"\n'
    world = shops(lab=boxes() + never)
    made = logins(monkeypatch)
    assert world.apply().exit_code != 0
    assert 10 < len(made) <= 30
    world.lab.power(node_of(1, 1), on=True)
    world.lab.clock.sleep(1200)
    made.clear()
    assert world.apply().exit_code == 0
    assert len(made) < 10


def test_a_box_that_does_not_come_back_fails_in_time_and_the_next_apply_goes_on(shops: Shops) -> None:
    never = f'\n[[srx.boot]]\ndevice = "{node_of(1, 1)}"\nresult = "never"\n'
    world = shops(lab=boxes() + never)
    result = world.apply()
    assert result.exit_code != 0
    failed = [one.text for one in (*result.failed, *result.in_doubt) if one.address == "cluster.shop1"]
    assert "did not form within 35 min" in failed[0]
    world.lab.power(node_of(1, 1), on=True)
    world.lab.clock.sleep(1200)
    again = world.apply()
    assert (again.exit_code, [one.text for one in again.failed]) == (0, [])
    assert "join node0" not in steps(world)
    assert world.plan().changes == ()


def recable(world: World, mac: str, other: str) -> None:
    """Somebody moves the control and fabric cables to another box."""
    with sqlite3.connect(world.folder / ".haplan" / "lab" / "srx.db") as db:
        db.execute("update boxes set pair = ? where mac = ?", (other, mac))
    db.close()


def test_another_box_takes_the_place_of_a_node_and_the_one_that_stays_keeps_its_number(shops: Shops) -> None:
    spare = "020000019999"
    world = shops(lab=boxes() + BOX.format(mac=spare, pair=node_of(1), model="SRX300", more=""))
    assert world.apply().exit_code == 0
    world.lab.power(node_of(1, 1), on=False)
    recable(world, node_of(1), spare)
    world.edit("for at, mac in enumerate(macs)]", 'for at, mac in enumerate([macs[0], "020000019999"])]')
    plan = world.plan()
    (change,) = plan.changes
    assert (change.action, change.impact.kind) == (Action.UPDATE, "reboot")
    result = world.apply()
    assert (result.exit_code, [one.text for one in result.failed]) == (0, [])
    assert [step for step in steps(world) if step.startswith("join")] == ["join node1"]
    assert world.plan().changes == ()


def test_a_pair_in_which_the_old_node_still_stands_is_not_taken_for_the_new_one(shops: Shops) -> None:
    spare = "020000019999"
    world = shops(lab=boxes() + BOX.format(mac=spare, pair=node_of(1), model="SRX300", more=""))
    assert world.apply().exit_code == 0
    world.edit("for at, mac in enumerate(macs)]", 'for at, mac in enumerate([macs[0], "020000019999"])]')
    result = world.apply()
    (failed,) = result.failed
    assert result.exit_code == 3
    strange = f"{node_of(1, 1)} is still a node of it: cable {spare} in"
    assert failed.text.startswith(f"the pair did not form within 35 min: {strange}")
    world.lab.power(node_of(1, 1), on=False)
    recable(world, node_of(1), spare)
    world.lab.power(spare, on=False)  # it looks for its peer when it starts
    world.lab.power(spare, on=True)
    world.lab.clock.sleep(1200)
    assert world.apply().exit_code == 0
    assert world.plan().changes == ()


def odd_pair(folder: Path, number: int) -> None:
    (folder / "stack.py").write_text(odd(number))
    world = World(folder)
    try:
        assert world.apply().exit_code == 0
        assert world.plan().empty()
        assert world.apply(destroy=True).exit_code == 0
    finally:
        world.close()


def test_a_pair_whose_labels_are_odd_is_formed_and_configured(tmp_path: Path) -> None:
    odd_pair(tmp_path, 13)


@pytest.mark.deep
@pytest.mark.parametrize("number", [0, 2, 5, 8, 11, 12, 14, 15, 17])
def test_pairs_of_every_kind_of_model_are_formed_and_configured(tmp_path: Path, number: int) -> None:
    odd_pair(tmp_path, number)
