"""What is applied while it is killed: thirty new resources, and then everything that can happen to them at once."""

from collections.abc import Mapping

import attrs

from tests.mixed import mixed

GROUPS = mixed(8)
"""In the order of the stack, each waiting for the one before."""


@attrs.frozen
class Chapter:
    """One apply.

    Attributes:
        before: The stack that was applied before, or "".
        text: The stack.
        wanted: Name → size of all that is to be there in the end.
        order: Names of the rules, in order.
        seconds: Document → seconds until a write of it has settled.
    """

    before: str
    text: str
    wanted: Mapping[str, int | None]
    order: list[str]
    seconds: Mapping[str, float] = {f"group:g{GROUPS[place]}": 90.0 for place in (1, 4)}


def _stack(sizes: Mapping[str, int | None], rules: list[str], zone: str, model: str) -> str:
    """Groups of things: a group is a document, and waits for the one before. Rules; and two that get replaced."""
    lines = ["made = {}"]
    for name, size in sizes.items():
        if not name.startswith("t"):
            continue
        group = int(name[1])
        place = GROUPS.index(group)
        tags = f', tags={{"of": made["t{GROUPS[place - 1]}a"].id}}' if name.endswith("a") and place else ""
        lines.append(f'made["{name}"] = Thing("{name}", size={size}, group="g{group}"{tags})')
    lines.append(f'z = Thing("zoned", size=1, zone="{zone}")')
    lines.append(f'm = Thing("modelled", name="modelled-{model}", size=1, model="{model}")')
    lines.append('Thing("user", size=1, tags={"of": m.id, "and": z.id}, also=["group:g2"])')
    lines += [f'Rule("{rule}", thing=made["t{GROUPS[0]}a"])' for rule in rules]
    return "\n".join(lines) + "\n"


_NEW: dict[str, int | None] = {f"t{group}{letter}": 1 for group in GROUPS for letter in "bca"}
_ONES: dict[str, int | None] = {"zoned": 1, "user": 1}
_RULES = ["r1", "r2", "r3"]

_LATER = {name: 2 if name.endswith("b") else size for name, size in _NEW.items() if not name.endswith("c")}
_LATER |= {f"t{group}d": 3 for group in GROUPS}
_TURNED = ["r3", "r1", "r4"]

CHAPTERS = {
    "new": Chapter(
        "", _stack(_NEW, _RULES, "x", "x"), {**_NEW, **_ONES, "modelled-x": 1, **dict.fromkeys(_RULES)}, _RULES
    ),
    "changed": Chapter(
        _stack(_NEW, _RULES, "x", "x"),
        _stack(_LATER, _TURNED, "y", "y"),
        {**_LATER, **_ONES, "modelled-y": 1, **dict.fromkeys(_TURNED)},
        _TURNED,
    ),
}
