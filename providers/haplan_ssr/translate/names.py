"""Names that the conductor accepts. Rules after the vendor's model: name-id, reserved-name-id, device-name."""

import hashlib
import re

LONGEST = 63
LONGEST_DEVICE = 12
RESERVED = ("all", "any", "unknown")
GOOD = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\Z")


def clean(name: str, longest: int = LONGEST) -> str:
    """The name with everything else than letters, digits, ``-`` and ``_`` as ``-``, trimmed."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)[:longest].rstrip("-_")


def joined(*parts: str) -> str:
    """A name made of several; one that would have to be cut ends in a mark of the whole, so that two stay two."""
    whole = "-".join(parts)
    if len(whole) <= LONGEST:
        return clean(whole)
    mark = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return f"{clean(whole, LONGEST - 9)}-{mark}"


def complaint(name: str, *, reserved: bool = False) -> str:
    """Why a name cannot be had, or ""."""
    if name.startswith("_"):
        return f"{name!r} begins with an underscore, as names that the conductor generates do"
    if not GOOD.match(clean(name)):
        return f"{name!r} has no letter or digit where a conductor's name begins and ends with one"
    if reserved and clean(name).lower() in RESERVED:
        return f"{name!r} is reserved on a conductor"
    return ""
