"""Pairs whose nodes run two releases, and releases that are not reached, at plan: HA146, HA148, HA149."""

from collections.abc import Iterator, Mapping

from haplan.design import catalogue
from haplan.design.rules.plan_pair import Facts, clusters, living, said
from haplan.design.rules.registry import Found, Registry
from haplan.plugin import Action, PlanView, Tree, is_mapping

registry = Registry()
_CLUSTER = ("cluster",)
REACHING = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)
IN_BAND = frozenset({"SRX300", "SRX320", "SRX340", "SRX345", "SRX380"})
"""Models that upgrade both nodes in band (Juniper: in-band cluster upgrade)."""
NOT_IN_BAND = "24.4R1"
"""The release that those do not reach so."""


@registry.plan(
    "HA146", "error", "No configuration change while the nodes run different firmware",
    why="The upgrade is not at its end: what is written reaches two releases that may understand it differently, and "
        "neither node can stand in for the other.",
    source="SSRDOC", types=(),
)  # fmt: skip
def mixed(view: PlanView) -> Iterator[Found]:
    unequal = [(address, name, found, _sites(view, address, facts)) for address, name, facts, found in _unequal(view)]
    for change in view.changes if unequal else ():
        if change.action not in REACHING or change.impact.kind == "none":
            continue
        for address, name, found, sites in unequal:
            if change.address == address or sites & set(change.sites):
                text = f"this reaches {name}: mixed firmware ({_words(found)}); finish the upgrade first"
                hint = "or leave it out of this plan with --exclude"
                yield Found(address=change.address, message=text, location=change.location, hint=hint)


@registry.plan(
    "HA148", "warning", "SRX nodes of two releases are brought together by a procedure of their model",
    why="Nodes of two releases must not talk over control and fabric link: an upgrade takes the way that is made for "
        "it, or the pair splits.",
    source="KB17947", types=_CLUSTER,
)  # fmt: skip
def method(view: PlanView) -> Iterator[Found]:
    for address, name, facts, _ in _unequal(view):
        model = _model(view, address, facts)
        if catalogue.family(model) == "srx":
            text = f"{name}: {_method(model)} required to bring its nodes to one release"
            yield Found(address=address, message=text, location=_line(view, address))


@registry.plan(
    "HA149", "error", "A release is one that the model can be brought to",
    why="The small SRX are not upgraded to 24.4R1 in band: who tries stands with two nodes of two releases.",
    source="ICU", types=_CLUSTER,
)  # fmt: skip
def reachable(view: PlanView) -> Iterator[Found]:
    for change, facts in clusters(view, Action.CREATE, Action.UPDATE, Action.REPLACE):
        wanted, runs = said(change.after, "firmware"), set(_versions(facts).values())
        model = _model(view, change.address, facts) or said(change.after, "model")
        if wanted.startswith(NOT_IN_BAND) and runs - {wanted} and model.upper() in IN_BAND:
            text = f"ICU cannot reach {NOT_IN_BAND} on {model}; use the manual procedure"
            # haplan installs nothing: a person is told before, and what is planned here does no harm.
            yield Found(address=change.address, message=text, location=change.location, severity="warning")


def _unequal(view: PlanView) -> Iterator[tuple[str, str, Facts, Mapping[str, str]]]:
    """The pairs that stay as they are and whose nodes run different releases: address, label, facts, MAC → release."""
    for address, name, facts, _ in living(view):
        found = _versions(facts)
        if len(set(found.values())) > 1:
            yield address, name, facts, found


def _versions(facts: Facts) -> dict[str, str]:
    """Release of each node of a formed pair, in order, as far as it is told."""
    known = facts.get("nodes")
    nodes: Mapping[str, Tree] = known if is_mapping(known) else {}
    macs = [str(mac) for mac in facts.get("pair") or ()]
    return {mac: str(nodes[mac]["firmware"]) for mac in macs if (nodes.get(mac) or {}).get("firmware")}


def _words(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{mac} {version}" for mac, version in versions.items())


def _sites(view: PlanView, address: str, facts: Facts) -> set[str]:
    """The site of a pair, as the backend calls it."""
    row, nodes = view.state.row(address), facts.get("nodes")
    told = {str(one.get("site") or "") for one in nodes.values()} if is_mapping(nodes) else set()
    return (told | {str(row.values.get("site") or "")} if row is not None else told) - {""}


def _model(view: PlanView, address: str, facts: Facts) -> str:
    row, nodes = view.state.row(address), facts.get("nodes")
    told = [str(one.get("model") or "") for one in nodes.values()] if is_mapping(nodes) else []
    return next(filter(None, told), str(row.values.get("model") or "") if row is not None else "")


def _line(view: PlanView, address: str) -> str:
    block = view.stack.blocks.get(address) if view.stack is not None else None
    return str(block.location) if block is not None else ""


def _method(model: str) -> str:
    if model.upper() in IN_BAND:
        return "the in-band cluster upgrade (ICU), or the minimal-downtime procedure,"
    return "ISSU where the release has it, or the minimal-downtime procedure,"


__all__ = ["registry"]
