"""Carrying out a change, at plan: HA169."""

from collections.abc import Iterator

from haplan.design.rules.registry import Found, Registry
from haplan.plugin import PlanView

registry = Registry()

registry.says(
    "HA169", "warning", "The calls of a plan fit into what is left of the hour",
    why="Mist answers 5000 calls an hour for each token; what is over waits for the next full hour.",
    source="TOK", types=(),
)  # fmt: skip


@registry.plan("HA169")
def budget(view: PlanView) -> Iterator[Found]:
    for calls in view.calls:
        if calls.left is not None and calls.expected > calls.left:
            text = f"{calls.expected} calls planned, {calls.left} left this hour"
            hint = f"{calls.provider} waits when they are used up; apply later, or in parts with --target"
            yield Found(address="", message=text, hint=hint)


__all__ = ["registry"]
