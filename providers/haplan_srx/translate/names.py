"""Names on a device: which characters, how long, and what is done with one that does not fit."""

import re
import zlib

LONG = 63
"""Characters of a zone, address, application or policy name (vendor YANG)."""
SHORT = 32
"""Characters of an IKE gateway or an IPsec VPN (vendor YANG)."""


def fit(name: str, length: int = LONG, also: str = "") -> str:
    """A name of letters, digits, ``-`` and ``_`` that begins with a letter or digit, as most lists of Junos want it.

    What is cut off or replaced is told apart by a checksum.

    Args:
        also: Further characters that the list allows, such as the dots of an address book.
    """
    clean = re.sub(rf"[^A-Za-z0-9_{re.escape(also)}-]", "-", name)
    if not clean[:1].isalnum():
        clean = f"x{clean}"
    if clean == name and len(clean) <= length:
        return clean
    return f"{clean[: length - 9]}-{zlib.crc32(name.encode()):08x}"


def address_of(prefix: str) -> str:
    """A prefix as part of a name."""
    return prefix.replace("/", "_")
