"""What is there and not in state: told once, taken into state all together, or by the name that people know."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from haplan import engine
from haplan.errors import HaplanError
from haplan.model.plan import Plan
from haplan.report.lines import plain
from haplan.report.text import plan_lines
from tests.e2e.world import World, summary

Example = Callable[[str], World]
OTHER = "sqlite:///{}/other.db"


@pytest.fixture
def twin(example: Example) -> World:
    """An organisation that a stack made, and no state of it."""
    world = example("one_pair")
    assert world.apply(state=OTHER.format(world.folder)).exit_code == 0
    return world


def taken(world: World) -> Plan:
    with world.session() as session:
        plan = engine.import_all(session)
        assert engine.apply(session, plan).exit_code == 0
    return plan


def test_all_that_exists_already_is_told_once_with_the_command_that_takes_it(twin: World) -> None:
    shown = " ".join(plain(plan_lines(twin.plan())).split())
    place = twin.folder.resolve()
    assert shown.count("exist already") == 1
    assert "6 of these exist already and are not in state (and 5 more: " in shown
    assert f"→ run: haplan import --all {place} --lab " in shown


def test_one_command_takes_what_is_equal_and_writes_nothing(twin: World) -> None:
    before = twin.snapshot()
    plan = taken(twin)
    assert set(summary(plan).values()) == {"import"}
    assert len(plan.changes) == 7
    assert sum(one.writes for one in plan.transactions) == 0
    assert twin.snapshot() == before
    again = twin.plan()
    assert (summary(again), again.drift, [one.rule for one in again.findings if one.severity == "error"]) == (
        {},
        (),
        [],
    )


def test_what_has_other_values_is_named_and_left_for_a_person_to_decide(twin: World) -> None:
    twin.edit("stack.py", 'timezone="America/New_York"', 'timezone="Europe/Berlin"')
    twin.edit("stack.py", "vlan_id=2099", "vlan_id=2098")
    (first, *_) = [one for one in twin.plan().findings if one.rule == "EXISTS"]
    assert first.hint.endswith("--lab, which takes the 4 with equal values; with others: site.branch, network.guest")
    plan = taken(twin)
    left = {one.address: one for one in plan.findings if one.rule == "EXISTS"}
    assert {address: one.message.partition(", and")[0] for address, one in left.items()} == {
        "site.branch": "is there with other values than here (timezone)",
        "network.guest": "is there with other values than here (vlan_id)",
    }
    id_ = twin.named("/orgs/{org}/sites", "branch")["id"]
    assert left["site.branch"].hint == f"run: haplan import {twin.folder.resolve()} site.branch {id_} --lab"
    assert not set(left) & set(summary(plan))
    assert len([one for one in twin.plan().findings if one.rule == "EXISTS"]) == 2


def test_the_hint_is_followed_where_it_was_given(twin: World) -> None:
    hint = next(one.hint for one in twin.plan().findings if one.rule == "EXISTS")
    words = hint.removeprefix("run: ").split()
    command = [sys.executable, "-m", "haplan.cli.main", *words[1:], "--auto-approve"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={"PATH": ""}, cwd=Path(twin.folder))
    assert done.returncode == 0, done.stderr
    assert summary(twin.plan()) == {}


@pytest.mark.parametrize("way", ["command", "block"])
def test_an_import_takes_the_name_that_people_know_as_well_as_the_id(twin: World, way: str) -> None:
    taken(twin)
    answer = twin.portal.post(f"/api/v1/orgs/{twin.lab.org_id}/sites", json={"name": "Store 7", "country_code": "DE"})
    more = 'Site("store", name="Store 7", country_code="DE")\n'
    names = {"command": "Store 7", "block": 'imported("site.store", "Store 7")\n'}
    twin.edit("stack.py", "site = Site", more + (names["block"] if way == "block" else "") + "site = Site")
    twin.edit("stack.py", "import provider", "import imported, provider")
    with twin.session() as session:
        if way == "command":
            with pytest.raises(HaplanError, match="no such object with id Store 8"):
                engine.import_(session, "site.store", "Store 8")
        plan = engine.import_(session, "site.store", "Store 7") if way == "command" else engine.plan(session)
        assert {one.address: (one.action.value, one.id) for one in plan.changes} == {
            "site.store": ("import", answer.json()["id"])
        }
        assert engine.apply(session, plan).exit_code == 0
    assert summary(twin.plan()) == {}


def test_a_pair_is_imported_by_its_id_a_node_or_its_site_and_by_no_other_word(twin: World) -> None:
    for one in ("02005e100c30", "branch", "00000000-0000-0000-1000-02005e100c30"):
        with twin.session() as session:
            assert summary(engine.import_(session, "cluster.branch", one)) == {"cluster.branch": "import"}
    with twin.session() as session, pytest.raises(HaplanError, match="no such object with id nonsense"):
        engine.import_(session, "cluster.branch", "nonsense")


def test_nothing_of_a_stack_is_imported_by_an_id_that_nothing_has(twin: World) -> None:
    with twin.session() as session:
        addresses = tuple(engine.validate(session).stack.blocks)
        assert len(addresses) == 7
        for address in addresses:
            with pytest.raises(HaplanError, match=f"{address}: there is no such object with id 00000000"):
                engine.import_(session, address, "00000000-0000-0000-0000-000000000001")
