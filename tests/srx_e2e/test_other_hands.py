"""A second person on the box while haplan commits, confirms and takes back: nothing of theirs is in any of that."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from haplan_srx.device.replies import Refused
from haplan_srx.device.session import Session
from tests.srx_e2e.test_faults import SILENT
from tests.srx_e2e.world import World, node_of

Shops = Callable[..., World]
THEIRS = "set snmp location attic"
EDITING = ("open-configuration", "load-configuration", "get-configuration", "commit-configuration",
           "close-configuration")  # fmt: skip


class Person:
    """Somebody with a session of their own on a box, who types when haplan has asked so many things.

    Attributes:
        asked: What haplan asks, in order, since the person came.
    """

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self.asked, self.types_at, self.does = world, list[str](), -1, self.types
        self.session: Session | None = None
        real = Session._asked

        def asked(session: Session, request: etree._Element, deadline: float, *, lenient: bool) -> Any:
            if session._access.username != "pat":
                if len(self.asked) == self.types_at:
                    self.does()
                self.asked.append(str(request.tag))
            return real(session, request, deadline, lenient=lenient)

        monkeypatch.setattr(Session, "_asked", asked)

    def comes(self, types_at: int, does: Callable[[], None] | None = None) -> None:
        self.asked, self.types_at, self.does = [], types_at, does or self.types
        self.session = self.world.session(node_of(1))

    def types(self) -> None:
        """A line in the shared candidate, unless that is locked."""
        load = etree.Element("load-configuration", action="set", format="text")
        etree.SubElement(load, "configuration-set").text = THEIRS
        self._unless_locked(load)

    def locks(self) -> None:
        """The whole configuration, and types into it."""
        self._unless_locked(etree.Element("lock-configuration"))
        self.types()

    def _unless_locked(self, request: etree._Element) -> None:
        assert self.session is not None
        with contextlib.suppress(Refused):
            self.session.rpc(request)

    def goes(self) -> None:
        assert self.session is not None
        self.session.rpc(etree.Element("discard-changes"), lenient=True)
        self.session.close()


@pytest.fixture
def shop(shops: Shops) -> World:
    world = shops()
    world.edit('provider("srx")', 'provider("srx", confirm_minutes=1)')
    assert world.apply().exit_code == 0
    return world


@pytest.fixture
def person(shop: World, monkeypatch: pytest.MonkeyPatch) -> Person:
    return Person(shop, monkeypatch)


def add(world: World, label: str) -> None:
    world.edit("# here", f'allow("{label}", [guest], web, first)\n# here')


def moments(person: Person, *, every: bool) -> list[int]:
    """When something is asked of a device in an apply: all of it, or what edits."""
    person.comes(-1)
    add(person.world, "rehearsal")
    assert person.world.apply().exit_code == 0
    person.goes()
    return [at for at, name in enumerate(person.asked) if every or name in EDITING]


def _nobody_elses_line_is_committed(person: Person, at: int, label: str, does: Callable[[], None]) -> None:
    world = person.world
    add(world, label)
    person.comes(at, does)
    result = world.apply()
    assert THEIRS not in world.lines(node_of(1)), (at, person.asked)
    there = any(label in line for line in world.lines(node_of(1)))
    if result.exit_code:
        assert any("pat" in one.text for one in (*result.failed, *result.in_doubt))
    person.goes()
    world.lab.clock.sleep(300)
    assert any(label in line for line in world.lines(node_of(1))) == (not result.exit_code), (at, there)
    assert THEIRS not in world.lines(node_of(1))
    if result.exit_code:
        assert world.apply().exit_code == 0


def test_whenever_somebody_types_nothing_of_it_is_in_a_commit_or_confirmation_of_ours(person: Person) -> None:
    for number, at in enumerate(moments(person, every=False)):
        _nobody_elses_line_is_committed(person, at, f"new{number}", person.types)


@pytest.mark.deep
@pytest.mark.parametrize("does", ["types", "locks"])
@pytest.mark.parametrize("editing", ["private", "exclusive"])
def test_whatever_somebody_does_at_any_moment_nothing_of_theirs_is_committed(
    person: Person, editing: str, does: str
) -> None:
    person.world.edit("confirm_minutes=1", f'confirm_minutes=1, editing="{editing}"')
    for number, at in enumerate(moments(person, every=True)):
        _nobody_elses_line_is_committed(person, at, f"new{number}", getattr(person, does))


def test_a_red_check_is_taken_back_at_once_and_with_nothing_of_others_in_it(shop: World, person: Person) -> None:
    shop.edit("confirm_minutes=1", 'confirm_minutes=1, probes=["192.0.2.1"]')
    shop.misbehave(SILENT)
    add(shop, "news")
    before, began = shop.lines(node_of(1)), shop.lab.clock.now()
    result = shop.apply()
    assert result.failed[0].text.endswith("; taken back")
    assert shop.lab.clock.now() - began < 30
    assert shop.commits(node_of(1))[-1].endswith(" taken back")
    assert shop.lines(node_of(1)) == before
    person.comes(1 + person.asked.index("ping"))  # after the check, before the way back
    result = shop.apply()
    assert result.failed[0].text.endswith("; taken back")
    assert shop.commits(node_of(1))[-1] == ""  # by the device itself
    assert shop.lines(node_of(1)) == before
    person.goes()


def test_what_somebody_commits_on_top_of_a_change_that_comes_out_red_is_told_and_left(
    shop: World, person: Person
) -> None:
    shop.edit("confirm_minutes=1", 'confirm_minutes=1, probes=["192.0.2.1"]')
    shop.misbehave(SILENT)
    add(shop, "news")
    result = shop.apply()
    person.comes(1 + person.asked.index("ping"), lambda: shop.by_hand(node_of(1), THEIRS))
    result = shop.apply()
    assert result.exit_code == 8
    assert "shop1: pat committed on top of it at" in result.in_doubt[0].text
    assert THEIRS in shop.lines(node_of(1))
    person.goes()


def test_a_confirmation_whose_answer_is_lost_is_found_in_the_history_and_one_refused_is_tried_again(
    shop: World,
) -> None:
    for number, what in enumerate(('drop = "after"', 'drop = "before"', 'error = "commit in progress"')):
        add(shop, f"new{number}")
        shop.misbehave(f'[[srx.fault]]\non = "commit-configuration"\nnth = 3\n{what}\n')
        before = shop.commits(node_of(1))
        result = shop.apply()
        assert (result.exit_code, [one.text for one in result.failed]) == (0, [])
        made = shop.commits(node_of(1))[len(before) :]
        assert made == [made[0], f"{made[0]} confirmed"]


def test_what_somebody_tries_out_for_some_minutes_is_not_confirmed_by_a_commit_or_check_of_ours(shop: World) -> None:
    trial = shop.session(node_of(1))
    load = etree.Element("load-configuration", action="set", format="text")
    etree.SubElement(load, "configuration-set").text = THEIRS
    trial.rpc(load)
    commit = etree.Element("commit-configuration")
    etree.SubElement(commit, "confirmed")
    etree.SubElement(commit, "confirm-timeout").text = "60"
    trial.rpc(commit)
    trial.close()
    add(shop, "news")
    assert "not checked: pat's commit of" in shop.plan(check_on_device=True).transactions[0].rehearsed
    result = shop.apply()
    assert "pat's commit of" in result.failed[0].text
    assert "still waits to be confirmed" in result.failed[0].text
    shop.lab.clock.sleep(3700)
    assert THEIRS not in shop.lines(node_of(1))
    assert shop.apply().exit_code == 0


def test_a_release_without_confirmed_private_commits_says_what_to_write_and_takes_it_then(shops: Shops) -> None:
    shop = shops(lab="[srx.settings]\nprivate_confirmed = false\n")
    result = shop.apply()
    assert any('say provider("srx", editing="exclusive")' in one.text for one in result.failed)
    shop.edit('provider("srx")', 'provider("srx", editing="exclusive")')
    assert shop.apply().exit_code == 0
    assert shop.plan().changes == ()
