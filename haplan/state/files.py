"""Files that come from outside, and files that only their owner may read.

What comes from outside is read up to a limit: a plan, a state or a table of variables is never larger, and whatever is
may fill this machine's memory. What haplan keeps for itself is readable by its owner alone, whatever the umask says,
and takes its place whole or not at all.
"""

import errno
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, BinaryIO, TextIO

MEGABYTE = 1024 * 1024
LARGEST = 256 * MEGABYTE
"""Bytes of a plan, a pulled state or a recovery file; a plan of 10,000 resources has about a tenth of it."""
LARGEST_TABLE = 16 * MEGABYTE
"""Bytes of a file that a person writes: variables, the devices of a lab."""


# --- From outside -----------------------------------------------------------------------------------------------------


def read(path: Path, most: int = LARGEST) -> bytes:
    """The bytes of a file.

    Raises:
        OSError: It cannot be read, or has more than `most` bytes; `strerror` says so.
    """
    with path.open("rb") as file:
        return read_from(file, most)


def read_from(file: BinaryIO, most: int = LARGEST) -> bytes:
    """The bytes of an open file, such as standard input.

    Raises:
        OSError: As `read`.
    """
    found = file.read(most + 1)
    if len(found) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most // MEGABYTE} MB, which is more than is read from outside")
    return found


def foreign(path: Path) -> str:
    """Why a file is not this user's alone, such as "it belongs to ana"; "" if it is.

    Raises:
        OSError: It is not there.
    """
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        return "it is no ordinary file"
    if found.st_uid != os.geteuid():
        return f"it belongs to {_user(found.st_uid)}"
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "others may write it too"
    return ""


def _user(number: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


# --- For the owner alone ----------------------------------------------------------------------------------------------


def private_folder(path: Path) -> None:
    """Make a folder that only its owner may enter; so are those above it that are made with it."""
    if not path.parent.exists():
        private_folder(path.parent)
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
        path.chmod(0o700)  # a umask may have taken the owner's own rights
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "it is no folder")


def open_private(path: Path) -> TextIO:
    """A new text file to write, which only its owner may read; one that is there is written anew."""
    return open(path, "w", encoding="utf-8", opener=_private)


def _private(path: str, flags: int) -> int:
    handle = os.open(path, flags, 0o600)
    os.fchmod(handle, 0o600)
    return handle


def put(path: Path, content: bytes) -> None:
    """Put a file in its place, whole or not at all, which only its owner may read.

    What stood there stays until all of the new one is on the disk: no full disk costs an approved plan.

    Raises:
        OSError: It cannot be written; what stood there is as it was.
    """
    path = path.resolve()  # a link goes on pointing at it
    if path.exists() and not path.is_file():  # a pipe, or /dev/stdout: there is nothing to take the place of
        path.write_bytes(content)
        return
    handle, draft = tempfile.mkstemp(prefix=".haplan-", suffix=".new", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, 0o600)
            file.write(content)
            _durable(file)
        os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise
    _durable_folder(path.parent)


def _durable(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _durable_folder(path: Path) -> None:
    with suppress(OSError):  # some systems cannot sync a folder
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
