"""The tables, and how an older state becomes a newer one."""

from collections.abc import Callable, Sequence

from haplan.plugin import (
    FORMAT,
    StateError,
)
from haplan_postgres.link import Db, damaged
from haplan_postgres.place import Place

TABLES = (
    *("meta", "steps", "rows", "row_history", "placements", "orders", "order_history", "outputs", "output_history"),
    *("providers", "intents", "runs", "applied", "lock"),
)

Step = tuple[str, Callable[[Db], None]]


# --- Migrations: a step that was released is never edited; a change is a new step -------------------------------------

# `since` and `until` are the state's serials between which a version stood. `serial` of a pushed row may be older.
# Mappings and lists are cells of canonical JSON as text: what goes in comes out, byte for byte.
_ROWS = """
    address text, deposed text, type text, provider text, alias text, schema_version bigint, id text, name text,
    owner text, "values" text, hash text, declared text, sensitive text, depends_on text, lifecycle text, status text,
    private text, source text, serial bigint, seq bigint, since bigint
"""
_ORDERS = "document text, list text, names text, since bigint"
_OUTPUTS = "name text, value text, sensitive bigint, since bigint"
_RUNS = """
    id text, serial bigint, digest text, started float8, who text, command text, ended float8, result text
"""
_INTENTS = """
    id bigint, run text, transaction text, address text, document text, provider text, step text, key text,
    idempotent boolean, addresses text, outcome text, result text
"""
_LOCK = """
    "only" bigint, token bigint, id text, who text, "where" text, pid bigint, what text, since float8, until float8
"""


def _state(db: Db) -> None:
    _table(db, "meta", "key text, value text", "key")
    _table(db, "steps", "name text", "name")
    for table, history, columns, key in (
        ("rows", "row_history", _ROWS, "address, deposed"),
        ("orders", "order_history", _ORDERS, "document, list"),
        ("outputs", "output_history", _OUTPUTS, "name"),
    ):
        _table(db, table, columns, key)
        _table(db, history, f"{columns}, until bigint", f"{key}, since")
    _table(db, "placements", "address text, document text, part text, status text", "address, document, part")
    _table(db, "providers", "name text, kind text, content text", "name, kind")
    _table(db, "runs", _RUNS, "id")
    _table(db, "applied", "digest text", "digest")
    _table(db, "intents", _INTENTS, "id")
    db.execute("CREATE INDEX intents_open ON intents (id) WHERE outcome = ''")  # the open ones are few among many
    # One row for ever: the fencing token goes on counting while nobody holds the lock.
    _table(db, "lock", _LOCK, '"only"')
    db.execute("INSERT INTO lock VALUES (1, 0, '', '', '', 0, '', 0, 0)")


def _table(db: Db, name: str, columns: str, key: str) -> None:
    # In the order of signs, not of a language: the same everywhere, and quicker.
    typed = columns.replace(" text", ' text COLLATE "C"')
    cells = ", ".join(f"{cell.strip()} NOT NULL" for cell in typed.split(","))
    db.execute(f"CREATE TABLE {name} ({cells}, PRIMARY KEY ({key}))")


def _entries(db: Db) -> None:
    """No table changes, but values may hold entries, and notes destinations, from here on: haplan 0.1.0 would
    lose both.
    """


STEPS: tuple[Step, ...] = (("0001_state", _state), ("0002_entries", _entries))


def migrate(db: Db, lacking: Sequence[str]) -> None:
    """Carry out what is pending, in the open transaction."""
    for name, step in STEPS:
        if name in lacking:
            step(db)
            db.execute("INSERT INTO steps VALUES (%s)", [name])
    db.execute(
        "INSERT INTO meta VALUES ('format', %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value", [str(FORMAT)]
    )


# --- What a schema is -------------------------------------------------------------------------------------------------


def pending(db: Db, place: Place) -> Sequence[str] | None:
    """Names of the steps an older state lacks; None where there is no state yet. Reads only.

    Raises:
        StateError: The state is newer than this haplan, or the schema holds something else.
    """
    tables = tables_of(db, place.schema)
    if not tables:
        return None
    if not {"meta", "steps"} <= tables:
        raise StateError(
            f"schema {place.schema} of {place.url} holds other tables, but no state of haplan; name another schema"
        )
    formats = [value for (value,) in db.execute(f"SELECT value FROM {place.quoted}.meta WHERE key = 'format'")]
    applied = [name for (name,) in db.execute(f"SELECT name FROM {place.quoted}.steps")]
    known = [name for name, _ in STEPS]
    newer = sorted(set(applied) - set(known))
    if not formats or not formats[0].isdigit():
        raise damaged(place, "its format is not recorded")
    if int(formats[0]) > FORMAT or newer:
        step = f", step {newer[-1]}" if newer else ""
        raise StateError(
            f"state {place.url} has format {formats[0]}{step}; this haplan reads up to format {FORMAT}, "
            f"step {known[-1]}: upgrade haplan"
        )
    lacking = [name for name in known if name not in applied]
    if not lacking and (missing := sorted(set(TABLES) - tables)):
        raise damaged(place, f"table {', '.join(missing)} is missing")
    return lacking


def tables_of(db: Db, schema: str) -> set[str]:
    """Names of the tables and views of a schema."""
    sql = (
        "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
    )
    return {name for (name,) in db.execute(sql, [schema])}


# --- Making and copying -----------------------------------------------------------------------------------------------


def alone(db: Db, place: Place) -> None:
    """Wait for others that make or migrate this very schema; until the transaction ends."""
    db.execute("SELECT pg_advisory_xact_lock(hashtextextended('haplan ' || %s, 0))", [place.schema])


def create(db: Db, place: Place) -> None:
    """A new, empty state.

    Raises:
        StateError: The database cannot hold every text.
    """
    ((encoding,),) = db.execute("SELECT current_setting('server_encoding')").fetchall()
    if encoding != "UTF8":
        raise StateError(f"state {place.url} cannot be made: the database has encoding {encoding}, it must be UTF8")
    if not db.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [place.schema]).fetchone():
        db.execute(f"CREATE SCHEMA {place.quoted}")  # IF NOT EXISTS would ask for the right to make one
    migrate(db, [name for name, _ in STEPS])


def backup(db: Db, place: Place, steps_done: int) -> str:
    """A copy of an older state in a schema beside it; the name of that."""
    base = f"{place.schema}_step_{steps_done}_backup"
    names = (base if n == 1 else f"{base}_{n}" for n in range(1, 1000))
    name = next(name for name in names if not tables_of(db, name))
    db.execute(f'CREATE SCHEMA "{name}"')
    for table in sorted(tables_of(db, place.schema)):
        db.execute(f'CREATE TABLE "{name}"."{table}" (LIKE {place.quoted}."{table}" INCLUDING ALL)')
        db.execute(f'INSERT INTO "{name}"."{table}" SELECT * FROM {place.quoted}."{table}"')
    return name


def migrated_copy(db: Db, place: Place, lacking: Sequence[str]) -> None:
    """An older state as this haplan reads it, in temporary tables; the stored one is only read."""
    for table in sorted(tables_of(db, place.schema)):
        db.execute(f'CREATE TEMP TABLE "{table}" (LIKE {place.quoted}."{table}" INCLUDING ALL) ON COMMIT DROP')
        db.execute(f'INSERT INTO pg_temp."{table}" SELECT * FROM {place.quoted}."{table}"')
    migrate(db, lacking)
