"""The end of a commit that takes itself back: it is confirmed, or taken back.

Both are commits of their own, of the configuration locked: what somebody else has typed there and not committed is in
neither. Where that cannot be, the device goes back by itself.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from haplan.plugin import ProviderError, Task, Written
from haplan_srx.estate import Estate
from haplan_srx.write.fate import CONFIRMED, TAKEN_BACK, Fate, fate
from haplan_srx.write.receipt import Receipt, read
from haplan_srx.write.writer import committed, prepare

WAIT = 10.0
"""Seconds between two tries of a confirmation."""


class Settled(ProviderError):
    """Nothing is left to confirm: another try would come to the same."""


def confirm(estate: Estate, task: Task, overrides: Mapping[str, int]) -> None:
    """Confirm a commit, tried again while its time runs; one that is confirmed already stays so.

    Raises:
        ProviderError: The device has gone back, or will: somebody else has uncommitted changes there, or it is not
            reached.
    """
    receipt = read(task.receipt)
    if receipt.log:
        _in_time(estate, receipt, lambda: _confirm(estate, receipt, task, overrides))


def _in_time(estate: Estate, receipt: Receipt, work: Callable[[], None]) -> None:
    while True:
        try:
            return work()
        except Settled:
            raise
        except ProviderError as error:
            if estate.clock.now() + WAIT >= receipt.until:
                raise ProviderError(f"{error}; the device takes it back by itself by {clock(receipt)}") from None
        estate.clock.sleep(WAIT)


def clock(receipt: Receipt) -> str:
    """When a device has gone back by itself."""
    return f"{datetime.fromtimestamp(receipt.until, UTC):%H:%M} UTC"


def _confirm(estate: Estate, receipt: Receipt, task: Task, overrides: Mapping[str, int]) -> None:
    box, name = estate.primary(receipt.nodes), receipt.nodes.cluster
    found, _ = fate(box.history(), receipt.log)
    if found is Fate.OPEN:
        with box.locked():
            box.commit(f"{receipt.log}{CONFIRMED}")
        found, _ = fate(box.history(), receipt.log)  # its time may have been up in between
    if found is Fate.OPEN:
        raise ProviderError(f"{name}: the device did not take the confirmation of {receipt.log}")
    if found is not Fate.CONFIRMED and prepare(task, overrides).on(box.configuration()).edits:
        raise Settled(f"{name}: {receipt.log} is not the newest commit any more; it went back")


def take_back(estate: Estate, task: Task) -> Written:
    """Take a commit back at once, over a session that works; where none does, the device goes back by itself."""
    receipt = read(task.receipt)
    if not receipt.log:
        return Written(settling=False, receipt=task.receipt)
    try:
        done = _taken_back(estate, receipt)
    except Settled:
        raise
    except ProviderError as error:
        done = error.lost and _came_through(estate, receipt)
    estate.outdate(receipt.nodes.cluster)
    return Written(settling=not done, receipt=task.receipt if done else {**task.receipt, "going_back": True})


def _taken_back(estate: Estate, receipt: Receipt) -> bool:
    box = estate.primary(receipt.nodes)
    with box.locked():  # nobody commits in between, so that what ran before is the one before the newest
        found, after = fate(box.history(), receipt.log)
        if found is Fate.OTHERS and after is not None:
            raise Settled(made_permanent(receipt, after.user, after.when))
        if found is Fate.OPEN:
            box.roll_back()
            box.commit(f"{receipt.log}{TAKEN_BACK}")
            found, _ = fate(box.history(), receipt.log)
    return found is Fate.BACK


def made_permanent(receipt: Receipt, user: str, when: str) -> str:
    """What somebody else's commit on top of one that waited for its confirmation does."""
    return f"{receipt.nodes.cluster}: {user} committed on top of it at {when}, which made it permanent"


def _came_through(estate: Estate, receipt: Receipt) -> bool:
    try:
        return committed(estate, receipt.nodes, f"{receipt.log}{TAKEN_BACK}")
    except ProviderError:
        return False
