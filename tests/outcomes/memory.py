"""The same for the provider in memory: a stack whose changes send every write that it has."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import attrs

from haplan.errors import ProviderError, Unauthorized
from haplan.model.plan import Plan
from haplan.model.result import Result
from haplan.model.state import State
from haplan.testing import Project
from haplan.testing.cloud import Cloud, Effect
from haplan.testing.outcome_contract import BEFORE

STACK = """
Thing("zebra", size={size})
Thing("both", also=["annex"], size={size})
Thing("moves", zone="{zone}")
Thing("swaps", model="{zone}")
shelf = Thing("shelf", group="g")
Rule("y", thing=shelf, text="1")
"""
RULES = 'Rule("x", thing=shelf, text="1")\nRule("w", thing=shelf, text="1")\n'
CHANGES = ("update", "new", "replaced", "reordered")
REFUSED, UNKNOWN = ProviderError("it refuses that"), ProviderError("the line was cut", lost=True)
ANSWERS: dict[str, tuple[Exception, bool]] = {
    "no": (REFUSED, False),
    "unknown": (UNKNOWN, False),
    "unknown, done": (UNKNOWN, True),
    "not let in": (Unauthorized("who are you"), False),
    "breaks": (KeyError("oops"), False),
    "breaks, done": (KeyError("oops"), True),
}
"""What is raised, and whether it was carried out all the same."""


def text(change: str) -> str:
    """The stack with a change in it."""
    new = change == "new"
    rules = "\n".join(RULES.splitlines()[::-1]) if change == "reordered" else RULES
    more = 'Thing("fresh", size=1)\nThing("twice", also=["annex"])\nRule("v", thing=shelf, text="2")\n' if new else ""
    zone = "b" if change == "replaced" else "a"
    return STACK.format(size=2 if change == "update" else 1, zone=zone) + more + rules


class Spoiling(Cloud):
    """A cloud that spoils the so-manyth write of a step.

    Threads: any, as `Cloud`; the script is the test's.
    """

    def __init__(self) -> None:
        super().__init__()
        self.counted: Counter[str] = Counter()
        self.spoilt: dict[tuple[str, int], tuple[Exception, bool]] = {}

    def carry_out(self, document: str, step: str, name: str, effect: Effect) -> str:
        with self.lock:
            self.counted[step] += 1
            error, done = self.spoilt.get((step, self.counted[step]), (None, True))
        made = super().carry_out(document, step, name, effect) if done else ""
        if error is not None:
            raise error
        return made


class Memory:
    """A `Project` as the contract asks for it."""

    def __init__(self, folder: Path, *, confirmed: bool = False, atomic: bool = True) -> None:
        self.cloud = Spoiling()
        self.cloud.confirmed = self.cloud.revertible = confirmed
        self.cloud.atomic = atomic
        self._kind = {"confirmed": confirmed, "atomic": atomic}
        self._folder = folder
        self._project = Project(folder / "stack", text(BEFORE), cloud=self.cloud)
        assert self._project.apply().exit_code == 0

    def want(self, change: str) -> None:
        self._project.write(text(change))

    def plan(self) -> Plan:
        return self._project.plan()

    def apply(self, plan: Plan | None = None) -> Result:
        return self._project.apply(plan)

    def state(self) -> State:
        return self._project.state()

    def estate(self) -> object:
        """What there is once all that may take itself back has."""
        self.cloud.clock.sleep(2 * Cloud.patience)
        self.cloud.expire()
        objects = [attrs.asdict(one) for one in self.cloud.objects.values()]
        told = [(one["type"], one["name"], one["owner"], one["values"]) for one in objects]
        return sorted(told, key=str), self.cloud.sequences, self.cloud.carried

    def expected(self, change: str) -> object:
        other = Memory(self._folder / f"beside {change}", **self._kind)
        other.want(change)
        assert other.apply().exit_code == 0
        return other.estate()

    def writes(self) -> Mapping[str, int]:
        return dict(self.cloud.counted)

    def spoil(self, write: str, number: int, answer: str) -> None:
        self.cloud.spoilt[write, self.cloud.counted[write] + number] = ANSWERS[answer]

    def behave(self) -> None:
        self.cloud.spoilt.clear()
