"""References by identity: what names another resource is that resource's address; how it is called is spelling.

A reference stands in values by remote name, as backends spell it. The names differ where something is renamed: state
has the old one, the estate may have a third, the stack has the new one. Which resource is meant, the addresses say that
a block refers to, and those that a row depends on.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property

import attrs

from haplan.model.address import parse
from haplan.model.entries import Entries
from haplan.model.schema import Attribute, TypeInfo
from haplan.model.stack import Block, Stack
from haplan.model.state import Row, State
from haplan.model.value import PLAIN, SEQUENCES, Tree, is_mapping

ById = Mapping[str, tuple[str, ...]]
"""Type → attributes in which a backend holds another resource by its id."""
Pairs = frozenset[tuple[str, str]]
"""Two names of one resource: another one, and that which state has."""


@attrs.frozen(kw_only=True)
class Names:
    """How resources are called, in state, in the estate and in the stack.

    Attributes:
        stack: What is wanted.
        state: What is remembered, under the addresses of the stack.
        live: Address → name and id in the estate, of what was looked at.
    """

    stack: Stack
    state: State
    live: Mapping[str, tuple[str, str]]

    def of(self, address: str) -> frozenset[str]:
        """All names of a resource."""
        return frozenset(name for name in (self._live(address), self._recorded(address), self._wanted(address)) if name)

    def renamed(self, address: str) -> bool:
        """True if it is not called the same everywhere."""
        return address in self._renamed

    @cached_property
    def _renamed(self) -> frozenset[str]:
        """All that are not called the same everywhere."""
        named = [(address, row.name) for (address, deposed), row in self.state.rows.items() if not deposed]
        named += [(address, one.name) for address, one in self.stack.blocks.items() if isinstance(one.name, str)]
        named += [(address, name) for address, (name, _) in self.live.items()]
        called: dict[str, str] = {}
        return frozenset(address for address, name in named if name and called.setdefault(address, name) != name)

    def as_wanted(self, kind: TypeInfo, block: Block, row: Row | None, after: Tree, before: Tree) -> dict[str, Tree]:
        """Attributes that name one resource → what they name before the change, as the stack would spell that."""
        return {
            one.name: self._spelled(one, block, row, after[one.name], before[one.name])
            for one in kind.referring
            if isinstance(after.get(one.name), str) and isinstance(before.get(one.name), str)
        }

    def as_recorded(self, kind: TypeInfo, row: Row, recorded: Mapping[str, Tree], live: Tree) -> dict[str, Tree]:
        """What is there, with another name of the same resource spelled as it was recorded."""
        found = dict(live)
        for one in kind.referring:
            meant = _only(row.depends_on, one)
            if meant and found.get(one.name) in self.of(meant):
                found[one.name] = recorded[one.name]
        return dict(_aligned(found, recorded, self._older)) if self._older else found

    def _spelled(self, attribute: Attribute, block: Block, row: Row | None, wanted: str, text: str) -> str:
        meant = _named(block, attribute)
        was = _only(row.depends_on, attribute) if row is not None else ""
        if not meant or (wanted == text and was in ("", meant)):
            return text
        if was == meant and row is not None and row.values.get(attribute.name) == text:
            return wanted  # as it was written: another plan than this one gave it the name that it has
        other = was if self._are_two(was, meant) else ""
        if text in self.of(meant) and text != (self._live(other) or self._recorded(other)):
            return wanted
        if not other or text not in self.of(other):
            return text
        called = self._wanted(other) or self._recorded(other)
        return called if called != wanted else f"{called} ({other})"

    def _are_two(self, one: str, other: str) -> bool:
        """True for two objects; one that moved to a data source, say, is the same under another address."""
        ids = {self._id(one), self._id(other)}
        return one != other and len(ids - {""}) == 2

    @cached_property
    def _older(self) -> Pairs:
        """Of all resources, each other name with the one that state has; a name may come from afar, as in a path."""
        named = [(address, row.name) for (address, deposed), row in self.state.rows.items() if row.name and not deposed]
        return frozenset((name, old) for address, old in named for name in self.of(address) if name != old)

    def _id(self, address: str) -> str:
        row = self.state.row(address)
        return self.live[address][1] if address in self.live else row.id if row is not None else ""

    def _wanted(self, address: str) -> str:
        block = self.stack.blocks.get(address)
        return block.name if block is not None and isinstance(block.name, str) else ""

    def _live(self, address: str) -> str:
        return self.live[address][0] if address in self.live else ""

    def _recorded(self, address: str) -> str:
        row = self.state.row(address)
        return row.name if row is not None else ""


def _named(block: Block, attribute: Attribute) -> str:
    """The resource that an attribute of a block names; a block that a rollback made of a row tells no attributes."""
    found = {one.address for one in block.references if one.via == attribute.name}
    return found.pop() if len(found) == 1 else _only(block.needs, attribute)


def _only(addresses: Iterable[str], attribute: Attribute) -> str:
    """The resource that an attribute of a row names: the only one of its types among those that the row depends on. A
    row that a rollback brings back depends on "" too."""
    found = {one for one in addresses if one and parse(one).type in attribute.refers}
    return found.pop() if len(found) == 1 else ""


def _aligned(tree: Tree, like: Tree, pairs: Pairs) -> Tree:
    """A tree with names spelled as another one has them at the same place."""
    if type(tree) in PLAIN:
        return like if tree != like and (tree, like) in pairs else tree
    if is_mapping(tree) and is_mapping(like):
        keys = {name: old for name, old in pairs if name in tree and name not in like and old in like}
        found = {keys.get(key, key): value for key, value in tree.items()}
        found = {key: _aligned(value, like.get(key), pairs) for key, value in found.items()}
        return Entries(found) if type(tree) is Entries else found
    if isinstance(tree, SEQUENCES) and isinstance(like, SEQUENCES) and len(tree) == len(like):
        rest = [one for one in like if one not in tree]
        return [next((other for other in rest if _aligned(one, other, pairs) == other), one) for one in tree]
    return tree
