"""Standard output and error of the process, for readers that may go away while it works.

``haplan plan | head -1`` ends with the plan's own exit code, and an apply whose terminal was closed goes on to its end:
what nobody reads any more is dropped.
"""

import errno
import io
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO, cast

from haplan.language.under_way import under_way

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

GONE = frozenset({errno.EPIPE, errno.EIO})
"""What a write says when the other end of a pipe is closed, or the terminal."""


class Unheard(io.FileIO):
    """A stream that is written to whether it takes it or not: no command is cut short by its output.

    Threads: any; what is written to it is written at once.

    Attributes:
        error: Why something could not be written, when it was not for want of a reader; "" while all is well.
    """

    error = ""

    def write(self, data: "ReadableBuffer", /) -> int:
        """As much as was taken; all of it when nothing is taken any more."""
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in GONE:
                self.error = self.error or str(error.strerror)
            return memoryview(data).nbytes


class Results:
    """Standard output, for results alone: while a stack is loaded, what its code or a library says goes to stderr."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr if under_way else self._out, name)


def stand_in() -> Unheard:
    """Put such streams in the place of the process's own, and give the one behind standard output."""
    out, err = Unheard(_open(1), "w", closefd=False), Unheard(_open(2), "w", closefd=False)
    sys.stdout = cast(TextIO, Results(_text(out, sys.stdout, line_buffering=out.isatty())))
    sys.stderr = _text(err, sys.stderr, line_buffering=True)
    return out


def _open(number: int) -> int:
    """The number; a stream that the process was started without takes everything."""
    try:
        os.fstat(number)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)
    return number


def _text(raw: Unheard, before: TextIO | None, *, line_buffering: bool) -> TextIO:
    """Shows a question mark for a sign that the terminal cannot show."""
    encoding = before.encoding if before is not None else "utf-8"
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=encoding, errors="replace", line_buffering=line_buffering)
