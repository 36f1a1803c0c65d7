"""Order belongs to the graph: it holds across what is written nowhere, and values flow between writes, never within."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import pytest

from haplan import engine
from haplan.contracts import Node, Query, Reading
from haplan.errors import Denied, HaplanError, ProviderError
from haplan.hookspecs import hookimpl
from haplan.model.graph import Edge
from haplan.model.plan import Action, Plan
from haplan.testing import Cloud, Mem, Project
from haplan.testing.cloud import Effect

Make = Callable[..., Project]
CHAIN = """\
a = Thing("zoe", size={size})
b = Thing("mid", tags={{"of": a.id}}{b})
Thing("end", tags={{"of": b.id}}, size={size})
"""
APART = CHAIN.replace('tags={{"of": a.id}}', 'tags={{"of": 1}}')
NEED = {"lifecycle": "", "needs": 'n = Thing("n")\n', "move": ""}
REMEMBERED = {
    "lifecycle": ("", ', lifecycle=lifecycle(leave=["size"])'),
    "needs": (NEED["needs"], ", depends_on=[n]"),
    "move": ('moved("mem_thing.mid", "mem_thing.new")\n', ""),
}


class Gates:
    """A plugin that makes gates of pairs of addresses."""

    haplan_api = 2

    def __init__(self, *pairs: tuple[str, str]) -> None:
        self.pairs = pairs

    @hookimpl
    def haplan_order(self, nodes: list[Node]) -> list[Edge]:
        there = {node.address for node in nodes}
        return [Edge(*pair, "gate", "test") for pair in self.pairs if there.issuperset(pair)]


def documents(plan: Plan) -> list[str]:
    return [str(one.document) for one in plan.transactions]


def remembered(made: Project, how: str, chain: str = CHAIN) -> Plan:
    """A plan in which both ends of a chain change, and the middle only as it is remembered."""
    before, more = REMEMBERED[how]
    text = chain.format(size=2, b=more)
    if how == "move":
        return made.write(text.replace('Thing("mid"', 'Thing("new", name="mid"') + before).plan()
    return made.write(before + text).plan()


@pytest.mark.parametrize("how", sorted(REMEMBERED))
def test_what_is_written_nowhere_passes_on_order_and_skipping(project: Make, how: str) -> None:
    made = project(NEED[how] + CHAIN.format(size=1, b=""), applied=True)
    plan = remembered(made, how)
    assert [change.action for change in plan.changes if change.address in ("mem_thing.mid", "mem_thing.new")]
    assert documents(plan) == ["thing:zoe", "thing:end"]
    assert plan.transactions[1].after == ("t01",)
    made.cloud.errors[made.cloud.tried + 1] = ProviderError("no")
    result = made.apply(plan, parallelism=10)
    assert [one.address for one in result.skipped] == ["mem_thing.end"]
    assert made.cloud.thing("end").values["size"] == 1


def test_an_exact_import_passes_on_order(project: Make) -> None:
    made = project()
    found = made.cloud.add("mid", size=5)
    text = 'a = Thing("zoe")\nb = Thing("mid", size=5, depends_on=[a])\nThing("end", tags={"of": b.id})\n'
    plan = made.write(text + f'imported("mem_thing.mid", "{found.id}")').plan()
    assert documents(plan) == ["thing:zoe", "thing:end"]
    made.cloud.errors[1] = ProviderError("no")
    assert [one.address for one in made.apply(plan, parallelism=10).skipped] == ["mem_thing.end"]


@pytest.mark.parametrize("how", sorted(REMEMBERED))
def test_what_is_written_nowhere_passes_on_a_gate(project: Make, how: str) -> None:
    middle = "mem_thing.new" if how == "move" else "mem_thing.mid"
    made = project(NEED[how] + APART.format(size=1, b=""), more=[Gates(("mem_thing.zoe", middle))], applied=True)
    plan = remembered(made, how, APART)
    assert documents(plan) == ["thing:zoe", "thing:end"]
    assert plan.transactions[1].gates == ("t01",)
    made.cloud.red["thing:zoe"] = "is red"
    result = made.apply(plan, parallelism=10)
    assert (result.exit_code, [one.address for one in result.stopped]) == (10, ["mem_thing.end"])


def test_a_gate_holds_also_across_what_does_not_change(project: Make) -> None:
    made = project(more=[Gates(("mem_thing.zoe", "mem_thing.mid"))])
    text = 'Thing("zoe", size={0})\nb = Thing("mid")\nThing("end", tags={{"of": b.id}}, size={0})\n'
    made.write(text.format(1)).apply()
    plan = made.write(text.format(2)).plan()
    assert [(str(one.document), one.gates) for one in plan.transactions] == [("thing:zoe", ()), ("thing:end", ("t01",))]


def test_what_lets_go_of_something_that_is_replaced_goes_first(project: Make) -> None:
    made = project('a = Thing("zoe", zone="x")\nThing("b", tags={"of": a.id})', applied=True)
    plan = made.write('Thing("zoe", zone="y")\nThing("b", tags={"of": 1})').plan()
    assert documents(plan) == ["thing:b", "thing:zoe"]
    made.cloud.errors[made.cloud.tried + 1] = ProviderError("no")
    assert [one.address for one in made.apply(plan, parallelism=10).skipped] == ["mem_thing.zoe"]


def test_what_is_replaced_itself_and_lets_go_goes_first_too(project: Make) -> None:
    made = project('a = Thing("zoe", zone="x")\nThing("b", zone="x", tags={"of": a.id})', applied=True)
    plan = made.write('Thing("zoe", zone="y")\nThing("b", zone="y")').plan()
    assert documents(plan) == ["thing:b", "thing:zoe"]


def test_what_goes_waits_for_what_needs_it_also_across_what_is_only_forgotten(project: Make) -> None:
    text = 'a = Thing("zoe")\nb = Thing("mid", tags={"of": a.id})\nThing("end", tags={"of": b.id})\n'
    made = project(text, applied=True)
    plan = made.write('removed("mem_thing.mid")').plan()
    assert [change.action for change in plan.changes] == [Action.DELETE, Action.FORGET, Action.DELETE]
    assert documents(plan) == ["thing:end", "thing:zoe"]
    made.cloud.errors[made.cloud.tried + 1] = ProviderError("no")
    assert [one.address for one in made.apply(plan, parallelism=10).skipped] == ["mem_thing.zoe"]


# --- Values within one document ---------------------------------------------------------------------------------------

SHARED = 'a = Thing("zoe", group="g")\nThing("b", group="g", tags={"of": a.id})\n'


def test_a_value_within_a_document_that_is_taken_apart_makes_two_writes_and_the_plan_says_why(project: Make) -> None:
    made = project(SHARED)
    made.cloud.atomic = False
    plan = made.plan()
    assert documents(plan) == ["group:g", "group:g"]
    assert "group:g is written again: mem_thing.b takes mem_thing.zoe.id, known after mem_thing.zoe" in plan.notes
    assert made.apply(plan, parallelism=10).exit_code == 0
    assert made.cloud.thing("b").values["tags"] == {"of": made.cloud.thing("zoe").id}
    assert made.plan().empty()


def test_a_value_within_a_document_that_is_written_whole_is_an_error_with_both_lines(project: Make) -> None:
    made = project(SHARED)
    plan = made.plan()
    (found,) = (one for one in plan.findings if one.severity == "error")
    assert (found.rule, found.address, found.location) == ("ORDER", "mem_thing.b", "stack.py:5")
    assert found.message == (
        "it takes mem_thing.zoe.id, known only after mem_thing.zoe (stack.py:4) is written, and both are written at "
        "once, in group:g, which provider 'mem' takes whole"
    )
    with pytest.raises(Denied):
        made.apply(plan)
    assert made.cloud.objects == {}


def test_a_value_that_is_known_already_makes_no_second_write(project: Make) -> None:
    made = project('Thing("zoe", group="g")', applied=True)
    plan = made.write(SHARED).plan()
    assert (documents(plan), plan.findings, plan.notes) == (["group:g"], (), ())
    assert made.apply(plan).exit_code == 0


def test_a_precondition_on_what_is_written_in_the_same_write_is_an_error_with_both_lines(project: Make) -> None:
    text = 'a = Thing("zoe", group="g")\nThing("b", group="g", lifecycle=lifecycle(precondition=known(a.id)))\n'
    (found,) = project(text).plan().findings
    assert (found.rule, found.location) == ("ORDER", "stack.py:5")
    assert "its precondition asks for mem_thing.zoe.id, known only after mem_thing.zoe (stack.py:4)" in found.message


def test_a_shared_document_waits_for_what_its_values_refer_to_though_that_stands_in_it_too(project: Make) -> None:
    made = project('a = Thing("a", also=["X"])\nThing("b", also=["X"], tags={"of": a.id})')
    plan = made.plan()
    assert documents(plan) == ["thing:a", "X", "thing:b"]
    assert [one.after for one in plan.transactions] == [(), ("t01",), ("t01",)]
    for _ in range(5):
        assert made.apply(parallelism=3).exit_code == 0
        assert made.apply(destroy=True, parallelism=3).exit_code == 0


# --- Own writes -------------------------------------------------------------------------------------------------------


class Telling(Cloud):
    """A cloud that says when a document was written."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.document = document
        self.written = threading.Event()

    def carry_out(self, document: str, step: str, name: str, effect: Effect) -> str:
        made = super().carry_out(document, step, name, effect)
        if document == self.document:
            self.written.set()
        return made


@pytest.mark.parametrize("change", ["create", "update", "replace", "delete"])
def test_one_resource_in_two_documents_side_by_side_is_never_taken_for_somebody_elses(
    project: Make, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    text, cloud = 'Thing("d", size={0}, zone="{1}", also=["X", "Y"])', Telling("thing:d")
    made = project(text.format(1, "x"), applied=change != "create", cloud=cloud)
    if change != "create":
        made.write("" if change == "delete" else text.format(2, "y" if change == "replace" else "x"))
    plan, real = made.plan(), Mem.read
    cloud.written.clear()

    def read(self: Mem, query: Query) -> Reading:
        if str(query.document) in ("X", "Y"):  # they were begun together, and look when the object was written
            assert cloud.written.wait(20)
        return real(self, query)

    with monkeypatch.context() as patch:
        patch.setattr(Mem, "read", read)
        result = made.apply(plan, parallelism=3)
    assert (result.exit_code, result.failed) == (0, ())
    assert made.plan().empty()


def lost_without_effect(made: Project) -> None:
    """An apply whose first write is neither there nor refused: it may still come."""
    made.cloud.errors[made.cloud.tried + 1] = ProviderError("no answer", lost=True)
    assert made.apply().exit_code == 8
    made.cloud.errors.clear()


def test_what_a_dead_run_made_and_what_shows_only_after_the_plan_is_gone_on_with(project: Make) -> None:
    made = project('Thing("d", size=2)')
    lost_without_effect(made)
    plan = made.plan()
    late = made.cloud.add("d", size=1)
    assert made.apply(plan).exit_code == 0
    assert [(one.id, one.values["size"]) for one in made.cloud.objects.values()] == [(late.id, 2)]
    assert made.plan().empty()


def test_what_a_dead_run_changed_and_what_shows_only_after_the_plan_is_not_taken_for_somebody_elses(
    project: Make,
) -> None:
    made = project('Thing("d", size=1)', applied=True)
    made.write('Thing("d", size=2)')
    lost_without_effect(made)
    plan = made.plan()
    made.cloud.edit("d", size=2)
    assert made.apply(plan).exit_code == 0
    made.write('Thing("d", size=3)')
    lost_without_effect(made)
    plan = made.plan()
    made.cloud.edit("d", size=9, who="haplan")
    failed = made.apply(plan).failed[0].text
    assert failed == "mem_thing.d: size changed by an earlier run, or by somebody else, since the plan; plan again"


# --- Update or replace ------------------------------------------------------------------------------------------------


def entered(made: Project, how: str) -> Project:
    """A thing with zone x comes into the stack that wants zone y, in one of several ways."""
    found = None
    if how == "imported":
        found = made.cloud.add("d", zone="x")
    else:
        made.write('Thing("d", zone="x")')
        made.cloud.lost.add(1)
        assert made.apply().exit_code == 8
        made.cloud.lost.clear()
    text = 'Thing("d", zone="y")\n'
    return made.write(text + (f'imported("mem_thing.d", "{found.id}")' if found else ""))


@pytest.mark.parametrize("how", ["imported", "found again"])
def test_what_forces_a_replacement_does_so_whichever_way_an_object_enters_the_plan(project: Make, how: str) -> None:
    made = entered(project(), how)
    (change,) = made.plan().changes
    assert (change.action, change.replaces, change.importing) == (Action.REPLACE, (("zone",),), "id-1")
    assert made.apply().exit_code == 0
    assert [(one.id, one.values["zone"]) for one in made.cloud.objects.values()] == [("id-2", "y")]
    assert made.plan().empty()


def test_an_object_that_is_imported_and_replaced_create_first_lets_the_old_one_go(project: Make) -> None:
    made = project()
    found = made.cloud.add("old", model="m1")
    made.write(f'Thing("d", model="m2")\nimported("mem_thing.d", "{found.id}")')
    assert [change.action for change in made.plan().changes] == [Action.REPLACE]
    made.cloud.errors[2] = ProviderError("no")
    assert made.apply().exit_code == 3
    made.cloud.errors.clear()
    assert made.apply().exit_code == 0
    assert made.cloud.names() == ["d"]
    assert made.plan().empty()


# --- What depends goes first ------------------------------------------------------------------------------------------

TOGETHER = """\
a = Thing("zoe", zone="{zone}"{more})
b = Thing("mid", zone="{zone}"{more}, tags={{"of": a.id}})
Thing("end", zone="{zone}", also=["X"], tags={{"of": b.id}})
"""


def guarded(project: Make, more: str = "") -> Project:
    """Three things that are to be replaced, on a backend that deletes nothing that is in use."""
    made = project()
    made.cloud.atomic, made.cloud.guarded = False, True
    made.write(TOGETHER.format(zone="x", more=more)).apply()
    return made.write(TOGETHER.format(zone="y", more=more))


@pytest.mark.parametrize("more", ["", ', group="g"'])
def test_of_replacements_what_depends_is_deleted_first_and_created_last(project: Make, more: str) -> None:
    made = guarded(project, more)
    plan, before = made.plan(), len(made.cloud.writes)
    assert [one.action for one in plan.changes] == [Action.REPLACE] * 3
    result = made.apply(plan, parallelism=10)
    assert (result.exit_code, len(result.done)) == (0, 3)
    done = [(one.step, one.name) for one in made.cloud.writes[before:] if one.document != "X"]
    deleted = [("delete", "end"), ("delete", "mid")]
    assert done == [*deleted, ("create", "zoe"), ("create", "mid"), ("create", "end")]
    assert made.plan().empty()


def test_a_plan_says_why_a_document_is_written_twice_for_a_replacement(project: Make) -> None:
    plan = guarded(project).plan()
    why = "the old mem_thing.mid goes before what it needs is replaced, the new one comes after that"
    assert f"thing:mid is written again: {why}" in plan.notes
    assert [(str(one.document), one.verb) for one in plan.transactions if str(one.document) == "thing:mid"] == [
        ("thing:mid", "delete"),
        ("thing:mid", "create"),
    ]


def test_a_replacement_of_which_the_old_one_is_deleted_and_the_new_one_not_made_says_so(project: Make) -> None:
    made = guarded(project)
    made.cloud.errors[made.cloud.tried + 4] = ProviderError("no")
    result = made.apply()
    assert [(one.address, one.text) for one in (*result.failed, *result.skipped)] == [
        ("mem_thing.zoe", "no; read back: mem_thing.zoe: it as before"),
        ("mem_thing.mid", "mem_thing.zoe failed; its old one is deleted"),
        ("mem_thing.end", "mem_thing.mid was skipped; its old one is deleted"),
    ]
    plan = made.plan()
    assert [(one.address, one.action) for one in plan.changes] == [
        ("mem_thing.zoe", Action.REPLACE),
        ("mem_thing.mid", Action.CREATE),
        ("mem_thing.end", Action.CREATE),
    ]
    assert plan.drift == ()
    assert (made.apply(plan).exit_code, made.plan().empty()) == (0, True)


@pytest.mark.parametrize("number", range(1, 8))
def test_a_replacement_in_two_halves_is_gone_on_with_wherever_it_stopped(project: Make, number: int) -> None:
    made = guarded(project)
    made.cloud.errors[made.cloud.tried + number] = ProviderError("no")
    first = made.apply()
    assert first.exit_code in (1, 3)
    with made.session() as session:
        assert engine.resume(session, first.run).exit_code == 0
    assert (made.plan().empty(), made.cloud.names()) == (True, ["end", "mid", "zoe"])
    assert made.cloud.carried["X"]["end"]["tags"] == {"of": made.cloud.thing("mid").id}


@pytest.mark.parametrize("number", range(1, 8))
def test_a_replacement_in_two_halves_of_which_an_answer_was_lost_is_found_out(project: Make, number: int) -> None:
    made = guarded(project)
    made.cloud.lost = {made.cloud.tried + number}
    assert made.apply().exit_code == 8
    assert made.apply().exit_code == 0
    assert (made.plan().empty(), made.cloud.names()) == (True, ["end", "mid", "zoe"])
    assert made.cloud.carried["X"]["end"]["tags"] == {"of": made.cloud.thing("mid").id}
    assert made.state().intents == ()


class Circles:
    """A plugin that closes circles."""

    haplan_api = 2

    def __init__(self, kind: Literal["hard", "gate"]) -> None:
        self._kind = kind

    @hookimpl
    def haplan_order(self, nodes: Sequence[Node]) -> Sequence[Edge]:
        return [Edge("mem_thing.b", "mem_thing.a", self._kind, "SITES")]


@pytest.mark.parametrize("kind", ["hard", "gate"])
def test_a_circle_that_an_edge_of_a_plugin_closes_is_told_with_its_edges(
    tmp_path: Path, kind: Literal["hard", "gate"]
) -> None:
    text = 'a = Thing("a")\nm = Thing("m", tags={"of": a.id})\nThing("b", tags={"of": m.id})\nThing("z")'
    made = Project(tmp_path, text, more=[Circles(kind)])
    with pytest.raises(HaplanError) as error:
        made.plan()
    assert str(error.value) == (
        "these changes wait for one another, none of them can be first: "
        "mem_thing.a (stack.py:4) before mem_thing.m [hard: reference], "
        "mem_thing.m (stack.py:5) before mem_thing.b [hard: reference], "
        f"mem_thing.b (stack.py:6) before mem_thing.a [{kind}: SITES]"
    )
