"""Protocols and ports as spans: what applications are spoken in. The rules and the model of traffic read them alike."""

from collections.abc import Iterable, Iterator

from haplan.plugin import HOLE

Span = tuple[str, int, int]
"""A protocol with its ports, from and to; or `ANY`."""
ANY: Span = ("any", 0, 0)
PORTS = 65535
_NAMES = {"1": "icmp", "6": "tcp", "17": "udp", "47": "gre"}


def spans(protocols: Iterable[str]) -> list[Span]:
    """Protocols as ``tcp/80,8000-8080`` says them, those side by side as one; nothing said stands for any."""
    given = {one for said in protocols for one in _spans(said)}
    if not given or ANY in given:
        return [ANY]
    found: list[Span] = []
    for name, low, high in sorted(given):
        if found and found[-1][0] == name and low <= found[-1][2] + 1:
            found[-1] = (name, found[-1][1], max(high, found[-1][2]))
        else:
            found.append((name, low, high))
    return found


def protocol(name: str) -> str:
    """A protocol by its usual name: ``6`` is tcp."""
    return _NAMES.get(name, name)


def _spans(said: str) -> Iterator[Span]:
    name, _, ports = said.partition("/")
    name = protocol(name)
    if name == ANY[0]:
        yield ANY
    elif HOLE.search(said):  # what a variable holds is another thing at each site: the same words alone take it
        yield said, 0, PORTS
    elif not ports:
        yield name, 0, PORTS
    else:
        for word in ports.split(","):
            low, _, high = word.partition("-")
            yield name, int(low), int(high or low)
