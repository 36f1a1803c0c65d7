"""How rules are written down: a function for each moment, and what people want to know of the rule beside it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, Protocol, Self, TypedDict, TypeVar, Unpack

import attrs

from haplan.design.rules.index import DesignIndex, Owner, Pair, design_index
from haplan.plugin import Finding, Moment, PlanView, Rule, Severity, Tree, ValidateView

F = TypeVar("F")
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
    "CCPREP": "Juniper: how to configure SRX chassis clusters",
    "CCNOTE": "Juniper: warning on fabric links of clustered nodes",
    "SSRDOC": "github 128technology/docs",
    "MISTLAB": "Mist lab documents",
    "POL": "Juniper: Mist WAN policies and steering",
    "JVDEX": "Juniper validated design, distributed enterprise branch",
    "TFP": "github Juniper/terraform-provider-mist",
    "EVT": "public consumers of Mist gateway events",
    "KB17947": "Juniper KB17947: upgrade of a cluster with little downtime",
    "ICU": "Juniper: in-band upgrade of clusters",
    "CHG": "practice of change management",
    "TOK": "Juniper: API tokens and rate limit",
    "ours": "haplan's own",
}
"""What the short names of sources stand for."""


def spelled(source: str) -> str:
    """Sources by their full names: ``API, TFP #9``."""
    said = []
    for one in source.split(", "):
        name, _, rest = one.partition(" ")
        said.append(" ".join(word for word in (SOURCES.get(name, name), rest) if word))
    return "; ".join(said)


class Words(TypedDict, total=False):
    """What people want to know of a rule, beside its id, severity and title: said once, with its first function."""

    why: str
    source: str
    confidence: Literal["H", "M", "L"]
    types: tuple[str, ...]
    override: str
    alone: bool
    anew: bool


class Registry:
    """The rules of one group.

        @registry.validate("HA085", "error", "Each rule has at least one path", why="…", source="SEED")
        def has_path(design): ...

    Threads: any; filled where its modules are imported, and never changed after that.
    """

    def __init__(self) -> None:
        self._said: dict[str, dict[str, Tree]] = {}
        self._validate: dict[str, Validate] = {}
        self._plan: dict[str, AtPlan] = {}

    def validate(self, id: str, *words: str, **more: Unpack[Words]) -> Callable[[Validate], Validate]:
        """A rule, or its further moment: the function that looks at validate; see `Words`."""
        return self._kept(self._validate, id, words, more)

    def plan(self, id: str, *words: str, **more: Unpack[Words]) -> Callable[[AtPlan], AtPlan]:
        """A rule, or its further moment: the function that looks at plan; see `Words`."""
        return self._kept(self._plan, id, words, more)

    def _kept(self, moment: dict[str, F], id: str, words: Sequence[str], more: Words) -> Callable[[F], F]:
        if words:
            severity, title = words
            usual = {"confidence": "H", "types": OWNERS, "override": "", "alone": False, "anew": False}
            said = {**usual, **more, "source": spelled(more["source"]), "why": more["why"]}
            self._said[id] = {"severity": severity, "title": title, **said}

        def keep(function: F) -> F:
            moment[id] = function
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
