"""Policies: services, who may use them, and the service-routes of each router.

A conductor has no order of rules: the most specific service wins, per tenant. So two policies whose services are as
specific and share a tenant on one router are ambiguous. Which policies are one service says `sides`; the spoke's route
towards the hub is made by the conductor (`share-service-routes`).
"""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from haplan.design.index import Resource
from haplan.plugin import Tree
from haplan_ssr.translate import vendor_keys
from haplan_ssr.translate.design import Design, Pair, at
from haplan_ssr.translate.draft import Draft, Source
from haplan_ssr.translate.names import clean, joined
from haplan_ssr.translate.protocols import Transports, equally_narrow, transports
from haplan_ssr.translate.routers import NODES, lan_interface, router_path
from haplan_ssr.translate.sides import MATCHERS, Service, Side, grouped
from haplan_ssr.translate.steering import FAILOVER_ROUTES, content, paths_of
from haplan_ssr.translate.tree import AUTHORITY, Path

OTHERS = {"categories": "URL categories", "urls": "URLs"}


def services(design: Design, policies: Mapping[str, str], draft: Draft) -> None:
    """Every policy, by its applications; `policies` are the names of the service-policies."""
    found = _named(grouped(design, draft), draft)
    for service in found:
        _service(service, design, policies, draft)
    _refuse_ambiguous(found, design, draft)


def names_of_steering(design: Design) -> dict[str, str]:
    """Address of a steering rule → name of its service-policy."""
    return _distinct(
        (piece, owner.name, piece.name, content(piece, design))
        for piece in design.of("steering")
        if (owner := design.owner_of(piece)) is not None
    )


def _distinct(named: Iterable[tuple[Resource, str, str, Any]]) -> dict[str, str]:
    """A name used by one owner stays; used by several with different content it becomes ``<owner>-<name>``."""
    listed = list(named)
    contents: dict[str, set[str]] = {}
    for _, _, name, said in listed:
        contents.setdefault(name, set()).add(repr(said))
    return {
        piece.address: joined(owner, name) if len(contents[name]) > 1 else clean(name)
        for piece, owner, name, _ in listed
    }  # fmt: skip


def _named(groups: list[tuple[Side, ...]], draft: Draft) -> list[Service]:
    """The services under the names they get."""
    said = [(sides, sides[0]) for sides in groups]
    titles: dict[str, set[str]] = {}
    for sides, head in said:
        titles.setdefault(head.title, set()).add(repr(_content(sides)))
    found: dict[str, Service] = {}
    for sides, head in said:
        name = joined(head.title) if len(titles[head.title]) == 1 else joined(head.owner.name, head.title)
        there = found.get(name)
        if there is not None and there.head.title == head.title:
            sides = (*there.sides, *sides)  # the same words in several owners are one service
        else:
            draft.claim("service", name, head.policy.address, f"policy {head.policy.address}")
        found[name] = Service(name, sides)
    return list(found.values())


def _content(sides: tuple[Side, ...]) -> Tree:
    values = [{k: v for k, v in one.policy.values.items() if k not in ("template", "profile")} for one in sides]
    return [sides[0].application.address, values]


# --- One service ------------------------------------------------------------------------------------------------------


def _service(service: Service, design: Design, policies: Mapping[str, str], draft: Draft) -> None:
    head = service.head
    by_router = {pair.router: pair for side in service.sides for pair in design.carrying(side.owner)}
    matchers = _matchers(head.application, draft)
    if not by_router or not matchers:
        return
    everyone = [at(side.policy, "applications") for side in service.sides]
    path = draft.entry((*AUTHORITY, ("service", service.name)), *everyone, scope="private")
    for side in service.sides:
        draft.own[side.policy.address] = path
        vendor_keys.put(side.policy, path, draft)
    draft.leaf((*path, "security"), design.terms.security, *everyone)
    shared = bool(head.over)
    ways = [at(side.policy, "steering") for side in service.sides]
    draft.leaf((*path, "share-service-routes"), shared, *everyone, *ways)
    for name, (value, source) in matchers.items():
        draft.leaf((*path, name), value, source, *everyone)
    _transports(head.application, path, draft)
    place = draft.entry((*path, ("applies-to", "router")), *everyone)
    draft.leaf((*place, "router-name"), tuple(sorted(by_router)), *everyone)
    for side in service.sides:
        _access(side, path, draft)
    if head.steering is not None and head.steering.address in policies:
        name = policies[head.steering.address]
        draft.leaf((*path, "service-policy"), name, at(head.policy, "steering"), at(head.steering, "paths"))
    for side in service.sides:
        for pair in design.carrying(side.owner):
            if "application-name" in matchers:  # without it a router knows no application by name
                identified = (*router_path(pair.router), "application-identification", "mode")
                named = at(side.application, "apps")
                draft.leaf(identified, ("all",), at(side.policy, "applications"), named)
            _routes(service, side, pair, design, draft)


def _matchers(application: Resource, draft: Draft) -> dict[str, tuple[tuple[str, ...], Source]]:
    for kind, words in OTHERS.items():
        if application.values.get(kind):
            text = (
                f"{words} are not translated: the vendor's pages name the leaf, and not what a router needs beside it"
            )
            draft.problem("SSR006", application.address, text, "use addresses, hostnames or apps")
    found: dict[str, tuple[tuple[str, ...], Source]] = {}
    for kind, leaf in zip(MATCHERS, ("address", "address", "application-name"), strict=True):
        listed = application.values.get(kind)
        if listed:
            known = tuple(str(one) for one in listed)
            found[leaf] = ((*found.get(leaf, ((), None))[0], *known), at(application, kind))
    return found


def _transports(application: Resource, path: Path, draft: Draft) -> None:
    found, unknown = transports(map(str, application.values.get("protocols") or ()))
    for word in unknown:
        text = f"protocol {word} has no name on a conductor, which knows tcp, udp, icmp and gre"
        draft.problem("SSR006", application.address, text, "leave it out, or use any")
    source = at(application, "protocols")
    for protocol, ranges in found.items():
        transport = draft.entry((*path, ("transport", protocol)), source)
        for first, last in ranges:
            entry = draft.entry((*transport, ("port-range", str(first))), source)
            if last != first:
                draft.leaf((*entry, "end-port"), last, source)


def _access(side: Side, path: Path, draft: Draft) -> None:
    permission = "deny" if side.denies else "allow"
    for network in side.policy.values.get("networks") or ():
        entry = draft.entry((*path, ("access-policy", clean(str(network)))), at(side.policy, "networks"))
        draft.leaf((*entry, "permission"), permission, at(side.policy, "action"))


# --- Its routes -------------------------------------------------------------------------------------------------------


def _routes(service: Service, side: Side, pair: Pair, design: Design, draft: Draft) -> None:
    """How one router reaches the service: by its WANs, into its LANs; over the overlay the conductor makes routes."""
    if side.denies:
        return
    hops = [*_wan_hops(side, pair), *_lan_hops(side, pair, design)]
    if not hops and not side.over:
        text = f"{pair.router} has no way to {side.application.name}: no steering, and it is on none of its LANs"
        hint = "name a steering rule, or put the application's addresses on a LAN"
        draft.problem("SSR008", side.policy.address, text, hint, "warning")
    ordered = len(hops) > 1 and not design.terms.before(*FAILOVER_ROUTES)
    for title, node, interface, more in hops:
        name = joined(service.name, title)
        sources = _of_route(side)
        path = (*router_path(pair.router), ("service-route", name))
        draft.entry(path, *sources, service_name=service.name)
        if paths_of(side.steering, "wan") and not design.terms.before(*FAILOVER_ROUTES):
            draft.leaf((*path, "vector"), clean(title), *sources)
        if ordered:
            draft.leaf((*path, "enable-failover"), True, *sources)
        hop = draft.entry((*path, ("next-hop", node, interface)), *sources)
        for leaf, value in more.items():
            draft.leaf((*hop, leaf), value, *sources)


def _of_route(side: Side) -> tuple[Source, ...]:
    """What a route is of, and what has a part in it: its policy's steering, and whether it is let through at all."""
    action = at(side.policy, "action")
    if side.steering is None:
        return (at(side.policy, "applications"), action)
    return (at(side.policy, "steering"), action, at(side.steering, "paths"))


Hop = tuple[str, str, str, dict[str, Tree]]
"""What it is called, node, network interface, further leaves."""


def _wan_hops(side: Side, pair: Pair) -> Iterator[Hop]:
    for path in paths_of(side.steering, "wan"):
        name = str(path["name"])
        if path.get("disabled") or name not in pair.faces("wan"):
            continue
        for node in _nodes_of(pair, name):
            yield name, node, clean(name), {}
            break


def _nodes_of(pair: Pair, name: str) -> Iterator[str]:
    from haplan.design import catalogue

    row = catalogue.find(str(pair.cluster.values.get("model") or ""))
    try:
        found = catalogue.parse_ports(str(pair.faces()[name].get("ports")))
    except ValueError:
        return
    for port in found:
        index = row.node(port) if row is not None else None
        if index is not None:
            yield NODES[index]


def _lan_hops(side: Side, pair: Pair, design: Design) -> Iterator[Hop]:
    """The LANs that a steering rule names, or without one those that hold the application's addresses."""
    if side.steering is None:
        for network, face in _lans(pair):
            if _holds(pair, design.named("network", network), side.application):
                for node in list(_nodes_of(pair, face))[:1]:
                    yield lan_interface(network), node, lan_interface(network), {}
        return
    faces = dict(_lans(pair))
    for path in paths_of(side.steering, "local"):
        for network in path.get("networks") or ():
            more: dict[str, Tree] = {}
            if path.get("gateway_ip"):
                more["gateway-ip"] = pair.text(path["gateway_ip"]) or path["gateway_ip"]
            if path.get("target_ips"):
                more["target-address"] = tuple(str(one) for one in path["target_ips"])
            for node in list(_nodes_of(pair, faces[network]))[:1] if network in faces else ():
                yield lan_interface(str(network)), node, lan_interface(str(network)), more


def _lans(pair: Pair) -> Iterator[tuple[str, str]]:
    for name, face in pair.faces("lan").items():
        yield from ((str(network), name) for network in face.get("networks") or {})


def _holds(pair: Pair, network: Resource | None, application: Resource) -> bool:
    """True if an address of the application is in the network's subnet at this site."""
    subnet = pair.text(network.values.get("subnet")) if network is not None else None
    try:
        around = ipaddress.ip_network(subnet) if subnet else None
        inside = [ipaddress.ip_network(str(one)) for one in application.values.get("addresses") or ()]
    except ValueError:
        return False
    return around is not None and any(
        one.version == around.version and one.subnet_of(around)  # type: ignore[arg-type]  # versions are equal
        for one in inside
    )


# --- Ambiguity --------------------------------------------------------------------------------------------------------


def _refuse_ambiguous(found: list[Service], design: Design, draft: Draft) -> None:
    """Two services that are equally specific, with a tenant in common, on one router."""
    facts = [(service, *_facts(service, design)) for service in found]
    by_address: dict[str, list[tuple[Service, Transports, frozenset[str], frozenset[str]]]] = {}
    for service, addresses, ports, tenants, routers in facts:
        for address in addresses:
            for other, ports_, tenants_, routers_ in by_address.get(address, ()):
                both = sorted(tenants & tenants_)
                if both and routers & routers_ and equally_narrow(ports, ports_):
                    _ambiguous(other, service, address, both, draft)
                elif routers & routers_ and ports == ports_:
                    _told_apart(other, service, address, draft)
            by_address.setdefault(address, []).append((service, ports, tenants, routers))


def _facts(service: Service, design: Design) -> tuple[set[str], Transports, frozenset[str], frozenset[str]]:
    values = service.head.application.values
    addresses = {str(one) for kind in MATCHERS for one in values.get(kind) or ()}
    ports, _ = transports(map(str, values.get("protocols") or ()))
    tenants = frozenset(str(one) for side in service.sides for one in side.policy.values.get("networks") or ())
    routers = frozenset(pair.router for side in service.sides for pair in design.carrying(side.owner))
    return addresses, ports, tenants, routers


def _told_apart(one: Service, other: Service, address: str, draft: Draft) -> None:
    """Two services of one address and transport, told apart by their tenants alone; alike, they would be one."""
    first, then = one.head.policy, other.head.policy
    text = (
        f"{first.name} and {then.name} are two services of {address} that differ in their tenants alone: whether a "
        f"conductor takes them is not published, its validate says so ({first.address})"
    )
    draft.problem("SSR005", then.address, text, "the same steering rule makes them one service", "warning")


def _ambiguous(one: Service, other: Service, address: str, tenants: list[str], draft: Draft) -> None:
    first, then = one.head.policy, other.head.policy
    text = (
        f"{first.name} and {then.name} both say what {', '.join(tenants)} may do with {address}, and a conductor has "
        f"no order of rules to choose by ({first.address})"
    )
    draft.problem("SSR005", then.address, text, "narrow one of them: addresses, ports or networks")
