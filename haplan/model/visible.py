"""Text from outside on its way to a terminal: the one function that makes of it what may be shown.

Devices, clouds, states and plan files say what they like, and a terminal obeys some of it: an escape sequence clears
the screen or rewrites the line above, a bidirectional mark turns an address round. Whatever is not a printable sign is
shown by its number instead. Every report, progress line, question and error goes through here.
"""

from collections.abc import Callable


def visible(text: str) -> str:
    """The text on one line, with every control character, format mark and odd blank in it as ``\\u001b``."""
    return text if text.isprintable() else _replaced(text, _number)


def visible_lines(text: str) -> str:
    """The same for a text of many lines: they stay lines."""
    return text if text.isprintable() else _replaced(text, _number, "\n")


def visible_json(document: str) -> str:
    """The same for JSON, which says to machines what it said before: JSON has such numbers too."""
    return document if document.isprintable() else _replaced(document, _in_json, "\n")


def _replaced(text: str, number: Callable[[str], str], kept: str = "") -> str:
    odd = {ord(char): number(char) for char in set(text) if not char.isprintable() and char not in kept}
    return text.translate(odd)


def _number(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def _in_json(char: str) -> str:
    if ord(char) < 0x10000:
        return f"\\u{ord(char):04x}"
    high, low = divmod(ord(char) - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
