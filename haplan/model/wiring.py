"""How the boxes of a pair are cabled: every port of both nodes, and where it goes. Data only."""

from typing import Literal

import attrs

PlugKind = Literal["wan", "lan", "link", "management", "free"]
Mark = Literal["", "+", "~"]


@attrs.frozen(kw_only=True)
class Plug:
    """One port of one box.

    Attributes:
        node: 0 or 1.
        box: The port as the front of the box says it.
        port: The port as configurations say it; "" where none does.
        kind: What it carries.
        use: Name of the interface, or of the link.
        face: Name of the interface in the stack, or "".
        to: Where the cable goes, in words for the person with the cable.
        peer: What its counterpart on the other node is called in configurations, or "".
        mark: ``+`` where a plan brings it, ``~`` where it changes it, else "".
    """

    node: int
    box: str
    port: str
    kind: PlugKind
    use: str = ""
    face: str = ""
    to: str = ""
    peer: str = ""
    mark: Mark = ""


@attrs.frozen(kw_only=True)
class Sheet:
    """One pair.

    Attributes:
        address: Of the cluster.
        site: Its site.
        model: The hardware.
        boxes: MAC address of node0 and of node1, "" where that is not known yet.
        serials: Their serial numbers, as far as the stack says them.
        plugs: By node and port.
        unsure: Why port names may be wrong or are not all there, or "".
        marks: Of node0 and node1: ``+`` where a plan brings the box into the pair.
        alike: Addresses of other pairs whose picture is the same.
    """

    address: str
    site: str
    model: str
    boxes: tuple[str, str] = ("", "")
    serials: tuple[str, str] = ("", "")
    plugs: tuple[Plug, ...] = ()
    unsure: str = ""
    marks: tuple[Mark, Mark] = ("", "")
    alike: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """True if a plan changes something of it."""
        return any(self.marks) or any(plug.mark for plug in self.plugs)

    def of(self, node: int) -> tuple[Plug, ...]:
        """The ports of one node."""
        return tuple(plug for plug in self.plugs if plug.node == node)
