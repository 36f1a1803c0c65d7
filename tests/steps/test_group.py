"""Saves of one moment are one save, which leaves what they would have left one by one."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from haplan.model.document import Document
from haplan.model.state import OrderRow, OutputRow, PlacementRow, Row, State, Update
from haplan.steps.apply.group import Group, joined
from haplan_sqlite import SqliteState
from tests.state.samples import FakeClock, holder, run

some = st.sampled_from
documents = some([Document("", "d"), Document("e", "")])
keys = st.tuples(some("ab"), some(["", "old"]))
placed = st.builds(PlacementRow, some("ab"), documents, st.just(""), some(["done", "pending"]))
ordered = st.builds(OrderRow, documents, st.just("l"), st.lists(some("ab")).map(tuple))
updates = st.builds(
    Update,
    run=st.just("r2"),
    rows=st.lists(
        st.builds(
            lambda key, name: Row(address=key[0], type="t", provider="p", deposed=key[1], name=name), keys, some("xyz")
        )
    ).map(lambda rows: tuple({(row.address, row.deposed): row for row in rows}.values())),
    deleted=st.lists(keys, unique=True).map(tuple),
    placements=st.lists(placed, max_size=2).map(tuple),
    placements_gone=st.lists(st.tuples(some("ab"), documents, st.just("")), max_size=1).map(tuple),
    orders=st.lists(ordered, max_size=1).map(tuple),
    outputs=st.none() | st.lists(st.builds(OutputRow, some("o"), st.integers(0, 3)), max_size=1).map(tuple),
    identities=st.dictionaries(some("pq"), st.fixed_dictionaries({"id": some("12")})),
    settings=st.dictionaries(some("pq"), st.fixed_dictionaries({"host": some("12")})),
    memories=st.dictionaries(some("pq"), st.fixed_dictionaries({"seen": some("12")})),
)


def left_by(first: Update, later: Sequence[Update]) -> tuple[State, State]:
    """What two runs leave: the first one update, the second several, each of which expects what stands then."""
    with TemporaryDirectory() as folder:
        state = SqliteState(Path(folder) / "state.db", FakeClock(), mint=lambda: ("lineage", b"key"))
        state.lock(holder())
        state.begin(run("r1"))
        state.save(attrs.evolve(first, run="r1"))
        state.begin(run("r2"))
        for update in later:
            state.save(update)
        found = state.load(), state.as_of(1)
        state.close()
    return found


def unnumbered(state: State) -> State:
    """Without the numbers of creation themselves: what comes and goes within a save uses none up."""
    rows = sorted(state.rows.items(), key=lambda item: item[1].seq)
    return attrs.evolve(state, rows={key: attrs.evolve(row, seq=place) for place, (key, row) in enumerate(rows)})


def expecting(first: Update, later: Sequence[Update]) -> list[Update]:
    """Each expects the serials that the ones before it leave."""
    serials = {(row.address, row.deposed): 1 for row in first.rows}
    found = []
    for update in later:
        touched = {*((row.address, row.deposed) for row in update.rows), *update.deleted}
        found.append(attrs.evolve(update, expected={key: serials.get(key, 0) for key in touched}))
        serials = {key: serial for key, serial in serials.items() if key not in update.deleted}
        serials |= {(row.address, row.deposed): 2 for row in update.rows}
    return found


@settings(deadline=None, max_examples=30)
@given(updates, st.lists(updates, min_size=1, max_size=4))
def test_joined_updates_leave_what_they_would_one_by_one(first: Update, later: list[Update]) -> None:
    first = attrs.evolve(first, deleted=())
    later = expecting(first, later)
    (one_by_one, history), (at_once, kept) = left_by(first, later), left_by(first, [joined(later)])
    assert unnumbered(at_once) == unnumbered(one_by_one)
    assert kept == history


def test_what_waits_is_saved_once_with_the_outcomes_of_all() -> None:
    saved: list[Update] = []
    group = Group(saved.append)
    group.add(
        Update(
            run="r",
            rows=(Row(address="a", type="t", provider="p"),),
            expected={("a", ""): 3},
            intents=((1, "done", {}),),
        )
    )
    group.add(Update(run="r", deleted=(("a", ""),), expected={("a", ""): 4}, intents=((2, "failed", {}),)))
    assert saved == []
    group.flush()
    group.flush()
    (one,) = saved
    assert (one.rows, one.deleted, one.expected) == ((), (("a", ""),), {("a", ""): 3})
    assert [(number, outcome) for number, outcome, _ in one.intents] == [(1, "done"), (2, "failed")]
