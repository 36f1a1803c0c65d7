"""Which transaction may start: hard edges and gates hold things up, soft ones only say which write comes first."""

from collections.abc import Mapping

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from haplan.model.phase import GOOD, Phase
from haplan.model.plan import Transaction
from haplan.steps.apply.schedule import Schedule

Outcomes = Mapping[str, tuple[str, bool]]
"""Transaction → how it ends, and whether it settles before."""


@st.composite
def runs(draw: st.DrawFn) -> tuple[list[Transaction], Outcomes]:
    count = draw(st.integers(1, 8))
    names = [f"t{number}" for number in range(count)]
    edges = draw(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.sampled_from("hgss")), max_size=12))
    transactions = [
        Transaction(
            id=name,
            stage=1,
            provider="mem",
            document=name,
            placed=(),
            after=_before(number, names, edges, "h"),
            gates=_before(number, names, edges, "g"),
            soft=_before(number, names, edges, "s"),
        )
        for number, name in enumerate(names)
    ]
    ends = st.tuples(
        st.sampled_from([Phase.RECORDED, Phase.RECORDED, Phase.PENDING, Phase.FAILED, Phase.RED]), st.booleans()
    )
    return transactions, {name: draw(ends) for name in names}


def _before(number: int, names: list[str], edges: list[tuple[int, int, str]], kind: str) -> tuple[str, ...]:
    return tuple(sorted({names[a] for a, b, k in edges if k == kind and b == number and a < b}))


def carried_out(transactions: list[Transaction], outcomes: Outcomes) -> Schedule:
    """All writes at once, as far as they may start; what settles ends when nothing else goes on."""
    schedule = Schedule(transactions)
    while True:
        started = schedule.next()
        if started is not None:
            phase, settles = outcomes[started.id]
            if settles:
                schedule.settles(started.id)
            else:
                schedule.ends(started.id, phase)
            continue
        for one in transactions:
            if schedule.phase[one.id] == Phase.WAITING:
                unfinished = [
                    b for b in (*one.after, *one.gates) if schedule.phase[b] in (Phase.WAITING, Phase.SETTLING)
                ]
                assert unfinished, f"{one.id} waits for nothing but soft edges"
        if not schedule.settling:
            return schedule
        ending = min(schedule.settling)
        schedule.ends(ending, outcomes[ending][0])


@given(runs())
@settings(max_examples=400)
def test_soft_edges_cause_no_wait_and_no_skip(run: tuple[list[Transaction], Outcomes]) -> None:
    transactions, outcomes = run
    found = carried_out(transactions, outcomes).phase
    assert found == carried_out([attrs.evolve(one, soft=()) for one in transactions], outcomes).phase


@given(runs())
@settings(max_examples=400)
def test_nothing_starts_before_what_it_waits_for_came_to_a_good_end(run: tuple[list[Transaction], Outcomes]) -> None:
    transactions, outcomes = run
    phase = carried_out(transactions, outcomes).phase
    for one in transactions:
        begun = phase[one.id] in (Phase.RECORDED, Phase.PENDING, Phase.FAILED, Phase.RED)
        ready = all(phase[b] in GOOD for b in one.after) and all(phase[b] == Phase.RECORDED for b in one.gates)
        assert begun == ready
