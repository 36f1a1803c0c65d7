"""Resources in several documents: one that fails leaves the others done, and only what is missing is offered again."""

from collections.abc import Callable

import pytest

from haplan.contracts import Query, Reading
from haplan.errors import ProviderError
from haplan.model.document import Document
from haplan.model.plan import Plan
from haplan.testing import Mem, Project

Make = Callable[..., Project]
TEXT = 'Thing("d", size={}, also=["X", "Y", "Z"])'


def failed_on(made: Project, *documents: str) -> Project:
    """Apply while some documents cannot be written."""

    def fail(document: str, name: str) -> None:
        if document in documents:
            raise ProviderError(f"{document} is offline")

    made.cloud.during = fail
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
    assert ([change.why for change in plan.changes], documents(plan)) == (["resume"], ["X", "Z"])
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
