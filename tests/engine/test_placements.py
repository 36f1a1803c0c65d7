"""Resources in several documents: one that fails leaves the others done, and only what is missing is offered again."""

import json
from collections.abc import Callable

import pytest

from haplan.contracts import Query, Reading
from haplan.errors import ProviderError
from haplan.model.document import Document
from haplan.model.plan import Plan
from haplan.report.json import plan_json
from haplan.report.lines import plain
from haplan.report.markdown import plan_markdown
from haplan.report.result import result_lines
from haplan.report.state import placed, row_lines
from haplan.report.text import plan_lines
from haplan.testing import Mem, Project

Make = Callable[..., Project]
TEXT = 'Thing("d", size={}, also=["X", "Y", "Z"])'


def fail(document: str, name: str, *documents: str) -> None:
    if document in documents:
        raise ProviderError(f"{document} is offline")


def failed_on(made: Project, *documents: str) -> Project:
    """Apply while some documents cannot be written."""
    made.cloud.during = lambda document, name: fail(document, name, *documents)
    assert made.apply().exit_code == 3
    made.cloud.during = lambda document, name: None
    return made


def documents(plan: Plan) -> list[str]:
    return [str(transaction.document) for transaction in plan.transactions]


def test_a_document_that_fails_leaves_the_others_done_and_the_next_plan_offers_what_is_missing(project: Make) -> None:
    made = failed_on(project(TEXT.format(1)), "X", "Z")
    assert {str(one.document): one.status for one in made.state().placements.values()} == {
        "thing:d": "done",
        "X": "pending",
        "Y": "done",
        "Z": "pending",
    }
    plan = made.plan()
    assert ([change.why for change in plan.changes], documents(plan)) == (["missing on X and Z"], ["X", "Z"])
    failed_on(made, "Z")
    assert documents(made.plan()) == ["Z"]
    assert made.apply().exit_code == 0
    row = made.state().row("mem_thing.d")
    assert row is not None
    assert row.status == "ok"
    assert {one.status for one in made.state().placements.values()} == {"done"}
    assert made.plan().empty()


def test_of_an_update_too(project: Make) -> None:
    made = project(TEXT.format(1), applied=True)
    failed_on(made.write(TEXT.format(2)), "X")
    assert documents(made.plan()) == ["X"]


def test_what_changed_meanwhile_is_written_everywhere(project: Make) -> None:
    made = failed_on(project(TEXT.format(1)), "X")
    made.cloud.edit("d", size=9)
    assert documents(made.plan()) == ["thing:d", "X", "Y", "Z"]
    made.cloud.edit("d", size=1)
    assert documents(made.write(TEXT.format(2)).plan()) == ["thing:d", "X", "Y", "Z"]


def test_a_read_is_told_which_documents_do_not_count_yet(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = failed_on(project(TEXT.format(1) + '\nThing("e")'), "X")
    asked: dict[str, frozenset[Document]] = {}
    read = Mem.read

    def look(self: Mem, query: Query) -> Reading:
        asked.update({target.address: target.waiting for target in query.targets})
        return read(self, query)

    monkeypatch.setattr(Mem, "read", look)
    made.plan()
    assert asked == {"mem_thing.d": {Document("", "X")}, "mem_thing.e": frozenset()}


def test_each_document_says_what_came_of_it_in_every_form(project: Make) -> None:
    made = failed_on(project(TEXT.format(1)), "X", "Z")
    run = made.state().runs[-1].id
    kept = json.loads((made.folder / ".haplan" / "default" / "runs" / run / "result.json").read_text())
    (failed,) = kept["failed"]
    assert failed["documents"] == [
        {"document": "X", "came": "failed", "text": "X is offline"},
        {"document": "Y", "came": "done", "text": ""},
        {"document": "Z", "came": "failed", "text": "Z is offline"},
        {"document": "thing:d", "came": "done", "text": ""},
    ]
    assert placed(made.state(), "mem_thing.d") == {"X": "pending", "Y": "done", "Z": "pending", "thing:d": "done"}
    row = made.state().row("mem_thing.d")
    assert row is not None
    assert "missing on  X, Z" in plain(row_lines(row, placed(made.state(), "mem_thing.d")))


def test_what_is_gone_on_with_counts_the_documents_that_have_it_from_before(project: Make) -> None:
    made = failed_on(project(TEXT.format(1)), "X", "Z")
    made.cloud.during = lambda document, name: fail(document, name, "Z")
    result = made.apply()
    made.cloud.during = lambda document, name: None
    assert result.exit_code == 3
    (failed,) = result.failed
    assert [(one.document, one.came) for one in failed.documents] == [
        ("X", "done"), ("Y", "done"), ("Z", "failed"), ("thing:d", "done"),
    ]  # fmt: skip
    assert "mem_thing.d: done on 3 of 4: X, Y, thing:d" in plain(result_lines(result))


def test_a_plan_says_where_something_is_missing_in_text_markdown_and_json(project: Make) -> None:
    plan = failed_on(project(TEXT.format(1)), "X", "Z").plan()
    assert plan.drift == ()
    for text in (plain(plan_lines(plan)), plan_markdown(plan)):
        assert "missing on X and Z" in text
        assert "outside haplan" not in text
    assert plan_json(plan, digest="", made=0.0)["haplan"]["reason"] == {"mem_thing.d": "missing on X and Z"}


def test_a_deletion_that_some_documents_refused_says_where_the_thing_still_is(project: Make) -> None:
    made = failed_on(project(TEXT.format(1), applied=True).write(""), "X", "Z")
    plan = made.plan()
    assert [(change.action.value, change.why) for change in plan.changes] == [("delete", "still on X and Z")]
    for text in (plain(plan_lines(plan)), plan_markdown(plan)):
        assert "still on X and Z" in text
    row = made.state().row("mem_thing.d")
    assert row is not None
    assert "still on    X, Z" in plain(row_lines(row, placed(made.state(), "mem_thing.d")))
    assert made.apply().exit_code == 0
    assert made.plan().empty()


def test_a_record_that_has_no_room_for_its_result_ends_no_run(project: Make) -> None:
    made = project(TEXT.format(1))

    def in_the_way(document: str, name: str) -> None:
        (run,) = (made.folder / ".haplan" / "default" / "runs").iterdir()
        (run / "result.json").mkdir(exist_ok=True)

    made.cloud.during = in_the_way
    assert made.apply().exit_code == 0
    assert any("what came of the run is not kept" in event.text for event in made.events if event.kind == "warning")
