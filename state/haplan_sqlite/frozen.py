"""Files that were made immutable, or read-only with their file system, while a run has them open.

SQLite has the index of its journal (``-shm``) mapped into memory: a write to a mapping that the system refuses by then
ends the process with a signal, and so does closing, which writes there too. So the files are looked at before each
transaction and before its commit, and a connection to frozen files is left as it is; what was committed is safe in the
journal. What is frozen within the milliseconds of a commit still meets it: the next run goes on as after a kill.
"""

import ctypes
import os
import sqlite3
import stat
import sys
from functools import cache
from pathlib import Path

PARTS = ("", "-wal", "-shm")
_AT_FDCWD = -100
_IMMUTABLE_OR_APPEND = 0x10 | 0x20
"""Of ``stx_attributes``, the third field of what Linux's ``statx`` gives."""
_left: set[Path] = set()
"""Files that a connection of this process was left open on. Threads: any; a path is only added."""


class Frozen(sqlite3.OperationalError):
    """The files of a state take no write any more."""


def refuse(path: Path) -> None:
    """Refuse to touch files that this process has open for writing, where they are frozen.

    Raises:
        Frozen: They are.
    """
    if why := reason(path):
        raise Frozen(why)


def refuse_left(path: Path) -> None:
    """Refuse to open files that this process left a connection open on: it would write where that does.

    Raises:
        Frozen: It did.
    """
    if path in _left:
        raise Frozen("its files were made immutable or read-only in the middle of a run of this process")


def reason(path: Path) -> str:
    """Why nothing may be written to the files of a state by now; "" if it may."""
    for part in PARTS:
        file = path.with_name(path.name + part)
        if _is_frozen(file):
            return f"{file.name} was made immutable, or its file system read-only"
    return ""


def left(db: sqlite3.Connection, path: Path) -> None:
    """Leave a connection open for as long as this process lives: Python must not close it either."""
    _left.add(path)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(db))


def _is_frozen(file: Path) -> bool:
    """Asked by name: to open a file of SQLite's and close it again would let go of this process's locks on it."""
    try:
        return bool(os.statvfs(file).f_flag & os.ST_RDONLY) or _has_flag(file)
    except OSError:  # it is not there, or cannot be asked: SQLite will say what is wrong
        return False


def _has_flag(file: Path) -> bool:
    if sys.platform != "linux":
        frozen = stat.UF_IMMUTABLE | stat.SF_IMMUTABLE | stat.UF_APPEND | stat.SF_APPEND
        return bool(getattr(file.stat(), "st_flags", 0) & frozen)
    statx = getattr(_libc(), "statx", None)  # older systems have none
    if statx is None:
        return False
    found = ctypes.create_string_buffer(256)
    if statx(_AT_FDCWD, os.fsencode(file), 0, 0, found):
        return False
    return bool(int.from_bytes(found.raw[8:16], sys.byteorder) & _IMMUTABLE_OR_APPEND)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
