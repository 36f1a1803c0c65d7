"""Names on a device: which characters, how long, and what is done with one that does not fit."""

import re
import zlib

LONG = 63
"""Characters of a zone, address, application or policy name (vendor YANG)."""
SHORT = 32
"""Characters of an IKE gateway or an IPsec VPN (vendor YANG)."""


def fit(name: str, length: int = LONG) -> str:
    """A name of letters, digits, ``-``, ``_`` and ``.``; what is cut off or replaced is told apart by a checksum."""
    clean = re.sub(r"[^A-Za-z0-9_.-]", "-", name)
    if clean == name and len(clean) <= length:
        return clean
    return f"{clean[: length - 9]}-{zlib.crc32(name.encode()):08x}"


def address_of(prefix: str) -> str:
    """A prefix as part of a name."""
    return prefix.replace("/", "_").replace(":", "-")
