"""Interfaces of a template or profile: WANs, LANs and the two HA links. Frozen values with their own line."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, cast

import attrs

from haplan.design import shapes
from haplan.design.addresses import Dhcp, LanAddress, WanAddress, whole
from haplan.design.catalogue import parse_ports
from haplan.design.inbound import inbound as answering
from haplan.design.inbound import screens as dropping
from haplan.design.networks import Network
from haplan.design.paths import Endpoint, Path
from haplan.plugin import (
    BROKEN,
    Broken,
    Entries,
    ExtraOf,
    Flag,
    ListOf,
    Location,
    Name,
    ResourceOf,
    Taking,
    Text,
    Tree,
    Value,
    VendorKeys,
    Whole,
    address_with_length,
    exact,
    helper,
    here,
    host,
    shown,
)

Extra = Mapping[str, Mapping[str, Tree]]
"""Vendor keys by provider."""


@attrs.frozen(eq=False, kw_only=True)
class Interface:
    """One interface.

    Attributes:
        usage: ``wan``, ``lan``, ``ha_data`` or ``ha_control``.
        name: Unique in its owner.
        ports: As written: a port, or a comma list.
        extra: Vendor keys.
        location: Its own line.
    """

    usage: ClassVar[str] = ""
    name: Tree = attrs.field(converter=exact)
    ports: Tree
    extra: Tree = None
    location: Location

    def plain(self, taking: Taking, at: str) -> Tree:
        """As the backends read it."""
        mine = attrs.evolve(taking, location=self.location)
        taken: dict[str, Tree] = {"usage": self.usage, "ports": _ports(self.ports, f"{at}.ports", mine)}
        taken |= {key: value for key, value in self.parts(mine, at).items() if value is not None}
        if self.extra:
            taken["extra"] = ExtraOf().take(self.extra, f"{at}.extra", mine)
        return whole({key: value for key, value in taken.items() if key != "extra" or value})

    def parts(self, taking: Taking, at: str) -> dict[str, Tree]:
        """What is special to its usage; None leaves a part out."""
        return {}


@attrs.frozen(eq=False, kw_only=True)
class Wan(Interface):
    """A WAN interface."""

    usage: ClassVar[str] = "wan"
    address: Tree
    overlay: Tree
    endpoint: Tree
    source_nat: Tree
    public_ip: Tree
    vlan_id: Tree
    mtu: Tree
    shared_wan: Tree
    underlay: Tree
    probes: Tree
    inbound: Tree
    screens: Tree
    circuit: Tree = None

    def parts(self, taking: Taking, at: str) -> dict[str, Tree]:
        if isinstance(self.address, WanAddress):
            address = self.address.plain(taking, at)
        elif self.address is BROKEN:
            address = BROKEN
        else:
            address = taking.wrong(
                f"{at}.address", f"expected static(…), dhcp() or pppoe(…), got {shown(self.address)}"
            )
        if not isinstance(self.endpoint, bool | str):
            taking.wrong(f"{at}.endpoint", f"expected True, False or a name, got {shown(self.endpoint)}")
        if self.underlay not in (None, "private"):
            taking.wrong(f"{at}.underlay", f'expected "private" or nothing, got {shown(self.underlay)}')
        if self.circuit is not None and (not isinstance(self.circuit, str) or not self.circuit):
            taking.wrong(f"{at}.circuit", f"expected the name of a circuit, got {shown(self.circuit)}")
        return {
            "address": address,
            "overlay": _mappings(self.overlay, f"{at}.overlay", taking),
            "source_nat": Flag().take(self.source_nat, f"{at}.source_nat", taking),
            "public_ip": optional(host(), self.public_ip, f"{at}.public_ip", taking),
            "vlan_id": optional(Whole(1, 4094, or_text=True), self.vlan_id, f"{at}.vlan_id", taking),
            "mtu": optional(Whole(576, 9216), self.mtu, f"{at}.mtu", taking),
            "redundant": True if port_count(self.ports) > 1 else None,
            "probes": _probes(self.probes, f"{at}.probes", taking),
            "inbound": answering(self.inbound, f"{at}.inbound", taking),
            "screens": dropping(self.screens, f"{at}.screens", taking),
        }


@attrs.frozen(eq=False, kw_only=True)
class Lan(Interface):
    """A LAN interface."""

    usage: ClassVar[str] = "lan"
    networks: Tree
    redundant: Tree
    primary: Tree
    untagged: Tree
    reth_idx: Tree
    redundancy_group: Tree
    aggregated: Tree
    single_homed: Tree
    inbound: Tree

    @property
    def is_redundant(self) -> bool:
        """As said, else: two ports are one of each node, unless they are one bundle."""
        return (
            self.redundant if isinstance(self.redundant, bool) else port_count(self.ports) > 1 and not self.aggregated
        )

    def parts(self, taking: Taking, at: str) -> dict[str, Tree]:
        optional(Flag(), self.redundant, f"{at}.redundant", taking)
        return {
            "networks": _networks(self.networks, f"{at}.networks", taking),
            "redundant": self.is_redundant,
            "primary": _primary(self.primary, f"{at}.primary", taking) if self.is_redundant else None,
            "untagged": optional(ResourceOf(("network",)), self.untagged, f"{at}.untagged", taking),
            "reth_idx": optional(Whole(0, 127), self.reth_idx, f"{at}.reth_idx", taking),
            "redundancy_group": optional(Whole(), self.redundancy_group, f"{at}.redundancy_group", taking),
            "aggregated": True if Flag().take(self.aggregated, f"{at}.aggregated", taking) is True else None,
            "inbound": answering(self.inbound, f"{at}.inbound", taking),
        }


@attrs.frozen(eq=False, kw_only=True)
class Fabric(Interface):
    """The fabric link."""

    usage: ClassVar[str] = "ha_data"


@attrs.frozen(eq=False, kw_only=True)
class Sync(Interface):
    """The sync link, which SRX calls the control link."""

    usage: ClassVar[str] = "ha_control"


@helper
def wan(
    name: str,
    ports: str,
    address: WanAddress,
    *,
    overlay: Sequence[Path] = (),
    endpoint: bool | str = True,
    source_nat: Value[bool] = True,
    public_ip: Value[str] | None = None,
    vlan_id: Value[int] | Value[str] | None = None,
    mtu: Value[int] | None = None,
    shared_wan: str | None = None,
    underlay: str | None = None,
    probes: bool | Sequence[Value[str]] | None = None,
    inbound: Sequence[str] | None = None,
    screens: Sequence[str] | None = None,
    circuit: str | None = None,
    extra: Extra | None = None,
) -> Interface:
    """A WAN interface.

    `overlay` is a spoke's side: the hub endpoints it builds towards. `endpoint` is a hub's side: True names it
    ``<profile>-<wan>``, a text is a name of your own, False makes none. `shared_wan="reason"` excuses one circuit on
    ports of both nodes (HA057). `underlay="private"` at both ends says that hub and spokes meet on a network of their
    own, such as MPLS, where private addresses reach each other (HA061). `probes` are hosts behind the provider (True is
    the gateway alone, by itself for new static WANs on SRX direct): while none answers, traffic leaves by other WANs.
    `inbound` are services of the device that answer there, such as ``ssh``; `screens` are packets that are dropped,
    such as ``land`` or ``port-scan``: on SRX direct.
    `circuit` names the provider's line where several WANs share one: it takes them all when it fails.
    """
    return Wan(
        name=name,
        ports=ports,
        address=address,
        overlay=overlay,
        endpoint=endpoint,
        source_nat=source_nat,
        public_ip=public_ip,
        vlan_id=vlan_id,
        mtu=mtu,
        shared_wan=shared_wan,
        underlay=underlay,
        probes=probes,
        inbound=inbound,
        screens=screens,
        circuit=circuit,
        extra=extra,
        location=here(),
    )


@helper
def lan(
    name: str,
    ports: str,
    networks: Mapping[Network, Value[str] | LanAddress],
    *,
    redundant: bool | None = None,
    primary: str | Mapping[Network, str] = "node0",
    untagged: Network | None = None,
    reth_idx: Value[int] | None = None,
    redundancy_group: Value[int] | None = None,
    aggregated: bool = False,
    single_homed: str | None = None,
    inbound: Sequence[str] | None = None,
    extra: Extra | None = None,
) -> Interface:
    """A LAN interface: its networks, each with the gateway's address.

    Two ports mean redundant, unless `aggregated=True` or `redundant=False`. `single_homed="reason"` excuses a LAN on
    one node (HA035). `primary` takes a node for each network on SSR. `inbound` are services of the device that answer
    there, such as ``ssh``: on SRX direct.
    """
    return Lan(
        name=name,
        ports=ports,
        networks=networks,
        redundant=redundant,
        primary=primary,
        untagged=untagged,
        reth_idx=reth_idx,
        redundancy_group=redundancy_group,
        aggregated=aggregated,
        single_homed=single_homed,
        inbound=inbound,
        extra=extra,
        location=here(),
    )


@helper
def ha_fabric(ports: str, *, name: str = "ha-fabric", extra: Extra | None = None) -> Interface:
    """The fabric link: one port of each node, patched directly."""
    return Fabric(name=name, ports=ports, extra=extra, location=here())


@helper
def ha_sync(ports: str, *, name: str = "ha-sync", extra: Extra | None = None) -> Interface:
    """The HA sync link of an SSR pair; models with a fixed control port have none (HA027)."""
    return Sync(name=name, ports=ports, extra=extra, location=here())


@attrs.frozen
class InterfacesOf:
    """Interfaces in their order, each under its name. Two of one name are for the rules to report (HA062)."""

    words: str = "list of wan(…), lan(…), ha_fabric(…), ha_sync(…)"

    def take(self, value: Tree, at: str, taking: Taking) -> Tree:
        """The interfaces as plain data."""
        if isinstance(value, Broken):
            return BROKEN
        if not isinstance(value, list | tuple):
            hint = shapes.whole(value, _is_interface)
            return taking.wrong(at, f"expected {self.words}, got {shown(value)}{hint}")
        taken: dict[str, Tree] = {}
        for index, one in enumerate(value):
            if not isinstance(one, Interface):
                taken[f"broken {index}"] = BROKEN
                if one is not BROKEN:
                    wanted = "expected wan(…), lan(…), ha_fabric(…) or ha_sync(…)"
                    hint = shapes.entry(one, _is_interface)
                    taking.wrong(f"{at}[{index}]", f"{wanted}, got {shown(one)}{hint}")
                continue
            if Name().take(one.name, f"{at}[{index}]", attrs.evolve(taking, location=one.location)) is BROKEN:
                taken[f"broken {index}"] = BROKEN
                continue
            taken.setdefault(str(one.name), one.plain(taking, f"{at}[{shown(one.name)}]"))
        return BROKEN if any(one is BROKEN for one in taken.values()) else Entries(taken)


def _is_interface(value: Tree) -> bool:
    return isinstance(value, Interface)


def extras_of(values: Tree, given: Mapping[str, Tree]) -> Iterator[VendorKeys]:
    """The vendor keys of interfaces, as they were listed and as they were taken."""
    for one in interfaces_of(values):
        keys = (given.get(str(one.name)) or {}).get("extra")
        if keys:
            yield VendorKeys(kind=one.usage, where=f"interfaces.{one.name}", keys=keys, location=one.location)


def optional(kind: Any, value: Tree, at: str, taking: Taking) -> Tree:
    """The value as the kind takes it, or None where none is given."""
    return None if value is None else kind.take(value, at, taking)


def port_count(ports: object) -> int:
    """How many ports a text names; names that are none count by comma."""
    if not isinstance(ports, str):
        return 1
    try:
        return len(parse_ports(ports))
    except ValueError:
        return ports.count(",") + 1


def _ports(value: Tree, at: str, taking: Taking) -> Tree:
    taken = Text("ports such as ge-0/0/3 or ge-0/0/3,ge-1/0/3").take(value, at, taking)
    return ",".join(word.strip() for word in taken.split(",")) if isinstance(taken, str) else taken


def _probes(value: Tree, at: str, taking: Taking) -> Tree:
    """Hosts to ping, or whether the gateway is."""
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, list | tuple):
        return taking.wrong(at, f"expected True, False or a list of addresses, got {shown(value)}")
    return ListOf(host(), least=1).take(value, at, taking)


def _mappings(value: Tree, at: str, taking: Taking) -> Tree:
    found = list(value) if isinstance(value, list | tuple) else [value]
    if not found:
        return None
    taken: dict[str, Tree] = {}
    for index, one in enumerate(found):
        if isinstance(one, Endpoint):
            name, how = one.mapping(taking, f"{at}[{index}]")
            taken.setdefault(name, how)
        else:
            taken[f"broken {index}"] = BROKEN
            if one is not BROKEN:
                taking.wrong(f"{at}[{index}]", f'expected an endpoint such as hub.endpoint("wan0"), got {shown(one)}')
    return whole(taken)


def _networks(value: Tree, at: str, taking: Taking) -> Tree:
    if value is BROKEN:
        return BROKEN
    if not isinstance(value, Mapping):
        return taking.wrong(at, f"expected {{network: address}}, got {shown(value)}")
    taken: dict[str, Tree] = {}
    for network, address in value.items():
        name = ResourceOf(("network",)).take(network, at, taking)
        if name is BROKEN:
            taken["broken"] = BROKEN
            continue
        taken[str(name)] = _lan_address(address, f"{at}[{shown(name)}]", taking)
    return whole(taken)


def _lan_address(value: Tree, at: str, taking: Taking) -> Tree:
    """One gateway address. An address of another sort (one for each node, DHCP) passes: HA036 reports it."""
    if value is BROKEN:
        return BROKEN
    if isinstance(value, LanAddress):
        return value.plain(taking, at)
    if isinstance(value, WanAddress | Dhcp):
        return {"ip": value.type}
    if isinstance(value, list | tuple):
        return {"ip": ", ".join(str(one) for one in value)}
    return whole({"ip": address_with_length().take(value, at, taking)})


def _primary(value: Tree, at: str, taking: Taking) -> Tree:
    """A node, or a node for each network. Which one is wise, HA041 says."""
    if isinstance(value, Mapping):
        taken: dict[str, Tree] = {}
        for network, one in value.items():
            name = ResourceOf(("network",)).take(network, at, taking)
            taken[str(name)] = BROKEN if name is BROKEN else _primary(one, f"{at}[{shown(name)}]", taking)
        return whole(taken)
    if value not in ("node0", "node1"):
        return taking.wrong(at, f"expected node0 or node1, got {shown(value)}")
    return cast(str, value)


def interfaces_of(values: Tree) -> list[Interface]:
    """The interfaces of an owner as they were listed, doubles included."""
    return [one for one in values if isinstance(one, Interface)] if isinstance(values, list | tuple) else []
