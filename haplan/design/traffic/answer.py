"""The answer for a whole design: pairs that act alike are looked at once, destinations that nothing tells apart too."""

from collections.abc import Hashable, Iterable, Iterator, Mapping

import attrs

from haplan.design.traffic.decisions import Decisions, Reading, named
from haplan.design.traffic.edges import Application, Edge, Net, Picture, Policy
from haplan.design.traffic.failures import Failure, failures
from haplan.design.traffic.universe import OWN, Cell, Universe
from haplan.design.traffic.ways import Fate, outcome
from haplan.design.traffic.words import Named, application, destination
from haplan.plugin import SAME_OUTCOME, Answer, Becomes, Outcome, Stream, Traffic, TrafficGroup


def traffic(picture: Picture, at_once: int = 1) -> Traffic:
    """Who reaches what, by which way, and what becomes of that under every failure.

    Args:
        at_once: How many things fail at once, one or two.
    """
    found = ((alike, failures(alike.picture, alike.first, at_once)) for alike in likes(picture))
    return Traffic(tuple(group(alike, failing) for alike, failing in found), picture.lines)


class Alike:
    """Pairs of one shape whose LANs lie alike among the destinations; `first` stands for all of them.

    Threads: one; made for one look at the traffic of a design.
    """

    def __init__(self, decisions: Decisions, edges: list[Edge]) -> None:
        self.decisions = decisions
        self.edges = edges
        self._outcomes: dict[tuple[str, Fate, str], Outcome] = {}

    @property
    def first(self) -> Edge:
        """The one that is looked at."""
        return self.edges[0]

    @property
    def picture(self) -> Picture:
        """All pairs."""
        return self.decisions.picture

    @property
    def universe(self) -> Universe:
        """The destinations that are told apart."""
        return self.decisions.universe

    def outcome(self, network: str, fate: Fate, failure: Failure) -> Outcome:
        """What becomes of a flow with a fate: worked out once for all that share it."""
        key = (network, fate, failure.name)
        if key not in self._outcomes:
            source = self.first.networks[network]
            self._outcomes[key] = outcome(self.picture, self.first, source, fate, failure)
        return self._outcomes[key]

    def answers(self, network: str, cell: Cell, failing: Iterable[Failure]) -> tuple[Answer, ...]:
        """One answer, or two where the readings differ."""
        found = [self._answer(network, cell, reading, failing) for reading in self.first.readings]
        if len(found) == 2 and (found[0].policy, found[0].effect) == (found[1].policy, found[1].effect):
            return (found[0],)
        return tuple(found)

    def _answer(self, network: str, cell: Cell, reading: str, failing: Iterable[Failure]) -> Answer:
        by: Reading = "order" if reading == "order" else "narrow"
        chosen = self.decisions.chosen(network, cell, by)
        fate = self.decisions.fate(network, cell, by)
        after = {failure.name: self.outcome(network, fate, failure) for failure in failing}
        deciding = chosen.policy
        return Answer(
            reading=reading,
            policy=chosen.words,
            steering=deciding.steering if deciding is not None else "",
            kind=fate.kind,
            words=fate.words,
            why=fate.why,
            at=fate.at,
            decides=fate.policy if fate.policy and fate.policy != chosen.words and not chosen.several else "",
            into=tuple(sorted(one for one in fate.into if one)),
            outcomes={name: one for name, one in after.items() if one.becomes is not Becomes.SAME},
        )

    def unless(self, network: str, policy: str) -> tuple[str, ...]:
        """What resolves to any address, and is named by a policy that may come before the one that decides."""
        found: dict[str, None] = {}
        for one in named(self.first, network):
            if one.name == policy and self.first.readings == ("order",):
                break
            if one.name != policy:
                found |= {f"{name} ({opaque})": None for name in one.applications if (opaque := self._opaque(name))}
        return tuple(found)

    def _opaque(self, name: str) -> str:
        found = self.first.applications.get(name)
        return found.opaque if found is not None else ""


def likes(picture: Picture, whole: Picture | None = None, asked: Iterable[Application] = ()) -> Iterator[Alike]:
    """The pairs of a design, those together that act alike.

    Args:
        picture: The pairs that it is asked for.
        whole: All pairs, where those are some.
        asked: Destinations that somebody asks for beside those that policies name.
    """
    whole = whole or picture
    far: dict[str, list[tuple[str, Net]]] = {}
    for edge in whole.edges.values():
        for network in edge.networks.values():
            if network.net is not None:
                far.setdefault(network.name, []).append((edge.address, network.net))
    shapes: dict[Hashable, Decisions] = {}
    groups: dict[tuple[int, Hashable], list[Edge]] = {}
    for edge in picture.edges.values():
        if edge.shape not in shapes:
            shapes[edge.shape] = Decisions(whole, edge, Universe(whole, edge, far, asked))
        decisions = shapes[edge.shape]
        groups.setdefault((id(decisions), decisions.universe.touched(edge)), []).append(edge)
    by_id = {id(one): one for one in shapes.values()}
    for (which, _), edges in groups.items():
        decisions = by_id[which]
        yield Alike(decisions.of(edges[0]), edges)


def group(alike: Alike, failing: tuple[Failure, ...], networks: Iterable[str] | None = None) -> TrafficGroup:
    """What starts at pairs that act alike: in all their networks, or in some."""
    edge = alike.first
    cells = list(alike.universe.cells(edge))
    sources = edge.networks if networks is None else networks
    found = [one for network in sources for one in streams(alike, network, cells, failing)]
    notes = dict.fromkeys(note for one in alike.edges for note in one.missing)
    return TrafficGroup(
        owner=edge.owner,
        family=edge.family,
        sites=tuple(one.site or one.name for one in alike.edges),
        failures=tuple(one.name for one in failing),
        streams=tuple(found),
        notes=tuple(notes),
    )


def streams(
    alike: Alike,
    network: str,
    cells: Iterable[Cell],
    failing: tuple[Failure, ...],
    everything: Iterable[Cell] | None = None,
) -> Iterator[Stream]:
    """What starts in a network, a stream for all destinations with one answer; default deny last.

    Args:
        alike: Where.
        network: Its name.
        cells: The destinations that are asked for.
        failing: What may fail.
        everything: All destinations, where those are some: names are not asked for then.
    """
    elsewhere = [cell for cell in cells if cell.own != network]
    pieces: dict[Hashable, list[Cell]] = {}
    answered: dict[Hashable, tuple[Answer, ...]] = {}
    for cell in elsewhere:
        key: Hashable = tuple((alike.decisions.chosen(network, cell, by).words, alike.decisions.fate(network, cell, by))
                    for by in readings(alike.first))  # fmt: skip
        if key not in answered:
            answered[key] = alike.answers(network, cell, failing)
        pieces.setdefault(key, []).append(cell)
    whole = elsewhere if everything is None else [cell for cell in everything if cell.own != network]
    known = list(_named(alike, network, whole))
    for one, piece in sorted(pieces.items(), key=lambda item: _place(alike.first, answered[item[0]])):
        answers = answered[one]
        nobody = all(answer.policy == "-" for answer in answers)
        to = "anything else" if nobody and len(pieces) > 1 else destination(frozenset(piece), frozenset(whole), known)
        yield Stream(network=network, to=to, answers=answers, unless=alike.unless(network, answers[0].policy))
    if everything is None:
        yield from _by_name(alike, network, failing)


def readings(edge: Edge) -> tuple[Reading, ...]:
    """How the list of policies of a pair may be read."""
    return tuple("order" if one == "order" else "narrow" for one in edge.readings)


def _place(edge: Edge, answers: tuple[Answer, ...]) -> tuple[int, str]:
    """In the order of the list."""
    names = [policy.name for policy in edge.policies]
    first = answers[0]
    return (names.index(first.policy) if first.policy in names else len(names), first.words)


def _named(alike: Alike, network: str, cells: Iterable[Cell]) -> Iterator[Named]:
    edge = alike.first
    applications = dict.fromkeys(name for policy in named(edge, network) for name in policy.applications)
    matching = {cell: alike.universe.matching(cell, OWN) for cell in cells}
    for name in applications:
        found = edge.applications.get(name)
        if found is not None and not found.opaque:
            yield Named(application(found), frozenset(cell for cell, names in matching.items() if name in names))
    places: dict[str, set[Cell]] = {}
    for cell in matching:
        place = alike.universe.place(cell)
        if place.kind in ("own", "hub"):
            places.setdefault(place.network, set()).add(cell)
    yield from (Named(name, frozenset(found)) for name, found in places.items())


def _by_name(alike: Alike, network: str, failing: tuple[Failure, ...]) -> Iterator[Stream]:
    """What resolves to any address: a destination of its own."""
    edge = alike.first
    policies = named(edge, network)
    opaque = dict.fromkeys(name for policy in policies for name in policy.applications if _resolves(edge, name))
    for name in opaque:
        fates = {by: alike.decisions.of_name(network, name, by) for by in readings(edge)}
        answers = [_of_name(alike, network, by, policy, fate, failing) for by, (policy, fate) in fates.items()]
        if len(answers) == 2 and attrs.evolve(answers[1], reading="order") == answers[0]:
            answers = answers[:1]
        yield Stream(network=network, to=f"{name} ({edge.applications[name].opaque})", answers=tuple(answers))


def _resolves(edge: Edge, name: str) -> bool:
    return name in edge.applications and bool(edge.applications[name].opaque)


def _of_name(
    alike: Alike, network: str, by: str, policy: Policy | None, fate: Fate, failing: Iterable[Failure]
) -> Answer:
    after: Mapping[str, Outcome] = {one.name: alike.outcome(network, fate, one) for one in failing}
    return Answer(
        reading=by, policy=policy.name if policy is not None else "-", kind=fate.kind, words=fate.words, why=fate.why,
        steering=policy.steering if policy is not None else "",
        outcomes={name: one for name, one in after.items() if one != SAME_OUTCOME},
    )  # fmt: skip
