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
        parts = tuple(
            Part(
                in_half(by_key[placed.address], placed.placement),
                placed.placement,
                None,
                state.row(by_key[placed.address].address),
            )
            for placed in one.placed
        )
        provider = providers[one.provider]
        recorded = state.of_provider(one.provider) if provider.composes else {}
        try:
            return provider.rehearse(Task(transaction=one, parts=parts, orders=one.orders, recorded=recorded))
        except HaplanError as error:
            return Rehearsal(errors=(str(error),))

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
