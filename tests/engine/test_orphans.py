"""What a dead run began to create and nobody recorded leaves the estate when it has left the stack meanwhile."""

from collections.abc import Callable

import pytest

from haplan import repair
from haplan.errors import Denied, ProviderError
from haplan.model.plan import Action
from haplan.model.reason import Reason
from haplan.testing import Project

Make = Callable[..., Project]
KEPT = 'Thing("kept")\n'


OWNED = 't = Thing("t")\nRule("r", thing=t)\n'


def left(project: Make, more: str, *numbers: int, then: str = KEPT, parallelism: int = 1) -> Project:
    """An apply in which the answers of some writes never came; and the stack without what they made."""
    made = project(KEPT, applied=True)
    made.write(KEPT + more)
    for number in numbers:
        made.cloud.lost.add(made.cloud.tried + number)
    assert made.apply(parallelism=parallelism).exit_code == 8
    made.write(then)
    return made


def settled(project: Project, *names: str) -> None:
    """The estate and the state have these and nothing else, and nothing is left to do or to find out."""
    assert sorted(project.cloud.names()) == sorted(names)
    assert project.plan().empty()
    state = project.state()
    assert {row.name for row in state.rows.values()} == set(names)
    assert (state.intents, {row.status for row in state.rows.values()}) == ((), {"ok"})


def test_it_is_deleted_and_the_plan_says_so(project: Make) -> None:
    made = left(project, 'Thing("zeta", size=2)\n', 1)
    assert "zeta" in made.cloud.names()
    (change,) = made.plan().changes
    assert (change.address, change.action, change.reason) == ("mem_thing.zeta", Action.DELETE, Reason.NOT_IN_STACK)
    assert made.apply().exit_code == 0
    settled(made, "kept")


def test_what_was_never_made_is_no_change(project: Make) -> None:
    made = project(KEPT, applied=True)
    made.write(KEPT + 'Thing("zeta")\n')
    made.cloud.errors[made.cloud.tried + 1] = ProviderError("not today")
    assert made.apply().exit_code != 0
    made.write(KEPT)
    assert made.apply().exit_code == 0
    settled(made, "kept")


def test_what_goes_goes_before_what_it_needs(project: Make) -> None:
    made = left(project, 'b = Thing("b")\nThing("a", tags={"of": b.id})\n', 2)
    assert {"a", "b"} <= set(made.cloud.names())
    assert [change.name for change in made.plan().changes] == ["a", "b"]
    assert made.apply().exit_code == 0
    settled(made, "kept")


@pytest.mark.parametrize(
    "options", [{"refresh": False}, {"targets": ("mem_thing.zeta",)}, {"excludes": ("mem_thing.kept",)}]
)
def test_so_it_is_the_other_ways_through(project: Make, options: dict[str, object]) -> None:
    made = left(project, 'Thing("zeta")\n', 1)
    made.apply(**options)
    made.apply()
    settled(made, "kept")


def test_moved_meanwhile_it_is_taken_over(project: Make) -> None:
    moved = 'moved("mem_thing.zeta", "mem_thing.eta")\nThing("eta", name="zeta")\n'
    made = left(project, 'Thing("zeta")\n', 1, then=KEPT + moved)
    assert made.apply().exit_code == 0
    settled(made, "kept", "zeta")


def test_a_destroy_takes_it_too(project: Make) -> None:
    made = left(project, 'Thing("zeta")\n', 1)
    assert made.apply(destroy=True).exit_code == 0
    assert (made.cloud.names(), made.state().rows, made.state().intents) == ([], {}, ())


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("more", ['with module("m"):\n    Thing("zeta", also=["X"])\n', 'Thing("zeta", also=["X"])\n'])
def test_it_leaves_every_document_and_every_module(project: Make, more: str, number: int) -> None:
    made = left(project, more, number)
    assert made.apply().exit_code == 0
    settled(made, "kept")
    assert made.cloud.carried == {}


def test_removed_without_destroying_it_stays_in_the_estate(project: Make) -> None:
    made = left(project, 'Thing("zeta")\n', 1, then=KEPT + 'removed("mem_thing.zeta", destroy=False)\n')
    assert made.apply().exit_code == 0
    assert (sorted(made.cloud.names()), made.plan().empty()) == (["kept", "zeta"], True)
    assert (made.state().intents, len(made.state().rows)) == ((), 1)


def test_prevent_destroy_protects_it(project: Make) -> None:
    made = left(project, 'Thing("zeta", lifecycle=lifecycle(prevent_destroy=True))\n', 1)
    with pytest.raises(Denied, match=r"PROTECTED: mem_thing\.zeta"):
        made.apply()


def test_what_has_its_name_by_now_and_is_recorded_stays(project: Make) -> None:
    made = project(KEPT, applied=True)
    made.write(KEPT + 'Thing("zeta")\n')
    made.cloud.errors[made.cloud.tried + 1] = ProviderError("no answer", lost=True)  # it was never made
    assert made.apply().exit_code == 8
    made.write(KEPT + 'Thing("eta", name="zeta")\n')
    assert made.apply(targets=("mem_thing.eta",)).exit_code == 0
    identity = made.cloud.thing("zeta").id
    assert made.apply().exit_code == 0
    assert made.cloud.thing("zeta").id == identity
    settled(made, "kept", "zeta")


def test_the_same_object_under_another_label_is_told_and_the_hint_leads_on(project: Make) -> None:
    eta = 'Thing("eta", name="zeta")\n'
    made = left(project, 'Thing("zeta")\n', 1, then=KEPT + eta)
    (finding,) = made.plan().findings
    hint = 'moved("mem_thing.zeta", "mem_thing.eta")'
    assert (finding.rule, finding.hint) == ("EXISTS", f"write {hint} if this is its new label")
    made.write(KEPT + eta + hint + "\n").apply()
    settled(made, "kept", "zeta")


# --- It goes where its owner goes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "there"), [("", ["kept", "t"]), ('Rule("r", thing=t)\n', ["kept", "t", "r"])])
def test_its_owner_moved_meanwhile(project: Make, rule: str, there: list[str]) -> None:
    moved = 'moved("mem_thing.t", "mem_thing.u")\nt = Thing("u", name="t")\n'
    made = left(project, OWNED, 2, then=KEPT + moved + rule)
    assert made.apply().exit_code == 0
    settled(made, *there)


def test_its_owner_was_moved_in_state(project: Make) -> None:
    made = left(project, OWNED, 2)
    with made.session() as session:
        repair.move(session, "mem_thing.t", "mem_thing.u")
    assert [change.address for change in made.plan().changes] == ["mem_rule.u.r", "mem_thing.u"]
    assert made.apply().exit_code == 0
    settled(made, "kept")


@pytest.mark.parametrize("source", ["module.m", "module.m.mem_thing.t"])
def test_its_module_was_moved_in_state(project: Make, source: str) -> None:
    inside = 'with module("{0}"):\n    t = Thing("t")\n    Rule("r", thing=t)\n'
    made = left(project, inside.format("m"), 2, then=KEPT + inside.format("n"))
    with made.session() as session:
        repair.move(session, source, source.replace("module.m", "module.n"))
    assert made.apply().exit_code == 0
    settled(made, "kept", "t", "r")


def test_it_was_moved_in_state_itself(project: Make) -> None:
    made = left(project, 'Thing("zeta")\n', 1, then=KEPT + 'Thing("eta", name="zeta")\n')
    with made.session() as session:
        repair.move(session, "mem_thing.zeta", "mem_thing.eta")
    assert made.apply().exit_code == 0
    settled(made, "kept", "zeta")


# --- Forgotten, it stays in the estate --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("forgotten", "deleted"),
    [(["mem_thing.t"], []), (["mem_rule.t.r"], ["mem_thing.t"]), (["*"], [])],
)
def test_what_was_forgotten_is_deleted_by_no_plan(project: Make, forgotten: list[str], deleted: list[str]) -> None:
    made = left(project, OWNED, 2)
    with made.session() as session:
        repair.forget(session, forgotten)
    assert [change.address for change in made.plan().changes if change.address.rpartition(".")[2] != "kept"] == deleted
    assert made.state().intents == ()


def test_of_what_one_write_made_together_only_what_was_forgotten_stays(project: Make) -> None:
    made = left(project, 'Thing("a", group="g")\nThing("b", group="g")\n', 2)
    assert {"a", "b"} <= set(made.cloud.names())
    with made.session() as session:
        repair.forget(session, ["mem_thing.a"])
    assert [change.address for change in made.plan().changes] == ["mem_thing.b"]
    assert made.apply().exit_code == 0
    assert sorted(made.cloud.names()) == ["a", "kept"]
    assert (made.plan().empty(), made.state().intents) == (True, ())
