"""Policies that never come to their turn, wholly or for a part of what they name: HA107."""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence

import attrs

from haplan.design.rules.index import DesignIndex, Owner
from haplan.design.rules.policy import Net, listed, prefixes
from haplan.design.rules.registry import Found, Registry
from haplan.plugin import Block, Tree

registry = Registry()


@attrs.frozen(eq=False)
class Policy:
    """A policy with what it names, each once, by address."""

    block: Block
    networks: dict[str, Block]
    applications: dict[str, Block]

    @classmethod
    def of(cls, design: DesignIndex, block: Block) -> "Policy":
        networks, applications = design.each(block, "networks"), design.each(block, "applications")
        return cls(block, {one.address: one for one in networks}, {one.address: one for one in applications})


@registry.validate("HA107", "warning", "No earlier policy takes what a later one is for",
              why="Policies are evaluated top to bottom: what an earlier one matches never comes to the later one. "
                  "That goes for a whole policy, and for one of its networks or applications.",
              source="POL, MISTLAB", types=("policy",))  # fmt: skip
def shadowed(design: DesignIndex) -> Iterator[Found]:
    for owner in filter(in_order, design.owners):
        policies = [Policy.of(design, block) for block in owner.policies]
        for index, later in enumerate(policies):
            for said, first in _told(policies[:index], later) if later.networks and later.applications else ():
                yield Found(
                    address=later.block.address,
                    message=f"{later.block.label} {said}",
                    location=str(later.block.location),
                    hint=f"put it before {first.block.label}",
                )


def in_order(owner: Owner) -> bool:
    """True if the policies of an owner are looked at one after the other: on a conductor the narrowest is taken."""
    return owner.block.provider.partition(".")[0] != "ssr"


def _told(earlier: Sequence[Policy], later: Policy) -> Iterator[tuple[str, Policy]]:
    """What is taken from a policy, in words, and the first that takes of it."""
    takers = {
        (network, application): _takers(earlier, network, one)
        for network in later.networks
        for application, one in later.applications.items()
    }
    if all(takers.values()):
        who = _each(earlier, takers.values())
        yield f"can never match; {_come_first(who)}", who[0]
        return
    rows = {block.label: [takers[network, one] for one in later.applications]
            for network, block in later.networks.items()}  # fmt: skip
    columns = {block.label: [takers[one, application] for one in later.networks]
               for application, block in later.applications.items()}  # fmt: skip
    for label, cells in (*rows.items(), *columns.items()):
        if all(cells):
            who = _each(earlier, cells)
            yield f"can never match for {label}; {_come_first(who)}", who[0]


def _each(earlier: Sequence[Policy], cells: Iterable[Sequence[Policy]]) -> list[Policy]:
    """The policies that take something, in their order."""
    taking = {id(one) for cell in cells for one in cell}
    return [one for one in earlier if id(one) in taking]


def _come_first(who: Sequence[Policy]) -> str:
    names = [one.block.label for one in who]
    if len(names) == 1:
        return f"{names[0]} comes first"
    return f"{', '.join(names[:-1])} and {names[-1]} come first and take all of it"


def _takers(earlier: Sequence[Policy], network: str, application: Block) -> list[Policy]:
    """The earlier policies that take all that a network sends to an application: one that does, else several."""
    mine = [one for one in earlier if network in one.networks]
    whole = next((one for one in mine if any(_wider(o, application) for o in one.applications.values())), None)
    if whole is not None:
        return [whole]
    wanted = [] if application.values.get("hostnames") else prefixes(application.values)
    taking = [(one, [net for o in one.applications.values() for net in _nets_for(o, application)]) for one in mine]
    parts = [(one, nets) for one, nets in taking if any(_touch(net, want) for net in nets for want in wanted)]
    together = [net for _, nets in parts for net in nets]
    return [one for one, _ in parts] if wanted and all(_inside(want, together) for want in wanted) else []


def _nets_for(one: Block, other: Block) -> list[Net]:
    """The prefixes of an application, if it takes all the protocols of another."""
    protocols, wanted = set(listed(one.values, "protocols")), set(listed(other.values, "protocols"))
    takes = "any" in protocols or bool(wanted and wanted <= protocols)
    return prefixes(one.values) if takes and not one.values.get("hostnames") else []


def _wider(one: Block, other: Block) -> bool:
    """True if an application matches all that another does."""
    if one.address == other.address:
        return True
    mine, theirs = _nets_for(one, other), prefixes(other.values)
    if any(net.prefixlen == 0 for net in mine):
        return True
    # Host names, apps and URLs resolve to any address: only the whole internet is wider.
    return bool(mine and theirs) and not other.values.get("hostnames") and all(_inside(net, mine) for net in theirs)


def _touch(one: Net, other: Net) -> bool:
    return one.version == other.version and one.overlaps(other)


def _inside(net: Net, others: Sequence[Net]) -> bool:
    """True if a prefix is in one of these, or in several that lie side by side."""
    same: list[Tree] = [other for other in others if other.version == net.version]
    return any(net.subnet_of(other) for other in ipaddress.collapse_addresses(same))
