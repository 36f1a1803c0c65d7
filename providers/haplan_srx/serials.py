"""The identity of each device: the serial numbers of its nodes, as they were when haplan last wrote to it.

Devices that come or go say nothing of the others; one whose row has no serial numbers yet is not compared.
"""

from collections.abc import Iterable, Iterator, Mapping

from haplan.plugin import Query, Row, Stale, decode
from haplan_srx.estate import PairSeen
from haplan_srx.private import Private
from haplan_srx.translate.recorded import Picture

ANEW = "`haplan state rm` the cluster and import it if this is the right one"
PLACE = "write its MAC address into nodes= if it took the place of a node, else mend host="


def strange(query: Query, looks: Mapping[str, PairSeen], wanted: Picture) -> tuple[str, ...]:
    """Where other boxes stand than those that haplan wrote to, and the stack does not put them there: a line for each
    on a device that the query is not about.

    Args:
        query: What is asked.
        looks: Address of a cluster → what was seen.
        wanted: The design as the stack wants it.

    Raises:
        Stale: One of the devices that it is about is such; a line for each box.
    """
    asked = {one.address for one in query.targets}
    refused, told = list[str](), list[str]()
    for address, look in looks.items():
        row = query.recorded.get(address)
        known = Private.of(row.private).serials if row is not None and look.serials else {}
        if row is None or not known:
            continue
        lines = [f"{address}: {line}" for line in _others(look, known, _named(address, row, wanted))]
        (refused if query.document or address in asked else told).extend(lines)
    if refused:
        raise Stale("\n".join(refused))
    return tuple(told)


def _named(address: str, row: Row, wanted: Picture) -> set[str]:
    """MAC addresses of the boxes that may stand there: those that the stack wants, and those that were there."""
    cluster = wanted.design.resources.get(address)
    sides: Iterable[Mapping[str, object]] = (cluster.values if cluster is not None else {}, decode(row.values))
    leaving = (mac for mac, _ in Private.of(row.private).retiring or ())
    return {*leaving, *(str(mac) for side in sides for mac in _nodes(side))}


def _nodes(values: Mapping[str, object]) -> Iterable[object]:
    nodes = values.get("nodes")
    return nodes if isinstance(nodes, Mapping) else ()


def _others(look: PairSeen, known: Mapping[str, str], named: set[str]) -> Iterator[str]:
    """What is wrong with each node."""
    recorded = ", ".join(f"{serial} (MAC {mac})" for mac, serial in known.items() if mac not in look.serials)
    for mac, serial in look.serials.items():
        if mac in known and known[mac] != serial:
            yield f"another box answers: MAC {mac} has serial number {serial}, and {known[mac]} is recorded; {ANEW}"
        elif mac not in known and mac not in named:
            yield f"another box answers: {serial} (MAC {mac}), and {recorded or 'none such'} is recorded; {PLACE}"
