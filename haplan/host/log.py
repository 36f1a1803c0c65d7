"""The file of ``--log``: each request a line, without secrets."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from haplan.errors import HaplanError, PluginError, Several
from haplan.host.redaction import Redactor
from haplan.model.visible import visible
from haplan.wall.call import trace


class Log:
    """Opened by its first line; without a file nothing is kept.

    Threads: any, under one lock: lines are whole. What a thread that was given up says after the end is dropped.

    A disk that fills up ends the log and not the run, whose writes are what it tells of; `warn` is told so, once.
    """

    def __init__(self, path: Path | None, redact: Redactor, warn: Callable[[str], None]) -> None:
        self._path = path
        self._redact = redact
        self._warn = warn
        self._lock = threading.Lock()
        self._file: TextIO | None = None
        self._closed = self._broken = False

    def write(self, line: str) -> None:
        """One more line.

        Raises:
            HaplanError: The file cannot be opened.
        """
        if self._path is None:
            return
        line = "\n".join(map(visible, self._redact.text(line).split("\n")))
        with self._lock:
            if not self._closed:
                file = self._file = self._file or _opened(self._path)
                self._kept(self._path, lambda: _put(file, line))

    def trace(self, error: BaseException | None) -> None:
        """What a plugin raised that is no provider: a provider's error has left its trace already."""
        for one in error.errors if isinstance(error, Several) else (error,):
            if isinstance(one, PluginError):
                for line in trace(one):
                    self.write(line)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._closed = True
            if self._file is not None and self._path is not None:
                self._kept(self._path, self._file.close)

    def _kept(self, path: Path, work: Callable[[], None]) -> None:
        """Do it, or break off; at the end what the disk has no room for is tried once more by Python itself."""
        try:
            work()
        except OSError as error:
            if not self._broken:
                self._warn(f"--log {path}: breaks off: {error.strerror}")
            self._broken = self._closed = True


def _put(file: TextIO, line: str) -> None:
    file.write(line + "\n")
    file.flush()


def _opened(path: Path) -> TextIO:
    try:
        return path.open("a", encoding="utf-8")
    except OSError as error:
        raise HaplanError(f"--log {path}: {error.strerror}") from None
