"""What could not be read: the plan goes on without it and what hangs on it, and so does the apply; both say so."""

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import attrs
import pytest

from haplan import engine
from haplan.contracts import Query, Reading
from haplan.errors import HaplanError, ProviderError, Unauthorized
from haplan.model.state import Intent
from haplan.plugins import Plugins
from haplan.report.json import plan_json
from haplan.report.lines import plain
from haplan.report.result import result_lines
from haplan.report.text import drift_report, plan_lines
from haplan.testing import INSTALLED, Cloud, Mem, Point, Project
from haplan.testing.memory import MemPlugin

STACK = """
a = Thing("a", size={size})
b = Thing("b", size={size}, tags={{"of": a.id}})
c = Thing("c", size={size}, depends_on=[b])
d = Thing("d", size={size})
output("b", b.id)
output("d", d.id)
"""


REPLACING = """
a = Thing("a", zone="{zone}")
b = Thing("b", tags={{"of": a.id}})
Thing("c", tags={{"of": a.id}})
Thing("d", zone="{zone}")
"""
LISTS = """
t, u = Thing("t"), Thing("u")
Rule("r1", thing=t, text="{0}")
Rule("r2", thing=t)
Rule("s1", thing=u, text="{0}")
"""


class Blind(Project):
    """A project whose backend does not show some things.

    Attributes:
        hidden: Name → why it cannot be read.
        verbs: More verbs of the provider.
    """

    hidden: Mapping[str, str] = {}
    verbs: Mapping[str, Any] = {}

    def plugins(self) -> Plugins:
        installed: list[Any] = [EntryPoint(name, module, "haplan") for name, module in INSTALLED.items()]
        return Plugins([*installed, Point("mem", Partly(self.cloud, self))])


class Partly(MemPlugin):
    def __init__(self, cloud: Cloud, project: Blind) -> None:
        super().__init__(cloud)

        def read(mem: Mem, query: Query) -> Reading:
            found = Mem.read(mem, query)
            unread = {one.address: project.hidden[one.name] for one in query.targets if one.name in project.hidden}
            seen = {address: one for address, one in found.seen.items() if address not in unread}
            return attrs.evolve(found, seen=seen, unread=unread)

        self._provider = type("Mem", (self._provider,), {"read": read, **project.verbs})


@pytest.fixture
def blind(tmp_path: Path) -> Callable[..., Blind]:
    def make(text: str = STACK.format(size=1), *, hidden: str = "a") -> Blind:
        made = Blind(tmp_path / "stack", text)
        assert made.apply().exit_code == 0
        made.hidden = dict.fromkeys(hidden, "403: not yours to see")
        return made

    return make


def changes(plan: Any) -> list[str]:
    return [f"{change.action.value} {change.name}" for change in plan.changes]


def test_the_plan_goes_on_without_it_and_what_hangs_on_it(blind: Any) -> None:
    made = blind()
    plan = made.write(STACK.format(size=2)).plan()
    assert changes(plan) == ["update d"]
    assert plan.unread == {"mem_thing.a": "403: not yours to see"}
    assert plan.left_out == {"mem_thing.b": "mem_thing.a", "mem_thing.c": "mem_thing.a"}
    assert plan.drift == ()
    document = plan_json(plan, digest="", made=0.0)
    assert (document["complete"], document["applyable"]) == (False, True)
    assert document["haplan"]["unread"] == plan.unread
    head = plain(plan_lines(plan)).splitlines()[1:3]
    assert head == [
        "could not be read, and is left out: mem_thing.a: 403: not yours to see",
        "left out with it, 2 resources that hang on it: mem_thing.b, mem_thing.c",
    ]


def test_the_apply_leaves_it_out_and_says_so(blind: Any) -> None:
    made = blind()
    before = made.state()
    result = made.write(STACK.format(size=2)).apply()
    assert result.exit_code == 0
    assert [one.address for one in result.done] == ["mem_thing.d"]
    assert [(one.address, one.text) for one in result.left_out] == [
        ("mem_thing.a", "could not be read: 403: not yours to see"),
        ("mem_thing.b", "mem_thing.a could not be read"),
        ("mem_thing.c", "mem_thing.a could not be read"),
    ]
    text = plain(result_lines(result))
    assert "Done. 1 changed, 3 left out" in text
    assert "mem_thing.a: could not be read: 403: not yours to see" in text
    after = made.state()
    assert {name: after.row(name) for name in ("mem_thing.a", "mem_thing.b", "mem_thing.c")} == {
        name: before.row(name) for name in ("mem_thing.a", "mem_thing.b", "mem_thing.c")
    }
    assert after.outputs == before.outputs
    made.hidden = {}
    assert changes(made.plan()) == ["update a", "update b", "update c"]
    assert made.apply().exit_code == 0
    assert made.plan().empty()


def test_where_nothing_else_changes_it_is_told_too(blind: Any) -> None:
    made = blind()
    plan = made.plan()
    assert plan.empty()
    assert "No changes. That is so of what could be read: 1 resource compared." in plain(plan_lines(plan))
    result = made.apply(plan)
    assert (result.exit_code, len(result.left_out), result.run) == (0, 3, "")


def test_it_has_not_drifted_and_is_not_gone(blind: Any) -> None:
    made = blind()
    made.cloud.edit("a", size=7)
    made.cloud.edit("d", size=7)
    with made.session() as session:
        plan = engine.drift(session)
    assert [one.address for one in plan.drift] == ["mem_thing.d"]
    assert "could not be read, and is left out: mem_thing.a" in plain(drift_report(plan))


def test_what_goes_stays_while_something_that_could_not_be_read_may_use_it(blind: Any) -> None:
    made = blind(hidden="c")
    plan = made.plan(destroy=True)
    assert changes(plan) == ["delete d"]
    assert plan.left_out == {"mem_thing.a": "mem_thing.c", "mem_thing.b": "mem_thing.c"}
    assert made.apply(plan).exit_code == 0
    assert made.cloud.names() == ["a", "b", "c"]
    made.hidden = {}
    assert made.apply(destroy=True).exit_code == 0
    assert made.cloud.names() == []


def test_what_is_to_be_replaced_stays_while_something_that_could_not_be_read_uses_it(blind: Any) -> None:
    text = REPLACING
    made = blind(text.format(zone="x"), hidden="b")
    plan = made.write(text.format(zone="y")).plan()
    assert changes(plan) == ["replace d"]
    assert plan.left_out == {"mem_thing.a": "mem_thing.b", "mem_thing.c": "mem_thing.b"}
    made.hidden = {}
    assert sorted(changes(made.plan())) == ["replace a", "replace d", "update b", "update c"]


def test_a_rule_of_a_list_that_could_not_be_read_holds_up_no_other_list(blind: Any) -> None:
    text = LISTS
    made = blind(text.format("x"), hidden=["r1"])
    plan = made.write(text.format("y")).plan()
    assert changes(plan) == ["update s1"]
    assert made.apply(plan).exit_code == 0
    assert made.cloud.sequences == {"rules:mem_thing.t": ["r1", "r2"], "rules:mem_thing.u": ["s1"]}


def test_a_data_source_that_could_not_be_read_takes_what_needs_it_along(blind: Any) -> None:
    made = blind('Thing("d", size=1)', hidden="")
    made.cloud.add("there")
    made.hidden = {"there": "timed out"}
    text = 'there = Thing.existing("there")\nThing("a", tags={"of": there.id})\nThing("d", size=2)'
    plan = made.write(text).plan()
    assert changes(plan) == ["update d"]
    assert plan.unread == {"data.mem_thing.there": "timed out"}
    assert plan.left_out == {"mem_thing.a": "data.mem_thing.there"}
    assert not [one for one in plan.findings if one.severity == "error"]


def test_an_import_of_what_could_not_be_read_says_so(blind: Any) -> None:
    made = blind('Thing("d")', hidden="")
    made.write('Thing("d")\nThing("e")').cloud.add("e")
    made.hidden = {"e": "timed out"}
    with made.session() as session, pytest.raises(HaplanError, match=r"mem_thing\.e: could not be read: timed out"):
        engine.import_(session, "mem_thing.e", "id-2")


def test_what_a_dead_run_left_stays_open_until_it_can_be_looked_at(blind: Any) -> None:
    made = blind()
    made.cloud.lost.add(5)
    assert made.write(STACK.format(size=1) + 'Thing("e")').apply().exit_code == 8
    made.hidden = {"e": "timed out"}
    assert made.plan().empty()
    assert made.write(STACK.format(size=3) + 'Thing("e")').apply().exit_code == 0
    assert [intent.address for intent in made.state().intents] == ["mem_thing.e"]
    made.hidden = {}
    assert made.apply().exit_code == 0
    assert made.cloud.names() == ["a", "b", "c", "d", "e"]
    assert made.state().intents == ()


@pytest.mark.parametrize("error", [ProviderError("timed out"), KeyError("oops")])
def test_an_identify_that_fails_is_about_its_own_address_alone(blind: Any, error: Exception) -> None:
    def identify(self: Mem, intent: Intent) -> None:
        raise error

    made = blind('Thing("a", zone="x")\nThing("d", size=1)', hidden="")
    made.cloud.lost.add(3)
    text = 'Thing("a", zone="y")\nThing("d", size={})'
    assert made.write(text.format(1)).apply().exit_code == 8
    made.verbs = {"identify": identify}
    plan = made.write(text.format(2)).plan()
    assert changes(plan) == ["update d"]
    assert list(plan.unread) == ["mem_thing.a"]
    made.verbs = {}
    assert made.apply().exit_code == 0
    assert made.cloud.names() == ["a", "d"]


def test_an_identify_that_is_not_let_in_ends_the_plan(blind: Any) -> None:
    def identify(self: Mem, intent: Intent) -> None:
        raise Unauthorized("401")

    made = blind('Thing("a", zone="x")', hidden="")
    made.cloud.lost.add(2)
    assert made.write('Thing("a", zone="y")').apply().exit_code == 8
    made.verbs = {"identify": identify}
    with pytest.raises(Unauthorized):
        made.plan()


def test_without_a_refresh_nothing_is_unread_but_what_had_to_be_looked_at(blind: Any) -> None:
    made = blind()
    assert changes(made.write(STACK.format(size=2)).plan(refresh=False)) == [
        "update a",
        "update b",
        "update c",
        "update d",
    ]


def test_a_plan_file_keeps_it(blind: Any, tmp_path: Path) -> None:
    made = blind()
    made.write(STACK.format(size=2))
    with made.session() as session:
        plan = engine.plan(session)
        engine.write_plan(session, plan, tmp_path / "it.plan")
    found = engine.read_plan(tmp_path / "it.plan").plan
    assert (found.unread, found.left_out) == (plan.unread, plan.left_out)
