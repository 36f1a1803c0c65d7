"""The end of a commit that takes itself back: it is confirmed, or left alone until the device has gone back."""

from collections.abc import Mapping

from haplan.plugin import (
    ProviderError,
    Task,
    Written,
)
from haplan_srx.device.operational import Commit
from haplan_srx.estate import Estate
from haplan_srx.write.receipt import Receipt, read
from haplan_srx.write.writer import prepare

CONFIRMED = " confirmed"
"""What the log of a confirmation has beyond that of its commit."""


def confirm(estate: Estate, task: Task, overrides: Mapping[str, int]) -> None:
    """Confirm a commit; one that is confirmed already stays so.

    Raises:
        ProviderError: The device has gone back, or is not reached.
    """
    receipt = read(task.receipt)
    if not receipt.log:
        return
    box = estate.primary(receipt.nodes)
    newest = _newest(box.history())
    if newest == receipt.log:
        box.confirm(f"{receipt.log}{CONFIRMED}")
    elif newest != f"{receipt.log}{CONFIRMED}" and prepare(task, overrides).on(box.configuration()).edits:
        raise ProviderError(f"{receipt.nodes.cluster}: {receipt.log} is not the newest commit any more; it went back")


def let_go_back(task: Task) -> Written:
    """Leave a commit unconfirmed: the device goes back by itself."""
    receipt = read(task.receipt)
    return Written(settling=bool(receipt.log), receipt={**task.receipt, **_going_back(receipt)})


def _going_back(receipt: Receipt) -> dict[str, bool]:
    return {"going_back": True} if receipt.log else {}


def _newest(history: tuple[Commit, ...]) -> str:
    return history[0].log if history else ""
