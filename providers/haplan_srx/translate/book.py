"""Address book and applications: what policies match by."""

from collections.abc import Iterable

from haplan.design.index import Resource
from haplan.plugin import Tree
from haplan_srx.translate.design import Pair
from haplan_srx.translate.families import NO_IPV6, is_ipv6
from haplan_srx.translate.names import address_of
from haplan_srx.translate.statements import Path, Writer

EVERYWHERE = ("0.0.0.0/0", "::/0")
ANY = "any"
LICENSED = {
    "apps": "known applications need APBR with the AppID signatures and their licence",
    "categories": "URL categories need the Enhanced Web Filtering licence",
    "urls": "URLs need the Enhanced Web Filtering licence",
}  # fmt: skip
"""What an application may ask for that a device without licences cannot match, by attribute."""


def write(pair: Pair, to: Writer) -> None:
    """The networks and applications that the policies name."""
    used = [(policy.values.get("networks") or (), policy.values.get("applications") or ()) for policy in pair.policies]
    far = pair.far()
    for name in dict.fromkeys(str(one) for networks, _ in used for one in networks):
        network = pair.index.named("network", name)
        if network is not None:
            _network(pair, network, far.get(name) or {}, to)
    for name in dict.fromkeys(str(one) for _, applications in used for one in applications):
        application = pair.index.named("application", name)
        if application is not None:
            _application(pair, application, to)


# --- networks ---


def network_set(pair: Pair, name: str) -> str:
    """The address set of a network."""
    return pair.names.name("address", "net", name)


def _network(pair: Pair, network: Resource, far: Iterable[str], to: Writer) -> None:
    to.speak(network.address, "subnet")
    own = pair.prefix(network, pair.cluster) if network in pair.networks else None
    prefixes = [*([own] if own else []), *sorted(far)]
    if network in pair.networks and own is None:
        to.trouble(f"subnet {network.values.get('subnet')!r}: a variable is missing at site {pair.site.name}")
    if not prefixes:
        to.trouble(f"network {network.name} is neither on a LAN of {pair.cluster.name} nor behind its overlay")
    for prefix in filter(is_ipv6, prefixes):
        to.trouble(f"network {network.name}: {prefix}: {NO_IPV6}")
    _set(
        pair, network_set(pair, network.name), ("net", network.name), [("ip-prefix", prefix) for prefix in prefixes], to
    )


def _set(pair: Pair, name: str, what: tuple[str, str], members: Iterable[tuple[str, str]], to: Writer) -> None:
    book: Path = ("security", ("address-book", "global"))
    to.sole(*book, ("address-set", name), elements=("address",))
    for element, value in members:
        member = pair.names.name("address", *what, value, like="-".join([*what, address_of(value)]))
        if element == "dns-name":
            to.set(*book, ("address", member), ("dns-name", value))
        else:
            to.set(*book, ("address", member), element, value=value)
        to.set(*book, ("address-set", name), ("address", member))


# --- applications ---


def destinations(pair: Pair, application: Resource) -> str:
    """What a policy names as destination."""
    return ANY if _everywhere(application) else pair.names.name("address", "app", application.name)


def services(pair: Pair, application: Resource) -> str:
    """What a policy names as application."""
    return ANY if _anything(application) else pair.names.name("application", application.name)


def prefixes(pair: Pair, application: Resource) -> list[str]:
    """Its prefixes with the site's variables put in; [] for everywhere."""
    if _everywhere(application):
        return []
    return [found for one in application.values.get("addresses") or () if (found := pair.text(one)) is not None]


def _everywhere(application: Resource) -> bool:
    addresses = set(application.values.get("addresses") or ())
    return bool(addresses & set(EVERYWHERE)) and not application.values.get("hostnames")


def _anything(application: Resource) -> bool:
    protocols = application.values.get("protocols") or (ANY,)
    return ANY in protocols


def _application(pair: Pair, application: Resource, to: Writer) -> None:
    for attribute, why in LICENSED.items():
        to.speak(application.address, attribute)
        if application.values.get(attribute):
            to.trouble(f"application {application.name}: {why}, which haplan does not use on SRX direct")
    to.speak(application.address, "addresses")
    if not _everywhere(application):
        given = application.values.get("addresses") or ()
        for one in given:
            if pair.text(one) is None:
                to.trouble(f"application {application.name}: {one!r}: a variable is missing at site {pair.site.name}")
            elif is_ipv6(pair.text(one)):
                to.trouble(f"application {application.name}: {one}: {NO_IPV6}")
        for host in application.values.get("hostnames") or ():
            if "*" in str(host):
                to.trouble(f"application {application.name}: {host}: an address book takes no wildcard")
        members = [("ip-prefix", one) for one in prefixes(pair, application)]
        members += [("dns-name", str(one)) for one in application.values.get("hostnames") or ()]
        _set(pair, destinations(pair, application), ("app", application.name), members, to)
    to.speak(application.address, "protocols")
    if not _anything(application):
        for term, protocol, port in terms(application):
            at = ("applications", ("application", services(pair, application)), ("term", term))
            to.set(*at, "protocol", value=protocol)
            if port:
                to.set(*at, "destination-port", value=port)
        to.sole("applications", ("application", services(pair, application)), elements=("term",))


def terms(application: Resource) -> list[tuple[str, str, str]]:
    """Name, protocol and port of each thing it matches, in a stable order; [] for anything."""
    if _anything(application):
        return []
    found = []
    for text in sorted(str(one).lower() for one in application.values.get("protocols") or ()):
        protocol, _, ports = text.partition("/")
        found += [(_term(protocol, port), protocol, port) for port in (ports.split(",") if ports else [""])]
    return found


def _term(protocol: str, port: str) -> str:
    return f"{protocol}-{port}" if port else f"protocol-{protocol}" if protocol.isdigit() else protocol


def match_of(pair: Pair, application: Resource) -> list[dict[str, Tree]]:
    """What a firewall filter matches instead of names: one mapping for each term, with ``destination``."""
    to = prefixes(pair, application)
    groups: dict[str, list[str]] = {}
    for _, protocol, port in terms(application):
        groups.setdefault(protocol, []).extend([port] if port else [])
    if not groups:
        return [{"destination": to}]
    return [{"destination": to, "protocol": protocol, "ports": ports} for protocol, ports in groups.items()]
