"""Name servers, time, and who serves addresses to LANs."""

from collections.abc import Mapping

from haplan.plugin import Tree
from haplan_srx.translate.design import Pair
from haplan_srx.translate.ports import Face, lan_interface
from haplan_srx.translate.statements import Writer


def write(pair: Pair, found: Mapping[str, Face], to: Writer) -> None:
    """Everything below ``system``, ``access`` and ``forwarding-options``."""
    for attribute, path in (("dns_servers", ("system",)), ("ntp_servers", ("system", "ntp"))):
        element = "name-server" if attribute == "dns_servers" else "server"
        servers = pair.owner.values.get(attribute) or ()
        to.speak(pair.owner.address, attribute)
        for server in servers:
            to.set(*path, (element, pair.text(server) or str(server)))
    if pair.site.values.get("timezone"):
        to.speak(pair.site.address, "timezone")
        to.set("system", "time-zone", value=pair.site.values["timezone"])
    for face in found.values():
        for network, values in (face.values.get("networks") or {}).items():
            to.speak(pair.owner.address, "interfaces", face.name, "networks", network, "dhcp")
            _dhcp(pair, lan_interface(pair, found, network), network, values, to)


def _dhcp(pair: Pair, interface: str, network: str, values: Mapping[str, Tree], to: Writer) -> None:
    dhcp: Mapping[str, Tree] = values.get("dhcp") or {}
    if not dhcp or not interface:
        return
    name = pair.names.name("pool", network)
    if dhcp.get("type") == "relay":
        servers = [pair.text(server) or str(server) for server in dhcp.get("servers") or ()]
        relay = ("forwarding-options", "dhcp-relay")
        for server in servers:
            to.set(*relay, "server-group", ("server-group", name), ("address", server))
        to.sole(*relay, "server-group", ("server-group", name), elements=("address",))
        to.set(*relay, ("group", name), "active-server-group", "active-server-group", value=name)
        to.set(*relay, ("group", name), ("interface", interface))
        return
    _server(pair, interface, network, values, dhcp, to)


def _server(
    pair: Pair, interface: str, network: str, values: Mapping[str, Tree], dhcp: Mapping[str, Tree], to: Writer
) -> None:
    name, named = pair.names.name("pool", network), pair.index.named("network", network)
    prefix = pair.prefix(named, pair.cluster) if named is not None else None
    low, high = (pair.text(dhcp.get(end)) for end in ("start", "end"))
    gateway = pair.text(values.get("ip"))
    if prefix is None or low is None or high is None or gateway is None:
        to.trouble(f"network {network}: a site variable of its DHCP server is missing at site {pair.site.name}")
        return
    pool = ("access", "address-assignment", ("pool", name), "family", "inet")
    to.set(*pool, "network", value=prefix)
    to.set(*pool, ("range", name), "low", value=low)
    to.set(*pool, ("range", name), "high", value=high)
    to.sole(*pool, elements=("range",))
    to.set(*pool, "dhcp-attributes", "maximum-lease-time", value=dhcp.get("lease") or 86400)
    to.set(*pool, "dhcp-attributes", ("router", gateway.partition("/")[0]))
    to.speak(to.origin, *to.field, "dns_servers")
    for server in dhcp.get("dns_servers") or ():
        to.set(*pool, "dhcp-attributes", ("name-server", pair.text(server) or str(server)))
    to.sole(*pool, "dhcp-attributes", elements=("router", "name-server"))
    to.set("system", "services", "dhcp-local-server", ("group", name), ("interface", interface))
