"""Traffic steering: HA085 to HA094."""

from collections.abc import Iterator, Mapping
from typing import Any

from haplan.design.paths import Endpoint, LocalPath, Path, TunnelPath, WanPath
from haplan.design.rules.index import DesignIndex, Owner, design_index, others_policies
from haplan.design.rules.overlay import endpoints_of
from haplan.design.rules.registry import Found, Registry
from haplan.plugin import Action, Block, PlanView, Tree

registry = Registry()
_TYPES = ("steering",)
_STRATEGIES = ("ordered", "weighted", "ecmp")


def each(design: DesignIndex) -> Iterator[tuple[Owner, Block, list[Path]]]:
    """Each steering rule with its paths."""
    for owner in design.owners:
        for block in owner.steerings:
            yield owner, block, paths_of(block)


def paths_of(block: Block) -> list[Path]:
    """The paths of a steering rule, as listed."""
    listed = getattr(block.object, "paths", ())
    return [path for path in listed if isinstance(path, Path)] if isinstance(listed, list | tuple) else []


def active(paths: list[Path]) -> list[Path]:
    """Those that are not disabled."""
    return [path for path in paths if path.disabled is not True]


@registry.validate(
    "HA085", "error", "Steering names are unique in a template, and each rule has at least one path",
    why="A rule without a path stops the traffic of every policy that uses it.", source="SEED, API", types=_TYPES,
)  # fmt: skip
def has_path(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        yield from twice(owner, owner.steerings, "steering rules")
    for _, block, paths in each(design):
        if not active(paths):
            yield Found(
                address=block.address,
                message=f"steering {block.label} has no path",
                location=str(block.location),
                hint="name a WAN or an endpoint",
            )


def twice(owner: Owner, blocks: tuple[Block, ...], what: str) -> Iterator[Found]:
    """Blocks of one remote name in one owner."""
    seen: dict[str, Block] = {}
    for block in blocks:
        first = seen.setdefault(str(block.name), block)
        if first is not block:
            text = f"{owner.label}: two {what} named {block.name}"
            yield Found(
                address=block.address,
                message=text,
                location=str(block.location),
                hint=f"the first is at {first.location.short}",
            )


@registry.validate(
    "HA086", "error", "Every path names a WAN, an endpoint, a LAN network or a tunnel that exists",
    why="A path to nowhere is no path: traffic takes the next one, or none.", source="SEED, API", types=_TYPES,
)  # fmt: skip
def existing_paths(design: DesignIndex) -> Iterator[Found]:
    for owner, block, paths in each(design):
        for path in paths:
            complaint = _complaint(design, owner, path)
            if complaint:
                yield Found(address=block.address, message=f"{block.label}: {complaint}", location=str(path.location))


def _complaint(design: DesignIndex, owner: Owner, path: Path) -> str:
    if isinstance(path, WanPath):
        wans = [face.name for face in owner.of("wan")]
        if str(path.owner.haplan_address) != owner.block.address:
            return f"path {path.title} is a WAN of {path.owner.label}, not of {owner.label}"
        return "" if path.name in wans else f"path {path.title} is not a WAN of {owner.label}; known: {_known(wans)}"
    if isinstance(path, Endpoint):
        known = design.hubs()
        if path.profile.haplan_data or path.title in known:
            return ""
        return f"path {path.title} is not a WAN of {owner.label} and not an overlay endpoint; known: {_known(known)}"
    if isinstance(path, LocalPath):
        lans = {name for face in owner.of("lan") for name in face.networks}
        strange = [str(one.haplan_name) for one in path.networks if str(one.haplan_name) not in lans]
        return f"{', '.join(strange)} is on no LAN of {owner.label}; known: {_known(sorted(lans))}" if strange else ""
    if isinstance(path, TunnelPath):
        tunnels: Any = owner.block.extra.get("tunnel_configs")
        good = owner.block.provider.split(".")[0] != "mist" or (isinstance(tunnels, dict) and path.name in tunnels)
        return "" if good else f"path {path.title} is not a tunnel of {owner.label}; declare it in extra"
    return ""


def _known(names: Any) -> str:
    return ", ".join(names) or "none"


@registry.validate(
    "HA087",
    "error",
    "Strategy is ordered, weighted or ecmp",
    why="No backend knows another.",
    source="SEED, API",
    types=_TYPES,
)
def strategies(design: DesignIndex) -> Iterator[Found]:
    for _, block, _ in each(design):
        strategy = block.values.get("strategy")
        if isinstance(strategy, str) and strategy not in _STRATEGIES:
            text = f"{block.label}: unknown strategy {strategy}"
            yield Found(
                address=block.address, message=text, location=str(block.location), hint="ordered, weighted or ecmp"
            )


@registry.validate(
    "HA088", "info", "In an ordered rule the first path is primary, the next is backup",
    why="Left to right is the order of use.", source="SEED", types=_TYPES,
)  # fmt: skip
def left_to_right(design: DesignIndex) -> Iterator[Found]:
    for _, block, paths in each(design):
        if block.values.get("strategy") == "ordered" and len(active(paths)) > 1:
            text = f"{block.label}: {' > '.join(path.title for path in active(paths))}"
            yield Found(address=block.address, message=text, location=str(block.location))


@registry.validate(
    "HA089", "warning", "ECMP and weighted rules have several paths",
    why="There is nothing to share over one path.", source="ours", types=_TYPES,
)  # fmt: skip
def several(design: DesignIndex) -> Iterator[Found]:
    for _, block, paths in each(design):
        strategy = block.values.get("strategy")
        if strategy in ("ecmp", "weighted") and len(active(paths)) == 1:
            yield Found(
                address=block.address,
                message=f"{block.label}: {strategy} with one path",
                location=str(block.location),
                hint='strategy="ordered"',
            )


@registry.validate(
    "HA090", "error", "Weighted paths each carry a cost",
    why="The share of a path is its cost.", source="API", confidence="M", types=_TYPES,
)  # fmt: skip
def costs(design: DesignIndex) -> Iterator[Found]:
    for _, block, paths in each(design):
        for path in paths if block.values.get("strategy") == "weighted" else ():
            if path.cost is None:
                text = f"{block.label}/{path.title}: cost missing"
                yield Found(address=block.address, message=text, location=str(path.location), hint="path(…, cost=10)")


@registry.validate(
    "HA091",
    "error",
    "A path is listed once per rule",
    why="The second time means nothing.",
    source="ours",
    types=_TYPES,
)
def once(design: DesignIndex) -> Iterator[Found]:
    for _, block, paths in each(design):
        seen: set[tuple[str, str]] = set()
        for path in paths:
            if (path.usage, path.title) in seen:
                yield Found(
                    address=block.address, message=f"{block.label}: {path.title} twice", location=str(path.location)
                )
            seen.add((path.usage, path.title))


@registry.validate(
    "HA092", "info", "A rule with a single WAN or overlay path has no failover",
    why="Said beside each policy that uses it, so that nobody finds out in an outage.", source="SEED",
    types=("policy", "steering"),
)  # fmt: skip
def no_failover(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for policy in owner.policies:
            if policy.values.get("action") == "deny":  # what stops is stopped whatever is down
                continue
            for steering in design.each(policy, "steering"):
                paths = active(paths_of(steering))
                if len(paths) == 1 and isinstance(paths[0], WanPath | Endpoint):
                    nodes = nodes_of(owner, paths[0])
                    where = f" ({', '.join(f'node{node}' for node in sorted(nodes))})" if nodes else ""
                    text = f"{policy.label}: traffic stops if {paths[0].title}{where} is down"
                    yield Found(address=policy.address, message=text, location=str(policy.location))


def nodes_of(owner: Owner, path: Path) -> set[int]:
    """The nodes a path leaves by."""
    if isinstance(path, WanPath):
        faces = [face for face in owner.of("wan") if face.name == path.name]
    else:
        faces = [face for face in owner.of("wan") if any(one.title == path.title for one in endpoints_of(face))]
    return {node for face in faces for node in owner.nodes_of(face)}


@registry.validate(
    "HA093", "warning", "Primary and backup of an ordered rule are on different nodes",
    why="Both are lost with that node.", source="SEED", types=_TYPES,
)  # fmt: skip
def different_nodes(design: DesignIndex) -> Iterator[Found]:
    for owner, block, paths in each(design):
        live = active(paths)
        if block.values.get("strategy") != "ordered" or len(live) < 2:
            continue
        first, second = nodes_of(owner, live[0]), nodes_of(owner, live[1])
        if len(first) == 1 and first == second:
            text = f"{block.label}: {live[0].title} and {live[1].title} are both on node{first.pop()}"
            yield Found(address=block.address, message=text, location=str(live[1].location))


@registry.validate(
    "HA094",
    "info",
    "A steering rule is used by a policy",
    why="Unused ones are left-overs.",
    source="ours",
    types=_TYPES,
    anew=True,
)
def used(design: DesignIndex) -> Iterator[Found]:
    yield from _unused(design, {})


@registry.plan("HA094")
def used_really(view: PlanView) -> Iterator[Found]:
    if view.stack is not None:
        yield from _unused(design_index(view.stack), view.facts)


def _unused(design: DesignIndex, facts: Mapping[str, Mapping[str, Tree]]) -> Iterator[Found]:
    for owner in design.owners:
        users = {block.address for policy in owner.policies for block in design.each(policy, "steering")}
        named = {str(policy.get("steering")) for policy in others_policies(owner, facts)}
        for block in owner.steerings:
            if block.address not in users and str(block.name) not in named:
                yield Found(address=block.address, message=f"{block.label} is unused", location=str(block.location))


@registry.plan(
    "HA095",
    "warning",
    "A changed path order or strategy changes live traffic",
    why="Sessions move to another circuit as soon as it is written.",
    source="SEED",
    types=_TYPES,
)
def traffic_moves(view: PlanView) -> Iterator[Found]:
    for change in view.changes:
        if change.type != "steering" or change.action is not Action.UPDATE:
            continue
        before, after = (_in_words(values) for values in (change.before, change.after))
        if before and after and before != after:
            yield Found(
                address=change.address,
                message=f"{change.name}: traffic moves from {before} to {after}",
                location=change.location,
            )


def _in_words(values: Tree) -> str:
    """``wan0 > wan1`` for an ordered rule, ``ecmp of wan0, wan1`` for a set."""
    values = values or {}
    paths = values.get("paths")
    names = [str(path.get("name", path.get("networks"))) for path in paths if isinstance(path, dict)] if paths else []
    strategy = values.get("strategy")
    if strategy == "ordered":
        return " > ".join(names)
    return f"{strategy} of {', '.join(sorted(names))}" if names else ""
