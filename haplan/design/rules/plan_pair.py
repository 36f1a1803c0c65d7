"""Pairs against the inventory, at plan: HA003 and HA006 to HA011 with what the backend says of the devices."""

from collections.abc import Iterator, Mapping
from typing import Any

from haplan.design.clusters import in_order, refreshes
from haplan.design.rules.pair import registry
from haplan.design.rules.registry import Found, Registry
from haplan.plugin import Action, Change, PlanView, Severity, Tree, parse_address


def clusters(view: PlanView, *actions: Action) -> Iterator[tuple[Change, Mapping[str, Tree]]]:
    """Changing clusters, with the facts of each."""
    for change in view.changes:
        if change.type == "cluster" and change.action in actions:
            yield change, view.facts.get(change.address, {})


def label(change: Change) -> str:
    """How messages name a cluster."""
    return change.address.split("cluster.", 1)[-1]


def nodes(values: Mapping[str, Tree] | None) -> list[str]:
    """The MACs of a cluster's values."""
    found = (values or {}).get("nodes")
    return list(found) if isinstance(found, Mapping) else []


def said(values: Mapping[str, Tree] | None, name: str) -> str:
    """A text of a cluster's values; "" where there is none, or it is not known yet."""
    found = (values or {}).get(name)
    return found if isinstance(found, str) else ""


def called(view: PlanView, change: Change) -> set[str]:
    """What the site of a cluster is to be called, and what it is called until then."""
    sites = [view.seen[one] for one in change.depends_on if one in view.seen and parse_address(one).type == "site"]
    return {said(change.after, "site"), *(str(one.values.get("name")) for one in sites)}


def joining(change: Change) -> list[str]:
    """The devices that are to become members: all of a new pair, the new one of a living pair."""
    if change.action is Action.UPDATE:
        return [mac for mac in nodes(change.after) if mac not in nodes(change.before)]
    return nodes(change.after)


def members(change: Change, facts: Mapping[str, Tree]) -> dict[str, Mapping[str, Tree]]:
    """What is known of the devices that are to be in the pair."""
    known: Any = facts.get("nodes", {})
    return {mac: known[mac] for mac in nodes(change.after) if isinstance(known, Mapping) and mac in known}


Facts = Mapping[str, Tree]
"""What a backend tells of one resource."""


def living(view: PlanView) -> Iterator[tuple[str, str, Facts, str]]:
    """Each pair that is formed and stays as it is: address, label, facts, line in the stack."""
    forming = {
        change.address
        for change in view.changes
        if change.type == "cluster"
        and change.action is not Action.IMPORT  # what is taken in was formed by others
        and (joining(change) or change.action is Action.DELETE)
    }
    for address, facts in view.facts.items():
        if parse_address(address).type == "cluster" and facts.get("pair") and address not in forming:
            block = view.stack.blocks.get(address) if view.stack is not None else None
            yield address, parse_address(address).label, facts, str(block.location) if block is not None else ""


FORMING = (Action.CREATE, Action.REPLACE, Action.UPDATE)


def each_joining(view: PlanView) -> Iterator[tuple[Change, str, Mapping[str, Tree]]]:
    """Each device that is to join a pair and is in the inventory."""
    for change, facts in clusters(view, *FORMING):
        for mac, fact in members(change, facts).items():
            if mac in joining(change) and fact.get("known"):
                yield change, mac, fact


@registry.plan("HA003")
def one_model_really(view: PlanView) -> Iterator[Found]:
    for change, facts in clusters(view, *FORMING):
        boxes = {mac: str(fact["model"]) for mac, fact in members(change, facts).items() if fact.get("model")}
        models = list(dict.fromkeys(model.upper() for model in boxes.values()))
        if not joining(change) or not boxes:
            continue
        wanted, has = said(change.after, "model"), next(iter(boxes.values()))
        if len(models) > 1:
            words = ", ".join(f"{mac} is {model}" for mac, model in boxes.items())
            text = f"{label(change)}: node models differ ({words}); an HA pair must be two of the same model"
            yield Found(address=change.address, message=text, location=change.location)
        elif wanted and wanted.upper() != models[0]:
            who = f"{' and '.join(boxes)} {'are' if len(boxes) > 1 else 'is'} {has}"
            text = f"{label(change)}: {who}, the stack says {wanted}"
            hint = f'write model="{has}", with its ports, or take boxes of that model'
            yield Found(address=change.address, message=text, location=change.location, hint=hint)


def _formed_unequal(view: PlanView) -> Iterator[Found]:
    """Pairs that are formed and whose nodes run different software: an upgrade that was not brought to its end."""
    for address, name, facts, location in living(view):
        pair = [str(mac) for mac in facts.get("pair") or ()]
        known = facts.get("nodes") or {}
        found = {mac: str(known[mac]["firmware"]) for mac in pair if known.get(mac, {}).get("firmware")}
        if len(set(found.values())) > 1:
            words = ", ".join(f"{mac} {version}" for mac, version in found.items())
            text = f"{name}: its nodes run different firmware ({words})"
            hint = "bring both to one version before anything else changes there"
            yield Found(address=address, message=text, location=location, hint=hint, severity="warning")


@registry.plan(
    "HA006", "error", "Both nodes run the same firmware",
    why="Nodes of different software do not form a pair, or form one that does not fail over.", source="SEED, CCFORM",
    types=("cluster",),
)  # fmt: skip
def one_firmware(view: PlanView) -> Iterator[Found]:
    yield from _formed_unequal(view)
    for change, facts in clusters(view, *FORMING):
        found = {mac: str(fact["firmware"]) for mac, fact in members(change, facts).items() if fact.get("firmware")}
        if not joining(change) or not found:
            continue
        if len(set(found.values())) > 1:
            words = ", ".join(f"{mac} {version}" for mac, version in found.items())
            yield Found(
                address=change.address,
                message=f"{label(change)}: firmware differs ({words}); align before clustering",
                location=change.location,
            )
            continue
        wanted, has = said(change.after, "firmware"), next(iter(found.values()))
        if wanted and wanted != has:
            text = f"{label(change)}: expected firmware {wanted}, both nodes run {has}"
            yield Found(
                address=change.address,
                message=text,
                location=change.location,
                hint="haplan installs no firmware",
                severity="warning",
            )


@registry.plan("HA007", "error", "Both devices are onboarded in the organisation",
              why="What was never claimed cannot be assigned.",
              source="SEED", types=("cluster",))  # fmt: skip
def onboarded(view: PlanView) -> Iterator[Found]:
    for change, facts in clusters(view, *FORMING):
        for mac, fact in members(change, facts).items():
            if mac in joining(change) and not fact.get("known"):
                text = f"{mac} is not in the organisation inventory; claim or adopt it first"
                yield Found(address=change.address, message=text, location=change.location)


@registry.plan("HA008", "warning", "Both devices are connected before the pair is formed",
              why="A box that is off would leave a half-formed pair.", source="SEED (video)", confidence="M",
              types=("cluster",))  # fmt: skip
def connected(view: PlanView) -> Iterator[Found]:
    for change, mac, fact in each_joining(view):
        if fact.get("connected") is False:
            text = f"{mac} is not connected; clustering would leave a half-formed pair"
            # the old pair stands until the new boxes are there
            worse: Severity | None = "error" if refreshes(change.before, change.after) else None
            yield Found(
                address=change.address,
                message=text,
                location=change.location,
                hint="power it up and wait until it is connected",
                severity=worse,
            )


@registry.plan("HA009")
def in_site(view: PlanView) -> Iterator[Found]:
    for change, mac, fact in each_joining(view):
        site, wanted = str(fact.get("site") or ""), said(change.after, "site")
        if change.action is not Action.UPDATE and wanted and site and site not in called(view, change):
            text = f"{mac} is in site {site}, expected {wanted}; it would have to be moved first"
            yield Found(address=change.address, message=text, location=change.location)


@registry.plan("HA010")
def in_other_cluster(view: PlanView) -> Iterator[Found]:
    for change, facts in clusters(view, *FORMING):
        live = [str(mac) for mac in facts.get("pair", ())]
        if set(live) == set(nodes(change.after)) and live:
            if live != in_order(live):
                text = f"{label(change)}: the pair is already formed, with {live[0]} as node0 instead of {live[1]}"
                yield Found(
                    address=change.address,
                    message=text,
                    location=change.location,
                    hint="dissolve it, or check which box is cabled as node0",
                )
            continue
        own = {*nodes(change.before), *nodes(change.after)} if change.action is not Action.CREATE else set()
        for mac, fact in members(change, facts).items():
            cluster = str(fact.get("cluster") or "")
            if mac in joining(change) and cluster and cluster not in own:
                others = ", ".join(one for one in live if one != mac) or "another device"
                text = f"{mac} is already a member of cluster {cluster} with {others}"
                yield Found(
                    address=change.address, message=text, location=change.location, hint="dissolve that cluster first"
                )


@registry.plan("HA011")
def managed_really(view: PlanView) -> Iterator[Found]:
    for change, mac, fact in each_joining(view):
        if fact.get("managed") is False and change.provider.split(".")[0] == "mist":
            text = f"{mac} is not managed by Mist; configuration would never be delivered"
            yield Found(
                address=change.address,
                message=text,
                location=change.location,
                hint="switch management on for it in the inventory",
            )


__all__ = ["FORMING", "Registry", "clusters", "joining", "label", "members", "nodes", "said"]
