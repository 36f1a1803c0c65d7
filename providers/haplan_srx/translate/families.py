"""IPv4 and IPv6: what haplan configures is IPv4, and says so of the rest."""

NO_IPV6 = "haplan configures IPv4 only on SRX direct"
"""Why an IPv6 address is refused."""


def is_ipv6(text: str | None) -> bool:
    """True for an IPv6 address or prefix."""
    return text is not None and ":" in text
