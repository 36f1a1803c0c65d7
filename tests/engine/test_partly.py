"""A write that reaches many devices: it fails for those that did not take it, and for these alone."""

from collections.abc import Callable, Mapping, Sequence

import attrs
import pytest

from haplan.contracts import Settlement, Task
from haplan.model import devices
from haplan.model.devices import OnDevice
from haplan.model.renames import renamed
from haplan.model.result import Result
from haplan.report.documents import result_json
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


ON = (OnDevice("box 1"), OnDevice("box 7", "refused", "B"), OnDevice("box 8", "away", addresses=("mem_thing.b",)))


def test_each_device_is_told_with_its_own_reason_and_under_the_address_that_the_stack_has_for_it(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = made(project, TWO)
    stack.write('Thing("box")\n')
    assert stack.apply().exit_code == 0
    stack.write(f'Thing("box")\n{TWO}')
    box = stack.state().row("mem_thing.box")
    assert box is not None
    told = tuple(attrs.evolve(one, id=box.id) if one.id else one for one in ON)
    ending(monkeypatch, attrs.evolve(FAILED, lacking=(), devices=told))
    result = stack.apply()
    a, b = result.failed
    assert [(one.document, one.came, one.text) for one in a.documents] == [
        ("box 1", "done", ""),
        ("mem_thing.box", "failed", "refused"),
        ("thing:a", "done", ""),
    ]
    assert [one.document for one in b.documents] == ["box 1", "box 8", "mem_thing.box", "thing:b"]
    assert a.text == "done on 1 of 3: mem_thing.box: refused; box 8: away"
    assert result_json(result)["failed"][1]["documents"][1] == {"document": "box 8", "came": "failed", "text": "away"}
    ending(monkeypatch, Settlement(state="done"))
    assert [(change.address, change.why) for change in stack.plan().changes] == [
        ("mem_thing.a", "missing on mem_thing.box"),
        ("mem_thing.b", "missing on mem_thing.box and box 8"),
    ]
    moved = renamed(stack.state(), {"mem_thing.box": "mem_thing.case"}).row("mem_thing.a")
    assert moved is not None
    assert [*devices.missing(moved.private)] == [("mem_thing.case", "refused")]
    assert of(stack.apply())[0] == 0
    assert stack.plan().empty()
    assert all(devices.MISSING not in row.private for row in stack.state().rows.values())


def test_what_waits_for_some_devices_is_told_device_by_device(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = made(project)
    ending(monkeypatch, Settlement(state="queued", text="1 of 2 is offline", devices=ON[:2]))
    result = stack.apply()
    assert {(one.document, one.came) for one in result.pending[0].documents} == {
        ("box 1", "done"),
        ("box 7", "pending"),
        ("thing:a", "done"),
    }


def test_what_leaves_says_on_which_device_it_still_is(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = made(project)
    assert stack.apply().exit_code == 0
    stack.write('b = Thing("b", also=["X"])\n')
    ending(monkeypatch, attrs.evolve(FAILED, devices=ON[:2]))
    assert stack.apply().exit_code == 3
    assert [(change.address, change.why) for change in stack.plan().changes] == [("mem_thing.a", "still on box 7")]
