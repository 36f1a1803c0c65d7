"""How pairs are: what was looked at, green, red or unknown; and what was well before and is not now."""

from collections.abc import Iterator
from typing import Literal

import attrs

from haplan.errors import HaplanError

Colour = Literal["green", "red", "unknown"]
SNAPSHOT = "haplan-snapshot/1"


@attrs.frozen(kw_only=True)
class Check:
    """One thing that was looked at of one resource.

    Attributes:
        address: The resource.
        rule: The rule that asks for it.
        title: What is looked at, in a few words.
        colour: ``unknown`` is what nobody told: it is never green.
        text: What was seen, or why nothing was.
        down: What of it is not well, one each, in words that are the same the next time.
    """

    address: str
    rule: str
    title: str
    colour: Colour
    text: str = ""
    down: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from all others."""
        return self.address, self.rule


@attrs.frozen(kw_only=True)
class Snapshot:
    """The checks of one moment.

    Attributes:
        stack, environment: Of what.
        at: When, epoch seconds.
        checks: By resource and rule.
    """

    stack: str
    environment: str
    at: float
    checks: tuple[Check, ...]

    def count(self, colour: Colour) -> int:
        """How many checks are of a colour."""
        return sum(one.colour == colour for one in self.checks)


def compared(before: Snapshot, after: Snapshot) -> Snapshot:
    """The later snapshot, judged by the earlier: red is only what was up then and is down now. What was not looked at
    on either side is unknown, and never green.

    Raises:
        HaplanError: They are one and the same, of two stacks, or the wrong way round.
    """
    if (before.stack, before.environment) != (after.stack, after.environment):
        names = [f"{one.stack} in environment {one.environment}" for one in (before, after)]
        raise HaplanError(f"the snapshots are of two stacks: {names[0]}, and {names[1]}")
    if before == after:
        raise HaplanError("both are the same snapshot: it says nothing of what became of anything")
    if after.at <= before.at:
        raise HaplanError("the second snapshot is not later than the first: give the earlier one first")
    return attrs.evolve(after, checks=tuple(_judged(before, after)))


def _judged(before: Snapshot, after: Snapshot) -> Iterator[Check]:
    then = {(*one.key, one.title): one for one in before.checks}
    now = {(*one.key, one.title): one for one in after.checks}
    for key, one in now.items():
        yield _against(then.get(key), one)
    for key, one in then.items():
        if key not in now:
            yield attrs.evolve(one, colour="unknown", text="it was looked at before, and is not now", down=())


def _against(then: Check | None, now: Check) -> Check:
    if now.colour == "unknown":
        return now
    if then is None or then.colour == "unknown":
        why = "nobody looked before" if then is None else f"it was not known before: {then.text}"
        return attrs.evolve(now, colour="unknown" if now.colour == "red" else "green", text=f"{now.text}; {why}")
    new = tuple(one for one in now.down if one not in then.down)
    if new:
        return attrs.evolve(now, text=f"was up before: {', '.join(new)}", down=new)
    if now.colour == "red":
        return attrs.evolve(now, colour="green", text=f"as before: {now.text}", down=())
    return now
