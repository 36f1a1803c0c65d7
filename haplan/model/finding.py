"""Rules and what they find."""

from collections.abc import Callable, Iterable
from typing import Any, Literal

import attrs

Severity = Literal["error", "warning", "info"]
Moment = Literal["V", "P", "A", "C"]


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
