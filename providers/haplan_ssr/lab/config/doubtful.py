"""Configuration of which it is not known whether a conductor takes it: refused, or taken where `lab.toml` says so.

The vendor publishes samples with /24 and /30 on the HA sync link only; and says nothing of two services that differ in
their tenants alone.
"""

from collections.abc import Iterator

from haplan_ssr.lab.config.edits import Body
from haplan_ssr.lab.config.generated import interfaces
from haplan_ssr.lab.definition import Settings

Found = tuple[str, tuple[str, ...]]


def doubtful(tree: Body, settings: Settings) -> Iterator[Found]:
    """(message, path) of what this conductor refuses beyond the model."""
    authority = tree["authority"]
    if settings.sync_31 == "refuse":
        for router in authority.get("router", ()):
            yield from _narrow_links(router)
    if settings.same_address_services == "refuse":
        yield from _same_addresses(authority)


def _narrow_links(router: Body) -> Iterator[Found]:
    for node, device, interface in interfaces(router):
        prefixes = [one.get("prefix-length") for one in interface.get("address", ())]
        if device.get("forwarding") is False and interface.get("type") == "fabric" and 31 in prefixes:
            path = ("router", router["name"], "node", node["name"], "device-interface", device["name"])
            yield "prefix-length 31 is not supported here", ("authority", *path, "network-interface", interface["name"])


def _same_addresses(authority: Body) -> Iterator[Found]:
    seen: dict[str, list[Body]] = {}
    for service in authority.get("service", ()):
        for address in service.get("address", ()):
            others = seen.setdefault(f"{address} {service.get('transport', [])}", [])
            other = next((one for one in others if _meet(one, service)), None)
            if other is not None:
                yield f"service {other['name']} has address {address} too", ("authority", "service", service["name"])
            others.append(service)


def _meet(one: Body, other: Body) -> bool:
    """True if two services apply to one router; those of router groups may."""
    routers = [_routers(service) for service in (one, other)]
    return None in routers or bool(set(routers[0] or ()) & set(routers[1] or ()))


def _routers(service: Body) -> list[str] | None:
    """Names of the routers that a service applies to, None where it is not by name."""
    applies = service.get("applies-to", ())
    if not applies or any(one.get("type") != "router" for one in applies):
        return None
    return [str(name) for one in applies for name in one.get("router-name", ())]
