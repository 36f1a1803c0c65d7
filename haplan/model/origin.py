"""Where a plan comes from, and whom it reaches: what it decides for whoever applies it, beside its changes."""

import ipaddress
import re
from collections.abc import Iterable

import attrs

from haplan.model.value import Tree


@attrs.frozen(kw_only=True)
class Origin:
    """Who made a plan of what, and where it is carried out.

    Attributes:
        author: user@host.
        file: The stack's file.
        commit: Of the repository that the stack stands in, or "".
        clean: True if everything that the stack read is as that commit has it.
        state: URL of the state, without password.
        lab: On simulators.
        haplan: The version that made it.
    """

    author: str = ""
    file: str = ""
    commit: str = ""
    clean: bool = False
    state: str = ""
    lab: bool = False
    haplan: str = ""


@attrs.frozen(kw_only=True)
class Destination:
    """A host that is sent to, and what is believed of it.

    What the machine itself decides, such as its certificates or its own known hosts, is not part of it: only what the
    settings of a stack say. Two destinations are the same when all of it is.

    Attributes:
        provider: Provider key; the engine fills it in.
        name: Which one of several, such as a device by its MAC address; "" where a provider has one backend.
        host: Name or address, with ``:port`` where it is not the usual one.
        trust: What it is known by instead of what the machine trusts, such as "certificates in ca.pem"; or "".
        verify: False if anybody who answers is believed.
        accept_new: A key that nobody knows yet is let in, and kept.
        via: Hosts in between: jump hosts, proxies.
    """

    provider: str = ""
    name: str = ""
    host: str
    trust: str = ""
    verify: bool = True
    accept_new: bool = False
    via: tuple[str, ...] = ()

    @property
    def hosts(self) -> tuple[str, ...]:
        """All that are sent to."""
        return (self.host, *self.via)

    @property
    def loopback(self) -> bool:
        """True if nothing of it leaves this machine."""
        return all(is_loopback(host) for host in self.hosts)

    def __str__(self) -> str:
        said = [
            f"through {', '.join(self.via)}" if self.via else "",
            f"known by {self.trust}" if self.trust else "",
            "" if self.verify else "whoever answers is believed (verify=False)",
            "a new key is let in (accept_new=True)" if self.accept_new else "",
        ]
        more = ", ".join(word for word in said if word)
        return f"{self.host} ({more})" if more else self.host


def remembered(destinations: Iterable[Destination]) -> dict[str, dict[str, Tree]]:
    """Destinations as a state keeps them: provider key → name → the rest, as plain data."""
    found: dict[str, dict[str, Tree]] = {}
    for one in destinations:
        kept = attrs.asdict(one, filter=lambda field, _: field.name not in ("provider", "name"))
        found.setdefault(one.provider, {})[one.name] = {**kept, "via": list(one.via)}
    return found


def bare(host: str) -> str:
    """A host without what may stand around it: ``https://``, ``user@``, a port, brackets, a path."""
    found = re.sub(r"^[^/?#]*://", "", host).partition("/")[0].rpartition("@")[2]
    if found.startswith("["):
        return found[1:].partition("]")[0]
    return found if found.count(":") > 1 else found.partition(":")[0]


def is_loopback(host: str) -> bool:
    """True for localhost and loopback addresses, written in any of these ways."""
    name = bare(host)
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
