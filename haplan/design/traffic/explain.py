"""What the command asks: all of a stack, or one flow step by step."""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence

import attrs

from haplan.design.index import Index
from haplan.design.resources import of_stack
from haplan.design.spans import PORTS
from haplan.design.traffic.answer import Alike, group, likes, streams
from haplan.design.traffic.edges import Edge, Picture, Policy, circuits_of, picture
from haplan.design.traffic.failures import Failure, failures
from haplan.design.traffic.universe import OWN, Cell
from haplan.design.traffic.words import application
from haplan.plugin import HaplanError, Stack, Stream, Traffic, TrafficGroup, TrafficQuestion, close_to, whole_in

PROTOCOLS, WITH_PORTS = ("icmp", "tcp", "udp", "gre"), ("tcp", "udp")


def pictures(stack: Stack) -> list[Picture]:
    """The pairs of a stack, a picture for each provider that has any."""
    lines = {address: block.location.short for address, block in stack.blocks.items()}
    circuits = circuits_of(stack.blocks.values())
    keys = dict.fromkeys(
        block.provider for block in stack.blocks.values() if block.type == "cluster" and not block.data
    )
    return [picture(Index(of_stack(stack, key).values()), key.partition(".")[0], lines, circuits) for key in keys]


def answered(stack: Stack, question: TrafficQuestion) -> Traffic:
    """Who reaches what, as it is asked.

    Raises:
        HaplanError: What it asks for is not there.
    """
    found = stack.once(pictures)
    network, _, at = question.source.partition("@")
    sites = (*question.sites, *([at] if at else []))
    _refuse(found, network, sites)
    known = _known(found, question, sites)
    groups = [
        _group(alike, network, question)
        for one in found
        for whole in likes(_narrowed(one, sites), one)
        if not network or network in whole.first.networks
        if question.to not in known or question.to in whole.first.applications
        for alike in _apart(whole, question.to)
    ]
    lines = {address: place for one in found for address, place in one.lines.items()}
    shown = groups if not question.to else [one for one in groups if one.streams]  # it may be on the LAN itself
    return Traffic(tuple(shown), lines)


def _apart(alike: Alike, to: str) -> Iterator[Alike]:
    """Those that one address is alike to: it may be on the LAN of one of them."""
    if not to or to in alike.first.applications:
        yield alike
        return
    where: dict[Cell, list[Edge]] = {}
    for edge in alike.edges:
        where.setdefault(alike.universe.cell_at(edge, *_packet(to)), []).append(edge)
    yield from (Alike(alike.decisions.of(edges[0]), edges) for edges in where.values())


def _narrowed(whole: Picture, sites: Sequence[str]) -> Picture:
    chosen = {address: edge for address, edge in whole.edges.items() if not sites or _at(edge) & set(sites)}
    return Picture(chosen, whole.lines)


def _at(edge: Edge) -> set[str]:
    """What the site of a pair may be called."""
    return {edge.site, edge.name, edge.address}


def _refuse(found: Iterable[Picture], network: str, sites: Sequence[str]) -> None:
    edges = [edge for one in found for edge in one.edges.values()]
    if not edges:
        raise HaplanError("this stack has no cluster: there is no traffic to work out")
    known = sorted({name for edge in edges for name in _at(edge) if name})
    for site in sites:
        if site not in known:
            raise HaplanError(f"no site {site!r} with a pair in this stack{close_to(site, known)}")
    there = [edge for edge in edges if not sites or _at(edge) & set(sites)]
    lans = sorted({name for edge in there for name in edge.networks})
    if network and network not in lans:
        where = f" at {', '.join(sites)}" if sites else ""
        raise HaplanError(f"no network {network!r} on a LAN{where}; there are: {', '.join(lans) or 'none'}")


def _group(alike: Alike, network: str, question: TrafficQuestion) -> TrafficGroup:
    failing = _failing(alike, question)
    if not network and not question.to:
        return group(alike, failing)
    networks = [network] if network else list(alike.first.networks)
    found = [one for source in networks for one in _flows(alike, source, question.to, failing)]
    return attrs.evolve(group(alike, failing, ()), streams=tuple(found))


def _known(found: Iterable[Picture], question: TrafficQuestion, sites: Sequence[str]) -> set[str]:
    """The names of all applications; what is asked for and is nowhere is refused."""
    alike = [one for whole in found for one in likes(_narrowed(whole, sites), whole)]
    failing = dict.fromkeys(one.name for each in alike for one in failures(each.picture, each.first, question.at_once))
    for name in question.fail:
        if name not in failing:
            raise HaplanError(f"no failure {name!r} here{close_to(name, failing)}; there are: {', '.join(failing)}")
    applications = {name for one in alike for name in one.first.applications}
    if question.to and question.to not in applications:
        _packet(question.to, applications)
    return applications


def _failing(alike: Alike, question: TrafficQuestion) -> tuple[Failure, ...]:
    known = failures(alike.picture, alike.first, question.at_once)
    return tuple(one for one in known if not question.fail or one.name in question.fail)


def _flows(alike: Alike, network: str, to: str, failing: tuple[Failure, ...]) -> Iterator[Stream]:
    everything = list(alike.universe.cells(alike.first))
    cells = everything if not to else _cells(alike, to, everything)
    for stream in streams(alike, network, cells, failing, everything):
        cell = next((one for one in cells if one.own != network), None) if to else None
        steps = tuple(_steps(alike, network, cell)) if cell is not None and len(stream.answers) > 0 else ()
        yield attrs.evolve(stream, to=to or stream.to, steps=steps)


def _cells(alike: Alike, to: str, everything: Sequence[Cell]) -> list[Cell]:
    """The destinations that a text names: an application, or an address with port and protocol."""
    edge = alike.first
    if to in edge.applications:
        return [cell for cell in everything if to in alike.universe.matching(cell, OWN)]
    return [alike.universe.cell_at(edge, *_packet(to))]


def _packet(to: str, applications: Iterable[str] = ()) -> tuple[str, str, int]:
    """``10.1.1.1``, ``10.1.1.1:443`` or ``10.1.1.1:53/udp``; an IPv6 address with a port stands in brackets."""
    text, _, protocol = to.partition("/")
    host, port = text, ""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        known = ", ".join(sorted(applications)) or "none"
        raise HaplanError(
            f"{to!r} is no address such as 10.1.1.1:443/tcp, and no application that a policy names; there are: {known}"
        ) from None
    number = whole_in(port or "0")
    if number is None or number > PORTS:
        raise HaplanError(f"{to!r}: {port!r} is no port")
    if protocol and not _is_protocol(protocol):
        raise HaplanError(f"{to!r}: {protocol!r} is no protocol; there are: {', '.join(PROTOCOLS)}, or a number to 255")
    if port and protocol not in ("", *WITH_PORTS):
        raise HaplanError(f"{to!r}: {protocol} has no ports; {' and '.join(WITH_PORTS)} have")
    return host, protocol or ("tcp" if port else ""), number


def _is_protocol(name: str) -> bool:
    number = whole_in(name)
    return name in PROTOCOLS if number is None else number <= 255


def _steps(alike: Alike, network: str, cell: Cell) -> Iterator[tuple[str, str]]:
    """Each policy in order, and why it is or is not the one, with its address."""
    edge = alike.first
    deciding = {alike.decisions.chosen(network, cell, "order" if by == "order" else "narrow").words: by
                for by in edge.readings}  # fmt: skip
    count = len(edge.policies)
    for place, policy in enumerate(edge.policies, 1):
        said = _said(alike, network, cell, policy)
        if policy.name in deciding:
            reading = f" (read by {deciding[policy.name]})" if len(deciding) > 1 else ""
            said = f"{'allows' if policy.allow else 'denies'} it{reading}"
        yield f"{place} of {count}: {policy.name}: {said}", policy.address
        if policy.name in deciding and edge.readings == ("order",):
            return
    if not deciding.keys() & {policy.name for policy in edge.policies}:
        yield f"none of {count} policies decides: what no policy allows is denied", ""


def _said(alike: Alike, network: str, cell: Cell, policy: Policy) -> str:
    """Why a policy is not the one."""
    if network not in policy.networks:
        return f"is not about {network}"
    found = alike.universe.matching(cell, OWN)
    applications = alike.first.applications
    if any(name in found for name in policy.applications):
        return "matches too"
    opaque = [name for name in policy.applications if name in applications and applications[name].opaque]
    if opaque:
        return f"takes it only if it is {opaque[0]} ({applications[opaque[0]].opaque})"
    names = [application(applications[name]) for name in policy.applications if name in applications]
    return f"is for {', '.join(names) or 'nothing'}"
