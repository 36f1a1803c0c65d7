"""Vendor keys, from the stack to the conductor and back."""

from collections.abc import Callable

from haplan import engine
from tests.ssr_e2e.world import World, without_generated

Make = Callable[..., World]
BARE = 'Cluster("branch",'
KEYS = 'Cluster("branch", extra={"ssr": {"bfd": {"multiplier": 5}, "router-group": ["east", "small"]}},'


def test_a_vendor_key_is_written_compared_mended_changed_and_taken_back(pair: Make) -> None:
    world = pair()
    found = without_generated(world.running())
    world.edit("stack.py", BARE, KEYS)
    assert world.apply().exit_code == 0
    assert world.plan().empty()
    assert world.router("branch")["bfd"] == {"multiplier": 5}

    world.change("PATCH", "/authority/router/branch", {"bfd": {"multiplier": 9}})
    (change,) = world.plan().changes
    assert change.address == "cluster.branch"
    assert change.before is not None
    assert change.before["extra"]["bfd"]["multiplier"] == "router branch bfd multiplier: 9"  # type: ignore[index, call-overload]
    assert world.apply().exit_code == 0
    assert world.router("branch")["bfd"] == {"multiplier": 5}

    world.edit("stack.py", '"small"', '"large"')
    assert world.apply().exit_code == 0
    assert sorted(world.router("branch")["router-group"]) == ["east", "large"]
    assert world.plan().empty()

    world.edit("stack.py", '"bfd": {"multiplier": 5}, ', "")
    assert world.apply().exit_code == 0
    assert "bfd" not in world.router("branch")
    assert world.plan().empty()

    world.edit("stack.py", 'extra={"ssr": {"router-group": ["east", "large"]}},', "")
    assert world.apply().exit_code == 0
    assert "router-group" not in world.router("branch")
    assert world.plan().empty()
    assert world.destroy().exit_code == 0
    assert without_generated(world.running()) == found


def test_an_unknown_vendor_key_is_said_offline_with_the_line_and_the_conductor_has_the_word(pair: Make) -> None:
    world = pair()
    world.edit("stack.py", BARE, 'Cluster("branch", extra={"ssr": {"bdf": {"multiplier": 5}}},')
    with world.session() as session:
        (finding,) = [one for one in engine.validate(session).findings if one.rule == "EXTRA"]
    assert (finding.severity, finding.address, finding.location) == ("warning", "cluster.branch", "stack.py:19")
    assert finding.message == (
        "extra ssr.bdf: the vendor's model has no such key on a router; it is sent; did you mean bfd?"
    )
    result = world.apply()
    assert (result.exit_code, "bdf" in str(result.failed)) == (3, True)


def test_what_the_model_forbids_in_a_vendor_key_is_said_offline(pair: Make) -> None:
    world = pair(settings=', release="5.2"')
    world.edit("stack.py", BARE, 'Cluster("branch", extra={"ssr": {"bfd": {"maximum-hold-down-time": 5}}},')
    with world.session() as session:
        found = [one for one in engine.validate(session).findings if one.rule == "SSR010"]
    assert {one.address for one in found if "bfd maximum-hold-down-time" in one.message} == {"cluster.branch"}


def test_a_vendor_key_that_needs_a_restart_says_so_in_the_plan(pair: Make) -> None:
    world = pair()
    world.apply()
    world.edit("stack.py", BARE, 'Cluster("branch", extra={"ssr": {"max-inter-node-way-points": 60000}},')
    (change,) = world.plan().changes
    assert change.impact.kind == "reboot"
    assert "needs an SSR restart: router branch max-inter-node-way-points" in change.impact.note
