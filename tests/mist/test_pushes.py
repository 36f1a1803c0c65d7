"""Whether a device has taken a push: its own time, whatever restarts it meanwhile."""

from typing import Any

import pytest

from haplan.design.settling import UNCONFIRMED
from haplan_mist.pushes import CHANGED, Device, Verdict, verdict

START = 1000.0
UP: dict[str, Any] = {"status": "connected"}


def event(kind: str, after: float) -> dict[str, Any]:
    return {"type": kind, "timestamp": START + after}


def at(after: float, *events: dict[str, Any], entry: dict[str, Any] = UP, **more: Any) -> Verdict:
    """What is said of a device so many seconds after the write."""
    now = START + after
    seen = [one for one in events if one["timestamp"] <= now]
    return verdict(Device(entry=entry, events=seen, **more), START, now, now)


def test_a_device_that_confirms_nothing_in_ten_minutes_has_failed() -> None:
    changed = event(CHANGED, 1)
    assert at(UNCONFIRMED, changed).state == "waiting"
    assert at(UNCONFIRMED + 2, changed).state == "failed"


@pytest.mark.parametrize("kind", ["GW_CONNECTED", "GW_RESTARTED", "GW_HA_CONTROL_LINK_UP"])
def test_a_device_that_restarts_has_its_ten_minutes_when_it_is_back(kind: str) -> None:
    events = (event(CHANGED, 1), event(kind, 590))
    assert at(UNCONFIRMED + 100, *events).state == "waiting"
    assert at(UNCONFIRMED + 600, *events).state == "failed"


def test_a_device_that_comes_and_goes_is_not_waited_for_without_end() -> None:
    events = (event(CHANGED, 1), *(event("GW_CONNECTED", 300 * number) for number in range(1, 20)))
    assert at(2000, *events).state == "waiting"
    assert at(2800, *events).state == "failed"


def test_a_later_change_goes_in_the_same_push_and_has_its_own_time() -> None:
    events = (event(CHANGED, 1), event(CHANGED, 500))
    assert at(UNCONFIRMED + 100, *events).state == "waiting"


def test_a_refusal_in_the_minute_of_a_restart_is_no_refusal() -> None:
    events = (event(CHANGED, 1), event("GW_CONFIG_FAILED", 30))
    assert at(60, *events).state == "failed"
    assert at(60, *events, restarting=True).state == "waiting"


def test_a_box_that_the_plan_took_out_of_its_site_holds_nobody_up() -> None:
    away = {"status": "disconnected"}
    assert at(60, event(CHANGED, 1), entry=away).state == "queued"
    assert at(60, event(CHANGED, 1), entry=away, left=True) == Verdict("done", "left its site")


def test_nobody_asks_for_the_window_of_a_site_whose_device_has_answered() -> None:
    def asked() -> str:
        raise AssertionError("asked")

    assert at(60, event(CHANGED, 1), event("GW_CONFIGURED", 30), held=asked).state == "done"
