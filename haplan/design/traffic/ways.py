"""The ways that traffic may take, in which order, and what becomes of it when something fails."""

from collections.abc import Iterable, Sequence
from typing import Literal

import attrs

from haplan.design.traffic.edges import Edge, Network, Picture, Tunnel
from haplan.design.traffic.failures import GONE, NOTHING, UNKNOWN, Failure, Health, Status
from haplan.plugin import Becomes, Outcome

Kind = Literal["wan", "tunnel", "local", "other"]
Beyond = Literal["open", "deny", "stops", "unknown"]


@attrs.frozen(kw_only=True)
class Step:
    """One way out of a pair, followed to its end.

    Attributes:
        kind: What sort of way.
        name: WAN, or name of a tunnel of a cloud.
        tunnel: For the overlay.
        into: The network that it ends in, "" where that is outside.
        disabled: Written down; whether it is used is not known.
        beyond: What becomes of the traffic there: it may be denied at a hub, or by the pair of zones.
        why: Why it is not open.
        at: Where it is denied.
        by: Name of the policy that denies it here.
    """

    kind: Kind
    name: str
    tunnel: Tunnel | None = None
    into: str = ""
    disabled: bool = False
    beyond: Beyond = "open"
    why: str = ""
    at: str = ""
    by: str = ""

    @property
    def words(self) -> str:
        """How it is named: ``wan0``, ``wan0>h1-wan0``."""
        return f"{self.tunnel.wan}>{self.tunnel.endpoint}" if self.tunnel is not None else self.name


@attrs.frozen
class Way:
    """Tiers of steps, the first that has one left is taken, all of it together.

    Attributes:
        tiers: In order.
        unordered: Nobody says in which order they are taken.
        fallback: What a route would still lead to when all tiers are gone.
    """

    tiers: tuple[tuple[Step, ...], ...]
    unordered: bool = False
    fallback: tuple[Step, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All, in order, without those that are not used."""
        return tuple(step for tier in self.tiers for step in tier if not step.disabled)

    @property
    def words(self) -> str:
        """``wan0 > wan1`` in order, ``wan0 + wan1`` shared."""
        used = [[step for step in tier if not step.disabled] for tier in self.tiers]
        tiers = [together(tier) for tier in used if tier]
        if self.unordered:
            return f"{tiers[0].replace(' + ', ' or ')}, in unknown order" if tiers else ""
        return (", then " if any(len(tier) > 1 for tier in used) else " > ").join(tiers)


@attrs.frozen(kw_only=True)
class Fate:
    """What becomes of a flow with nothing failed.

    Attributes:
        kind: ``deny``, ``stops`` (allowed, and leads nowhere), ``unknown`` or ``way``.
        policy: Name of the policy that decides on the device, "" for none.
        way: Where it goes.
        at: Name of the pair that denies it, "" for the first.
        why: In words.
    """

    kind: Literal["deny", "stops", "unknown", "way"]
    policy: str = ""
    way: Way | None = None
    at: str = ""
    why: str = ""

    @property
    def words(self) -> str:
        """The way, or what stops it."""
        if self.kind == "way" and self.way is not None:
            return self.way.words
        return f"{self.kind} at {self.at}" if self.at else self.kind

    @property
    def into(self) -> frozenset[str]:
        """The networks that it arrives in."""
        steps = self.way.steps if self.way is not None and self.kind == "way" else ()
        return frozenset(step.into for step in steps if step.beyond == "open")


def together(steps: Iterable[Step]) -> str:
    """Steps that are used at once."""
    return " + ".join(step.words for step in steps)


@attrs.frozen
class Taken:
    """The steps that new flows take, and those that take them away."""

    live: tuple[Step, ...] = ()
    dead: tuple[Step, ...] = ()
    unknown: str = ""
    why: str = ""


def outcome(picture: Picture, edge: Edge, source: Network, fate: Fate, failure: Failure) -> Outcome:
    """What becomes of a flow when something fails."""
    if fate.kind != "way" or fate.way is None:
        return Outcome(Becomes.SAME)
    here = failure.here(edge)
    inside = here.node_of(source.lan, source.name)
    if inside == GONE:
        return Outcome(Becomes.GONE, why=f"{source.name} is down with {source.lan.name}")
    now = _Look(picture=picture, edge=edge, failure=failure, here=here, inside=inside).taken(fate.way)
    well = NOTHING.here(edge)
    usual = well.node_of(source.lan, source.name)
    before = _Look(picture=picture, edge=edge, failure=NOTHING, here=well, inside=usual)
    found = _told(before.taken(fate.way), now, unordered=fate.way.unordered)
    if found.becomes not in (Becomes.STOPS, Becomes.PART):
        return found
    return attrs.evolve(found, remedy=remedy(picture, edge, fate.way, failure))


def remedy(picture: Picture, edge: Edge, way: Way, failure: Failure) -> str:
    """What would keep a flow that stops, in words; "" where nothing of the design would."""
    parts = {part for _, part, _ in failure.atoms}
    hubs = {step.tunnel.hub for step in way.steps if step.tunnel is not None}
    here = [edge.wans[step.tunnel.wan if step.tunnel else step.name] for step in way.steps
            if (step.tunnel.wan if step.tunnel else step.name) in edge.wans]  # fmt: skip
    if parts == {"dead"}:
        more = "a second path, and " if len(way.steps) == 1 else ""
        return f"{more}hosts behind the provider in probes= of the WAN"
    if hubs and all(at in hubs for at, _, _ in failure.atoms):
        names = ", ".join(sorted(picture.edges[hub].name for hub in hubs))
        return f"a path to another hub than {names}" if len(hubs) == 1 else ""
    if len({wan.nodes for wan in here}) == 1 and here and len(here[0].nodes) == 1 and parts & {"node", "sync"}:
        return f"a path over node{1 - here[0].nodes[0]}"
    if parts & {"fabric"}:
        return "a path over the node that the LAN is active on"
    if len(way.steps) == 1:
        return "a second path"
    circuits = {wan.circuit for wan in here}
    return "a path over another circuit" if len(circuits) == 1 and circuits != {""} else ""


def _told(before: Taken, now: Taken, *, unordered: bool) -> Outcome:
    if now.unknown:
        return Outcome(Becomes.UNKNOWN, why=now.unknown)
    if not now.live:
        return Outcome(Becomes.STOPS, why=now.why)
    if now.dead and now.dead != before.dead:
        if unordered:
            return Outcome(Becomes.UNKNOWN, why=f"which of them is taken is not known; {now.why}")
        return Outcome(Becomes.PART, together(now.live), now.why)
    if now.live == before.live or unordered:
        return Outcome(Becomes.SAME)
    if set(now.live) < set(before.live):
        return Outcome(Becomes.ONLY, together(now.live))
    return Outcome(Becomes.TO, together(now.live), "; ".join(step.why for step in now.live if step.why))


@attrs.frozen(kw_only=True)
class _Look:
    """One pair under one failure."""

    picture: Picture
    edge: Edge
    failure: Failure
    here: Health
    inside: int

    def taken(self, way: Way) -> Taken:
        reasons: list[str] = []
        for tier in (*way.tiers, *((step,) for step in way.fallback)):
            found = [(step, *self.status(step)) for step in tier]
            reasons += [why for _, status, why in found if status == "down" and why]
            doubt = next((why for _, status, why in found if status == "unknown"), "")
            live = tuple(step for step, status, _ in found if status == "up")
            dead = tuple(step for step, status, _ in found if status == "dead")
            why = "; ".join(dict.fromkeys(why for _, status, why in found if status == "dead"))
            if doubt and not (way.unordered and live):
                return Taken(unknown=doubt)
            if live or dead:
                return Taken(live, dead, why=why)
        return Taken(why="; ".join(dict.fromkeys(reasons)))

    def status(self, step: Step) -> tuple[Status, str]:
        """Whether a step is chosen, and whether it works."""
        found, why = self._reached(step)
        if found == "up" and step.disabled:
            return "unknown", f"whether {step.words}, which is disabled, is used is documented for SSR only"
        if found == "up" and step.beyond != "open":
            return ("unknown" if step.beyond == "unknown" else "dead"), step.why
        return found, why

    def _reached(self, step: Step) -> tuple[Status, str]:
        if step.tunnel is not None:
            return self._over(step, step.tunnel)
        if step.kind == "wan":
            wan = self.edge.wans.get(step.name)
            return self.here.wan(wan, self.inside, overlay=False) if wan is not None else ("down", "")
        if step.kind == "local":
            return self._inside(self.here, self.inside, step.into)
        return "unknown", f"what {step.words} leads to, and whether it is up, is known to its cloud alone"

    def _over(self, step: Step, tunnel: Tunnel) -> tuple[Status, str]:
        wan = self.edge.wans.get(tunnel.wan)
        hub = self.picture.edges[tunnel.hub]
        there = self.failure.here(hub)
        ends = [] if wan is None else [self.here.wan(wan, self.inside, overlay=True)]
        behind = hub.networks.get(step.into)
        node = there.node_of(behind.lan, behind.name) if behind is not None else None
        if node == GONE and not (there.lost(0) and there.lost(1)):
            ends.append(("dead", f"{step.into} is down at {hub.name}"))
        hub_wan = hub.wans.get(tunnel.hub_wan)
        if hub_wan is not None:
            inside = node if node is not None and node != GONE else next(iter(hub_wan.nodes), 0)
            status, why = there.wan(hub_wan, inside, overlay=True)
            ends.append((status, f"at {hub.name}, {why}" if why else ""))
        return _worst(ends)

    def _inside(self, health: Health, inside: int, network: str) -> tuple[Status, str]:
        """From one LAN of a pair to another."""
        there = health.edge.networks.get(network)
        if there is None:
            return "up", ""
        node = health.node_of(there.lan, network)
        if UNKNOWN in (node, inside):
            return "unknown", "which node owns the shared LAN without the sync link is not documented"
        if node == GONE:
            return "dead", f"{network} is down with {there.lan.name}"
        if node != inside and ("fabric", "") in health.failed:
            return "dead", f"{network} is active on the other node, across the dead fabric"
        return "up", ""


def _worst(ends: Sequence[tuple[Status, str]]) -> tuple[Status, str]:
    """A path is as good as the worst of its ends: one that is seen to be down is not chosen."""
    return min(ends, key=lambda end: ("down", "dead", "unknown", "up").index(end[0]), default=("up", ""))
