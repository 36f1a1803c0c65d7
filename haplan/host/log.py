"""The file of ``--log``: each request a line, without secrets."""

from pathlib import Path
from typing import TextIO

from haplan.errors import HaplanError
from haplan.host.redaction import Redactor
from haplan.model.visible import visible


class Log:
    """Opened by its first line; without a file nothing is kept."""

    def __init__(self, path: Path | None, redact: Redactor) -> None:
        self._path = path
        self._redact = redact
        self._file: TextIO | None = None

    def write(self, line: str) -> None:
        """One more line.

        Raises:
            HaplanError: The file cannot be opened.
        """
        if self._path is None:
            return
        if self._file is None:
            try:
                self._file = self._path.open("a", encoding="utf-8")
            except OSError as error:
                raise HaplanError(f"--log {self._path}: {error.strerror}") from None
        self._file.write(visible(self._redact.text(line)) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
