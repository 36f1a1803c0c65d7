"""Policies that never come to their turn, wholly or for a part of what they name: HA107."""

import ipaddress
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from haplan.design.rules.index import DesignIndex, Owner
from haplan.design.rules.policy import Net, listed, prefixes
from haplan.design.rules.registry import Found, Registry
from haplan.design.rules.traffic import decides_something
from haplan.design.spans import ANY, Span, spans
from haplan.plugin import Block, Tree

registry = Registry()


def _holds(wide: Span, span: Span) -> bool:
    return wide[0] == span[0] and wide[1] <= span[1] and span[2] <= wide[2]


def _pieces(span: Span, others: Iterable[Span]) -> Iterator[Span]:
    """A span cut where others begin and end in it: each piece is in another one whole, or not at all."""
    name, low, high = span
    ends = {end for other in others if other[0] == name for end in (other[1], other[2] + 1) if low < end <= high}
    cuts = [low, *sorted(ends), high + 1]
    yield from ((name, start, end - 1) for start, end in itertools.pairwise(cuts))


@attrs.frozen(eq=False)
class Application:
    """An application, read once.

    Attributes:
        block: As the stack says it.
        nets: Its prefixes.
        spans: What it is spoken in; one that does not say it may be spoken in anything.
        by_name: It has host names too, which resolve to any address.
    """

    block: Block
    nets: list[Net]
    spans: list[Span]
    by_name: bool

    @classmethod
    def of(cls, block: Block) -> "Application":
        values = block.values
        return cls(block, prefixes(values), spans(listed(values, "protocols")), bool(values.get("hostnames")))

    def takes(self, span: Span) -> bool:
        """True if all of a span is in one of its own; one that says no protocols is not known to take any."""
        said = bool(self.block.values.get("protocols"))
        return said and any(one == ANY or _holds(one, span) for one in self.spans)


@attrs.frozen(eq=False)
class Policy:
    """A policy with what it names, each once, by address; and its place among others."""

    number: int
    block: Block
    networks: dict[str, Block]
    applications: dict[str, Application]


class Earlier:
    """The policies of one network that were looked at so far, by what they may take.

    Threads: one; made for one look at the policies of an owner.
    """

    def __init__(self) -> None:
        self._policies: dict[int, Policy] = {}
        self._own: dict[str, set[int]] = {}
        self._exact: dict[Place, set[int]] = {}
        self._below: dict[Place, set[int]] = {}

    def add(self, policy: Policy) -> None:
        """One more."""
        self._policies[policy.number] = policy
        for address, application in policy.applications.items():
            self._own.setdefault(address, set()).add(policy.number)
            for net in application.nets:
                self._exact.setdefault(_place(net, net.prefixlen), set()).add(policy.number)
                for length in range(net.prefixlen):
                    self._below.setdefault(_place(net, length), set()).add(policy.number)

    def about(self, application: Application) -> list[Policy]:
        """Those that have the same application, the whole internet, or a prefix around or inside one of its own."""
        found = set(self._own.get(application.block.address, ()))
        for version in (4, 6):
            found |= self._exact.get((version, 0, 0), set())
        for net in application.nets:
            for length in range(net.prefixlen + 1):
                found |= self._exact.get(_place(net, length), set())
            found |= self._below.get(_place(net, net.prefixlen), set())
        return [self._policies[number] for number in sorted(found)]


Place = tuple[int, int, int]
"""Version, length and leading bits of a prefix."""


def _place(net: Net, length: int) -> Place:
    return net.version, length, int(net.network_address) >> (net.max_prefixlen - length)


@registry.validate("HA107", "warning", "No earlier policy takes what a later one is for",
              why="Policies are evaluated top to bottom: what an earlier one matches never comes to the later one. "
                  "That goes for a whole policy, and for one of its networks or applications.",
              source="POL, MISTLAB", types=("policy",))  # fmt: skip
def shadowed(design: DesignIndex) -> Iterator[Found]:
    read: dict[str, Application] = {}
    for owner in filter(in_order, design.owners):
        earlier: dict[str, Earlier] = {}
        for number, block in enumerate(owner.policies):
            later = _policy(design, number, block, read)
            told = _told(earlier, later) if later.networks and later.applications else ()
            for said, first in told:
                if decides_something(design.stack, owner.block.address, str(block.name)):
                    break  # where the narrowest counts it does: HA114 tells what differs
                yield Found(
                    address=later.block.address,
                    message=f"{later.block.label} {said}",
                    location=str(later.block.location),
                    hint=f"put it before {first.block.label}",
                )
            for network in later.networks:
                earlier.setdefault(network, Earlier()).add(later)


def _policy(design: DesignIndex, number: int, block: Block, read: dict[str, Application]) -> Policy:
    applications: dict[str, Application] = {}
    for one in design.each(block, "applications"):
        if one.address not in read:
            read[one.address] = Application.of(one)
        applications[one.address] = read[one.address]
    return Policy(number, block, {one.address: one for one in design.each(block, "networks")}, applications)


def in_order(owner: Owner) -> bool:
    """True if the policies of an owner are looked at one after the other: on a conductor the narrowest is taken."""
    return owner.block.provider.partition(".")[0] != "ssr"


def _told(earlier: Mapping[str, Earlier], later: Policy) -> Iterator[tuple[str, Policy]]:
    """What is taken from a policy, in words, and the first that takes of it."""
    taking = {
        (network, application): takers(earlier[network].about(one) if network in earlier else [], one)
        for network in later.networks
        for application, one in later.applications.items()
    }
    if all(taking.values()):
        who = _each(taking.values())
        yield f"can never match; {_come_first(who)}", who[0]
        return
    rows = {block.label: [taking[network, one] for one in later.applications]
            for network, block in later.networks.items()}  # fmt: skip
    columns = {one.block.label: [taking[network, application] for network in later.networks]
               for application, one in later.applications.items()}  # fmt: skip
    for label, cells in (*rows.items(), *columns.items()):
        if all(cells):
            who = _each(cells)
            yield f"can never match for {label}; {_come_first(who)}", who[0]


def _each(cells: Iterable[Sequence[Policy]]) -> list[Policy]:
    """The policies that take something, in their order."""
    taking = {one.number: one for cell in cells for one in cell}
    return [taking[number] for number in sorted(taking)]


def _come_first(who: Sequence[Policy]) -> str:
    names = [one.block.label for one in who]
    if len(names) == 1:
        return f"{names[0]} comes first"
    return f"{', '.join(names[:-1])} and {names[-1]} come first and take all of it"


def takers(earlier: Sequence[Policy], application: Application) -> list[Policy]:
    """The earlier policies of a network that take all it sends to an application: one that does, else several."""
    whole = next((one for one in earlier if any(_wider(o, application) for o in one.applications.values())), None)
    if whole is not None:
        return [whole]
    wanted = [] if application.by_name else application.nets
    taking = [(one, [o for o in one.applications.values() if _takes_of(o, application, wanted)]) for one in earlier]
    together = [o for _, applications in taking for o in applications]
    said = [span for o in together for span in o.spans]
    pieces = (piece for span in application.spans for piece in _pieces(span, said))
    taken = bool(wanted and together) and all(_all_inside(wanted, _nets_for(together, piece)) for piece in pieces)
    return [one for one, applications in taking if applications] if taken else []


def _takes_of(one: Application, other: Application, wanted: Iterable[Net]) -> bool:
    """True if an application is for a part of what another is for."""
    ports = any(mine == ANY or _meet(mine, span) for mine in one.spans for span in other.spans)
    return ports and not one.by_name and any(_touch(net, want) for net in one.nets for want in wanted)


def _meet(one: Span, other: Span) -> bool:
    return one[0] == other[0] and one[1] <= other[2] and other[1] <= one[2]


def _nets_for(applications: Iterable[Application], span: Span) -> list[Net]:
    """The prefixes of the applications that take all of a span."""
    return [net for one in applications if one.takes(span) for net in one.nets]


def _all_inside(nets: Iterable[Net], others: Sequence[Net]) -> bool:
    return all(_inside(net, others) for net in nets)


def _wider(one: Application, other: Application) -> bool:
    """True if an application matches all that another does."""
    if one.block.address == other.block.address:
        return True
    mine = one.nets if all(map(one.takes, other.spans)) and not one.by_name else []
    theirs = other.nets
    if any(net.prefixlen == 0 for net in mine):
        return True
    # Host names, apps and URLs resolve to any address: only the whole internet is wider.
    return bool(mine and theirs) and not other.by_name and all(_inside(net, mine) for net in theirs)


def _touch(one: Net, other: Net) -> bool:
    return one.version == other.version and one.overlaps(other)


def _inside(net: Net, others: Sequence[Net]) -> bool:
    """True if a prefix is in one of these, or in several that lie side by side."""
    same: list[Tree] = [other for other in others if other.version == net.version]
    return any(net.subnet_of(other) for other in ipaddress.collapse_addresses(same))
