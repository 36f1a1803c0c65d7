"""What a stack sets on the device of a pair itself: its vendor keys, beside what others have set there."""

from collections.abc import Sequence

import attrs

from haplan.plugin import Part
from haplan_mist.read import own
from haplan_mist.translate import device, merge
from haplan_mist.write.steps import Step
from haplan_mist.write.writer import Writer, extras


@attrs.frozen
class OwnSet:
    """A device with the keys of its pair: whether anything was sent, and what others have on it beside them."""

    sent: bool
    beside: tuple[str, ...]


def set_own(part: Part, writer: Writer, pair: Sequence[str], site_id: str) -> OwnSet | None:
    """Bring the device of a pair to the keys of the stack; None of a pair that has none and had none."""
    before, after = extras(part, writer)
    if not before and not after:
        return None
    live = own.device(writer.estate, pair[0], site_id)
    body = merge.body(live, device.rewritten(live, before, after))
    if body:
        key = {"macs": list(pair), "site_id": site_id}
        writer.io.about_to(Step.DEVICE, part.change.address, key, idempotent=True)
        writer.put(own.path_of(pair[0], site_id), body, part.change.address)
    return OwnSet(bool(body), tuple(device.fields(merge.applied(live, body), after)))
