"""What the model of traffic finds in a stack: HA096, HA114; and which policies decide nothing, for HA107."""

from collections.abc import Iterator

import attrs

from haplan.design.rules.index import DesignIndex
from haplan.design.rules.registry import Found, Registry
from haplan.design.traffic.answer import Alike, likes
from haplan.design.traffic.explain import pictures
from haplan.design.traffic.universe import Cell
from haplan.design.traffic.words import application
from haplan.plugin import Stack

registry = Registry()


@attrs.frozen(kw_only=True)
class Difference:
    """Two policies that both match, of which each reading takes another; `to` is what they are for."""

    owner: str
    network: str
    order: str
    narrow: str
    to: str


@registry.validate(
    "HA114", "warning", "An SSR in the cloud does the same by both readings of its policies",
    why="One page of the vendor says that an SSR takes the policies in the order of the list, an older one that the "
        "most specific destination wins. Where the narrow policies stand first, both come to the same.",
    source="POL, MISTLAB", confidence="M", types=("policy",),
)  # fmt: skip
def readings(design: DesignIndex) -> Iterator[Found]:
    for one in design.stack.once(_differences):
        address = f"policy.{one.owner.partition('.')[2]}.{one.order}"
        block = design.resources.get(address)
        several = one.narrow == "ambiguous"
        other = "several are equally narrow" if several else f"{one.narrow} if the narrowest counts"
        hint = (
            "narrow one of those that are for the same destination"
            if several
            else f"put {one.narrow} above {one.order}, or take what {one.narrow} is for out of {one.order}"
        )
        yield Found(
            address=address,
            message=f"{one.network} → {one.to}: {one.order} decides if the order of the list counts, {other}",
            location=str(block.location) if block is not None else "",
            hint=hint,
        )


def _differences(stack: Stack) -> tuple[Difference, ...]:
    found: dict[tuple[str, str, str], Difference] = {}
    for alike in _all(stack):
        if alike.first.readings != ("order", "narrow"):
            continue
        for network in alike.first.networks:
            for cell in alike.universe.cells(alike.first):
                if cell.own != network:
                    one = _difference(alike, network, cell)
                    if one is not None:
                        found.setdefault((one.owner, one.order, one.narrow), one)
    return tuple(found.values())


def _difference(alike: Alike, network: str, cell: Cell) -> Difference | None:
    """What of a destination the readings see otherwise: another policy, and another thing that becomes of it."""
    order, narrow = (alike.decisions.chosen(network, cell, by).words for by in ("order", "narrow"))
    if order == narrow:
        return None
    by_order, by_narrow = (alike.decisions.fate(network, cell, by) for by in ("order", "narrow"))
    if (by_order.kind, by_order.way) == (by_narrow.kind, by_narrow.way) and by_narrow.kind != "unknown":
        return None
    named = order if narrow == "ambiguous" else narrow
    policy = next((one for one in alike.first.policies if one.name == named), None)
    if policy is None:  # neither reading is a policy's
        return None
    names = [alike.first.applications[name] for name in policy.applications if name in alike.first.applications]
    to = ", ".join(map(application, names))
    return Difference(owner=alike.first.owner, network=network, order=order, narrow=narrow, to=to)


@registry.validate(
    "HA096", "error", "A deny on SRX names no steering rule",
    why="Policies are looked at for a pair of zones, and steering says which: a deny that names a rule stands only "
        "towards the paths of that rule. What a later policy steers elsewhere passes.",
    source="ours", types=("policy",),
)  # fmt: skip
def denies(design: DesignIndex) -> Iterator[Found]:
    told: set[str] = set()
    for alike in _all(design.stack):
        if alike.first.family != "srx" or not any(not one.allow and one.steering for one in alike.first.policies):
            continue
        for network in alike.first.networks:
            for cell in alike.universe.cells(alike.first):
                found = _passes(design, alike, network, cell) if cell.own != network else None
                if found is not None and found.address not in told:
                    told.add(found.address)
                    yield found


def _passes(design: DesignIndex, alike: Alike, network: str, cell: Cell) -> Found | None:
    """The policy of the list denies it, and another lets it out."""
    policy = alike.decisions.chosen(network, cell, "order").policy
    if policy is None or policy.allow or not policy.steering:
        return None
    fate = alike.decisions.fate(network, cell, "order")
    if fate.kind != "way":
        return None
    rule = alike.first.steering.get(policy.steering)
    towards = ", ".join(path.name for path in rule.paths) if rule is not None else policy.steering
    names = [alike.first.applications[name] for name in policy.applications if name in alike.first.applications]
    to = ", ".join(map(application, names))
    block = design.resources.get(policy.address)
    return Found(
        address=policy.address,
        message=f"{policy.name} denies {to} only towards {towards}: {fate.policy} lets {network} out by {fate.words}",
        location=str(block.location) if block is not None else "",
        hint="leave steering= out of a deny: it stands towards all then",
    )


def _all(stack: Stack) -> tuple[Alike, ...]:
    """The pairs of a stack, those together that act alike: worked out once for all rules."""
    return stack.once(_alike)


def _alike(stack: Stack) -> tuple[Alike, ...]:
    return tuple(alike for one in stack.once(pictures) for alike in likes(one))


def decides_something(stack: Stack, owner: str, policy: str) -> bool:
    """True if a policy of an SSR in the cloud decides for some destination where the narrowest counts."""
    for alike in _all(stack):
        edge = alike.first
        if edge.owner != owner or "narrow" not in edge.readings:
            continue
        for network in edge.networks:
            for cell in alike.universe.cells(edge):
                if cell.own != network and alike.decisions.chosen(network, cell, "narrow").words == policy:
                    return True
    return False
