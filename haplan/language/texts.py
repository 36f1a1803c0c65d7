"""Texts with a meaning in a network: prefixes and addresses, checked, and kept in their shortest spelling."""

import ipaddress
import unicodedata

from haplan.language.kinds import Text
from haplan.language.taking import shown


def _prefix_complaint(value: str) -> str:
    try:
        ipaddress.ip_network(value, strict=True)
    except ValueError as error:
        return f"expected a prefix such as 10.1.2.0/24, got {shown(value)}: {error}"
    return ""


def _address_complaint(value: str) -> str:
    try:
        ipaddress.ip_interface(value)
    except ValueError:
        return f"expected an address with its length such as 10.1.2.1/24, got {shown(value)}"
    return "" if "/" in value else f"expected an address with its length such as {value}/24, got {shown(value)}"


def _host_complaint(value: str) -> str:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return f"expected an address such as 10.1.2.1, got {shown(value)}"
    return ""


def _line_complaint(value: str) -> str:
    odd = any(unicodedata.category(char) == "Cc" for char in value)
    return f"expected text on one line without control characters, got {shown(value)}" if odd else ""


def one_line() -> Text:
    """Text on one line, such as a serial number or a version: a control character in it no device takes."""
    return Text("text", _line_complaint)


def _release_complaint(value: str) -> str:
    odd = not value or any(char.isspace() or char in "\"'`;{}<>&\\" for char in value)
    wrong = f"expected a release as the device tells it, such as 22.4R3-S2.11, got {shown(value)}" if odd else ""
    return _line_complaint(value) or wrong


def release() -> Text:
    """The release of a device's software: one word without quotes, as devices and clouds tell it."""
    return Text("release", _release_complaint)


def prefix() -> Text:
    """A network prefix; kept in its shortest spelling."""
    return Text("prefix", _prefix_complaint, lambda value: str(ipaddress.ip_network(value)))


def address_with_length() -> Text:
    """An address with its prefix length."""
    return Text("address with length", _address_complaint, lambda value: str(ipaddress.ip_interface(value)))


def host() -> Text:
    """An address alone."""
    return Text("address", _host_complaint, lambda value: str(ipaddress.ip_address(value)))
