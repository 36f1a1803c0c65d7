"""The overlay: one IKE gateway, VPN and unit of st0 for each tunnel, and routes to what lies behind.

A spoke dials, by its name; the hub knows each spoke by that name whatever its address is, so a hub's configuration
does not follow the addresses of its spokes. IKEv2 with a pre-shared key.
"""

from collections.abc import Mapping

from haplan.design.index import Resource, Tunnel, faces
from haplan_srx.translate.design import Pair, secret_of
from haplan_srx.translate.families import NO_IPV6, is_ipv6
from haplan_srx.translate.names import fit
from haplan_srx.translate.ports import Face, wan_interface
from haplan_srx.translate.statements import Path, Writer

IKE, IPSEC = ("security", "ike"), ("security", "ipsec")
PROPOSAL = "haplan"
DETECTION = 10
"""Seconds between two probes of dead-peer detection (2..60), given up after 3."""


def write(pair: Pair, found: Mapping[str, Face], to: Writer) -> None:
    """IKE, IPsec and st0 of every tunnel; routes to the networks behind."""
    _complete(pair, to)
    units = pair.units()
    for tunnel in pair.tunnels:
        overlay = pair.index.named("overlay", tunnel.overlay)
        face = found.get(tunnel.wan if tunnel.spoke.address == pair.cluster.address else tunnel.hub_wan)
        if overlay is None or face is None:
            continue
        _proposals(pair, overlay, to)
        to.speak(pair.owner.address, "interfaces", face.name, "overlay" if not pair.hub else "endpoint")
        _tunnel(pair, tunnel, overlay, face, units[tunnel.key], to)
    _routes(pair, units, to)


def _complete(pair: Pair, to: Writer) -> None:
    """Every endpoint that a spoke names has a hub, and just one; a hub can tell its spokes apart."""
    to.speak(pair.owner.address, "interfaces")
    known: dict[str, Tunnel[Resource]] = {}
    for tunnel in pair.tunnels:
        first = known.setdefault(identity(tunnel), tunnel)
        if first is not tunnel:
            one, other = (f"{end.wan} of {end.spoke.name}" for end in (first, tunnel))
            to.trouble(f"{one} and {other} would be one name to {tunnel.hub.name}; name one of them otherwise")
    for name, values in (pair.owner.values.get("interfaces") or {}).items():
        to.speak(pair.owner.address, "interfaces", name, "overlay")
        for endpoint in values.get("overlay") or {}:
            hubs = pair.index.hubs_of(endpoint)
            if not hubs:
                to.trouble(f"{endpoint}: no cluster of this stack carries its hub profile, so its address is not known")
            elif len(hubs) > 1:
                names = ", ".join(sorted(hub.name for hub, _ in hubs))
                to.trouble(f"{endpoint}: {names} carry its hub profile; on SRX direct a profile is of one cluster")


def name_of(pair: Pair, tunnel: Tunnel[Resource]) -> str:
    """How one end calls a tunnel: a spoke by its WAN and the endpoint, a hub by the spoke too."""
    own = f"{tunnel.wan}-{tunnel.endpoint}"
    like = own if pair.cluster.address == tunnel.spoke.address else f"{tunnel.spoke.name}-{own}"
    return pair.names.name("tunnel", *tunnel.key, like=like)


def identity(tunnel: Tunnel[Resource]) -> str:
    """The name by which a spoke's WAN is known."""
    return f"{fit(tunnel.spoke.name)}.{fit(tunnel.wan)}.{fit(tunnel.endpoint)}"


def _proposals(pair: Pair, overlay: Resource, to: Writer) -> None:
    name, psk = pair.names.name("overlay", overlay.name), secret_of(overlay)
    to.speak(overlay.address, "type")
    if overlay.values.get("type") == "mesh":
        to.trouble("a mesh overlay is not supported on SRX direct; hub_spoke is")
    proposal = pair.names.name("proposal", PROPOSAL)
    ike = (*IKE, ("proposal", proposal))
    for element, value in (
        ("authentication-method", "pre-shared-keys"), ("dh-group", "group19"),
        ("authentication-algorithm", "sha-256"), ("encryption-algorithm", "aes-256-cbc"),
    ):  # fmt: skip
        to.set(*ike, element, value=value)
    to.set(*IPSEC, ("proposal", proposal), "protocol", value="esp")
    to.set(*IPSEC, ("proposal", proposal), "encryption-algorithm", value="aes-256-gcm")
    to.several(*IKE, ("policy", name), "proposals", values=[proposal])
    to.set(*IPSEC, ("policy", name), "perfect-forward-secrecy", "keys", value="group19")
    to.several(*IPSEC, ("policy", name), "proposals", values=[proposal])
    to.speak(overlay.address, "psk")
    if psk is None:
        to.trouble(f'overlay {overlay.name} needs psk=secret("env:…"): SRX direct builds the tunnels itself')
        return
    key = (*IKE, ("policy", name), "pre-shared-key", "ascii-text")
    to.secret(*key, source=psk.source, fingerprint=psk.fingerprint or psk.version or "")


def _tunnel(pair: Pair, tunnel: Tunnel[Resource], overlay: Resource, face: Face, unit: int, to: Writer) -> None:
    name, policy = name_of(pair, tunnel), pair.names.name("overlay", overlay.name)
    gateway: Path = (*IKE, ("gateway", name))
    vpn: Path = (*IPSEC, ("vpn", name))
    to.set(*gateway, "ike-policy", value=policy)
    to.sole(*gateway, elements=("address", "dynamic"))
    if pair.hub:
        to.set(*gateway, "dynamic", "hostname", value=identity(tunnel))
        to.set(*gateway, "local-identity", "hostname", "identity-hostname", value=fit(tunnel.endpoint))
    else:
        address = hub_address(pair, tunnel)
        if address is None:
            to.trouble(
                f"{tunnel.endpoint}: the address of {tunnel.hub.name} {tunnel.hub_wan} is not fixed or not known"
            )
            return
        if is_ipv6(address):
            to.trouble(f"{tunnel.endpoint}: {address}: {NO_IPV6}")
        to.several(*gateway, "address", values=[address])
        to.set(*gateway, "local-identity", "hostname", "identity-hostname", value=identity(tunnel))
        to.set(*gateway, "remote-identity", "hostname", "identity-hostname", value=fit(tunnel.endpoint))
    to.set(*gateway, "dead-peer-detection", "interval", value=DETECTION)
    to.set(*gateway, "external-interface", value=wan_interface(pair, face))
    to.set(*gateway, "version", value="v2-only")
    to.set(*vpn, "bind-interface", value=f"st0.{unit}")
    to.set(*vpn, "ike", "gateway", value=name)
    to.set(*vpn, "ike", "ipsec-policy", value=policy)
    if not pair.hub:
        to.set(*vpn, "establish-tunnels", value="immediately")
    to.set("interfaces", ("interface", "st0"), ("unit", str(unit)), "family", "inet")


def hub_address(pair: Pair, tunnel: Tunnel[Resource]) -> str | None:
    """Where a hub's WAN is reached: its public address, else its own; None if it is not fixed or not known."""
    profile = pair.index.owner_of(tunnel.hub)
    site = pair.index.named("site", tunnel.hub.values.get("site"))
    values = faces(profile).get(tunnel.hub_wan) or {}
    if values.get("public_ip"):
        return pair.text(values["public_ip"], site)
    text = pair.text((values.get("address") or {}).get("ip"), site)
    return text.partition("/")[0] if text is not None else None


def _routes(pair: Pair, units: Mapping[tuple[str, str, str], int], to: Writer) -> None:
    """What lies behind the other ends, by all tunnels that lead there."""
    for network, prefixes in sorted(pair.far().items()):
        named = pair.index.named("network", network)
        to.speak(named.address if named is not None else pair.owner.address, "advertise")
        for prefix, tunnels in sorted(prefixes.items()):
            at = ("routing-options", "static", ("route", prefix))
            to.sole(*at, elements=("next-hop", "qualified-next-hop"))
            to.several(*at, "next-hop", values=sorted(f"st0.{units[tunnel.key]}" for tunnel in tunnels))
