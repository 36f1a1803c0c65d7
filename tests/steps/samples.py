"""Blocks, stacks, rows, changes: small nouns for the tests of pure steps."""

from collections.abc import Iterable, Mapping
from typing import Any

from haplan.model.plan import Action, Change
from haplan.model.schema import TypeInfo
from haplan.model.stack import Block, Lifecycle, Location, Reference, Stack
from haplan.model.state import Row, State
from haplan.testing import Rule, Thing

TYPES: dict[str, TypeInfo] = {"mem_thing": Thing.haplan_type, "mem_rule": Rule.haplan_type}


def block(name: str, *needs: str, kind: str = "mem_thing", line: int = 1, **values: Any) -> Block:
    """A block ``mem_thing.<name>`` that refers to others by name."""
    references = tuple(Reference(f"mem_thing.{need}", "tags") for need in needs)
    place = Location("stack.py", line)
    return Block(
        address=f"{kind}.{name}",
        type=kind,
        label=name,
        name=name,
        owner="",
        provider="mem",
        values=values,
        extra={},
        references=references,
        lifecycle=Lifecycle(),
        location=place,
    )


def stack(*blocks: Block) -> Stack:
    return Stack(
        name="test", root="/", blocks={one.address: one for one in blocks}, providers={}, variables={}, outputs={}
    )


def row(name: str, *needs: str, **more: Any) -> Row:
    return Row(
        address=f"mem_thing.{name}",
        type="mem_thing",
        provider="mem",
        depends_on=tuple(f"mem_thing.{n}" for n in needs),
        **more,
    )


def state(*rows: Row, **more: Any) -> State:
    return State(rows={(one.address, one.deposed): one for one in rows}, **more)


def change(address: str, action: Action = Action.CREATE, **more: Any) -> Change:
    return Change(address=address, type="mem_thing", name=address, provider="mem", action=action, **more)


def names(addresses: Iterable[str]) -> list[str]:
    """Addresses by their labels."""
    return [address.rpartition(".")[2] for address in addresses]


def by_name(found: Mapping[str, Any]) -> dict[str, Any]:
    return {address.rpartition(".")[2]: value for address, value in found.items()}
