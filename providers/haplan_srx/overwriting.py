"""What a plan says of what others wrote on a device: each statement that changes or goes; a refusal where it works.

Who wants it gone says so: ``Cluster(…, overwrite=[…])`` names statements as the refusal prints them.
"""

from collections.abc import Iterable, Iterator

from haplan.design.index import Resource
from haplan.design.resources import GOING
from haplan.plugin import Change, Finding
from haplan_srx.read.look import Look
from haplan_srx.rules import UNASKED
from haplan_srx.translate.documents import device
from haplan_srx.translate.losses import Loss, texts
from haplan_srx.translate.namesakes import is_named
from haplan_srx.translate.strangers import in_front
from haplan_srx.translate.words import said


def lines(look: Look, clusters: Iterable[Resource], change: Change) -> tuple[str, ...]:
    """What a change overwrites, a line each, with the device where there are several."""
    told = [(cluster, look_lost) for cluster in clusters for look_lost in _of(look, cluster, change)]
    several = len({cluster.address for cluster, _ in told}) > 1
    return tuple(f"{cluster.name}: {lost}" if several else str(lost) for cluster, lost in told)


def findings(look: Look, clusters: Iterable[Resource], change: Change) -> Iterator[Finding]:
    """A refusal for each thing that works and goes unasked; a warning for what was to go and is not there."""
    for cluster in clusters:
        allowed = _allowed(cluster)
        seen = look.pairs.get(cluster.name)
        formed = seen is not None and seen.clustered  # a box that is still to join restarts: nothing on it works then
        for lost in _of(look, cluster, change) if formed else ():
            if lost.effect and lost.text not in allowed:
                yield Finding(
                    rule=UNASKED,
                    severity="error",
                    address=cluster.address,
                    message=f"takes away what others made and what works: {lost}",
                    location=change.location if change.address == cluster.address else "",
                    hint=f'if it may go, add to overwrite=[…] of {cluster.address}: "{_escaped(lost.text)}",',
                )
        if change.address == cluster.address and change.action not in GOING:
            yield from _missing(look, cluster, change, allowed)


def shadowed(look: Look, clusters: Iterable[Resource], change: Change) -> Iterator[Finding]:
    """A policy that a policy of others leaves nothing to; that is never moved or removed."""
    for cluster in clusters if change.type == "policy" and change.action not in GOING else ():
        live = look.live(cluster.address)
        for one in in_front(look.wanted.configuration(cluster.address), live) if live is not None else ():
            if one.total and change.address in one.origins:
                yield Finding(
                    rule="HA107",
                    severity="warning",
                    address=change.address,
                    message=f"nothing gets to it on {cluster.name}: {one}",
                    location=change.location,
                    hint="move or remove that one on the device, if it is not meant so",
                )


def _of(look: Look, cluster: Resource, change: Change) -> list[Loss]:
    """What one change takes on one device: on one that was never configured, its cluster takes all."""
    if change.action in GOING:
        return []
    if cluster.address in look.configured:
        return [one for one in look.lost(cluster.address) if one.origin == change.address]
    return list(look.lost(cluster.address)) if change.address == cluster.address else []


def _allowed(cluster: Resource) -> set[str]:
    return {" ".join(str(one).split()).removeprefix("set ") for one in cluster.values.get("overwrite") or ()}


def _missing(look: Look, cluster: Resource, change: Change, allowed: set[str]) -> Iterator[Finding]:
    live = look.live(cluster.address)
    if live is None or not allowed:
        return
    there = {one.text for one in look.lost(cluster.address)} | texts(look.kept.get(device(cluster.name), {}))
    there |= {said(path, values) for path, values in live.values.items()} | {
        said(path) for path in live.prefixes if is_named(path)
    }
    for text in sorted(allowed - there):
        yield Finding(
            rule=UNASKED,
            severity="warning",
            address=cluster.address,
            message=f"overwrite names what is not there: {text}",
            location=change.location,
            hint="take it out of overwrite=[…]",
        )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
