"""Networks, applications and the overlay: who talks, to what, and through what."""

import re
from collections.abc import Sequence
from typing import Any

import attrs

from haplan.plugin import (
    BROKEN,
    Broken,
    Choice,
    Flag,
    ListOf,
    Ref,
    Resource,
    ResourceOf,
    Secret,
    SecretOf,
    Taking,
    Text,
    Tree,
    Value,
    Whole,
    attribute,
    computed,
    derived,
    prefix,
    resource,
    shown,
    whole_in,
)

_RENAMED = "The remote name; by default the label. Others refer by it, so another name is another object."


def _endpoints(overlay: "Overlay", resources: Any) -> list[str]:
    profiles = vars(overlay).get("haplan_profiles", [])
    return sorted({name for profile in profiles for name in profile.haplan_endpoints()})


@resource("overlay", rank=20)
class Overlay(Resource):
    """The tunnels between hubs and spokes."""

    name: Value[str] | None = attribute(Text(), default=None, replaces="create-first", text=_RENAMED)
    type: Value[str] = attribute(
        Choice(("hub_spoke", "mesh")), default="hub_spoke", replaces="destroy-first", text="hub_spoke or mesh."
    )
    psk: Secret | None = attribute(SecretOf(), default=None, sensitive=True, text="Pre-shared key; SRX direct only.")
    endpoints: Ref[list[str]] = derived(
        _endpoints, init=False, kind="list of text", shared=True, text="Of every hub profile that names it."
    )
    id: Ref[str] = computed(init=False)


@resource("network", rank=21)
class Network(Resource):
    """A range of addresses behind WAN edges: who talks."""

    name: Value[str] | None = attribute(Text(), default=None, replaces="create-first", text=_RENAMED)
    subnet: Value[str] = attribute(prefix(), text="The prefix, or a text with site variables.")
    vlan_id: Value[int] | Value[str] | None = attribute(
        Whole(1, 4094, or_text=True), default=None, text="VLAN, or a text with a site variable."
    )
    advertise: Overlay | Sequence[Overlay] = attribute(
        ListOf(ResourceOf(("overlay",)), single=True), default=(), unordered=True, shared=True,
        text="Overlays that learn of it.",
    )  # fmt: skip
    cloud_access: Value[bool] = attribute(Flag(), default=True, text="May it reach the cloud's own services?")
    id: Ref[str] = computed(init=False)


@attrs.frozen
class Protocol:
    """One protocol: ``any``, ``icmp``, ``gre``, a number, ``udp/53`` or ``tcp/8080,8443``."""

    words: str = "protocol"

    def take(self, value: Tree, at: str, taking: Taking) -> Tree:
        """The text; a number becomes one."""
        if isinstance(value, Broken):
            return BROKEN
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255:
            return str(value)
        return Text("protocol", _protocol_complaint, str.lower).take(value, at, taking)


def _protocol_complaint(value: str) -> str:
    name, slash, ports = value.lower().partition("/")
    wanted = f'expected "any", "icmp", "gre", a number, "udp/53" or "tcp/8080,8443", got {shown(value)}'
    if not slash:
        number = whole_in(name)
        return "" if (number is not None and number <= 255) or name in ("any", "icmp", "gre", "tcp", "udp") else wanted
    if name not in ("tcp", "udp"):
        return wanted
    ranges = [word.split("-") for word in ports.split(",")]
    good = all(
        len(ends) <= 2 and all(re.fullmatch(r"[0-9]{1,5}", end) and int(end) <= 65535 for end in ends)
        for ends in ranges
    )
    return "" if good else wanted


_KINDS = (("addresses", "hostnames"), ("apps",), ("categories",), ("urls",))


@resource("application", rank=22)
class Application(Resource):
    """What may be talked to."""

    name: Value[str] | None = attribute(Text(), default=None, replaces="create-first", text=_RENAMED)
    addresses: Sequence[Value[str]] | None = attribute(ListOf(prefix()), default=None, unordered=True, text="Prefixes.")
    hostnames: Sequence[Value[str]] | None = attribute(ListOf(Text()), default=None, unordered=True, text="Host names.")
    apps: Sequence[Value[str]] | None = attribute(
        ListOf(Text()), default=None, unordered=True, text="Known applications."
    )
    categories: Sequence[Value[str]] | None = attribute(
        ListOf(Text()), default=None, unordered=True, text="URL categories."
    )
    urls: Sequence[Value[str]] | None = attribute(ListOf(Text()), default=None, unordered=True, text="URLs.")
    protocols: Sequence[Value[str] | int] | None = attribute(
        ListOf(Protocol()), default=None, unordered=True, text="Asked for with addresses and hostnames (HA113)."
    )
    id: Ref[str] = computed(init=False)

    def haplan_finish(self, values: dict[str, Tree], taking: Taking) -> dict[str, Tree]:
        """Exactly one kind of target."""
        used = [
            " and ".join(name for name in names if name in values)
            for names in _KINDS
            if any(name in values for name in names)
        ]
        given = any(getattr(self, name) is BROKEN for names in _KINDS for name in names)
        if len(used) != 1 and not given:
            words = "one of addresses/hostnames, apps, categories, urls"
            taking.wrong("", f"needs {words}, got {', '.join(used) or 'none'}")
        return values
