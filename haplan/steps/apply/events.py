"""Telling: what happens in a run, as events for its observers."""

from collections.abc import Callable, Iterable, Mapping

import attrs

from haplan.contracts import Clock
from haplan.model.event import Event, EventKind
from haplan.model.finding import Finding
from haplan.model.plan import Change, Transaction
from haplan.model.value import Tree
from haplan.steps.apply.outcome import subject_of


@attrs.frozen
class Teller:
    """Makes events of what happens.

    Attributes:
        observe: Takes them.
        clock: When it happens.
        changes: What the transactions carry, by key.
        heard: Is told of each transaction of which something is told: it gave a sign of itself.
    """

    observe: Callable[[Event], None]
    clock: Clock
    changes: Mapping[str, Change]
    heard: Callable[[str], None]

    def warn(self, text: str) -> None:
        """Something people should know that belongs to no transaction."""
        self.observe(Event(kind="warning", at=self.clock.now(), text=text))

    def found(self, transaction: Transaction, findings: Iterable[Finding]) -> None:
        """What the checks after a write found, red or not."""
        for one in findings:
            text = f"{one.rule}: {one.message}" + (f"; {one.hint}" if one.hint else "")
            data = {"rule": one.rule, "severity": one.severity, "message": one.message, "hint": one.hint}
            self.tell("finding", transaction, text, address=one.address, data=data)

    def tell(
        self,
        kind: EventKind,
        transaction: Transaction,
        text: str = "",
        *,
        address: str = "",
        data: Mapping[str, Tree] | None = None,
    ) -> None:
        """Where a transaction is by now; of one of its resources if that has an `address`."""
        self.heard(transaction.id)
        addresses = [address] if address else list(dict.fromkeys(placed.address for placed in transaction.placed))
        more = {
            "transaction": transaction.id,
            "addresses": addresses,
            "actions": {one: self.changes[one].action.value for one in addresses if one in self.changes},
            **(data or {}),
        }
        subject = address or subject_of(transaction)
        self.observe(
            Event(
                kind=kind,
                at=self.clock.now(),
                address=subject,
                document=str(transaction.document),
                text=text,
                data=more,
            )
        )
