"""Push windows of a site: may configurations be pushed now?

`config_push_policy` of the site setting: `no_push`, and `push_window` with ``"HH:MM-HH:MM"`` by day, in the site's time
zone; a day that is left out is open (Mist OpenAPI 2509.1.2).
"""

import datetime
import zoneinfo
from collections.abc import Mapping

from haplan.plugin import Tree

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def held_back(setting: Mapping[str, Tree], timezone: str, now: float) -> str:
    """Why nothing is pushed to a site now, or ""."""
    policy = setting.get("config_push_policy") or {}
    if policy.get("no_push"):
        return "the site's policy holds back every push"
    window = policy.get("push_window") or {}
    if not window.get("enabled"):
        return ""
    local = datetime.datetime.fromtimestamp(now, _zone(timezone))
    hours = str((window.get("hours") or {}).get(_DAYS[local.weekday()]) or "")
    first, dash, last = hours.partition("-")
    if not dash:
        return ""
    minute = local.hour * 60 + local.minute
    return "" if _minutes(first) <= minute < _minutes(last) else f"the site's push window ({hours}) is closed"


def _zone(name: str) -> datetime.tzinfo:
    try:
        return zoneinfo.ZoneInfo(name or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return datetime.UTC


def _minutes(text: str) -> int:
    hours, _, minutes = text.strip().partition(":")
    return int(hours or 0) * 60 + int(minutes or 0)
