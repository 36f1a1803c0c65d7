"""Waiting for the routers of committed transactions: one look at the assets for all, and at the health of each."""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from haplan.plugin import (
    Finding,
    Settlement,
    Task,
    Tree,
    Written,
)
from haplan_ssr import rest
from haplan_ssr.estate import Estate
from haplan_ssr.read import health
from haplan_ssr.read.health import Expected, Trouble
from haplan_ssr.rest import Asset
from haplan_ssr.write.receipt import Receipt, read

FORMATION = 2100
"""Seconds after which new nodes that do not run have failed; `timeouts` of the cluster say otherwise (D1 of the design
rules: 15 minutes expected, 35 allowed)."""
CONFIRMATION = 600
"""Seconds after which a connected router that is not as it should be is given up (HA163)."""
FOUND = "found"
"""Key of a receipt: rule, address and text of each thing that is wrong."""
ONE_BY_ONE = 8
"""Routers that are asked for one by one; more are asked for in one query."""


@attrs.frozen
class State:
    """One look: assets by id, and routers by name as far as they were asked for."""

    assets: Mapping[str, Asset]
    routers: Mapping[str, Mapping[str, Tree]]

    def running(self, wanted: Iterable[Expected]) -> frozenset[str]:
        """The routers whose nodes all run."""
        return frozenset(one.name for one in wanted if one.assets and not health.not_running(one, self.assets))


def settled(estate: Estate, tasks: Sequence[Task]) -> dict[str, Settlement]:
    """How far each transaction is: one look for all."""
    receipts = {task.transaction.id: read(task.receipt) for task in tasks}
    state = _look(estate, [one for receipt in receipts.values() for one in receipt.routers])
    now = estate.clock.now()
    return {
        task.transaction.id: _settlement(task, receipts[task.transaction.id], state, now - task.started)
        for task in tasks
    }


def told(task: Task) -> list[Finding]:
    """What was not as it should be when the wait ended, from the receipt."""
    where = {part.change.address: part.change.location for part in task.parts}
    found = task.receipt.get(FOUND, ())
    return [Finding(rule, "error", address, text, where.get(address, "")) for rule, address, text in found]


def _look(estate: Estate, wanted: Sequence[Expected]) -> State:
    """Assets, and the state of the routers whose nodes run."""
    assets = health.by_id(estate.client.assets()) if wanted else {}
    names = sorted(State(assets, {}).running(wanted))
    if len(names) > ONE_BY_ONE:
        return State(assets, health.routers_of(estate.client.query(rest.HEALTH)))
    found: dict[str, Mapping[str, Tree]] = {}
    for name in names:
        found |= health.routers_of(estate.client.query(rest.HEALTH, router=name))
    return State(assets, found)


def _settlement(task: Task, receipt: Receipt, state: State, elapsed: float) -> Settlement:
    away = [one for one in receipt.routers if health.offline(one, state.assets)]
    if away:
        text = f"{away[0].name} is offline: {', '.join(health.not_running(away[0], state.assets))}"
        return Settlement("queued", text)
    behind = [(one, words) for one in receipt.routers if (words := health.not_running(one, state.assets))]
    formation = task.timeouts.get("formation", FORMATION)
    if behind:
        one, words = behind[0]
        new = any(one.new for one, _ in behind)
        text = f"{one.name}: {', '.join(words)}" + (f"; and {len(behind) - 1} more" if behind[1:] else "")
        if elapsed < (formation if new else CONFIRMATION):
            said = f"{elapsed / 60:.0f} of about 15 min: {text}" if new else text
            return Settlement("waiting", said, doing=text if new else "")
        return Settlement("failed", f"{text}, after {elapsed / 60:.0f} min; look at it on the conductor")
    ill = _troubles(receipt, state)
    new = any(one.new for one in receipt.routers)
    if ill and elapsed < (2 * CONFIRMATION if new else CONFIRMATION):
        return Settlement("waiting", ill[0].text)
    # what still ails it, the check says
    found = {FOUND: [[one.rule, one.address, one.text] for one in ill]}
    return Settlement("done", written=Written(receipt={**task.receipt, **found}))


def _troubles(receipt: Receipt, state: State) -> list[Trouble]:
    running = state.running([*receipt.routers, *receipt.peers])
    return [
        trouble
        for one in receipt.routers
        for trouble in health.troubles(one, state.routers.get(one.name), state.assets, running)
    ]
