"""WAN edge templates and hub profiles: the settings of many spokes, and of one hub."""

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from haplan.design.interfaces import Interface, InterfacesOf, Wan, extras_of, interfaces_of
from haplan.design.networks import Overlay
from haplan.design.paths import Endpoint, HubSide, Path, TunnelPath, WanPath
from haplan.plugin import (
    Flag,
    ListOf,
    Ref,
    Resource,
    ResourceOf,
    Taking,
    Text,
    Tree,
    Value,
    VendorKeys,
    attribute,
    computed,
    derived,
    helper,
    here,
    resource,
)

_INTERFACES = "wan(…), lan(…), ha_fabric(…), ha_sync(…), in order."
_DNS = "DNS servers, in order; those that others have added come after them."
_NTP = "NTP servers, in order; those that others have added come after them."
_EXCLUSIVE = "True makes what haplan does not own in it drift that is removed."


_UNOWNED = "With `exclusive`: what others have put into it; none is wanted."


def _wans(owner: "HubProfile | WanEdgeTemplate") -> list[Wan]:
    return [one for one in interfaces_of(owner.interfaces) if isinstance(one, Wan)]


def _none_unowned(owner: "HubProfile | WanEdgeTemplate", resources: Any) -> list[str] | None:
    return [] if getattr(owner, "exclusive", None) is True else None


@resource("hub_profile", rank=30)
class HubProfile(HubSide):
    """The settings of one hub."""

    interfaces: Sequence[Interface] = attribute(InterfacesOf(), text=_INTERFACES)
    overlay: Overlay | None = attribute(ResourceOf(("overlay",)), default=None, text="Whose endpoints its WANs are.")
    dns_servers: Sequence[Value[str]] = attribute(ListOf(Text()), default=(), shared=True, text=_DNS)
    ntp_servers: Sequence[Value[str]] = attribute(ListOf(Text()), default=(), shared=True, text=_NTP)
    exclusive: Value[bool] = attribute(Flag(), default=False, local=True, text=_EXCLUSIVE)
    unowned: Ref[list[str]] = derived(_none_unowned, init=False, kind="list of text", text=_UNOWNED)
    id: Ref[str] = computed(init=False)

    @helper
    def endpoint(self, wan: str, preference: int | None = None, bfd: str | None = None) -> Path:
        """The overlay towards one of its WANs: for ``overlay=`` of a spoke's WAN, and as a path."""
        return Endpoint(location=here(), profile=self, wan=wan, preference=preference, bfd=bfd)

    @helper
    def wan(self, name: str) -> Path:
        """One of its WANs as a path."""
        return WanPath(location=here(), owner=self, name=name)

    @helper
    def tunnel(self, name: str) -> Path:
        """One of its tunnels as a path."""
        return TunnelPath(location=here(), owner=self, name=name)

    def haplan_endpoint(self, wan: str) -> str:
        """The name of a WAN's endpoint: ``<profile>-<wan>``, unless the WAN says another."""
        own = () if self.haplan_data else _wans(self)
        named = next((one.endpoint for one in own if one.name == wan and isinstance(one.endpoint, str)), "")
        return named or f"{self.haplan_name}-{wan}"

    def haplan_endpoints(self) -> list[str]:
        """The names of all its endpoints."""
        return [self.haplan_endpoint(str(one.name)) for one in _wans(self) if one.endpoint is not False]

    def haplan_extras(self) -> Iterator[VendorKeys]:
        """Those of its interfaces too."""
        yield from super().haplan_extras()
        if not self.haplan_data:
            yield from extras_of(self.interfaces, self.haplan_values.get("interfaces") or {})

    def haplan_finish(self, values: dict[str, Tree], taking: Taking) -> dict[str, Tree]:
        """Give each WAN the name of its endpoint, and the overlay its profile."""
        for one in _wans(self):
            if one.overlay:
                mine = attrs.evolve(taking, location=one.location)
                mine.wrong(f"interfaces[{one.name!r}].overlay", "is a spoke's side; a hub's WAN is an endpoint itself")
        if not isinstance(self.overlay, Overlay):
            return values
        vars(self.overlay).setdefault("haplan_profiles", []).append(self)
        for one in _wans(self):
            plain = values.get("interfaces", {}).get(one.name)
            if plain is not None and one.endpoint is not False:
                plain["endpoint"] = self.haplan_endpoint(str(one.name))
        return values


def _template_type(template: "WanEdgeTemplate", resources: Any) -> str:
    return template.haplan_role


@resource("wan_edge_template", rank=40)
class WanEdgeTemplate(Resource):
    """The settings of many spokes."""

    interfaces: Sequence[Interface] = attribute(InterfacesOf(), text=_INTERFACES)
    dns_servers: Sequence[Value[str]] = attribute(ListOf(Text()), default=(), shared=True, text=_DNS)
    ntp_servers: Sequence[Value[str]] = attribute(ListOf(Text()), default=(), shared=True, text=_NTP)
    exclusive: Value[bool] = attribute(Flag(), default=False, local=True, text=_EXCLUSIVE)
    unowned: Ref[list[str]] = derived(_none_unowned, init=False, kind="list of text", text=_UNOWNED)
    type: Ref[str] = derived(_template_type, init=False, text="spoke if a WAN builds towards a hub, else standalone.")
    id: Ref[str] = computed(init=False)

    @helper
    def wan(self, name: str) -> Path:
        """One of its WANs as a path."""
        return WanPath(location=here(), owner=self, name=name)

    @helper
    def tunnel(self, name: str) -> Path:
        """One of its tunnels as a path."""
        return TunnelPath(location=here(), owner=self, name=name)

    @property
    def haplan_role(self) -> str:
        """What devices it makes; one that lives elsewhere is taken for a spoke's."""
        return "spoke" if self.haplan_data or any(one.overlay for one in _wans(self)) else "standalone"

    def haplan_extras(self) -> Iterator[VendorKeys]:
        """Those of its interfaces too."""
        yield from super().haplan_extras()
        if not self.haplan_data:
            yield from extras_of(self.interfaces, self.haplan_values.get("interfaces") or {})

    def haplan_finish(self, values: dict[str, Tree], taking: Taking) -> dict[str, Tree]:
        """A template's WAN is never an endpoint."""
        for one in _wans(self):
            if isinstance(one.endpoint, str):
                mine = attrs.evolve(taking, location=one.location)
                mine.wrong(
                    f"interfaces[{one.name!r}].endpoint", "is a hub's side; a template's WAN builds towards hubs"
                )
        return values
