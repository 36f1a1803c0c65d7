"""Paths: the ways by which traffic may leave. Values that can be wrong: rules compare them with what there is."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, cast

import attrs

from haplan.design.addresses import whole
from haplan.design.networks import Network
from haplan.plugin import (
    BROKEN,
    Choice,
    ExtraOf,
    Flag,
    ListOf,
    Location,
    Name,
    Resource,
    ResourceOf,
    Taking,
    Tree,
    Value,
    Whole,
    exact,
    helper,
    here,
    host,
    mistake,
    shown,
)


@attrs.frozen(eq=False, kw_only=True)
class Path(ABC):
    """One way for traffic to leave.

    Attributes:
        usage: ``wan``, ``endpoint``, ``tunnel`` or ``local``.
        location: Its own line.
        cost: For weighted steering (HA090).
        disabled: Written down, not used.
        extra: Vendor keys.
    """

    usage: ClassVar[str] = ""
    location: Location
    cost: Any = None
    disabled: Any = None
    extra: Any = None

    @property
    @abstractmethod
    def title(self) -> str:
        """How messages name it."""

    @abstractmethod
    def parts(self, taking: Taking, at: str) -> dict[str, Tree]:
        """What is special to its kind."""

    def plain(self, taking: Taking, at: str) -> Tree:
        """As the backends read it."""
        mine = attrs.evolve(taking, location=self.location)
        taken = {"kind": self.usage, **self.parts(mine, at)}
        if self.cost is not None:
            taken["cost"] = Whole(0, 65535).take(self.cost, f"{at}.cost", mine)
        if self.disabled is not None:
            taken["disabled"] = Flag().take(self.disabled, f"{at}.disabled", mine)
        keys = ExtraOf().take(self.extra, f"{at}.extra", mine) if self.extra is not None else {}
        return whole({**taken, "extra": keys} if keys else taken)


@attrs.frozen(eq=False, kw_only=True)
class WanPath(Path):
    """A WAN interface of the owner."""

    owner: Resource
    name: Tree = attrs.field(converter=exact)

    usage: ClassVar[str] = "wan"

    @property
    def title(self) -> str:
        return str(self.name)

    def parts(self, taking: Taking, at: str) -> dict[str, Tree]:
        return {"name": Name("name of a WAN").take(self.name, at, taking)}


@attrs.frozen(eq=False, kw_only=True)
class TunnelPath(Path):
    """A tunnel of the owner, declared in `extra`."""

    owner: Resource
    name: Tree = attrs.field(converter=exact)

    usage: ClassVar[str] = "tunnel"

    @property
    def title(self) -> str:
        return str(self.name)

    def parts(self, taking: Taking, at: str) -> dict[str, Tree]:
        return {"name": Name("name of a tunnel").take(self.name, at, taking)}


class HubSide(Resource, ABC):
    """What the overlay leads to: a resource with WANs that have names in it."""

    @abstractmethod
    def haplan_endpoint(self, wan: str) -> str:
        """The name of a WAN's endpoint."""


@attrs.frozen(eq=False, kw_only=True)
class Endpoint(Path):
    """The overlay towards one WAN interface of a hub."""

    profile: HubSide
    wan: Tree = attrs.field(converter=exact)
    preference: Tree = None
    bfd: Tree = None

    usage: ClassVar[str] = "endpoint"

    @property
    def title(self) -> str:
        return self.profile.haplan_endpoint(str(self.wan))

    def parts(self, taking: Taking, at: str) -> dict[str, Tree]:
        taking.refer(str(self.profile.haplan_address))
        if Name("name of a WAN").take(self.wan, at, taking) is BROKEN:
            return {"name": BROKEN}
        return {"name": self.title, **self._overlay()}

    def mapping(self, taking: Taking, at: str) -> tuple[str, Tree]:
        """As a spoke's WAN carries it: the endpoint's name, and how it is used."""
        mine = attrs.evolve(taking, location=self.location)
        named = self.parts(mine, at)
        taken = {key: value for key, value in named.items() if key != "name"}
        if self.preference is not None:
            taken["preference"] = Whole(0, 255).take(self.preference, f"{at}.preference", mine)
        if self.bfd is not None:
            taken["bfd"] = Choice(("broadband", "lte")).take(self.bfd, f"{at}.bfd", mine)
        if named["name"] is BROKEN:
            taken["name"] = BROKEN
        return str(named["name"]), whole(taken)

    def _overlay(self) -> dict[str, Tree]:
        overlay = getattr(self.profile, "overlay", None)
        return {"overlay": overlay.haplan_name} if isinstance(overlay, Resource) else {}


@attrs.frozen(eq=False, kw_only=True)
class LocalPath(Path):
    """A LAN of the box itself; SRX steers into it (HA105)."""

    networks: tuple[Network, ...]
    gateway_ip: Any = None
    target_ips: Any = ()

    usage: ClassVar[str] = "local"

    @property
    def title(self) -> str:
        return "local " + ", ".join(str(getattr(one, "haplan_name", one)) for one in self.networks)

    def parts(self, taking: Taking, at: str) -> dict[str, Tree]:
        taken: dict[str, Tree] = {"networks": ListOf(ResourceOf(("network",))).take(self.networks, at, taking)}
        if self.gateway_ip is not None:
            taken["gateway_ip"] = host().take(self.gateway_ip, f"{at}.gateway_ip", taking)
        if self.target_ips:
            taken["target_ips"] = ListOf(host()).take(self.target_ips, f"{at}.target_ips", taking)
        return taken


@helper
def local(
    network: Network,
    *more: Network,
    gateway_ip: Value[str] | None = None,
    target_ips: "list[Value[str]] | tuple[Value[str], ...]" = (),
) -> Path:
    """The path into LANs of the box itself: ``local(office, printers)``."""
    return LocalPath(location=here(), networks=(network, *more), gateway_ip=gateway_ip, target_ips=target_ips)


@helper
def path(
    any_of_them: Path,
    cost: int | None = None,
    disabled: bool = False,
    extra: "Mapping[str, Mapping[str, Tree]] | None" = None,
) -> Path:
    """A path with a cost, for weighted steering, one that is written down and not used, or one with vendor keys."""
    if not isinstance(any_of_them, Path):
        if any_of_them is not BROKEN:
            mistake(f'path: expected a path such as edge.wan("wan0"), got {shown(any_of_them)}')
        return cast(Path, BROKEN)
    return attrs.evolve(any_of_them, cost=cost, disabled=disabled or None, extra=extra, location=here())
