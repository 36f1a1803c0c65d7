"""What a resource type is, as data: the engine's only knowledge of attributes."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Literal

import attrs

from haplan.model.value import Ref, Text, Tree, Unknown

Replaces = Literal["", "destroy-first", "create-first"]


@attrs.frozen(kw_only=True)
class Attribute:
    """One attribute of a type.

    Attributes:
        name: As written in a stack.
        kind: What it takes, in words, such as ``list of Network``.
        required: Must be given.
        default: Taken when nothing is given; None means that nothing is managed then.
        computed: Known after the apply.
        derived: Worked out from the stack; never settable.
        sensitive: Never shown.
        replaces: Whether a change replaces the resource, and which of the two comes first.
        unordered: A list compared as a set.
        unordered_when: (attribute, value): compared as a set while that attribute has that value.
        shared: A list in which others have entries of their own: of what is there only those count that the stack names
            or named. Those of others stay, whatever becomes of the resource.
        local: Kept in plan and state, never sent: a change of it is no change on a device.
        refers: Types of which it names one resource: its value is that one's name.
        text: One sentence for ``haplan types``.
        misfit: Tells why a value that came by reference does not fit, or ""; None takes all.
    """

    name: str
    kind: str
    required: bool = False
    default: Tree = None
    computed: bool = False
    derived: bool = False
    sensitive: bool = False
    replaces: Replaces = ""
    unordered: bool = False
    unordered_when: tuple[str, str] | None = None
    shared: bool = False
    local: bool = False
    refers: tuple[str, ...] = ()
    text: str = ""
    misfit: Callable[[Tree], str] | None = attrs.field(default=None, eq=False, repr=False)


@attrs.frozen(kw_only=True)
class TypeInfo:
    """A resource type.

    Attributes:
        name: Such as ``site``.
        rank: Breaks ties in order of work; lower first.
        attributes: By name, in order of declaration.
        owned_by: Attributes one of which names the owner, for types that live in another's document.
        ordered: True if the order of the blocks of one owner means something.
        takes_over: True if an existing object of the same natural key is taken over instead of refused.
        schema_version: Rises when stored values change shape.
        upgrade: Brings stored values from an older version to this one.
        text: One sentence for ``haplan types``.
        steps: Steps of it that ``timeouts`` may bound, beside ``create``, ``update`` and ``delete``: its provider does.
        package: The Python package that it comes from.
    """

    name: str
    rank: int
    attributes: Mapping[str, Attribute]
    owned_by: tuple[str, ...] = ()
    ordered: bool = False
    takes_over: bool = False
    schema_version: int = 1
    upgrade: Callable[[Mapping[str, Tree], int], Mapping[str, Tree]] | None = None
    text: str = ""
    steps: tuple[str, ...] = ()
    package: str = "haplan"

    @property
    def who(self) -> str:
        """Whose code it is, for people."""
        return f"type {self.name!r} of {self.package}"

    def misfit(self, name: str, value: Tree) -> str:
        """Why a value that came by reference does not fit an attribute; "" where it does, or is not known yet."""
        found = self.attributes.get(name)
        if found is None or found.misfit is None or isinstance(value, Ref | Text | Unknown):
            return ""
        return found.misfit(value)

    @cached_property
    def computed(self) -> tuple[str, ...]:
        """Names of the attributes that only an apply can tell."""
        return tuple(name for name, attribute in self.attributes.items() if attribute.computed)

    @cached_property
    def local(self) -> tuple[str, ...]:
        """Names of the attributes that are never sent."""
        return tuple(name for name, attribute in self.attributes.items() if attribute.local)

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """Names of the lists in which others have entries of their own."""
        return tuple(name for name, attribute in self.attributes.items() if attribute.shared)

    @cached_property
    def referring(self) -> tuple[Attribute, ...]:
        """The attributes that name one other resource."""
        return tuple(attribute for attribute in self.attributes.values() if attribute.refers)

    @cached_property
    def sensitive(self) -> tuple[str, ...]:
        """Names of the attributes that are never shown."""
        return tuple(name for name, attribute in self.attributes.items() if attribute.sensitive)

    @cached_property
    def settable(self) -> Mapping[str, Attribute]:
        """The attributes that a stack may set, by name."""
        return {name: one for name, one in self.attributes.items() if name not in self.told}

    @cached_property
    def told(self) -> Mapping[str, Attribute]:
        """The attributes that a stack may refer to and not set, by name."""
        return {name: one for name, one in self.attributes.items() if one.computed or one.derived}
