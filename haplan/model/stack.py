"""What a stack says, after loading: data, with the place each piece was written at."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, TypeVar

import attrs

from haplan.model.address import within
from haplan.model.condition import Condition
from haplan.model.sources import sources
from haplan.model.value import Secret, Tree, by_name, may_hide, secrets

T = TypeVar("T")


@attrs.frozen
class Location:
    """Where something was written: innermost line first.

    Attributes:
        file: Relative to the stack, or to the folder around it where neighbours take part.
        line: Counted from 1.
        calls: The calls that led there, innermost first.
        row: The row of a CSV file it was made from, such as ``spokes.csv:3``, else "".
    """

    file: str
    line: int
    calls: tuple[tuple[str, int], ...] = ()
    row: str = ""

    @property
    def short(self) -> str:
        """``file:line`` alone."""
        return f"{self.file}:{self.line}"

    def __str__(self) -> str:
        words = [self.short, *(f"from {file}:{line}" for file, line in self.calls)]
        return ", ".join(words) + (f" ({self.row})" if self.row else "")


@attrs.frozen(kw_only=True)
class Lifecycle:
    """How the engine treats one resource.

    Attributes:
        prevent_destroy: A plan that would delete or replace it is refused.
        ignore_changes: Paths whose difference from the estate is left alone, whether what stands there changed, was
            added or went; ``all`` stands for every attribute.
        leave: Paths that stay as they are when their line leaves the stack.
        create_before_destroy: When replaced, the new one comes first.
        timeouts: Seconds allowed, by name of the step: ``create``, ``update``, ``delete`` from the first write until it
            has settled, and those of the type, such as ``formation``.
        triggers: A list of resources (a reference without a path) and attributes whose change replaces this one.
        precondition: What has to hold before it is written.
        postcondition: What has to hold after.
    """

    prevent_destroy: bool = False
    ignore_changes: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    create_before_destroy: bool = False
    timeouts: Mapping[str, int] = attrs.field(factory=dict)
    triggers: Tree = ()
    precondition: tuple[Condition, ...] = ()
    postcondition: tuple[Condition, ...] = ()

    @cached_property
    def plain(self) -> Mapping[str, Tree]:
        """As a row keeps it: plain JSON, without what says nothing, and without what only a plan asks for."""
        kept = {name: getattr(self, name) for name in KEPT}
        return {
            name: list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value
            for name, value in kept.items()
            if value
        }


USUAL = Lifecycle()
"""That of a resource about which a stack says nothing."""
KEPT = ("prevent_destroy", "ignore_changes", "leave", "create_before_destroy", "timeouts")
"""Parts of a lifecycle that hold after the block left the stack."""


@attrs.frozen
class Reference:
    """One hard dependency: on what, and by which attribute."""

    address: str
    via: str


@attrs.frozen(kw_only=True)
class Block:
    """One resource or data source, as wanted.

    Attributes:
        address: Its address, as text.
        type: Resource type.
        label: Last part of the address.
        name: Remote name; of a data source a `Ref` or `Text` where it holds a reference.
        owner: Address of the template or profile it lives in, else "".
        provider: Key of the provider: ``mist`` or ``mist.alias``.
        values: Declared attributes (without name, provider, depends_on, lifecycle), references by remote name;
            mappings lie by name, as state and plan files have them.
        extra: Vendor keys of this provider, checked by it.
        references: What it depends on.
        lifecycle: See `Lifecycle`.
        location: Where it was written.
        data: True for a data source.
        sensitive: Names of attributes that are never shown.
        object: The resource object of the stack, for rules at validate time; None after a plan file was read.
    """

    address: str
    type: str
    label: str
    name: Tree
    owner: str
    provider: str
    values: Mapping[str, Tree] = attrs.field(converter=by_name)
    extra: Mapping[str, Tree] = attrs.field(converter=by_name)
    references: tuple[Reference, ...]
    lifecycle: Lifecycle
    location: Location
    data: bool = False
    sensitive: tuple[str, ...] = ()
    object: Any = attrs.field(default=None, eq=False, repr=False)

    @property
    def needs(self) -> tuple[str, ...]:
        """Addresses of what it depends on."""
        return tuple(reference.address for reference in self.references)

    @property
    def wanted(self) -> Mapping[str, Tree]:
        """The values with the vendor keys among them, as ``extra``: as state keeps them."""
        return {**self.values, "extra": self.extra} if self.extra else self.values


@attrs.frozen
class ProviderBlock:
    """A ``provider(…)`` block; `key` is ``name`` or ``name.alias``."""

    name: str
    alias: str
    settings: Mapping[str, Tree]
    location: Location | None

    @property
    def key(self) -> str:
        """How resources name it."""
        return f"{self.name}.{self.alias}" if self.alias else self.name


@attrs.frozen(kw_only=True)
class Variable:
    """A ``variable(…)`` block with the value it has in this load; `kind` is the name of its type in Python."""

    name: str
    value: Tree
    sensitive: bool
    source: str
    location: Location
    kind: str = "str"


@attrs.frozen
class Output:
    """An ``output(…)`` block."""

    name: str
    value: Tree
    sensitive: bool
    location: Location


@attrs.frozen(kw_only=True)
class Promise:
    """What a stack asserts: a block with an address that makes no resource.

    Attributes:
        address: ``promise.<label>``.
        location: Where it was written.
        object: As the plugin that proves it made it.
    """

    address: str
    location: Location
    object: Any = attrs.field(default=None, eq=False, repr=False)


@attrs.frozen
class Limits:
    """What an unattended run may not exceed; None sets no limit."""

    max_deletes: int | None = None
    max_reboots: int | None = None
    max_sites: int | None = None
    max_commands: int | None = None


@attrs.frozen
class Move:
    """A ``moved(…)``: what has this address in state has that one in the stack; both may name a module."""

    old: str
    new: str
    location: Location


def followed(address: str, moves: Iterable[Move]) -> list[str]:
    """The addresses that moves lead one through, itself first, up to the last or to the first that comes twice.

    Of several moves that it lies in the closest goes first; each leads on once, so that it ends.
    """
    way, left = [address], list(moves)
    while way[-1] not in way[:-1]:
        here = way[-1]
        move = max((one for one in left if within(here, one.old)), key=lambda one: len(one.old), default=None)
        if move is None:
            break
        left.remove(move)
        way.append(move.new + here[len(move.old) :])
    return way


@attrs.frozen
class Import:
    """An ``imported(…)``: an existing object that is taken into state, and made as the stack says."""

    address: str
    id: str
    location: Location


@attrs.frozen
class Removal:
    """A ``removed(…)``: what left the stack, a resource or a module, and whether its object goes with it."""

    address: str
    destroy: bool
    location: Location


@attrs.frozen(kw_only=True)
class Stack:
    """Everything a stack says.

    Threads: any. What was worked out of it is kept with it, and goes with it.

    Attributes:
        name: Name of its folder or file.
        root: The folder it stands in, absolute.
        blocks: By address, in order of declaration.
        providers: By key.
        variables: By name.
        outputs: By name.
        limits: See `Limits`.
        inputs: Files that were read, relative to the folder around the stack.
        moves, imports, removals: What it says of state: see `Move`, `Import`, `Removal`.
        literals: Secrets that stand in it, by their place; in no plan and no state.
        promises: What it asserts.
    """

    name: str
    root: str
    blocks: Mapping[str, Block]
    providers: Mapping[str, ProviderBlock]
    variables: Mapping[str, Variable]
    outputs: Mapping[str, Output]
    limits: Limits = Limits()
    inputs: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()
    imports: tuple[Import, ...] = ()
    removals: tuple[Removal, ...] = ()
    literals: Mapping[str, str] = attrs.field(factory=dict, eq=False, repr=False)
    promises: tuple[Promise, ...] = ()
    _kept: dict[Any, Any] = attrs.field(factory=dict, init=False, eq=False, repr=False)

    def once(self, work_out: "Callable[[Stack], T]") -> T:
        """What a function makes of this stack: worked out when it is first asked for, and the same for all who ask."""
        if work_out not in self._kept:
            self._kept.setdefault(work_out, work_out(self))  # two threads may work it out; the first one's is kept
        found: T = self._kept[work_out]
        return found

    def secrets(self) -> Mapping[str, tuple[Secret, ...]]:
        """Address → the secrets in its values and vendor keys, of the resources that have any."""
        return self.once(_secrets)

    def sources(self) -> tuple[str, ...]:
        """Where all secrets come from that the stack names."""
        blocks = [(block.values, block.extra) for block in self.once(_hiding)]
        cycles = {id(block.lifecycle): block.lifecycle for block in self.blocks.values()}  # most have the usual one
        settings = [one.settings for one in self.providers.values()]
        return sources(blocks, [*cycles.values()], settings, self.variables, self.outputs)


def _hiding(stack: Stack) -> tuple[Block, ...]:
    """The resources that may have a secret in their values or vendor keys: few of a large stack."""
    return tuple(one for one in stack.blocks.values() if may_hide(one.values) or may_hide(one.extra))


def _secrets(stack: Stack) -> dict[str, tuple[Secret, ...]]:
    found = {one.address: tuple(secrets([one.values, one.extra])) for one in stack.once(_hiding)}
    return {address: there for address, there in found.items() if there}
