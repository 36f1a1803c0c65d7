"""What a provider says of the devices that a write reaches, in the stack's words. Pure."""

from collections.abc import Callable, Container, Mapping
from functools import partial
from typing import Any

import attrs

from haplan.contracts import Settlement
from haplan.model import devices
from haplan.model.state import Row
from haplan.steps.apply.rows import Rows
from haplan.steps.apply.run_context import Polled


def settlements(
    message: Polled, settling: Container[str], rows: Rows, redact: Callable[[Any], Any]
) -> dict[str, Settlement]:
    """What was said of each transaction that still settles, with the stack's words for devices.

    Args:
        redact: As `RunContext.redact`.
    """
    known = partial(rows.of_provider, message.provider)
    return {number: _named(one, known, redact) for number, one in message.found.items() if number in settling}


def _named(settlement: Settlement, rows: Callable[[], Mapping[str, Row]], redact: Callable[[Any], Any]) -> Settlement:
    """With the stack's addresses for the devices that a write reaches; what became of it there is said in these."""
    told = settlement.devices
    if not told:
        return settlement
    known = {row.id: address for address, row in rows().items() if row.id} if any(one.id for one in told) else {}
    told = tuple(attrs.evolve(one, name=known.get(one.id, one.name), lacks=str(redact(one.lacks))) for one in told)
    several = len(told) > 1 and any(one.lacks for one in told)
    said = several and settlement.text and settlement.state != "waiting"
    return attrs.evolve(settlement, devices=told, text=devices.done_on(told) if said else settlement.text)
