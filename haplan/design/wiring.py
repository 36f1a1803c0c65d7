"""The cabling of a stack's pairs, from its interfaces and the port catalogue: what is plugged where on both nodes."""

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

import attrs

from haplan.design.catalogue import Model, Port, one_port
from haplan.design.clusters import in_order
from haplan.design.rules.index import DesignIndex, Face, Owner, Pair, design_index
from haplan.design.substitution import substitute
from haplan.plugin import Action, Change, Mark, Plug, PlugKind, Sheet, Stack, Tree, is_mapping

LINKS = {"ha_data": "fabric link", "ha_control": "sync link"}
MARKED = (Action.CREATE, Action.UPDATE, Action.REPLACE)
DIRECT = "direct patch cable, no switch between"


def sheets(stack: Stack) -> list[Sheet]:
    """One sheet for each pair, in order of declaration."""
    design = design_index(stack)
    return [_sheet(pair, _owner(design, pair)) for pair in design.pairs]


def _owner(design: DesignIndex, pair: Pair) -> Owner | None:
    return design.owner(pair.owner.address) if pair.owner is not None else None


def _sheet(pair: Pair, owner: Owner | None) -> Sheet:
    order = in_order([node.mac for node in pair.nodes])
    serials = {node.key: str(node.known("serial") or "") for node in pair.nodes}
    boxes = (order[0], order[1]) if len(order) == 2 else ("", "")
    faces = owner.faces if owner is not None else ()
    used = [plug for face in faces for plug in _plugs(pair, face)]
    if pair.row is not None:
        used += [*_fixed(pair.row, used), *_free(pair.row, [*used, *_fixed(pair.row, used)])]
    return Sheet(
        address=pair.block.address,
        site=pair.site_name,
        model=pair.model,
        boxes=boxes,
        serials=(serials.get(boxes[0], ""), serials.get(boxes[1], "")),
        plugs=tuple(sorted(used, key=_place)),
        unsure=_unsure(pair, owner),
    )


def _place(plug: Plug) -> tuple[int, Port, str]:
    try:
        return plug.node, one_port(plug.box), plug.use
    except ValueError:  # a port of its own, such as the control port of a large SRX
        return plug.node, Port(kind="~", slot=0, pic=0, number=0), plug.use


def _unsure(pair: Pair, owner: Owner | None) -> str:
    if owner is None:
        return "what it carries is not of this stack: its ports are not known"
    if pair.row is None:
        return f"{pair.model or 'its model'} is not in the port catalogue: which node a port is on is not known"
    unread = [face.name for face in owner.faces if face.ports is None]
    if unread:
        return f"ports of {', '.join(unread)} are no port names"
    return pair.row.doubt


def _plugs(pair: Pair, face: Face) -> Iterator[Plug]:
    """The ports of one interface."""
    ports = face.ports or ()
    for port in ports:
        node = pair.row.node(port) if pair.row is not None else None
        if pair.row is None or node is None:
            continue
        others = [one for one in ports if one != port and pair.row.node(one) == 1 - node]
        peer = str(others[0].base) if len(others) == 1 else ""
        there = f"port {pair.row.on_node0(others[0]).base} of node{1 - node}" if peer else f"node{1 - node}, port ?"
        yield Plug(
            node=node,
            box=str(pair.row.on_node0(port).base),
            port=str(port.base),
            kind=_kind(face),
            use=_use(face),
            face=face.name,
            to=_to(pair, face, there if peer or face.usage in LINKS else ""),
            peer=peer,
        )


def _kind(face: Face) -> PlugKind:
    kinds: Mapping[str, PlugKind] = {"wan": "wan", "lan": "lan"}
    return kinds.get(face.usage, "link")


def _use(face: Face) -> str:
    return LINKS.get(face.usage, face.name)


def _to(pair: Pair, face: Face, there: str) -> str:
    """Where the cable goes; `there` is the port of the other box, as its front says it."""
    if face.usage in LINKS:
        return f"{there}: {DIRECT}"
    if face.usage == "wan":
        also = f", the circuit that {there} is on too" if face.redundant and there else ""
        return f"circuit {face.name}: {_address(pair, face)}{also}"
    where = f"the switch that {there} is on" if there else "a switch, this node only"
    return f"{where}: {_networks(pair, face)}"


def _address(pair: Pair, face: Face) -> str:
    """What the provider of a circuit hands over."""
    found = face.plain.get("address")
    address: Mapping[str, Tree] = found if is_mapping(found) else {}
    said = [str(address.get("type") or "?")]
    said += [_text(pair, address["ip"])] if address.get("ip") else []
    said += [f"gateway {_text(pair, address['gateway'])}"] if address.get("gateway") else []
    vlan = face.plain.get("vlan_id")
    return " ".join([*said, f"VLAN {_text(pair, vlan)}"] if vlan is not None else said)


def _networks(pair: Pair, face: Face) -> str:
    """What the switch is to carry on the port."""
    by_name = {str(network.name): network for network in pair.networks}
    said = []
    for name in face.networks:
        vlan = by_name[name].values.get("vlan_id") if name in by_name else None
        said.append(f"{name} (VLAN {_text(pair, vlan)})" if vlan is not None else f"{name} (untagged)")
    return ", ".join(said) or "no network"


def _text(pair: Pair, value: Tree) -> str:
    """A value with the variables of the pair's site put in; as written where they are not known."""
    found = substitute(value, pair.variables) if isinstance(value, str) else None
    return str(value if found is None else found)


def _fixed(row: Model, used: Iterable[Plug]) -> list[Plug]:
    """Links and management ports that no stack declares."""
    there = {(plug.node, plug.box) for plug in used}
    found = [plug for node in (0, 1) for plug in _of_node(row, node)]
    return [plug for plug in found if (plug.node, plug.box) not in there]


def _of_node(row: Model, node: int) -> Iterator[Plug]:
    other = f"node{1 - node}"
    control = next((port for port, role in row.becomes.items() if role == "the control link"), None)
    for port, role in row.becomes.items():
        if role == "the management port":
            yield Plug(
                node=node, box=str(port), port="fxp0", kind="management", use="management", to="management network"
            )
    if row.fixed_control:
        box = str(control) if control is not None else "control port"
        yield Plug(
            node=node, box=box, port="fxp1", kind="link", use="control link", to=f"port {box} of {other}: {DIRECT}"
        )
    if row.fixed_fabric:
        to = f"fabric port of {other}: {DIRECT}"
        yield Plug(node=node, box="fabric port", port="fab", kind="link", use="fabric link", to=to)


def _free(row: Model, used: Iterable[Plug]) -> list[Plug]:
    """The ports that nothing uses, of models whose ports are listed."""
    there = {(plug.node, plug.box) for plug in used}
    return [
        Plug(
            node=node, box=str(port), port=str(port if node == 0 else row.on_node1(port)), kind="free", to="leave empty"
        )
        for node in (0, 1)
        for port in row.ports
        if (node, str(port)) not in there
    ]


# --- What a plan changes of it ----------------------------------------------------------------------------------------


def changing(stack: Stack, changes: Iterable[Change]) -> list[Sheet]:
    """The sheets of the pairs that these changes may concern, with marks on what they bring or change."""
    moving = {change.address: change for change in changes if change.action in MARKED}
    design = design_index(stack)
    concerned = (
        pair for pair in design.pairs
        if pair.block.address in moving or (pair.owner is not None and pair.owner.address in moving)
    )  # fmt: skip
    return [_marked(_sheet(pair, _owner(design, pair)), pair, moving) for pair in concerned]


def _marked(sheet: Sheet, pair: Pair, moving: Mapping[str, Change]) -> Sheet:
    own = moving.get(sheet.address)
    owner = moving.get(pair.owner.address) if pair.owner is not None else None
    if own is not None and own.action is not Action.UPDATE:
        plugs = [attrs.evolve(plug, mark="+") if plug.kind != "free" else plug for plug in sheet.plugs]
        return attrs.evolve(sheet, plugs=tuple(plugs), marks=("+", "+"))
    marks = _interfaces(owner) if owner is not None else {}
    plugs = [attrs.evolve(plug, mark=marks.get(plug.face, "")) for plug in sheet.plugs]
    return attrs.evolve(sheet, plugs=tuple(plugs), marks=_boxes(sheet, own))


def _interfaces(owner: Change) -> dict[str, Mark]:
    """Name of an interface → its mark, of those that a change of their template or profile brings or changes."""
    before, after = (_of(values) for values in (owner.before, owner.after))
    return {name: "~" if name in before else "+" for name, face in after.items() if before.get(name) != face}


def _of(values: Mapping[str, Tree] | None) -> Mapping[str, Tree]:
    found = (values or {}).get("interfaces")
    return found if is_mapping(found) else {}


def _boxes(sheet: Sheet, own: Change | None) -> tuple[Mark, Mark]:
    """Marks on boxes that come into the pair."""
    was = (own.before or {}).get("nodes") if own is not None else None
    first, second = ("+" if is_mapping(was) and mac and mac not in was else "" for mac in sheet.boxes)
    return cast(Mark, first), cast(Mark, second)


__all__ = ["changing", "sheets"]
