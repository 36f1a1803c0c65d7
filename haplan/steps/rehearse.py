"""Rehearse: have the backends check the writes of a plan, each in its own way, and leave nothing behind."""

from collections.abc import Mapping, Sequence

import attrs

from haplan.contracts import Part, Provider, Rehearsal, Task
from haplan.errors import HaplanError
from haplan.model.finding import Finding
from haplan.model.plan import Change, Transaction, in_half
from haplan.model.state import State

RULE = "CHECK"


@attrs.frozen
class Rehearsed:
    """Transactions with the backends' words, and what the backends would refuse."""

    transactions: tuple[Transaction, ...]
    findings: tuple[Finding, ...]


def rehearse(
    transactions: Sequence[Transaction],
    changes: Sequence[Change],
    providers: Mapping[str, Provider],
    state: State,
    parallelism: int,
) -> Rehearsed:
    """Ask the backends, several at once; those that cannot check say nothing."""
    from concurrent.futures import ThreadPoolExecutor  # most plans ask nobody

    by_key = {change.key: change for change in changes}

    def ask(one: Transaction) -> Rehearsal | None:
        return _asked(providers[one.provider], one, by_key, state)

    with ThreadPoolExecutor(parallelism, thread_name_prefix="haplan-check") as pool:
        said = list(pool.map(ask, transactions))
    done, findings = list[Transaction](), list[Finding]()
    for one, found in zip(transactions, said, strict=True):
        done.append(attrs.evolve(one, rehearsed=found.text) if found is not None else one)
        address = one.placed[0].address
        findings += [
            Finding(
                rule=RULE,
                severity="error",
                address=address,
                message=f"{one.document}: {text}",
                location=by_key[address].location,
            )
            for text in (found.errors if found is not None else ())
        ]
    return Rehearsed(tuple(done), tuple(findings))


def _asked(provider: Provider, one: Transaction, by_key: Mapping[str, Change], state: State) -> Rehearsal | None:
    """What a backend says of one write; that it broke is an answer too."""
    parts = []
    for placed in one.placed:
        change = by_key[placed.address]
        parts.append(Part(in_half(change, placed.placement), placed.placement, None, state.row(change.address)))
    recorded = state.of_provider(one.provider) if provider.composes else {}
    try:
        return provider.rehearse(Task(transaction=one, parts=tuple(parts), orders=one.orders, recorded=recorded))
    except HaplanError as error:
        return Rehearsal(errors=(str(error),))
