"""Waiting for the routers of committed transactions: one look at the assets for all, and at the health of each."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import attrs

from haplan.design.settling import UNCONFIRMED, done_on, formation_limit, under_way
from haplan.plugin import OnDevice, Settlement, Task, Tree, Written
from haplan_ssr import rest
from haplan_ssr.estate import Estate
from haplan_ssr.read import health
from haplan_ssr.read.health import Expected, Trouble
from haplan_ssr.rest import Asset
from haplan_ssr.verify import FOUND
from haplan_ssr.write.receipt import Receipt, read

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


@attrs.frozen(kw_only=True)
class Stand:
    """How one router stands.

    Attributes:
        state: As of a settlement; ``ill`` runs, and is not as it should be.
        text: What it lacks.
        setting_up: It has nodes that are to be set up first.
        troubles: What ails it.
        lacks: What it lacks, without its name.
    """

    state: Literal["waiting", "done", "queued", "failed", "ill"]
    text: str = ""
    setting_up: bool = False
    troubles: tuple[Trouble, ...] = ()
    lacks: str = ""


def settled(estate: Estate, tasks: Sequence[Task]) -> dict[str, Settlement]:
    """How far each transaction is: one look for all. A node that one of them sets up is known to the others."""
    receipts = {task.transaction.id: read(task.receipt) for task in tasks}
    fresh: dict[str, frozenset[str]] = {}
    for one in (one for receipt in receipts.values() for one in receipt.routers):
        fresh[one.name] = fresh.get(one.name, frozenset()) | one.fresh
    receipts = {number: _with(receipt, fresh) for number, receipt in receipts.items()}
    state = _look(estate, [one for receipt in receipts.values() for one in receipt.routers])
    now = estate.clock.now()
    return {
        task.transaction.id: _settlement(task, receipts[task.transaction.id], state, now - task.started)
        for task in tasks
    }


def _with(receipt: Receipt, fresh: Mapping[str, frozenset[str]]) -> Receipt:
    routers = tuple(attrs.evolve(one, fresh=fresh[one.name]) for one in receipt.routers)
    return attrs.evolve(receipt, routers=routers)


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
    """Every router comes to an end of its own; one that is not as it should be fails the changes that reach it."""
    running = state.running([*receipt.routers, *receipt.peers])
    stands = {one.name: _stand(one, state, running, elapsed, formation_limit(task)) for one in receipt.routers}
    bad = {name: one for name, one in stands.items() if one.state in ("waiting", "failed", "ill")}
    lacking = tuple(address for address, names in receipt.reach.items() if {*names} & {*bad})
    partly = bool(bad) and (len(bad) < len(stands) or len(lacking) < len(receipt.reach))
    lacking = lacking if partly else ()
    waiting = [one for one in stands.values() if one.state == "waiting"]
    devices = tuple(_on_device(one, stands[one.name], receipt) for one in receipt.routers)
    if waiting:
        return attrs.evolve(_waiting(waiting, elapsed), partly=partly, lacking=lacking, devices=devices)
    # what ails those that run, the check says
    found = [[one.rule, one.address, one.text] for stand in bad.values() for one in stand.troubles]
    written = Written(receipt={**task.receipt, FOUND: found})
    away = [one.text for one in stands.values() if one.state in ("failed", "queued")]
    text = "; ".join([*away, *(f"{rule}: {words}" for rule, _, words in found)])
    if text:
        text = done_on(sum(one.state == "done" for one in stands.values()), len(stands), text, " routers")
    ended: Literal["failed", "queued", "done"] = "done"
    if any(one.state == "failed" for one in stands.values()):
        ended = "failed"
    elif away and not found:
        ended = "queued"
    return Settlement(state=ended, text=text, written=written, partly=partly, lacking=lacking, devices=devices)


def _on_device(one: Expected, stand: Stand, receipt: Receipt) -> OnDevice:
    """What became of the commit on one router, for the changes that reach it."""
    lacks = stand.lacks or "; ".join(f"{it.rule}: {it.text}" for it in stand.troubles)
    reached = tuple(address for address, names in receipt.reach.items() if one.name in names)
    return OnDevice(one.address or one.name, "" if stand.state == "done" else lacks, addresses=reached)


def _waiting(waiting: Sequence[Stand], elapsed: float) -> Settlement:
    first = next((one for one in waiting if one.setting_up), waiting[0])
    text = first.text + (f"; and {len(waiting) - 1} more" if waiting[1:] else "")
    if first.setting_up:
        return under_way(elapsed, text)
    return Settlement(state="waiting", text=text)


def _stand(one: Expected, state: State, running: frozenset[str], elapsed: float, formation: float) -> Stand:
    fresh = bool(one.fresh)
    behind = health.not_running(one, state.assets)
    lacks = ", ".join(behind)
    if health.offline(one, state.assets):
        return Stand(state="queued", text=f"{one.name} is offline: {lacks}", lacks=f"offline: {lacks}")
    if behind and elapsed < (formation if fresh else UNCONFIRMED):
        return Stand(state="waiting", text=f"{one.name}: {lacks}", setting_up=fresh, lacks=lacks)
    if behind:
        lacks = f"{lacks}, after {elapsed / 60:.0f} min; look at it on the conductor"
        return Stand(state="failed", text=f"{one.name}: {lacks}", lacks=lacks)
    ill = tuple(health.troubles(one, state.routers.get(one.name), state.assets, running))
    # what restarts a node, this plan or somebody, gives it its time again
    early = elapsed < (2 * UNCONFIRMED if fresh else UNCONFIRMED)
    if ill and (early or (health.up(one, state.assets) < UNCONFIRMED and elapsed < formation)):
        return Stand(state="waiting", text=ill[0].text)
    return Stand(state="ill" if ill else "done", troubles=ill)
