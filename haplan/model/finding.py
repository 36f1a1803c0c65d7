"""Rules and what they find."""

from collections.abc import Callable, Iterable
from typing import Any, Literal, Protocol

import attrs

Severity = Literal["error", "warning", "info"]
Moment = Literal["V", "P", "A", "C"]
Kept = Literal["", "provider", "engine", "nowhere"]
"""What keeps a rule: its check; a provider, after a write; the way the engine works; or nothing."""


class Subject(Protocol):
    """What a finding may be about: it has an address, and a line in the stack."""

    @property
    def address(self) -> str:
        """Its address."""

    @property
    def location(self) -> object:
        """Its ``file:line``, if it has one."""


@attrs.frozen(kw_only=True)
class Finding:
    """One thing a rule has to say.

    Attributes:
        rule: Id, such as ``HA024``.
        severity: ``error`` stops the command.
        address: The resource it concerns, or "".
        message: One line.
        location: ``file:line`` in the stack, or "".
        hint: What to do, or "".
    """

    rule: str
    severity: Severity
    address: str
    message: str
    location: str = ""
    hint: str = ""

    @property
    def bare(self) -> str:
        """The message without the name that the address says already."""
        label = self.address.rpartition(".")[2].strip('"')
        return self.message.removeprefix(f"{label}: ").removeprefix(f'"{label}": ') if label else self.message

    @property
    def said(self) -> str:
        """Address and message."""
        alone = not self.address or self.message.startswith(self.address)
        return self.bare if alone else f"{self.address}: {self.bare}"

    @classmethod
    def at(cls, subject: "Subject", rule: str, message: str, severity: Severity = "error", hint: str = "") -> "Finding":
        """What a rule has to say of a block or a change, in its line of the stack."""
        where = str(subject.location or "")
        return cls(rule=rule, severity=severity, address=subject.address, message=message, location=where, hint=hint)


def explained(view: object) -> tuple[Finding, ...]:
    """The check of a rule that only explains what the engine finds by itself: nothing is looked at for it."""
    return ()


@attrs.frozen(kw_only=True)
class Rule:
    """One rule of a catalogue.

    Attributes:
        id: Stable, such as ``HA024``.
        severity: Of its findings, unless a finding says otherwise.
        moments: When it is checked: V validate, P plan, A before a write, C after it.
        types: Resource types it looks at.
        title: The rule in one line.
        why: What goes wrong without it, in a sentence or two.
        source: Where the rule comes from.
        confidence: H, M or L: how sure the source is.
        check: Takes the view of its moment (`haplan.contracts`), gives findings.
        override: How an ``error`` is lowered on the object itself, else "".
        anew: True if what it finds at plan stands in the place of what it found at validate, where less was known.
        kept: What keeps it, where that is not its check: see `Kept`.
        where: Where that is, or why nothing looks at it; "" of a rule with a check.
        alone: True if it looks at how one value is written and at nothing else: it holds in a stack with mistakes too.
    """

    id: str
    severity: Severity
    moments: tuple[Moment, ...]
    types: tuple[str, ...]
    title: str
    why: str
    source: str
    confidence: Literal["H", "M", "L"]
    check: Callable[[Any], Iterable[Finding]] = attrs.field(eq=False, repr=False)
    override: str = ""
    alone: bool = False
    anew: bool = False
    kept: Kept = ""
    where: str = ""
