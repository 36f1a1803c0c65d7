"""Waiting: how far formations and configuration pushes have got, one bulk look for all of them.

The 200 of a write only stores an intent. A pair is there when the organisation's stats show one device with both
nodes, roles taken and the configuration committed; a push is told by device events (Mist OpenAPI 2509.1.2,
`DeviceStatsGatewayStats`; event names from tmunzer/mist_library).
"""

from collections.abc import Mapping, Sequence
from functools import partial

import attrs

from haplan.design.settling import FORMATION, UNCONFIRMED, done_on, forming
from haplan.plugin import (
    Clock,
    OnDevice,
    Settlement,
    Task,
    Tree,
    Written,
)
from haplan_mist.aftermath import LONGEST, coming
from haplan_mist.estate import Estate, Object
from haplan_mist.pushes import GRACE, Device, Verdict, in_time, not_ready, verdict
from haplan_mist.read.clusters import boxes
from haplan_mist.read.devices import Boxes, device_id, module_macs, seconds_of_push
from haplan_mist.read.running import REFUSED, reason
from haplan_mist.read.windows import held_back

LOOK_AGE = 20
"""Seconds that a look may be old."""
OVERLAP = 120
"""Events may arrive late: each look goes back a little."""
COMMITTED = ("COMMITED", "COMMITTED", "SUCCESS")
HA_ERRORS = ("HA_FORMATION_FAILED", "HA_FW_MISMATCH")


@attrs.frozen(kw_only=True)
class Wait:
    """What a written document is waited for.

    Attributes:
        pair: Nodes of a pair that forms, node0 first; () for a push.
        macs: Devices that the configuration is pushed to.
        address: The cluster, for a pair.
        fresh: True if only a configuration that was taken after the write counts.
        down: Keys of what was down at these devices before the write.
    """

    pair: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()
    address: str = ""
    fresh: bool = True
    down: tuple[str, ...] = ()

    @property
    def heads(self) -> tuple[str, ...]:
        """Devices, and node0 of pairs."""
        return self.pair[:1] or self.macs

    def plain(self) -> dict[str, Tree]:
        """As the receipt of a write."""
        plain = {"pair": list(self.pair), "macs": list(self.macs), "address": self.address, "fresh": self.fresh}
        return {**plain, "down": list(self.down)} if self.down else plain


def wait_of(task: Task) -> Wait:
    """What a task is waited for, from its receipt."""
    plain = task.receipt
    pair, macs, down = (tuple(map(str, plain.get(name, ()))) for name in ("pair", "macs", "down"))
    fresh = bool(plain.get("fresh", True))
    return Wait(pair=pair, macs=macs, address=str(plain.get("address", "")), fresh=fresh, down=down)


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
        self._restarting: frozenset[str] = frozenset()
        self._unformed: dict[str, float] = {}
        self._done: dict[str, float] = {}

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
        self._boxes = boxes(self._estate)
        # what a pair waits for in one transaction, a push to it in another one knows
        self._restarting = frozenset(mac for wait in waits.values() for mac in wait.pair)
        found: dict[str, Settlement] = {}
        for task in tasks:
            wait = waits[task.transaction.id]
            if wait.pair:
                found[task.transaction.id] = self._formation(task, wait, now)
            elif wait.macs:
                found[task.transaction.id] = self._push(task, wait, now)
            else:
                found[task.transaction.id] = Settlement(state="done")
        return {number: self._with_paths(number, one, waits[number], now) for number, one in found.items()}

    def _with_paths(self, number: str, found: Settlement, wait: Wait, now: float) -> Settlement:
        """What has taken its configuration is given a while for its paths of the overlay to come up."""
        if found.state != "done" or not wait.heads or now - self._done.setdefault(number, now) > LONGEST:
            return found
        missing = coming(self._estate, wait.heads, wait.down)
        if not missing:
            return found
        text = f"configured; {len(missing)} overlay path{'s' if len(missing) > 1 else ''} to come up"
        return Settlement(state="waiting", text=text, doing="waiting for the overlay")

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
            written = Written(ids={wait.address: id_}, values={wait.address: {"id": id_}})
            return Settlement(state="done", text=verdict.text, written=written)
        if verdict.state == "waiting":
            return forming(task, now, verdict.text)
        return Settlement(state=verdict.state, text=verdict.text)

    def _formed(self, task: Task, wait: Wait, now: float) -> Verdict:
        entry = self._entry(wait.pair[0])
        if self._stats_at < task.started or not entry:
            return Verdict("waiting", "accepted by the cloud")
        for error in entry.get("errors") or ():
            if error.get("type") in HA_ERRORS:
                return Verdict("failed", f"{error['type']}: {error.get('reason') or 'the pair did not form'}")
        if not entry.get("is_ha") or module_macs(entry) != set(wait.pair):
            return Verdict("waiting", self._phase(wait))
        missing = not_ready(entry)
        if missing:
            return Verdict("waiting", missing)
        return self._configured(entry, task, wait, now)

    def _phase(self, wait: Wait) -> str:
        modules = self._boxes.modules
        away = [mac for mac in wait.pair if (modules.get(mac) or {}).get("status") == "disconnected"]
        if wait.pair[0] in away:
            return "nodes rebooting"
        return f"waiting for {away[0]} to come back" if away else "waiting for the nodes to join"

    def _configured(self, entry: Object, task: Task, wait: Wait, now: float) -> Verdict:
        status = str(entry.get("config_status") or "").upper()
        at = entry.get("config_timestamp")
        current = at is None or not wait.fresh or float(at) >= int(task.started)
        if status in COMMITTED and current:
            return Verdict("done", "one device with two nodes, configured")
        if status in REFUSED and current:
            return Verdict("failed", f"the pair formed, its configuration did not hold: {reason(entry)}")
        held = self._held(entry, now, ask=now - task.started > FORMATION + GRACE)
        if held:
            return Verdict("queued", f"the pair formed; {held}")
        return Verdict("waiting", "formed, configuration being pushed")

    # --- pushes ---

    def _push(self, task: Task, wait: Wait, now: float) -> Settlement:
        """Every device comes to an end of its own; one that does not take it fails for itself alone."""
        verdicts = {mac: self._pushed(mac, task, now) for mac in wait.macs}
        by_state: dict[str, dict[str, Verdict]] = {}
        for mac, one in verdicts.items():
            by_state.setdefault(one.state, {})[mac] = one
        has_it = by_state.get("done", {})
        for state in ("waiting", "failed", "queued"):
            if state in by_state:
                text = self._told(state, by_state[state], len(has_it), len(verdicts))
                devices = tuple(self._on_device(mac, one) for mac, one in verdicts.items())
                return Settlement(state=state, text=text, partly=bool(has_it), devices=devices)
        return Settlement(state="done", text=f"configured on {len(verdicts)} devices")

    def _told(self, state: str, found: Mapping[str, Verdict], done: int, count: int) -> str:
        if state == "waiting":
            return f"configuration pushed to {done} of {count} devices"
        lines = "; ".join(f"{self._named(mac)}: {one.text}" for mac, one in sorted(found.items()))
        return done_on(done, count, lines)

    def _on_device(self, mac: str, one: Verdict) -> OnDevice:
        lacks = "" if one.state == "done" else one.text or "not confirmed yet"
        return OnDevice(self._named(mac), lacks, device_id(mac))

    def _named(self, mac: str) -> str:
        site = self._estate.name_of("sites", str(self._entry(mac).get("site_id") or ""))
        return f"{mac} at {site}" if site else mac

    def _pushed(self, mac: str, task: Task, now: float) -> Verdict:
        device = self._device(mac, task, now)
        return verdict(device, task.started, self._events_at, now)

    def _device(self, mac: str, task: Task, now: float) -> Device:
        entry, boxes = self._entry(mac), self._boxes
        pair = boxes.pair_of(mac)
        lacking = ""
        if pair:
            up = entry.get("status") == "connected"
            lacking = (not_ready(entry) if up else "") if boxes.formed(pair) else "its pair has not formed"
        if lacking:
            self._unformed[mac] = now
        overdue = now - task.started > 2 * seconds_of_push(str(entry.get("model") or ""))
        return Device(
            entry=entry,
            events=in_time(event for one in pair or (mac,) for event in self._events.get(one, {}).values()),
            left=mac in boxes.records and not boxes.site_id(mac),
            restarting=mac in self._restarting,
            lacking=lacking,
            unformed=self._unformed.get(mac, 0.0),
            held=partial(self._held, entry, now, ask=overdue),
        )

    def _held(self, entry: Object, now: float, *, ask: bool) -> str:
        """Why the site takes no push now; its setting is asked for only when a push is overdue."""
        estate, site_id = self._estate, str(entry.get("site_id") or "")
        setting = estate.known_setting(site_id)
        if ask and site_id:
            setting = estate.setting(site_id, UNCONFIRMED)
        site = estate.known("sites").get(site_id) or {}
        return held_back(setting or {}, str(site.get("timezone") or "UTC"), now)
