"""Ports: HA020 to HA025, HA032 to HA034, HA044."""

from collections.abc import Iterator

from haplan.design import catalogue
from haplan.design.catalogue import Model, Port
from haplan.design.rules.index import DesignIndex, Face, Owner
from haplan.design.rules.registry import Found, Registry
from haplan.design.rules.wan import at_sites, where

registry = Registry()
_ETHERNET = ("ge", "xe", "et", "mge")
HA_LINKS = {"ha_data": "fabric", "ha_control": "sync"}


def judged(design: DesignIndex) -> Iterator[tuple[Owner, Face, Model]]:
    """Each interface with readable ports, with each model it is to work on."""
    for owner in design.owners:
        for row in owner.rows():
            for face in owner.faces:
                if face.ports is not None:
                    yield owner, face, row


@registry.validate(
    "HA020", "error", "A port name is type-slot/pic/port",
    why="A name that is none configures nothing.", source="API", alone=True,
)  # fmt: skip
def port_names(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.faces:
            if face.ports is None and isinstance(face.plain.get("ports"), str) and "{{" not in face.text:
                for name in face.text.split(","):
                    if _unreadable(name):
                        text = f'{face.name}: "{name}" is not a port name'
                        yield Found.of(owner, text, face, hint="write ge-0/0/3, or ge-0/0/3,ge-1/0/3")


def _unreadable(name: str) -> bool:
    try:
        catalogue.parse_ports(name)
    except ValueError:
        return True
    return False


@registry.validate(
    "HA021", "error", "Node1's ports use the model's slot offset",
    why="The second box counts its slots on from the first's: node1 of ge-0/0/3 is ge-5/0/3 on an SRX345.",
    source="SEED, SLOT",
)  # fmt: skip
def offsets(design: DesignIndex) -> Iterator[Found]:
    for owner, face, row in judged(design):
        for port in face.ports or ():
            if row.offset is None or port.kind not in _ETHERNET or row.node(port) is not None:
                continue
            base = Port(kind=port.kind, slot=row.ports[0].slot if row.ports else 0, pic=port.pic, number=port.number)
            expected = row.on_node1(base)
            text = f"{face.name}: {port} is not a node1 port on {row.name}; node1 of {base} is {expected}"
            yield Found.of(owner, text, face, hint=f"write {expected}")


@registry.validate(
    "HA022", "error", "The port exists on the model",
    why="A port that is not there carries nothing.", source="SLOT, SSRDOC", confidence="M",
)  # fmt: skip
def existing_ports(design: DesignIndex) -> Iterator[Found]:
    for owner, face, row in judged(design):
        for port in face.ports or ():
            if port.kind in _ETHERNET and row.node(port) is not None and not row.has(port):
                text = f"{face.name}: {row.name} has no port {port}"
                yield Found.of(owner, text, face)


@registry.validate(
    "HA023", "error", "Sync, control and fabric ports carry nothing else",
    why="Traffic on a link between the nodes takes the pair apart.", source="SEED",
)  # fmt: skip
def reserved(design: DesignIndex) -> Iterator[Found]:
    for owner, face, row in judged(design):
        if face.usage in HA_LINKS:
            continue
        taken = _reserved(owner, row)
        for port in face.ports or ():
            role = taken.get(row.on_node0(port).base, "")
            if role and row.node(port) is not None:
                text = f"{face.name}: {port} is the {role} link of {row.name} and cannot be used as {face.usage}"
                yield Found.of(owner, text, face, hint=f"move {face.name} to another port")


def _reserved(owner: Owner, row: Model) -> dict[Port, str]:
    """Ports of the HA links: as declared, else as the model has them. By node0's name."""
    found: dict[Port, str] = {}
    for usage, default in (("ha_data", row.fabric), ("ha_control", row.control)):
        declared = [port for face in owner.of(usage) for port in face.ports or ()]
        ports = declared or ([catalogue.one_port(default)] if default else [])
        found |= {row.on_node0(port).base: HA_LINKS[usage] for port in ports}
    return found


@registry.validate(
    "HA024", "error", "No interface on a port that turns into management when the pair is formed",
    why="On SRX300 and SRX320 ge-0/0/0 becomes fxp0: what was the WAN of a single box is gone.", source="SLOT, API",
)  # fmt: skip
def management_port(design: DesignIndex) -> Iterator[Found]:
    for owner, face, row in judged(design):
        for port in face.ports or ():
            if row.changed_role(port) == "the management port":
                text = (
                    f"{port} becomes the management port when {row.name} is clustered; move {face.name} to another port"
                )
                yield Found.of(owner, text, face, hint=f"{_suggest(face, row)} is free for it by default")


@registry.validate(
    "HA025", "error", "No interface on a port that turns into the control link when the pair is formed",
    why="On SRX3xx ge-0/0/1 becomes fxp1.", source="SLOT, API",
)  # fmt: skip
def control_port(design: DesignIndex) -> Iterator[Found]:
    for owner, face, row in judged(design):
        for port in face.ports or ():
            if row.changed_role(port) == "the control link" and face.usage != "ha_control":
                text = f"{port} becomes the control link when {row.name} is clustered; move {face.name} to another port"
                yield Found.of(owner, text, face, hint=f"{_suggest(face, row)} is free for it by default")


def _suggest(face: Face, row: Model) -> str:
    return {"wan": row.wan, "lan": row.lan}.get(face.usage, row.fabric)


@registry.validate(
    "HA032", "error", "A redundant interface names exactly one port of each node",
    why="Two ports of one node die together; a third is nobody's.", source="SEED",
)  # fmt: skip
def one_of_each(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.faces:
            if face.redundant and face.ports is not None and _lopsided(owner, face):
                text = f"{face.name}: redundant needs one node0 port and one node1 port, got {face.text}"
                yield Found.of(owner, text, face, hint=_twin(owner, face))


def _lopsided(owner: Owner, face: Face) -> bool:
    ports = face.ports or ()
    for row in owner.rows():
        nodes = [row.node(port) for port in ports]
        if None in nodes:  # HA021 has said so
            return False
        each = {nodes.count(0), nodes.count(1)}
        if each != {1} and not (face.plain.get("aggregated") and len(each) == 1):
            return True
    return not owner.rows() and (len(ports) < 2 or len({port.slot for port in ports}) < 2)


def _twin(owner: Owner, face: Face) -> str:
    rows = owner.rows()
    return f'write "{rows[0].pair_of(str((face.ports or ())[0]))}"' if rows and face.ports else ""


@registry.validate(
    "HA033", "error", "A list of ports is for redundant or aggregated interfaces",
    why="One interface is one port, unless it is on both nodes or a bundle.", source="API",
)  # fmt: skip
def port_lists(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.of("lan"):
            if len(face.ports or ()) > 1 and not face.redundant and not face.plain.get("aggregated"):
                text = f"{face.name}: {face.text}: a port list needs redundant or aggregated"
                yield Found.of(owner, text, face, hint="leave redundant=False out, or say aggregated=True")
            if face.plain.get("aggregated") and len(face.ports or ()) == 1:
                text = f"{face.name}: {face.text}: aggregated bundles several ports, and this is one"
                yield Found.of(
                    owner, text, face, hint="name the other members, or leave aggregated=True out", severity="warning"
                )


@registry.validate(
    "HA034", "error", "Redundant interfaces need a cluster",
    why="A single box has no second node to carry the other port.", source="SEED", confidence="M",
)  # fmt: skip
def needs_cluster(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.faces:
            if not face.redundant:
                continue
            for pair in owner.pairs:
                if len(pair.nodes) == 1:
                    text = f"{owner.label}: {face.name} is redundant but {pair.label} is not clustered"
                    yield Found.of(owner, text, face)
            if not owner.pairs:
                text = f"{owner.label}: {face.name} is redundant, and no cluster of this stack uses it"
                yield Found.of(owner, text, face, hint="declare its clusters", severity="warning")


@registry.validate(
    "HA044", "error", "A port is used once",
    why="Two interfaces on one port: one of them is lost. Two WANs of different VLANs may share one: carriers hand "
        "over two circuits on one cable.",
    source="ours",
)  # fmt: skip
def ports_once(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        users: dict[tuple[Port, int | None], Face] = {}
        for face in owner.faces:
            for port in face.ports or ():
                first = users.setdefault((port, port.unit), face)
                if first is not face:
                    yield from _together(owner, port, first, face)


def _together(owner: Owner, port: Port, first: Face, second: Face) -> Iterator[Found]:
    """Two interfaces on one port: that goes for two WANs that each have a VLAN of their own, at every site."""
    vlans = [face.plain.get("vlan_id") for face in (first, second)]
    text = f"{port} is used by {first.name} and {second.name}"
    if first.usage != "wan" or second.usage != "wan" or None in vlans:
        hint = "give each a vlan_id= of its own" if first.usage == second.usage == "wan" else ""
        yield Found.of(owner, text, second, hint=hint)
        return
    same = str(vlans[0]) == str(vlans[1])
    sites = [where(pair) for pair, (one, other) in at_sites(owner, *vlans) if one == other] if not same else [""]
    for site in sites:
        words = f"{text}, both with VLAN {vlans[0]}" if same else f"{text}, with one VLAN{site}"
        yield Found.of(owner, words, second)
