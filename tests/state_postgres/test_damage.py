"""A damaged, foreign or newer schema is refused in one line that says what to do; what cannot be saved is kept."""

import math
from pathlib import Path

import pytest

from haplan.errors import StateError, StateNotSaved
from haplan.model.state import Row, Update
from haplan.state import recovery
from haplan_postgres.backend import PostgresState
from tests.state.samples import holder, intent, row
from tests.state_postgres.conftest import Admin, Open


def refused(open_state: Open) -> str:
    """What reading and writing say alike."""
    with pytest.raises(StateError) as reading:
        open_state().load()
    with pytest.raises(StateError) as writing:
        open_state().lock(holder("l2"))
    assert "\n" not in str(reading.value) + str(writing.value)
    assert str(reading.value) == str(writing.value)
    return str(reading.value)


@pytest.fixture
def saved(state: PostgresState) -> None:
    state.save(Update(run="r1", rows=(row("site.s7"),)))
    state.journal([intent()])
    state.unlock("l1")


def test_a_schema_of_somebody_else_is_left_alone(open_state: Open, admin: Admin, schema: str, url: str) -> None:
    admin.execute(f'CREATE SCHEMA "{schema}"; CREATE TABLE "{schema}".songs (title text)')
    assert refused(open_state) == (
        f"schema {schema} of {url} holds other tables, but no state of haplan; name another schema"
    )


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize("table", ["rows", "row_history", "lock", "runs"])
def test_a_missing_table(open_state: Open, admin: Admin, schema: str, url: str, table: str) -> None:
    admin.execute(f'DROP TABLE "{schema}".{table}')
    assert refused(open_state) == (
        f"state {url} is damaged: table {table} is missing; restore a backup of the schema, or drop it and "
        "`haplan state push` a copy that `haplan state pull` made"
    )


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("""UPDATE rows SET "values" = '{"a": '""", "values of row site.s7"),
        ("UPDATE rows SET depends_on = '{}'", "depends_on of row site.s7: not a list"),
        ("UPDATE rows SET status = 'fine'", "status of row site.s7: 'fine' is unknown"),
        ("ALTER TABLE rows DROP COLUMN hash", 'column "hash" does not exist'),
        ("""UPDATE intents SET addresses = '{"address": 1}'""", "intent 1: addresses"),
        ("UPDATE meta SET value = 'two' WHERE key = 'serial'", "'two'"),
        ("UPDATE meta SET value = 'xyz' WHERE key = 'secret_key'", "hexadecimal"),
        ("DELETE FROM meta WHERE key = 'format'", "its format is not recorded"),
    ],
)
def test_a_cell_that_cannot_be_read(open_state: Open, admin: Admin, schema: str, url: str, sql: str, says: str) -> None:
    admin.execute(f'SET search_path = "{schema}"; {sql}; RESET search_path')
    with pytest.raises(StateError) as error:
        open_state().load()
    assert says in str(error.value)
    assert str(error.value).startswith(f"state {url} is damaged: ")
    assert "\n" not in str(error.value)


@pytest.mark.usefixtures("saved")
def test_a_newer_format_is_refused_by_its_number(open_state: Open, admin: Admin, schema: str, url: str) -> None:
    admin.execute(f"""UPDATE "{schema}".meta SET value = '7' WHERE key = 'format'""")
    assert refused(open_state) == (
        f"state {url} has format 7; this haplan reads up to format 2, step 0002_entries: upgrade haplan"
    )


# --- What cannot be saved ---------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_was_not_saved_is_kept_here_and_saved_later(
    state: PostgresState, open_state: Open, admin: Admin, schema: str, url: str, folder: Path
) -> None:
    update = Update(run="r1", rows=(row(id="7"),), expected={("site.a", ""): 0})
    admin.execute(f"ALTER TABLE \"{schema}\".rows ADD CONSTRAINT full_disk CHECK (id = '')")
    with pytest.raises(StateNotSaved) as error:
        state.save(update)
    file = folder / f"{schema}.recovery-r1-1.json"
    assert str(error.value) == (
        f'state {url} could not be saved: new row for relation "rows" violates check constraint "full_disk"; '
        f"what was to be saved is in {file}: mend the cause, then `haplan state recover {file}`"
    )
    assert state.load().rows == {}
    admin.execute(f'ALTER TABLE "{schema}".rows DROP CONSTRAINT full_disk')
    state.unlock("l1")
    later = open_state()
    later.lock(holder("l2"))
    kept = recovery.read(file)
    assert kept == recovery.Recovery(lineage=later.load().lineage, update=update)
    later.save(kept.update)
    assert later.load().rows["site.a", ""].id == "7"


@pytest.mark.parametrize("bad", [row(id="\ud800"), row(values={"n": math.nan})])
def test_what_no_database_can_hold_is_kept_all_the_same(
    state: PostgresState, schema: str, folder: Path, bad: Row
) -> None:
    with pytest.raises(StateNotSaved):
        state.save(Update(run="r1", rows=(bad,)))
    assert recovery.read(folder / f"{schema}.recovery-r1-1.json").update.rows[0].address == "site.a"
    assert state.load().rows == {}


def test_a_server_that_is_gone_leaves_a_recovery_file(
    state: PostgresState, schema: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    def gone(*args: object, **more: object) -> None:
        raise psycopg.OperationalError("connection refused")

    state.close()
    monkeypatch.setattr(psycopg, "connect", gone)
    with pytest.raises(StateNotSaved, match=rf"connection refused; what was to be saved is in {folder}"):
        state.save(Update(run="r1", rows=(row(),)))
    with pytest.raises(StateNotSaved, match="connection refused; no further write was begun"):
        state.journal([intent()])


@pytest.mark.parametrize("text", ["a\0b", "␀", "␀0", "\0␀1", "\\", "'\"{},", "ä\U0010ffff"])
def test_a_name_of_any_signs_comes_back(state: PostgresState, open_state: Open, text: str) -> None:
    state.save(Update(run="r1", rows=(row(text, name=text, depends_on=(text,)),), expected={(text, ""): 0}))
    state.save(Update(run="r1", rows=(row(text, name=text, id="2", depends_on=(text,)),)))
    (found,) = open_state().load().rows.values()
    assert (found.address, found.name, found.depends_on, found.id, found.seq) == (text, text, (text,), "2", 1)
