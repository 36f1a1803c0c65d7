"""Policies that never come to their turn, wholly or for a part of what they name: HA107."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from haplan.design.rules.index import DesignIndex, Owner
from haplan.design.rules.policy import Net, listed, prefixes
from haplan.design.rules.registry import Found, Registry
from haplan.plugin import Block, Tree

registry = Registry()


@attrs.frozen(eq=False)
class Application:
    """An application, read once.

    Attributes:
        block: As the stack says it.
        nets: Its prefixes.
        protocols: What it is spoken in.
        by_name: It has host names too, which resolve to any address.
    """

    block: Block
    nets: list[Net]
    protocols: frozenset[str]
    by_name: bool

    @classmethod
    def of(cls, block: Block) -> "Application":
        values = block.values
        return cls(block, prefixes(values), frozenset(listed(values, "protocols")), bool(values.get("hostnames")))


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
            for said, first in _told(earlier, later) if later.networks and later.applications else ():
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
    takers = {
        (network, application): _takers(earlier[network].about(one) if network in earlier else [], one)
        for network in later.networks
        for application, one in later.applications.items()
    }
    if all(takers.values()):
        who = _each(takers.values())
        yield f"can never match; {_come_first(who)}", who[0]
        return
    rows = {block.label: [takers[network, one] for one in later.applications]
            for network, block in later.networks.items()}  # fmt: skip
    columns = {one.block.label: [takers[network, application] for network in later.networks]
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


def _takers(earlier: Sequence[Policy], application: Application) -> list[Policy]:
    """The earlier policies of a network that take all it sends to an application: one that does, else several."""
    whole = next((one for one in earlier if any(_wider(o, application) for o in one.applications.values())), None)
    if whole is not None:
        return [whole]
    wanted = [] if application.by_name else application.nets
    taking = [(one, [net for o in one.applications.values() for net in _nets_for(o, application)]) for one in earlier]
    parts = [(one, nets) for one, nets in taking if any(_touch(net, want) for net in nets for want in wanted)]
    together = [net for _, nets in parts for net in nets]
    return [one for one, _ in parts] if wanted and all(_inside(want, together) for want in wanted) else []


def _nets_for(one: Application, other: Application) -> list[Net]:
    """The prefixes of an application, if it takes all the protocols of another."""
    takes = "any" in one.protocols or bool(other.protocols and other.protocols <= one.protocols)
    return one.nets if takes and not one.by_name else []


def _wider(one: Application, other: Application) -> bool:
    """True if an application matches all that another does."""
    if one.block.address == other.block.address:
        return True
    mine, theirs = _nets_for(one, other), other.nets
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
