"""What a hub does with what comes out of a tunnel: whether it lets it into the LAN that holds the address."""

from collections.abc import Sequence

import attrs

from haplan.design.traffic.edges import Edge, Policy, Tunnel
from haplan.design.traffic.universe import Place
from haplan.design.traffic.ways import Step
from haplan.design.traffic.zones import of_paths


def through(
    edge: Edge, hub: Edge, tunnel: Tunnel, network: str, place: Place, matching: Sequence[Policy], *, listed: bool
) -> Step:
    """A tunnel as a step, followed to the end.

    Args:
        edge: Where the flow starts, in `network`.
        hub: Where the tunnel leads.
        tunnel: The tunnel.
        network: Name of the source.
        place: Where the destination is.
        matching: The policies of the hub that match, in order.
        listed: The list is read from the top.
    """
    step = Step(kind="tunnel", name=tunnel.endpoint, tunnel=tunnel)
    here = place.kind == "hub" and place.at == hub.address
    step = attrs.evolve(step, into=place.network if here else "")
    refused = (
        _refused_on_srx(hub, matching, step.into) if hub.family == "srx" else _refused_on_ssr(hub, matching, listed)
    )
    if refused:
        return attrs.evolve(step, beyond="deny", at=hub.name, why=f"at {hub.name}: {refused}")
    if not here:
        why = f"what {hub.name} does with traffic that is for none of its LANs is not modelled"
        return attrs.evolve(step, beyond="unknown", why=why)
    return _with_way_back(step, edge, network, hub, tunnel)


def _with_way_back(step: Step, edge: Edge, network: str, hub: Edge, tunnel: Tunnel) -> Step:
    source = edge.networks.get(network)
    if source is None or tunnel.overlay in source.advertised:
        return step
    if hub.family == "srx":
        why = f"no way back from {hub.name}: {network} is not advertised to {tunnel.overlay}"
        return attrs.evolve(step, beyond="stops", why=why)
    if hub.backend == "mist":
        why = f"{network} is not advertised to {tunnel.overlay}: what the cloud makes of that is not documented"
        return attrs.evolve(step, beyond="unknown", why=why)
    return step  # answers follow the session


def _refused_on_ssr(hub: Edge, matching: Sequence[Policy], listed: bool) -> str:
    """Why a hub does not take it: there is nothing for it. A deny counts where the flow enters the fabric, not here."""
    if not matching:
        return "no policy there names it"
    listed = listed and hub.backend == "mist" and not matching[0].allow
    return f"{matching[0].name} denies it" if listed else ""


def _refused_on_srx(hub: Edge, matching: Sequence[Policy], network: str) -> str:
    """Why a hub does not let it out of the tunnel; to none of its LANs, that is not looked at."""
    for policy in matching:
        rule = hub.steering.get(policy.steering)
        found = of_paths(rule.paths) if rule is not None else frozenset()
        towards = ("local", network) in found if network else bool(found)
        if policy.allow and towards:
            return ""
        if not policy.allow and (rule is None or towards):
            return f"{policy.name} denies it"
    return "no policy there allows it"
