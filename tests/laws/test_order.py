"""Order belongs to the graph: for each two changes that references join order and skipping hold, whatever lies between.

What has to come first is worked out from the stacks alone, by what their things refer to; the plan's own edges are not
asked. What came first is what the cloud saw.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from random import Random

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from haplan.contracts import Node
from haplan.hookspecs import hookimpl
from haplan.model.graph import Edge
from haplan.model.plan import Action, Plan
from haplan.testing import Cloud
from haplan.testing.cloud import Effect
from tests.laws.stacks import EDITS, LABELS, NONE, Faults, Piece, Wanted, World, at_once, changes, law, stacks

STAYS = tuple(edit for edit in EDITS if edit != "move")
refused = st.frozensets(st.integers(1, 6), max_size=2).map(Faults)

gated = st.dictionaries(st.integers(1, 8), st.integers(0, 7), max_size=2)
"""Number of a thing → what a number below it is made of, that is the gate before it."""


class Watched(Cloud):
    """A cloud that notes when each write begins and ends.

    Attributes:
        began, ended: (document, name of what is written) → its place among all that began and ended; the first and the
            last of several.
    """

    def __init__(self) -> None:
        super().__init__()
        self.began: dict[tuple[str, str], int] = {}
        self.ended: dict[tuple[str, str], int] = {}
        self._noting = threading.Lock()
        self._count = 0

    def carry_out(self, document: str, step: str, name: str, effect: Effect) -> str:
        self._note(self.began, (document, name), again=False)
        made = super().carry_out(document, step, name, effect)
        self._note(self.ended, (document, name), again=True)
        return made

    def forget(self) -> None:
        """From here on."""
        self.began.clear()
        self.ended.clear()

    def _note(self, where: dict[tuple[str, str], int], what: tuple[str, str], *, again: bool) -> None:
        with self._noting:
            self._count += 1
            if again or what not in where:
                where[what] = self._count


class Gates:
    """A plugin that makes gates of pairs of addresses, between what stays."""

    haplan_api = 2

    def __init__(self) -> None:
        self.pairs: tuple[tuple[str, str], ...] = ()

    @hookimpl
    def haplan_order(self, nodes: Sequence[Node]) -> Sequence[Edge]:
        there = {node.address for node in nodes if not node.deleting}
        return [Edge(*pair, "gate", "test") for pair in self.pairs if there.issuperset(pair)]


def leading(pieces: Mapping[int, Piece], number: int) -> set[int]:
    """All that a thing depends on, through others too."""
    found, waiting = set[int](), [number]
    while waiting:
        for one in pieces[waiting.pop()].refers() - found:
            found.add(one)
            waiting.append(one)
    return found


def own(piece: Piece) -> tuple[str, str]:
    """The document of a thing itself, and its name."""
    return (f"group:{piece.group}" if piece.group else f"thing:{piece.name}"), piece.name


def due(before: Wanted, wanted: Wanted, gates: Mapping[int, int]) -> Iterator[tuple[Piece, Piece]]:
    """What has to come first, and what then: what stays behind what it depends on, and what is behind a gate; what goes
    before that, and what lets go of something before that is replaced."""
    behind = {n: attrs.evolve(one, needs=(*one.needs, *_gated(gates, n))) for n, one in wanted.pieces.items()}
    for number, piece in wanted.pieces.items():
        yield from ((wanted.pieces[one], piece) for one in leading(behind, number))
        old = before.pieces.get(number)
        if old is not None and old.zone != piece.zone:
            for user in before.pieces.keys() & wanted.pieces.keys():
                if number in before.pieces[user].uses() and number not in leading(behind, user):
                    yield wanted.pieces[user], piece
    gone = before.pieces.keys() - wanted.pieces.keys()
    for number in gone:
        yield from ((before.pieces[number], before.pieces[one]) for one in leading(before.pieces, number) & gone)
        for user, piece in before.pieces.items():
            if number in piece.uses() and user in wanted.pieces:
                yield wanted.pieces[user], before.pieces[number]


def _gated(gates: Mapping[int, int], number: int) -> set[int]:
    return {gates[number]} if number in gates else set()


def written(plan: Plan) -> set[tuple[str, str]]:
    """What a plan writes: document, and the name of what is written there."""
    names = {change.key: change.name for change in plan.changes}
    return {(str(one.document), names[placed.address]) for one in plan.transactions for placed in one.placed}


def replaced_later(plan: Plan) -> set[str]:
    """Names of what has its old object deleted at last: the document of the new one is written once more."""
    return {one.name for one in plan.changes if one.action is Action.REPLACE and one.create_first}


def check_order(stacks: Sequence[Wanted], parallelism: int, faults: Faults, choice: Mapping[int, int]) -> None:
    before, wanted = stacks
    cloud, hook = Watched(), Gates()
    gates = {then: first % then for then, first in choice.items() if {then, first % then} <= wanted.pieces.keys()}
    with World(cloud, more=[hook]) as world:
        assume(world.possible(before) and not world.apply(before).exit_code)
        hook.pairs = tuple((wanted.pieces[one].address, wanted.pieces[then].address) for then, one in gates.items())
        assume(world.possible(wanted))
        plan = world.write(wanted).plan()
        cloud.forget()
        faults.onto(cloud)
        result = world.project.apply(plan, parallelism=parallelism)
        NONE.onto(cloud)
        planned, later = written(plan), replaced_later(plan)
        for first, then in due(before, wanted, gates):
            one, other = own(first), own(then)
            if one in planned and other in cloud.began:
                assert one in cloud.ended, (one, other, "was written although what it needs was not")
                assert first.name in later or cloud.ended[one] < cloud.began[other], (one, other)
        if not faults.refused:
            assert (result.exit_code, result.failed) == (0, ())
            begun = [one.data["transaction"] for one in world.project.events if one.kind == "writing"]
            carried, printed = begun[len(begun) - len(plan.transactions) :], [one.id for one in plan.transactions]
            assert sorted(carried) == printed
            assert parallelism > 1 or carried == printed
        assert world.apply(wanted, parallelism=parallelism).exit_code == 0
        assert world.plan(wanted).empty()


@given(changes(), at_once, refused, gated)
@law(35)
def test_order_and_skipping_hold_whatever_lies_between(
    stacks: Sequence[Wanted], parallelism: int, faults: Faults, gates: Mapping[int, int]
) -> None:
    check_order(stacks, parallelism, faults, gates)


@pytest.mark.deep
@given(changes(each=6), at_once, refused, gated)
@law(1500)
def test_order_and_skipping_hold_in_many_more(
    stacks: Sequence[Wanted], parallelism: int, faults: Faults, gates: Mapping[int, int]
) -> None:
    check_order(stacks, parallelism, faults, gates)


# --- In any order -----------------------------------------------------------------------------------------------------


def relabelled(wanted: Wanted, labels: Sequence[str]) -> Wanted:
    """The same things, their names too, under other labels."""
    return attrs.evolve(wanted, pieces={n: attrs.evolve(one, label=labels[n]) for n, one in wanted.pieces.items()})


def graph(plan: Plan, wanted: Wanted) -> set[tuple[str, str, str]]:
    """The edges of a plan, by names in the place of addresses."""
    names = {change.address: change.name for change in plan.changes}
    return {(names.get(one.first, one.first), names.get(one.then, one.then), one.kind) for one in plan.edges}


def check_any_order(stacks: Sequence[Wanted], labels: Sequence[str], seed: int, parallelism: int) -> None:
    order = Random(seed)
    with World() as one, World() as other:
        for wanted in stacks:
            again = relabelled(wanted, labels)
            assume(one.possible(wanted))
            first, second = one.write(wanted).plan(), other.write(again, order).plan()
            assert graph(first, wanted) == graph(second, again)
            assert [len(p.changes) for p in (first, second)] == [len(first.changes)] * 2
            assert (
                one.apply(wanted).exit_code == other.apply(again, order=order, parallelism=parallelism).exit_code == 0
            )
            assert one.estate(wanted) == other.estate(again)
            assert other.plan(again).empty()


@given(changes(edits=STAYS), st.permutations(LABELS), st.integers(), at_once)
@law(20)
def test_the_order_of_blocks_and_the_alphabet_of_labels_change_nothing(
    stacks: Sequence[Wanted], labels: Sequence[str], seed: int, parallelism: int
) -> None:
    check_any_order(stacks, labels, seed, parallelism)


@pytest.mark.deep
@given(changes(edits=STAYS, later=2, each=6), st.permutations(LABELS), st.integers(), at_once)
@law(800)
def test_the_order_of_blocks_and_the_alphabet_of_labels_change_nothing_in_many_more(
    stacks: Sequence[Wanted], labels: Sequence[str], seed: int, parallelism: int
) -> None:
    check_any_order(stacks, labels, seed, parallelism)


# --- What depends goes first ------------------------------------------------------------------------------------------


@st.composite
def replaced_together(draw: st.DrawFn) -> tuple[Wanted, Wanted]:
    """A stack, and then some of its things replaced with all that hold a value of them, be it through others."""
    before = draw(stacks())
    chosen = set(draw(st.lists(st.sampled_from(sorted(before.pieces)), min_size=1, max_size=3)))
    for number, piece in before.pieces.items():  # what refers stands behind what it refers to
        if piece.uses() & chosen:
            chosen.add(number)
    attribute = draw(st.sampled_from(["zone", "zone", "model"]))
    new = {
        number: attrs.evolve(one, made=one.made + 1, **{attribute: 1 + (getattr(one, attribute) or 0)})
        for number, one in before.pieces.items()
        if number in chosen
    }
    return before, attrs.evolve(before, pieces={**before.pieces, **new})


def check_guarded(stacks: Sequence[Wanted], parallelism: int, faults: Faults, *, atomic: bool) -> None:
    """A backend that refuses to delete what is in use takes it all."""
    before, wanted = stacks
    with World(atomic=atomic) as world, World(atomic=atomic) as other:
        assume(world.possible(before) and not world.apply(before).exit_code)
        other.apply(before)
        world.cloud.guarded = True
        assume(world.possible(wanted))
        result = world.apply(wanted, parallelism=parallelism, faults=faults)
        assert [one.text for one in result.failed if "in use" in one.text] == []
        assert bool(result.exit_code) is bool(result.failed)
        if result.exit_code:
            assert world.apply(wanted, parallelism=parallelism).exit_code == 0
        assert world.plan(wanted).empty()
        other.apply(wanted)
        assert world.estate(wanted) == other.estate(wanted)


@given(replaced_together(), at_once, refused, st.booleans())
@law(25)
def test_of_what_is_replaced_together_what_depends_goes_first(
    stacks: Sequence[Wanted], parallelism: int, faults: Faults, atomic: bool
) -> None:
    check_guarded(stacks, parallelism, faults, atomic=atomic)


@pytest.mark.deep
@given(replaced_together(), at_once, refused, st.booleans())
@law(1500)
def test_of_what_is_replaced_together_what_depends_goes_first_in_many_more(
    stacks: Sequence[Wanted], parallelism: int, faults: Faults, atomic: bool
) -> None:
    check_guarded(stacks, parallelism, faults, atomic=atomic)
