"""An outcome that is not known is looked up: what holds after any answer to a write that is neither a clean yes nor a
clean no. A test to inherit.

    class TestPond(OutcomeContract):
        @pytest.fixture
        def world(self, tmp_path):
            return PondWorld(tmp_path)

        @pytest.fixture(params=CASES, ids=str)
        def case(self, request):
            return request.param

A world is a stack that was applied, in an estate whose answers can be spoilt. `sent` says which writes a change of it
sends, by asking the estate: `Case` for each of them and each answer makes the whole matrix.
"""

from collections.abc import Mapping
from difflib import unified_diff
from pprint import pformat
from typing import Protocol

import attrs
import pytest

from haplan.errors import HaplanError
from haplan.model.plan import Plan
from haplan.model.result import Result
from haplan.model.state import State

BEFORE = ""
"""The change that is none: the stack as it was applied first."""
WRONG = ("exists now", "is there since", "changed since", " changed by ", "is gone")
"""What is said of others. Nobody else is at work here: whoever reads it, reads it of haplan's own write."""
UNTOUCHED = ("nothing was", "nothing has", "nothing of this", "nothing changed", "was not made", "were not made")
"""What is said of an estate that is as before."""
CODES = frozenset({0, 1, 3, 8, 10})
"""How an apply may end whose write was answered so."""


@attrs.frozen
class Spoilt:
    """One write that is answered badly.

    Attributes:
        write: Which kind of write, as the estate calls it.
        answer: How it is answered, as the estate calls that.
        number: Which of these, from 1.
    """

    write: str
    answer: str
    number: int = 1

    def __str__(self) -> str:
        return f"{self.write} {self.number} {self.answer}"


@attrs.frozen(kw_only=True)
class Case:
    """A change some of whose writes are answered badly.

    Attributes:
        change: What the stack changes; see `Spoilable.want`.
        spoilt: Which.
        back: It is the taking out of the change that is spoilt.
        turns: The stack is put back at once, before an apply made good what went wrong.
    """

    change: str
    spoilt: tuple[Spoilt, ...]
    back: bool = False
    turns: bool = False

    def __str__(self) -> str:
        words = [f"{'without ' * self.back}{self.change}", *map(str, self.spoilt), *["and back at once"] * self.turns]
        return ", ".join(words)


class Spoilable(Protocol):
    """A stack that was applied, and its estate, whose answers can be spoilt."""

    def want(self, change: str) -> None:
        """Write the stack with a change in it, or with `BEFORE`; and do by hand what belongs to it, such as cables."""
        ...

    def plan(self) -> Plan: ...

    def apply(self, plan: Plan | None = None) -> Result:
        """Carry out a plan, by default the one that would be made now."""
        ...

    def state(self) -> State:
        """What is remembered."""
        ...

    def estate(self) -> object:
        """All there is, looked at without the provider; ids that differ from one making to the next are names."""
        ...

    def expected(self, change: str) -> object:
        """The estate after this was applied elsewhere without a fault."""
        ...

    def writes(self) -> Mapping[str, int]:
        """How many writes of each kind were sent so far, as the estate counted them."""
        ...

    def spoil(self, write: str, number: int, answer: str) -> None:
        """From now on the so-manyth write of a kind is answered so."""
        ...

    def behave(self) -> None:
        """Nothing goes wrong any more."""
        ...


class OutcomeContract:
    """State equals estate, nothing is said that is not so, and what was made leaves again."""

    @pytest.fixture
    def world(self) -> Spoilable:
        raise NotImplementedError("give a fixture `world`: a stack that was applied, whose estate can be spoilt")

    @pytest.fixture
    def case(self) -> Case:
        raise NotImplementedError("give a fixture `case`: which write is answered how")

    def test_an_outcome_that_is_not_known_is_looked_up(self, world: Spoilable, case: Case) -> None:
        carry(world, case)


def sent(world: Spoilable, change: str) -> Mapping[str, int]:
    """The writes that a change sends, from where the stack is, counted by kind; they are sent."""
    before = world.writes()
    world.want(change)
    _well(world)
    return {kind: more for kind, count in world.writes().items() if (more := count - before.get(kind, 0))}


def carry(world: Spoilable, case: Case) -> None:
    """One case: the write that is spoilt, what is said and remembered, and the ways on from there."""
    if case.back:
        world.want(case.change)
        _well(world)
    origin, target = (case.change, BEFORE) if case.back else (BEFORE, case.change)
    there = world.estate()
    for one in case.spoilt:
        world.spoil(one.write, one.number, one.answer)
    world.want(target)
    said = _tried(world)
    world.behave()
    _true(world, said, there, world.expected(target))
    if not case.turns:
        _well(world, world.expected(target))
    world.want(origin)
    _well(world, world.expected(origin))
    if case.turns:
        world.want(target)
        _well(world, world.expected(target))


@attrs.frozen
class _Said:
    """How an apply ended: its code, and what it said of what did not go well."""

    code: int
    texts: tuple[str, ...]
    transactions: int


def _tried(world: Spoilable) -> _Said:
    try:
        plan = world.plan()
        result = world.apply(plan)
    except HaplanError as error:
        return _Said(error.exit_code, (str(error),), 0)
    odd = (*result.failed, *result.skipped, *result.stopped, *result.in_doubt, *result.pending)
    return _Said(result.exit_code, tuple(one.text for one in odd), len(plan.transactions))


def _true(world: Spoilable, said: _Said, before: object, after: object) -> None:
    """What was said is so, and nobody's own write is taken for somebody else's."""
    assert said.code in CODES, said
    assert not [text for text in said.texts for words in WRONG if words in text], said
    claims = [text for text in said.texts for words in UNTOUCHED if words in text]
    if said.code == 1 or (claims and said.transactions == 1):
        _same(before, world.estate(), said)
    if said.code == 0:
        _same(after, world.estate(), said)
    plan = world.plan()
    assert [(one.address, one.who) for one in plan.drift] == [], said
    assert [str(finding) for finding in plan.findings if finding.rule == "EXISTS"] == [], said
    assert said.code != 0 or plan.empty()


def _well(world: Spoilable, expected: object = None) -> None:
    """An apply without faults ends well; nothing is left to do, and nothing is left of what went wrong before."""
    result = world.apply()
    odd = (*result.failed, *result.skipped, *result.stopped, *result.in_doubt, *result.pending)
    assert [(one.address, one.text) for one in odd] == []
    assert result.exit_code == 0
    if expected is not None:
        _same(expected, world.estate(), result.run)
    state, plan = world.state(), world.plan()
    assert [row.address for row in state.rows.values() if row.status != "ok"] == []
    assert state.intents == ()
    assert [(one.address, one.action, one.why) for one in plan.changes] == []
    assert dict(plan.unread) == {}
    assert plan.empty()


def _same(expected: object, there: object, about: object) -> None:
    """Two estates are alike, or what they differ in is told line by line."""
    if expected != there:
        one, other = (pformat(each, width=100).splitlines() for each in (expected, there))
        pytest.fail(
            f"{about}\n" + "\n".join(list(unified_diff(one, other, "expected", "there", n=1, lineterm=""))[:60])
        )
