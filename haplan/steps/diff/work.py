"""What a diff works with: what it compares, and what it has found so far. How a change of a block begins."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import attrs

from haplan.contracts import Seen, called
from haplan.model import value as model
from haplan.model.command_line import CommandLine
from haplan.model.finding import Finding
from haplan.model.identity import ById, Names
from haplan.model.plan import Action, Change
from haplan.model.reason import Reason
from haplan.model.schema import TypeInfo
from haplan.model.selection import Selection
from haplan.model.stack import Block, Stack
from haplan.model.state import Row, State
from haplan.model.unfinished import in_several
from haplan.model.value import Tree


def _pending(work: "Work") -> frozenset[str]:
    return work.state.unsettled()


def _names(work: "Work") -> Names:
    return Names(stack=work.stack, state=work.state, live=called(work.seen))


@attrs.define(kw_only=True)
class Work:
    """One diff under way: what is compared, then what was found so far.

    Threads: one; made for one comparison.

    Attributes:
        seen: From refresh.
        fingerprint: Resolves a secret and gives it back with its fingerprint, or unchanged where it cannot.
        read: Address → name under which data sources were read whose name was not known before.
        by_id: Provider key → type → attributes that hold another resource by its id.
        estates: Provider key → id of the estate that it reaches.
        command: How people call haplan here.
        there: Changes of what is there and not in state, with the attributes that are otherwise.
        objects: Those that state has, as `haplan.steps.diff.one_address` tells them apart; once it was asked.
        readable, known, findings, unchanged, same: As in what the diff gives.
        changes: By address, of what the stack has.
        pending: Addresses that a run which died left unsettled.
        names: How resources are called.
    """

    stack: Stack
    state: State
    seen: Mapping[str, Seen]
    types: Mapping[str, TypeInfo]
    selection: Selection
    fingerprint: Callable[[model.Secret], model.Secret]
    read: Mapping[str, str] = attrs.field(factory=dict)
    by_id: Mapping[str, ById] = attrs.field(factory=dict)
    estates: Mapping[str, str] = attrs.field(factory=dict)
    command: CommandLine = CommandLine()
    there: list[tuple[Change, tuple[str, ...]]] = attrs.field(factory=list)
    objects: dict[Any, list[tuple[str, str]]] = attrs.field(factory=dict)
    readable: dict[str, str] = attrs.field(factory=dict)
    known: dict[str, dict[str, Tree]] = attrs.field(factory=dict)
    findings: list[Finding] = attrs.field(factory=list)
    unchanged: int = 0
    same: dict[str, Change] = attrs.field(factory=dict)
    changes: dict[str, Change] = attrs.field(factory=dict)
    pending: frozenset[str] = attrs.field(init=False, default=attrs.Factory(_pending, takes_self=True))
    names: Names = attrs.field(init=False, default=attrs.Factory(_names, takes_self=True))

    @cached_property
    def leaf(self) -> Callable[[Tree], Tree]:
        """What stands in a stack in place of a value, as far as it is known now."""
        known = model.known_leaf(self.known)

        def leaf(tree: Tree) -> Tree:
            found = known(tree)
            return self.fingerprint(found) if isinstance(found, model.Secret) else found

        return leaf

    @cached_property
    def several(self) -> frozenset[str]:
        """Addresses that stand in more than one place; few diffs ask."""
        return in_several(self.state)

    def know(
        self,
        address: str,
        recorded: Mapping[str, Tree],
        seen: Seen | None,
        after: Mapping[str, Tree] | None = None,
    ) -> None:
        """Remember what references to an address may use now: declared values, and computed ones where they stay."""
        known: dict[str, Tree] = {**recorded, **(after or {})}
        if seen is not None:
            kind = self.types[self.stack.blocks[address].type]
            known |= {name: seen.values[name] for name in kind.computed if name in seen.values}
            known["id"] = seen.id
        self.known[address] = known

    def same_named(
        self, block: Block, row: Row | None, after: Tree, before: Tree
    ) -> tuple[dict[str, Tree], dict[str, Tree]]:
        """Two sides of what is there, with names of other resources spelled as the stack does where they mean the same:
        those that are held by id alone, which is the change as it is written, and all of them."""
        every = self.names.as_wanted(self.types[block.type], block, row, after, before)
        mine = self.by_id.get(block.provider, {}).get(block.type, ())
        return {**before, **{name: every[name] for name in mine if name in every}}, {**before, **every}

    def forget_computed(self, address: str, *but: str) -> None:
        """A change may give other computed values: references wait for them."""
        for name in self.types[self.stack.blocks[address].type].computed:
            if name not in but:
                self.known[address].pop(name, None)


def change_of(
    block: Block, action: Action, reason: Reason, after: Mapping[str, Tree], row: Row | None, **more: Any
) -> Change:
    """A change of a block; what it does not say is as recorded."""
    known: dict[str, Tree] = {"id": row.id, "serial": row.serial, "private": row.private} if row else {}
    return Change(
        address=block.address,
        type=block.type,
        name=str(block.name),
        provider=block.provider,
        action=action,
        reason=reason,
        after=after,
        owner=block.owner,
        sensitive=block.sensitive,
        extra=block.extra,
        depends_on=tuple(reference.address for reference in block.references),
        lifecycle=block.lifecycle,
        location=str(block.location),
        **{**known, **more},
    )


def as_declared(row: Row, recorded: Mapping[str, Tree]) -> dict[str, Tree]:
    """Of the recorded values, those that a stack set."""
    return {name: value for name, value in recorded.items() if name in row.declared}


def literal(after: Mapping[str, Tree]) -> dict[str, Tree]:
    """The values that hold no reference: known before the resource is there."""
    return {name: value for name, value in after.items() if not any(True for _ in model.references(value))}
