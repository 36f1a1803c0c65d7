"""The order of interfaces as a device runs it: pure.

Two things on a device come from it: which WAN is preferred, by the preference of its default route, and the numbers of
redundant interfaces. haplan 0.1.0 kept no order in its state, so that of the device stands in for it; and an order that
was changed by hand is seen as one.
"""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from haplan.design.index import OWNERS, Resource
from haplan.plugin import Entries, whole_in
from haplan_srx.translate.design import Design, Pair
from haplan_srx.translate.monitoring import DEFAULT, FLOOR
from haplan_srx.translate.ports import parsed
from haplan_srx.translate.statements import Live, Path
from haplan_srx.translate.steering import AFTER_DHCP, BEFORE_DHCP

PREFERRED: Path = ("routing-options", "static", ("route", DEFAULT))


def untold(resources: Iterable[Resource]) -> list[Resource]:
    """The templates and profiles whose interfaces have no order."""
    found = [one for one in resources if one.type in OWNERS.values()]
    return [one for one in found if not isinstance(one.values.get("interfaces") or Entries(), Entries)]


def told(design: Design, lives: Mapping[str, Live], stack: Mapping[str, Sequence[str]]) -> list[Resource]:
    """All resources, the interfaces of each template and profile in order.

    Args:
        lives: What devices have, by address of the cluster.
        stack: Names of interfaces in the order of the stack, by address: what no device tells.
    """
    waiting = {one.address: one for one in untold(design.resources.values())}
    resources = dict(design.resources)
    for cluster in sorted(lives if waiting else ()):
        pair = design.whole(cluster)
        if pair is not None and pair.owner.address in waiting:
            owner = waiting.pop(pair.owner.address)
            resources[owner.address] = _with(owner, running(pair, lives[cluster], _as_in(owner, stack)))
    for owner in waiting.values():
        if owner.address in stack:
            resources[owner.address] = _with(owner, _as_in(owner, stack))
    return list(resources.values())


def as_running(pair: Pair, live: Live) -> Resource | None:
    """What a pair carries, with the interfaces in the order in which its device has them; None where that is theirs."""
    listed = pair.owner.values.get("interfaces")
    names = running(pair, live, list(listed), numbered=False) if isinstance(listed, Entries) else []
    return None if names == list(listed or ()) else _with(pair.owner, names)


def running(pair: Pair, live: Live, usual: Sequence[str], *, numbered: bool = True) -> list[str]:
    """Names of the interfaces of a pair in the order in which a device has them; as usual where nothing on it tells.

    Args:
        pair: The pair.
        live: What its device has.
        usual: Their order otherwise.
        numbered: The numbers of redundant interfaces tell it too, as where no state has them.
    """
    wans = pair.faces("wan")
    listed = _numbered(pair) if numbered else ()
    reths = {name: number for name in listed if (number := _reth(pair, live, name)) is not None}
    found = _put(usual, _preferred(pair, live, [name for name in usual if name in wans], reths))
    lans = [name for name in reths if name not in wans]
    return _put(found, sorted(lans, key=reths.__getitem__))


def _preferred(pair: Pair, live: Live, wans: Sequence[str], reths: Mapping[str, int]) -> list[str]:
    """The WANs by the preference of their gateways; one without, which has DHCP, takes a place that is left."""
    places: dict[int, str] = {}
    for name, values in pair.faces("wan").items():
        gateway = pair.text((values.get("address") or {}).get("gateway"))
        told = whole_in(live.values.get((*PREFERRED, ("qualified-next-hop", gateway or ""), "preference"), ("",))[0])
        if told is not None:
            place = told - next(base for base in (FLOOR, AFTER_DHCP, BEFORE_DHCP, 0) if told >= base)
            places.setdefault(place, name)
    if not set(places) <= set(range(len(wans))):  # numbers that haplan does not give
        places = dict(enumerate(places[place] for place in sorted(places)))
    rest = iter(sorted((name for name in wans if name not in places.values()), key=lambda name: reths.get(name, 0)))
    return [places[place] if place in places else next(rest) for place in range(len(wans))]


def _numbered(pair: Pair) -> list[str]:
    """Interfaces over both nodes whose number nobody says."""
    listed = pair.faces("wan", "lan").items()
    return [name for name, values in listed if not isinstance(values.get("reth_idx"), int)]


def _reth(pair: Pair, live: Live, name: str) -> int | None:
    """The number that a device has an interface under."""
    ports = parsed(str(pair.owner.values["interfaces"][name].get("ports") or ""))
    for port in ports if len(ports) > 1 else ():
        at = ("interfaces", ("interface", str(port)), "gigether-options", "redundant-parent", "parent")
        number = live.values.get(at, ("",))[0].removeprefix("reth")
        if (found := whole_in(number)) is not None:
            return found
    return None


def _put(names: Sequence[str], sequence: Sequence[str]) -> list[str]:
    """The names with those of a sequence in its order, in the places that they have together."""
    rest = iter(sequence)
    return [next(rest) if name in sequence else name for name in names]


def _as_in(owner: Resource, stack: Mapping[str, Sequence[str]]) -> list[str]:
    names = sorted(owner.values["interfaces"])
    first = [name for name in stack.get(owner.address, ()) if name in names]
    return [*first, *(name for name in names if name not in first)]


def _with(owner: Resource, names: Sequence[str]) -> Resource:
    listed = owner.values["interfaces"]
    return attrs.evolve(owner, values={**owner.values, "interfaces": Entries((name, listed[name]) for name in names)})
