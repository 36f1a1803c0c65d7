"""The vocabulary as configuration of a conductor. Pure: no I/O, no clock.

One direction is enough: what is read is compared with what the recorded and the wanted resources would give, and each
entry and leaf knows the attribute it comes from (`haplan_ssr.read.resources`).
"""

from collections.abc import Iterable, Mapping

import attrs

from haplan.design.index import Resource
from haplan_ssr.translate import vendor_keys
from haplan_ssr.translate.design import Design, Terms, at
from haplan_ssr.translate.draft import Draft, Given, Problem, Source, Translation
from haplan_ssr.translate.latest import Latest
from haplan_ssr.translate.names import clean, complaint
from haplan_ssr.translate.routers import routers, unreached
from haplan_ssr.translate.services import names_of_steering, services
from haplan_ssr.translate.steering import policies_of_steering
from haplan_ssr.translate.tree import AUTHORITY

__all__ = ["Design", "Given", "Problem", "Resource", "Source", "Terms", "Translation", "clean", "translate"]

USUAL = Terms()
LATEST = Latest()


def translate(pieces: Iterable[Resource], terms: Terms = USUAL) -> Translation:
    """All resources of a provider as configuration of its authority; an equal one that somebody still holds."""
    known = {one.address: one for one in pieces}
    if terms.reached:
        return LATEST.of(known, terms, lambda: _made(known, terms))
    there = translate(known.values(), attrs.evolve(terms, reached=True))
    return LATEST.of(known, terms, lambda: unreached(there))


def _made(pieces: Mapping[str, Resource], terms: Terms) -> Translation:
    design, draft = Design(pieces.values(), terms), Draft()
    for network in design.of("network"):
        _tenant(network, draft)
    names = names_of_steering(design)
    policies_of_steering(design, names, draft)
    routers(design, draft)
    services(design, names, draft)
    return draft.done(_reach(design, draft))


def _tenant(network: Resource, draft: Draft) -> None:
    """A network is a tenant, which every router of the authority knows; who is in it, its LAN interfaces say (`_lan`).

    It gets no `member` prefixes. A router that receives a session over the overlay takes the tenant from the session's
    metadata, and looks at interface and then at `member` only for packets without them (128technology/docs
    bcp_tenants, "Tenant Assignment" and "Tenant Configuration"). So a hub knows the tenants of its spokes without; with
    the neighborhood of a WAN as member, plain packets from outside with such a source would be let into the tenant.
    """
    why = complaint(network.name)
    if why:
        draft.problem("SSR001", network.address, f"network {why}", "give it another name=")
        return
    name = clean(network.name)
    draft.claim("tenant", name, network.address, f"network {network.name}")
    draft.own[network.address] = draft.entry((*AUTHORITY, ("tenant", name)), at(network, "subnet"))
    vendor_keys.put(network, draft.own[network.address], draft)


def _reach(design: Design, draft: Draft) -> dict[str, set[str]]:
    """Routers that a resource has a part in: by its entries, a site by its clusters."""
    found: dict[str, set[str]] = {}
    for path, sources in draft.sources.items():
        if path[1][0] == "router":
            for source in sources:
                found.setdefault(source.address, set()).add(path[1][1])
    for pair in design.pairs:
        for piece in (pair.site, pair.owner):
            if piece is not None:
                found.setdefault(piece.address, set()).add(pair.router)
    for piece in (*design.of("steering"), *design.of("policy")):
        owner = design.owner_of(piece)
        served = {pair.router for pair in design.carrying(owner)} if owner is not None else set()
        named = (design.named("application", str(name)) for name in piece.values.get("applications") or ())
        for one in (piece, *(application for application in named if application is not None)):
            found.setdefault(one.address, set()).update(served)
    return found
