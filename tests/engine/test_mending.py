"""Mending a state with the provider in memory: what lives in something, what a dead run left, what stays there."""

from collections.abc import Callable

import pytest

from haplan import repair
from haplan.errors import HaplanError, ProviderError
from haplan.testing import Project

Make = Callable[..., Project]
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


def test_what_a_dead_run_left_open_is_not_moved_and_can_be_forgotten(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    made.write('Thing("a", size=2)')
    made.cloud.lost.add(made.cloud.tried + 1)
    assert made.apply().exit_code == 8
    with pytest.raises(HaplanError, match=r"mem_thing\.a: an earlier run ended in the middle of it; apply first"):
        move(made, "mem_thing.a", "mem_thing.b")
    with made.session() as session:
        repair.forget(session, ["mem_thing.a"])
    assert (made.state().rows, made.state().intents) == ({}, ())


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
