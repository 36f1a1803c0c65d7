"""What can be said of a stack once the organisation was looked at."""

import difflib
from collections.abc import Iterable, Iterator, Mapping

from haplan.plugin import Block, Finding, PlanView, Rule, Tree, ValidateView
from haplan_mist.translate import device, names

NAMED, HIDDEN = "MIST001", "MIST002"
_BUILT_IN = {"application": frozenset({"any"}), "network": frozenset[str]()}
_CARRIED = {"wan_edge_template": "the template", "hub_profile": "the hub profile"}
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
    home = next((one for one in blocks if one.address == block.owner), _carried(blocks, block) or block)
    found = set(facts[kind]) | _BUILT_IN.get(kind, frozenset())
    if kind == "WAN":
        faces = (home.values.get("interfaces") or {}).items()
        return found | {str(name) for name, face in faces if face.get("usage") == "wan"}
    if kind == "routing policy":
        return found | {one for block in (home, block) for one in block.extra.get("routing_policies") or {}}
    return found | {str(one.name) for one in blocks if one.type == _TYPES.get(kind)}


def _carried(blocks: Iterable[Block], cluster: Block) -> Block | None:
    """The template or profile of a pair, where the stack makes it."""
    named = {one.address for one in cluster.references}
    return next((one for one in blocks if one.address in named and one.type in _CARRIED and not one.data), None)


def hidden(view: ValidateView) -> Iterator[Finding]:
    """Vendor keys of a pair that take the place of what its template or profile says."""
    for block in view.of("cluster"):
        mine = block.extra if block.provider.partition(".")[0] == "mist" else {}
        home = _carried(view.stack.blocks.values(), block) if mine else None
        for place, said in device.said_twice(mine, home.values, home.extra) if home is not None else ():
            assert home is not None  # the loop is over what it says
            text = f"extra mist.{place}: {_CARRIED[home.type]} {home.name} says this with {said}"
            hint = "say it there, with {{VARIABLE}} where pairs differ: what a device has hides what is said there"
            yield Finding.at(block, HIDDEN, text, hint=hint)


RULES = (
    Rule(
        id=HIDDEN,
        severity="error",
        title="The vendor keys of a pair hide nothing that its template or profile says",
        why="What is set on a device takes the place of what its template says: the stack would say one thing twice, "
        "and the design rules look at the one that has no effect.",
        source="Mist API documentation, precedence of configuration",
        confidence="M",
        types=("cluster",),
        override="",
        moments=("V",),
        check=hidden,
    ),
    Rule(
        id=NAMED,
        severity="error",
        title="What vendor keys name is there, in the stack or in the organisation",
        why="The cloud takes any name; a device that gets one that is nothing refuses its configuration.",
        source="Mist API description",
        confidence="M",
        types=("hub_profile", "wan_edge_template", "policy", "steering", "site", "cluster"),
        override="",
        moments=("P",),
        check=named,
    ),
)
