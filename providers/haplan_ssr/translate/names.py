"""Names that the conductor accepts. Rules after the vendor's model: name-id, reserved-name-id, device-name."""

import re

LONGEST = 63
LONGEST_DEVICE = 12
RESERVED = ("all", "any", "unknown")
GOOD = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\Z")


def clean(name: str, longest: int = LONGEST) -> str:
    """The name with everything else than letters, digits, ``-`` and ``_`` as ``-``, trimmed."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)[:longest].rstrip("-_")


def complaint(name: str, *, reserved: bool = False) -> str:
    """Why a name cannot be had, or ""."""
    if name.startswith("_"):
        return f"{name!r} begins with an underscore, as names that the conductor generates do"
    if not GOOD.match(clean(name)):
        return f"{name!r} has no letter or digit where a conductor's name begins and ends with one"
    if reserved and clean(name).lower() in RESERVED:
        return f"{name!r} is reserved on a conductor"
    return ""
