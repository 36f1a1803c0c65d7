"""The two nodes of a pair, and what a person attests of them."""

import re
from typing import Any

import attrs

from haplan.design import shapes
from haplan.plugin import (
    BROKEN,
    Broken,
    Choice,
    Flag,
    Kind,
    Location,
    Name,
    Taking,
    Text,
    Tree,
    has_token,
    helper,
    here,
    one_line,
    shown,
)


def normal_mac(text: str) -> str | None:
    """Twelve lower-case hex digits, from any usual spelling; None if it is no MAC address (HA014)."""
    digits = re.sub(r"[:.\-\s]", "", text).lower()
    return digits if re.fullmatch(r"[0-9a-f]{12}", digits) else None


@attrs.frozen(eq=False, kw_only=True)
class Node:
    """One member of a pair; made by `node`."""

    mac: Any
    serial: Any
    model: Any
    host: Any
    asset_id: Any
    pin: Any
    location: Location

    @property
    def key(self) -> str:
        """The MAC in its normal spelling, or as it was typed."""
        return normal_mac(self.mac) or self.mac if isinstance(self.mac, str) else ""

    def known(self, name: str) -> str:
        """What is declared of it under a name; "" where nothing is, or nothing that is known yet."""
        value = getattr(self, name)
        return value if isinstance(value, str) and not has_token(value) else ""

    def plain(self, taking: Taking, at: str) -> Tree:
        """What is declared of it, without the MAC."""
        mine = attrs.evolve(taking, location=self.location)
        given = {name: getattr(self, name) for name in ("serial", "model", "host", "asset_id", "pin")}
        kinds: dict[str, Kind] = {"pin": Choice(("node0", "node1"))}
        taken = {
            name: kinds.get(name, one_line()).take(value, f"{at}.{name}", mine)
            for name, value in given.items()
            if value is not None
        }
        return BROKEN if any(value is BROKEN for value in taken.values()) else taken


@helper
def node(
    mac: str,
    *,
    serial: str | None = None,
    model: str | None = None,
    host: str | None = None,
    asset_id: str | None = None,
    pin: str | None = None,
) -> Node:
    """A member of a pair: its MAC address, and what a backend or a check wants beside it.

    `host` is where an SRX is reached directly; `asset_id` how an SSR conductor knows the box; `pin` says which node it
    is expected to become, and is checked (HA013).
    """
    return Node(mac=mac, serial=serial, model=model, host=host, asset_id=asset_id, pin=pin, location=here())


@attrs.frozen
class NodesOf:
    """The nodes of a cluster: MAC addresses or `node`; keyed by MAC. How many, and how they are spelt, rules say."""

    words: str = "list of MAC or node()"

    def take(self, value: Tree, at: str, taking: Taking) -> Tree:
        """MAC → what is declared of the node."""
        if isinstance(value, Broken):
            return BROKEN
        if not isinstance(value, list | tuple):
            hint = shapes.whole(value, _is_node)
            return taking.wrong(at, f"expected {self.words}, got {shown(value)}{hint}")
        taken: dict[str, Tree] = {}
        for index, one in enumerate(value):
            found = one if isinstance(one, Node) else _from_mac(one, taking.location)
            if found is None or not isinstance(found.mac, str):
                got = shown(one.mac if isinstance(one, Node) else one)
                hint = shapes.entry(one, _is_node)
                taking.wrong(f"{at}[{index}]", f"expected a MAC address or node(…), got {got}{hint}")
                taken[f"broken {index}"] = BROKEN
            elif isinstance(found, Node):
                known = Name("MAC address").take(
                    found.mac, f"{at}[{index}]", attrs.evolve(taking, location=found.location)
                )
                taken.setdefault(found.key, BROKEN if known is BROKEN else found.plain(taking, f"{at}[{index}]"))
        return BROKEN if any(one is BROKEN for one in taken.values()) else taken


def _is_node(value: Tree) -> bool:
    return isinstance(value, Node | str)


def _from_mac(value: Tree, location: Location) -> Node | None:
    return (
        Node(mac=value, serial=None, model=None, host=None, asset_id=None, pin=None, location=location)
        if isinstance(value, str)
        else None
    )


def nodes_of(values: Tree, location: Location) -> list[Node]:
    """The nodes of a cluster as they were listed, doubles included."""
    listed = values if isinstance(values, list | tuple) else []
    found = [one if isinstance(one, Node) else _from_mac(one, location) for one in listed]
    return [one for one in found if one is not None]


@attrs.frozen(eq=False, kw_only=True)
class Attestation:
    """What a person looked at; made by `attest`."""

    collocated: Any
    cabled: Any
    same_l2: Any
    by: Any
    on: Any
    location: Location

    def plain(self, taking: Taking, at: str) -> Tree:
        """As kept in plan and state."""
        mine = attrs.evolve(taking, location=self.location)
        taken = {
            name: Flag().take(getattr(self, name), f"{at}.{name}", mine) for name in ("collocated", "cabled", "same_l2")
        }
        taken |= {name: Text().take(getattr(self, name), f"{at}.{name}", mine) for name in ("by", "on")}
        return BROKEN if any(value is BROKEN for value in taken.values()) else taken


@helper
def attest(*, collocated: bool = False, cabled: bool = False, same_l2: bool = False, by: str, on: str) -> Attestation:
    """What a person vouches for because no device can tell: who, and on which day.

    `collocated`: both boxes stand in one place (HA018). `cabled`: the links between them are direct patch cables
    (HA029). `same_l2`: both ports of a redundant interface reach one switch domain (HA037).
    """
    return Attestation(collocated=collocated, cabled=cabled, same_l2=same_l2, by=by, on=on, location=here())
