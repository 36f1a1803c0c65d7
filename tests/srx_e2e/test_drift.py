"""What somebody changes on a device by hand."""

from collections.abc import Callable

import pytest

from haplan.model.plan import Action
from tests.srx_e2e.world import World, node_of

Shops = Callable[..., World]
RULE = "security policies from-zone guest to-zone wan1 policy guest-out"


@pytest.fixture
def shop(shops: Shops) -> World:
    world = shops()
    assert world.apply().exit_code == 0
    return world


CASES = {
    "an action": (
        [f"delete {RULE} then permit", f"set {RULE} then deny"],
        "policy.edge.guest-out", "action", "allow", "deny"),
    "an address": (
        ["delete interfaces reth0 unit 100 family inet address 10.1.0.1/24",
         "set interfaces reth0 unit 100 family inet address 10.1.0.9/24"],
        "wan_edge_template.edge", "interfaces", None, "10.1.0.9/24"),
    "a match": (
        [f"set {RULE} match application junos-http"],
        "policy.edge.guest-out", "applications", ["anything"], ["any", "junos-http"]),
    "a host name": (
        ["set groups node0 system host-name other"], "cluster.shop1", "nodes", None, "other"),
    "a next hop": (
        ["delete routing-instances steer-second routing-options static route 0.0.0.0/0"],
        "steering.edge.second", "paths", None, None),
    "what is switched off": (
        [f"deactivate {RULE}"], "policy.edge.guest-out", "networks", ["guest"], ["(deactivated)"]),
}  # fmt: skip
"""Lines by hand, whose drift it is, in which attribute, what was recorded and what is seen."""


@pytest.mark.parametrize("name", CASES)
def test_what_was_changed_by_hand_is_seen_in_the_words_of_the_stack_and_mended(shop: World, name: str) -> None:
    lines, address, attribute, recorded, seen = CASES[name]
    before = shop.lines(node_of(1))
    shop.by_hand(node_of(1), *lines)
    plan = shop.plan()
    assert [one.address for one in plan.drift] == [address]
    (drift,) = plan.drift
    assert drift.seen is not None
    if recorded is not None:
        assert (drift.recorded[attribute], drift.seen[attribute]) == (recorded, seen)
    elif seen is not None:
        assert seen in str(drift.seen[attribute])
    assert drift.who == "pat"
    note = next(note for note in plan.notes if "changed since haplan's last commit, by pat" in note)
    assert "[edit" in note
    assert [(one.address, one.action) for one in plan.changes] == [(address, Action.UPDATE)]
    assert [str(one.document) for one in plan.transactions] == ["device:shop1"]
    assert shop.apply().exit_code == 0
    assert shop.lines(node_of(1)) == before
    assert shop.plan().changes == ()


def test_a_policy_that_was_deleted_is_gone_and_made_again_in_its_place(shop: World) -> None:
    before = shop.lines(node_of(1))
    shop.by_hand(node_of(1), f"delete {RULE}")
    plan = shop.plan()
    assert [(one.address, one.action, one.why) for one in plan.changes] == [
        ("policy.edge.guest-out", Action.CREATE, "gone")
    ]
    assert shop.apply().exit_code == 0
    assert shop.lines(node_of(1)) == before


def test_what_the_vocabulary_does_not_know_is_left_alone(shop: World) -> None:
    shop.by_hand(
        node_of(1),
        f"set {RULE} then log session-close",
        "set snmp location attic",
        "set system syslog user * any emergency",
    )
    assert (shop.plan().drift, shop.plan().changes) == ((), ())
    shop.edit("# here", 'allow("guest-web", [guest], web, first)')
    assert shop.apply().exit_code == 0
    assert f"set {RULE} then log session-close" in shop.lines(node_of(1))
    assert "set snmp location attic" in shop.lines(node_of(1))


def test_policies_in_another_order_are_put_in_order_without_being_written_anew(shops: Shops) -> None:
    world = shops()
    world.edit("# here", 'allow("guest-web", [guest], web, second)')
    assert world.apply().exit_code == 0
    before = world.lines(node_of(1))
    context = "security policies from-zone guest to-zone wan1 policy"
    world.by_hand(node_of(1), f"insert {context} guest-out before policy guest-web")
    plan = world.plan()
    assert [one.why for one in plan.changes] == ["reordered"]
    assert world.apply().exit_code == 0
    assert world.lines(node_of(1)) == before
    text = world.evidence()["device:shop1"]
    assert "permit" not in text
    assert world.plan().changes == ()


def test_what_somebody_changes_with_pyez_is_seen_and_mended(shop: World) -> None:
    from jnpr.junos import Device
    from jnpr.junos.utils.config import Config

    served = shop.served
    given = {"user": "pat", "password": shop.lab.password("pat"), "ssh_config": "none", "gather_facts": False}
    before = shop.lines(node_of(1))
    device = Device("127.0.0.1", port=served.ports[node_of(1)], hostkey_verify=False, **given)
    with device, Config(device, mode="exclusive") as config:
        config.load(f"set {RULE} match application junos-https", format="set")
        config.commit(comment="let them surf")
    (drift,) = shop.plan().drift
    assert (drift.address, drift.who) == ("policy.edge.guest-out", "pat")
    assert shop.apply().exit_code == 0
    assert shop.lines(node_of(1)) == before
