"""Pushes: whether one device has taken what was written for it, from its events and stats. Pure.

Nothing says that a write started a push, or which. An event tells that a device is concerned, and a later one how that
ended (event names from tmunzer/mist_library). A device that restarts takes it when it is back: whatever it was that
restarted it, its time begins anew.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

import attrs

from haplan.design.settling import FORMATION_LIMIT, UNCONFIRMED
from haplan_mist.estate import Object
from haplan_mist.read.devices import modules_of

GRACE = 30
"""Seconds in which a change shows up as an event, if it reaches a device at all."""
CHANGED = "GW_CONFIG_CHANGED_BY_USER"
GOOD = ("GW_CONFIGURED", "GW_RECONFIGURED")
BAD = ("GW_CONFIG_FAILED", "GW_CONFIG_LOCK_FAILED", "GW_CONFIG_ERROR_ADDTL_COMMAND", "GW_REJECTED")
BACK = ("GW_CONNECTED", "GW_RESTARTED", "GW_HA_CONTROL_LINK_UP")
"""A device is there again, or its pair is."""


@attrs.frozen
class Verdict:
    """How far one device is, or one pair."""

    state: Literal["waiting", "done", "queued", "failed"]
    text: str = ""


@attrs.frozen(kw_only=True)
class Device:
    """What is known of a device that a write reaches, alone or node0 of a pair.

    Attributes:
        entry: Its stats.
        events: Of it and of its peer, the oldest first.
        left: It is of no site any more: what is pushed there does not concern it.
        restarting: Its pair is formed just now, or one of its nodes replaced.
        lacking: What its pair lacks to be one, or "".
        unformed: When it last lacked something; 0 = never, as far as anybody remembers.
        held: Asks why its site takes no push now, for "" or a reason; that may take a call.
    """

    entry: Object
    events: Sequence[Object] = ()
    left: bool = False
    restarting: bool = False
    lacking: str = ""
    unformed: float = 0.0
    held: Callable[[], str] = str


def verdict(device: Device, started: float, looked: float, now: float) -> Verdict:
    """How far a device is with what was written at `started`, by events that were looked at at `looked`."""
    if device.left:
        return Verdict("done", "left its site")
    changed = [at(one) for one in device.events if one.get("type") == CHANGED and at(one) >= started - 1]
    if not changed:
        return Verdict("done", "not concerned") if looked - started > GRACE else Verdict("waiting")
    for event in reversed(device.events):
        if at(event) < changed[-1]:
            break
        if event.get("type") in GOOD:
            return Verdict("done")
        if event.get("type") in BAD and not device.restarting:
            return Verdict("failed", f"{event['type']}: {event.get('text') or 'no reason given'}")
    return _outstanding(device, changed[-1], now)


def _outstanding(device: Device, changed: float, now: float) -> Verdict:
    """A device that is concerned, and has said nothing yet."""
    if device.restarting:
        return Verdict("waiting", "restarting")
    if device.entry.get("status") == "disconnected" and not device.lacking:
        return Verdict("queued", "offline; it takes the configuration when it comes back")
    held = device.held()
    if held:
        return Verdict("queued", held)
    back = [at(event) for event in device.events if event.get("type") in BACK]
    if now - max([changed, device.unformed, *back]) <= UNCONFIRMED and now - changed <= FORMATION_LIMIT + UNCONFIRMED:
        return Verdict("waiting", device.lacking)
    return Verdict("failed", device.lacking or "connected, but it has not confirmed the configuration within 10 min")


def at(event: Mapping[str, object]) -> float:
    """When an event was, epoch seconds."""
    return float(event.get("timestamp") or 0)  # type: ignore[arg-type]


def in_time(events: Iterable[Object]) -> list[Object]:
    """Events, the oldest first."""
    return sorted(events, key=at)


def not_ready(entry: Object) -> str:
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
