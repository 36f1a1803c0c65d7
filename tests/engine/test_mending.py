"""Mending a state with the provider in memory: what lives in something, what a dead run left, what stays there."""

from collections.abc import Callable

import pytest

from haplan import repair
from haplan.errors import HaplanError, Locked, ProviderError
from haplan.model.event import Event
from haplan.model.state import Holder
from haplan.testing import Project

Make = Callable[..., Project]


class Listening(list[Event]):
    """Events, of which each is told to somebody."""

    def __init__(self, told: Callable[[Event], None]) -> None:
        super().__init__()
        self._told = told

    def append(self, event: Event) -> None:
        super().append(event)
        self._told(event)


OWNER = '{0} = Thing("{0}", name="t")\nRule("x", thing={0})\nRule("y", thing={0})\n'


def addresses(project: Project) -> list[str]:
    return sorted(address for address, _ in project.state().rows)


def move(project: Project, source: str, target: str) -> None:
    with project.session() as session:
        repair.move(session, source, target)


def test_what_lives_in_a_resource_moves_with_it(project: Make) -> None:
    made = project(OWNER.format("t"), applied=True)
    before, writes = made.state(), len(made.cloud.writes)
    move(made, "mem_thing.t", "module.m.mem_thing.u")
    after = made.state()
    assert addresses(made) == ["module.m.mem_rule.u.x", "module.m.mem_rule.u.y", "module.m.mem_thing.u"]
    assert {row.owner for row in after.rows.values()} == {"", "module.m.mem_thing.u"}
    assert [row.id for row in after.rows.values()] == [row.id for row in before.rows.values()]
    assert [row.seq for row in after.rows.values()] == [row.seq for row in before.rows.values()]
    assert {one.address for one in after.placements.values()} == set(addresses(made))
    assert [row.names for row in after.orders.values()] == [row.names for row in before.orders.values()]
    assert len(made.cloud.writes) == writes


def test_a_rule_does_not_leave_its_owner(project: Make) -> None:
    made = project(OWNER.format("t") + 'Thing("u")', applied=True)
    with pytest.raises(HaplanError, match=r"mem_rule\.u\.x: a move keeps the owner \(t\)"):
        move(made, "mem_rule.t.x", "mem_rule.u.x")
    move(made, "mem_rule.t.x", "mem_rule.t.z")
    assert "mem_rule.t.z" in addresses(made)


def test_after_a_move_the_renamed_stack_has_nothing_to_do(project: Make) -> None:
    made = project('a = Thing("a")\nThing("b", tags={"of": a.id})', applied=True)
    move(made, "mem_thing.a", "mem_thing.c")
    assert made.write('a = Thing("c", name="a")\nThing("b", tags={"of": a.id})').plan().empty()


def test_rm_takes_what_lives_in_it_along_and_touches_nothing(project: Make) -> None:
    made = project(OWNER.format("t"), applied=True)
    names = made.cloud.names()
    with made.session() as session:
        mended = repair.forget(session, ["mem_thing.t"])
    assert sorted(mended.mending.addresses) == ["mem_rule.t.x", "mem_rule.t.y", "mem_thing.t"]
    assert (addresses(made), made.cloud.names()) == ([], names)


def left_open(make: Make) -> Project:
    """What a run left whose update of a had no answer."""
    made = make('Thing("a", size=1)', applied=True)
    made.write('Thing("a", size=2)')
    made.cloud.lost.add(made.cloud.tried + 1)
    assert made.apply().exit_code == 8
    return made


def test_what_a_dead_run_left_open_moves_too_and_is_found_out_under_the_new_address(project: Make) -> None:
    made = left_open(project)
    move(made, "mem_thing.a", "mem_thing.b")
    assert [one.address for one in made.state().intents] == ["mem_thing.b"]
    made.write('Thing("b", name="a", size=2)')
    assert made.apply().exit_code == 0
    assert (made.state().intents, made.cloud.names(), made.plan().empty()) == ((), ["a"], True)
    assert made.cloud.thing("a").values["size"] == 2


def test_what_a_dead_run_left_open_can_be_forgotten(project: Make) -> None:
    made = left_open(project)
    with made.session() as session:
        repair.forget(session, ["mem_thing.a"])
    assert (made.state().rows, made.state().intents) == ({}, ())


def test_nothing_moves_to_where_a_dead_run_may_have_made_something(project: Make) -> None:
    made = project('Thing("a")', applied=True)
    made.write('Thing("a")\nThing("b")')
    made.cloud.lost.add(made.cloud.tried + 1)
    assert made.apply().exit_code == 8
    with pytest.raises(HaplanError, match=r"mem_thing\.b: an earlier run ended in the middle of it; apply first"):
        move(made, "mem_thing.a", "mem_thing.b")


MENDINGS: dict[str, Callable[..., object]] = {
    "mv": lambda session: repair.move(session, "mem_thing.a", "mem_thing.b"),
    "rm": lambda session: repair.forget(session, ["mem_thing.b"]),
    "taint": lambda session: repair.taint(session, "mem_thing.b"),
    "untaint": lambda session: repair.untaint(session, "mem_thing.a"),
}
"""What may be refused for what is in state, were it asked before the lock is held."""


@pytest.mark.parametrize("command", MENDINGS)
def test_a_run_that_is_alive_is_no_earlier_one_whatever_else_is_wrong(project: Make, command: str) -> None:
    made = project('Thing("a", size=1)', applied=True)
    said: list[HaplanError] = []

    def mend(document: str, name: str) -> None:
        with made.session() as session, pytest.raises(HaplanError) as caught:
            MENDINGS[command](session)
        said.append(caught.value)

    made.cloud.during = mend
    assert made.write('Thing("a", size=2)').apply().exit_code == 0
    assert [type(one) for one in said] == [Locked]
    assert "the state is locked by" in str(said[0])


def test_mending_waits_for_the_lock_as_long_as_it_was_told(project: Make) -> None:
    made = project('Thing("a")', applied=True)
    with made.session() as other:
        now = other.backend.now()
        other.backend.lock(
            Holder(id="l1", who="ana", where="elsewhere", pid=1, what="apply", since=now, until=now + 60)
        )

        def let_go(event: Event) -> None:
            if "waiting for the lock" in event.text:
                other.backend.unlock("l1")

        made.events = Listening(let_go)
        with made.session(lock_timeout=30.0) as session:
            repair.move(session, "mem_thing.a", "mem_thing.b")
    assert addresses(made) == ["mem_thing.b"]


def test_an_old_object_that_waits_to_be_deleted_moves_too_and_is_deleted(project: Make) -> None:
    text = 'a = Thing("{1}", name="a{0}", model="{0}")\nThing("b", tags={{"of": a.id}})'
    made = project(text.format(1, "a"), applied=True)
    old = made.cloud.thing("a1").id
    made.cloud.errors[made.cloud.tried + 2] = ProviderError("no")
    assert made.write(text.format(2, "a")).apply().exit_code != 0
    made.cloud.errors.clear()
    assert old in made.cloud.objects
    move(made, "mem_thing.a", "mem_thing.c")
    assert {address for address, deposed in made.state().rows if deposed} == {"mem_thing.c"}
    assert made.write(text.format(2, "c")).apply().exit_code == 0
    assert old not in made.cloud.objects
    assert made.plan().empty()


def test_a_broken_resource_is_not_tainted(project: Make) -> None:
    made = project('Thing("d", size=1, also=["X"])')
    made.cloud.errors[2] = RuntimeError("no")
    assert made.apply().exit_code != 0
    status = made.state().row("mem_thing.d").status  # type: ignore[union-attr]  # it is there
    with made.session() as session, pytest.raises(HaplanError, match=f"is {status.replace('_', ' ')}: apply goes on"):
        repair.taint(session, "mem_thing.d")
