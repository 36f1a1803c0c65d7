"""A plan as a value: to be looked at, kept in a file, and carried out, here or in another process."""

import os
from functools import cached_property
from pathlib import Path
from typing import Unpack

import attrs

from haplan import engine
from haplan.api.expected import expected
from haplan.api.options import Opening, opening_of
from haplan.host.currency import Currency
from haplan.model.drift import Drift
from haplan.model.finding import Finding
from haplan.model.plan import Change
from haplan.model.plan import Plan as Body
from haplan.model.state import State
from haplan.model.value import Tree
from haplan.plugins import Plugins, load_plugins
from haplan.steps import approve
from haplan.steps.approve import PlanFile


@attrs.frozen
class Plan:
    """What an apply would do: frozen, without secrets, and complete.

    Attributes:
        body: All that is approved, see `haplan.model.plan.Plan`.
        at: When it was made, epoch seconds; not part of what is approved. 0 where that is not known.
        file: The file it was read from: decisions on it stand beside that. None of one that was just made.
    """

    body: Body
    at: float = 0.0
    _digest: str = ""
    file: Path | None = attrs.field(default=None, eq=False)

    @classmethod
    def of_file(cls, found: PlanFile, file: Path) -> "Plan":
        """The plan of a file."""
        return cls(found.plan, found.at, found.digest, file)

    @cached_property
    def digest(self) -> str:
        """Its fingerprint, which an approval is for."""
        return self._digest or approve.digest(self.body)

    @property
    def changes(self) -> tuple[Change, ...]:
        """What changes, in order."""
        return self.body.changes

    @property
    def drift(self) -> tuple[Drift, ...]:
        """What moved in the estate since it was recorded."""
        return self.body.drift

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the rules find in it."""
        return self.body.findings

    @property
    def empty(self) -> bool:
        """True if an apply would do nothing; a plan that only refreshes takes the drift into state."""
        moved = any(one.moved for one in self.body.drift)
        return self.body.empty() and not (self.body.command == "refresh" and moved)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What rules find in it that forbids it."""
        return tuple(one for one in self.findings if one.severity == "error")

    @property
    def over_limits(self) -> tuple[str, ...]:
        """The limits of the stack that it is over, one line each."""
        return tuple(approve.over_limits(self.body))

    @property
    def refused(self) -> tuple[str, ...]:
        """Why it may not be carried out, one line each: errors that rules found, and limits of the stack."""
        return (*map(approve.line, self.errors), *self.over_limits)

    def write(self, path: str | Path) -> str:
        """Write it to a file for a later apply; gives the digest.

        Raises:
            HaplanError: The file cannot be written.
        """
        with expected():
            return engine.write_file(self.body, self.at, Path(path))

    def current(self, **opening: Unpack[Opening]) -> Currency:
        """Whether it is still current, as far as its state can be seen from here; nothing is asked of any estate."""
        options, surrounding = opening_of(opening)
        environ = surrounding.pop("environ", None) or dict(os.environ)
        with expected():
            return engine.currency(self.body, self.digest, options, environ)

    def json(self, *, state: State | None = None, plugins: Plugins | None = None) -> dict[str, Tree]:
        """Terraform's plan representation of it; `haplan/report/plan.schema.json` describes what is under ``haplan``.

        Args:
            state: With it, what does not change is listed too.
            plugins: They know the attributes that only an apply can tell; by default those that are installed.
        """
        from haplan.report.json import plan_json

        types = (plugins or load_plugins()).types
        kinds = {change.type: types.get(change.type) for change in self.changes}
        computed = {name: info.computed for name, info in kinds.items() if info is not None}
        return plan_json(self.body, digest=self.digest, made=self.at, computed=computed, state=state)


def read_plan(path: str | Path) -> Plan:
    """The plan that a file holds.

    Raises:
        PlanFileError: It cannot be read, is no plan, or was changed after it was written.
    """
    with expected():
        return Plan.of_file(engine.read_plan(Path(path)), Path(path))
