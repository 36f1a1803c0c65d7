"""What is said of whole devices: their nodes, the order of their policies, and policies of others in front."""

from collections.abc import Iterable

from haplan_srx.estate import PairSeen
from haplan_srx.translate.recorded import Picture
from haplan_srx.translate.statements import Configuration, Live, Path
from haplan_srx.translate.strangers import in_front

POLICIES: Path = ("security", "policies")


def half_formed(name: str, look: PairSeen) -> Iterable[str]:
    """The roles of nodes that are none of a whole pair."""
    if look.status is not None and not look.status.formed:
        yield f"{name}: {', '.join(f'{node.name} {node.status}' for node in look.status.groups.get(0, ()))}"


def before_ours(said: Configuration, name: str, live: Live) -> Iterable[str]:
    """Policies of others that are asked before haplan's; they are never moved or removed."""
    for one in in_front(said, live):
        those = ", ".join(origin.rpartition(".")[2] for origin in one.origins)
        yield f"{name}: {one}{f': nothing gets to {those}' if one.total else f' {those}'}"


def as_planned(recorded: list[str], planned: list[str]) -> list[str]:
    """Names as they were recorded, those of a plan in its order; what goes stays where it was among the others."""
    known = [name for name in planned if name in recorded]
    left = iter(known)
    return [next(left) if name in known else name for name in recorded]


def order(names: list[str], recorded: Picture, cluster: str, live: Live) -> tuple[str, ...]:
    """Names of policies in the order in which a device has them."""
    owner_of = {one.path[3]: recorded.design.resources[one.origin].name
                for one in recorded.configuration(cluster).statements.values()
                if one.path[:2] == POLICIES and len(one.path) > 3}  # fmt: skip
    for parent in live.children.get(POLICIES, ()):
        there = [owner_of[step] for step in live.children.get((*POLICIES, parent), ()) if step in owner_of]
        now = list(dict.fromkeys(there))
        if now != [name for name in names if name in now]:
            rest, moved = iter(now), set(now)
            return tuple(next(rest) if name in moved else name for name in names)
    return tuple(names)
