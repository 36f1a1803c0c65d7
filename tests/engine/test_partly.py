"""A write that reaches many devices: it fails for those that did not take it, and for these alone."""

from collections.abc import Callable, Mapping, Sequence

import attrs
import pytest

from haplan.contracts import Settlement, Task
from haplan.model.result import Result
from haplan.testing import Mem, Project

Make = Callable[..., Project]
TWO = 'a = Thing("a", also=["X"])\nb = Thing("b", also=["X"])\nThing("c", tags={"of": a.id})\n'
TEXT = "done on 39 of 40: box 7 at harbour: refused"


def ending(monkeypatch: pytest.MonkeyPatch, end: Settlement, document: str = "X") -> None:
    """How the wait for a document ends from now on; the others settle at once."""

    def settled(self: Mem, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        ends = {True: end, False: Settlement(state="done")}
        return {task.transaction.id: ends[str(task.transaction.document) == document] for task in tasks}

    monkeypatch.setattr(Mem, "settled", settled)


def of(result: Result) -> tuple[int, list[tuple[str, str]], list[str]]:
    assert (result.skipped, result.stopped, result.in_doubt) == ((), (), ())
    return result.exit_code, [(one.address, one.text) for one in result.failed], [one.address for one in result.done]


def made(project: Make, text: str = TWO) -> Project:
    made = project(text)
    made.cloud.seconds["X"] = 1.0
    return made


FAILED = Settlement(state="failed", text=TEXT, partly=True, lacking=("mem_thing.a",))


@pytest.mark.parametrize("end", [FAILED, attrs.evolve(FAILED, state="waiting")], ids=["failed", "too late"])
def test_a_change_that_some_devices_lack_fails_alone_and_is_offered_again(
    project: Make, monkeypatch: pytest.MonkeyPatch, end: Settlement
) -> None:
    late = end.state == "waiting"
    text = TWO.replace('also=["X"])', 'also=["X"], lifecycle=lifecycle(timeouts={"create": 60}))', 1) if late else TWO
    stack = made(project, text)
    ending(monkeypatch, end)
    code, failed, done = of(stack.apply())
    assert (code, done) == (3, ["mem_thing.b", "mem_thing.c"])
    assert [address for address, _ in failed] == ["mem_thing.a"]
    assert failed[0][1].endswith(TEXT)
    statuses = {row.address: row.status for row in stack.state().rows.values()}
    assert statuses == {"mem_thing.a": "incomplete", "mem_thing.b": "ok", "mem_thing.c": "ok"}
    ending(monkeypatch, Settlement(state="done"))
    again = stack.plan()
    assert [(change.address, change.why) for change in again.changes] == [("mem_thing.a", "missing on X")]
    assert of(stack.apply()) == (0, [], ["mem_thing.a"])
    assert stack.plan().empty()


def test_without_a_name_it_is_all_that_the_write_carries(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = made(project)
    ending(monkeypatch, attrs.evolve(FAILED, lacking=()))
    assert of(stack.apply()) == (3, [("mem_thing.a", TEXT), ("mem_thing.b", TEXT)], ["mem_thing.c"])


@pytest.mark.parametrize("partly", [True, False])
def test_what_refers_to_it_goes_on_where_some_device_has_it(
    project: Make, monkeypatch: pytest.MonkeyPatch, partly: bool
) -> None:
    stack = made(project)
    stack.cloud.seconds["thing:a"] = 1.0
    ending(monkeypatch, Settlement(state="failed", text=TEXT, partly=partly), "thing:a")
    result = stack.apply()
    assert [(one.address, one.text) for one in result.failed] == [("mem_thing.a", TEXT)]
    assert [one.address for one in result.skipped] == ([] if partly else ["mem_thing.c"])


def test_what_leaves_and_is_left_on_a_device_stays_in_state(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = made(project)
    assert stack.apply().exit_code == 0
    stack.write('b = Thing("b", also=["X"])\n')
    ending(monkeypatch, FAILED)
    code, failed, done = of(stack.apply())
    assert (code, failed, done) == (3, [("mem_thing.a", TEXT)], ["mem_thing.c"])
    assert stack.state().row("mem_thing.a") is not None


def test_what_the_check_finds_wrong_on_some_devices_fails_for_these(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = made(project)
    stack.cloud.red["X"] = "box 7 is down"
    ending(monkeypatch, attrs.evolve(FAILED, state="done"))
    code, failed, done = of(stack.apply())
    assert (code, failed, done) == (3, [("mem_thing.a", TEXT)], ["mem_thing.b", "mem_thing.c"])
