"""The links between the nodes of a pair: HA026 to HA031."""

from collections.abc import Iterator

from haplan.design.catalogue import Model
from haplan.design.rules.index import DesignIndex, Face, Owner
from haplan.design.rules.pair import attested
from haplan.design.rules.ports import HA_LINKS, judged
from haplan.design.rules.registry import Found, Registry

registry = Registry()


@registry.validate(
    "HA026", "error", "A fabric link is declared, one port of each node",
    why="Without it neither sessions nor traffic pass between the nodes; the create call expects it to be configured.",
    source="SEED, API",
)  # fmt: skip
def fabric(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for row in owner.rows():
            if not owner.of("ha_data") and not row.fixed_fabric:
                pair = row.pair_of(row.fabric)
                text = f"{owner.label}: no fabric link; declare {pair} as ha_data"
                yield Found.of(owner, text, hint=f'ha_fabric("{pair}")')
            for face in owner.of("ha_data"):
                yield from _one_each(owner, face, row, row.fabric)


def _one_each(owner: Owner, face: Face, row: Model, default: str) -> Iterator[Found]:
    nodes = [row.node(port) for port in face.ports or ()]
    two = owner.block.provider.partition(".")[0] == "srx" and face.usage == "ha_data"  # it takes a second link
    whole = sorted(nodes, key=str) in ([0, 1], [0, 0, 1, 1] if two else [0, 1])
    if face.ports is not None and None not in nodes and not whole:
        text = f"{face.name}: the {HA_LINKS[face.usage]} link needs one node0 port and one node1 port, got {face.text}"
        hint = f"{row.pair_of(default)} on {row.name}" if default else ""
        yield Found.of(owner, text, face, hint=hint)


@registry.validate(
    "HA027", "error", "A sync link is declared where the model has no control port of its own, and only there",
    why="An SSR pair knows of each other by it; on SRX the control port is fixed and cannot be declared.",
    source="SEED, API, SSRDOC", confidence="M",
)  # fmt: skip
def sync(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for row in owner.rows():
            if row.fixed_control:
                yield from _fixed(owner, row)
                continue
            if not owner.of("ha_control"):
                pair = row.pair_of(row.control)
                text = f"{owner.label}: no HA sync link; {row.name} expects {pair}"
                yield Found.of(owner, text, hint=f'ha_sync("{pair}")')
            for face in owner.of("ha_control"):
                yield from _one_each(owner, face, row, row.control)


def _fixed(owner: Owner, row: Model) -> Iterator[Found]:
    for face in owner.of("ha_control"):
        text = f"{face.name}: the control link of {row.name} is fixed; {face.text} cannot be declared as one"
        yield Found.of(owner, text, face, hint="leave ha_sync(…) out")


@registry.validate(
    "HA028", "warning", "HA links use the same port position on both boxes",
    why="Different positions are allowed, and usually a patch cable in the wrong hole.",
    source="SEED figure, API examples", confidence="M",
)  # fmt: skip
def positions(design: DesignIndex) -> Iterator[Found]:
    for owner, face, row in judged(design):
        ports = face.ports or ()
        if face.usage in HA_LINKS and len(ports) == 2 and {row.node(port) for port in ports} == {0, 1}:
            first, second = ports
            if row.on_node0(first) != row.on_node0(second):
                text = f"{face.name}: {first} and {second} are different positions; check the patch cable"
                yield Found.of(owner, text, face)


@registry.validate(
    "HA029", "warning", "HA links are direct back-to-back cables",
    why="A switch in the path can show the link up while the pair is broken.", source="SEED", types=("cluster",),
    override="attested=attest(cabled=True, by=…, on=…)",
)  # fmt: skip
def cabled(design: DesignIndex) -> Iterator[Found]:
    for pair in design.pairs:
        if attested(pair, "cabled") or pair.row is None:
            continue
        ports = [pair.row.pair_of(name).replace(",", " - ") for name in (pair.row.control, pair.row.fabric) if name]
        which = " and ".join(ports) or "each HA link"
        text = f"{pair.label}: confirm {which} is a direct patch cable"
        hint = 'attested=attest(cabled=True, by="…", on="…") once somebody looked'
        yield Found.of(pair, text, hint=hint)


@registry.validate(
    "HA030", "info", "The fabric and the sync link are on the model's usual ports",
    why="Others are possible: the portal cannot show them, they are set through the API only, and whoever cables the "
        "pair by the hardware guide cables it wrong.",
    source="SEED",
)  # fmt: skip
def custom_links(design: DesignIndex) -> Iterator[Found]:
    for owner, face, row in judged(design):
        usual = {"ha_data": row.fabric, "ha_control": "" if row.fixed_control else row.control}.get(face.usage, "")
        default = row.pair_of(usual) if usual else ""
        if default and set(face.text.split(",")) != set(default.split(",")):
            what = "fabric" if face.usage == "ha_data" else "sync link"
            text = f"{owner.label}: custom {what} {face.text} (default {default}); set through the API"
            yield Found.of(owner, text, face)


@registry.validate(
    "HA031", "error", "On SRX3xx the fabric is a gigabit port",
    why="Other speeds are not supported as fabric there; sources disagree on xe-0/0/16 of SRX380, which is a warning.",
    source="SLOT",
)  # fmt: skip
def gigabit_fabric(design: DesignIndex) -> Iterator[Found]:
    for owner, face, row in judged(design):
        for port in face.ports or () if face.usage == "ha_data" and row.gigabit_fabric else ():
            if port.kind != "ge":
                unsure = row.name == "SRX380" and str(row.on_node0(port)) == "xe-0/0/16"
                text = f"{face.name}: {port}: {row.name} supports gigabit fabric ports only"
                yield Found.of(owner, text, face, severity="warning" if unsure else None)
