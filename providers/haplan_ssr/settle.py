"""Waiting for the routers of committed transactions: one look at the assets for all, and at the health of each."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from haplan.design import resources
from haplan.plugin import (
    Finding,
    Settlement,
    Task,
)
from haplan_ssr import rest
from haplan_ssr.estate import Estate
from haplan_ssr.read import health
from haplan_ssr.read.health import Expected, Trouble
from haplan_ssr.rest import Asset
from haplan_ssr.translate import Terms, translate
from haplan_ssr.write.writer import touched

FORMATION = 2100
"""Seconds after which new nodes that do not run have failed; `timeouts` of the cluster say otherwise (D1 of the design
rules: 15 minutes expected, 35 allowed)."""
CONFIRMATION = 600
"""Seconds after which a connected router that is not as it should be is given up (HA163)."""
ONE_BY_ONE = 8
"""Routers that are asked for one by one; more are asked for in one query."""


@attrs.frozen
class State:
    """One look: assets by id, and routers by name as far as they were asked for."""

    assets: Mapping[str, Asset]
    routers: Mapping[str, Mapping[str, Any]]

    def running(self, wanted: Iterable[Expected]) -> frozenset[str]:
        """The routers whose nodes all run."""
        return frozenset(one.name for one in wanted if one.assets and not health.not_running(one, self.assets))


class Settling:
    """Looks after what was committed.

    Threads: any, under one lock: one is asked by the poller, and looks once more where a check wants to know.
    """

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._lock = threading.RLock()
        self._wanted: dict[str, tuple[tuple[Expected, ...], tuple[Expected, ...]]] = {}
        self._state = State({}, {})

    def settle(self, tasks: Sequence[Task], terms: Terms) -> dict[str, Settlement]:
        """How far each transaction is."""
        with self._lock:
            wanted = {task.transaction.id: self._expected(task, terms)[0] for task in tasks}
            self._look([one for found in wanted.values() for one in found])
            return {task.transaction.id: self._settlement(task, wanted[task.transaction.id], terms) for task in tasks}

    def findings(self, task: Task, terms: Terms) -> list[Finding]:
        """What is not as it should be, after the wait."""
        where = {part.change.address: part.change.location for part in task.parts}
        with self._lock:
            wanted, _ = self._expected(task, terms)
            if any(one.name not in self._state.routers for one in wanted):
                self._look(wanted)
            return [
                Finding(one.rule, "error", one.address, one.text, where.get(one.address, ""))
                for one in self._troubles(task, wanted, terms)
            ]

    # --- inside ---

    def _expected(self, task: Task, terms: Terms) -> tuple[tuple[Expected, ...], tuple[Expected, ...]]:
        """The routers that a transaction touched, and all there are."""
        number = task.transaction.id
        if number not in self._wanted:
            known = resources.recorded(task.recorded)
            before = translate(known.values(), terms)
            after = translate(resources.changed(known, task.parts).values(), terms)
            everything = {name for names in after.routers.values() for name in names}
            mine, all_ = touched(before, after), health.expected(before, after, everything)
            self._wanted[number] = (tuple(one for one in all_ if one.name in mine), all_)
        return self._wanted[number]

    def _look(self, wanted: Sequence[Expected]) -> None:
        """Assets, and the state of the routers whose nodes run."""
        client = self._estate.client
        assets = health.by_id(client.assets()) if wanted else {}
        names = sorted(State(assets, {}).running(wanted))
        found: dict[str, Mapping[str, Any]] = {}
        if len(names) > ONE_BY_ONE:
            found = health.routers_of(client.query(rest.HEALTH))
        else:
            for name in names:
                found |= health.routers_of(client.query(rest.HEALTH, router=name))
        self._state = State(assets, found)

    def _settlement(self, task: Task, wanted: Sequence[Expected], terms: Terms) -> Settlement:
        elapsed = self._estate.clock.now() - task.started
        assets = self._state.assets
        away = [one for one in wanted if health.offline(one, assets)]
        if away:
            text = f"{away[0].name} is offline: {', '.join(health.not_running(away[0], assets))}"
            return Settlement("queued", text)
        behind = [(one, health.not_running(one, assets)) for one in wanted]
        behind = [(one, words) for one, words in behind if words]
        new = any(one.new for one, _ in behind)
        bound = task.timeouts.get("formation", FORMATION) if new else CONFIRMATION
        if behind:
            one, words = behind[0]
            text = f"{one.name}: {', '.join(words)}" + (f"; and {len(behind) - 1} more" if behind[1:] else "")
            if elapsed < bound:
                told = f"{elapsed / 60:.0f} of about 15 min: {text}" if new else text
                return Settlement("waiting", told, doing=text if new else "")
            return Settlement("failed", f"{text}, after {elapsed / 60:.0f} min; look at it on the conductor")
        ill = self._troubles(task, wanted, terms)
        if ill and elapsed < (bound + CONFIRMATION if any(one.new for one in wanted) else CONFIRMATION):
            return Settlement("waiting", ill[0].text)
        return Settlement("done")  # what still ails it, the check says

    def _troubles(self, task: Task, wanted: Sequence[Expected], terms: Terms) -> list[Trouble]:
        running = self._state.running(self._expected(task, terms)[1])
        return [
            trouble
            for one in wanted
            for trouble in health.troubles(one, self._state.routers.get(one.name), self._state.assets, running)
        ]
