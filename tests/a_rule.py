"""A rule of a plugin of which a test looks at what it finds, or when: what people read of it is all the same."""

from collections.abc import Callable
from typing import Any

from haplan.model.finding import Moment, Rule, Severity


def a_rule(
    name: str, moment: Moment, check: Callable[[Any], Any], *, severity: Severity = "error", types: tuple[str, ...] = ()
) -> Rule:
    """A rule that is asked at one moment."""
    return Rule(
        id=name, severity=severity, moments=(moment,), types=types,
        title="t", why="w", source="s", confidence="H", check=check,
    )  # fmt: skip
