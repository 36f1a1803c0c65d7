"""Writing a state: what one transaction does. Each kind of thing is one statement, however many there are of it.

The caller opens and ends the transaction, in which it holds the lock's row: nobody else writes meanwhile.
"""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from haplan.plugin import (
    Holder,
    Intent,
    OrderRow,
    OutputRow,
    PlacementRow,
    Row,
    Run,
    State,
    StateError,
    Tree,
    Update,
    codec,
    versions,
)
from haplan_postgres.link import Db
from haplan_postgres.reading import meta, records
from haplan_postgres.tables import COLUMNS, HISTORY, among, archive, arrays, delete, put

Outcomes = Iterable[tuple[int, str, Mapping[str, Tree]]]
Key = tuple[str, str]

_ROW_KEY = ("address", "deposed")
_PLACEMENT = ("address", "document", "part", "status")


# --- The lock ---------------------------------------------------------------------------------------------------------


def put_holder(db: Db, holder: Holder) -> Holder:
    """Write who holds the lock."""
    db.execute(
        'UPDATE lock SET token = %s, id = %s, who = %s, "where" = %s, pid = %s, what = %s, since = %s, until = %s',
        [holder.token, holder.id, holder.who, holder.where, holder.pid, holder.what, holder.since, holder.until],
    )
    return holder


# --- Runs -------------------------------------------------------------------------------------------------------------


def begin(db: Db, run: Run, mint: tuple[str, bytes]) -> Run:
    """Give a run the next serial; at the first, give the state its lineage and key.

    Raises:
        StateError: A run of that id is there already, and others came after it.
    """
    known = meta(db)
    current = int(known.get("serial", 0))
    notes = {} if "lineage" in known else {"lineage": mint[0], "secret_key": mint[1].hex()}
    stored = db.execute("SELECT serial FROM runs WHERE id = %s", [run.id]).fetchone()
    if stored is not None and stored[0] != current:
        raise StateError(f"run {run.id} cannot go on: others wrote the state since; make a new plan")
    opened = attrs.evolve(run, serial=stored[0] if stored else current + 1, ended=0.0, result="")
    _note(db, {**notes, "serial": str(opened.serial)})
    _runs(db, [opened])
    _applied(db, [run.digest] if run.digest else [])
    return opened


def end(db: Db, run: Run, now: float) -> None:
    """Close a run with its result."""
    db.execute("UPDATE runs SET ended = %s, result = %s WHERE id = %s", [run.ended or now, run.result, run.id])


def _runs(db: Db, runs: Sequence[Run]) -> None:
    put(db, "runs", codec.RUN, ("id",), [attrs.astuple(run) for run in runs])


def _applied(db: Db, digests: Iterable[str]) -> None:
    put(db, "applied", ("digest",), ("digest",), [(digest,) for digest in digests])


# --- Intents ----------------------------------------------------------------------------------------------------------


def journal(db: Db, intents: Iterable[Intent]) -> list[Intent]:
    """Keep intents; gives them with their ids. Those that have one are perhaps there already."""
    ((last,),) = db.execute("SELECT coalesce(max(id), 0) FROM intents").fetchall()
    numbered = [attrs.evolve(intent, id=intent.id or number) for number, intent in enumerate(intents, last + 1)]
    put(db, "intents", codec.INTENT, ("id",), [codec.intent_cells(intent) for intent in numbered])
    return numbered


def settle(db: Db, outcomes: Outcomes) -> None:
    """Record outcomes.

    Raises:
        StateError: There is no such intent.
    """
    wanted = {id: (id, outcome, codec.dumps(result)) for id, outcome, result in outcomes}
    if not wanted:
        return
    settled = db.execute(
        "UPDATE intents SET outcome = o.outcome, result = o.result "
        "FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS o (id, outcome, result) WHERE intents.id = o.id "
        "RETURNING intents.id",
        arrays(wanted.values()),
    )
    for id in sorted(wanted.keys() - {id for (id,) in settled}):
        raise StateError(f"intent {id} is not in the state")


# --- One save ---------------------------------------------------------------------------------------------------------


def save(db: Db, update: Update) -> None:
    """Write one update.

    Raises:
        Stale: A row was moved by another run.
        StateError: The run was not begun.
    """
    found = db.execute("SELECT serial FROM runs WHERE id = %s", [update.run]).fetchone()
    if found is None:
        raise StateError(f"run {update.run} was not begun in this state; nothing was saved")
    serial: int = found[0]
    _compare(db, update.expected, serial)
    _delete_rows(db, update.deleted, serial)
    _put_rows(db, update.rows, serial)
    delete(db, "placements", _PLACEMENT[:3], list(map(codec.placement_key, update.placements_gone)))
    _put_placements(db, update.placements)
    _put_orders(db, update.orders, serial)
    if update.outputs is not None:
        _replace_outputs(db, update.outputs, serial)
    _put_providers(db, update)
    settle(db, update.intents)


def _compare(db: Db, expected: Mapping[Key, int], serial: int) -> None:
    """Refuse the first row that is neither as it was read, nor moved by this very run."""
    if not expected:
        return
    moved = records(
        db,
        "SELECT k.address, k.read, coalesce(r.serial, 0), coalesce(u.id, '') "
        "FROM unnest(%s::text[], %s::text[], %s::bigint[]) WITH ORDINALITY AS k (address, deposed, read, n) "
        "LEFT JOIN rows r ON r.address = k.address AND r.deposed = k.deposed LEFT JOIN runs u ON u.serial = r.serial "
        "WHERE coalesce(r.serial, 0) NOT IN (k.read, %s) AND NOT (r.address IS NULL AND EXISTS (SELECT FROM "
        "row_history h WHERE h.address = k.address AND h.deposed = k.deposed AND h.until = %s)) ORDER BY k.n LIMIT 1",
        [*arrays((*key, read) for key, read in expected.items()), serial, serial],
    )
    for address, read, stored, run in moved:
        versions.refuse_moved(address, read, stored, run)


def _delete_rows(db: Db, keys: Sequence[Key], serial: int) -> None:
    archive(db, "rows", keys, serial)
    delete(db, "rows", _ROW_KEY, keys)
    # Placements carry no mark of deposed rows: they are those of the current one.
    delete(db, "placements", ("address",), [(address,) for address, deposed in keys if not deposed])


def _put_rows(db: Db, rows: Sequence[Row], since: int) -> None:
    """Write rows as this run's."""
    if not rows:
        return
    keys = [(row.address, row.deposed) for row in rows]
    archive(db, "rows", keys, since)
    sql = f"SELECT address, deposed, seq FROM rows WHERE {among(_ROW_KEY)}"
    stored = {(address, deposed): seq for address, deposed, seq in records(db, sql, arrays(keys))}
    first = int(meta(db).get("seq", 0))
    made, last = versions.numbered(rows, stored, first, since)
    put(db, "rows", COLUMNS["rows"], _ROW_KEY, [(*codec.row_cells(row), since) for row in made])
    if last != first:
        _note(db, {"seq": str(last)})


def _put_placements(db: Db, placements: Iterable[PlacementRow]) -> None:
    put(db, "placements", _PLACEMENT, _PLACEMENT[:3], list(map(codec.placement_cells, placements)))


def _put_orders(db: Db, orders: Sequence[OrderRow], since: int) -> None:
    keys = [codec.order_key(row) for row in orders]
    archive(db, "orders", keys, since)
    delete(db, "orders", ("document", "list"), keys)
    made = [(*codec.order_key(row), codec.dumps(row.names), since) for row in orders if row.names]
    put(db, "orders", COLUMNS["orders"], ("document", "list"), made)


def _replace_outputs(db: Db, outputs: Iterable[OutputRow], since: int) -> None:
    wanted = codec.output_cells(outputs)
    stored = {name: cells for name, *cells in records(db, "SELECT name, value, sensitive FROM outputs")}
    names = sorted(wanted.keys() | stored.keys())
    changed = [name for name in names if list(wanted.get(name, ())) != stored.get(name, [])]
    archive(db, "outputs", [(name,) for name in changed], since)
    delete(db, "outputs", ("name",), [(name,) for name in changed])
    made = [(name, *wanted[name], since) for name in changed if name in wanted]
    put(db, "outputs", COLUMNS["outputs"], ("name",), made)


def _put_providers(db: Db, notes: State | Update) -> None:
    put(db, "providers", ("name", "kind", "content"), ("name", "kind"), codec.provider_cells(notes))


def _note(db: Db, notes: Mapping[str, str]) -> None:
    put(db, "meta", ("key", "value"), ("key",), list(notes.items()))


# --- Replacing everything, forgetting what is old ---------------------------------------------------------------------


def push(db: Db, state: State, stored: State, mint: tuple[str, bytes]) -> None:
    """Put a pulled state in place of what is stored; the secret key stays, rows that go are kept as history."""
    if not stored.lineage:  # the runs of the document have no history here
        _note(db, {"lineage": state.lineage, "secret_key": mint[1].hex(), "pruned": str(state.serial)})
    gone, changed = versions.rows_to_push(state, stored)
    _delete_rows(db, gone, state.serial)
    _push_rows(db, changed, state.serial)
    _put_orders(db, versions.orders_to_push(state, stored), state.serial)
    _replace_outputs(db, state.outputs.values(), state.serial)
    for table in ("placements", "providers", "runs", "applied"):
        db.execute(f"DELETE FROM {table}")
    _put_placements(db, state.placements.values())
    _put_providers(db, state)
    _runs(db, state.runs)
    _applied(db, sorted(state.applied))
    db.execute("DELETE FROM intents WHERE outcome = ''")
    put(db, "intents", codec.INTENT, ("id",), [codec.intent_cells(intent) for intent in state.intents])
    _note(db, {"serial": str(state.serial)})


def _push_rows(db: Db, rows: Sequence[Row], since: int) -> None:
    archive(db, "rows", [(row.address, row.deposed) for row in rows], since)
    put(db, "rows", COLUMNS["rows"], _ROW_KEY, [(*codec.row_cells(row), since) for row in rows])
    _note(db, {"seq": str(max([int(meta(db).get("seq", 0)), *(row.seq for row in rows)]))})


def prune(db: Db, keep: int) -> int:
    """Forget all but the latest runs, and what only they need; gives how many were forgotten.

    Digests that were applied stay known: a plan must not be applied twice, however old.
    """
    latest = db.execute("SELECT serial FROM runs ORDER BY serial DESC LIMIT %s", [max(keep, 1)]).fetchall()
    if not latest:
        return 0
    (oldest,) = latest[-1]
    for table in HISTORY.values():
        db.execute(f"DELETE FROM {table} WHERE until <= %s", [oldest])
    gone = db.execute("DELETE FROM runs WHERE serial < %s", [oldest]).rowcount
    db.execute("DELETE FROM intents WHERE outcome <> '' AND run NOT IN (SELECT id FROM runs)")
    _note(db, {"pruned": str(max(int(meta(db).get("pruned", 1)), oldest))})
    return gone
