"""Vendor keys: which of them name secrets, and what a provider may say of one."""

import re

import attrs

SECRET_NAMES = re.compile(r"passw|psk|secret|token|auth_key|community|poser", re.IGNORECASE)
"""Names under which backends keep secrets. What stands under one is in no plan, state, log or record in plain."""
LITERAL = "literal"
"""Scheme of a secret whose text stands in the stack: known only to whoever has loaded that."""
STRICT = "strict_extra"
"""The setting of every provider that makes a `Doubt` an error."""


@attrs.frozen
class Doubt:
    """What a provider does not know of a vendor key: it is sent all the same, and the backend has the word."""

    text: str


def names_secret(key: str, value: object) -> bool:
    """True if a literal text under this key is a secret; site variables are none, they are told in plain elsewhere."""
    return isinstance(value, str) and bool(value) and "{{" not in value and bool(SECRET_NAMES.search(key))
