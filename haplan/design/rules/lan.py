"""LANs of a pair: HA035 to HA049."""

from collections.abc import Iterator, Mapping

import attrs

from haplan.design.addresses import Dhcp, WanAddress
from haplan.design.rules.index import DesignIndex, Face, Owner
from haplan.design.rules.pair import attested
from haplan.design.rules.registry import Found, Registry
from haplan.design.rules.wan import at_sites, where
from haplan.plugin import Tree

registry = Registry()


@registry.validate(
    "HA035", "error", "LAN interfaces of HA hubs and HA spokes are redundant",
    why="A LAN on one node dies with that node: the pair would be none for it.", source="SEED",
    override='lan(…, single_homed="reason")',
)  # fmt: skip
def lan_redundant(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.of("lan") if owner.pairs else ():
            if face.redundant:
                continue
            reason = face.object.single_homed
            if reason:
                text = f"{face.name}: the LAN dies with its node. Accepted because: {reason}"
                yield Found.of(owner, text, face, severity="warning")
            else:
                text = f"{face.name}: LAN of an HA device must be redundant"
                rows = [row for row in owner.rows() if face.ports]
                hint = (
                    f'write "{rows[0].pair_of(str((face.ports or ())[0].base))}"'
                    if rows
                    else "name a port of each node"
                )
                yield Found.of(owner, text, face, hint=hint)


@registry.validate(
    "HA036", "error", "A redundant LAN has one static address for the pair",
    why="Hosts have one gateway; it moves with the active node. An address for each node would not.",
    source="SEED", confidence="M",
)  # fmt: skip
def one_address(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.of("lan"):
            networks = face.object.networks
            for network, address in networks.items() if isinstance(networks, Mapping) else ():
                kind = address.type if isinstance(address, WanAddress | Dhcp) else ""
                many = ", ".join(map(str, address)) if isinstance(address, list | tuple) else ""
                if kind or isinstance(address, list | tuple):
                    name = getattr(network, "haplan_name", network)
                    text = f"{face.name}/{name}: one static gateway address is required, found {kind or many or 'none'}"
                    yield Found.of(owner, text, face, hint="write the pair's own address, such as 10.1.2.1/24")


@registry.validate(
    "HA037", "error", "Both members of a redundant SSR interface are in one layer-2 domain",
    why="The address moves by gratuitous ARP, which only reaches hosts on the same segment.",
    source="SEED, SSRDOC", types=("cluster",), override="attested=attest(same_l2=True, by=…, on=…)",
)  # fmt: skip
def same_segment(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        names = ", ".join(face.name for face in owner.faces if face.redundant)
        for pair in owner.pairs if names else ():
            if pair.block.values.get("family") == "ssr" and not attested(pair, "same_l2"):
                text = (
                    f"{pair.label}: {names}: connect both ports to the same VLAN/switch domain; "
                    "the address moves by gratuitous ARP"
                )
                hint = 'attested=attest(same_l2=True, by="…", on="…") once somebody looked'
                # Not known to be wrong: a person is asked. It is an error once a device sees otherwise.
                yield Found.of(pair, text, hint=hint, severity="warning")


@registry.validate(
    "HA038", "info", "Both members of a redundant SRX interface reach one layer-2 domain",
    why="The gateway's address survives a failover for the hosts that both members reach; SRX does not demand it.",
    source="SEED, ours", confidence="M", types=("cluster",), override="attested=attest(same_l2=True, by=…, on=…)",
)  # fmt: skip
def same_segment_on_srx(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        names = ", ".join(face.name for face in owner.faces if face.redundant)
        for pair in owner.pairs if names else ():
            if pair.block.values.get("family") == "srx" and not attested(pair, "same_l2"):
                text = (
                    f"{pair.label}: {names}: hosts keep their gateway after a failover only where both ports reach them"
                )
                yield Found.of(pair, text, hint='attested=attest(same_l2=True, by="…", on="…") once somebody looked')


@registry.validate(
    "HA039", "warning", "The MAC address of a redundant SSR interface is the pair's, and moves",
    why="Port security of the switch has to let it. Without it, which is for virtual machines, hosts keep the dead "
        "node's address until their ARP entry ends.",
    source="SEED, API",
)  # fmt: skip
def moving_mac(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.faces if "ssr" in owner.families() else ():
            if not face.redundant:
                continue
            if _vendor(face, "mist").get("ssr_no_virtual_mac") is True:
                text = f"{face.name}: without its virtual MAC address a failover waits for the hosts' ARP entries"
                yield Found.of(owner, text, face, hint="leave ssr_no_virtual_mac out: it is for virtual machines")
            elif len(face.ports or ()) == 2:
                first, second = face.ports or ()
                text = f"{owner.label}/{face.name}: expect one MAC moving between {first} and {second}"
                yield Found.of(owner, text, face, severity="info", hint="port security of the switch has to let it")


def _vendor(face: Face, provider: str) -> Mapping[str, Tree]:
    extra = face.plain.get("extra")
    found = extra.get(provider, extra) if isinstance(extra, Mapping) else {}
    return found if isinstance(found, Mapping) else {}


@registry.validate(
    "HA040", "info", "Redundant interfaces are active/passive",
    why="One node carries the traffic and answers ARP; the other waits.", source="SEED",
)  # fmt: skip
def active_passive(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        faces = [face for face in owner.of("lan") if face.redundant]
        if faces:
            words = ", ".join(f"{face.name} ({_primary(face)} active)" for face in faces)
            yield Found.of(owner, f"{owner.label}: active/passive: {words}", faces[0])


def _primary(face: Face) -> str:
    primary = face.plain.get("primary", "node0")
    if isinstance(primary, Mapping):
        return ", ".join(f"{network}: {node}" for network, node in primary.items())
    return str(primary)


@registry.validate(
    "HA041", "warning", "The primary of redundant interfaces stays node0, and is the same for all",
    why="Mixed primaries push traffic across the fabric between the nodes.", source="SEED",
)  # fmt: skip
def primaries(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.of("lan"):
            if face.redundant and "node1" in _primary(face):
                text = f"{face.name}: primary is {_primary(face)}; node0 is recommended for consistency"
                yield Found.of(owner, text, face)


@registry.validate(
    "HA042", "error", "On SRX each redundant interface has its own reth index; the redundancy group is 1 to 128",
    why="Two interfaces of one index are one interface. SSR has neither.", source="API",
)  # fmt: skip
def reth(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        users: dict[int, Face] = {}
        for face in owner.of("lan"):
            index, group = face.plain.get("reth_idx"), face.plain.get("redundancy_group")
            if "ssr" in owner.families() and (index is not None or group is not None):
                text = f"{face.name}: reth_idx and redundancy_group are for SRX only"
                yield Found.of(owner, text, face, hint="leave them out")
                continue
            if isinstance(group, int) and not 1 <= group <= _groups(owner):
                text = f"{face.name}: redundancy_group {group} is not 1 to {_groups(owner)}"
                yield Found.of(owner, text, face)
            if isinstance(index, int):
                first = users.setdefault(index, face)
                if first is not face:
                    text = f"{face.name}: reth_idx {index} already used by {first.name}"
                    yield Found.of(owner, text, face)


def _groups(owner: Owner) -> int:
    return 64 if any(row.name == "vSRX" for row in owner.rows()) else 128


@registry.validate(
    "HA043", "error", "A node for each network is SSR's, and then one for every network",
    why="A network without an entry would have no active node.", source="API",
)  # fmt: skip
def node_entries(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.of("lan"):
            primary = face.plain.get("primary")
            if not isinstance(primary, Mapping):
                continue
            if "srx" in owner.families():
                text = f"{face.name}: SRX takes one primary for all networks"
                yield Found.of(owner, text, face, hint='primary="node0"')
            elif set(primary) != set(face.networks):
                text = f"{face.name}: {len(face.networks)} networks but {len(primary)} node entries"
                yield Found.of(owner, text, face, hint=f"name {', '.join(sorted(face.networks))}")


@registry.validate(
    "HA047", "error", "An SSR has a VLAN on one LAN interface",
    why="Two interfaces of an SSR do not share a VLAN: the segment needs a switch in front of the pair.",
    source="JVDEX", confidence="M",
)  # fmt: skip
def vlan_once(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        if "ssr" not in owner.families():
            continue
        behind = [(face, one) for face in owner.of("lan") for one in design.each_key(face.object.networks)]
        tagged = [(face, one.values["vlan_id"]) for face, one in behind if one.values.get("vlan_id") is not None]
        for pair, ids in at_sites(owner, *(vlan for _, vlan in tagged)):
            first: dict[str, Face] = {}
            for (face, _), vlan in zip(tagged, ids, strict=True):
                other = first.setdefault(vlan, face)
                if other is not face:
                    ends = f"{other.name} and {face.name}"
                    text = f"VLAN {vlan}: SSR cannot serve it on {ends}; use a switch{where(pair)}"
                    yield Found.of(owner, text, face)


@registry.validate(
    "HA049", "warning", "The members of a redundant interface agree in speed",
    why="After a failover the LAN is as fast as the other member; an SSR from 5.3 on refuses members that differ.",
    source="SSRDOC",
)  # fmt: skip
def members_alike(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.faces:
            kinds = sorted({port.kind for port in face.ports or ()})
            if face.redundant and len(kinds) > 1:
                text = f"{face.name}: members differ in speed: {face.text} ({' and '.join(kinds)})"
                yield Found.of(owner, text, face)


@registry.validate(
    "HA066", "error", "Out-of-band addresses differ for each node",
    why="Two management ports of one address: neither is reached when it is needed.", source="API",
)  # fmt: skip
def own_management(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for block, said in (
            (owner.block, owner),
            *((pair.block, attrs.evolve(owner, pairs=(pair,))) for pair in owner.pairs),
        ):
            for pair, (one, other) in at_sites(said, *_out_of_band(block.extra.get("oob_ip_config"))):
                if one and one.partition("/")[0] == other.partition("/")[0]:
                    text = f"{block.label}: node1 out-of-band address equals node0: {one}{where(pair)}"
                    yield Found(address=block.address, message=text, location=str(block.location))


def _out_of_band(given: Tree) -> tuple[Tree, Tree]:
    """The addresses of both nodes in vendor keys; "" for one that is not given."""
    node1 = given.get("node1") if isinstance(given, Mapping) else None
    return (given.get("ip") or "", node1.get("ip") or "") if isinstance(node1, Mapping) else ("", "")
