"""Waiting: pairs that form or dissolve, devices that are looked at after their commit, and those that go back."""

from collections.abc import Sequence

from haplan.plugin import (
    Settlement,
    Task,
    Written,
)
from haplan_srx import verify
from haplan_srx.estate import Estate
from haplan_srx.translate import documents
from haplan_srx.write import confirming, forming
from haplan_srx.write.fate import Fate, fate
from haplan_srx.write.receipt import Receipt, read


def settled(estate: Estate, tasks: Sequence[Task]) -> dict[str, Settlement]:
    """How far each is: many at once, each device over a new session."""
    by_id = {task.transaction.id: task for task in tasks}
    return estate.each(by_id, lambda number: _settlement(estate, by_id[number]))


def _settlement(estate: Estate, task: Task) -> Settlement:
    if task.transaction.document.kind == documents.CLUSTER:
        return forming.settled(estate, task, estate.clock.now())
    receipt = read(task.receipt)
    if receipt.going_back:
        return _back(estate, receipt)
    found = verify.checked(estate, receipt, task)
    return Settlement(state="done", written=Written(receipt={**task.receipt, **found}))


def _back(estate: Estate, receipt: Receipt) -> Settlement:
    """How far a device is that goes back by itself; it is not asked before its time."""
    now, name = estate.clock.now(), receipt.nodes.cluster
    until = f"taking itself back until {confirming.clock(receipt)}"
    if now < receipt.until:
        return Settlement(state="waiting", text=until)
    found, after = fate(estate.history(receipt.nodes), receipt.log)
    if found is Fate.BACK:
        estate.outdate(name)
        return Settlement(state="done", text="as before")
    if found is Fate.OTHERS and after is not None:
        return Settlement(state="failed", text=confirming.made_permanent(receipt, after.user, after.when))
    if now < receipt.until + estate.access.commit_timeout:
        return Settlement(state="waiting", text=until)
    return Settlement(state="failed", text=f"{name}: did not go back by itself")
