"""The port catalogue: which port does what on each model, once two of them form a pair.

One row a model. Names are node0's, as Mist writes them (``type-slot/pic/port``); node1's name has `offset` added to the
first number (cluster slot = node id times slots per node + local slot). Never compute "the last two ports": that is
true of SSR120 and SSR130 only. An unknown model is said to be unknown (HA005), never guessed.

Sources: Junos chassis cluster documentation, slot numbering and the fxp0/fxp1 ports of each SRX (SLOT); the Mist API
description of HA port configuration (API); the SSR hardware port layouts in github 128technology/docs (SSRDOC).
Confidence: H where the vendor's text was read, M where it was read in part, L where it is one secondary source.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Literal, cast

import attrs

Family = Literal["srx", "ssr", ""]
Confidence = Literal["H", "M", "L"]

_PORT = re.compile(r"([a-z]+)-(\d{1,2})/(\d{1,2})/(\d{1,3})(?:-(\d{1,3}))?(?:\.(\d{1,5}))?\Z", re.ASCII)


@attrs.frozen(order=True, kw_only=True)
class Port:
    """One port: ``ge-0/0/3``; `unit` for a sub-interface, ``ge-0/0/3.100``."""

    kind: str
    slot: int
    pic: int
    number: int
    unit: int | None = attrs.field(default=None, order=False)

    def __str__(self) -> str:
        return f"{self.kind}-{self.slot}/{self.pic}/{self.number}" + (f".{self.unit}" if self.unit is not None else "")

    @property
    def base(self) -> "Port":
        """The port without its sub-interface."""
        return attrs.evolve(self, unit=None)


@attrs.frozen(kw_only=True)
class Model:
    """One row.

    Attributes:
        name: As the inventory says it.
        family: ``srx`` or ``ssr``.
        offset: Added to the first number for node1; None where nobody says.
        ports: All ports of one box; empty where the list was not read.
        becomes: Ports that change their role by forming a pair: port → ``the management port`` or ``the control link``.
        control: The sync or control port that is declared, or "".
        fixed_control: The control link is a port of its own or fixed: none is declared.
        fabric: The fabric port, or "".
        fixed_fabric: The fabric link is a port of its own: none is declared.
        gigabit_fabric: Only gigabit ports make the fabric.
        wan: Where the cloud is reached from the first minute.
        lan: The first LAN port.
        confidence: Of the row.
        source: See the text of the module.
        note: What to know, or "".
        disputed: The source says two things of it.
    """

    name: str
    family: Family
    offset: int | None
    ports: tuple[Port, ...]
    becomes: Mapping[Port, str]
    control: str
    fixed_control: bool
    fabric: str
    fixed_fabric: bool
    gigabit_fabric: bool
    wan: str
    lan: str
    confidence: Confidence
    source: str
    note: str = ""
    disputed: bool = False

    @property
    def doubt(self) -> str:
        """Why node1's names may be wrong, or ""."""
        return self.note if self.confidence == "L" or self.disputed else ""

    def node(self, port: Port) -> int | None:
        """0 or 1: which node a port is on; None if it is a port of neither."""
        slots = {one.slot for one in self.ports} or {0}
        if port.slot in slots:
            return 0
        if self.offset is not None and port.slot - self.offset in slots:
            return 1
        return None

    def on_node0(self, port: Port) -> Port:
        """The port as node0 names it."""
        return attrs.evolve(port, slot=port.slot - (self.offset or 0)) if self.node(port) == 1 else port

    def on_node1(self, port: Port) -> Port:
        """The port as node1 names it: the slot of the box, and the offset."""
        if self.node(port) == 1:
            return port
        local = port.slot if self.node(port) == 0 else 0
        return attrs.evolve(port, slot=local + (self.offset or 0))

    def has(self, port: Port) -> bool:
        """True if there is such a port, or if nobody listed this model's ports."""
        return not self.ports or self.on_node0(port).base in self.ports

    def changed_role(self, port: Port) -> str:
        """What a port becomes when the pair is formed, or ""."""
        return self.becomes.get(self.on_node0(port).base, "")

    def pair_of(self, name: str) -> str:
        """``ge-0/0/4,ge-1/0/4`` for ``ge-0/0/4``."""
        port = one_port(name)
        return f"{port},{self.on_node1(port)}"


def parse_ports(text: str) -> tuple[Port, ...]:
    """The ports of a comma list, ranges written out.

    Raises:
        ValueError: A name in it is no port name; the error's text is that name.
    """
    return tuple(port for name in text.split(",") for port in _range(name.strip()))


def one_port(text: str) -> Port:
    """A single port.

    Raises:
        ValueError: It is none.
    """
    found = parse_ports(text)
    if len(found) != 1:
        raise ValueError(text)
    return found[0]


def _range(name: str) -> Iterator[Port]:
    found = _PORT.match(name)
    if found is None:
        raise ValueError(name)
    kind, slot, pic, first, last, unit = found.groups()
    if last is not None and int(last) < int(first):
        raise ValueError(name)
    for number in range(int(first), int(last or first) + 1):
        yield Port(kind=kind, slot=int(slot), pic=int(pic), number=number, unit=int(unit) if unit is not None else None)


def family(model: str) -> Family:
    """``srx``, ``ssr``, or "" for what is no appliance of either."""
    upper = model.upper()
    if upper.startswith(("SRX", "VSRX")):
        return "srx"
    return "ssr" if re.match(r"SSR\d", upper) else ""


def find(model: str) -> Model | None:
    """The row of a model; a variant (SSR120-AE) has its base model's ports."""
    return rows().get(model.upper().split("-")[0])


# "-" is: none, fixed, or not known. `mgmt` and `control` of an SRX are ports that change their role by forming a pair;
# `control` of an SSR is the sync port that is declared. A row without WAN port was read too thinly to judge ports by:
# such models count as unknown.
_TABLE = """
model    offset  ports                              mgmt      control   fabric    wan       lan       conf  source
SRX300   1       ge-0/0/0-7                         ge-0/0/0  ge-0/0/1  ge-0/0/2  ge-0/0/7  ge-0/0/3  H     SLOT,API
SRX320   3       ge-0/0/0-7                         ge-0/0/0  ge-0/0/1  ge-0/0/2  ge-0/0/7  ge-0/0/3  H     SLOT,API
SRX340   5       ge-0/0/0-15                        -         ge-0/0/1  ge-0/0/2  ge-0/0/0  ge-0/0/3  H     SLOT,API
SRX345   5       ge-0/0/0-15                        -         ge-0/0/1  ge-0/0/2  ge-0/0/0  ge-0/0/3  H     SLOT,API
SRX380   5       ge-0/0/0-15,xe-0/0/16-19           -         ge-0/0/1  ge-0/0/2  ge-0/0/0  ge-0/0/3  M     SLOT,API
SRX550   -       -                                  ge-0/0/0  ge-0/0/1  ge-0/0/2  ge-0/0/3  ge-0/0/4  L     API
SRX550M  9       -                                  ge-0/0/0  -         ge-0/0/2  ge-0/0/3  ge-0/0/4  L     API,SLOT
SRX1500  7       ge-0/0/0-15,xe-0/0/16-19           -         -         ge-0/0/1  ge-0/0/0  ge-0/0/2  M     API
SRX1600  7       -                                  -         -         ge-0/0/1  ge-0/0/0  ge-0/0/2  H     API,SLOT
SRX2300  7       -                                  -         -         -         -         -         L     SLOT
SRX4100  7       xe-0/0/0-7                         -         -         -         xe-0/0/0  xe-0/0/1  L     API
SRX4120  7       -                                  -         -         -         -         -         L     SLOT
SRX4200  7       xe-0/0/0-7                         -         -         -         xe-0/0/0  xe-0/0/1  L     API
SRX4300  7       -                                  -         -         -         -         -         L     SLOT
SRX4600  7       -                                  -         -         -         -         -         L     SLOT
vSRX     7       -                                  -         -         ge-0/0/0  ge-0/0/1  ge-0/0/2  L     API
SSR120   1       ge-0/0/0-5                         -         ge-0/0/5  ge-0/0/4  ge-0/0/0  ge-0/0/3  H     SSRDOC
SSR130   1       ge-0/0/0-7                         -         ge-0/0/7  ge-0/0/6  ge-0/0/0  ge-0/0/5  H     SSRDOC
SSR1200  1       ge-0/0/0-6,xe-0/1/0-3              -         ge-0/0/6  ge-0/0/5  ge-0/0/0  ge-0/0/3  H     SSRDOC
SSR1300  1       xe-0/0/0-3,ge-0/1/0-3,xe-0/2/0-3   -         ge-0/1/0  xe-0/2/3  xe-0/0/0  xe-0/0/3  L     SSRDOC
SSR1400  1       xe-0/0/0-3,ge-0/1/0-3,xe-0/2/0-3   -         ge-0/1/0  xe-0/2/3  xe-0/0/0  xe-0/0/3  M     SSRDOC
SSR1500  1       ge-0/1/0-3,xe-0/2/0-3,xe-0/3/0-3,xe-0/4/0-3 -         ge-0/1/3  xe-0/2/0  ge-0/1/0  xe-0/2/1  M  SSRDOC
"""

_DISPUTED = frozenset({"SRX1500"})
_NOTES = {
    "SRX320": "LTE redundancy is not known: sources disagree on node1's cl port",
    "SRX380": "xe-0/0/16 as fabric is allowed by the API and not by Junos documentation",
    "SRX550": "a legacy model; node1's slot numbers were not confirmed",
    "SRX550M": "a legacy model",
    "SRX1500": "the API text says 5 in one place and 7 in a later one; 7 is taken",
    "SRX4100": "the offset is of low confidence",
    "SRX4200": "the offset is of low confidence",
    "vSRX": "virtual; outside the design guide",
    "SSR1300": "its port list was read in part",
}
_GIGABIT_FABRIC = ("SRX300", "SRX320", "SRX340", "SRX345", "SRX380")


@cache
def rows() -> Mapping[str, Model]:
    """All rows, by upper-case name."""
    found = (_row(["" if cell == "-" else cell for cell in line.split()]) for line in _TABLE.strip().splitlines()[1:])
    return {row.name.upper(): row for row in found if row.wan}


def _row(cells: list[str]) -> Model:
    name, offset, ports, management, control, fabric, wan, lan, confidence, source = cells
    srx = family(name) == "srx"
    roles = ((management, "the management port"), (control if srx else "", "the control link"))
    return Model(
        name=name,
        family=family(name),
        offset=int(offset) if offset else None,
        ports=parse_ports(ports) if ports else (),
        becomes={one_port(port): role for port, role in roles if port},
        control="" if srx else control,
        fixed_control=srx,
        fabric=fabric,
        fixed_fabric=not fabric,
        gigabit_fabric=name in _GIGABIT_FABRIC,
        wan=wan,
        lan=lan,
        confidence=cast(Confidence, confidence),
        source=source.replace(",", ", "),
        note=_NOTES.get(name, ""),
        disputed=name in _DISPUTED,
    )
