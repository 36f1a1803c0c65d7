"""Who may form a pair: HA001 to HA019."""

from collections.abc import Iterator

from haplan.design import catalogue
from haplan.design.clusters import in_order
from haplan.design.nodes import normal_mac
from haplan.design.rules.index import DesignIndex, Pair
from haplan.design.rules.registry import Found, Registry
from haplan.plugin import close_to

registry = Registry()
_CLUSTER = ("cluster",)


@registry.validate(
    "HA001", "error", "A cluster has exactly two nodes",
    why="One box has nobody to take over; three cannot be formed.", source="SEED, API, SSRDOC", types=_CLUSTER,
)  # fmt: skip
def two_nodes(design: DesignIndex) -> Iterator[Found]:
    for pair in design.pairs:
        if len(pair.nodes) != 2:
            text = f"{pair.label}: an HA cluster needs exactly two nodes, found {len(pair.nodes)}"
            yield Found.of(pair, text, hint="list the MAC addresses of both boxes in nodes=")


@registry.validate(
    "HA002", "error", "The two nodes are different devices",
    why="The same MAC twice leaves one box out of the pair.", source="API, TFP #9", types=_CLUSTER,
)  # fmt: skip
def different(design: DesignIndex) -> Iterator[Found]:
    for pair in design.pairs:
        keys = [node.key for node in pair.nodes]
        serials = [node.known("serial") for node in pair.nodes if node.known("serial")]
        for what, values in (("", keys), ("serial ", serials)):
            for value in sorted({one for one in values if values.count(one) > 1}):
                text = f"{pair.label}: both nodes are {what}{value}"
                yield Found.of(pair, text, hint="give the other box's own value")


@registry.validate(
    "HA003", "error", "Both nodes are the same hardware model",
    why="Ports, capacity and software differ between models; a variant such as SSR120-AE is another model.",
    source="SEED, SSRHA, CCFORM", types=_CLUSTER,
)  # fmt: skip
def one_model(design: DesignIndex) -> Iterator[Found]:
    for pair in design.pairs:
        models = [node.known("model") or pair.model for node in pair.nodes]
        for node, model in zip(pair.nodes, models, strict=True):
            other = next((one for one in [pair.model, *models] if one and one.upper() != model.upper()), "")
            if node.known("model") and other:
                text = f"{pair.label}: node models differ ({other}, {model}); an HA pair must be two of the same model"
                yield Found(
                    address=pair.block.address,
                    message=text,
                    location=str(node.location),
                    hint=f"pair {node.key} with another {model}",
                )
                break


@registry.validate(
    "HA004", "error", "Only Juniper SRX and SSR appliances form a pair",
    why="Whitebox hardware is outside the HA design: its ports and links are nobody's promise.",
    source="SEED", types=_CLUSTER,
)  # fmt: skip
def appliance(design: DesignIndex) -> Iterator[Found]:
    for pair in design.pairs:
        if pair.model and not catalogue.family(pair.model):
            text = f"{pair.label}: {pair.model} is not an appliance covered by the HA design (whitebox is excluded)"
            yield Found.of(pair, text, hint="use an SRX or SSR model")


@registry.validate(
    "HA005", "warning", "The model is in the port catalogue",
    why="Without its ports nobody can tell a wrong port name or a reserved port: those checks are skipped.",
    source="ours", types=("cluster", "hub_profile", "wan_edge_template"),
)  # fmt: skip
def in_catalogue(design: DesignIndex) -> Iterator[Found]:
    skipped = "port naming and reserved-port checks were NOT made"
    for pair in design.pairs:
        if pair.row is None and catalogue.family(pair.model):
            longer = [row.name for row in catalogue.rows().values() if row.name.startswith(pair.model)]
            near = close_to(pair.model, longer)  # another number may be a model that the catalogue lacks
            text = f"{pair.model}: no port catalogue entry{near}; {skipped}"
            yield Found.of(pair, text, hint="check the ports against the hardware guide by hand")
        if pair.row is not None and pair.row.doubt:
            text = f"{pair.model}: the port catalogue is not sure of node1's port names: {pair.row.doubt}"
            yield Found.of(pair, text, hint="compare them with the device before applying")
    for owner in design.owners:
        if not owner.pairs:
            text = f"{owner.label}: no cluster of this stack uses it; {skipped}"
            yield Found.of(owner, text, severity="info")


@registry.validate(
    "HA009", "error", "Both nodes end in the same site",
    why="A device is in one site only; one that stands in another has to be moved before, by a person.",
    source="SEED, API, TFP", types=_CLUSTER,
)  # fmt: skip
def one_site(design: DesignIndex) -> Iterator[Found]:
    for mac, first, second in _shared(design):
        if first.site_name != second.site_name:
            text = f"{mac} is in site {first.site_name}, expected {second.site_name}; it would have to be moved first"
            yield Found.of(second, text)


@registry.validate(
    "HA010", "error", "Neither node belongs to another cluster",
    why="Forming a pair takes both boxes whole; a member of another pair would be torn out of it.",
    source="TFP source, API", types=_CLUSTER,
)  # fmt: skip
def one_cluster(design: DesignIndex) -> Iterator[Found]:
    for mac, first, second in _shared(design):
        text = f"{mac} is already a member of cluster {first.label}, declared at {first.block.location.short}"
        yield Found.of(second, text)


def _shared(design: DesignIndex) -> Iterator[tuple[str, Pair, Pair]]:
    """Devices that two clusters list."""
    seen: dict[str, Pair] = {}
    for pair in design.pairs:
        for mac in dict.fromkeys(node.key for node in pair.nodes):
            first = seen.setdefault(mac, pair)
            if first is not pair:
                yield mac, first, pair


@registry.validate(
    "HA011", "error", "The cluster is managed by the cloud",
    why="What is not managed never gets its configuration; adopted devices start unmanaged.",
    source="SEED (video), API", types=_CLUSTER,
)  # fmt: skip
def managed(design: DesignIndex) -> Iterator[Found]:
    for pair in design.pairs:
        if pair.block.values.get("managed") is False and pair.block.provider.split(".")[0] == "mist":
            text = f"{pair.label} is not managed by Mist; configuration would never be delivered"
            yield Found.of(pair, text, hint="leave managed= out, or use a direct provider")


@registry.validate(
    "HA012", "info", "The lower MAC becomes node0, the higher node1",
    why="Every port name of the design is on a node; list order does not decide which box that is.",
    source="SEED", types=_CLUSTER,
)  # fmt: skip
def node_numbers(design: DesignIndex) -> Iterator[Found]:
    for pair in design.pairs:
        order = in_order([node.mac for node in pair.nodes])
        if len(pair.nodes) == 2 and order:
            text = f"{pair.label}: node0 will be {order[0]}, node1 {order[1]} (lowest MAC rule)"
            yield Found.of(pair, text)


@registry.validate(
    "HA013", "error", "Pinned node roles agree with the lowest MAC rule",
    why="A box that becomes the other node gets the other node's cables: every port name lands on the wrong box.",
    source="SEED", types=_CLUSTER,
)  # fmt: skip
def pins(design: DesignIndex) -> Iterator[Found]:
    for pair in design.pairs:
        order = in_order([node.mac for node in pair.nodes])
        for node in pair.nodes if order else ():
            if node.pin in ("node0", "node1") and order[int(node.pin[-1])] != node.key:
                low, high = order
                text = (
                    f"{pair.label}: {node.pin} is pinned to {node.key} but {low} is lower than {high} and will become "
                    "node0; every port name would land on the wrong box"
                )
                yield Found(
                    address=pair.block.address,
                    message=text,
                    location=str(node.location),
                    hint="swap the cabling and the pins, or the boxes",
                )


@registry.validate(
    "HA014", "error", "A MAC address is twelve hex digits, with any separator",
    why="A device is found by its MAC; a wrong one finds nothing, or another box.", source="API", types=_CLUSTER,
    alone=True,
)  # fmt: skip
def mac_format(design: DesignIndex) -> Iterator[Found]:
    for pair in design.pairs:
        for node in pair.nodes:
            if normal_mac(node.mac) is None:
                text = f'"{node.mac}" is not a MAC address'
                yield Found(
                    address=pair.block.address,
                    message=text,
                    location=str(node.location),
                    hint="write it as 02005e100a10 or 02:00:5e:10:0a:10",
                )


@registry.validate(
    "HA018", "warning", "Both nodes stand in the same place",
    why="The links between them are direct patch cables; no long-distance pair is part of the design.",
    source="SEED, SSRDOC", types=_CLUSTER, override="attested=attest(collocated=True, by=…, on=…)",
)  # fmt: skip
def collocated(design: DesignIndex) -> Iterator[Found]:
    for pair in design.pairs:
        if not attested(pair, "collocated"):
            text = f"{pair.label}: sync and fabric are direct patch cables; confirm both nodes are collocated"
            hint = 'attested=attest(collocated=True, by="…", on="…") once somebody looked'
            yield Found.of(pair, text, hint=hint)


def attested(pair: Pair, what: str) -> bool:
    """True if a person vouched for it."""
    said = pair.block.values.get("attested")
    return isinstance(said, dict) and said.get(what) is True


@registry.validate(
    "HA019", "error", "A cluster's nodes, and a template's clusters, are of one family",
    why="SRX and SSR cannot pair, and one set of interfaces and policies cannot mean the right thing on both.",
    source="SEED", types=("cluster", "wan_edge_template", "hub_profile"),
)  # fmt: skip
def one_family(design: DesignIndex) -> Iterator[Found]:
    for pair in design.pairs:
        models = [node.known("model") or pair.model for node in pair.nodes]
        families = {catalogue.family(model) for model in [pair.model, *models] if model} - {""}
        if len(families) > 1:
            text = f"{pair.label}: cannot pair {' with '.join(sorted({pair.model, *models}))}"
            yield Found.of(pair, text)
    for owner in design.owners:
        if len(owner.families()) > 1:
            users = ", ".join(f"{pair.label} ({pair.model})" for pair in owner.pairs)
            text = f"{owner.label}: serves SRX and SSR clusters at once: {users}"
            yield Found.of(owner, text, hint="give each family a template of its own")
