"""NETCONF framing: end-of-message marks, and chunks where both sides offered base:1.1 (RFC 6242)."""

import re
from collections.abc import Iterator

END = b"]]>]]>"
BEGUN = re.compile(rb"\n(#(#|[1-9][0-9]{0,9})?)?|")
CHUNK = re.compile(rb"\n#(?:(?P<size>[1-9][0-9]{0,9})|(?P<end>#))\n")


class FramingError(Exception):
    """Bytes that are no frame: the session cannot go on."""


class Framing:
    """One direction is read, the other written.

    Threads: one, that of the servers' event loop.

    Attributes:
        chunked: Set once both hellos are known.
    """

    def __init__(self) -> None:
        self.chunked = False
        self._waiting = b""
        self._chunks: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Complete messages. The mode may change between two of them."""
        self._waiting += data
        while True:
            message = self._chunked() if self.chunked else self._marked()
            if message is None:
                return
            yield message

    def frame(self, text: str) -> bytes:
        """A message ready to send."""
        body = text.encode()
        if self.chunked:
            return b"\n#%d\n%b\n##\n" % (len(body), body)
        return body + b"\n" + END + b"\n"

    def _marked(self) -> bytes | None:
        message, mark, rest = self._waiting.partition(END)
        if not mark:
            return None
        self._waiting = rest
        return message

    def _chunked(self) -> bytes | None:
        if not self._chunks:
            # a newline behind the last end-of-message mark is usual, and a chunk begins with one
            self._waiting = b"\n" + self._waiting.lstrip(b"\r\n ") if self._waiting.strip() else self._waiting
        while True:
            found = CHUNK.match(self._waiting)
            if found is None:
                if not BEGUN.fullmatch(self._waiting):
                    raise FramingError(repr(self._waiting[:16]))
                return None
            if found["end"]:
                self._waiting = self._waiting[found.end() :]
                message, self._chunks = b"".join(self._chunks), []
                return message
            end = found.end() + int(found["size"])
            if len(self._waiting) < end:
                return None
            self._chunks.append(self._waiting[found.end() : end])
            self._waiting = self._waiting[end:]
