"""What the rules look at: the index of a stack's blocks, with interfaces as the stack made them and the port catalogue.

Made once for a stack and shared by all rules. Everything in it may be missing or odd: rules run over any stack that
loaded.
"""

from collections.abc import Mapping
from typing import Any

import attrs

from haplan.design import catalogue, index
from haplan.design.catalogue import Model, Port
from haplan.design.index import OWNERS
from haplan.design.interfaces import Interface, interfaces_of
from haplan.design.nodes import Node, nodes_of
from haplan.plugin import Block, Stack, Tree


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


@attrs.frozen(eq=False, kw_only=True)
class Pair(index.Pair[Block]):
    """One cluster.

    Attributes:
        model: As written, "" where it is not known yet.
        row: Of the port catalogue, or None.
        nodes: As listed, doubles included.
        role: As the stack says it.
    """

    model: str
    row: Model | None
    nodes: tuple[Node, ...]
    role: str

    @property
    def block(self) -> Block:
        return self.cluster

    @property
    def label(self) -> str:
        return self.cluster.label

    @property
    def location(self) -> str:
        return str(self.cluster.location)

    @property
    def site_name(self) -> str:
        return str(self.cluster.values.get("site", ""))

    @property
    def variables(self) -> Mapping[str, Tree] | None:
        """Of its site; None where the site is not of this stack."""
        return None if self.site is None or self.site.data else super().variables


@attrs.frozen(eq=False, kw_only=True)
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


class DesignIndex(index.Index[Block]):
    """A stack as the rules see it. References are followed by what the stack's objects refer to, not by name.

    Attributes:
        stack: The stack.
        pairs: Its clusters.
        owners: Its templates and profiles.
    """

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        super().__init__(block for block in stack.blocks.values() if not block.data)
        self.pairs = tuple(map(self.pair, self.of("cluster")))
        pairs = {pair.cluster.address: pair for pair in self.pairs}
        owners = [block for block in self.resources.values() if block.type in OWNERS.values()]
        self.owners = tuple(self._owner(block, pairs) for block in owners)
        self._owned_at = {owner.block.address: owner for owner in self.owners}

    def referred(self, one: Block, attribute: str, type_name: str) -> Block | None:
        """What an attribute of the stack's object refers to; data sources too."""
        return self.at(getattr(one.object, attribute, None))

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
        return self._owned_at.get(address)

    def hubs(self) -> dict[str, Owner]:
        """Overlay endpoint → hub profile, of all that take part in an overlay."""
        found: dict[str, Owner] = {}
        for owner in self.owners:
            if owner.hub and owner.block.values.get("overlay"):
                found |= {str(face.plain["endpoint"]): owner for face in owner.of("wan") if face.plain.get("endpoint")}
        return found

    def pair(self, cluster: Block) -> Pair:
        """A cluster with what belongs to it."""
        made = cluster.object
        model = cluster.values.get("model", "")
        model = model if isinstance(model, str) else ""
        return Pair(
            index=self, cluster=cluster, owner=self.owner_of(cluster), site=self.referred(cluster, "site", "site"),
            model=model, row=catalogue.find(model), role=getattr(made, "haplan_role", ""),
            nodes=tuple(nodes_of(getattr(made, "nodes", None), cluster.location)),
        )  # fmt: skip

    def _owner(self, block: Block, pairs: Mapping[str, Pair]) -> Owner:
        return Owner(
            block=block,
            faces=tuple(_face(one, block) for one in interfaces_of(getattr(block.object, "interfaces", None))),
            pairs=tuple(pairs[cluster.address] for cluster in self.parts("cluster", block)),
            steerings=tuple(self.parts("steering", block)),
            policies=tuple(self.parts("policy", block)),
        )


def design_index(stack: Stack) -> DesignIndex:
    """The index of a stack, kept with it: each of a hundred rules asks for it."""
    return stack.once(DesignIndex)


Facts = Mapping[str, Mapping[str, Tree]]
"""What backends tell, by address."""


def others_policies(owner: Owner, facts: Facts) -> list[Mapping[str, Tree]]:
    """The policies that are in a template or profile beside those of the stack, as the backend tells them."""
    told = facts.get(owner.block.address, {}).get("policies") or ()
    ours = {str(policy.name) for policy in owner.policies}
    return [one for one in told if str(one.get("name")) not in ours]


def _face(made: Interface, block: Block) -> Face:
    interfaces = block.values.get("interfaces")
    plain = interfaces.get(str(made.name), {}) if isinstance(interfaces, Mapping) else {}
    try:
        text = plain.get("ports")
        ports = catalogue.parse_ports(text) if isinstance(text, str) else None
    except ValueError:
        ports = None
    return Face(made, plain, ports)
