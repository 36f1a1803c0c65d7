"""Waiting: how far formations and configuration pushes have got, one bulk look for all of them.

The 200 of a write only stores an intent. A pair is there when the organisation's stats show one device with both
nodes, roles taken and the configuration committed; a push is told by device events (Mist OpenAPI 2509.1.2,
`DeviceStatsGatewayStats`; event names from tmunzer/mist_library).
"""

from collections.abc import Mapping, Sequence

import attrs

from haplan.plugin import (
    Clock,
    Settlement,
    Task,
    Tree,
    Written,
)
from haplan_mist.estate import Estate, Object
from haplan_mist.read.devices import Boxes, device_id, module_macs, modules_of, seconds_of_push
from haplan_mist.read.windows import held_back

FORMATION = 900
"""Seconds that a formation is expected to take (Juniper's design guide: up to 15 minutes)."""
FORMATION_LIMIT = 2100
"""Seconds after which it is given up, unless the task says otherwise."""
UNCONFIRMED = 600
"""Seconds after which a connected device that confirmed nothing counts as failed."""
GRACE = 30
"""Seconds in which a change shows up as an event, if it reaches a device at all."""
LOOK_AGE = 20
"""Seconds that a look may be old."""
OVERLAP = 120
"""Events may arrive late: each look goes back a little."""
COMMITTED = ("COMMITED", "COMMITTED", "SUCCESS")
FAILED = ("FAILED", "REVERTED")
CHANGED = "GW_CONFIG_CHANGED_BY_USER"
GOOD = ("GW_CONFIGURED", "GW_RECONFIGURED")
BAD = ("GW_CONFIG_FAILED", "GW_CONFIG_LOCK_FAILED", "GW_CONFIG_ERROR_ADDTL_COMMAND", "GW_REJECTED")
HA_ERRORS = ("HA_FORMATION_FAILED", "HA_FW_MISMATCH")


@attrs.frozen
class Wait:
    """What a written document is waited for.

    Attributes:
        pair: Nodes of a pair that forms, node0 first; () for a push.
        macs: Devices that the configuration is pushed to.
        address: The cluster, for a pair.
        fresh: True if only a configuration that was taken after the write counts.
    """

    pair: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()
    address: str = ""
    fresh: bool = True

    def plain(self) -> dict[str, Tree]:
        """As the receipt of a write."""
        return {"pair": list(self.pair), "macs": list(self.macs), "address": self.address, "fresh": self.fresh}


def wait_of(task: Task) -> Wait:
    """What a task is waited for, from its receipt."""
    plain = task.receipt
    pair, macs = (tuple(map(str, plain.get(name, ()))) for name in ("pair", "macs"))
    return Wait(pair, macs, str(plain.get("address", "")), bool(plain.get("fresh", True)))


@attrs.frozen
class _Verdict:
    state: str
    text: str = ""


class Settling:
    """Looks at stats and events for everything that waits.

    Threads: one at a time, the poller's.
    """

    def __init__(self, estate: Estate, clock: Clock) -> None:
        self._estate, self._clock = estate, clock
        self._stats_at = self._events_at = float("-inf")
        self._events_from = float("inf")
        self._events: dict[str, dict[str, Object]] = {}
        self._boxes = Boxes({}, {})

    def settle(self, tasks: Sequence[Task], waits: Mapping[str, Wait]) -> dict[str, Settlement]:
        """How far each task is."""
        now = self._clock.now()
        forming = [task for task in tasks if waits[task.transaction.id].pair]
        pushed = [task for task in tasks if not waits[task.transaction.id].pair and waits[task.transaction.id].macs]
        if forming or pushed:
            self._look_at_stats(now)
        if pushed:
            self._look_at_events(min(task.started for task in pushed), now)
        # once for all that waits: it sorts the whole organisation
        self._boxes = Boxes(self._estate.known("inventory"), self._estate.known("stats"))
        found: dict[str, Settlement] = {}
        for task in tasks:
            wait = waits[task.transaction.id]
            if wait.pair:
                found[task.transaction.id] = self._formation(task, wait, now)
            elif wait.macs:
                found[task.transaction.id] = self._push(task, wait, now)
            else:
                found[task.transaction.id] = Settlement("done")
        return found

    # --- looking ---

    def _look_at_stats(self, now: float) -> None:
        if now - self._stats_at >= LOOK_AGE:
            self._estate.outdate(["stats"])
            self._estate.items("stats")
            self._stats_at = now

    def _look_at_events(self, since: float, now: float) -> None:
        start = since - 1 if since - 1 < self._events_from else self._events_at - OVERLAP
        if now - self._events_at < LOOK_AGE and since - 1 >= self._events_from:
            return
        self._events_from = min(self._events_from, since - 1)
        org = self._estate
        for answer in org.client.search(
            org.path("devices/events/search"), what="device events", device_type="gateway", start=int(start),
            end=int(now) + 1,
        ):  # fmt: skip
            for event in answer.get("results") or ():
                key = str(event.get("id") or f"{event.get('timestamp')} {event.get('type')}")
                self._events.setdefault(str(event.get("mac")), {})[key] = event
        self._events_at = now

    def _entry(self, mac: str) -> Object:
        return self._estate.known("stats").get(mac) or {}

    # --- pairs ---

    def _formation(self, task: Task, wait: Wait, now: float) -> Settlement:
        verdict = self._formed(task, wait, now)
        if verdict.state == "done":
            id_ = device_id(wait.pair[0])
            return Settlement("done", verdict.text, Written({wait.address: id_}, {wait.address: {"id": id_}}))
        limit = task.timeouts.get("formation", FORMATION_LIMIT)
        elapsed = now - task.started
        if verdict.state == "waiting" and elapsed > limit:
            text = f"the pair did not form within {limit // 60} min: {verdict.text}"
            return Settlement("failed", f"{text}; look at the devices, then apply again")
        if verdict.state == "waiting":
            text = f"{int(elapsed // 60)} of about {FORMATION // 60} min: {verdict.text}"
            return Settlement("waiting", text, doing=verdict.text)
        return Settlement("queued" if verdict.state == "queued" else "failed", verdict.text)

    def _formed(self, task: Task, wait: Wait, now: float) -> _Verdict:
        entry = self._entry(wait.pair[0])
        if self._stats_at < task.started or not entry:
            return _Verdict("waiting", "accepted by the cloud")
        for error in entry.get("errors") or ():
            if error.get("type") in HA_ERRORS:
                return _Verdict("failed", f"{error['type']}: {error.get('reason') or 'the pair did not form'}")
        if not entry.get("is_ha") or module_macs(entry) != set(wait.pair):
            return _Verdict("waiting", self._phase(wait))
        missing = _not_ready(entry)
        if missing:
            return _Verdict("waiting", missing)
        return self._configured(entry, task, wait, now)

    def _phase(self, wait: Wait) -> str:
        modules = self._boxes.modules
        away = [mac for mac in wait.pair if (modules.get(mac) or {}).get("status") == "disconnected"]
        if wait.pair[0] in away:
            return "nodes rebooting"
        return f"waiting for {away[0]} to come back" if away else "waiting for the nodes to join"

    def _configured(self, entry: Object, task: Task, wait: Wait, now: float) -> _Verdict:
        status = str(entry.get("config_status") or "").upper()
        at = entry.get("config_timestamp")
        current = at is None or not wait.fresh or float(at) >= int(task.started)
        if status in COMMITTED and current:
            return _Verdict("done", "one device with two nodes, configured")
        if status in FAILED and current:
            return _Verdict("failed", f"the pair formed, its configuration did not hold: {_reason(entry)}")
        held = self._held(entry, now, ask=now - task.started > FORMATION + GRACE)
        if held:
            return _Verdict("queued", f"the pair formed; {held}")
        return _Verdict("waiting", "formed, configuration being pushed")

    # --- pushes ---

    def _push(self, task: Task, wait: Wait, now: float) -> Settlement:
        verdicts = {mac: self._pushed(mac, task, now) for mac in wait.macs}
        for state in ("failed", "waiting", "queued"):
            found = {mac: verdict for mac, verdict in verdicts.items() if verdict.state == state}
            if found:
                return Settlement(state, self._told(state, found, verdicts))
        return Settlement("done", f"configured on {len(verdicts)} devices")

    def _told(self, state: str, found: Mapping[str, _Verdict], all_: Mapping[str, _Verdict]) -> str:
        if state == "waiting":
            done = sum(verdict.state == "done" for verdict in all_.values())
            return f"configuration pushed to {done} of {len(all_)} devices"
        lines = [f"{self._named(mac)}: {verdict.text}" for mac, verdict in sorted(found.items())]
        more = f" and {len(lines) - 3} more" if len(lines) > 3 else ""
        return "; ".join(lines[:3]) + more

    def _named(self, mac: str) -> str:
        site = self._estate.name_of("sites", str(self._entry(mac).get("site_id") or ""))
        return f"{mac} at {site}" if site else mac

    def _pushed(self, mac: str, task: Task, now: float) -> _Verdict:
        events = sorted(self._events.get(mac, {}).values(), key=_at)
        changed = [_at(event) for event in events if event.get("type") == CHANGED and _at(event) >= task.started - 1]
        if not changed:
            if self._events_at - task.started > GRACE:
                return _Verdict("done", "not concerned")
            return _Verdict("waiting")
        for event in reversed(events):
            if _at(event) >= changed[-1] and event.get("type") in GOOD:
                return _Verdict("done")
            if _at(event) >= changed[-1] and event.get("type") in BAD:
                return _Verdict("failed", f"{event['type']}: {event.get('text') or 'no reason given'}")
        return self._outstanding(mac, task, now)

    def _outstanding(self, mac: str, task: Task, now: float) -> _Verdict:
        entry = self._entry(mac)
        pair = self._boxes.pair_of(mac)
        if pair and not self._boxes.formed(pair):
            late = now - task.started > FORMATION_LIMIT
            return _Verdict("failed" if late else "waiting", "its pair has not formed")
        if entry.get("status") == "disconnected":
            return _Verdict("queued", "offline; it takes the configuration when it comes back")
        overdue = now - task.started > 2 * seconds_of_push(str(entry.get("model") or ""))
        held = self._held(entry, now, ask=overdue)
        if held:
            return _Verdict("queued", held)
        if now - task.started > UNCONFIRMED:
            return _Verdict("failed", "connected, but it has not confirmed the configuration within 10 min")
        return _Verdict("waiting")

    def _held(self, entry: Object, now: float, *, ask: bool) -> str:
        """Why the site takes no push now; its setting is asked for only when a push is overdue."""
        estate, site_id = self._estate, str(entry.get("site_id") or "")
        setting = estate.known_setting(site_id)
        if ask and site_id:
            setting = estate.setting(site_id, UNCONFIRMED)
        site = estate.known("sites").get(site_id) or {}
        return held_back(setting or {}, str(site.get("timezone") or "UTC"), now)


def _at(event: Object) -> float:
    return float(event.get("timestamp") or 0)


def _not_ready(entry: Object) -> str:
    """What a pair that shows both nodes still lacks, or ""."""
    modules = modules_of(entry)
    away = [str(module.get("mac")) for module in modules if module.get("status") == "disconnected"]
    if entry.get("status") != "connected" or away:
        return f"waiting for {', '.join(away) or 'the pair'} to connect"
    if {str(module.get("vc_role") or "") for module in modules} != {"primary", "secondary"}:
        return "nodes joining, roles not taken yet"
    config = entry.get("cluster_config")
    if isinstance(config, dict) and config.get("status") not in (None, "Green"):
        return f"cluster status is {config['status']}: {config.get('last_status_change_reason') or 'no reason given'}"
    return ""


def has_failed(entry: Mapping[str, Tree] | None) -> bool:
    """True for a device whose last configuration did not hold."""
    return str((entry or {}).get("config_status") or "").upper() in FAILED


def _reason(entry: Mapping[str, Tree]) -> str:
    for error in entry.get("errors") or ():
        if str(error.get("type", "")).startswith("CONFIG"):
            return f"{error['type']}: {error.get('reason') or 'no reason given'}"
    return str(entry.get("config_status"))
