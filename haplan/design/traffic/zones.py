"""How an SRX decides: steering gives the pair of zones, and only policies of that pair are looked at, from the top."""

from collections.abc import Iterable, Iterator, Sequence

import attrs

from haplan.design.traffic.edges import Edge, Path, Policy
from haplan.design.traffic.ways import Fate, Step, Way

Zone = tuple[str, str]
"""Kind of path, and its name: a zone of its own for each."""


def zones(edge: Edge, policy: Policy) -> frozenset[Zone]:
    """Where an SRX writes a policy towards."""
    rule = edge.steering.get(policy.steering)
    if rule is not None:
        return of_paths(rule.paths)
    if policy.allow:
        return frozenset()  # without steering there is no destination zone
    ways = [("wan", name) for name in edge.wans] + [("endpoint", one.endpoint) for one in edge.tunnels]
    return frozenset([*ways, *(("local", name) for name in edge.networks)])


def of_paths(paths: Iterable[Path]) -> frozenset[Zone]:
    """The zones of paths that are used."""
    return frozenset(zone for path in paths if not path.disabled for zone in _of_path(path))


def _of_path(path: Path) -> Iterator[Zone]:
    if path.kind == "local":
        yield from (("local", name) for name in path.networks)
    else:
        yield (path.kind if path.kind != "tunnel" else "other"), path.name


def leaves(edge: Edge, policy: Policy) -> bool:
    """True if a policy steers out of the site."""
    rule = edge.steering.get(policy.steering)
    return rule is not None and any(path.kind != "local" and not path.disabled for path in rule.paths)


def into(network: str) -> Step:
    """The way into a LAN of the pair itself."""
    return Step(kind="local", name=f"LAN {network}", into=network)


def into_own(edge: Edge, network: str, matching: Sequence[Policy], own: str) -> Fate:
    """The route to an own LAN wins over all steering; the pair of zones decides then."""
    first = next((one for one in matching if ("local", own) in zones(edge, one)), None)
    if first is not None and first.allow:
        return Fate(kind="way", policy=first.name, way=Way(((into(own),),)))
    if first is not None:
        return Fate(kind="deny", policy=first.name)
    above = next((one for one in matching if one.allow), None)
    if above is None:
        return Fate(kind="deny", why="no policy matches")
    towards = ", ".join(sorted(name for _, name in zones(edge, above))) or "nothing"
    why = (
        f"{above.name} is written towards {towards} only; the route to the own LAN {own} wins, "
        f"and nothing allows {network} to {own}"
    )
    return Fate(kind="deny", policy=above.name, why=why)


def zoned(edge: Edge, step: Step, matching: Sequence[Policy]) -> Step:
    """A step, denied where the first policy of its pair of zones denies."""
    zone = ("endpoint", step.tunnel.endpoint) if step.tunnel is not None else (step.kind, step.name)
    first = next((one for one in matching if zone in zones(edge, one)), None)
    if first is not None and not first.allow:
        return attrs.evolve(step, beyond="deny", why=f"{first.name} denies it towards {zone[1]}", by=first.name)
    return step


def fallback(edge: Edge, matching: Sequence[Policy], tiers: Sequence[Sequence[Step]]) -> tuple[Step, ...]:
    """A path over a WAN with DHCP looks into the main table, where the other WANs come after it."""
    used = {step.name for tier in tiers for step in tier if step.kind == "wan"}
    if edge.backend != "srx" or not any(edge.wans[one].dhcp for one in used if one in edge.wans):
        return ()
    found = []
    for name in edge.wans:
        first = next((one for one in matching if ("wan", name) in zones(edge, one)), None)
        if name not in used:
            found.append(_routed(name, first))
    return tuple(found)


def _routed(wan: str, policy: Policy | None) -> Step:
    """A way that only the route leads to: the policy of its pair of zones decides."""
    if policy is not None and policy.allow:
        return Step(kind="wan", name=wan, why=f"policy {policy.name} lets it")
    why = f"no policy allows it towards {wan}" if policy is None else f"{policy.name} denies it towards {wan}"
    return Step(kind="wan", name=wan, why=why, beyond="deny", by=policy.name if policy is not None else "")
