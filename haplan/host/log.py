"""The file of ``--log``: each request a line, without secrets."""

import threading
from pathlib import Path
from typing import TextIO

from haplan.errors import HaplanError
from haplan.host.redaction import Redactor
from haplan.model.visible import visible


class Log:
    """Opened by its first line; without a file nothing is kept.

    Threads: any, under one lock: lines are whole. What a thread that was given up says after the end is dropped.
    """

    def __init__(self, path: Path | None, redact: Redactor) -> None:
        self._path = path
        self._redact = redact
        self._lock = threading.Lock()
        self._file: TextIO | None = None
        self._closed = False

    def write(self, line: str) -> None:
        """One more line.

        Raises:
            HaplanError: The file cannot be opened.
        """
        if self._path is None:
            return
        line = visible(self._redact.text(line))
        with self._lock:
            if not self._closed:
                file = self._file = self._file or _opened(self._path)
                file.write(line + "\n")
                file.flush()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._closed = True
            if self._file is not None:
                self._file.close()


def _opened(path: Path) -> TextIO:
    try:
        return path.open("a", encoding="utf-8")
    except OSError as error:
        raise HaplanError(f"--log {path}: {error.strerror}") from None
