"""Slot numbers of the nodes: node1's name of a port is node0's with an offset added to the first number.

Cluster slot = node id times slots per node + local slot. Sources: Junos documentation "chassis cluster SRX series node
interface understanding" (DOC), the Mist API description of HA clusters (API), and configurations of running clusters
(SEEN). Confidence: H where the vendor's text was read, M where in part, L where it is recollection or one secondary
source. An unknown model is refused, never guessed; ``provider("srx", slots={"SRX4700": 7})`` says it or another number.
"""

from collections.abc import Mapping
from typing import Literal

import attrs

from haplan.design.catalogue import Port, parse_ports


@attrs.frozen(kw_only=True)
class Slots:
    """One model.

    Attributes:
        model: Its name.
        offset: Slots per node; None where nobody says.
        management: The port that becomes fxp0 once the pair is formed, or "".
        control: The port that becomes the control link, or "".
        fabric: False if the fabric link is a port of its own: none is configured.
        confidence: H, M or L.
        source: See the text of the module.
    """

    model: str
    offset: int | None
    management: str
    control: str
    fabric: bool
    confidence: Literal["H", "M", "L"]
    source: str

    def node(self, port: Port) -> int:
        """0 or 1: the node that a port is on."""
        return 1 if self.offset is not None and port.slot >= self.offset else 0

    def on_box(self, port: Port) -> Port:
        """The port as its own box names it while it stands alone."""
        return attrs.evolve(port, slot=port.slot - (self.offset or 0)) if self.node(port) else port

    def changing(self) -> tuple[str, ...]:
        """Ports of a single box that change their role when the pair is formed."""
        return tuple(port for port in (self.management, self.control) if port)


_TABLE = """
SRX300   1   ge-0/0/0  ge-0/0/1  yes  H  DOC,API
SRX320   3   ge-0/0/0  ge-0/0/1  yes  H  DOC,API
SRX340   5   -         ge-0/0/1  yes  H  DOC,API
SRX345   5   -         ge-0/0/1  yes  H  DOC,API
SRX380   5   -         ge-0/0/1  yes  H  DOC,API
SRX400   -   -         -         yes  L  -
SRX440   -   -         -         yes  L  -
SRX550M  9   ge-0/0/0  ge-0/0/1  yes  M  API,SEEN
SRX1500  7   -         -         yes  H  DOC,API
SRX1600  7   -         -         yes  H  DOC,API
SRX2300  7   -         -         yes  L  -
SRX4100  7   -         -         no   M  API
SRX4120  7   -         -         yes  L  -
SRX4200  7   -         -         no   M  API
SRX4300  7   -         -         yes  L  -
SRX4600  7   -         -         no   M  SEEN
SRX4700  -   -         -         yes  L  -
SRX5400  3   -         -         yes  H  DOC
SRX5600  6   -         -         yes  H  DOC
SRX5800  12  -         -         yes  H  DOC
VSRX     7   -         -         yes  H  API,SEEN
"""
# SRX4100, 4200 and 4600: the fabric link is a dedicated port. SRX4700: 7 is assumed somewhere; nobody wrote it down.


def _row(line: str) -> Slots:
    model, offset, management, control, fabric, confidence, source = (
        "" if word == "-" else word for word in line.split()
    )
    return Slots(
        model=model,
        offset=int(offset) if offset else None,
        management=management,
        control=control,
        fabric=fabric == "yes",
        confidence=confidence if confidence in ("H", "M") else "L",  # type: ignore[arg-type]  # one of the three
        source=source,
    )


ROWS: Mapping[str, Slots] = {row.model: row for row in map(_row, _TABLE.strip().splitlines())}


def slots(model: str, overrides: Mapping[str, int] | None = None) -> Slots | None:
    """The row of a model, with what the user says of it; None if nobody knows its offset."""
    name = model.upper().partition("-")[0]
    said = {key.upper(): offset for key, offset in (overrides or {}).items()}.get(name)
    row = ROWS.get(name)
    if said is not None:
        row = attrs.evolve(
            row or Slots(model=name, offset=None, management="", control="", fabric=True, confidence="L", source=""),
            offset=said,
            confidence="H",
        )
    return row if row is not None and row.offset is not None else None


def ports(text: str) -> tuple[Port, ...]:
    """The ports of a comma list.

    Raises:
        ValueError: A name in it is no port name.
    """
    return parse_ports(text)
