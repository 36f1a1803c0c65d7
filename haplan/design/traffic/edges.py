"""What the model of traffic looks at: each pair with its WANs, LANs, policies and tunnels, variables put in."""

import ipaddress
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cached_property

import attrs

from haplan.design import catalogue, index
from haplan.design.catalogue import parse_ports
from haplan.design.index import Index, Joined, Resource
from haplan.design.spans import Span, spans
from haplan.plugin import Block, Tree, is_mapping

Net = ipaddress.IPv4Network | ipaddress.IPv6Network


@attrs.frozen(kw_only=True)
class Wan:
    """One WAN of a pair.

    Attributes:
        name: Of the interface.
        nodes: The nodes it has ports on.
        dhcp: Its gateway comes by DHCP.
        probed: Hosts behind the provider are asked whether it works.
        circuit: What circuit it is, "" for one of its own.
    """

    name: str
    nodes: tuple[int, ...]
    dhcp: bool
    probed: bool
    circuit: str = ""


@attrs.frozen(kw_only=True)
class Lan:
    """One LAN interface of a pair; `group` names those that move to the other node together."""

    name: str
    nodes: tuple[int, ...]
    group: str
    primary: Mapping[str, int] = attrs.field(hash=False)


@attrs.frozen(kw_only=True)
class Network:
    """A network on a LAN; `net` is None where a variable is missing."""

    name: str
    lan: Lan
    net: Net | None
    advertised: frozenset[str]


@attrs.frozen(kw_only=True)
class Application:
    """What an application matches; `opaque` names what resolves to any address, or is spoken in nobody knows what."""

    name: str
    nets: tuple[Net, ...]
    spans: tuple[Span, ...]
    opaque: str = ""


@attrs.frozen(kw_only=True)
class Policy:
    """One policy, in the order of its owner's list."""

    name: str
    address: str
    allow: bool
    networks: frozenset[str]
    applications: tuple[str, ...]
    steering: str


@attrs.frozen(kw_only=True)
class Path:
    """One path of a steering rule."""

    kind: str
    name: str
    networks: tuple[str, ...] = ()
    cost: int | None = None
    disabled: bool = False


@attrs.frozen(kw_only=True)
class Steering:
    """One steering rule."""

    name: str
    address: str
    strategy: str
    paths: tuple[Path, ...]


@attrs.frozen(kw_only=True)
class Tunnel:
    """One tunnel of the overlay, `hub` being the address of the pair there."""

    wan: str
    endpoint: str
    hub: str
    hub_wan: str
    overlay: str


@attrs.frozen(eq=False, kw_only=True)
class Edge:
    """One pair as the model sees it.

    Attributes:
        address: Of the cluster.
        name: Its label.
        site: Name of its site.
        owner: Address of the template or profile.
        family: ``srx``, ``ssr`` or "".
        backend: Provider without alias.
        varied: Those of its applications that are not the same for all pairs of the owner.
        missing: What could not be put in, one line each.
    """

    address: str
    name: str
    site: str
    owner: str
    family: str
    backend: str
    hub: bool
    wans: Mapping[str, Wan]
    networks: Mapping[str, Network]
    applications: Mapping[str, Application]
    policies: tuple[Policy, ...]
    steering: Mapping[str, Steering]
    tunnels: tuple[Tunnel, ...]
    varied: tuple[Application, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def readings(self) -> tuple[str, ...]:
        """How the list of policies may be read: an SSR in the cloud in both ways."""
        if self.family != "ssr":
            return ("order",)
        return ("narrow",) if self.backend == "ssr" else ("order", "narrow")

    @cached_property
    def lans(self) -> tuple[Lan, ...]:
        """Its LAN interfaces."""
        return tuple({one.lan.name: one.lan for one in self.networks.values()}.values())

    @cached_property
    def shape(self) -> Hashable:
        """All but its name, site and the prefixes on its LANs: pairs of one shape act alike. Policies and steering are
        those of its owner."""
        networks = tuple((one.name, one.lan, one.net is None, one.advertised) for one in self.networks.values())
        return (self.owner, self.family, self.backend, tuple(self.wans.values()), networks, self.varied, self.tunnels)


@attrs.frozen(eq=False)
class Picture:
    """All pairs of one provider, by address; `lines` has the place in the stack of what stands there."""

    edges: Mapping[str, Edge]
    lines: Mapping[str, str]


def picture(
    design: Index[Resource],
    backend: str,
    lines: Mapping[str, str] | None = None,
    circuits: Mapping[str, Mapping[str, str]] | None = None,
) -> Picture:
    """The pairs of a design.

    Args:
        design: The index of one provider's resources.
        backend: That provider, without alias.
        lines: Address → where it stands in the stack.
        circuits: Address of a template or profile → WAN → name of its circuit.
    """
    owners: dict[str, _Owner] = {}
    edges: dict[str, Edge] = {}
    for cluster in design.of("cluster"):
        pair = design.pair(cluster)
        if pair.owner is not None:
            if pair.owner.address not in owners:
                owners[pair.owner.address] = _Owner(design, pair.owner)
            owner = owners[pair.owner.address]
            edges[cluster.address] = _edge(pair, owner, backend, (circuits or {}).get(pair.owner.address, {}))
    return Picture(edges, lines or {})


class _Owner:
    """What is the same for all pairs of a template or profile: read once.

    Threads: one; made for one picture.
    """

    def __init__(self, design: Index[Resource], owner: Resource) -> None:
        self.address = owner.address
        self.blocks = design.parts("policy", owner)
        self.policies = tuple(map(_policy, self.blocks))
        self.steering = {str(one.name): _steering(one) for one in design.parts("steering", owner)}
        named = dict.fromkeys(name for policy in self.policies for name in policy.applications)
        self.applications = {str(one.name): one for one in design.every("application", named)}
        self.fixed: dict[str, Application] = {}
        self.layouts: dict[tuple[str, str], tuple[dict[str, tuple[int, ...]], dict[str, Lan]]] = {}


def _policy(block: Joined) -> Policy:
    values = block.values
    return Policy(
        name=str(block.name),
        address=block.address,
        allow=values.get("action") != "deny",
        networks=frozenset(map(str, _listed(values.get("networks")))),
        applications=tuple(map(str, _listed(values.get("applications")))),
        steering=str(values.get("steering") or ""),
    )


def _steering(block: Joined) -> Steering:
    paths = [one for one in _listed(block.values.get("paths")) if is_mapping(one)]
    return Steering(
        name=str(block.name),
        address=block.address,
        strategy=str(block.values.get("strategy") or "ordered"),
        paths=tuple(
            Path(
                kind=str(one.get("kind") or ""),
                name=str(one.get("name") or ""),
                networks=tuple(map(str, _listed(one.get("networks")))),
                cost=one.get("cost"),
                disabled=bool(one.get("disabled")),
            )
            for one in paths
        ),
    )


def _listed(value: Tree) -> Sequence[Tree]:
    return value if isinstance(value, list | tuple) else ()


def _edge(pair: index.Pair[Resource], owner: _Owner, backend: str, circuits: Mapping[str, str]) -> Edge:
    missing: list[str] = []
    cluster = pair.cluster
    model = str(cluster.values.get("model") or "")
    family = catalogue.family(model)
    nodes, lans = _layout(pair, owner, model, family)
    wans = {
        name: _wan(pair, name, face, nodes[name], circuits.get(name, "")) for name, face in pair.faces("wan").items()
    }
    site = str(pair.site.name) if pair.site is not None else str(cluster.values.get("site") or "")
    tunnels = tuple(
        Tunnel(wan=one.wan, endpoint=one.endpoint, hub=one.hub.address, hub_wan=one.hub_wan, overlay=one.overlay)
        for one in pair.tunnels
        if one.spoke.address == cluster.address
    )
    applications = _applications(pair, owner, missing)
    return Edge(
        address=cluster.address, name=cluster.address.removeprefix("cluster."), site=site, owner=owner.address,
        family=family, backend=backend, hub=pair.hub, wans=wans, networks=_networks(pair, lans, missing),
        applications=applications, policies=owner.policies, steering=owner.steering, tunnels=tunnels,
        varied=tuple(one for name, one in applications.items() if name not in owner.fixed), missing=tuple(missing),
    )  # fmt: skip


def _layout(
    pair: index.Pair[Resource], owner: _Owner, model: str, family: str
) -> tuple[dict[str, tuple[int, ...]], dict[str, Lan]]:
    """WAN → its nodes, network → its LAN: the same for all pairs of an owner and a model."""
    if (model, family) not in owner.layouts:
        wans = {name: _nodes(model, face) for name, face in pair.faces("wan").items()}
        lans: dict[str, Lan] = {}
        for name, face in pair.faces("lan").items():
            lan = _lan(name, face, _nodes(model, face), family)
            lans |= dict.fromkeys(map(str, face.get("networks") or ()), lan)
        owner.layouts[model, family] = wans, lans
    return owner.layouts[model, family]


def _nodes(model: str, face: index.Plain) -> tuple[int, ...]:
    row = catalogue.find(model)
    try:
        ports = parse_ports(str(face.get("ports") or ""))
    except ValueError:
        return ()
    found = {row.node(port) if row is not None else (port.slot if port.slot in (0, 1) else None) for port in ports}
    return tuple(sorted(node for node in found if node is not None))


def _lan(name: str, face: index.Plain, nodes: tuple[int, ...], family: str) -> Lan:
    said = face.get("primary")
    networks = list(map(str, face.get("networks") or ()))
    first = {one: str(said.get(one) or "node0") if is_mapping(said) else str(said or "node0") for one in networks}
    group = str(face.get("redundancy_group") or (1 if family == "srx" else f"lan {name}"))
    return Lan(name=name, nodes=nodes, group=group, primary={one: int(node == "node1") for one, node in first.items()})


def _wan(pair: index.Pair[Resource], name: str, face: index.Plain, nodes: tuple[int, ...], circuit: str) -> Wan:
    address = face.get("address")
    probes = face.get("probes")
    return Wan(
        name=name,
        nodes=nodes,
        dhcp=is_mapping(address) and address.get("type") != "static",
        probed=isinstance(probes, list | tuple) and bool(probes),
        circuit=(pair.text(circuit) or circuit) if circuit else "",
    )


def _networks(pair: index.Pair[Resource], lans: Mapping[str, Lan], missing: list[str]) -> dict[str, Network]:
    found: dict[str, Network] = {}
    for one in pair.networks:
        name = str(one.name)
        net = prefix(pair.text(one.values.get("subnet")))
        if net is None:
            missing.append(f"network {name}: its prefix is not known here: {one.values.get('subnet')}")
        advertised = frozenset(map(str, _listed(one.values.get("advertise"))))
        found[name] = Network(name=name, lan=lans[name], net=net, advertised=advertised)
    return found


def _applications(pair: index.Pair[Resource], owner: _Owner, missing: list[str]) -> dict[str, Application]:
    """Those that its policies name; what holds no variable is read once for all pairs of the owner."""
    found: dict[str, Application] = {}
    for name, block in owner.applications.items():
        if name in owner.fixed:
            found[name] = owner.fixed[name]
            continue
        found[name] = _application(name, block, pair, missing)
        if not any("{{" in str(one) for one in _listed(block.values.get("addresses"))):
            owner.fixed[name] = found[name]
    return found


def _application(name: str, block: Joined, pair: index.Pair[Resource], missing: list[str]) -> Application:
    values = block.values
    addresses = [pair.text(one) for one in _listed(values.get("addresses"))]
    nets = [net for net in map(prefix, addresses) if net is not None]
    opaque = ", ".join(kind for kind in ("hostnames", "apps", "categories", "urls") if values.get(kind))
    if len(nets) < len(addresses):
        missing.append(f"application {name}: an address of it is not known here")
        opaque = opaque or "addresses that are not known"
    if nets and not values.get("protocols"):
        missing.append(f"application {name}: it names no protocol; what it matches is not known")
        opaque = opaque or "no protocol"
    said = spans(map(str, _listed(values.get("protocols"))))
    return Application(name=name, nets=tuple(nets), spans=tuple(said), opaque=opaque)


def application_of(name: str, values: Mapping[str, Tree]) -> Application:
    """An application as it stands, where no site is known: a variable in it is an address that is not known."""
    nets = [prefix(str(one)) for one in _listed(values.get("addresses"))]
    named = any(values.get(kind) for kind in ("hostnames", "apps", "categories", "urls"))
    known = [net for net in nets if net is not None]
    opaque = "" if len(known) == len(nets) and known and values.get("protocols") and not named else "not known"
    said = spans(map(str, _listed(values.get("protocols"))))
    return Application(name=name, nets=tuple(known), spans=tuple(said), opaque=opaque)


def prefix(text: str | None) -> Net | None:
    """The prefix a text is, or None."""
    try:
        return ipaddress.ip_network(text or "", strict=False)
    except ValueError:
        return None


def circuits_of(blocks: Iterable[Block]) -> dict[str, dict[str, str]]:
    """Address of a template or profile → WAN → name of its circuit, as the blocks of a stack say it."""
    found: dict[str, dict[str, str]] = {}
    for block in blocks:
        given = getattr(block.object, "interfaces", None)
        for one in given if isinstance(given, list | tuple) else ():  # what has a mistake has none
            circuit = getattr(one, "circuit", None)
            if isinstance(circuit, str):
                found.setdefault(block.address, {})[str(one.name)] = circuit
    return found
