"""Protocols of an application, as the transports of a service."""

from collections.abc import Iterable, Mapping

Ranges = tuple[tuple[int, int], ...]
Transports = Mapping[str, Ranges]
"""Protocol → port ranges, none for all ports; no protocol at all is any."""

_NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp", "47": "gre"}
NAMED = ("tcp", "udp", "icmp", "gre")


def transports(protocols: Iterable[str]) -> tuple[Transports, tuple[str, ...]]:
    """The transports, and what of the protocols a conductor has no name for."""
    found: dict[str, list[tuple[int, int]]] = {}
    whole: set[str] = set()
    unknown: list[str] = []
    for word in protocols:
        name, _, ports = word.partition("/")
        name = _NUMBERS.get(name, name)
        if name == "any":
            return {}, ()
        if name not in NAMED:
            unknown.append(word)
            continue
        ranges = [(int(first), int(last or first)) for first, _, last in (p.partition("-") for p in _each(ports))]
        found.setdefault(name, []).extend(ranges)
        whole |= {name} if not ranges else set()
    return {name: () if name in whole else tuple(sorted(ranges)) for name, ranges in found.items()}, tuple(unknown)


def _each(ports: str) -> list[str]:
    return [word.strip() for word in ports.split(",") if word.strip()]


def equally_narrow(one: Transports, other: Transports) -> bool:
    """True if some packet fits both and neither is the narrower one: both are any, or their ports meet."""
    if not one or not other:
        return not one and not other
    return any(_meet(one[name], other[name]) for name in one if name in other)


def _meet(one: Ranges, other: Ranges) -> bool:
    if not one or not other:
        return not one and not other
    return any(first <= last_ and first_ <= last for first, last in one for first_, last_ in other)
