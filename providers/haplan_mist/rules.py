"""What can be said of a stack once the organisation was looked at."""

import difflib
from collections.abc import Iterator, Mapping

from haplan.plugin import Block, Finding, PlanView, Rule, Tree
from haplan_mist.translate import names

NAMED = "MIST001"
_BUILT_IN = {"application": frozenset({"any"}), "network": frozenset[str]()}
_TYPES = {"network": "network", "application": "application"}


def named(view: PlanView) -> Iterator[Finding]:
    """Names in vendor keys that neither the stack nor the organisation has."""
    every = view.stack.blocks.values() if view.stack is not None else ()
    blocks = [one for one in every if one.provider.partition(".")[0] == "mist"]
    for block in blocks:
        for one in names.of_values(block.type, block.wanted):
            known = _known(view, blocks, block, one.kind)
            if known is not None and not {one.name, one.name.rpartition(".")[2]} & known:
                near = difflib.get_close_matches(one.name, sorted(known), 1)
                there = f"there are: {', '.join(sorted(known)[:9]) or 'none'}"
                hint = f"did you mean {near[0]}?" if near else there
                text = f"{one.where}: no {one.kind} {one.name!r} in the stack or the organisation"
                yield Finding.at(block, NAMED, text, hint=hint)


def _known(view: PlanView, blocks: list[Block], block: Block, kind: str) -> set[str] | None:
    """All names of a kind that a resource may use; None where the organisation was not asked."""
    facts: Mapping[str, Tree] = view.facts.get(block.address, {}).get("names") or {}
    if kind not in facts:
        return None
    home = next((one for one in blocks if one.address == block.owner), block)
    found = set(facts[kind]) | _BUILT_IN.get(kind, frozenset())
    if kind == "WAN":
        faces = (home.values.get("interfaces") or {}).items()
        return found | {str(name) for name, face in faces if face.get("usage") == "wan"}
    if kind == "routing policy":
        return found | set(home.extra.get("routing_policies") or {})
    return found | {str(one.name) for one in blocks if one.type == _TYPES.get(kind)}


RULES = (
    Rule(
        id=NAMED,
        severity="error",
        title="What vendor keys name is there, in the stack or in the organisation",
        why="The cloud takes any name; a device that gets one that is nothing refuses its configuration.",
        source="Mist API description",
        confidence="M",
        types=("hub_profile", "wan_edge_template", "policy", "steering", "site"),
        override="",
        moments=("P",),
        check=named,
    ),
)
