"""RPCs that tell how a box works: interfaces, routes, ARP, zones, and commands of the CLI. All from what it runs.

Routes follow from the configuration: direct ones of interfaces that are up, static ones whose next hop is reached, and
what IP monitoring holds or brings. A host that `lab.toml` calls silent fails its probes.
"""

import fnmatch
import ipaddress
from collections.abc import Iterator

import attrs
from lxml import etree

from haplan_srx.lab.chassis import boxes
from haplan_srx.lab.config.tree import Element, Trouble
from haplan_srx.lab.estate import next_mishap
from haplan_srx.lab.netconf.wire import Call, Refused, Table, block, tag
from haplan_srx.lab.rpc import facts, showing

TABLE = Table()

COMMANDS = {
    "show route": "get-route-information",
    "show arp no-resolve": "get-arp-table-information",
    "show interfaces": "get-interface-information",
    "show security zones": "get-zones-information",
    "show security policies": "get-firewall-policies",
    "show security ipsec security-associations": "get-security-associations-information",
    "show bgp neighbor": "get-bgp-neighbor-information",
    "show version": "get-software-information",
    "show chassis cluster status": "get-chassis-cluster-status",
    "show chassis cluster interfaces": "get-chassis-cluster-interfaces",
    "show system commit": "get-commit-information",
}
"""What of the CLI is there, as the RPC that it is."""


def spelled(call: Call) -> Call:
    """A command as the RPC that it is; anything else is refused as a box refuses what it does not know."""
    words = (call.op.text or "").split()
    name = COMMANDS.get(" ".join(words))
    if name is None:
        raise Refused(Trouble(message="syntax error", bad=words[1] if len(words) > 1 else "command"))
    if call.op.get("format", "xml") != "xml":
        raise Refused(Trouble(message="the simulator tells what commands show as XML only", bad="format"))
    return attrs.evolve(call, op=etree.Element(name))


# --- interfaces ---


def is_up(call: Call, config: Element, interface: Element) -> bool:
    """True for an interface that is switched on, and whose line is up."""
    name = interface.findtext("name") or ""
    if interface.find("disable") is not None:
        return False
    if name.startswith("reth"):
        return showing.reth_up(call, config, interface)
    return not name.startswith(("ge-", "xe-", "et-", "mge-")) or showing.port_up(call, name)


@TABLE.rpc("get-interface-information")
def interfaces(call: Call) -> str:
    """Interfaces that are configured, with their units and addresses."""
    if call.text("routing-instance") == "__juniper_private1__":
        return facts.private_addresses(call)
    config, pattern = boxes.effective(call.tx, call.box), call.text("interface-name", "*")
    found = []
    for interface in config.findall("interfaces/interface"):
        name = interface.findtext("name") or ""
        units = [_logical(name, unit) for unit in interface.findall("unit")
                 if fnmatch.fnmatchcase(f"{name}.{unit.findtext('name')}", pattern) or "." not in pattern]  # fmt: skip
        if not fnmatch.fnmatchcase(name, pattern) and not ("." in pattern and units):
            continue
        up = "up" if is_up(call, config, interface) else "down"
        parts = [tag("name", name), tag("admin-status", "down" if interface.find("disable") is not None else "up"),
                 tag("oper-status", up)]  # fmt: skip
        if interface.findtext("description"):
            parts.append(tag("description", interface.findtext("description")))
        parts.append(tag("mtu", interface.findtext("mtu") or 1514))
        found.append(block("physical-interface", [*parts, *units]))
    return block("interface-information", found, xmlns=call.voice.area("junos-interface"))


def _logical(name: str, unit: Element) -> str:
    addresses = [
        block("interface-address", tag("ifa-local", one.text)) for one in unit.findall("family/inet/address/name")
    ]
    family = block("address-family", [tag("address-family-name", "inet"), *addresses])
    return block("logical-interface", tag("name", f"{name}.{unit.findtext('name')}") + family)


# --- routes ---


@attrs.frozen(kw_only=True)
class Route:
    """One way of a table."""

    prefix: str
    protocol: str
    preference: int
    to: str = ""
    via: str = ""


def _direct(call: Call, config: Element) -> Iterator[Route]:
    for interface in config.findall("interfaces/interface"):
        for unit in interface.findall("unit") if is_up(call, config, interface) else ():
            for address in unit.findall("family/inet/address/name"):
                prefix = str(ipaddress.ip_interface(address.text or "").network)
                via = f"{interface.findtext('name')}.{unit.findtext('name')}"
                yield Route(prefix=prefix, protocol="Direct", preference=0, via=via)


def _reached(to: str, direct: list[Route]) -> str:
    """The interface by which a next hop is reached, or ""."""
    if not to[:1].isdigit():
        return to
    address = ipaddress.ip_address(to)
    return next((one.via for one in direct if address in ipaddress.ip_network(one.prefix)), "")


def _static(options: Element, direct: list[Route]) -> Iterator[Route]:
    for route in options.findall("static/route"):
        prefix = route.findtext("name") or ""
        usual = int(route.findtext("preference") or 5)
        hops = [(one.text or "", usual) for one in route.findall("next-hop")]
        hops += [(one.findtext("name") or "", int(one.findtext("preference") or usual))
                 for one in route.findall("qualified-next-hop")]  # fmt: skip
        for to, preference in hops:
            if via := _reached(to, direct):
                yield Route(prefix=prefix, protocol="Static", preference=preference, to=to, via=via)


def _passes(call: Call, config: Element, name: str, direct: list[Route]) -> bool:
    """True if one test of a probe reaches its target: all have to fail."""
    tests = [one for probe in config.findall("services/rpm/probe") if probe.findtext("name") == name
             for one in probe.findall("test")]  # fmt: skip
    return any(_answers(call, one.findtext("target/address") or "", direct, one) for one in tests)


def _answers(call: Call, host: str, direct: list[Route], test: Element) -> bool:
    by = test.findtext("destination-interface")
    if by and by not in {one.via for one in direct}:
        return False
    return not _is_silent(call, host)


def _monitored(call: Call, config: Element, table: str, direct: list[Route]) -> Iterator[Route]:
    for policy in config.findall("services/ip-monitoring/policy"):
        names = [one.text or "" for one in policy.findall("match/rpm-probe")]
        well = all(_passes(call, config, name, direct) for name in names)
        then = policy.find("then/preferred-route")
        if then is None or well != (then.find("withdraw") is not None):
            continue
        holders = (
            [one for one in then.findall("routing-instances") if one.findtext("name") == table] if table else [then]
        )
        for route in (one for holder in holders for one in holder.findall("route")):
            for hop in route.findall("next-hop"):
                if via := _reached(hop.text or "", direct):
                    yield Route(prefix=route.findtext("name") or "", protocol="Static",
                                preference=int(route.findtext("preferred-metric") or 1), to=hop.text or "",
                                via=via)  # fmt: skip


@TABLE.rpc("get-route-information")
def routes(call: Call) -> str:
    """The tables of the box, the best way of each destination marked."""
    config, wanted = boxes.effective(call.tx, call.box), call.text("destination")
    direct = list(_direct(call, config))
    tables = {"inet.0": ("", config.find("routing-options"))}
    for one in config.findall("routing-instances/instance"):
        name = one.findtext("name") or ""
        tables[f"{name}.inet.0"] = (name, one.find("routing-options"))
    told = []
    for name, (instance, options) in tables.items():
        found = [*direct, *(_static(options, direct) if options is not None else ()),
                 *_monitored(call, config, instance, direct)]  # fmt: skip
        if call.text("table") in ("", name):
            told.append(_table(name, [one for one in found if wanted in ("", one.prefix)]))
    return block("route-information", told, xmlns=call.voice.area("junos-routing"))


def _table(name: str, found: list[Route]) -> str:
    prefixes = list(dict.fromkeys(one.prefix for one in found))
    entries = [block("rt", [tag("rt-destination", prefix), *_entries([one for one in found if one.prefix == prefix])])
               for prefix in prefixes]  # fmt: skip
    return block("route-table", [tag("table-name", name), tag("destination-count", len(prefixes)), *entries])


def _entries(found: list[Route]) -> Iterator[str]:
    best = min(one.preference for one in found)
    for one in sorted(found, key=lambda route: route.preference):
        active = [tag("active-tag", "*"), tag("current-active")] if one.preference == best else []
        hop = [*([tag("to", one.to)] if one.to[:1].isdigit() else []), tag("via", one.via)]
        yield block("rt-entry", [*active, tag("protocol-name", one.protocol), tag("preference", one.preference),
                                 tag("age", "00:01:00", junos__seconds="60"), block("nh", hop)])  # fmt: skip


# --- neighbours and zones ---


@TABLE.rpc("get-arp-table-information")
def arp(call: Call) -> str:
    """The gateways that answer."""
    config = boxes.effective(call.tx, call.box)
    direct, options = list(_direct(call, config)), config.find("routing-options")
    static = _static(options, direct) if options is not None else ()
    entries = []
    for to, via in {one.to: one.via for one in static if one.to[:1].isdigit()}.items():
        if not _is_silent(call, to):
            mac = "02:00:" + ":".join(f"{part:02x}" for part in ipaddress.ip_address(to).packed)
            parts = tag("mac-address", mac) + tag("ip-address", to) + tag("interface-name", via)
            entries.append(block("arp-table-entry", parts))
    counted = tag("arp-entry-count", len(entries))
    return block("arp-table-information", [*entries, counted], xmlns=call.voice.area("junos-arp"))


def _is_silent(call: Call, host: str) -> bool:
    return bool(next_mishap(call.tx, "silent", call.box, lambda spec: fnmatch.fnmatchcase(host, spec["host"])))


@TABLE.rpc("get-zones-information")
def zones(call: Call) -> str:
    """Security zones with their interfaces."""
    found = []
    for zone in boxes.effective(call.tx, call.box).findall("security/zones/security-zone"):
        names = [one.findtext("name") or "" for one in zone.findall("interfaces")]
        sends = "On" if zone.find("tcp-rst") is not None else "Off"
        inside = block("zones-security-interfaces", [tag("zones-security-interface-name", name) for name in names])
        found.append(block("zones-security", [
            tag("zones-security-zonename", zone.findtext("name")), tag("zones-security-send-reset", sends),
            tag("zones-security-interfaces-bound", len(names)), inside,
        ]))  # fmt: skip
    return block("zones-information", found, xmlns=call.voice.area("junos-zones"))
