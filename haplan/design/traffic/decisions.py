"""What becomes of a flow with nothing failed: which policy decides, and by which ways the traffic goes.

On SRX a way is chosen first (`_on_srx`), and only the policies of that pair of zones are looked at then. On SSR there
is one lookup; the cloud's list may be read from the top, or by the narrowest destination.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

import attrs

from haplan.design.spans import ANY
from haplan.design.traffic import hubs, zones
from haplan.design.traffic.edges import Application, Edge, Path, Picture, Policy, Steering, Tunnel
from haplan.design.traffic.universe import OUTSIDE, OWN, Cell, Place, Universe
from haplan.design.traffic.ways import Fate, Step, Way

Reading = Literal["order", "narrow"]
AMBIGUOUS = "ambiguous"


@attrs.frozen
class Chosen:
    """The policy that decides by a reading; `several` where the narrowest is not one."""

    policy: Policy | None = None
    several: tuple[Policy, ...] = ()

    @property
    def words(self) -> str:
        """Its name, ``-`` for none."""
        return AMBIGUOUS if self.several else self.policy.name if self.policy is not None else "-"


def takes_all(application: Application) -> bool:
    """True for the whole internet, whatever is spoken."""
    return ANY in application.spans and any(net.prefixlen == 0 for net in application.nets)


def named(edge: Edge, network: str) -> list[Policy]:
    """The policies of a pair that name a network, in order."""
    return [policy for policy in edge.policies if network in policy.networks]


class Decisions:
    """What becomes of flows from the LANs of pairs of one shape.

    Threads: one; made for one look at the traffic of a design.
    """

    def __init__(self, picture: Picture, edge: Edge, universe: Universe) -> None:
        self.picture = picture
        self.edge = edge
        self.universe = universe
        self._fates: dict[tuple[str, Cell, Reading], Fate] = {}
        self._chosen: dict[tuple[str, Cell, Reading], Chosen] = {}

    def of(self, edge: Edge) -> "Decisions":
        """The same for another pair of the shape."""
        return Decisions(self.picture, edge, self.universe)

    # --- which policy ---

    def chosen(self, network: str, cell: Cell, reading: Reading) -> Chosen:
        """The policy of the list that decides."""
        key = (network, cell, reading)
        if key not in self._chosen:
            matching = self._matching(self.edge, network, cell, OWN)
            self._chosen[key] = (
                Chosen(matching[0][0] if matching else None) if reading == "order" else _narrowest(self.edge, matching)
            )
        return self._chosen[key]

    def _matching(self, edge: Edge, network: str, cell: Cell, scope: str) -> list[tuple[Policy, tuple[int, int]]]:
        """The policies of a pair that match, in order, each with how narrow it is there."""
        found = self.universe.matching(cell, scope)
        return [
            (policy, max(found[name] for name in policy.applications if name in found))
            for policy in edge.policies
            if network in policy.networks and any(name in found for name in policy.applications)
        ]

    # --- what becomes of it ---

    def fate(self, network: str, cell: Cell, reading: Reading) -> Fate:
        """What becomes of a flow from a network of the pair."""
        key = (network, cell, reading)
        if key not in self._fates:
            self._fates[key] = _summed(self._fate(network, cell, reading))
        return self._fates[key]

    def _fate(self, network: str, cell: Cell, reading: Reading) -> Fate:
        place = self.universe.place(cell)
        if not self.edge.family:
            return Fate(kind="unknown", why=f"the family of {self.edge.name} is not known")
        if self.edge.family == "srx":
            return self._on_srx(network, cell, place)
        chosen = self.chosen(network, cell, reading)
        if chosen.several:
            names = " and ".join(one.name for one in chosen.several)
            return Fate(kind="unknown", why=f"{names} are equally narrow: which one decides is not documented")
        policy = chosen.policy
        if policy is None or not policy.allow:
            return Fate(kind="deny", policy=policy.name if policy else "", why="" if policy else "no policy matches")
        return self._on_ssr(network, cell, place, policy, reading)

    def _on_ssr(self, network: str, cell: Cell, place: Place, policy: Policy, reading: Reading) -> Fate:
        rule = self.edge.steering.get(policy.steering)
        if policy.steering and rule is None:
            return Fate(kind="unknown", policy=policy.name, why=f"steering {policy.steering} is not known")
        if rule is not None:
            return self._by_rule(network, cell, place, policy, rule, reading)
        if place.kind == "own":
            return Fate(kind="way", policy=policy.name, way=Way(((zones.into(place.network),),)))
        if self.edge.backend == "ssr":
            why = f"{policy.name} names no steering: on a conductor it leads only to LANs that hold the addresses"
            return Fate(kind="stops", policy=policy.name, why=why)
        return self._derived(network, cell, place, policy, reading)

    def _derived(self, network: str, cell: Cell, place: Place, policy: Policy, reading: Reading) -> Fate:
        """The cloud uses every way there is, in an order that it does not tell."""
        tunnels = [one for one in self.edge.tunnels if place.kind == "far" or one.hub == place.at]
        if place.kind == "outside" or (place.kind == "far" and not tunnels):
            steps = [Step(kind="wan", name=name) for name in self.edge.wans]
            if tunnels or self.edge.tunnels:
                why = f"{policy.name} names no steering: whether it leaves here or at a hub is not documented"
                return Fate(kind="unknown", policy=policy.name, why=why)
        else:
            steps = [self._tunnel(one, network, cell, place, reading) for one in tunnels]
        if not steps:
            return Fate(
                kind="stops", policy=policy.name, why=f"{policy.name} names no steering, and no way leads there"
            )
        return Fate(kind="way", policy=policy.name, way=Way((tuple(steps),), unordered=len(steps) > 1))

    def _by_rule(
        self, network: str, cell: Cell, place: Place, policy: Policy, rule: Steering, reading: Reading
    ) -> Fate:
        refused = self._refused(rule)
        if refused:
            return Fate(kind="unknown", policy=policy.name, why=refused)
        tiers = list(self._tiers(rule, network, cell, place, reading))
        if not tiers:
            why = f"no path of {rule.name} leads there"
            return Fate(kind="stops", policy=policy.name, why=why)
        return Fate(kind="way", policy=policy.name, way=Way(tuple(tiers)))

    def _refused(self, rule: Steering) -> str:
        if self.edge.backend == "mist":
            return ""
        if rule.strategy == "weighted":
            return f"{rule.name}: weighted is refused without the cloud"
        return ""

    def _tiers(
        self, rule: Steering, network: str, cell: Cell, place: Place, reading: Reading
    ) -> Iterator[tuple[Step, ...]]:
        """The paths of a rule in order, those that are used together in one."""
        groups: list[tuple[int, list[Step]]] = []
        for number, path in enumerate(rule.paths):
            steps = list(self._steps(path, network, cell, place, reading))
            rank = 0 if rule.strategy == "ecmp" else (path.cost or 0) if rule.strategy == "weighted" else number
            if self.edge.family == "srx" and self.edge.backend == "srx" and rule.strategy == "ordered":
                groups += [(rank, [step]) for step in steps]  # consecutive preferences, in the order of the WANs
            elif steps:
                groups.append((rank, steps))
        if rule.strategy == "ordered":
            yield from (tuple(steps) for _, steps in groups)
            return
        for rank in sorted({rank for rank, _ in groups}):
            yield tuple(step for at, steps in groups if at == rank for step in steps)

    def _steps(self, path: Path, network: str, cell: Cell, place: Place, reading: Reading) -> Iterator[Step]:
        doubtful = path.disabled and (self.edge.family, self.edge.backend) == ("srx", "mist")
        if path.disabled and not doubtful:
            return
        if path.kind == "wan":
            yield Step(kind="wan", name=path.name, disabled=doubtful)
        elif path.kind == "endpoint":
            for tunnel in self.edge.tunnels:
                if tunnel.endpoint == path.name:
                    yield attrs.evolve(self._tunnel(tunnel, network, cell, place, reading), disabled=doubtful)
        elif path.kind == "local":
            if place.kind == "own" and place.network in path.networks:
                yield zones.into(place.network)
        else:
            yield Step(kind="other", name=path.name, disabled=doubtful)

    def of_name(self, network: str, application: str, reading: Reading) -> tuple[Policy | None, Fate]:
        """What becomes of what resolves to any address: the policy that names it, or one above it that takes all."""
        own = self.edge.applications
        wide = [
            policy
            for policy in named(self.edge, network)
            if application in policy.applications
            or any(takes_all(own[one]) for one in policy.applications if one in own)
        ]
        if not wide:
            return None, Fate(kind="deny", why="no policy matches")
        effects = {(policy.allow, policy.steering) for policy in wide}
        if reading == "narrow" and len(effects) > 1:
            names = " and ".join(one.name for one in wide)
            return None, Fate(kind="unknown", why=f"whether {names} decides is not documented for what goes by name")
        first = wide[0]
        rule = self.edge.steering.get(first.steering)
        if not first.allow:
            return first, Fate(kind="deny", policy=first.name)
        if rule is None:
            return first, Fate(kind="unknown", policy=first.name, why=f"{first.name} names no steering")
        return first, _summed(self._by_rule(network, Cell(4, 0, 0), OUTSIDE, first, rule, reading))

    def _on_srx(self, network: str, cell: Cell, place: Place) -> Fate:
        matching = [policy for policy, _ in self._matching(self.edge, network, cell, OWN)]
        if place.kind == "own":
            return zones.into_own(self.edge, network, matching, place.network)
        leading = next((one for one in matching if one.allow and zones.leaves(self.edge, one)), None)
        if leading is None:
            first = next((one for one in matching if not one.allow), None)
            return Fate(kind="deny", policy=first.name if first else "", why="" if first else "no policy matches")
        fate = self._by_rule(network, cell, place, leading, self.edge.steering[leading.steering], "order")
        if fate.way is None:
            return fate
        tiers = tuple(tuple(zones.zoned(self.edge, step, matching) for step in tier) for tier in fate.way.tiers)
        return attrs.evolve(fate, way=Way(tiers, fallback=zones.fallback(self.edge, matching, tiers)))

    def _tunnel(self, tunnel: Tunnel, network: str, cell: Cell, place: Place, reading: Reading) -> Step:
        """A tunnel, with what the hub does with what comes out of it."""
        hub = self.picture.edges[tunnel.hub]
        matching = [policy for policy, _ in self._matching(hub, network, cell, hub.address)]
        return hubs.through(self.edge, hub, tunnel, network, place, matching, listed=reading == "order")


def _narrowest(edge: Edge, matching: Sequence[tuple[Policy, tuple[int, int]]]) -> Chosen:
    if not matching:
        return Chosen()
    best = max(narrow for _, narrow in matching)
    found = [policy for policy, narrow in matching if narrow == best]
    effects = {(policy.allow, policy.steering if policy.allow else "") for policy in found}
    return Chosen(found[0]) if len(effects) == 1 else Chosen(None, tuple(found))


def _summed(fate: Fate) -> Fate:
    """A way all of which ends alike is that end."""
    if fate.kind != "way" or fate.way is None or not fate.way.steps:
        return fate
    ends = {(step.beyond, step.at) for step in fate.way.steps}
    (beyond, at), first = next(iter(ends)), fate.way.steps[0]
    if len(ends) > 1 or beyond == "open":
        return fate
    why = "; ".join(dict.fromkeys(step.why for step in fate.way.steps))
    return attrs.evolve(fate, kind=beyond, at=at, why=why, policy=first.by or fate.policy)
