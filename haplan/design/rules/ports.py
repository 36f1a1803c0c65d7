"""Ports and HA links: HA020 to HA034, HA044."""

from collections.abc import Iterator

from haplan.design import catalogue
from haplan.design.catalogue import Model, Port
from haplan.design.rules.index import DesignIndex, Face, Owner
from haplan.design.rules.pair import attested
from haplan.design.rules.registry import Found, Registry

registry = Registry()
_ETHERNET = ("ge", "xe", "et", "mge")
_HA = {"ha_data": "fabric", "ha_control": "sync"}


def judged(design: DesignIndex) -> Iterator[tuple[Owner, Face, Model]]:
    """Each interface with readable ports, with each model it is to work on."""
    for owner in design.owners:
        for row in owner.rows():
            for face in owner.faces:
                if face.ports is not None:
                    yield owner, face, row


registry.says(
    "HA020", "error", "A port name is type-slot/pic/port",
    why="A name that is none configures nothing.", source="API",
)  # fmt: skip


@registry.validate("HA020")
def port_names(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.faces:
            if face.ports is None and isinstance(face.plain.get("ports"), str) and "{{" not in face.text:
                for name in face.text.split(","):
                    if _unreadable(name):
                        text = f'{face.name}: "{name}" is not a port name'
                        yield Found(
                            address=owner.block.address,
                            message=text,
                            location=face.location,
                            hint="write ge-0/0/3, or ge-0/0/3,ge-1/0/3",
                        )


def _unreadable(name: str) -> bool:
    try:
        catalogue.parse_ports(name)
    except ValueError:
        return True
    return False


registry.says(
    "HA021", "error", "Node1's ports use the model's slot offset",
    why="The second box counts its slots on from the first's: node1 of ge-0/0/3 is ge-5/0/3 on an SRX345.",
    source="SEED, SLOT",
)  # fmt: skip


@registry.validate("HA021")
def offsets(design: DesignIndex) -> Iterator[Found]:
    for owner, face, row in judged(design):
        for port in face.ports or ():
            if row.offset is None or port.kind not in _ETHERNET or row.node(port) is not None:
                continue
            base = Port(kind=port.kind, slot=row.ports[0].slot if row.ports else 0, pic=port.pic, number=port.number)
            expected = row.on_node1(base)
            text = f"{face.name}: {port} is not a node1 port on {row.name}; node1 of {base} is {expected}"
            yield Found(address=owner.block.address, message=text, location=face.location, hint=f"write {expected}")


registry.says(
    "HA022", "error", "The port exists on the model",
    why="A port that is not there carries nothing.", source="SLOT, SSRDOC", confidence="M",
)  # fmt: skip


@registry.validate("HA022")
def existing_ports(design: DesignIndex) -> Iterator[Found]:
    for owner, face, row in judged(design):
        for port in face.ports or ():
            if port.kind in _ETHERNET and row.node(port) is not None and not row.has(port):
                text = f"{face.name}: {row.name} has no port {port}"
                yield Found(address=owner.block.address, message=text, location=face.location)


registry.says(
    "HA023", "error", "Sync, control and fabric ports carry nothing else",
    why="Traffic on a link between the nodes takes the pair apart.", source="SEED",
)  # fmt: skip


@registry.validate("HA023")
def reserved(design: DesignIndex) -> Iterator[Found]:
    for owner, face, row in judged(design):
        if face.usage in _HA:
            continue
        taken = _reserved(owner, row)
        for port in face.ports or ():
            role = taken.get(row.on_node0(port).base, "")
            if role and row.node(port) is not None:
                text = f"{face.name}: {port} is the {role} link of {row.name} and cannot be used as {face.usage}"
                yield Found(
                    address=owner.block.address,
                    message=text,
                    location=face.location,
                    hint=f"move {face.name} to another port",
                )


def _reserved(owner: Owner, row: Model) -> dict[Port, str]:
    """Ports of the HA links: as declared, else as the model has them. By node0's name."""
    found: dict[Port, str] = {}
    for usage, default in (("ha_data", row.fabric), ("ha_control", row.control)):
        declared = [port for face in owner.of(usage) for port in face.ports or ()]
        ports = declared or ([catalogue.one_port(default)] if default else [])
        found |= {row.on_node0(port).base: _HA[usage] for port in ports}
    return found


registry.says(
    "HA024", "error", "No interface on a port that turns into management when the pair is formed",
    why="On SRX300 and SRX320 ge-0/0/0 becomes fxp0: what was the WAN of a single box is gone.", source="SLOT, API",
)  # fmt: skip


@registry.validate("HA024")
def management_port(design: DesignIndex) -> Iterator[Found]:
    for owner, face, row in judged(design):
        for port in face.ports or ():
            if row.changed_role(port) == "the management port":
                text = (
                    f"{port} becomes the management port when {row.name} is clustered; move {face.name} to another port"
                )
                yield Found(
                    address=owner.block.address,
                    message=text,
                    location=face.location,
                    hint=f"{_suggest(face, row)} is free for it by default",
                )


registry.says(
    "HA025", "error", "No interface on a port that turns into the control link when the pair is formed",
    why="On SRX3xx ge-0/0/1 becomes fxp1.", source="SLOT, API",
)  # fmt: skip


@registry.validate("HA025")
def control_port(design: DesignIndex) -> Iterator[Found]:
    for owner, face, row in judged(design):
        for port in face.ports or ():
            if row.changed_role(port) == "the control link" and face.usage != "ha_control":
                text = f"{port} becomes the control link when {row.name} is clustered; move {face.name} to another port"
                yield Found(
                    address=owner.block.address,
                    message=text,
                    location=face.location,
                    hint=f"{_suggest(face, row)} is free for it by default",
                )


def _suggest(face: Face, row: Model) -> str:
    return {"wan": row.wan, "lan": row.lan}.get(face.usage, row.fabric)


registry.says(
    "HA026", "error", "A fabric link is declared, one port of each node",
    why="Without it neither sessions nor traffic pass between the nodes; the create call expects it to be configured.",
    source="SEED, API",
)  # fmt: skip


@registry.validate("HA026")
def fabric(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for row in owner.rows():
            links = owner.of("ha_data")
            if not links and not row.fixed_fabric:
                pair = row.pair_of(row.fabric)
                text = f"{owner.label}: no fabric link; declare {pair} as ha_data"
                yield Found(
                    address=owner.block.address, message=text, location=owner.location, hint=f'ha_fabric("{pair}")'
                )
            for face in links:
                yield from _one_each(owner, face, row, row.fabric)


def _one_each(owner: Owner, face: Face, row: Model, default: str) -> Iterator[Found]:
    nodes = [row.node(port) for port in face.ports or ()]
    if face.ports is not None and None not in nodes and sorted(nodes, key=str) != [0, 1]:
        text = f"{face.name}: the {_HA[face.usage]} link needs one node0 port and one node1 port, got {face.text}"
        hint = f"{row.pair_of(default)} on {row.name}" if default else ""
        yield Found(address=owner.block.address, message=text, location=face.location, hint=hint)


registry.says(
    "HA027", "error", "A sync link is declared where the model has no control port of its own, and only there",
    why="An SSR pair knows of each other by it; on SRX the control port is fixed and cannot be declared.",
    source="SEED, API, SSRDOC", confidence="M",
)  # fmt: skip


@registry.validate("HA027")
def sync(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for row in owner.rows():
            links = owner.of("ha_control")
            if not links and not row.fixed_control:
                pair = row.pair_of(row.control)
                text = f"{owner.label}: no HA sync link; {row.name} expects {pair}"
                yield Found(
                    address=owner.block.address, message=text, location=owner.location, hint=f'ha_sync("{pair}")'
                )
            for face in links:
                if row.fixed_control:
                    text = (
                        f"{face.name}: the control link of {row.name} is fixed; {face.text} cannot be declared as one"
                    )
                    yield Found(
                        address=owner.block.address, message=text, location=face.location, hint="leave ha_sync(…) out"
                    )
                else:
                    yield from _one_each(owner, face, row, row.control)


registry.says(
    "HA028", "warning", "HA links use the same port position on both boxes",
    why="Different positions are allowed, and usually a patch cable in the wrong hole.",
    source="SEED figure, API examples", confidence="M",
)  # fmt: skip


@registry.validate("HA028")
def positions(design: DesignIndex) -> Iterator[Found]:
    for owner, face, row in judged(design):
        ports = face.ports or ()
        if face.usage in _HA and len(ports) == 2 and {row.node(port) for port in ports} == {0, 1}:
            first, second = ports
            if row.on_node0(first) != row.on_node0(second):
                text = f"{face.name}: {first} and {second} are different positions; check the patch cable"
                yield Found(address=owner.block.address, message=text, location=face.location)


registry.says(
    "HA029", "warning", "HA links are direct back-to-back cables",
    why="A switch in the path can show the link up while the pair is broken.", source="SEED", types=("cluster",),
    override="attested=attest(cabled=True, by=…, on=…)",
)  # fmt: skip


@registry.validate("HA029")
def cabled(design: DesignIndex) -> Iterator[Found]:
    for pair in design.pairs:
        if attested(pair, "cabled") or pair.row is None:
            continue
        ports = [pair.row.pair_of(name).replace(",", " - ") for name in (pair.row.control, pair.row.fabric) if name]
        which = " and ".join(ports) or "each HA link"
        text = f"{pair.label}: confirm {which} is a direct patch cable"
        hint = 'attested=attest(cabled=True, by="…", on="…") once somebody looked'
        yield Found(address=pair.block.address, message=text, location=pair.location, hint=hint)


registry.says(
    "HA030", "info", "The fabric port is not the model's usual one",
    why="The portal cannot show it; it is set through the API only.", source="SEED",
)  # fmt: skip


@registry.validate("HA030")
def custom_fabric(design: DesignIndex) -> Iterator[Found]:
    for owner, face, row in judged(design):
        default = row.pair_of(row.fabric) if row.fabric else ""
        if face.usage == "ha_data" and default and set(face.text.split(",")) != set(default.split(",")):
            text = f"{owner.label}: custom fabric {face.text} (default {default}); set through the API"
            yield Found(address=owner.block.address, message=text, location=face.location)


registry.says(
    "HA031", "error", "On SRX3xx the fabric is a gigabit port",
    why="Other speeds are not supported as fabric there; sources disagree on xe-0/0/16 of SRX380, which is a warning.",
    source="SLOT",
)  # fmt: skip


@registry.validate("HA031")
def gigabit_fabric(design: DesignIndex) -> Iterator[Found]:
    for owner, face, row in judged(design):
        for port in face.ports or () if face.usage == "ha_data" and row.gigabit_fabric else ():
            if port.kind != "ge":
                unsure = row.name == "SRX380" and str(row.on_node0(port)) == "xe-0/0/16"
                text = f"{face.name}: {port}: {row.name} supports gigabit fabric ports only"
                yield Found(
                    address=owner.block.address,
                    message=text,
                    location=face.location,
                    severity="warning" if unsure else None,
                )


registry.says(
    "HA032", "error", "A redundant interface names exactly one port of each node",
    why="Two ports of one node die together; a third is nobody's.", source="SEED",
)  # fmt: skip


@registry.validate("HA032")
def one_of_each(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.faces:
            if face.redundant and face.ports is not None and _lopsided(owner, face):
                text = f"{face.name}: redundant needs one node0 port and one node1 port, got {face.text}"
                yield Found(address=owner.block.address, message=text, location=face.location, hint=_twin(owner, face))


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


registry.says(
    "HA033", "error", "A list of ports is for redundant or aggregated interfaces",
    why="One interface is one port, unless it is on both nodes or a bundle.", source="API",
)  # fmt: skip


@registry.validate("HA033")
def port_lists(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.of("lan"):
            if len(face.ports or ()) > 1 and not face.redundant and not face.plain.get("aggregated"):
                text = f"{face.name}: {face.text}: a port list needs redundant or aggregated"
                yield Found(
                    address=owner.block.address,
                    message=text,
                    location=face.location,
                    hint="leave redundant=False out, or say aggregated=True",
                )


registry.says(
    "HA034", "error", "Redundant interfaces need a cluster",
    why="A single box has no second node to carry the other port.", source="SEED", confidence="M",
)  # fmt: skip


@registry.validate("HA034")
def needs_cluster(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.faces:
            if not face.redundant:
                continue
            for pair in owner.pairs:
                if len(pair.nodes) == 1:
                    text = f"{owner.label}: {face.name} is redundant but {pair.label} is not clustered"
                    yield Found(address=owner.block.address, message=text, location=face.location)
            if not owner.pairs:
                text = f"{owner.label}: {face.name} is redundant, and no cluster of this stack uses it"
                yield Found(
                    address=owner.block.address,
                    message=text,
                    location=face.location,
                    hint="declare its clusters",
                    severity="warning",
                )


registry.says(
    "HA044", "error", "A port is used once", why="Two interfaces on one port: one of them is lost.", source="ours"
)


@registry.validate("HA044")
def ports_once(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        users: dict[tuple[Port, int | None], Face] = {}
        for face in owner.faces:
            for port in face.ports or ():
                first = users.get((port, port.unit))
                if first is not None:
                    text = f"{port} is used by {first.name} and {face.name}"
                    yield Found(address=owner.block.address, message=text, location=face.location)
                users.setdefault((port, port.unit), face)
