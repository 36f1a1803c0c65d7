"""A stack that reads the clock or chance is warned of by `validate`, which loads it twice."""

import sys
from collections.abc import Callable

import pytest

from haplan import engine
from haplan.cli.main import run
from haplan.testing import Project

Make = Callable[..., Project]


def warned(made: Project) -> list[str]:
    with made.session() as session:
        found = engine.validate(session, twice=True)
    return [f"{one.address}: {one.message.partition(';')[0]}" for one in found.findings if one.rule == "UNSTEADY"]


def test_what_is_not_the_same_at_each_load_is_named(project: Make) -> None:
    text = """
import random, time, uuid
Thing("clock", size=time.monotonic_ns())
Thing("chance", note=f"{random.random()}", size=1)
Thing("steady", size=1)
Thing(f"label-{uuid.uuid4().hex}")
output("when", time.monotonic_ns())
"""
    found = warned(project(text))
    assert {
        "mem_thing.clock: size: another value at each load",
        "mem_thing.chance: note: another value at each load",
        ": output when: another value at each load",
    } < {*found}
    assert sum("is in the stack at one load and not at the next" in one for one in found) == 2
    assert len(found) == 5
    assert not any("steady" in one for one in found)


def test_a_steady_stack_is_not_warned_of_and_a_plan_loads_once(project: Make) -> None:
    made = project('a = Thing("a", size=1)\nThing("b", tags={"of": a.id}, note=f"after {a.id}")\noutput("id", a.id)')
    assert warned(made) == []
    made.plan()
    assert sum(event.text.startswith("loading") for event in made.events if event.kind == "phase") == 3


def test_the_warning_says_where_and_its_hints_lead_on(tmp_path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAPLAN_PLUGINS_OFF", "design,mist,srx,ssr")
    stack = tmp_path / "stack.py"
    stack.write_text("import time\nfrom haplan import Data\nData('a', input=time.monotonic_ns())\n")
    assert run(["validate", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "UNSTEADY  record.a: input: another value at each load" in shown
    assert "stack.py:3" in shown
    assert "What a rule means: haplan rules UNSTEADY" in shown
    assert run(["rules", "UNSTEADY"]) == 0
    capsys.readouterr()
    stack.write_text("from haplan import Data, variable\nData('a', input=variable('now', default=7))\n")  # the hint
    assert run(["validate", str(tmp_path)]) == 0
    assert "UNSTEADY" not in capsys.readouterr().out


def test_a_stack_that_reads_the_clock_is_warned_of_though_both_loads_want_the_same(project: Make) -> None:
    text = """
import datetime as days
import time
Thing("a", note=f"made on {days.date.today()}", size=1)
Thing("b", note=f"{days.datetime.now():%Y-%m}", size=1)
YEAR = time.strftime("%Y")
Thing("c", note=days.date(2026, 11, 30).isoformat(), size=1)
"""
    with project(text).session() as session:
        found = engine.validate(session, twice=True)
    said = [(one.location, one.message.partition(";")[0]) for one in found.findings if one.rule == "UNSTEADY"]
    assert [(where.rpartition(":")[0], what) for where, what in sorted(said)] == [
        ("stack.py", "the stack reads the clock: date.today()"),
        ("stack.py", "the stack reads the clock: datetime.now()"),
        ("stack.py", "the stack reads the clock: time.strftime()"),
    ]
    assert sys.getprofile() is None
