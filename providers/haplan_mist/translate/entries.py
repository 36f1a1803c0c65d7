"""Entries of a template or hub profile: what in it is owned one by one, by a name that people can read.

``policy stranger``, ``steering x``, ``port ge-0/0/9``: a plan says these words, and a write finds the entries by them.
"""

from collections.abc import Collection, Iterator, Mapping

from haplan.plugin import Tree
from haplan_mist.translate.gateway import policy_names
from haplan_mist.translate.merge import Wire
from haplan_mist.translate.ports import same_ports, wire_keys

_SERVERS = {"dns_servers": "dns-server", "ntp_servers": "ntp-server"}
Where = tuple[str, ...]
"""The way to an entry: keys of mappings, at the end the name of what stands in a list."""


def strangers(live: Mapping[str, Tree], known: Collection[str]) -> list[str]:
    """The entries whose words are not known; sorted.

    What belongs to a port is not said again where the port itself is a stranger.
    """
    found = {word: where for word, where in entries(live) if word not in known}
    ways = set(found.values())
    return sorted(word for word, where in found.items() if len(where) == 2 or where[:2] not in ways)


def words_of(values: Mapping[str, Tree]) -> Iterator[str]:
    """The words of the entries that a template or profile declares; values may still hold references."""
    for key, kind in _SERVERS.items():
        yield from (f"{kind} {server}" for server in values.get(key) or ())
    keys = wire_keys(values.get("interfaces"))
    for name, interface in (values.get("interfaces") or {}).items():
        ports = same_ports(keys[name])
        yield f"port {ports}"
        ends = [(end, towards.get("overlay")) for end, towards in (interface.get("overlay") or {}).items()]
        for end, overlay in (*ends, (interface.get("endpoint"), values.get("overlay"))):
            yield f"path {end}.{overlay} on {ports}" if overlay else f"path {end} on {ports}"
        for network, address in (interface.get("networks") or {}).items():
            yield f"network {network} on {ports}"
            yield f"address of {network}"
            if address.get("dhcp"):
                yield f"dhcp of {network}"


def kind_of(word: str) -> str:
    """What sort of entry a word names: ``port``, ``path``, ``network``, ``policy``, ``steering``, …"""
    return word.split(" ", 1)[0]


def cleared(wire: Mapping[str, Tree], words: Collection[str]) -> Wire:
    """The document without the entries of these words."""
    out = dict(wire)
    for word, where in entries(wire):
        if word in words:
            out = _without(out, where)
    return out


def entries(wire: Mapping[str, Tree]) -> Iterator[tuple[str, Where]]:
    """Each entry with the way to it."""
    for key, port in (wire.get("port_config") or {}).items():
        yield from _of_port(key, port)
    for key, kind in _SERVERS.items():
        for server in wire.get(key) or ():
            yield f"{kind} {server}", (key, str(server))
    for network in wire.get("ip_configs") or {}:
        yield f"address of {network}", ("ip_configs", network)
    for network, server in (wire.get("dhcpd_config") or {}).items():
        if isinstance(server, Mapping):
            yield f"dhcp of {network}", ("dhcpd_config", network)
    for name in wire.get("path_preferences") or {}:
        yield f"steering {name}", ("path_preferences", name)
    for name in policy_names(wire.get("service_policies") or ()):
        yield f"policy {name}", ("service_policies", name)


def _of_port(key: str, port: Mapping[str, Tree]) -> Iterator[tuple[str, Where]]:
    ports = same_ports(key)
    yield f"port {ports}", ("port_config", key)
    for path in port.get("vpn_paths") or {}:
        yield f"path {path} on {ports}", ("port_config", key, "vpn_paths", path)
    for network in port.get("networks") or ():
        yield f"network {network} on {ports}", ("port_config", key, "networks", network)


def _without(tree: Mapping[str, Tree], where: Where) -> Wire:
    key, rest = where[0], where[1:]
    out = dict(tree)
    below = out.get(key)
    if key == "service_policies":
        names = policy_names(below or ())
        out[key] = [one for name, one in zip(names, below or (), strict=True) if name != rest[0]]
    elif key in _SERVERS:
        out[key] = [one for one in below or () if str(one) != rest[0]]
    elif key == "networks":
        stay = [index for index, name in enumerate(below or ()) if name != rest[0]]
        for listed in ("networks", "reth_nodes"):
            if out.get(listed):
                out[listed] = [out[listed][index] for index in stay if index < len(out[listed])]
    elif not rest:
        out.pop(key, None)
    elif isinstance(below, Mapping):
        out[key] = _without(below, rest)
    return out
