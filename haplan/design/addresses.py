"""Addresses of WAN and LAN interfaces, DHCP, and site variables in texts."""

import re
from collections.abc import Sequence

import attrs

from haplan.plugin import (
    BROKEN,
    Choice,
    ListOf,
    Location,
    Secret,
    SecretOf,
    Taking,
    Text,
    Tree,
    Value,
    Whole,
    address_with_length,
    helper,
    here,
    host,
    mistake,
    shown,
)


def whole(taken: dict[str, Tree]) -> Tree:
    """The mapping, or `BROKEN` if a part of it is."""
    return BROKEN if any(value is BROKEN for value in taken.values()) else taken


@attrs.frozen(eq=False)
class WanAddress:
    """How a WAN interface gets its address; made by `static`, `dhcp` or `pppoe`."""

    type: str
    location: Location

    def plain(self, taking: Taking, at: str) -> Tree:
        """As the backends read it."""
        return {"type": self.type}


@attrs.frozen(eq=False)
class Static(WanAddress):
    """A fixed address."""

    ip: Tree = None
    gateway: Tree = None

    def plain(self, taking: Taking, at: str) -> Tree:
        mine = attrs.evolve(taking, location=self.location)
        ip = address_with_length().take(self.ip, f"{at}.address", mine)
        gateway = host().take(self.gateway, f"{at}.gateway", mine)
        return whole({"type": "static", "ip": ip, "gateway": gateway})


@attrs.frozen(eq=False, kw_only=True)
class Pppoe(WanAddress):
    """An address by PPPoE."""

    username: Tree = None
    password: Tree = None
    auth: Tree = "none"

    def plain(self, taking: Taking, at: str) -> Tree:
        mine = attrs.evolve(taking, location=self.location)
        taken: dict[str, Tree] = {"type": "pppoe", "username": Text().take(self.username, f"{at}.username", mine)}
        if self.password is not None:
            taken["password"] = SecretOf().take(self.password, f"{at}.password", mine)
        taken["auth"] = Choice(("none", "pap", "chap")).take(self.auth, f"{at}.auth", mine)
        return whole(taken)


@helper
def static(address: Value[str], *, gateway: Value[str]) -> WanAddress:
    """A fixed WAN address with its length, and the gateway: ``static("192.0.2.10/25", gateway="192.0.2.1")``."""
    return Static("static", here(), address, gateway)


@helper
def dhcp() -> WanAddress:
    """A WAN address from the carrier's DHCP; for spokes only (HA058)."""
    return WanAddress("dhcp", here())


@helper
def pppoe(username: Value[str], password: Secret | None = None, auth: str = "none") -> WanAddress:
    """A WAN address by PPPoE; the password is a ``secret(…)``, `auth` is none, pap or chap."""
    return Pppoe(type="pppoe", location=here(), username=username, password=password, auth=auth)


@attrs.frozen(eq=False, kw_only=True)
class Dhcp:
    """What serves addresses to a LAN; made by `dhcp_server` or `dhcp_relay`."""

    type: str
    location: Location
    start: Tree = None
    end: Tree = None
    dns_servers: Tree = ()
    lease: Tree = None
    servers: Tree = ()

    def plain(self, taking: Taking, at: str) -> Tree:
        """As the backends read it."""
        mine = attrs.evolve(taking, location=self.location)
        if self.type == "relay":
            return whole(
                {
                    "type": "relay",
                    "servers": ListOf(host(), single=True, least=1).take(self.servers, f"{at}.servers", mine),
                }
            )
        return whole(
            {
                "type": "local",
                "start": host().take(self.start, f"{at}.start", mine),
                "end": host().take(self.end, f"{at}.end", mine),
                "dns_servers": ListOf(host()).take(self.dns_servers, f"{at}.dns_servers", mine),
                "lease": Whole(3600, 604800).take(self.lease, f"{at}.lease", mine),
            }
        )


@helper
def dhcp_server(start: Value[str], end: Value[str], dns_servers: Sequence[Value[str]] = (), lease: int = 86400) -> Dhcp:
    """Serve a LAN's addresses from `start` to `end`; `lease` in seconds."""
    return Dhcp(type="local", location=here(), start=start, end=end, dns_servers=dns_servers, lease=lease)


@helper
def dhcp_relay(servers: Sequence[Value[str]]) -> Dhcp:
    """Pass a LAN's DHCP requests on to these servers."""
    return Dhcp(type="relay", location=here(), servers=servers)


@attrs.frozen(eq=False)
class LanAddress:
    """The gateway address of one network; made by `lan_address`."""

    ip: Tree
    secondary: Tree
    dhcp: Tree
    location: Location

    def plain(self, taking: Taking, at: str) -> Tree:
        """As the backends read it."""
        mine = attrs.evolve(taking, location=self.location)
        taken: dict[str, Tree] = {"ip": address_with_length().take(self.ip, at, mine)}
        if self.secondary:
            taken["secondary"] = ListOf(address_with_length()).take(self.secondary, f"{at}.secondary", mine)
        if isinstance(self.dhcp, Dhcp):
            taken["dhcp"] = self.dhcp.plain(mine, f"{at}.dhcp")
        elif self.dhcp is not None and self.dhcp is not BROKEN:
            taken["dhcp"] = mine.wrong(
                f"{at}.dhcp", f"expected dhcp_server(…) or dhcp_relay(…), got {shown(self.dhcp)}"
            )
        return whole(taken)


@helper
def lan_address(address: Value[str], secondary: Sequence[Value[str]] = (), dhcp: Dhcp | None = None) -> LanAddress:
    """The gateway address of a network with its length, further addresses, and who serves DHCP there."""
    return LanAddress(address, secondary, dhcp, here())


@helper
def site_var(name: str) -> str:
    """A site variable as it stands in a text: ``site_var("WAN0_PFX")`` is ``{{WAN0_PFX}}``."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_]+", name):
        mistake(f"site_var: {shown(name)} is no variable name; letters, digits and underscore only (HA119)")
        return "{{unnamed}}"
    return "{{" + name + "}}"
