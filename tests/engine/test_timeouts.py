"""Timeouts: what has not settled in time failed, and what is not written in time goes no further."""

from collections.abc import Callable, Mapping, Sequence
from threading import Event

import pytest

from haplan.contracts import Query, Reading, Settlement, Task
from haplan.errors import StackError
from haplan.steps.apply import hanging
from haplan.testing import Cloud, Mem, Project

Make = Callable[..., Project]
TEXT = 'a = Thing("a", size={}, lifecycle=lifecycle(timeouts={}))\nThing("b", tags={{"of": a.id}})\n'


def test_what_has_not_settled_in_time_failed_and_the_next_run_goes_on(project: Make) -> None:
    made = project(TEXT.format(1, {"create": 120, "update": 5}))
    made.cloud.seconds["thing:a"] = 900.0
    start = made.cloud.clock.now()
    result = made.apply()
    assert 120 < made.cloud.clock.now() - start <= 180
    assert result.exit_code == 3
    assert [outcome.text for outcome in result.failed] == [
        "not settled within 120 s (timeouts of mem_thing.a: create): 750 s left"
    ]
    assert [outcome.address for outcome in result.skipped] == ["mem_thing.b"]
    made.cloud.seconds.clear()
    assert [(change.name, change.why) for change in made.plan().changes] == [("a", "resume"), ("b", "new")]
    assert made.apply().exit_code == 0


@pytest.mark.parametrize(
    ("before", "after", "timeouts", "says"),
    [
        ("size=1", "size=2", {"update": 60, "create": 5}, "within 60 s (timeouts of mem_thing.a: update)"),
        ('zone="x"', 'zone="y"', {"delete": 60, "create": 30}, "within 90 s (timeouts of mem_thing.a: delete, create)"),
    ],
)
def test_the_action_says_which_timeout_counts(
    project: Make, before: str, after: str, timeouts: dict[str, int], says: str
) -> None:
    text = 'Thing("a", {}, lifecycle=lifecycle(timeouts={}))'
    made = project(text.format(before, timeouts), applied=True)
    made.cloud.seconds["thing:a"] = 900.0
    assert says in made.write(text.format(after, timeouts)).apply().failed[0].text


def test_a_deletion_keeps_the_timeout_that_its_block_had(project: Make) -> None:
    made = project('Thing("a", lifecycle=lifecycle(timeouts={"delete": 60}))', applied=True)
    made.cloud.seconds["thing:a"] = 900.0
    assert "within 60 s (timeouts of mem_thing.a: delete)" in made.write("").apply().failed[0].text


def test_the_shortest_of_a_transaction_counts(project: Make) -> None:
    made = project(
        "".join(f'Thing("t{n}", group="g", lifecycle=lifecycle(timeouts={{"create": {n}0}}))\n' for n in (9, 4, 6))
    )
    made.cloud.seconds["group:g"] = 900.0
    assert "within 40 s (timeouts of mem_thing.t4: create)" in made.apply().failed[0].text


def test_no_step_is_begun_after_the_time(project: Make) -> None:
    cloud = Cloud()
    cloud.atomic = False
    text = 'Thing("a", size={0}, tags={{"x": {0}}}, lifecycle=lifecycle(timeouts={{"update": 60}}))'
    made = project(text.format(1), cloud=cloud, applied=True)
    cloud.during = lambda document, name: cloud.clock.sleep(61.0)
    result = made.write(text.format(2)).apply()
    assert result.in_doubt[0].text == (
        "outcome in doubt: thing:a: set tags: not begun within 60 s (timeouts of mem_thing.a: update); "
        "read back: mem_thing.a: size as planned; tags.x as before"
    )


def test_what_settled_too_late_may_still_be_taken_back(project: Make) -> None:
    cloud = Cloud()
    cloud.revertible = True
    text = 'Thing("a", size={}, lifecycle=lifecycle(timeouts={{"update": 60}}))'
    made = project(text.format(1), cloud=cloud, applied=True)
    cloud.seconds["thing:a"] = 900.0
    assert made.write(text.format(2)).apply().failed[0].text.endswith("s left; taken back")
    assert cloud.thing("a").values["size"] == 1


def test_a_step_that_is_none_is_a_mistake(project: Make) -> None:
    with pytest.raises(StackError, match=r'lifecycle\.timeouts: "crate" is no step; did you mean'):
        project(TEXT.format(1, {"crate": 5})).plan()


def test_a_write_that_hangs_is_given_up_when_its_time_is_over_and_is_in_doubt(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hanging, "GRACE", 0.1)
    made = project(TEXT.format(1, {"create": 60}) + 'Thing("c")\n')
    going_on = Event()

    def hang(document: str, name: str) -> None:
        if document == "thing:a":
            made.cloud.clock.sleep(61.0)
            going_on.wait(20)

    made.cloud.during = hang
    result = made.apply()
    going_on.set()
    assert result.exit_code == 8
    assert [outcome.text for outcome in result.in_doubt] == [
        "outcome in doubt: thing:a: the write gives no answer within 60 s (timeouts of mem_thing.a: create)"
    ]
    assert [outcome.address for outcome in result.skipped] == ["mem_thing.b"]
    assert [outcome.address for outcome in result.done] == ["mem_thing.c"]  # another place is there for it
    made.cloud.during = lambda document, name: None
    assert made.apply().exit_code == 0
    assert made.cloud.names() == ["a", "b", "c"]
    assert made.plan().empty()


def test_a_look_before_a_write_that_hangs_is_given_up_too_and_nothing_was_sent(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hanging, "GRACE", 0.1)
    made = project(TEXT.format(1, {"create": 60}))
    plan, read, going_on = made.plan(), Mem.read, Event()

    def slow(self: Mem, query: Query) -> Reading:
        if query.document:
            made.cloud.clock.sleep(61.0)
            going_on.wait(20)
        return read(self, query)

    monkeypatch.setattr(Mem, "read", slow)
    result = made.apply(plan)
    going_on.set()
    assert (result.exit_code, result.writes) == (1, 0)
    assert [outcome.text for outcome in result.failed] == [
        "thing:a: the write gives no answer within 60 s (timeouts of mem_thing.a: create)"
    ]


SILENT = "no sign of it since; `timeouts` set another limit"


@pytest.mark.parametrize("seconds", [900, 4500])
def test_a_write_without_timeouts_that_gives_no_sign_is_given_up_and_in_doubt(
    project: Make, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    monkeypatch.setattr(hanging, "GRACE", 0.1)
    monkeypatch.setattr(Mem, "hangs_after", float(seconds))
    made = project('a = Thing("a")\nThing("b", tags={"of": a.id})\nThing("c")\n')
    going_on = Event()

    def hang(document: str, name: str) -> None:
        if document == "thing:a":
            made.cloud.clock.sleep(seconds + 100.0)
            going_on.wait(20)

    made.cloud.during = hang
    result = made.apply()
    going_on.set()
    (limit,) = {one.text.rpartition("within ")[2].partition(" ")[0] for one in result.in_doubt}
    assert seconds <= int(limit) < seconds + 100
    assert (result.exit_code, [one.text for one in result.in_doubt]) == (
        8, [f"outcome in doubt: thing:a: the write gives no answer within {limit} s ({SILENT})"],
    )  # fmt: skip
    assert [outcome.address for outcome in result.done] == ["mem_thing.c"]
    made.cloud.during = lambda document, name: None
    assert made.apply().exit_code == 0
    assert (made.cloud.names(), made.plan().empty()) == (["a", "b", "c"], True)


def test_a_write_that_gives_signs_of_itself_may_take_as_long_as_it_takes(project: Make) -> None:
    cloud = Cloud()
    cloud.atomic = False
    text = 'Thing("a", size={0}, tags={{"x": {0}, "y": {0}}}, zone="a")'
    made = project(text.format(1), cloud=cloud, applied=True)
    cloud.during = lambda document, name: cloud.clock.sleep(800.0)
    start = cloud.clock.now()
    assert made.write(text.format(2)).apply().exit_code == 0
    assert cloud.clock.now() - start > 900


def test_a_look_at_what_was_written_that_gives_no_answer_is_given_up_without_timeouts_too(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hanging, "GRACE", 0.1)
    made = project('Thing("a")')
    made.cloud.seconds["thing:a"] = 100.0
    settled, going_on = Mem.settled, Event()

    def silent(self: Mem, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        made.cloud.clock.sleep(1200.0)
        going_on.wait(20)
        return settled(self, tasks)

    monkeypatch.setattr(Mem, "settled", silent)
    result = made.apply()
    going_on.set()
    assert result.exit_code == 3
    assert "settled gives no answer" in result.failed[0].text
    assert SILENT in result.failed[0].text
    monkeypatch.setattr(Mem, "settled", settled)
    assert made.apply().exit_code == 0
    assert made.plan().empty()
