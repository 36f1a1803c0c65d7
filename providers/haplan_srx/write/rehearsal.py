"""A device's own word on a task before anything is carried out: load, compare, check, throw away."""

from collections.abc import Callable, Mapping

from haplan.plugin import ProviderError, Task
from haplan_srx.device.operational import Status
from haplan_srx.device.rpcs import Box
from haplan_srx.estate import Estate, Nodes
from haplan_srx.translate.difference import NOTHING, difference
from haplan_srx.write.writer import Work, check, load, on_trial, prepare


def rehearse(estate: Estate, task: Task, overrides: Mapping[str, int], secret: Callable[[str], str]) -> str | None:
    """What the device says that a task would change, after it has checked it; leaves nothing behind.

    A pair that is still to be formed is asked by a box that stands alone; None where none answers.

    Raises:
        ProviderError: The device does not want it, or is not reached.
    """
    what = prepare(task, overrides)
    boxes = _boxes(estate, what.nodes)
    alone = next((box for box, status in boxes if status is None), None)
    if all(status is None for _, status in boxes):
        return _checked_alone(alone, what) if alone is not None else None
    told: list[str] = []
    box = estate.primary(what.nodes)
    newest = next(iter(box.history()), None)
    if newest is not None and newest.pending(estate.clock.now()):  # a check confirms it
        return f"not checked: {on_trial(newest)}, and a check would confirm it"
    try:
        live = box.configuration()
        what = prepare(task, overrides, live) if what.untold else what
        found = what.on(live)
        if found.edits:
            load(box, found, secret, told.append)
    finally:
        box.put_away()
    return "\n".join(told)


def _boxes(estate: Estate, nodes: Nodes) -> list[tuple[Box, Status | None]]:
    """The boxes of a pair that answer, each with the cluster that it is in."""
    found = []
    for host in nodes.hosts.values():
        try:
            box = estate.box(host)
            found.append((box, box.status()))
        except ProviderError:
            continue
    return found


def _checked_alone(box: Box, what: Work) -> str:
    """What a box that is to join says of what its pair will be told; what keeps it from saying so is no refusal.

    Raises:
        ProviderError: It does not want it.
    """
    told: list[str] = []
    try:
        found = difference(what.wanted, NOTHING, box.configuration())  # it has nothing of what the pair will be told
        box.open_candidate()
    except ProviderError as error:
        return f"not checked: {error}"
    try:
        check(box, found, lambda source: "not-the-secret", told.append)  # what the secret is changes nothing
    finally:
        box.put_away()
    return "\n".join(told)
