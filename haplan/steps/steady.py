"""Steady: a stack that is loaded twice wants the same twice, else no plan says what the next one will. Pure."""

from collections.abc import Iterator

from haplan.model.finding import Finding
from haplan.model.stack import Block, Stack
from haplan.model.value import encode

RULE = "UNSTEADY"


def unsteady(first: Stack, second: Stack) -> tuple[Finding, ...]:
    """A warning for each resource and output that was not the same when the stack was loaded again."""
    found = []
    for address in dict.fromkeys([*first.blocks, *second.blocks]):
        one, other = first.blocks.get(address), second.blocks.get(address)
        there = one or other
        if one is None or other is None:
            found.append(_finding(address, "is in the stack at one load and not at the next", there))
        elif names := ", ".join(_differing(one, other)):
            found.append(_finding(address, f"{names}: another value at each load", there))
    for name in dict.fromkeys([*first.outputs, *second.outputs]):
        sides = [encode(stack.outputs[name].value) if name in stack.outputs else None for stack in (first, second)]
        if sides[0] != sides[1]:
            found.append(_finding("", f"output {name}: another value at each load", None))
    return tuple(found)


def _differing(one: Block, other: Block) -> Iterator[str]:
    if encode(one.name) != encode(other.name):
        yield "name"
    for part in ("values", "extra"):
        sides = [encode(dict(getattr(block, part))) for block in (one, other)]
        yield from (name for name in sorted({*sides[0], *sides[1]}) if sides[0].get(name) != sides[1].get(name))


def _finding(address: str, text: str, block: Block | None) -> Finding:
    return Finding(
        rule=RULE,
        severity="warning",
        address=address,
        message=f"{text}; the stack reads the clock, chance, or something else that changes",
        location=str(block.location) if block is not None else "",
        hint="write the value down, or give it as a variable()",
    )
