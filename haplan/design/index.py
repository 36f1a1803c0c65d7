"""What the rules look at: a stack's blocks joined up into owners with their interfaces, pairs, steering and policies.

Made once for a stack and shared by all rules. Everything in it may be missing or odd: rules run over any stack that
loaded.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from haplan.design import catalogue
from haplan.design.catalogue import Model, Port
from haplan.design.interfaces import Interface, interfaces_of
from haplan.design.nodes import Node, nodes_of
from haplan.plugin import (
    Block,
    Stack,
    Tree,
)


@attrs.frozen(eq=False)
class Face:
    """One interface of an owner.

    Attributes:
        object: As the stack made it.
        plain: As the backends read it.
        ports: None where the text holds what is no port name.
    """

    object: Any
    plain: Mapping[str, Tree]
    ports: tuple[Port, ...] | None

    @property
    def name(self) -> str:
        return str(self.object.name)

    @property
    def usage(self) -> str:
        return str(self.object.usage)

    @property
    def text(self) -> str:
        """The ports as written."""
        return str(self.plain.get("ports", ""))

    @property
    def location(self) -> str:
        return str(self.object.location)

    @property
    def redundant(self) -> bool:
        """True for a LAN or WAN that is on both nodes."""
        return self.plain.get("redundant") is True

    @property
    def networks(self) -> Mapping[str, Mapping[str, Tree]]:
        """Name → address, of a LAN."""
        found = self.plain.get("networks")
        return found if isinstance(found, Mapping) else {}


@attrs.frozen(eq=False)
class Pair:
    """One cluster.

    Attributes:
        site: Its block, or None.
        model: As written, "" where it is not known yet.
        row: Of the port catalogue, or None.
        nodes: As listed, doubles included.
    """

    block: Block
    site: Block | None
    model: str
    row: Model | None
    nodes: tuple[Node, ...]
    role: str

    @property
    def label(self) -> str:
        return self.block.label

    @property
    def location(self) -> str:
        return str(self.block.location)

    @property
    def site_name(self) -> str:
        return str(self.block.values.get("site", ""))

    @property
    def variables(self) -> Mapping[str, Tree] | None:
        """Of its site; None where the site is not of this stack."""
        if self.site is None or self.site.data:
            return None
        found = self.site.values.get("variables", {})
        return found if isinstance(found, Mapping) else {}


@attrs.frozen(eq=False)
class Owner:
    """A template or profile of the stack, with everything that lives in it."""

    block: Block
    faces: tuple[Face, ...]
    pairs: tuple[Pair, ...]
    steerings: tuple[Block, ...]
    policies: tuple[Block, ...]

    @property
    def label(self) -> str:
        return self.block.label

    @property
    def hub(self) -> bool:
        return self.block.type == "hub_profile"

    @property
    def location(self) -> str:
        return str(self.block.location)

    def of(self, usage: str) -> list[Face]:
        """Its interfaces of one usage."""
        return [face for face in self.faces if face.usage == usage]

    def rows(self) -> list[Model]:
        """The models it serves, as far as the catalogue knows them."""
        return list({pair.row.name: pair.row for pair in self.pairs if pair.row is not None}.values())

    def families(self) -> set[str]:
        """The families it serves."""
        return {str(catalogue.family(pair.model)) for pair in self.pairs if pair.model} - {""}

    def nodes_of(self, face: Face) -> set[int]:
        """The nodes a face has ports on; empty where that cannot be told."""
        rows = self.rows()
        found = {rows[0].node(port) for port in face.ports or ()} if rows else set()
        return {node for node in found if node is not None}


@attrs.frozen(eq=False)
class DesignIndex:
    """A stack as the rules see it."""

    stack: Stack
    owners: tuple[Owner, ...]
    pairs: tuple[Pair, ...]

    def of(self, type_name: str) -> Iterator[Block]:
        """The blocks of a type, data sources left out."""
        return (block for block in self.stack.blocks.values() if block.type == type_name and not block.data)

    def at(self, resource: Any) -> Block | None:
        """The block of a resource object."""
        address = getattr(resource, "haplan_address", None)
        return self.stack.blocks.get(str(address)) if address is not None else None

    def each(self, block: Block, attribute: str) -> list[Block]:
        """The blocks that an attribute names."""
        value = getattr(block.object, attribute, None)
        found = [self.at(one) for one in (value if isinstance(value, list | tuple) else [value])]
        return [one for one in found if one is not None]

    def each_key(self, mapping: Any) -> list[Block]:
        """The blocks that are the keys of a mapping, such as a LAN's networks."""
        found = [self.at(one) for one in mapping] if isinstance(mapping, Mapping) else []
        return [one for one in found if one is not None]

    def owner(self, address: str) -> Owner | None:
        """The owner at an address."""
        return next((owner for owner in self.owners if owner.block.address == address), None)

    def endpoints(self) -> dict[str, Owner]:
        """The overlay endpoints of all hub profiles of the stack."""
        found: dict[str, Owner] = {}
        for owner in self.owners:
            if owner.hub and owner.block.values.get("overlay"):
                found |= {str(face.plain["endpoint"]): owner for face in owner.of("wan") if face.plain.get("endpoint")}
        return found


def design_index(stack: Stack) -> DesignIndex:
    """The index of a stack, kept with it: each of a hundred rules asks for it."""
    return stack.once(_draw)


def _draw(stack: Stack) -> DesignIndex:
    blocks = stack.blocks
    pairs = [_pair(block, blocks) for block in blocks.values() if block.type == "cluster" and not block.data]
    by_owner: dict[str, list[Pair]] = {}
    for pair in pairs:
        for name in ("profile", "template"):
            carried = getattr(getattr(pair.block.object, name, None), "haplan_address", None)
            if carried is not None:
                by_owner.setdefault(str(carried), []).append(pair)
    children: dict[tuple[str, str], list[Block]] = {}
    for block in blocks.values():
        if block.type in ("steering", "policy") and not block.data:
            children.setdefault((block.owner, block.type), []).append(block)
    owners = [
        Owner(
            block,
            tuple(_face(one, block) for one in interfaces_of(getattr(block.object, "interfaces", None))),
            tuple(by_owner.get(block.address, ())),
            tuple(children.get((block.address, "steering"), ())),
            tuple(children.get((block.address, "policy"), ())),
        )
        for block in blocks.values()
        if block.type in ("hub_profile", "wan_edge_template") and not block.data
    ]
    return DesignIndex(stack, tuple(owners), tuple(pairs))


def _pair(block: Block, blocks: Mapping[str, Block]) -> Pair:
    made = block.object
    model = block.values.get("model", "")
    model = model if isinstance(model, str) else ""
    site = getattr(getattr(made, "site", None), "haplan_address", None)
    nodes = tuple(nodes_of(getattr(made, "nodes", None), block.location))
    return Pair(block, blocks.get(str(site)), model, catalogue.find(model), nodes, getattr(made, "haplan_role", ""))


def _face(made: Interface, block: Block) -> Face:
    interfaces = block.values.get("interfaces")
    plain = interfaces.get(str(made.name), {}) if isinstance(interfaces, Mapping) else {}
    try:
        text = plain.get("ports")
        ports = catalogue.parse_ports(text) if isinstance(text, str) else None
    except ValueError:
        ports = None
    return Face(made, plain, ports)
