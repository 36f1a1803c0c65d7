"""What comes in by an interface for the device itself: what it answers there, and what it drops."""

from haplan.plugin import BROKEN, Choice, ListOf, Taking, Tree

INBOUND = ("bfd", "bgp", "dns", "https", "netconf", "ntp", "ospf", "snmp", "ssh", "traceroute")
"""What of the device itself may answer on an interface; ping, and what the stack needs, answers anyway."""
SCREENS = (
    "land", "no-flags", "ping-of-death", "port-scan", "source-route", "spoofing", "sweep", "syn-fin", "syn-flood",
    "teardrop",
)  # fmt: skip
"""Packets that are dropped where they come in."""


def inbound(value: Tree, at: str, taking: Taking) -> Tree:
    """Services and protocols that answer there."""
    return _some(INBOUND, value, at, taking)


def screens(value: Tree, at: str, taking: Taking) -> Tree:
    """What is dropped there."""
    return _some(SCREENS, value, at, taking)


def _some(known: tuple[str, ...], value: Tree, at: str, taking: Taking) -> Tree:
    """Some of those words, in no order of their own."""
    taken = None if value is None else ListOf(Choice(known), least=1).take(value, at, taking)
    return sorted(set(taken)) if isinstance(taken, list | tuple) and BROKEN not in taken else taken
