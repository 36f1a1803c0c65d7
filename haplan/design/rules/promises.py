"""Promises of a stack, proved: HA097."""

from collections.abc import Iterable, Iterator, Mapping

import attrs

from haplan.design.promises import Promised
from haplan.design.rules.index import DesignIndex
from haplan.design.rules.registry import Found, Registry
from haplan.design.traffic.answer import Alike, likes, readings
from haplan.design.traffic.edges import application_of
from haplan.design.traffic.explain import pictures
from haplan.design.traffic.failures import Failure, failures
from haplan.design.traffic.universe import ASKED, OUTSIDE, Cell
from haplan.design.traffic.ways import Fate, Step
from haplan.plugin import Becomes, Severity, Stack

registry = Registry()


@attrs.frozen(kw_only=True)
class Counterexample:
    """Where a promise does not hold, or (`doubt`) is not known to."""

    site: str
    network: str
    to: str
    failure: str
    what: str
    policy: str
    doubt: bool = False

    @property
    def words(self) -> str:
        under = f" under {self.failure}" if self.failure else ""
        by = f" ({self.policy})" if self.policy not in ("", "-") else ""
        return f"at {self.site}, {self.network} → {self.to}{under}: {self.what}{by}"

    @property
    def size(self) -> tuple[bool, bool, int, str]:
        """The smallest first: a plain no before a doubt, without a failure, the shortest text, the first site."""
        return (self.doubt, bool(self.failure), len(self.to), self.site)


@registry.validate("HA097", "error", "What the stack promises of its traffic holds",
              why="A promise is proved for every site that it is about, and under every failure that it names. What "
                  "cannot be proved is a warning that says what is missing.",
              source="ours", types=("network", "cluster"))  # fmt: skip
def kept(design: DesignIndex) -> Iterator[Found]:
    made = [one for one in design.stack.promises if isinstance(one.object, Promised)]
    alike = design.stack.once(_alike) if made else ()
    for one in made:
        severity, message = _proved(one.object, alike)
        yield Found(address=one.address, message=message, location=str(one.location), severity=severity)


def _alike(stack: Stack) -> tuple[Alike, ...]:
    """Pairs that act alike, their destinations cut where those of the promises begin and end too."""
    made = [one.object for one in stack.promises if isinstance(one.object, Promised)]
    asked = {str(one.haplan_name): application_of(one.haplan_name, one.haplan_values)
             for each in made for one in each.applications}  # fmt: skip
    return tuple(one for whole in stack.once(pictures) for one in likes(whole, asked=asked.values()))


def _proved(made: Promised, alike: Iterable[Alike]) -> tuple[Severity, str]:
    """Whether a promise is kept, and the line that says so."""
    wanted = {str(site.haplan_name) for site in made.sites}
    networks = [str(one.haplan_name) for one in made.networks]
    sites, found, tried = set[str](), set[str](), set[str]()
    broken: list[Counterexample] = []
    for one in alike:
        here = [edge.site for edge in one.edges if not wanted or edge.site in wanted]
        sources = [name for name in networks if name in one.first.networks]
        if not here or not sources:
            continue
        sites |= set(here)
        found |= set(sources)
        failing = [failure for failure in failures(one.picture, one.first) if _meant(one, made, failure)]
        tried |= {failure.name for failure in failing}
        for network in sources:
            broken += _against(one, made, network, failing, here[0])
    if not sites:
        return "error", f"it is about nothing: no site with a pair has {', '.join(networks)} on a LAN"
    missing = [*sorted(wanted - sites), *sorted({*networks} - found)]
    if missing and all(one.doubt for one in broken):
        return "warning", f"cannot be proved: no pair that it is about has {' or '.join(missing)}"
    if not broken:
        under = f", under {_many(len(tried), 'failure')}" if made.survives else ""
        return "info", f"kept at {_many(len(sites), 'site')}{under}"
    worst = min(broken, key=lambda one: one.size)
    if worst.doubt:
        return "warning", f"cannot be proved: {worst.words}"
    return made.severity, f"is broken: {worst.words}"


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _meant(alike: Alike, made: Promised, failure: Failure) -> bool:
    """True if a promise names failures of this kind."""
    kinds = {one.name for one in made.survives}
    parts = {part for _, part, _ in failure.atoms}
    here = all(at == alike.first.address for at, _, _ in failure.atoms)
    return (
        "any" in kinds
        or ("node" in kinds and here and parts == {"node"})
        or ("wan" in kinds and here and parts <= {"link", "dead"})
        or ("hub" in kinds and not here)
    )


def _against(
    alike: Alike, made: Promised, network: str, failing: Iterable[Failure], site: str
) -> Iterator[Counterexample]:
    """All that speaks against a promise at pairs that act alike."""
    for application in made.applications:
        to = str(application.haplan_name)
        cells = [cell for cell in alike.universe.cells(alike.first) if to in alike.universe.matching(cell, ASKED)]
        if not cells:
            what = "it goes by name, or its protocols are not known: what it resolves to is known to nobody here"
            yield Counterexample(site=site, network=network, to=to, failure="", what=what, policy="", doubt=True)
        held = [cell for cell in cells if alike.universe.place(cell) != OUTSIDE]
        looked = cells if made.allowed else held or cells  # what no network holds, nothing arrives in
        left = [cell for cell in looked if cell.own != network]
        if looked and not left:
            what = "that is the network itself: no policy decides within it"
            yield Counterexample(site=site, network=network, to=to, failure="", what=what, policy="", doubt=True)
        for cell in left:
            for by in readings(alike.first):
                fate = alike.decisions.fate(network, cell, by)
                policy = alike.decisions.chosen(network, cell, by).words
                for failure, what, doubt in _wrong(alike, made, network, cell, fate, failing):
                    yield Counterexample(
                        site=site, network=network, to=to, failure=failure, what=what, policy=policy, doubt=doubt
                    )


Wrong = tuple[str, str, bool]
"""Under which failure, what happens, and whether that is only not known."""


def _wrong(
    alike: Alike, made: Promised, network: str, cell: Cell, fate: Fate, failing: Iterable[Failure]
) -> Iterator[Wrong]:
    if not made.allowed:
        yield from _arrives(alike, cell, fate)
        return
    if fate.kind == "unknown":
        yield "", fate.why, True
    elif fate.kind != "way" or fate.way is None:
        yield "", f"it does not get there: {fate.words}{f', {fate.why}' if fate.why else ''}", False
    else:
        yield from _by_paths(made, fate)
        for failure in failing:
            found = alike.outcome(network, fate, failure)
            if found.becomes in (Becomes.STOPS, Becomes.PART):
                yield failure.name, f"it {SAID[found.becomes]}{f', {found.why}' if found.why else ''}", False
            elif found.becomes is Becomes.UNKNOWN:
                yield failure.name, found.why, True


SAID: Mapping[Becomes, str] = {Becomes.STOPS: "stops", Becomes.PART: "stops in part"}


def _arrives(alike: Alike, cell: Cell, fate: Fate) -> Iterator[Wrong]:
    """It must not arrive in the network that holds the address; where none does, it must not be let out."""
    if fate.kind == "unknown":
        yield "", fate.why, True
    elif fate.kind == "way" and alike.universe.place(cell) == OUTSIDE:
        yield "", f"it is let out by {fate.words}", False
    elif any(fate.into):
        yield "", f"it arrives in {', '.join(sorted(filter(None, fate.into)))} by {fate.words}", False


def _by_paths(made: Promised, fate: Fate) -> Iterator[Wrong]:
    way = fate.way
    if way is None:
        return
    only, first = ({path.title for path in paths} for paths in (made.only_by, made.first_by))
    steps = [*way.steps, *way.fallback]
    if only and not {_title(step) for step in steps if step.beyond == "open"} <= only:
        yield "", f"it goes by {way.words}", False
    begins = way.tiers[0] if way.tiers else ()
    if first and (way.unordered or not {_title(step) for step in begins} <= first):
        yield "", f"it begins with {way.words}", way.unordered


def _title(step: Step) -> str:
    return step.tunnel.endpoint if step.tunnel is not None else step.name
