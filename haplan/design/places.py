"""Countries and time zones that there are: the tables of ISO 3166-1 and of the tz database."""

import zoneinfo
from functools import cache
from pathlib import Path

from haplan.plugin import close_to, shown

NO_PLACE = ("posix/", "right/", "Factory", "localtime", "posixrules", "tzdata")
"""Files of the tz database that are no zone, or are what this machine makes of one."""


def no_country(value: str) -> str:
    """Why a text is no country; "" if it is one."""
    codes = countries()
    if value in codes:
        return ""
    by_name = {name: code for code, name in codes.items()}
    code = value.upper() if value.upper() in codes else by_name.get(value, "")
    hint = f"; did you mean {code!r}?" if code else ""
    return f"expected the two capital letters of a country (ISO 3166) such as US, got {shown(value)}{hint}"


def no_time_zone(value: str) -> str:
    """Why a text is no time zone; "" if it is one."""
    if _is_zone(value):
        return ""
    return f"expected a time zone such as America/New_York, got {shown(value)}{close_to(value, _zones())}"


@cache
def countries() -> dict[str, str]:
    """Code → name. The table stands beside this file and says where it is from."""
    lines = Path(__file__).with_name("countries.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines if line and not line.startswith("#"))


def _is_zone(value: str) -> bool:
    if value.startswith(NO_PLACE):
        return False
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@cache
def _zones() -> list[str]:
    """All of them: read once, for who wrote one that is not there."""
    return sorted(name for name in zoneinfo.available_timezones() if not name.startswith(NO_PLACE))
