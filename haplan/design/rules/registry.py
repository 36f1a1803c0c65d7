"""How rules are written down: a function for each moment, and what people want to know of the rule beside it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, Protocol, Self

import attrs

from haplan.design.rules.index import DesignIndex, Owner, Pair, design_index
from haplan.plugin import Finding, Moment, PlanView, Rule, Severity, Tree, ValidateView

OWNERS = ("hub_profile", "wan_edge_template")


class Located(Protocol):
    """What stands at a line of the stack."""

    @property
    def location(self) -> str: ...


@attrs.frozen(kw_only=True)
class Found:
    """What a rule found: `Finding` without what the rule itself says."""

    address: str
    message: str
    location: str = ""
    hint: str = ""
    severity: Severity | None = None

    @classmethod
    def of(
        cls,
        whom: Owner | Pair,
        message: str,
        at: Located | None = None,
        hint: str = "",
        severity: Severity | None = None,
    ) -> Self:
        """What is found of an owner or a pair, at the line of a part of it or at its own."""
        location = (whom if at is None else at).location
        return cls(address=whom.block.address, message=message, location=location, hint=hint, severity=severity)


Validate = Callable[[DesignIndex], Iterable[Found]]
AtPlan = Callable[[PlanView], Iterable[Found]]


SOURCES = {
    "SEED": "the HA design guide behind this project",
    "API": "Mist API description",
    "SSRHA": "Juniper: SSR high availability configuration for Mist",
    "SLOT": "Juniper: slot numbering of SRX chassis clusters",
    "CCFORM": "Juniper: how SRX chassis clusters form",
    "CCFAIL": "Juniper: failover and recovery of SRX chassis clusters",
    "CCNOTE": "Juniper: warning on fabric links of clustered nodes",
    "SSRDOC": "github 128technology/docs",
    "MISTLAB": "Mist lab documents",
    "POL": "Juniper: Mist WAN policies and steering",
    "JVDEX": "Juniper validated design, distributed enterprise branch",
    "TFP": "github Juniper/terraform-provider-mist",
    "EVT": "public consumers of Mist gateway events",
    "TOK": "Juniper: API tokens and rate limit",
    "ours": "haplan's own",
}
"""What the short names of sources stand for."""


def _spelled(source: str) -> str:
    """Sources by their full names: ``API, TFP #9``."""
    said = []
    for one in source.split(", "):
        name, _, rest = one.partition(" ")
        said.append(" ".join(word for word in (SOURCES.get(name, name), rest) if word))
    return "; ".join(said)


class Registry:
    """The rules of one group.

    Threads: any; filled where its modules are imported, and never changed after that.
    """

    def __init__(self) -> None:
        self._said: dict[str, dict[str, Tree]] = {}
        self._validate: dict[str, Validate] = {}
        self._plan: dict[str, AtPlan] = {}

    def says(
        self,
        id: str,  # the word of the model
        severity: Severity,
        title: str,
        *,
        why: str,
        source: str,
        confidence: Literal["H", "M", "L"] = "H",
        types: tuple[str, ...] = OWNERS,
        override: str = "",
        alone: bool = False,
        anew: bool = False,
    ) -> None:
        """Write down a rule; its functions follow."""
        self._said[id] = {
            "severity": severity,
            "title": title,
            "why": why,
            "source": _spelled(source),
            "confidence": confidence,
            "types": types,
            "override": override,
            "alone": alone,
            "anew": anew,
        }

    def validate(self, id: str) -> Callable[[Validate], Validate]:
        """The function of a rule at validate."""

        def keep(function: Validate) -> Validate:
            self._validate[id] = function
            return function

        return keep

    def plan(self, id: str) -> Callable[[AtPlan], AtPlan]:
        """The function of a rule at plan."""

        def keep(function: AtPlan) -> AtPlan:
            self._plan[id] = function
            return function

        return keep

    def rules(self) -> Iterator[Rule]:
        """The rules, by id."""
        for id in sorted(self._said):
            said = self._said[id]
            at: list[tuple[Moment, bool]] = [("V", id in self._validate), ("P", id in self._plan)]
            moments = tuple(moment for moment, there in at if there)
            yield Rule(id=id, moments=moments, check=self._check(id, said["severity"]), **said)

    def _check(self, id: str, severity: Severity) -> Callable[[Any], Iterable[Finding]]:
        def check(view: Any) -> Iterable[Finding]:
            found: Iterable[Found] = ()
            if isinstance(view, ValidateView) and id in self._validate:
                found = self._validate[id](design_index(view.stack))
            elif isinstance(view, PlanView) and id in self._plan:
                found = self._plan[id](view)
            return [
                Finding(
                    rule=id,
                    severity=one.severity or severity,
                    address=one.address,
                    message=one.message,
                    location=one.location,
                    hint=one.hint,
                )
                for one in found
            ]

        return check
