"""Reading a state: one consistent snapshot, and not a byte written, not even SQLite's own helper files."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from haplan.plugin import (
    Run,
    State,
    StateError,
    codec,
)
from haplan_sqlite import frozen, schema

T = TypeVar("T")
Query = Callable[[sqlite3.Connection], T]

LONGEST = 64
"""Megabytes that one value may have. The file has no limit: it is as long as its history, and read by the page."""
SETTLED = 2.0
"""Seconds after which a file's time tells a later write from an earlier one, on the coarsest file systems too."""
IMMUTABLE = "mode=ro&immutable=1"
CUT = "the file was cut short"
_WRONG = {sqlite3.SQLITE_NOTADB: "it is not a SQLite database", sqlite3.SQLITE_CORRUPT: CUT}
"""What it means that SQLite does not even find its number of pages."""

# --- Opening ----------------------------------------------------------------------------------------------------------


def read(path: Path, query: Query[T]) -> T:
    """The answer of a query on a state file that is there.

    A file at rest is read as immutable: then SQLite makes neither -wal nor -shm. That takes no lock, so the answer
    counts only if nobody wrote meanwhile; otherwise the file is read again in the ordinary way.

    Raises:
        StateError: The file is no state, damaged or newer.
    """
    with readable(path):
        frozen.refuse_left(path)
    before = _mark(path)
    if why := _cut_short(path, before):
        raise schema.damaged(path, why)
    if _at_rest(path, before):
        try:
            answer = _ask(path, IMMUTABLE, query)
        except StateError:
            if _mark(path) == before:
                raise
        else:
            if _mark(path) == before:
                return answer
    # Read-write, though only read: the last reader then takes its -wal and -shm away again. Not where a writer left
    # a -wal (it is at work, or was killed): closing would copy that into the file.
    return _ask(path, "mode=ro" if before.wal else "mode=rw", query)


class _Mark(NamedTuple):
    inode: int
    size: int
    time: int
    wal: int


def _mark(path: Path) -> _Mark:
    try:
        file = path.stat()
        wal = path.with_name(path.name + "-wal")
        return _Mark(file.st_ino, file.st_size, file.st_mtime_ns, wal.stat().st_size if wal.exists() else 0)
    except OSError:  # gone between two looks: SQLite will say what is wrong
        return _Mark(0, 0, 0, 0)


def _at_rest(path: Path, mark: _Mark) -> bool:
    if mark.wal:
        return False
    # The real clock, not the run's: it is compared with the file system's.
    return time.time() - mark.time / 1e9 > SETTLED or not os.access(path.parent, os.W_OK)


def _cut_short(path: Path, mark: _Mark) -> str:
    """Why the file cannot be whole, or "". SQLite reads a page that is half there as zeros and finds nothing wrong.

    SQLite is asked: whoever opens its file by hand and closes it lets go of all locks that this process has on it, and
    the next process to close the state would take the -wal away under a run.
    """
    if not path.is_file():
        return "it is not a file"
    if not mark.size and mark.inode:
        return "the file is empty"
    if mark.wal:  # a writer at work may be about to lengthen the file
        return ""
    try:
        with closing(connect(path, IMMUTABLE)) as db:
            ((pages,),) = db.execute("PRAGMA page_count")
            ((page,),) = db.execute("PRAGMA page_size")
    except sqlite3.Error as error:
        wrong = _WRONG.get(getattr(error, "sqlite_errorcode", 0), "")
    else:
        wrong = "" if mark.size >= pages * page else CUT
    return wrong if _mark(path) == mark else ""


def _ask(path: Path, mode: str, query: Query[T]) -> T:
    with readable(path), closing(connect(path, mode)) as db:
        db.execute("BEGIN")  # all that follows sees one moment
        if schema.pending(db, path):
            with closing(schema.in_memory(db)) as copy:
                return query(copy)
        return query(db)


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """A connection with transactions by hand. The engine calls from one thread at a time, not always the same."""
    db = sqlite3.connect(
        f"{path.as_uri()}?{mode}", uri=True, timeout=schema.BUSY, isolation_level=None, check_same_thread=False
    )
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST * 1024 * 1024)
    db.execute("PRAGMA temp_store = MEMORY")  # the rows of a large state are sorted in a file otherwise
    return db


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Say in one line what is wrong with a file that cannot be read.

    Raises:
        StateError: Instead of what SQLite or a decoder raised.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        if isinstance(error, frozen.Frozen):
            raise StateError(f"state {path} cannot be read now: {error}") from None
        code = getattr(error, "sqlite_errorcode", 0)  # text that is not UTF-8 comes without a code
        if code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise StateError(f"state {path} cannot be read now: {error}; look at its permissions and users") from None
        if code & 0xFF == sqlite3.SQLITE_IOERR and code != sqlite3.SQLITE_IOERR_SHORT_READ:
            raise StateError(f"state {path} cannot be read now: {error}; look at its disk: is it full?") from None
        raise schema.damaged(path, error) from None
    except (sqlite3.Error, ValueError) as error:
        large = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_TOOBIG
        raise schema.damaged(path, f"a value in it is larger than {LONGEST} MB" if large else error) from None


# --- What the tables say ----------------------------------------------------------------------------------------------


def meta(db: sqlite3.Connection) -> dict[str, str]:
    """Lineage, serial, secret key and the like."""
    return dict(db.execute("SELECT key, value FROM meta"))


def load_checked(db: sqlite3.Connection) -> State:
    """The whole state, after a look at the file's structure: a few milliseconds for each thousand rows.

    Raises:
        ValueError: The structure is damaged, though SQLite might have found something to return.
    """
    ((verdict, *_), *_) = db.execute("PRAGMA quick_check(1)")
    if verdict != "ok":
        raise ValueError(" ".join(str(verdict).split()))
    return load(db)


def look(db: sqlite3.Connection, addresses: Sequence[str]) -> State:
    """The rows of these addresses with their placements, outputs and runs; the rest is left empty."""
    known, among = meta(db), f"address IN ({', '.join('?' * len(addresses))})"
    rows = db.execute(f"SELECT {codec.quoted(codec.ROW)} FROM rows WHERE {among} ORDER BY seq", addresses)
    placed = db.execute(f"SELECT address, document, part, status FROM placements WHERE {among}", addresses)
    return State(
        lineage=known.get("lineage", ""),
        serial=int(known.get("serial", 0)),
        rows=codec.rows(rows),
        placements=codec.placements(placed),
        outputs=codec.outputs(db.execute("SELECT name, value, sensitive FROM outputs")),
        runs=runs(db),
    )


def load(db: sqlite3.Connection) -> State:
    """The whole state."""
    known = meta(db)
    providers = codec.provider_notes(db.execute("SELECT name, kind, content FROM providers ORDER BY name"))
    intents = db.execute(f"SELECT {codec.quoted(codec.INTENT)} FROM intents WHERE outcome = '' ORDER BY id")
    return State(
        lineage=known.get("lineage", ""),
        serial=int(known.get("serial", 0)),
        key=bytes.fromhex(known.get("secret_key", "")),
        rows=codec.rows(db.execute(f"SELECT {codec.quoted(codec.ROW)} FROM rows ORDER BY seq, address, deposed")),
        placements=codec.placements(db.execute("SELECT address, document, part, status FROM placements")),
        orders=codec.orders(db.execute('SELECT document, "list", names FROM orders')),
        outputs=codec.outputs(db.execute("SELECT name, value, sensitive FROM outputs")),
        **providers,
        intents=codec.intents(intents),
        runs=runs(db),
        applied=frozenset(digest for (digest,) in db.execute("SELECT digest FROM applied")),
    )


def runs(db: sqlite3.Connection) -> tuple[Run, ...]:
    """Every run, the latest last."""
    sql = f"SELECT {codec.quoted(codec.RUN)} FROM runs ORDER BY serial, started, id"
    return codec.runs(db.execute(sql))
