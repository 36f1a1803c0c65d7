"""Framing of messages: end-of-message marks (base:1.0) and chunks (base:1.1), RFC 6242 section 4. No I/O."""

import re
from typing import Literal

from haplan.plugin import ProviderError

END = b"]]>]]>"
CHUNKS_END = b"\n##\n"
_HEADER = re.compile(rb"\n#([1-9][0-9]{0,9})\n")
_LONGEST_HEADER = 13
LARGEST = 128 * 2**20
"""Bytes of a message; the configuration of the largest device has some tens of millions."""


def framed(message: bytes, framing: Literal["end", "chunks"]) -> bytes:
    """A message as it is sent. Nothing follows an end-of-message mark: where chunks come next, a newline there is an
    error for a server that is strict."""
    if framing == "end":
        return message + END
    return b"\n#%d\n%s%s" % (len(message), message, CHUNKS_END)


class Unframer:
    """Takes what arrives, in pieces of any size, and gives whole messages.

    Threads: one, that of the event loop of all sessions.

    It begins with end-of-message marks, as both hellos do.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._message = bytearray()
        self._searched = 0
        self.framing: Literal["end", "chunks"] = "end"

    def feed(self, data: bytes) -> None:
        """Take what arrived.

        Raises:
            ProviderError: That is more than one message may have.
        """
        if len(self._buffer) + len(self._message) + len(data) > LARGEST:
            raise ProviderError(f"what arrives has no end: more than {LARGEST // 2**20} MB in one message", lost=True)
        self._buffer += data

    def next(self) -> bytes | None:
        """The next whole message, or None.

        Raises:
            ProviderError: What arrived is no chunk.
        """
        return self._to_end() if self.framing == "end" else self._chunks()

    def _to_end(self) -> bytes | None:
        at = self._buffer.find(END, max(0, self._searched - len(END)))
        if at < 0:
            self._searched = len(self._buffer)
            return None
        message = bytes(self._buffer[:at]).strip()
        del self._buffer[: at + len(END)]
        self._searched = 0
        return message

    def _chunks(self) -> bytes | None:
        while True:
            if self._buffer.startswith(CHUNKS_END):
                del self._buffer[: len(CHUNKS_END)]
                message, self._message = bytes(self._message), bytearray()
                return message
            header = _HEADER.match(self._buffer)
            if header is None and self._skips_newlines():
                continue
            if header is None:
                return None
            if len(self._buffer) < header.end() + int(header[1]):
                return None
            self._message += self._buffer[header.end() : header.end() + int(header[1])]
            del self._buffer[: header.end() + int(header[1])]

    def _skips_newlines(self) -> bool:
        """True if something was left out: a newline or two behind the mark of the hello is usual.

        Raises:
            ProviderError: What is there cannot begin a chunk.
        """
        stripped = bytes(self._buffer).lstrip()
        if stripped[:1] == b"#" and not self._message and len(self._buffer) - len(stripped) > 1:
            self._buffer = bytearray(b"\n" + stripped)
            return True
        if stripped[:1] not in (b"", b"#") or len(stripped) >= _LONGEST_HEADER:
            raise ProviderError("what arrived is no NETCONF chunk (RFC 6242)", lost=True)
        return False
